// One open conversation: its messages in order without gaps, its outbox, and who is typing.
import { MessageLog } from "../../live/message-log";
import { Outbox } from "../../live/outbox";
import { Sender } from "../../live/sender";
import { repairDelay, Sync } from "../../live/sync";
import { Lifetime, Timers } from "../../live/timers";
import type { ChannelMessage, ChannelPage, OutboxStore, Scheduler } from "../../live/types";
import type {
  Message,
  MessagePage,
  MessagesFrame,
  PresenceFrame,
  RefusedFrame,
  TypingAuthor,
  TypingFrame,
} from "../contract";
import { Observable } from "../observable";
import { toProblem } from "../problem";
import type { Pending, Quote } from "./outbox-store";

const TYPING_INTERVAL_MS = 3_000;
const TYPING_TTL_MS = 6_000;

export type ThreadMessage = Omit<Message, "client_msg_id"> & ChannelMessage;

export interface NewMessage {
  client_msg_id: string;
  text: string;
  kind: "message" | "note";
  reply_to: number | null;
  mentions: string[];
  attachments: string[];
}

export interface ComposedMessage {
  text: string;
  isNote: boolean;
  mentions: string[];
  attachments: string[];
  quote: Quote | null;
}

export interface ChannelEnvironment extends Scheduler {
  me: { id: string; name: string };
  isConnected(): boolean;
  send(frame: object): void;
  page(query: { before?: number; after?: number }): Promise<MessagePage>;
  post(message: NewMessage): Promise<Message>;
  store: OutboxStore<Quote>;
}

/** Gives a message the fields by which the log and the outbox know it. */
export function toThreadMessage(message: Message): ThreadMessage {
  const { author } = message;
  return {
    ...message,
    user_id: author.kind === "system" ? "system" : author.id,
    client_msg_id: message.client_msg_id ?? "",
  };
}

function toThreadPage({ messages, ...rest }: MessagePage): ChannelPage<ThreadMessage> {
  return { ...rest, messages: messages.map(toThreadMessage) };
}

export class ConversationChannel extends Observable {
  readonly log = new MessageLog<ThreadMessage>();
  readonly outbox: Outbox<Quote>;
  readonly sync: Sync<ThreadMessage>;
  /** Who is typing, by kind and name. */
  readonly typing = new Map<string, TypingAuthor>();
  isVisitorOnline = false;
  readonly #sender: Sender<ThreadMessage, Quote>;
  readonly #lifetime = new Lifetime();
  readonly #typingTimers: Timers;
  #typedAt = -Infinity;
  #isTyping = false;
  #settled: (() => void)[] = [];

  constructor(
    readonly id: string,
    private readonly env: ChannelEnvironment,
  ) {
    super();
    const failure = toProblem;
    const lifetime = this.#lifetime;
    const live = {
      now: env.now,
      random: env.random,
      later: env.later,
      failure,
      page: async (query: { before?: number; after?: number }) =>
        toThreadPage(await env.page(query)),
      post: async ({ client_msg_id }: { client_msg_id: string }) =>
        toThreadMessage(await env.post(this.#outgoing(client_msg_id))),
    };
    this.outbox = new Outbox(env.store, env.now());
    this.#typingTimers = new Timers(env, lifetime);
    this.sync = new Sync(live, lifetime, this.log, {
      loaded: () => this.changed(),
      arrived: (messages) => this.#arrived(messages),
      changed: () => this.changed(),
      progressed: () => this.#progressed(),
    });
    this.#sender = new Sender(live, lifetime, this.outbox, {
      isConnected: () => this.#goesOverSocket,
      send: (message) => this.#sendMessage(message),
      posted: (clientMsgId, message) => this.#posted(clientMsgId, message),
      rejected: () => false,
      changed: () => this.changed(),
    });
  }

  get pending(): readonly Pending[] {
    return this.outbox.list as readonly Pending[];
  }

  /** Sending has failed repeatedly, and retries go on. */
  get isStuck(): boolean {
    return this.#sender.isStuck;
  }

  /** Nothing waits to be sent. Messages that failed for good wait for the person. */
  get isSettled(): boolean {
    return this.outbox.next === undefined;
  }

  /** Loads the latest messages and sends what is unsent. */
  start(): void {
    void this.sync.load();
    this.#sender.flush();
  }

