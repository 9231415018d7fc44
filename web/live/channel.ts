// A live channel: a connection that recovers by itself, messages in order without gaps, and an outbox.
import { Connection, timing } from "./connection";
import { MessageLog } from "./message-log";
import { Outbox } from "./outbox";
import { Sender } from "./sender";
import { repairDelay, Sync } from "./sync";
import { Lifetime, Timers } from "./timers";
import type {
  ChannelEnvironment,
  ChannelFrame,
  ChannelMessage,
  Failure,
  QuotedMessage,
  TypingFrame,
  WelcomeFrame,
} from "./types";

const TYPING_INTERVAL_MS = 3_000;
const TYPING_TTL_MS = 6_000;

export interface ChannelHandlers<F, R> {
  /** Something visible has changed. */
  changed(): void;
  /** Receives a frame that the product defines. */
  frame(frame: F): void;
  /** The user's access may have changed, and should be read again. */
  accessChanged(): void;
  ended(reason: R): void;
}

/** Decides which failures are final. */
export interface ChannelPolicy<R> {
  endOfConnect(failure: Failure): R | null;
  endOfPost(failure: Failure): R | null;
  /** Codes of refusals after which the user's access should be read again. */
  accessCodes: readonly string[];
}

export class Channel<
  M extends ChannelMessage,
  Q extends QuotedMessage,
  F extends { type: string },
  R,
