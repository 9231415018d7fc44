// The inbox's socket: one connection for the heads of the workspace and the conversations that are open.
import { Connection, timing } from "../../live/connection";
import { Lifetime } from "../../live/timers";
import type { Api } from "../api";
import type { ByeReason, Head, Message, MessagePage, ServerFrame, WelcomeFrame } from "../contract";
import { Observable } from "../observable";
import { toProblem } from "../problem";
import { pathOf } from "../request";
import type { Session } from "../session";
import { ConversationChannel } from "./channel";
import { correctClock, later, now, openSocket } from "./environment";
import { conversationsWithUnsent, outboxStore } from "./outbox-store";

/** Conversations that one `hello` may name. */
const MAX_HELLO = 20;
/** Conversations that stay loaded after they are left, for a quick return. */
const KEPT_CHANNELS = 8;

export interface SocketHandlers {
  head(head: Head): void;
  /** The connection is back: what happened meanwhile is loaded. */
  reconnected(): void;
  refused(title: string): void;
}

export class InboxSocket extends Observable {
  readonly #connection: Connection<WelcomeFrame>;
  readonly #lifetime = new Lifetime();
  /** The least recently opened one first. */
  readonly #channels = new Map<string, ConversationChannel>();
  /** Conversations on the screen; the others may be dropped. */
  readonly #open = new Set<string>();
  readonly #readMarks = new Map<string, number>();
  readonly #watched = new Set<string>();
  /** Why the workspace cannot be reached live; empty while it can. */
  problem = "";

