// A stand-in for `local`: serves dist/ and answers the control API with invented data. `demo` adds
// people and traffic.

import { readFile } from "node:fs/promises";
import { createServer } from "node:http";
import { extname, join, normalize } from "node:path";
import { fileURLToPath } from "node:url";
import { createCarousel, fillCarousel } from "./mock-carousel";
import { createDesk } from "./mock-desk";
import { MockError } from "./mock-error";
import { createLedger } from "./mock-ledger";
import { createPay } from "./mock-pay";
import { createPhone } from "./mock-phone";
import { createRoom } from "./mock-room";
import { createRooms } from "./mock-rooms";
import { createTelegram } from "./mock-telegram";
import { portOf, type Route } from "./mock-types";

const dist = fileURLToPath(new URL("../dist/", import.meta.url));
const types = {
  ".html": "text/html; charset=utf-8",
  ".js": "text/javascript; charset=utf-8",
  ".css": "text/css; charset=utf-8",
};
const policy =
  "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";
/** The APIs, their sockets and their pictures have their own origins. */
const policyFor = (api) =>
  policy
    .replace("connect-src 'self'", `connect-src 'self' ${api} ${api.replace("http", "ws")}`)
    .replace("img-src 'self' data:", `img-src 'self' data: blob: ${api}`);

/** Event streams that tests can close. */
class Streams {
  #open = new Map();
  accepting = true;

  add(path, response) {
    response.writeHead(200, { "content-type": "text/event-stream", "cache-control": "no-store" });
    response.write("retry: 200\n\n");
    const open = this.#open.get(path) ?? new Set();
    this.#open.set(path, open.add(response));
    response.on("close", () => open.delete(response));
  }

  send(path, type, data) {
    for (const response of this.#open.get(path) ?? [])
      response.write(`event: ${type}\ndata: ${JSON.stringify(data)}\n\n`);
  }

  cut() {
    for (const open of this.#open.values()) for (const response of open) response.destroy();
  }
}

async function bodyOf(request) {
  const chunks = [];
  for await (const chunk of request) chunks.push(chunk);
  const text = Buffer.concat(chunks).toString();
  if (text === "") return {};
  try {
    return JSON.parse(text);
  } catch {
    throw new MockError(400, "bad_json", "The body is not JSON.");
  }
}

async function page(path, response, apis) {
  const name =
    {
      "/": "home.html",
      "/carousel": "carousel.html",
      "/phone": "phone.html",
      "/ledger": "ledger.html",
      "/mailbox": "mailbox.html",
      "/rooms": "rooms.html",
      "/telegram": "telegram.html",
    }[path] ??
    (path.startsWith("/pay/") ? "pay.html" : null) ??
    (/^\/desk(\/(verify|reset|invitation|login))?$/.test(path) ? "desk.html" : null) ??
    (path.startsWith("/assets/") ? normalize(path).slice(1) : null);
  try {
    if (!name) throw new Error("no such page");
    const file = await readFile(join(dist, name));
    response.writeHead(200, {
      "content-type": types[extname(name)] ?? "application/octet-stream",
      "content-security-policy": apis[name] ? policyFor(apis[name]) : policy,
    });
    response.end(file);
  } catch {
    throw new MockError(404, "not_found", `There is no ${path}.`);
  }
}

export async function startMock({ port = 0, demo = false } = {}) {
  let home = "";
  const streams = new Streams();
  const room = createRoom({ streams, demo });
  const phone = createPhone({ streams, room, demo });
  const telegram = createTelegram({ streams, room, demo });
  const pay = createPay();
  const ledger = createLedger({ room, pay, home: () => home });
  const rooms = await createRooms({ demo });
  const carousel = await createCarousel({ room });
  const desk = await createDesk({ demo });
  const apis = {
    "rooms.html": rooms.url,
    "carousel.html": carousel.url,
    "desk.html": desk.url,
  };
  const routes = [room, phone, telegram, pay, ledger].flatMap(({ routes }) => routes as Route[]);

  async function answer(request, response) {
    const url = new URL(request.url, "http://mock");
    const { pathname: path } = url;
    if (["/api/stream", "/api/phone/stream", "/api/telegram/stream"].includes(path)) {
      if (!streams.accepting) throw new MockError(503, "starting", "local is starting.");
      return streams.add(path, response);
    }
    const config = /^\/(rooms|carousel|desk)\/config\.json$/.exec(path);
    if (config) {
      response.writeHead(200, { "content-type": "application/json" });
      return response.end(JSON.stringify({ api: apis[`${config[1]}.html`] }));
    }
    if (!path.startsWith("/api/")) return page(path, response, apis);
    for (const [method, pattern, handle] of routes) {
      const match = method === request.method && pattern.exec(path);
      if (!match) continue;
      const body = method === "GET" ? {} : await bodyOf(request);
      const result = await handle(match.slice(1).map(decodeURIComponent), body, url.searchParams);
      if (result?.bytes) {
        response.writeHead(200, { "content-type": result.mime });
        return response.end(result.bytes);
      }
      response.writeHead(200, { "content-type": "application/json" });
      return response.end(JSON.stringify(result ?? {}));
    }
    throw new MockError(404, "not_found", `There is no ${request.method} ${path}.`);
  }

  const server = createServer((request, response) => {
    answer(request, response).catch((error) => {
      const { status = 500, code = "internal", message } = error;
      response.writeHead(status, { "content-type": "application/json" });
      response.end(JSON.stringify({ error: { code, message } }));
    });
  });
  await new Promise<void>((resolve) => server.listen(port, "127.0.0.1", () => resolve()));
  home = `http://127.0.0.1:${portOf(server)}`;
  if (demo) {
    ledger.fill();
    fillCarousel(carousel);
  }
  return {
    url: home,
    room,
    phone,
    telegram,
    pay,
    ledger,
    rooms,
    carousel,
    desk,
    /** Closes every stream and refuses new ones until `restore`. */
    cut() {
      streams.accepting = false;
      streams.cut();
    },
    restore() {
      streams.accepting = true;
    },
    async stop() {
      room.stop();
      ledger.stop();
      await rooms.stop();
      await carousel.stop();
      await desk.stop();
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
