// The session of this tab: an access token in memory, renewed with a cookie that scripts cannot read.
import type { SessionInfo } from "./contract";
import { Observable } from "./observable";
import { Problem, toProblem } from "./problem";
import { type RequestOptions, request } from "./request";
import { readStored, store, storedNames, tabStorage } from "./storage";

/** A token this close to its end is renewed before it is used. */
const RENEW_BEFORE_MS = 30_000;
const LOCK = "confab.desk.refresh";

export type SessionState = "starting" | "unreachable" | "signed-out" | "signed-in";

/** What tabs tell each other. */
type TabNotice = { type: "session"; info: SessionInfo; at: number } | { type: "signed-out" };

type Send = <T>(method: "POST", path: string, options: RequestOptions) => Promise<T>;

export interface SessionEnvironment {
  now(): number;
  send: Send;
  /** Runs `work` in one tab at a time. */
  exclusively<T>(work: () => Promise<T>): Promise<T>;
  channel: Pick<BroadcastChannel, "postMessage" | "onmessage"> | null;
  /** Starts the page over: another person has signed in. */
  reload(): void;
}

export function browserEnvironment(): SessionEnvironment {
  return {
    now: () => Date.now(),
    send: (method, path, options) => request(method, path, { ...options, withCookie: true }),
    exclusively: <T>(work: () => Promise<T>) =>
      "locks" in navigator ? (navigator.locks.request(LOCK, work) as Promise<T>) : work(),
    channel: "BroadcastChannel" in window ? new BroadcastChannel("confab.desk") : null,
    reload: () => location.reload(),
  };
}

export class Session extends Observable {
  state: SessionState = "starting";
  info: SessionInfo | null = null;
  /** Why the session ended or could not start. */
  problem = "";
  /** The tenant of others that an operator of the platform looks at. */
  actingAs: { id: string; name: string } | null = null;
  #expiresAt = 0;
  /** When the present token was given out. */
  #renewedAt = 0;
  #refreshing: Promise<SessionInfo> | null = null;

  constructor(private readonly env: SessionEnvironment) {
    super();
    if (env.channel)
      env.channel.onmessage = ({ data }: MessageEvent<TabNotice>) => this.#heard(data);
  }

  /** Continues an earlier session of this browser, if there is one. */
  async start(): Promise<void> {
    // Without a session there is no cookie, and nothing to ask for.
    if (!readStored<boolean>("signed-in")) {
      this.#end("");
      return;
    }
    this.state = "starting";
    this.changed();
    try {
      await this.refresh();
    } catch (error) {
      const problem = toProblem(error);
      // A refused refresh has ended the session already.
      if (this.state !== "starting") return;
      this.state = "unreachable";
      this.problem = problem.message;
      this.changed();
    }
  }

  /** Takes the answer of a sign-in. */
  adopt(info: SessionInfo): void {
    this.#take(info);
    this.env.channel?.postMessage({ type: "session", info, at: this.env.now() });
  }

  /** Returns a token that is valid for a while. */
  async token(): Promise<string> {
    if (this.info && this.env.now() < this.#expiresAt - RENEW_BEFORE_MS)
      return this.info.access_token;
    return (await this.refresh()).access_token;
  }

  /** Renews the token, unless it has been renewed since `refused` was sent. */
  refresh(refused?: string): Promise<SessionInfo> {
    if (refused !== undefined && this.info && this.info.access_token !== refused)
      return Promise.resolve(this.info);
    this.#refreshing ??= this.#refresh(this.#tenantId).finally(() => {
      this.#refreshing = null;
    });
    return this.#refreshing;
  }

  /** Goes on in another workspace. */
  async switchTenant(tenantId: string): Promise<void> {
    this.#take(await this.#ask(tenantId));
  }

  async signOut(everywhere = false): Promise<void> {
    try {
      await this.env.send("POST", "/auth/logout", { body: everywhere ? { all: true } : {} });
    } catch (error) {
      // Without an answer the cookie stays, so the sign-out did not happen.
      throw toProblem(error);
    }
    for (const name of storedNames("out.")) store(name, null);
    this.env.channel?.postMessage({ type: "signed-out" });
    this.#end("");
  }

  /** Ends the session of this page after a refusal of the server. */
  end(problem: string): void {
    this.#end(problem);
  }

  actAs(tenant: { id: string; name: string } | null): void {
    this.actingAs = tenant;
    this.changed();
  }

  get #tenantId(): string | null {
    return this.info?.tenant_id ?? tabStorage.read("tenant");
  }

  async #refresh(tenantId: string | null): Promise<SessionInfo> {
    const askedAt = this.env.now();
    try {
      const info = await this.env.exclusively(async () => {
        // Another tab has renewed the session while this one waited.
        if (this.info && this.#renewedAt > askedAt) return this.info;
        const fresh = await this.#ask(tenantId);
        this.env.channel?.postMessage({ type: "session", info: fresh, at: this.env.now() });
        return fresh;
      });
      if (info !== this.info) this.#take(info);
      return info;
    } catch (error) {
      const problem = toProblem(error);
      if (problem.status === 401) {
        const reused = problem.code === "session_reused";
        this.#end(
          reused
            ? "Your session was used on another device and has ended. Sign in again, and change your password if that was not you."
            : "Your session has expired. Sign in again.",
        );
      }
      throw problem;
    }
  }

  async #ask(tenantId: string | null): Promise<SessionInfo> {
    const ask = (body: object) => this.env.send<SessionInfo>("POST", "/auth/refresh", { body });
    if (tenantId === null) return ask({});
    try {
      return await ask({ tenant_id: tenantId });
    } catch (error) {
      // The person is no longer a member there.
      if (error instanceof Problem && [403, 404].includes(error.status)) return ask({});
      throw error;
    }
  }

  #take(info: SessionInfo): void {
    if (this.info && this.info.user.id !== info.user.id) {
      this.env.reload();
      return;
    }
    this.info = info;
    this.state = "signed-in";
    this.problem = "";
    this.#renewedAt = this.env.now();
    this.#expiresAt = this.#renewedAt + info.expires_in * 1000;
    store("signed-in", true);
    tabStorage.write("tenant", info.tenant_id);
    this.changed();
  }

  #end(problem: string): void {
    this.info = null;
    this.actingAs = null;
    this.state = "signed-out";
    this.problem = problem;
    this.#expiresAt = 0;
    store("signed-in", null);
    this.changed();
  }

  #heard(notice: TabNotice): void {
    if (notice.type === "signed-out") {
      if (this.state === "signed-in") this.#end("You signed out in another tab.");
      return;
    }
    const { info } = notice;
    if (this.info && this.info.user.id !== info.user.id) this.env.reload();
    else if (this.state === "signed-out" || info.tenant_id === this.info?.tenant_id)
      this.#take(info);
  }
}
