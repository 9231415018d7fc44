// The carousel's operator API on its own origin, with invented carousels that tests move on.
import { randomUUID } from "node:crypto";
import { createServer } from "node:http";
import { normalizeLine, normalizeParagraphs } from "../carousel/normalize";
import {
  costRows,
  counters,
  drawn,
  funnel,
  slidesOf,
  stageHours,
  titleOf,
} from "./mock-carousel-data";
import { MockError } from "./mock-error";
import { portOf, type Route } from "./mock-types";

const segmenter = new Intl.Segmenter("en", { granularity: "grapheme" });
const lengthOf = (text) => [...segmenter.segment(text)].length;

/** The body of a refusal, as the routes answer it. */
export const problem = (status: number, code: string, title: string) => ({
  title,
  status,
  code,
  correlation_id: "cor_01m7000000",
});

export async function createCarousel({ room }) {
  const carousels = new Map();
  const events = [];
  const requests = new Map();
  /** Set by tests. `failing` answers 500 where a path with its query has the text, and `undrawn` previews
   * are missing that often. */
  const faults = { down: false, failing: "", slowMs: 0, undrawn: 0 };
  const limits = { title: 70, body: 220 };
  const previews = [];
  const seen = [];
  const alerts = [];
  const timers = [];
  let key = "operator-key";
  let url = "";
  let seq = 0;
  let latest = 0;
  /** While a past is made up, the time moves on by itself. */
  let past: number | null = null;
  /** Never the same time twice. */
  const stamp = () => {
    if (past === null) latest = Math.max(latest + 1, room.now());
    else past += 317;
    return new Date(past ?? latest).toISOString();
  };
  const later = (ms, run) => timers.push(setTimeout(run, ms));

  function publish(carousel, type, data = {}, at = stamp()) {
    const last = events.findLast(({ correlationId }) => correlationId === carousel.correlationId);
    const subject = { carousel: carousel.id, revision: carousel.revision, owner: carousel.owner };
    events.push({
      id: `evt_${String(++seq).padStart(6, "0")}`,
      type,
      timestamp: at,
      source: "carousel",
      version: 1,
      data: { subject, ...data },
      metadata: {},
      correlationId: carousel.correlationId,
      causationId: last?.id ?? "tg7000000001-900001",
    });
  }

  /** The functions ran, so that an open page fetches again. */
  const news = () => room.ran("carousel-conversation");

  function become(carousel, changes) {
    Object.assign(carousel, changes, { changedAt: stamp() });
    news();
  }

  function add(given: Record<string, unknown> = {}) {
    const number = ++seq;
    const requestedAt = (given.requestedAt as string) ?? stamp();
    const made = {
      id: `01m7ym61${String(number).padStart(6, "0")}`,
      state: "requested",
      origin: "message",
      language: "en",
      template: "essay",
      format: "portrait",
      title: null,
      revision: 1,
      count: 7,
      changedAt: requestedAt,
      failure: null,
      isComposed: false,
      correlationId: `cor_01m7${String(number * 7).padStart(6, "0")}`,
      chat: 5_200_000_001,
      owner: "5200000001",
      source: { kind: "topic", text: "small habits" },
      caption: null,
      hashtags: [],
      pages: [],
      pdf: false,
      timing: { requestedAt, drawingAt: null, firstSlideAt: null, renderedAt: null },
      posted: {},
      requestedAt,
    };
    const carousel = Object.assign(made, given);
    carousels.set(carousel.id, carousel);
    publish(
      carousel,
      "carousel.generate.requested",
      { origin: carousel.origin, slides: carousel.count },
      requestedAt,
    );
    news();
    return carousel;
  }

  function write(carousel) {
    const { language, count } = carousel;
    carousel.pages = slidesOf(language, count).map((page) => ({
      ...page,
      isDrawn: false,
      file: 0,
    }));
    carousel.timing.drawingAt = stamp();
    publish(carousel, "ai.analysis.completed", { is_composed: carousel.isComposed, millis: 912 });
    publish(carousel, "carousel.slides.generated", { hashes: carousel.pages.map(() => "0a") });
    const title = carousel.title ?? titleOf(language);
    const caption = `${title}.\nWhich one do you begin with?`;
    become(carousel, { state: "rendering", title, caption, hashtags: ["habits", "slow"] });
  }

  function draw(carousel, number) {
    const page = carousel.pages[number - 1];
    Object.assign(page, { isDrawn: true, file: ++seq });
    carousel.timing.firstSlideAt ??= stamp();
    become(carousel, {});
  }

  function render(carousel) {
    for (const page of carousel.pages) if (!page.isDrawn) draw(carousel, page.number);
    carousel.timing.renderedAt = stamp();
    publish(carousel, "carousel.images.rendered", { rendered: carousel.count, millis: 1410 });
    become(carousel, { state: "delivering" });
  }

  function deliver(carousel) {
    publish(carousel, "carousel.completed", {
      slides: carousel.count,
      micros: sumOf(carousel),
      millis: 2140,
    });
    publish(carousel, "carousel.delivered", { millis: 640 });
    become(carousel, { state: "delivered" });
  }

  function finish(carousel) {
    write(carousel);
    render(carousel);
    deliver(carousel);
    return carousel;
  }

  function fail(carousel, failure) {
    publish(carousel, "carousel.failed", { reason: failure });
    become(carousel, { state: "failed", failure });
  }

  /** A change from elsewhere, such as the chat. */
  function edit(carousel, number, texts) {
    carousel.revision += 1;
    Object.assign(carousel.pages[number - 1], texts, { isDrawn: false });
    publish(carousel, "carousel.edited", { change: "slide" });
    become(carousel, {});
  }

  const doneOf = ({ pages }) => pages.filter(({ isDrawn }) => isDrawn).length;
  const costOf = (carousel) =>
    doneOf(carousel) === 0 ? [] : costRows(doneOf(carousel), carousel.isComposed);
  const sumOf = (carousel) =>
    carousel.costMicros ?? costOf(carousel).reduce((sum, { micros }) => sum + micros, 0);

  function cardOf(carousel) {
    const { id, state, origin, language, template, format, title, revision, count } = carousel;
    const { requestedAt, changedAt, failure, isComposed, correlationId } = carousel;
    const slides = { done: doneOf(carousel), total: count };
    const costMicros = sumOf(carousel);
    return {
      id,
      state,
      origin,
      language,
      template,
      format,
      title,
      revision,
      slides,
      requestedAt,
      changedAt,
      failure,
      isComposed,
      costMicros,
      correlationId,
    };
  }

  function detailOf(carousel) {
    const { chat, owner, source, caption, hashtags, timing, posted, template, format, id } =
      carousel;
    const link = (page, kind) =>
      page.file
        ? `${url}/files/${id}/${page.number}-${page.file}.${kind}?signature=${randomUUID()}`
        : null;
    const pages = carousel.pages.map(({ file, ...page }) => ({
      ...page,
      jpg: link({ ...page, file }, "jpg"),
      png: link({ ...page, file }, "png"),
    }));
    const pdf = carousel.pdf ? `${url}/files/${id}/all.pdf?signature=${randomUUID()}` : null;
    const look = { template, format, brand: null };
    return {
      ...cardOf(carousel),
      chat,
      owner,
      source,
      caption,
      hashtags,
      pages,
      pdf,
      cost: costOf(carousel),
      look,
      timing,
      posted,
    };
  }

  function find(id) {
    const carousel = carousels.get(id);
    if (!carousel) throw new MockError(404, "carousel_not_found", "There is no such carousel.");
    return carousel;
  }

  const isRunning = ({ state }) => ["requested", "rendering", "delivering"].includes(state);
  const isOver = ({ state }) => ["failed", "cancelled"].includes(state);
  const conflict = (code, title) => new MockError(409, code, title);
  const notNow = () => conflict("not_now", "This is not possible in the carousel's state.");

  function atRevision(carousel, revision) {
    if (revision !== carousel.revision)
      throw conflict("revision_moved", "The carousel was changed since.");
    return carousel;
  }

  /** Returns the carousel if it may be changed now. */
  function changeable(id, revision) {
    const carousel = atRevision(find(id), revision);
    if (isRunning(carousel)) throw conflict("busy", "The carousel is being made or changed.");
    if (carousel.state !== "delivered") throw notNow();
    return carousel;
  }

  const normalized = ({ title, body }) => ({
    title: normalizeLine(title),
    body: normalizeParagraphs(body),
  });

  const accepted = ({ id, revision }) => ({ carousel: id, revision });

  function pageOf<T>(all: T[], from: number, limit: number, name: string) {
    const shown = all.slice(from, from + limit);
    return { [name]: shown, next: from + limit < all.length ? String(from + limit) : null };
  }

  function list(_, __, query) {
    const matches = [...carousels.values()]
      .filter(({ state }) => !query.get("state") || state === query.get("state"))
      .filter(({ origin }) => !query.get("origin") || origin === query.get("origin"))
      .sort((one, other) => (one.requestedAt < other.requestedAt ? 1 : -1));
    const from = Number(query.get("before") ?? 0);
    return pageOf(matches.map(cardOf), from, Number(query.get("limit") ?? 50), "carousels");
  }

  function create(_, body, __, request) {
    const asked = request.headers["idempotency-key"];
    if (!asked) throw new MockError(400, "bad_request", "The header Idempotency-Key is missing.");
    if (!requests.has(asked)) {
      const {
        topic,
        text,
        wisdom,
        slidesCount = 7,
        language = "en",
        template = "essay",
        format = "portrait",
      } = body;
      const kind = topic ? "topic" : text ? "text" : "wisdom";
      const count = wisdom ? 1 : slidesCount;
      requests.set(
        asked,
        add({
          origin: "page",
          count,
          language,
          template,
          format,
          source: { kind, text: topic ?? text ?? null },
        }),
      );
    }
    const { id } = requests.get(asked);
    return { requestId: asked, carousel: id, statusUrl: `/carousels/${id}` };
  }

  function slideAt(id, number) {
    const page = find(id).pages[Number(number) - 1];
    if (!page) throw new MockError(404, "slide_not_found", "There is no such slide.");
    return page;
  }

  /** The words of a quotation are printed as they are, however long. */
  const isVerseOf = (page, body) => page.verse !== null && page.verse.text === body;

  function checkLengths(page, { title, body }) {
    const checked = isVerseOf(page, body) ? { title } : { title, body };
    for (const [field, text] of Object.entries(checked))
      if (lengthOf(text) > limits[field])
        throw new MockError(
          422,
          `${field}_too_long`,
          `${field} has ${lengthOf(text)} characters; the limit is ${limits[field]}.`,
        );
  }

  function preview([id, number], texts) {
    const { title, body } = normalized(texts);
    checkLengths(slideAt(id, number), { title, body });
    previews.push({ id, number: Number(number), title, body, missing: faults.undrawn });
    return { png: `${url}/files/${id}/preview-${previews.length}.png?signature=${randomUUID()}` };
  }

  function put([id, number], texts) {
    const { title, body } = normalized(texts);
    const page = slideAt(id, number);
    checkLengths(page, { title, body });
    const carousel = changeable(id, texts.revision);
    const verse = isVerseOf(page, body) ? page.verse : null;
    later(60, () => edit(carousel, Number(number), { title, body, verse }));
    later(160, () => draw(carousel, Number(number)));
    return accepted(carousel);
  }

  function relook([id], { revision, template, format }) {
    const carousel = changeable(id, revision);
    const answer = accepted(carousel);
    Object.assign(carousel, { ...(template && { template }), ...(format && { format }) });
    carousel.revision += 1;
    for (const page of carousel.pages) page.isDrawn = false;
    publish(carousel, "carousel.edited", { change: template ? "template" : "format" });
    become(carousel, { state: "rendering" });
    later(80, () => render(carousel));
    return answer;
  }

  function again([id], { revision, number }) {
    // One that failed or was cancelled begins again as a whole.
    const mayBegin = !number && isOver(find(id));
    const carousel = mayBegin ? atRevision(find(id), revision) : changeable(id, revision);
    const answer = accepted(carousel);
    if (number) {
      edit(carousel, number, { title: "Written anew", body: "A fresh start for this slide." });
      return answer;
    }
    carousel.revision += 1;
    become(carousel, { state: "requested", failure: null });
    later(80, () => write(carousel));
    return answer;
  }

  function cancel([id]) {
    const carousel = find(id);
    if (!isRunning(carousel)) throw notNow();
    if (carousel.state === "delivering" && carousel.revision > 1)
      throw conflict("too_late", "It is too late to cancel this.");
    publish(carousel, "carousel.cancelled", { reason: "person" });
    become(carousel, { state: "cancelled" });
    return accepted(carousel);
  }

  function history(_, __, query) {
    const is = (name, value) => !query.get(name) || query.get(name) === value;
    const matches = events.filter(
      ({ type, correlationId, timestamp }) =>
        is("type", type) &&
        is("correlationId", correlationId) &&
        timestamp >= (query.get("from") ?? "") &&
        (!query.get("to") || timestamp <= query.get("to")),
    );
    // Those of one correlation id are in causal order.
    const listed = query.get("correlationId")
      ? matches
      : matches.toSorted((one, other) => (one.timestamp < other.timestamp ? 1 : -1));
    return pageOf(
      listed,
      Number(query.get("after") ?? 0),
      Number(query.get("limit") ?? 50),
      "events",
    );
  }

  function stats(_, __, query) {
    const eventCountsByType = {};
    for (const { type } of events) eventCountsByType[type] = (eventCountsByType[type] ?? 0) + 1;
    const isEmpty = carousels.size === 0;
    return {
      service: "carousel",
      config: {
        maxSlidesPerCarousel: 15,
        defaultStyle: "essay",
        supportedLanguages: ["en", "ru", "he", "hi", "ar"],
      },
      eventBus: {
        isRunning: true,
        totalSubscriptions: 4,
        subscriptionsByType: {},
        totalEventsProcessed: events.length,
        eventCountsByType,
      },
      counters: isEmpty ? {} : counters,
      stages: isEmpty ? [] : stageHours(room.now(), Number(query.get("hours") ?? 24)),
      funnel: isEmpty ? [] : funnel,
      alerts,
    };
  }

  const routes: Route[] = [
    ["GET", /^\/carousels$/, list],
    ["POST", /^\/carousels$/, create],
    ["GET", /^\/carousels\/([^/]+)$/, ([id]) => detailOf(find(id))],
    ["PUT", /^\/carousels\/([^/]+)\/slides\/(\d+)$/, put],
    ["POST", /^\/carousels\/([^/]+)\/slides\/(\d+)\/preview$/, preview],
    ["POST", /^\/carousels\/([^/]+)\/look$/, relook],
    ["POST", /^\/carousels\/([^/]+)\/again$/, again],
    ["POST", /^\/carousels\/([^/]+)\/cancel$/, cancel],
    [
      "POST",
      /^\/carousels\/([^/]+)\/pdf$/,
      ([id], { revision }) => {
        const carousel = changeable(id, revision);
        later(80, () => become(carousel, { pdf: true }));
        return accepted(carousel);
      },
    ],
    ["GET", /^\/events$/, history],
    ["GET", /^\/stats$/, stats],
  ];

  function picture(path) {
    const [, id, name, number] =
      /^\/files\/([^/]+)\/(preview|\d+)-(\d+)\.(?:jpg|png)$/.exec(path) ?? [];
    const carousel = carousels.get(id);
    const page =
      name === "preview" ? previews[Number(number) - 1] : carousel?.pages[Number(name) - 1];
    if (!carousel || !page || page.missing-- > 0)
      throw new MockError(404, "not_found", "There is no such file.");
    return drawn(carousel, page);
  }

  async function answer(request, response, cors) {
    const { pathname, search, searchParams } = new URL(request.url, url);
    seen.push(`${request.method} ${pathname}`);
    if (pathname.startsWith("/files/")) {
      const svg = picture(pathname);
      response.writeHead(200, { ...cors, "content-type": "image/svg+xml" });
      return response.end(svg);
    }
    if (request.headers.authorization !== `Bearer ${key}`)
      throw new MockError(401, "unauthenticated", "The operator's key is required.");
    if (faults.slowMs > 0) await new Promise((resolve) => setTimeout(resolve, faults.slowMs));
    if (faults.failing && `${pathname}${search}`.includes(faults.failing))
      throw new MockError(500, "internal", "Something went wrong on our side.");
    const chunks = [];
    for await (const chunk of request) chunks.push(chunk);
    const body = chunks.length > 0 ? JSON.parse(Buffer.concat(chunks).toString()) : {};
    for (const [method, pattern, handle] of routes) {
      const match = method === request.method && pattern.exec(pathname);
      if (!match) continue;
      const result = handle(match.slice(1).map(decodeURIComponent), body, searchParams, request);
      response.writeHead(method === "GET" ? 200 : 202, {
        ...cors,
        "content-type": "application/json",
      });
      return response.end(JSON.stringify(result ?? {}));
    }
    throw new MockError(404, "not_found", "There is no such route.");
  }

  const server = createServer((request, response) => {
    if (faults.down) return request.socket.destroy();
    const cors = {
      "access-control-allow-origin": request.headers.origin ?? "*",
      "access-control-allow-methods": "GET, POST, PUT",
      "access-control-allow-headers": "authorization, content-type, idempotency-key",
    };
    if (request.method === "OPTIONS") return response.writeHead(204, cors).end();
    answer(request, response, cors).catch(({ status = 500, code = "internal", message }) => {
      response.writeHead(status, { ...cors, "content-type": "application/problem+json" });
      response.end(JSON.stringify(problem(status, code, message)));
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", () => resolve()));
  url = `http://127.0.0.1:${portOf(server)}`;

  return {
    url,
    faults,
    /** Of texts, in graphemes. */
    limits,
    alerts,
    events,
    previews,
    /** Requests so far, as `GET /carousels`. */
    seen,
    carousels,
    add,
    write,
    draw,
    render,
    deliver,
    finish,
    fail,
    edit,
    cancel: ({ id }) => cancel([id]),
    setKey: (next) => (key = next),
    /** Does something a while ago. */
    ago(minutes, work) {
      past = room.now() - minutes * 60_000;
      const made = work();
      past = null;
      return made;
    },
    async stop() {
      timers.forEach(clearTimeout);
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

/** A morning's carousels. */
export function fillCarousel(carousel) {
  const { add, ago, cancel, draw, fail, finish, render, write } = carousel;
  const mixes = [
    ["en", "essay"],
    ["he", "verse"],
    ["ru", "swiss"],
    ["ar", "night"],
    ["en", "bento"],
    ["en", "bold"],
  ];
  for (let index = 13; index >= 0; index -= 1) {
    const [language, template] = mixes[index % mixes.length];
    const count = { en: 7, he: 5, ru: 4, ar: 3 }[language];
    const origin = index % 4 === 3 ? "series" : "message";
    const given = { language, template, count, origin, isComposed: index % 5 === 4 };
    ago(15 + index * 11, () => finish(add(given)));
  }
  ago(61, () => cancel(add({ title: "Forty cats in boxes", origin: "page" })));
  ago(52, () => {
    const lost = add({ language: "ru", count: 4 });
    write(lost);
    render(lost);
    fail(lost, "unconfirmed");
  });
  ago(34, () => fail(add({ title: "How to win the lottery" }), "refused"));
  ago(9, () => add({ origin: "series" }));
  ago(0.2, () => {
    const half = add({ language: "he", template: "verse", count: 5 });
    write(half);
    draw(half, 1);
    draw(half, 2);
  });
  ago(0.3, () => {
    const last = add({ template: "bento" });
    write(last);
    render(last);
  });
  add({ origin: "page" });
  const at = (minutes) => new Date(Date.now() - minutes * 60_000).toISOString();
  carousel.alerts.push(
    {
      rule: "carousel_overdue",
      severity: "critical",
      since: at(4),
      resolvedAt: null,
      value: 540,
      limit: 300,
    },
    {
      rule: "slow_carousels",
      severity: "warning",
      since: at(140),
      resolvedAt: at(122),
      value: 31_200,
      limit: 30_000,
    },
  );
}
