// Calls to the carousel's operator API. Every failure is a CallError with a message for people.
import { CallError } from "../ui/call";
import { addressOf, loadConfig } from "../ui/config";
import { readKey, storeKey } from "./key";

type Method = "GET" | "POST" | "PUT";

interface Extras {
  query?: Record<string, string | undefined>;
  body?: unknown;
  headers?: Record<string, string>;
}

const REQUEST_TIMEOUT_MS = 15_000;
const NO_RESPONSE = "The API does not answer. Check your connection and try again.";

/** Fires `refused` when the API no longer accepts the key. */
export class CarouselApi extends EventTarget {
  #key = readKey();
  #base: Promise<string> | undefined;

  get hasKey(): boolean {
    return this.#key !== "";
  }

  /** Keeps the key if the API accepts it. */
  async signIn(key: string): Promise<void> {
    await this.#request(key, "GET", "/carousels", { query: { limit: "1" } });
    this.#key = key;
    storeKey(key);
  }

  signOut(): void {
    this.#key = "";
    storeKey("");
  }

  async call<T>(method: Method, path: string, extras: Extras = {}): Promise<T> {
    const key = this.#key;
    try {
      return await this.#request<T>(key, method, path, extras);
    } catch (error) {
      const isRefused = error instanceof CallError && error.status === 401;
      // An answer to an older key says nothing about the present one.
      if (isRefused && key === this.#key && key !== "") {
        this.signOut();
        this.dispatchEvent(new Event("refused"));
      }
      throw error;
    }
  }

  async #request<T>(key: string, method: Method, path: string, extras: Extras): Promise<T> {
    const { query = {}, body, headers = {} } = extras;
    const contentType = body === undefined ? {} : { "content-type": "application/json" };
    const init: RequestInit = {
      method,
      headers: { authorization: `Bearer ${key}`, ...contentType, ...headers },
      signal: AbortSignal.timeout(REQUEST_TIMEOUT_MS),
    };
    if (body !== undefined) init.body = JSON.stringify(body);
    let response: Response;
    let text: string;
    try {
      response = await fetch((await this.#address()) + path + queryText(query), init);
      text = await response.text();
    } catch {
      throw new CallError(0, "unreachable", NO_RESPONSE);
    }
    return decode<T>(response, text);
  }

  /** Without a configuration, the API shares the page's origin. */
  async #address(): Promise<string> {
    this.#base ??= loadConfig<{ api: string }>(REQUEST_TIMEOUT_MS).then(({ api }) =>
      addressOf(api),
    );
    try {
      return await this.#base;
    } catch (error) {
      this.#base = undefined;
      throw error;
    }
  }
}

function queryText(query: Record<string, string | undefined>): string {
  const given = Object.entries(query).filter(
    (pair): pair is [string, string] => pair[1] !== undefined,
  );
  return given.length === 0 ? "" : `?${new URLSearchParams(given)}`;
}

function decode<T>(response: Response, text: string): T {
  let answer: unknown;
  try {
    answer = text === "" ? null : JSON.parse(text);
  } catch {
    const message = `The API answered ${response.status} with something that is not JSON.`;
    throw new CallError(response.status, "not_json", message);
  }
  if (response.ok) return answer as T;
  // A problem document (RFC 9457).
  const { code, title } = (answer ?? {}) as { code?: string; title?: string };
  throw new CallError(
    response.status,
    code ?? "unknown",
    title ?? `The API answered ${response.status}.`,
  );
}

export function carouselPath(id: string, ...parts: (string | number)[]): string {
  return ["/carousels", ...[id, ...parts].map(encodeURIComponent)].join("/");
}
