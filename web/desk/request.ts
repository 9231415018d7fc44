// One HTTP request to the API, whose address is in the page's configuration.
import { addressOf, loadConfig } from "../ui/config";
import { consolePath } from "./places";
import { NO_RESPONSE, Problem, problemOf } from "./problem";

const REQUEST_TIMEOUT_MS = 15_000;

export type Method = "GET" | "POST" | "PUT" | "PATCH" | "DELETE";

export interface RequestOptions {
  query?: Record<string, string | number | undefined>;
  body?: unknown;
  headers?: Record<string, string>;
  /** Sends and receives the session's cookie. */
  withCookie?: boolean;
}

let base: Promise<string> | undefined;

/** Without a configuration, the API shares the page's origin. */
export async function apiAddress(): Promise<string> {
  base ??= loadConfig<{ api: string }>(REQUEST_TIMEOUT_MS, consolePath()).then(({ api }) =>
    addressOf(api),
  );
  try {
    return await base;
  } catch {
    base = undefined;
    throw new Problem(0, "unreachable", NO_RESPONSE);
  }
}

export async function request<T>(
  method: Method,
  path: string,
  options: RequestOptions = {},
): Promise<T> {
  const text = await requestText(method, path, options);
  try {
    return (text === "" ? null : JSON.parse(text)) as T;
  } catch {
    throw new Problem(502, "not_json", "Desk answered something that is not JSON. Try again.");
  }
}

export async function requestText(
  method: Method,
  path: string,
  { query = {}, body, headers = {}, withCookie = false }: RequestOptions = {},
): Promise<string> {
  const init: RequestInit = {
    method,
    headers: body === undefined ? headers : { "content-type": "application/json", ...headers },
    credentials: withCookie ? "include" : "omit",
    signal: AbortSignal.timeout(REQUEST_TIMEOUT_MS),
  };
  if (body !== undefined) init.body = JSON.stringify(body);
  const address = await apiAddress();
  let response: Response;
  let text: string;
  try {
    response = await fetch(address + path + queryText(query), init);
    text = await response.text();
  } catch {
    throw new Problem(0, "unreachable", NO_RESPONSE);
  }
  if (response.ok) return text;
  throw problemOf(response.status, text, response.headers.get("retry-after"));
}

function queryText(query: Record<string, string | number | undefined>): string {
  const given = Object.entries(query).filter(([, value]) => value !== undefined && value !== "");
  if (given.length === 0) return "";
  return `?${new URLSearchParams(given.map(([name, value]) => [name, String(value)]))}`;
}

/** Joins the parts of a path, each encoded. */
export function pathOf(...parts: (string | number)[]): string {
  return `/${parts.map((part) => encodeURIComponent(part)).join("/")}`;
}
