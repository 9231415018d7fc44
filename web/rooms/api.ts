// Calls to the rooms API and their session. Every failure is a Problem with a message for people.

import { retryWhileBusy } from "../live/backoff";
import type { Failure } from "../live/types";
import { addressOf, loadConfig } from "../ui/config";
import type {
  ClosedRoom,
  Look,
  Message,
  Offers,
  Page,
  People,
  Room,
  Session,
  Ticket,
  Tips,
  ToPay,
} from "./contract";
import type { OrderState } from "./payment";
import { readStored, store } from "./storage";

export class Problem extends Error implements Failure {
  constructor(
    readonly status: number,
    readonly code: string,
    message: string,
    readonly retryAfterMs: number | null = null,
  ) {
    super(message);
  }
}

export function toProblem(error: unknown): Problem {
  return error instanceof Problem
    ? error
    : new Problem(500, "unknown", error instanceof Error ? error.message : String(error));
}

const NO_RESPONSE = "No response. Check your connection and try again.";
const REQUEST_TIMEOUT_MS = 15_000;

interface Config {
  api: string;
  payments: string;
}

/** Without a config, the API shares the page's origin. */
async function loadAddresses(): Promise<Config> {
  try {
    const { api, payments } = await loadConfig<Config>(REQUEST_TIMEOUT_MS);
    return { api: addressOf(api), payments: addressOf(payments ?? api) };
  } catch {
    throw new Problem(0, "unreachable", NO_RESPONSE);
  }
}

let bases: Promise<Config> | undefined;

async function resolveUrl(path: string): Promise<string> {
  bases ??= loadAddresses();
  try {
    const { api, payments } = await bases;
    return (path.startsWith("/api/payments/") ? payments : api) + path;
  } catch (error) {
    bases = undefined;
    throw error;
  }
}

/** When the current busy wait ends; null: no wait. */
let busyEnd: number | null = null;
const waiting = new EventTarget();

export function busyUntil(): number | null {
  return busyEnd;
}

/** Calls back when a wait begins, changes or ends. */
export function onBusyChange(tell: () => void): () => void {
  waiting.addEventListener("change", tell);
  return () => waiting.removeEventListener("change", tell);
}

function whileBusy<T>(ask: () => Promise<T>): Promise<T> {
  const waits = (until: number | null) => {
    busyEnd = until;
    waiting.dispatchEvent(new Event("change"));
  };
  const later = (ms: number, run: () => void) => {
    const timer = setTimeout(run, ms);
    return () => clearTimeout(timer);
  };
  return retryWhileBusy(ask, toProblem, waits, { now: Date.now, random: Math.random, later });
}

interface StoredSession extends Session {
  since: number;
}

let starting: Promise<Session> | undefined;

/** Returns the session, or starts one. A token is renewed after half of its lifetime. */
export async function session(): Promise<Session> {
  const known = readStored<StoredSession>("session");
  const now = Date.now();
  const end = known ? Date.parse(known.expires_at) : 0;
  if (known && now < end) {
    if (now > known.since + (end - known.since) / 2)
      starting ??= startSession(known).catch(() => known);
    return known;
  }
  starting ??= startSession(null);
  return starting;
}

export function storedSession(): Session | null {
  return readStored<StoredSession>("session");
}

async function startSession(known: Session | null): Promise<Session> {
  const ask = async (): Promise<Session> => {
    // Another tab may have renewed first: all tabs share one session.
    const stored = readStored<StoredSession>("session");
    if (stored && stored.token !== known?.token && Date.now() < Date.parse(stored.expires_at))
      return stored;
    const fresh = await whileBusy(() =>
      request<Session>("POST", "/api/sessions/", {}, known?.token ?? null),
    );
    store("session", { ...fresh, since: Date.now() });
    return fresh;
  };
  try {
    return await ("locks" in navigator
      ? navigator.locks.request("confab.rooms.session", ask)
      : ask());
  } finally {
    starting = undefined;
  }
}

