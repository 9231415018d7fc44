// Desk's widget: the API of its visitors on one origin, and sites that embed it on others. Tests play the agents.
import { randomBytes } from "node:crypto";
import { readFile } from "node:fs/promises";
import { createServer } from "node:http";
import { basename, extname, join, normalize } from "node:path";
import { fileURLToPath } from "node:url";
import { MockError } from "./mock-error";
import { png } from "./mock-photos";
import { accept } from "./mock-socket";
import { portOf, type Route } from "./mock-types";

const dist = fileURLToPath(new URL("../dist/", import.meta.url));
const document = fileURLToPath(new URL("../widget/frame/index.html", import.meta.url));
const types = {
  ".css": "text/css; charset=utf-8",
  ".html": "text/html; charset=utf-8",
  ".js": "text/javascript; charset=utf-8",
  ".svg": "image/svg+xml",
};
const PAGE_SIZE = 50;

const id = (kind) => `${kind}_${randomBytes(8).toString("hex")}`;
const wait = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

/** The configuration that the API answers; tests change it. */
const config = () => ({
  bot_id: "bot_01",
  number: 3,
  name: "Olive & Oak assistant",
  languages: ["en", "he", "ar", "es", "fr", "de", "pt", "ru"],
  theme: {
    accent: "#1f5f4a",
    on_accent: "light",
    accent_on_light: "#1f5f4a",
    accent_on_dark: "#7fa699",
  },
  position: "right",
  launcher: "bubble",
  strings: {},
  prechat: [],
  quick_replies: ["Where is my order?", "Returns and refunds", "Opening hours"],
  asks_csat: true,
  requires_identity: false,
  avatar_id: null,
  is_away: false,
});

const answers = {
  "Where is my order?":
    "Orders leave our workshop within two days. Your tracking link is in the confirmation mail, or here: https://olive.example/track",
  "Opening hours": "Monday to Friday, 9:00 to 17:00.",
};