  constructor(
    private readonly api: Api,
    private readonly session: Session,
    private readonly handlers: SocketHandlers,
  ) {
    super();
    this.#connection = new Connection(
      {
        now,
        setClock: correctClock,
        random: Math.random,
        later,
        ticket: () => api.post<{ url: string }>("/ws-ticket"),
        socket: openSocket,
        failure: toProblem,
      },
      this.#lifetime,
      {
        hello: () => this.#hello(),
        ping: () => this.#ping(),
        isFatal: ({ status, message }) => {
          // The plan's connections are all in use, or the workspace is closed.
          if (status !== 402 && status !== 403) return false;
          this.problem = message;
          this.changed();
          return status === 403;
        },
        welcomed: (frame, isReconnect) => this.#welcomed(frame, isReconnect),
        received: (frame) => this.#received(frame as ServerFrame),
        disconnected: () => this.#disconnected(),
        changed: () => this.changed(),
      },
    );
  }

  get isConnected(): boolean {
    return this.#connection.isConnected;
  }

  get wasConnected(): boolean {
    return this.#connection.wasConnected;
  }

  /** Disconnected for long enough to show it. */
  get isDelayed(): boolean {
    return this.#connection.isDelayed;
  }

  start(): void {
    this.#connection.watchDelay();
    this.#connection.connect();
    for (const id of conversationsWithUnsent(this.#me.id)) this.#channel(id);
  }

  stop(): void {
    this.#flushReadMarks();
    this.#lifetime.isStopped = true;
    for (const channel of this.#channels.values()) channel.stop();
    this.#channels.clear();
    this.#connection.close();
  }

  /** Resumes after sleep, a hidden page or a lost network. */
  wake(): void {
    this.#connection.wake();
    for (const channel of this.#channels.values()) channel.wake();
  }

  /** Checks the connection when the device reports to be offline. */
  check(): void {
    this.#connection.ping(timing.wakePongTimeout);
  }

  /** Returns the channel of a conversation that is shown from now on, until `close`. */
  open(id: string): ConversationChannel {
    const channel = this.#channel(id);
    this.#channels.delete(id);
    this.#channels.set(id, channel);
    this.#open.add(id);
    if (this.isConnected) this.#watch(id);
    this.#dropUnused();
    return channel;
  }

  close(id: string): void {
    this.#channels.get(id)?.notifyTypingStopped();
    this.#open.delete(id);
    this.#dropUnused();
  }

  /** Sends the number up to which a conversation has been read. */
  read(id: string, seq: number): void {
    this.#readMarks.set(id, Math.max(seq, this.#readMarks.get(id) ?? 0));
    this.#flushReadMarks();
  }

  get #me() {
    const user = this.session.info?.user;
    return { id: user?.id ?? "", name: user?.name ?? "" };
  }

  #channel(id: string): ConversationChannel {
    const known = this.#channels.get(id);
    if (known) return known;
    const path = pathOf("conversations", id, "messages");
    const channel = new ConversationChannel(id, {
      me: this.#me,
      now,
      random: Math.random,
      later,
      isConnected: () => this.isConnected,
      send: (frame) => this.#connection.send(frame),
      page: (query) => this.api.get<MessagePage>(path, { ...query, limit: 50 }),
      post: ({ mentions, ...message }) =>
        this.api.post<Message>(path, mentions.length > 0 ? { ...message, mentions } : message),
      store: outboxStore(this.#me.id, id),
    });
    this.#channels.set(id, channel);
    channel.start();
    return channel;
  }

  #watch(id: string): void {
    if (this.#watched.has(id)) return;
    this.#watched.add(id);
    this.#connection.send({ type: "watch", conversation_id: id });
  }

  /** Drops conversations that were left, except the latest ones and those with unsent messages. */
  #dropUnused(): void {
    const unused = [...this.#channels].filter(
      ([id, channel]) => !this.#open.has(id) && channel.isSettled,
    );
    for (const [id, channel] of unused.slice(0, Math.max(0, this.#channels.size - KEPT_CHANNELS))) {
      channel.stop();
      this.#channels.delete(id);
      if (this.#watched.delete(id) && this.isConnected)
        this.#connection.send({ type: "unwatch", conversation_id: id });
    }
  }

  #hello(): object {
    const ready = [...this.#channels].filter(([, { log }]) => log.ready).slice(-MAX_HELLO);
    const conversations = Object.fromEntries(ready.map(([id, { log }]) => [id, log.complete]));
    return { type: "hello", conversations };
  }

  #ping(): object {
    const [mark] = this.#readMarks;
    if (!mark) return { type: "ping" };
    this.#readMarks.delete(mark[0]);
    return { type: "ping", read: { conversation_id: mark[0], seq: mark[1] } };
  }

  #flushReadMarks(): void {
    while (this.isConnected && this.#readMarks.size > 0) this.#connection.ping(timing.pongTimeout);
  }

  #welcomed({ last_seqs }: WelcomeFrame, isReconnect: boolean): void {
    this.problem = "";
    this.#watched.clear();
    for (const [id, channel] of this.#channels) {
      this.#watch(id);
      channel.connected(last_seqs[id], isReconnect);
    }
    this.#flushReadMarks();
    if (isReconnect) this.handlers.reconnected();
    this.changed();
  }

  #disconnected(): void {
    for (const channel of this.#channels.values()) channel.disconnected();
    this.changed();
  }

  #received(frame: ServerFrame): void {
    switch (frame.type) {
      case "head":
        this.#channels.get(frame.head.id)?.announce(frame.head.last_seq);
        this.handlers.head(frame.head);
        break;
      case "message:receive":
      case "backfill":
        this.#channels.get(frame.conversation_id)?.receive(frame);
        break;
      case "changed":
        this.#channels.get(frame.conversation_id)?.change(frame.messages);
        break;
      case "typing:start":
      case "typing:stop":
        this.#channels.get(frame.conversation_id)?.typed(frame);
        break;
      case "presence":
        this.#channels.get(frame.conversation_id ?? "")?.present(frame);
        break;
      case "refused":
        if (![...this.#channels.values()].some((channel) => channel.refused(frame)))
          this.handlers.refused(frame.title);
        break;
      case "bye":
        this.#bye(frame.reason);
        break;
    }
  }

  #bye(reason: ByeReason): void {
    if (reason === "renew") this.#connection.connect();
    // The next call finds out how the session stands.
    else void this.session.refresh().catch(() => {});
  }
}