export function call<T>(method: string, path: string, body?: unknown): Promise<T> {
  return withToken((token) => request<T>(method, path, body, token));
}

/** For idempotent calls that may be repeated while the server is busy. */
function retryingCall<T>(method: string, path: string, body?: unknown): Promise<T> {
  return withToken((token) => whileBusy(() => request<T>(method, path, body, token)));
}

async function withToken<T>(ask: (token: string) => Promise<T>): Promise<T> {
  const { token } = await session();
  try {
    return await ask(token);
  } catch (error) {
    if (!(error instanceof Problem) || error.status !== 401) throw error;
    // The token has expired; a new session is a new user.
    if (storedSession()?.token === token) store("session", null);
    return ask((await session()).token);
  }
}

async function request<T>(
  method: string,
  path: string,
  body: unknown,
  token: string | null,
): Promise<T> {
  const headers = new Headers();
  if (token) headers.set("authorization", `Bearer ${token}`);
  if (body !== undefined) headers.set("content-type", "application/json");
  let response: Response;
  let text: string;
  try {
    response = await fetch(await resolveUrl(path), {
      method,
      headers,
      body: body === undefined ? null : JSON.stringify(body),
      signal: AbortSignal.timeout(REQUEST_TIMEOUT_MS),
    });
    text = await response.text();
  } catch {
    throw new Problem(0, "unreachable", NO_RESPONSE);
  }
  return parseResponse<T>(response.status, text, response.headers.get("retry-after"));
}

function parseResponse<T>(status: number, text: string, retryAfter: string | null): T {
  let answer: { title?: string; code?: string } | null = null;
  try {
    answer = text === "" ? null : (JSON.parse(text) as { title?: string; code?: string });
  } catch {
    // An answer that is not JSON comes from a proxy, and its text is not for people.
  }
  if (status >= 200 && status < 300) return answer as T;
  const wait = retryAfter === null ? NaN : Number(retryAfter) * 1000;
  const words =
    answer?.title ??
    (status >= 500
      ? "Something went wrong on our side. Try again in a moment."
      : "Something went wrong. Reload the page and try again.");
  throw new Problem(status, answer?.code ?? "unknown", words, Number.isFinite(wait) ? wait : null);
}

// Routes

const chat = (code: string) => `/api/chats/${encodeURIComponent(code)}`;

export const rooms = {
  mine: () => call<{ rooms: Room[] }>("GET", "/api/chats/mine/"),
  create: (room: {
    name: string;
    description: string;
    photo_id: string | null;
    username: string;
    is_private: boolean;
    access_code: string | null;
    is_public: boolean;
  }) => call<Room>("POST", "/api/chats/create/", room),
  get: (code: string) => retryingCall<Room | ClosedRoom>("GET", `${chat(code)}/`),
  change: (
    code: string,
    change: Partial<Pick<Room, "name" | "description" | "is_read_only" | "is_public">> & {
      access_code?: string | null;
    },
  ) => call<Room>("PATCH", `${chat(code)}/`, change),
  close: (code: string) => call<null>("DELETE", `${chat(code)}/`),
  names: (code: string) => call<{ suggestions: string[] }>("GET", `${chat(code)}/join/`),
  join: (code: string, username: string, access_code: string | null) =>
    retryingCall<Room>("POST", `${chat(code)}/join/`, { username, access_code }),
  leave: (code: string) => call<null>("DELETE", `${chat(code)}/join/`),
  people: (code: string) => call<People>("GET", `${chat(code)}/people/`),
  act: (code: string, userId: string, act: "mute" | "unmute" | "kick" | "ban" | "unban") =>
    call<null>("POST", `${chat(code)}/people/${encodeURIComponent(userId)}/`, { act }),
  page: (code: string, query: { before?: number; after?: number }) => {
    const [name, seq] = Object.entries(query)[0] ?? [];
    return call<Page>("GET", `${chat(code)}/messages/?${name ? `${name}=${seq}&` : ""}limit=50`);
  },
  post: (code: string, message: { client_msg_id: string; text: string; reply_to: number | null }) =>
    call<Message>("POST", `${chat(code)}/messages/`, message),
  remove: (code: string, seq: number) => call<null>("DELETE", `${chat(code)}/messages/${seq}/`),
  react: (code: string, seq: number, emoji: string, on: boolean) =>
    call<Message>("POST", `${chat(code)}/messages/${seq}/reactions/`, { emoji, on }),
  offers: (code: string) => call<Offers>("GET", `${chat(code)}/offers/`),
  pin: (code: string, seq: number, tier: number) =>
    call<ToPay>("POST", `${chat(code)}/pins/`, { seq, tier }),
  tip: (code: string, amount: number) => call<ToPay>("POST", `${chat(code)}/tips/`, { amount }),
  tips: (code: string) => call<Tips>("GET", `${chat(code)}/tips/`),
  openBackRoom: (code: string) => call<{ code: string }>("POST", `${chat(code)}/back-room/`, {}),
  backRoom: (code: string) =>
    call<ToPay | { code: string }>("POST", `${chat(code)}/back-room/`, {}),
  /** An order's state at payments, which know it once a checkout has begun. */
  order: (id: string) =>
    call<{ state: OrderState }>("GET", `/api/payments/orders/${encodeURIComponent(id)}`),
  ticket: (code: string) => call<Ticket>("POST", "/api/ws-ticket", { code }),
  look: (photoId: string) =>
    call<Look>("GET", `/api/photo-analysis/${encodeURIComponent(photoId)}/`),
};