export async function createWidget() {
  const visitors = new Map();
  /** Tokens that are no longer accepted, but tell who the visitor was. */
  const expired = new Map();
  const conversations = new Map();
  const tickets = new Map();
  const sockets = new Set<ReturnType<typeof createSocket>>();
  const files = new Map();
  const reports = [];
  const requests = [];
  const state = {
    config: config(),
    key: "dpl_0123456789abcdef",
    origins: [] as string[],
    /** Whether the bot answers at all. */
    answers: true,
    reopens: true,
    /** The code with which the check refuses files. */
    verdict: "",
    socketLives: 2 * 60 * 60_000,
  };
  const faults = {
    /** Nothing answers. */
    down: false,
    /** Sockets are refused. */
    noSockets: false,
    /** So many of the next frames to visitors are lost. */
    dropFrames: 0,
    /** Answers of posts are lost, after the message was stored. */
    loseAnswers: 0,
    delayMs: 0,
    /** The bucket takes no files, or takes its time. */
    noUploads: false,
    uploadMs: 0,
    /** Refuses the calls of a path with a status, a code and a Retry-After. */
    refuse: null as { path: RegExp; status: number; code: string; after?: number } | null,
  };
  let url = "";
  let bucketUrl = "";

  const refused = (status, code, after?: number) =>
    Object.assign(new MockError(status, code, code), { after });

  function visitorOf(request) {
    const token = /^Bearer (.+)$/.exec(request.headers.authorization ?? "")?.[1];
    const visitor = visitors.get(token);
    if (!visitor) throw refused(401, "unauthenticated");
    return visitor;
  }

  function conversationOf(request, name) {
    const found = conversations.get(name);
    if (found?.visitor.id !== visitorOf(request).id) throw refused(404, "conversation_not_found");
    return found;
  }

  function only(body, ...names) {
    if (Object.keys(body).some((name) => !names.includes(name))) throw refused(400, "bad_json");
    return body;
  }

  const headOf = (conversation) => {
    const { messages, handled_by, is_closed, read_seq, csat, asks_csat } = conversation;
    return {
      id: conversation.id,
      is_closed,
      handled_by,
      language: conversation.language,
      last_seq: messages.length,
      last_at: messages.at(-1)?.at ?? new Date().toISOString(),
      read_seq,
      asks_csat: is_closed && asks_csat && !csat,
      csat_score: csat?.score ?? null,
      may_write: !is_closed || state.reopens,
    };
  };

  const isSeen = ({ kind }) => kind === "message" || kind === "event";
  const seen = (messages) =>
    messages.filter(isSeen).map(({ offer, ...rest }) => (offer ? { ...rest, offer } : rest));

  function send(conversation, frame) {
    for (const socket of sockets) if (socket.watches(conversation)) socket.tell(frame);
  }

  function append(conversation, ...entries) {
    const after_seq = conversation.messages.length;
    const added = entries.map((entry, index) => ({
      seq: after_seq + index + 1,
      at: new Date().toISOString(),
      kind: "message",
      text: "",
      attachments: [],
      reply_to: null,
      rev: 0,
      is_deleted: false,
      ...entry,
    }));
    conversation.messages.push(...added);
    send(conversation, {
      type: "message:receive",
      conversation_id: conversation.id,
      messages: seen(added),
      after_seq,
      last_seq: conversation.messages.length,
    });
    return added;
  }

  const event = (conversation, event, author: object = { kind: "system" }) =>
    append(conversation, { kind: "event", event, author });

  const bot = () => ({ kind: "bot", name: state.config.name });

  function say(conversation, text, offer?: object) {
    append(conversation, { author: bot(), text, ...(offer && { offer }) });
  }

  function greet(conversation) {
    const { prechat, quick_replies } = state.config;
    if (prechat.length > 0 && Object.keys(conversation.prechat).length === 0)
      say(conversation, "Please fill in this short form first.", { form: "prechat" });
    else say(conversation, "Hi! How can we help?", { quick_replies });
  }

  function handOff(conversation) {
    if (conversation.handled_by === "human") return;
    conversation.handled_by = "human";
    event(conversation, { type: "handed_off", to: "human" }, bot());
  }

  function post(conversation, { client_msg_id, text, attachments = [] }) {
    const known = conversation.messages.find((each) => each.client_msg_id === client_msg_id);
    if (known) {
      send(conversation, {
        type: "message:receive",
        conversation_id: conversation.id,
        messages: seen([known]),
        after_seq: known.seq - 1,
        last_seq: known.seq,
      });
      return known;
    }
    if (typeof text !== "string" || text.trim() === "" || text.length > 4_000)
      throw refused(400, "too_long");
    if (conversation.is_closed) {
      if (!state.reopens) throw refused(409, "closed");
      conversation.is_closed = false;
      event(conversation, { type: "reopened" }, { kind: "visitor" });
    }
    const [message] = append(conversation, {
      author: { kind: "visitor" },
      text,
      client_msg_id,
      attachments: attachments.map((upload) => {
        const { upload_id, name, mime, bytes, state: verdict } = files.get(upload);
        if (verdict !== "ready") throw refused(409, "file_not_ready");
        return { upload_id, name, mime, bytes };
      }),
    });
    if (conversation.handled_by === "bot" && state.answers) {
      if (/person|human/i.test(text)) {
        say(conversation, "I'm passing you to a colleague. They'll reply here.");
        handOff(conversation);
      } else
        say(
          conversation,
          answers[text] ?? "I don't have an answer to that. Could you put it another way?",
          {
            quick_replies: ["Talk to a person"],
          },
        );
    }
    return message;
  }

  const routes: Route[] = [
    [
      "POST",
      /^\/widget\/sessions$/,
      (_, body) => {
        only(body, "embed_token", "visitor_token", "identity_jwt");
        if (body.embed_token !== `embed.${state.key}`) throw refused(401, "unauthenticated");
        const { identity_jwt: jwt } = body;
        if (state.config.requires_identity && !jwt) throw refused(403, "identity_required");
        if (jwt && !jwt.startsWith("jwt.")) throw refused(401, "bad_identity");
        const { visitor_token: before } = body;
        const known = visitors.get(before) ?? expired.get(before);
        const visitor = jwt
          ? { id: `vis_${jwt.slice(4)}`, is_verified: true }
          : known && !known.is_verified
            ? known
            : { id: id("vis"), is_verified: false };
        const token = id("tok");
        visitors.set(token, visitor);
        const own = [...conversations.values()].filter((each) => each.visitor.id === visitor.id);
        const latest = own.at(-1);
        return {
          status: 201,
          visitor_token: token,
          visitor,
          ...(latest && { conversation: headOf(latest) }),
        };
      },
    ],
    [
      "POST",
      /^\/widget\/ticket$/,
      (_, __, request) => {
        const ticket = id("tkt");
        tickets.set(ticket, visitorOf(request));
        const address = `${url.replace("http", "ws")}/live?ticket=${ticket}`;
        return { status: 201, url: address, expires_at: new Date(Date.now() + 30_000) };
      },
    ],
    [
      "POST",
      /^\/conversations$/,
      (_, body, request) => {
        only(body, "client_conv_id", "bot_id", "prechat", "message", "language", "page");
        const visitor = visitorOf(request);
        const known = [...conversations.values()].find(
          (each) => each.visitor.id === visitor.id && each.client_conv_id === body.client_conv_id,
        );
        if (known) return { status: 200, ...headOf(known) };
        const { prechat = {} } = body;
        for (const { key, type, required } of state.config.prechat) {
          const isGiven = Object.keys(prechat).length > 0;
          if (required && isGiven && !prechat[key]) throw refused(400, "prechat_required");
          if (type === "email" && prechat[key] && !prechat[key].includes("@"))
            throw refused(400, "bad_email");
        }
        const conversation = {
          id: id("cnv"),
          client_conv_id: body.client_conv_id,
          visitor,
          prechat,
          language: body.language ?? null,
          page: body.page ?? null,
          handled_by: "bot",
          is_closed: false,
          asks_csat: false,
          csat: null,
          read_seq: 0,
          typed: 0,
          messages: [],
        };
        conversations.set(conversation.id, conversation);
        event(conversation, { type: "started" }, { kind: "visitor" });
        greet(conversation);
        if (body.message) post(conversation, body.message);
        return { status: 201, ...headOf(conversation) };
      },
    ],
    [
      "GET",
      /^\/conversations\/([^/]+)$/,
      ([name], _, request) => headOf(conversationOf(request, name)),
    ],
    [
      "GET",
      /^\/conversations\/([^/]+)\/messages$/,
      ([name], _, request, query) => {
        const { messages } = conversationOf(request, name);
        const limit = Number(query.get("limit") ?? PAGE_SIZE);
        const after = query.get("after");
        const before = Number(query.get("before") ?? messages.length + 1);
        const page =
          after === null
            ? messages.slice(Math.max(0, before - 1 - limit), before - 1)
            : messages.slice(Number(after), Number(after) + limit);
        return { messages: seen(page), last_seq: messages.length, first_seq: 1 };
      },
    ],
    [
      "POST",
      /^\/conversations\/([^/]+)\/messages$/,
      ([name], body, request) => {
        only(body, "client_msg_id", "text", "attachments", "lang", "page");
        const conversation = conversationOf(request, name);
        return { status: 201, ...seen([post(conversation, body)])[0] };
      },
    ],
    [
      "PUT",
      /^\/conversations\/([^/]+)\/end$/,
      ([name], body, request) => {
        only(body, "reason", "ask_csat");
        const conversation = conversationOf(request, name);
        end(conversation);
        return headOf(conversation);
      },
    ],
    [
      "PUT",
      /^\/conversations\/([^/]+)\/prechat$/,
      ([name], body, request) => {
        only(body, "answers");
        const conversation = conversationOf(request, name);
        conversation.prechat = body.answers;
        greet(conversation);
        return headOf(conversation);
      },
    ],
    [
      "POST",
      /^\/conversations\/([^/]+)\/handoff$/,
      ([name], body, request) => {
        only(body, "to", "reason", "team");
        const conversation = conversationOf(request, name);
        handOff(conversation);
        return headOf(conversation);
      },
    ],
    [
      "POST",
      /^\/conversations\/([^/]+)\/csat$/,
      ([name], body, request) => {
        only(body, "score", "comment");
        const conversation = conversationOf(request, name);
        conversation.csat = body;
        append(conversation, { kind: "hidden", author: { kind: "visitor" } });
        return headOf(conversation);
      },
    ],
    [
      "GET",
      /^\/conversations\/([^/]+)\/transcript$/,
      ([name], _, request) => {
        const lines = seen(conversationOf(request, name).messages).map(
          ({ author, text }) => `${author.kind}: ${text}`,
        );
        return { raw: Buffer.from(lines.join("\n")), type: "text/plain; charset=utf-8" };
      },
    ],
    [
      "GET",
      /^\/conversations\/([^/]+)\/attachments\/([^/]+)$/,
      ([name, upload], _, request) => {
        conversationOf(request, name);
        const file = files.get(upload);
        if (!file) throw refused(404, "file_not_found");
        const { state: verdict = "ready", code } = file;
        return verdict === "ready" ? file : { state: verdict, code };
      },
    ],
    [
      "POST",
      /^\/conversations\/([^/]+)\/attachments$/,
      ([name], body, request) => {
        const { is_closed } = conversationOf(request, name);
        if (is_closed) throw refused(409, "closed");
        only(body, "name", "mime", "bytes");
        const upload_id = id("upl");
        const url = `${bucketUrl}/${upload_id}`;
        files.set(upload_id, { upload_id, ...body, url, state: "waiting" });
        return { status: 201, upload_id, url: bucketUrl, fields: { key: upload_id } };
      },
    ],
    [
      "POST",
      /^\/conversations\/([^/]+)\/attachments\/([^/]+)$/,
      ([name, upload], _, request) => {
        conversationOf(request, name);
        const file = files.get(upload);
        if (!file) throw refused(404, "file_not_found");
        if (!file.isUploaded) return { status: 202, state: "waiting" };
        const code = state.verdict;
        setTimeout(() =>
          Object.assign(file, code ? { state: "refused", code } : { state: "ready" }),
        );
        return { status: 202, state: "waiting" };
      },
    ],
  ];

  function end(conversation, ended: object = { kind: "visitor" }) {
    if (conversation.is_closed) return;
    conversation.is_closed = true;
    conversation.asks_csat = state.config.asks_csat;
    event(conversation, { type: "ended" }, ended);
    send(conversation, { type: "conversation:end", conversation: headOf(conversation) });
  }

  function createSocket(connection, visitor) {
    const watched = new Set<string>();
    const tell = (frame) => {
      if (faults.dropFrames > 0 && frame.type === "message:receive") {
        faults.dropFrames -= 1;
        return;
      }
      setTimeout(() => connection.send(JSON.stringify({ v: 1, ...frame })), faults.delayMs);
    };
    const own = (name) => {
      const found = conversations.get(name);
      if (found?.visitor.id !== visitor.id) throw refused(404, "conversation_not_found");
      return found;
    };
    function hello({ conversations: asked = {} }) {
      const mine = Object.keys(asked).map(own);
      for (const each of mine) watched.add(each.id);
      tell({
        type: "welcome",
        now: new Date().toISOString(),
        until: new Date(Date.now() + state.socketLives).toISOString(),
        last_seqs: Object.fromEntries(mine.map((each) => [each.id, each.messages.length])),
      });
      for (const { id: conversation_id, messages } of mine) {
        const after_seq = asked[conversation_id];
        const missed = messages.slice(after_seq);
        if (missed.length > 0)
          tell({
            type: "backfill",
            conversation_id,
            messages: seen(missed),
            after_seq,
            last_seq: messages.length,
          });
      }
    }
    const handlers = {
      hello,
      ping({ read }) {
        const conversation = read && own(read.conversation_id);
        if (conversation) conversation.read_seq = Math.max(conversation.read_seq, read.seq);
        tell({
          type: "pong",
          now: new Date().toISOString(),
          last_seq: conversation?.messages.length ?? null,
        });
      },
      "message:send": (frame) => post(own(frame.conversation_id), frame),
      "typing:start": ({ conversation_id }) => own(conversation_id).typed++,
      "typing:stop": () => {},
    };
    return {
      connection,
      visitor,
      tell,
      watches: ({ id: name }) => watched.has(name),
      heard(text) {
        const frame = JSON.parse(text);
        try {
          if (!handlers[frame.type]) throw refused(400, "unknown_type");
          handlers[frame.type](frame);
        } catch (error) {
          const { code, message } = error as MockError;
          tell({
            type: "refused",
            code,
            title: message,
            client_msg_id: frame.client_msg_id ?? null,
          });
        }
      },
    };
  }

  const api = createServer((request, response) => {
    answer(request, response).catch((error) => {
      if (response.headersSent) return console.error(error);
      const { status = 500, code = "internal", message, after } = error;
      response.writeHead(status, {
        "content-type": "application/problem+json",
        ...(after && { "retry-after": `${after}` }),
        ...error.headers,
      });
      response.end(JSON.stringify({ title: message, status, code }));
    });
  });

  async function answer(request, response) {
    const { pathname: path, searchParams } = new URL(request.url, url);
    requests.push(`${request.method} ${path}`);
    if (faults.down) return request.socket.destroy();
    if (faults.delayMs) await wait(faults.delayMs);
    const { refuse } = faults;
    if (refuse?.path.test(path)) throw refused(refuse.status, refuse.code, refuse.after);
    if (path === "/w.js" || /^\/w\/[a-z]+\.js$/.test(path)) {
      response.writeHead(200, {
        "content-type": types[".js"],
        "cross-origin-resource-policy": "cross-origin",
      });
      return response.end(await readFile(join(dist, "widget", basename(path))));
    }
    const { origin } = request.headers;
    const isAllowed = state.origins.includes(origin);
    const cors = isAllowed ? { "access-control-allow-origin": origin, vary: "origin" } : {};
    if (path.startsWith("/w/")) {
      if (path !== `/w/${state.key}`) throw refused(404, "widget_not_found");
      const socket = url.replace("http", "ws");
      response.writeHead(200, {
        "content-type": types[".html"],
        "content-security-policy": `default-src 'self'; connect-src 'self' ${socket} ${bucketUrl}; img-src 'self' data: blob: ${bucketUrl}/; object-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors ${state.origins.join(" ") || "'none'"}`,
        "referrer-policy": "no-referrer",
      });
      const html = await readFile(document, "utf8");
      return response.end(html.replace("{key}", state.key));
    }
    if (path.startsWith("/chatbots/widget/")) {
      if (path !== `/chatbots/widget/${state.key}`) throw refused(404, "widget_not_found");
      const isOwn = request.headers["sec-fetch-site"] === "same-origin" && !origin;
      if (!isOwn && !isAllowed) throw refused(403, "origin_not_allowed");
      response.writeHead(200, { "content-type": "application/json", ...cors });
      return response.end(JSON.stringify(state.config));
    }
    if (path.startsWith("/widget/embed/")) {
      if (!origin) throw refused(403, "origin_not_allowed");
      const isKnown = path === `/widget/embed/${state.key}`;
      const code = isKnown ? "origin_not_allowed" : "widget_not_found";
      const answer = isKnown && isAllowed ? { embed_token: `embed.${state.key}` } : { code };
      response.writeHead(200, {
        "content-type": types[".js"],
        "cache-control": "no-store",
        "access-control-allow-origin": origin,
        vary: "origin",
      });
      return response.end(`export default ${JSON.stringify(answer)};\n`);
    }
    for (const [method, pattern, handle] of routes) {
      const match = method === request.method && pattern.exec(path);
      if (!match) continue;
      const chunks = [];
      for await (const chunk of request) chunks.push(chunk);
      const body = chunks.length > 0 ? JSON.parse(Buffer.concat(chunks).toString()) : {};
      const {
        status = 200,
        raw,
        type,
        ...result
      } = handle(match.slice(1), body, request, searchParams);
      if (method !== "GET" && faults.loseAnswers > 0) {
        faults.loseAnswers -= 1;
        return request.socket.destroy();
      }
      response.writeHead(status, { "content-type": type ?? "application/json" });
      return response.end(raw ?? JSON.stringify(result));
    }
    throw refused(404, "not_found");
  }

  api.on("upgrade", (request, socket) => {
    const ticket = new URL(request.url, url).searchParams.get("ticket");
    const visitor = tickets.get(ticket);
    tickets.delete(ticket);
    if (faults.down || faults.noSockets || !visitor) return socket.destroy();
    const connection = accept(request, socket, {
      heard: (text) => opened.heard(text),
      closed: () => sockets.delete(opened),
    });
    const opened = createSocket(connection, visitor);
    sockets.add(opened);
  });

  /** A site. Its policy is strict: one script-src and one frame-src are for the widget. */
  const sites = createServer(async (request, response) => {
    const { pathname: path, searchParams } = new URL(request.url, "http://site");
    if (path === "/csp-report") {
      const chunks = [];
      for await (const chunk of request) chunks.push(chunk);
      reports.push(JSON.parse(Buffer.concat(chunks).toString()));
      return response.writeHead(204).end();
    }
    const isShop = !["/bare", "/nested"].includes(path);
    const own = isShop ? " 'self'" : "";
    const headers = {
      "content-security-policy": `default-src 'none'; script-src ${url}${own}; frame-src ${url}${path === "/nested" ? " 'self'" : ""}; style-src${own || " 'none'"}; img-src${own || " 'none'"}; base-uri 'none'; form-action 'none'; ${isShop ? "" : "require-trusted-types-for 'script'; "}report-uri /csp-report`,
    };
    if (path === "/nested") {
      response.writeHead(200, { "content-type": types[".html"], ...headers });
      return response.end(
        `<!doctype html><title>Nested</title><iframe src="/bare" width="600" height="800"></iframe>`,
      );
    }
    if (path === "/bare") {
      const { key = state.key, html = "en", ...attributes } = Object.fromEntries(searchParams);
      const data = Object.entries(attributes).map(([name, value]) => ` data-${name}="${value}"`);
      response.writeHead(200, { "content-type": types[".html"], ...headers });
      return response.end(
        `<!doctype html><html lang="${html}"><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>Site</title><main><h1>A site</h1><p>Its text.</p><a href="#">A link</a></main><script async src="${url}/w.js" data-key="${key}"${data.join("")}></script></html>`,
      );
    }
    try {
      const name = path.endsWith("/") ? `${path}index.html` : path;
      const file = await readFile(join(dist, "shop-demo", normalize(name)));
      response.writeHead(200, {
        "content-type": types[extname(name)] ?? "application/octet-stream",
        ...headers,
      });
      response.end(file);
    } catch {
      response.writeHead(404).end();
    }
  });

  /** The bucket of files, on an origin of its own. */
  const bucket = createServer(async (request, response) => {
    // Browsers ask before an upload whose progress is watched.
    if (request.method === "OPTIONS")
      return response
        .writeHead(200, {
          "access-control-allow-origin": "*",
          "access-control-allow-methods": "GET, POST",
        })
        .end();
    if (request.method === "POST") {
      const chunks = [];
      for await (const chunk of request) chunks.push(chunk);
      const form = Buffer.concat(chunks).toString("latin1");
      await wait(faults.uploadMs);
      if (faults.noUploads) return request.socket.destroy();
      const upload = /name="key"\r\n\r\n(\w+)/.exec(form)?.[1];
      Object.assign(files.get(upload), { isUploaded: true });
      return response.writeHead(204, { "access-control-allow-origin": "*" }).end();
    }
    const picture = png("harbour", 320, 240);
    response.writeHead(200, { "content-type": "image/png" });
    response.end(picture);
  });

  await new Promise<void>((resolve) => api.listen(0, "127.0.0.1", () => resolve()));
  await new Promise<void>((resolve) => bucket.listen(0, "127.0.0.1", () => resolve()));
  await new Promise<void>((resolve) => sites.listen(0, () => resolve()));
  url = `http://127.0.0.1:${portOf(api)}`;
  bucketUrl = `http://127.0.0.1:${portOf(bucket)}/files`;
  const site = `http://127.0.0.1:${portOf(sites)}`;
  state.origins = [site];

  return {
    url,
    /** A site of the bot, on another port of the API's host. */
    site,
    /** Another site, where the frame is a third party. It is none of the bot's. */
    stranger: `http://localhost:${portOf(sites)}`,
    state,
    faults,
    reports,
    requests,
    conversations,
    sockets,
    /** The latest conversation. */
    latest: () => [...conversations.values()].at(-1),
    /** The bot speaks in the latest conversation. */
    say: (text, offer) => say([...conversations.values()].at(-1), text, offer),
    /** What an agent does in the latest conversation. */
    agent: {
      say(text, more: object = {}) {
        const conversation = [...conversations.values()].at(-1);
        if (conversation.handled_by === "bot") {
          conversation.handled_by = "human";
          event(conversation, { type: "took_over" }, { kind: "agent", name: "Dana" });
        }
        return append(conversation, { author: { kind: "agent", name: "Dana" }, text, ...more })[0];
      },
      note: () =>
        append([...conversations.values()].at(-1), {
          kind: "note",
          author: { kind: "agent", name: "Dana" },
          text: "a note",
        }),
      types(type = "typing:start") {
        const conversation = [...conversations.values()].at(-1);
        send(conversation, {
          type,
          conversation_id: conversation.id,
          author: { kind: "agent", name: "Dana" },
        });
      },
      remove(seq) {
        const conversation = [...conversations.values()].at(-1);
        const message = conversation.messages[seq - 1];
        Object.assign(message, { text: "", is_deleted: true, rev: message.rev + 1 });
        send(conversation, {
          type: "changed",
          conversation_id: conversation.id,
          messages: seen([message]),
        });
      },
      end: () => end([...conversations.values()].at(-1), { kind: "agent", name: "Dana" }),
    },
    /** Sends a frame to every socket. */
    tell(frame) {
      for (const socket of sockets) socket.tell(frame);
    },
    /** The next call of each session is refused; its visitor stays known. */
    expireSessions() {
      for (const [token, visitor] of visitors) {
        visitors.delete(token);
        expired.set(token, visitor);
      }
    },
    addFile(name, mime, bytes) {
      const upload_id = id("upl");
      files.set(upload_id, { upload_id, name, mime, bytes, url: `${bucketUrl}/${upload_id}` });
      return { upload_id, name, mime, bytes };
    },
    /** Destroys every connection, as a lost network does. */
    cut() {
      for (const socket of sockets) socket.connection.tear();
    },
    reset() {
      for (const each of [visitors, conversations, tickets, files]) each.clear();
      reports.length = requests.length = 0;
      for (const socket of sockets) socket.connection.tear();
      Object.assign(state, {
        config: config(),
        origins: [site],
        answers: true,
        reopens: true,
        verdict: "",
        socketLives: 7_200_000,
      });
      Object.assign(faults, {
        down: false,
        noSockets: false,
        dropFrames: 0,
        loseAnswers: 0,
        delayMs: 0,
        noUploads: false,
        uploadMs: 0,
        refuse: null,
      });
    },
    async stop() {
      for (const socket of sockets) socket.connection.tear();
      for (const server of [api, sites, bucket]) {
        server.closeAllConnections();
        await new Promise((resolve) => server.close(resolve));
      }
    },
  };
}
