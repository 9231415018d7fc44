// A conversation on the wire: its messages in order and without gaps, over a socket that recovers by itself.
import { Connection, timing } from "../../live/connection";
import { MessageLog } from "../../live/message-log";
import { Outbox } from "../../live/outbox";
import { Sender } from "../../live/sender";
import { repairDelay, Sync } from "../../live/sync";
import { Lifetime, Timers } from "../../live/timers";
import type { ChannelEnvironment, ChannelPage } from "../../live/types";
import type { Author, Message, Quote, ServerFrame, VisitorMessage, WelcomeFrame } from "./contract";

export type TalkEnvironment = ChannelEnvironment<Message, Quote>;
export type Talk = ReturnType<typeof createTalk>;
type Page = ChannelPage<Message>;

export interface TalkHandlers {
  changed(): void;
  /** Receives a frame that changes no message. */
  received(frame: ServerFrame): void;
  /** The conversation may have changed while the connection was lost. */
  stale(): void;
  /** The server refuses the visitor for good. */
  ended(code: string): void;
}

export const PAGE_SIZE = 50;
const TYPING_INTERVAL_MS = 3_000;
const TYPING_TTL_MS = 6_000;

/** Authors have no ids here: their kind and name tell them apart. */
export const nameOf = (author: Author) => ("name" in author ? author.name : "");
export const idOf = (author: Author) => author.kind + nameOf(author);

export function toMessage(message: VisitorMessage): Message {
  return { client_msg_id: "", ...message, user_id: idOf(message.author) };
}

const isFinal = (code: string) => code === "blocked" || code === "suspended";