// Photos

const MAX_DIRECT_UPLOAD_BYTES = 4_000_000;
const UPLOAD_TIMEOUT_MS = 120_000;
const uploadPath = "/api/photo-analysis/upload/";

/** Uploads a photo and reports progress: a small one in one request, a large one in two. */
export async function upload(
  photo: Blob,
  progress: (part: number) => void,
  signal: AbortSignal,
): Promise<string> {
  if (photo.size <= MAX_DIRECT_UPLOAD_BYTES) {
    const url = await resolveUrl(uploadPath);
    const { photo_id } = await withToken((token) =>
      send<{ photo_id: string }>(
        url,
        photo,
        { authorization: `Bearer ${token}`, "content-type": photo.type },
        progress,
        signal,
      ),
    );
    return photo_id;
  }
  const { photo_id, upload: target } = await call<{
    photo_id: string;
    upload: { url: string; fields: Record<string, string> };
  }>("POST", uploadPath, { content_type: photo.type, bytes: photo.size });
  const form = new FormData();
  for (const [name, value] of Object.entries(target.fields)) form.append(name, value);
  form.append("file", photo);
  await send<null>(target.url, form, {}, progress, signal);
  return photo_id;
}

/** Uses XMLHttpRequest, because fetch reports no upload progress. */
function send<T>(
  url: string,
  body: Blob | FormData,
  headers: Record<string, string>,
  progress: (part: number) => void,
  signal: AbortSignal,
): Promise<T> {
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest();
    request.open("POST", url);
    request.timeout = UPLOAD_TIMEOUT_MS;
    request.ontimeout = () => reject(new Problem(0, "unreachable", NO_RESPONSE));
    for (const [name, value] of Object.entries(headers)) request.setRequestHeader(name, value);
    request.upload.onprogress = ({ loaded, total }) => progress(total > 0 ? loaded / total : 0);
    request.onerror = () => reject(new Problem(0, "unreachable", NO_RESPONSE));
    request.onabort = () => reject(new Problem(0, "aborted", "Stopped."));
    request.onload = () => {
      try {
        resolve(
          parseResponse<T>(
            request.status,
            request.responseText,
            request.getResponseHeader("retry-after"),
          ),
        );
      } catch (error) {
        reject(error as Problem);
      }
    };
    signal.addEventListener("abort", () => request.abort());
    request.send(body);
  });
}
