// Types of a channel: numbered messages over a WebSocket, with pages and posts over HTTP.

/** A message of a channel. Numbers have no gaps, except where messages have expired or are hidden. */
export interface ChannelMessage {
  seq: number;
  /** Grows with each change: the higher revision wins. */
  rev: number;
  user_id: string;
  /** Idempotency key, chosen by the client. */
  client_msg_id: string;
}

export interface ChannelPage<M> {
  messages: M[];
  /** Nothing is missing up to here: the last numbers may have no message that the user may see. */
  through?: number;
  last_seq: number;
  /** The oldest number that the server keeps. */
  first_seq: number;
}

/** The start of a message that a reply quotes. */
export interface QuotedMessage {
  seq: number;
}

/** A message that the server has not confirmed yet. */
export interface PendingMessage<Q extends QuotedMessage = QuotedMessage> {
  client_msg_id: string;
  text: string;
  reply_to: Q | null;
  at: number;
  /** Why sending failed; empty while it is being sent. */
  problem: string;
  /** The number that the server assigned; null before. */
  seq: number | null;
}

export interface OutgoingMessage {
  client_msg_id: string;
  text: string;
  reply_to: number | null;
}

/** A failed call, as far as retries depend on it. */
export interface Failure {
  /** HTTP status; 0 when no response arrived. */
  status: number;
  code: string;
  message: string;
  retryAfterMs: number | null;
}

export interface Socket {
  send(text: string): void;
  close(): void;
}

export interface SocketEvents {
  opened(): void;
  received(text: string): void;
  closed(): void;
}

export interface Scheduler {
  now(): number;
  random(): number;
  /** Runs `run` after a delay; returns a function that cancels it. */
  later(ms: number, run: () => void): () => void;
}

/** Persistent storage of unsent messages. */
export interface OutboxStore<Q extends QuotedMessage> {
  all(): PendingMessage<Q>[];
  put(pending: PendingMessage<Q>): void;
  remove(clientMsgId: string): void;
}

/** Clock, socket and API of a channel. Injected, so that tests can replace them. */
export interface ChannelEnvironment<M, Q extends QuotedMessage> extends Scheduler {
  /** Reports the server's time. */
  setClock(at: number): void;
  ticket(): Promise<{ url: string }>;
  socket(url: string, events: SocketEvents): Socket;
  page(query: { before?: number; after?: number }): Promise<ChannelPage<M>>;
  post(message: OutgoingMessage): Promise<M>;
  failure(error: unknown): Failure;
  store: OutboxStore<Q>;
}

export interface Welcome {
  type: "welcome";
  now: string;
  /** When the server closes this connection. */
  until: string;
}

export interface WelcomeFrame extends Welcome {
  last_seq: number;
  online: number;
}

export interface TypingFrame {
  type: "typing";
  user_id: string;
  username: string;
  on: boolean;
}

export interface RefusedFrame {
  type: "refused";
  code: string;
  title: string;
  client_msg_id: string | null;
}

export interface RemovedFrame<R> {
  type: "kicked";
  reason: R;
}

/** Frames that every channel receives. A product adds its own. */
export type ChannelFrame<M, R> =
  | WelcomeFrame
  | { type: "messages" | "backfill"; messages: M[]; last_seq: number }
  | { type: "backfill_overflow"; last_seq: number }
  | { type: "changed"; message: M }
  | TypingFrame
  | { type: "pong"; last_seq: number; online: number }
  | { type: "online"; online: number }
  | RefusedFrame
  | RemovedFrame<R>;
