// Pages of a channel: the first load, gap repair by number, older pages, and refreshes after a reconnect.
import { backoffDelay, retryDelay } from "./backoff";
import type { MessageLog } from "./message-log";
import { type Lifetime, Timers } from "./timers";
import type { ChannelEnvironment, ChannelMessage } from "./types";

export const repairDelay = {
  /** Frames that overtake each other are not a gap yet. */
  gap: 400,
  /** A heartbeat can be ahead of its messages. */
  announced: 2_000,
} as const;

const PAGE_SIZE = 50;
const MAX_REFRESHED_PAGES = 10;

export interface SyncHandlers<M> {
  loaded(): void;
  arrived(messages: M[]): void;
  changed(): void;
  progressed(): void;
}

export class Sync<M extends ChannelMessage> {
  /** Why the first page did not load; retries go on. */
  problem = "";
  isLoadingOlder = false;
  olderProblem = "";
  #timers: Timers;
  #isRepairing = false;
  #attempt = 0;
  #isLoading = false;
  #refreshes = 0;
  #older: Promise<void> | null = null;

  constructor(
    private readonly env: Pick<
      ChannelEnvironment<M, never>,
      "now" | "random" | "later" | "page" | "failure"
    >,
    private readonly lifetime: Lifetime,
    private readonly log: MessageLog<M>,
    private readonly handlers: SyncHandlers<M>,
  ) {
    this.#timers = new Timers(env, lifetime);
  }

  close(): void {
    this.#timers.cancelAll();
  }

  /** Loads the first page, with retries. */
  async load(): Promise<void> {
    if (this.#isLoading || this.log.ready || this.lifetime.isStopped) return;
    this.#isLoading = true;
    try {
      const page = await this.env.page({});
      if (!this.lifetime.isStopped && !this.log.ready) {
        this.log.reset(page);
        this.problem = "";
        this.handlers.loaded();
        this.handlers.arrived(page.messages);
      }
    } catch (error) {
      const failure = this.env.failure(error);
      this.problem = failure.message;
      const wait = retryDelay(failure, ++this.#attempt + 2, this.env.random);
      this.#timers.start("load", wait, () => void this.load());
      this.handlers.changed();
    }
    this.#isLoading = false;
  }

  /** Loads the first page without waiting for the backoff. */
  reload(): void {
    this.#timers.cancel("load");
    void this.load();
  }

  /** Loads the page before the visible range. */
  loadOlder(): Promise<void> {
    if (!this.log.hasOlder) return Promise.resolve();
    this.#older ??= this.#loadOlder().finally(() => {
      this.#older = null;
    });
    return this.#older;
  }

  async #loadOlder(): Promise<void> {
    this.isLoadingOlder = true;
    this.handlers.changed();
    try {
      const before = this.log.from;
      const page = await this.env.page({ before });
      if (before === this.log.from) this.log.prepend(page);
      this.olderProblem = "";
    } catch (error) {
      this.olderProblem = this.env.failure(error).message;
    }
    this.isLoadingOlder = false;
    this.handlers.progressed();
  }

  /** Fetches missing messages that have not arrived after `wait`. */
  repair(wait: number): void {
    if (!this.log.isBehind) {
      this.#timers.cancel("repair");
      return;
    }
    if (this.#isRepairing || this.#timers.has("repair")) return;
    this.#timers.start("repair", wait, () => void this.#fetchMissing());
  }

  async #fetchMissing(): Promise<void> {
    this.#isRepairing = true;
    let arrived: M[] = [];
    let retryIn: number | null = null;
    try {
      const after = this.log.complete;
      const page = await this.env.page({ after });
      this.log.append(after, page);
      arrived = page.messages;
      const hasAdvanced = this.log.complete > after;
      this.#attempt = hasAdvanced ? 0 : this.#attempt + 1;
      if (this.log.isBehind)
        retryIn = hasAdvanced ? 0 : backoffDelay(this.#attempt + 1, this.env.random);
    } catch (error) {
      retryIn = retryDelay(this.env.failure(error), ++this.#attempt + 1, this.env.random);
    }
    this.#isRepairing = false;
    if (this.lifetime.isOver) return;
    if (retryIn !== null) this.#timers.start("repair", retryIn, () => void this.#fetchMissing());
    this.handlers.arrived(arrived);
  }

  /** Starts over from the latest page when too much was missed. */
  async startOver(): Promise<void> {
    this.#timers.cancel("repair");
    this.#isRepairing = true;
    let hasFailed = false;
    let messages: M[] = [];
    try {
      const page = await this.env.page({});
      messages = page.messages;
      this.log.reset(page);
    } catch {
      hasFailed = true;
    }
    this.#isRepairing = false;
    if (this.lifetime.isOver) return;
    if (hasFailed) {
      const wait = backoffDelay(++this.#attempt, this.env.random);
      this.#timers.start("start over", wait, () => void this.startOver());
    }
    this.handlers.arrived(messages);
  }

  /** Refetches visible pages, latest first, because changes during a disconnect are not replayed. */
  async refresh(): Promise<void> {
    const run = ++this.#refreshes;
    let before: number | undefined;
    for (let count = 0; count < MAX_REFRESHED_PAGES; count += 1) {
      try {
        const page = await this.env.page(before === undefined ? {} : { before });
        if (run !== this.#refreshes || this.lifetime.isOver) return;
        const start = page.messages[0]?.seq;
        // A page beyond the cursor leaves a gap, which the repair fills.
        this.log.take(page.messages, page.last_seq);
        this.handlers.arrived(page.messages);
        const isDone = start === undefined || start <= this.log.from;
        if (isDone || page.messages.length < PAGE_SIZE) return;
        before = start;
      } catch {
        if (run === this.#refreshes) {
          const wait = backoffDelay(count + 2, this.env.random);
          this.#timers.start("refresh", wait, () => void this.refresh());
        }
        return;
      }
    }
  }
}