export function createTalk(id: string, env: TalkEnvironment, handlers: TalkHandlers) {
  const { changed } = handlers;
  const conversation_id = id;
  const lifetime = new Lifetime();
  const timers = new Timers(env, lifetime);
  const log = new MessageLog<Message>();
  const outbox = new Outbox<Quote>(env.store, env.now());
  /** Names of those who are typing. */
  const typing = new Map<string, string>();
  let readSeq = 0;
  let typedAt = 0;

  const connection = new Connection<WelcomeFrame>({ ...env, ticket }, lifetime, {
    hello: () => (log.ready ? { type: "hello", conversations: { [id]: log.complete } } : null),
    ping: () => ({ type: "ping", read: { conversation_id, seq: readSeq } }),
    isFatal: ({ code }) => endIf(code),
    welcomed({ last_seqs }, isReconnect) {
      announced(last_seqs[id]);
      sender.flushNow();
      if (!isReconnect) return;
      sync.refresh();
      handlers.stale();
    },
    received: (frame) => received(frame as ServerFrame),
    disconnected() {
      typing.clear();
      sender.disconnected();
    },
    changed: progressed,
  });
  const sync = new Sync({ ...env, page }, lifetime, log, {
    loaded: () => connection.sayHello(),
    arrived,
    changed,
    progressed,
  });
  const sender = new Sender(env, lifetime, outbox, {
    isConnected: () => connection.isConnected,
    send: ({ client_msg_id, text }) =>
      connection.send({ type: "message:send", conversation_id, client_msg_id, text }),
    posted(_id, message) {
      log.take([message]);
      arrived([message]);
    },
    rejected: ({ code }) => endIf(code),
    changed,
  });

  /** Where sockets are blocked, each attempt to open one reads the latest messages. */
  function ticket(): Promise<{ url: string }> {
    if (connection.isDelayed && log.ready) sync.refresh();
    return env.ticket();
  }

  /**
   * Reads a page. Notes of agents have numbers too, and are not in it: what was known before the request is in the page
   * or not for the visitor's eyes.
   */
  async function page(query: { before?: number; after?: number }): Promise<Page> {
    const { last } = log;
    const read = await env.page(query);
    const { before = read.last_seq + 1, after } = query;
    if (after !== undefined) return { ...read, through: Math.min(after + PAGE_SIZE, last) };
    // A whole page of notes.
    if (read.messages.length === 0 && before > PAGE_SIZE)
      return page({ before: before - PAGE_SIZE });
    return read;
  }

  function received(frame: ServerFrame): void {
    const about = "conversation" in frame ? frame.conversation.id : frame.conversation_id;
    // A visitor has one socket for all conversations.
    if (about && about !== id) return;
    switch (frame.type) {
      case "message:receive":
      case "backfill": {
        const messages = frame.messages.map(toMessage);
        log.takeRange(messages, frame.after_seq, frame.last_seq);
        arrived(messages);
        break;
      }
      case "changed":
        log.take(frame.messages.map(toMessage));
        progressed();
        break;
      case "typing:start":
      case "typing:stop":
        stopTyping(frame.author);
        if (frame.type === "typing:start") startTyping(frame.author);
        changed();
        break;
      case "pong":
        announced(frame.last_seq);
        break;
      case "refused":
        sender.refused(frame);
        if (frame.code === "closed") handlers.stale();
        break;
      case "bye":
        if (!endIf(frame.reason)) connection.connect();
        break;
      default:
        handlers.received(frame);
    }
  }

  function announced(seq: number | null = 0): void {
    log.announce(seq ?? 0);
    sync.repair(repairDelay.announced);
    progressed();
  }

  function arrived(messages: Message[]): void {
    for (const message of messages) {
      stopTyping(message.author);
      if (message.client_msg_id && outbox.confirm(message)) sender.confirmed(message.client_msg_id);
    }
    sync.repair(repairDelay.gap);
    progressed();
  }

  function progressed(): void {
    outbox.dropConfirmed(log.ready ? log.complete : 0);
    changed();
  }

  function startTyping(author: Author): void {
    const key = idOf(author);
    if (author.kind === "visitor") return;
    typing.set(key, nameOf(author));
    timers.start(key, TYPING_TTL_MS, () => {
      typing.delete(key);
      changed();
    });
  }

  function stopTyping(author: Author): void {
    timers.cancel(idOf(author));
    typing.delete(idOf(author));
  }

  function endIf(code: string): boolean {
    if (!isFinal(code)) return false;
    lifetime.isEnded = true;
    close();
    handlers.ended(code);
    return true;
  }

  function close(): void {
    for (const part of [sync, sender, connection]) part.close();
    timers.cancelAll();
    typing.clear();
  }

  connection.watchDelay();
  sync.load();
  connection.connect();

  return {
    id,
    log,
    outbox,
    typing,
    connection,
    loadOlder: () => sync.loadOlder(),
    stop(): void {
      flush();
      lifetime.isStopped = true;
      close();
    },
    flush,
    /** Marks messages as seen. The next heartbeat says so. */
    read(seq: number): void {
      readSeq = seq;
    },
    /** Resumes after sleep, a hidden page or a lost network. */
    wake(): void {
      connection.wake();
      sender.resetAttempts();
      sender.flushNow();
      if (!log.ready) sync.reload();
    },
    post(client_msg_id: string, text: string): void {
      outbox.add({ client_msg_id, text, reply_to: null, at: env.now(), problem: "", seq: null });
      changed();
      sender.flush();
    },
    retry(messageId: string): void {
      outbox.change(messageId, { problem: "" });
      sender.resetAttempts();
      changed();
      sender.flush();
    },
    discard(messageId: string): void {
      outbox.remove(messageId);
      changed();
    },
    /** Announces that the visitor is typing, at most once every few seconds. */
    notifyTyping(): void {
      if (env.now() - typedAt < TYPING_INTERVAL_MS) return;
      typedAt = env.now();
      connection.send({ type: "typing:start", conversation_id });
    },
  };

  /** Sends the read cursor now, because the page may be gone before the next heartbeat. */
  function flush(): void {
    connection.ping(timing.pongTimeout);
  }
}
