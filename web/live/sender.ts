// Sends the outbox: one message at a time, over the socket, and over HTTP when no echo arrives.
import { isBusy, retryDelay } from "./backoff";
import type { Outbox } from "./outbox";
import { type Lifetime, Timers } from "./timers";
import type {
  ChannelEnvironment,
  Failure,
  OutgoingMessage,
  PendingMessage,
  QuotedMessage,
  RefusedFrame,
} from "./types";

export const ECHO_TIMEOUT_MS = 5_000;
const MAX_REFUSED_ATTEMPTS = 5;
const STUCK_AFTER_ATTEMPTS = 3;
const RETRYABLE_CODES = ["try_again", "too_fast"];

export interface SenderHandlers<M> {
  isConnected(): boolean;
  send(message: OutgoingMessage): void;
  posted(clientMsgId: string, message: M): void;
  /** Reports a refused post. Returns true when the channel has ended. */
  rejected(failure: Failure): boolean;
  changed(): void;
}

export class Sender<M, Q extends QuotedMessage> {
  /** When the next attempt starts, if the server is busy. */
  retryAt: number | null = null;
  #timers: Timers;
  #sending: string | null = null;
  #attempt = 0;

  constructor(
    private readonly env: Pick<
      ChannelEnvironment<M, Q>,
      "now" | "random" | "later" | "post" | "failure"
    >,
    private readonly lifetime: Lifetime,
    private readonly outbox: Outbox<Q>,
    private readonly handlers: SenderHandlers<M>,
  ) {
    this.#timers = new Timers(env, lifetime);
  }

  /** Repeated attempts have failed, and retries go on. */
  get isStuck(): boolean {
    return this.#attempt >= STUCK_AFTER_ATTEMPTS;
  }

  close(): void {
    this.#timers.cancelAll();
  }

  /** Sends the next message, unless one is in flight: this keeps the order of writing. */
  flush(): void {
    if (this.#sending || this.lifetime.isOver || this.#timers.has("flush")) return;
    const pending = this.outbox.next;
    if (!pending) return;
    this.retryAt = null;
    this.#sending = pending.client_msg_id;
    if (!this.handlers.isConnected()) {
      void this.#post(pending);
      return;
    }
    this.handlers.send(outgoing(pending));
    this.#timers.start("echo", ECHO_TIMEOUT_MS, () => void this.#post(pending));
  }

  /** Sends at once, without waiting for the backoff. */
  flushNow(): void {
    this.#timers.cancel("flush");
    this.flush();
  }

  /** Forgets failed attempts. */
  resetAttempts(): void {
    this.#attempt = 0;
  }

  /** Repeats the message in flight over another connection; its echo may be lost. */
  disconnected(): void {
    this.#timers.cancel("echo");
    this.#sending = null;
    this.flush();
  }

  /** Goes on with the next message after a confirmation. */
  confirmed(clientMsgId: string): void {
    this.#attempt = 0;
    if (this.#sending === clientMsgId) {
      this.#sending = null;
      this.#timers.cancel("echo");
    }
    this.flush();
  }

  refused({ code, title, client_msg_id }: RefusedFrame): void {
    const pending = client_msg_id ? this.outbox.get(client_msg_id) : undefined;
    if (!client_msg_id || !pending || pending.seq !== null) return;
    this.#timers.cancel("echo");
    if (this.#sending === client_msg_id) this.#sending = null;
    if (RETRYABLE_CODES.includes(code) && this.#attempt < MAX_REFUSED_ATTEMPTS)
      this.#flushLater(null);
    else this.#giveUp(client_msg_id, title);
  }

  async #post(pending: PendingMessage<Q>): Promise<void> {
    const id = pending.client_msg_id;
    try {
      const message = await this.env.post(outgoing(pending));
      this.handlers.posted(id, message);
    } catch (error) {
      const failure = this.env.failure(error);
      const { status, message } = failure;
      if (this.lifetime.isStopped || this.#sending !== id) return;
      this.#sending = null;
      const isTransient = status === 0 || status === 429 || status >= 500;
      if (isTransient) this.#flushLater(failure);
      else if (!this.handlers.rejected(failure)) this.#giveUp(id, message);
    }
  }

  #flushLater(failure: Failure | null): void {
    this.#attempt += 1;
    const wait = retryDelay(failure, this.#attempt + 1, this.env.random);
    this.retryAt = failure && isBusy(failure) ? this.env.now() + wait : null;
    this.handlers.changed();
    this.#timers.start("flush", wait, () => this.flush());
  }

  #giveUp(clientMsgId: string, problem: string): void {
    this.#attempt = 0;
    this.outbox.change(clientMsgId, { problem });
    this.handlers.changed();
    this.flush();
  }
}

function outgoing({ client_msg_id, text, reply_to }: PendingMessage): OutgoingMessage {
  return { client_msg_id, text, reply_to: reply_to?.seq ?? null };
}
