// Calls to the API with the session's token. An expired token is renewed once; then the session has ended.
import { Problem } from "./problem";
import { type Method, type RequestOptions, request, requestText } from "./request";
import type { Session } from "./session";

/** A refused creation made nothing, so the next try is another one. */
function isRefusal(error: unknown): boolean {
  if (!(error instanceof Problem) || error.code === "in_progress") return false;
  return [400, 402, 403, 404, 409, 413, 422].includes(error.status);
}

export class Api {
  /** Keys of creations whose outcome is unknown: a retry with the same body repeats the key. */
  #keys = new Map<string, string>();

  /** `tenantId` is a workspace of others that an operator of the platform looks at. */
  constructor(
    private readonly session: Session,
    private readonly tenantId: string | null = null,
  ) {}

  get<T>(path: string, query: RequestOptions["query"] = {}): Promise<T> {
    return this.call<T>("GET", path, { query });
  }

  put<T>(path: string, body: unknown): Promise<T> {
    return this.call<T>("PUT", path, { body });
  }

  patch<T>(path: string, body: unknown): Promise<T> {
    return this.call<T>("PATCH", path, { body });
  }

  post<T>(path: string, body: unknown = {}): Promise<T> {
    return this.call<T>("POST", path, { body });
  }

  remove<T>(path: string, body?: unknown): Promise<T> {
    return this.call<T>("DELETE", path, body === undefined ? {} : { body });
  }

  /** Creates something once, even if an answer is lost and the person tries again. */
  async create<T>(path: string, body: unknown): Promise<T> {
    const name = `${path} ${JSON.stringify(body)}`;
    const key = this.#keys.get(name) ?? crypto.randomUUID();
    this.#keys.set(name, key);
    try {
      const made = await this.call<T>("POST", path, { body, headers: { "idempotency-key": key } });
      this.#keys.delete(name);
      return made;
    } catch (error) {
      if (isRefusal(error)) this.#keys.delete(name);
      throw error;
    }
  }

  call<T>(method: Method, path: string, options: RequestOptions = {}): Promise<T> {
    return this.#authorized(options, (authorized) => request<T>(method, path, authorized));
  }

  text(path: string, query: RequestOptions["query"] = {}): Promise<string> {
    return this.#authorized({ query }, (authorized) => requestText("GET", path, authorized));
  }

  async #authorized<T>(
    options: RequestOptions,
    send: (options: RequestOptions) => Promise<T>,
  ): Promise<T> {
    const { session } = this;
    const withToken = (token: string) => {
      const headers: Record<string, string> = {
        ...options.headers,
        authorization: `Bearer ${token}`,
      };
      if (this.tenantId) headers["x-tenant-id"] = this.tenantId;
      return send({ ...options, headers });
    };
    const token = await session.token();
    try {
      return await withToken(token);
    } catch (error) {
      if (!(error instanceof Problem) || error.status !== 401) throw error;
      const { access_token } = await session.refresh(token);
      try {
        return await withToken(access_token);
      } catch (again) {
        if (again instanceof Problem && again.status === 401)
          session.end("Your session has expired. Sign in again.");
        throw again;
      }
    }
  }
}