  stop(): void {
    this.#lifetime.isStopped = true;
    this.#typingTimers.cancelAll();
    this.sync.close();
    this.#sender.close();
    for (const done of this.#settled.splice(0)) done();
  }

  /** The socket is connected: `isReconnect` if it has been before. */
  connected(lastSeq: number | undefined, isReconnect: boolean): void {
    if (lastSeq !== undefined) this.announce(lastSeq);
    // Changes of messages are not sent again after a disconnect.
    if (isReconnect && this.log.ready) void this.sync.refresh();
    if (!this.log.ready) this.sync.reload();
    this.#sender.flushNow();
  }

  disconnected(): void {
    this.typing.clear();
    this.isVisitorOnline = false;
    this.#isTyping = false;
    this.#sender.disconnected();
    this.changed();
  }

  wake(): void {
    this.#sender.resetAttempts();
    this.#sender.flushNow();
    if (!this.log.ready) this.sync.reload();
  }

  /** Notes the latest number, and fetches what is missing if it does not arrive soon. */
  announce(lastSeq: number): void {
    if (lastSeq <= this.log.last) return;
    this.log.announce(lastSeq);
    this.sync.repair(repairDelay.announced);
  }

  receive(frame: MessagesFrame): void {
    const messages = frame.messages.map(toThreadMessage);
    for (const { author } of messages) this.#stopTyping(author);
    // Without messages, the frame names the last number alone.
    const isLatestPage =
      frame.type === "backfill" && messages.length > 0 && frame.after_seq > this.log.complete;
    this.log.take(messages, frame.last_seq);
    this.#arrived(messages);
    // Too much was missed to be sent again.
    if (isLatestPage && this.log.ready) void this.sync.startOver();
  }

  change(messages: Message[]): void {
    this.log.take(messages.map(toThreadMessage));
    this.changed();
  }

  /** Returns whether the refused message is one of this conversation. */
  refused({ code, title, client_msg_id }: RefusedFrame): boolean {
    if (!client_msg_id || !this.outbox.get(client_msg_id)) return false;
    this.#sender.refused({ type: "refused", code, title, client_msg_id });
    return true;
  }

  typed(frame: TypingFrame): void {
    const { author } = frame;
    if (author.kind === "agent" && author.name === this.env.me.name) return;
    this.#stopTyping(author);
    if (frame.type === "typing:start") {
      const key = keyOf(author);
      this.typing.set(key, author);
      this.#typingTimers.start(key, TYPING_TTL_MS, () => {
        this.typing.delete(key);
        this.changed();
      });
    }
    this.changed();
  }

  present({ is_visitor_online }: PresenceFrame): void {
    this.isVisitorOnline = is_visitor_online ?? false;
    this.changed();
  }

  post(message: ComposedMessage): void {
    const pending: Pending = {
      client_msg_id: crypto.randomUUID(),
      text: message.text,
      reply_to: message.quote,
      at: this.env.now(),
      problem: "",
      seq: null,
      is_note: message.isNote,
      mentions: message.mentions,
      attachments: message.attachments,
    };
    this.outbox.add(pending);
    this.#isTyping = false;
    this.#typedAt = -Infinity;
    this.changed();
    this.#sender.flush();
  }

  retry(clientMsgId: string): void {
    this.outbox.change(clientMsgId, { problem: "", at: this.env.now() });
    this.#sender.resetAttempts();
    this.changed();
    this.#sender.flush();
  }

  discard(clientMsgId: string): void {
    this.outbox.remove(clientMsgId);
    this.changed();
  }

  /** Resolves when nothing waits to be sent: an end must not overtake an answer. */
  settled(): Promise<void> {
    if (this.isSettled) return Promise.resolve();
    return new Promise((resolve) => this.#settled.push(resolve));
  }

  /** Announces that this person is typing, at most once every few seconds. */
  notifyTyping(): void {
    const now = this.env.now();
    if (!this.env.isConnected() || now - this.#typedAt < TYPING_INTERVAL_MS) return;
    this.#typedAt = now;
    this.#isTyping = true;
    this.env.send({ type: "typing:start", conversation_id: this.id });
  }

  notifyTypingStopped(): void {
    if (!this.#isTyping) return;
    this.#isTyping = false;
    this.#typedAt = -Infinity;
    this.env.send({ type: "typing:stop", conversation_id: this.id });
  }

  /** Frames have no place for mentions, so that such notes go over HTTP. */
  get #goesOverSocket(): boolean {
    const next = this.outbox.next as Pending | undefined;
    return this.env.isConnected() && next?.mentions.length === 0;
  }

  #sendMessage({ client_msg_id }: { client_msg_id: string }): void {
    const { kind, mentions: _, ...message } = this.#outgoing(client_msg_id);
    const isNote = kind === "note";
    this.env.send({
      type: "message:send",
      conversation_id: this.id,
      ...message,
      is_note: isNote,
    });
  }

  #outgoing(clientMsgId: string): NewMessage {
    const pending = this.outbox.get(clientMsgId) as Pending | undefined;
    return {
      client_msg_id: clientMsgId,
      text: pending?.text ?? "",
      kind: pending?.is_note ? "note" : "message",
      reply_to: pending?.reply_to?.seq ?? null,
      mentions: pending?.mentions ?? [],
      attachments: pending?.attachments ?? [],
    };
  }

  #arrived(messages: ThreadMessage[]): void {
    for (const message of messages) {
      const isOwn = message.user_id === this.env.me.id;
      if (isOwn && this.outbox.confirm(message)) this.#sender.confirmed(message.client_msg_id);
    }
    this.sync.repair(repairDelay.gap);
    this.#progressed();
  }

  #posted(clientMsgId: string, message: ThreadMessage): void {
    // The outbox is persistent: a stopped channel must not post the message again.
    this.outbox.confirm(message);
    if (this.#lifetime.isStopped) return;
    this.log.take([message]);
    this.#sender.confirmed(clientMsgId);
    this.sync.repair(repairDelay.gap);
    this.#progressed();
  }

  #stopTyping(author: TypingAuthor): void {
    const key = keyOf(author);
    this.#typingTimers.cancel(key);
    this.typing.delete(key);
  }

  #progressed(): void {
    this.outbox.dropConfirmed(this.log.ready ? this.log.complete : 0);
    this.changed();
  }

  protected override changed(): void {
    if (this.isSettled) for (const done of this.#settled.splice(0)) done();
    super.changed();
  }

  /** Why the first page does not load; retries go on. */
  get problem(): string {
    return this.log.ready ? "" : this.sync.problem;
  }
}

function keyOf(author: TypingAuthor): string {
  return "name" in author ? `${author.kind}:${author.name}` : author.kind;
}