> {
  readonly log = new MessageLog<M>();
  readonly outbox: Outbox<Q>;
  readonly connection: Connection<WelcomeFrame>;
  readonly sync: Sync<M>;
  readonly sender: Sender<M, Q>;
  /** Users who are typing: names by id. */
  readonly typing = new Map<string, string>();
  online = 0;
  /** When `online` was received. */
  onlineAt = -Infinity;
  ended: R | null = null;
  /** The read cursor: the last message that the user has seen. */
  readSeq = 0;
  #sentReadSeq = 0;
  #typedAt = -Infinity;
  #lifetime = new Lifetime();
  #typingTimers: Timers;

  constructor(
    private readonly env: ChannelEnvironment<M, Q>,
    private readonly userId: string,
    private readonly policy: ChannelPolicy<R>,
    private readonly handlers: ChannelHandlers<F, R>,
  ) {
    const lifetime = this.#lifetime;
    const changed = () => this.handlers.changed();
    const progressed = () => this.#progressed();
    this.outbox = new Outbox(env.store, env.now());
    this.#typingTimers = new Timers(env, lifetime);
    this.connection = new Connection(env, lifetime, {
      hello: () => this.#hello(),
      ping: () => this.#ping(),
      isFatal: (failure) => this.#endIf(this.policy.endOfConnect(failure)),
      welcomed: (frame, isReconnect) => this.#welcomed(frame, isReconnect),
      received: (frame) => this.#received(frame as ChannelFrame<M, R> | F),
      disconnected: () => {
        this.typing.clear();
        this.sender.disconnected();
      },
      changed: progressed,
    });
    this.sync = new Sync(env, lifetime, this.log, {
      loaded: () => this.connection.sayHello(),
      arrived: (messages) => this.#arrived(messages),
      changed,
      progressed,
    });
    this.sender = new Sender(env, lifetime, this.outbox, {
      isConnected: () => this.connection.isConnected,
      send: (message) => this.connection.send({ type: "message", ...message }),
      posted: (clientMsgId, message) => this.#posted(clientMsgId, message),
      rejected: (failure) => this.#rejected(failure),
      changed,
    });
  }

  start(): void {
    this.connection.watchDelay();
    void this.sync.load();
    this.connection.connect();
  }

  stop(): void {
    this.flushReadSeq();
    this.#lifetime.isStopped = true;
    this.#close();
  }

  /** Sends the read cursor now, because the page may be gone before the next heartbeat. */
  flushReadSeq(): void {
    if (this.connection.isConnected && this.readSeq > this.#sentReadSeq)
      this.connection.ping(timing.pongTimeout);
  }

  /** Resumes after sleep, a hidden page or a lost network. */
  wake(): void {
    if (this.#lifetime.isOver) return;
    this.connection.wake();
    this.sender.resetAttempts();
    this.sender.flushNow();
    if (!this.log.ready) this.sync.reload();
  }

  /** Checks the connection when the device reports to be offline. */
  checkConnection(): void {
    this.connection.ping(timing.wakePongTimeout);
  }

  /** Replaces the connection, so that it is authorized anew. */
  renew(): void {
    this.connection.connect();
  }

  post(clientMsgId: string, text: string, reply_to: Q | null): void {
    const at = this.env.now();
    this.outbox.add({ client_msg_id: clientMsgId, text, reply_to, at, problem: "", seq: null });
    this.handlers.changed();
    this.sender.flush();
  }

  retry(clientMsgId: string): void {
    this.outbox.change(clientMsgId, { problem: "", at: this.env.now() });
    this.sender.resetAttempts();
    this.handlers.changed();
    this.sender.flush();
  }

  discard(clientMsgId: string): void {
    this.outbox.remove(clientMsgId);
    this.handlers.changed();
  }

  /** Announces that the user is typing, at most once every few seconds. */
  notifyTyping(): void {
    const now = this.env.now();
    if (!this.connection.isConnected || now - this.#typedAt < TYPING_INTERVAL_MS) return;
    this.#typedAt = now;
    this.connection.send({ type: "typing", on: true });
  }

  /** Takes a message from the answer of another call. */
  apply(message: M): void {
    this.log.take([message]);
    this.#arrived([message]);
  }

  setOnline(online: number): void {
    this.online = online;
    this.onlineAt = this.env.now();
  }

  #hello(): object | null {
    if (!this.log.ready) return null;
    return { type: "hello", last_seq: this.log.complete > 0 ? this.log.complete : null };
  }

  #ping(): object {
    this.#sentReadSeq = this.readSeq;
    return { type: "ping", read_seq: this.readSeq };
  }

  #welcomed({ online, last_seq }: WelcomeFrame, isReconnect: boolean): void {
    this.setOnline(online);
    // A channel that was silent for long may have lost its messages, and counts from one again.
    if (last_seq < this.log.complete) void this.sync.startOver();
    this.log.announce(last_seq);
    this.sync.repair(repairDelay.announced);
    this.sender.flushNow();
    if (isReconnect) {
      void this.sync.refresh();
      this.handlers.accessChanged();
    }
    this.#progressed();
  }

  #received(frame: ChannelFrame<M, R> | F): void {
    const known = frame as ChannelFrame<M, R>;
    switch (known.type) {
      case "welcome":
        break;
      case "messages":
      case "backfill":
        for (const { user_id } of known.messages) this.#stopTyping(user_id);
        this.log.take(known.messages, known.last_seq);
        this.#arrived(known.messages);
        break;
      case "backfill_overflow":
        this.log.announce(known.last_seq);
        void this.sync.startOver();
        break;
      case "changed":
        this.apply(known.message);
        break;
      case "typing":
        this.#typing(known);
        break;
      case "pong":
        this.setOnline(known.online);
        this.log.announce(known.last_seq);
        this.sync.repair(repairDelay.announced);
        this.#progressed();
        break;
      case "online":
        this.setOnline(known.online);
        this.#progressed();
        break;
      case "refused":
        if (this.policy.accessCodes.includes(known.code)) this.handlers.accessChanged();
        this.sender.refused(known);
        break;
      case "kicked":
        this.#endIf(known.reason);
        break;
      default:
        this.handlers.frame(frame as F);
    }
  }

  #arrived(messages: M[]): void {
    for (const message of messages) {
      const isOwn = message.user_id === this.userId;
      if (isOwn && this.outbox.confirm(message)) this.sender.confirmed(message.client_msg_id);
    }
    this.sync.repair(repairDelay.gap);
    this.#progressed();
  }

  #posted(clientMsgId: string, message: M): void {
    // The outbox is persistent: a stopped channel must not post the message again.
    this.outbox.confirm(message);
    if (this.#lifetime.isStopped) return;
    this.log.take([message]);
    this.sender.confirmed(clientMsgId);
    this.sync.repair(repairDelay.gap);
    this.#progressed();
  }

  #rejected(failure: Failure): boolean {
    if (failure.status === 403) this.handlers.accessChanged();
    return this.#endIf(this.policy.endOfPost(failure));
  }

  #typing({ user_id, username, on }: TypingFrame): void {
    if (user_id === this.userId) return;
    this.#stopTyping(user_id);
    if (on) {
      this.typing.set(user_id, username);
      this.#typingTimers.start(user_id, TYPING_TTL_MS, () => {
        this.typing.delete(user_id);
        this.handlers.changed();
      });
    }
    this.handlers.changed();
  }

  #stopTyping(userId: string): void {
    this.#typingTimers.cancel(userId);
    this.typing.delete(userId);
  }

  #progressed(): void {
    this.outbox.dropConfirmed(this.log.ready ? this.log.complete : 0);
    this.handlers.changed();
  }

  #endIf(reason: R | null): boolean {
    if (reason === null) return false;
    this.ended = reason;
    this.#lifetime.isEnded = true;
    this.#close();
    this.handlers.ended(reason);
    this.handlers.changed();
    return true;
  }

  #close(): void {
    this.#typingTimers.cancelAll();
    this.sync.close();
    this.sender.close();
    this.connection.close();
    this.typing.clear();
  }
}
