// Unsent messages in this browser's storage, one entry each, so that tabs do not overwrite each other.
import type { OutboxStore, PendingMessage } from "../../live/types";
import { readStored, store, storedNames } from "../storage";

/** The message that a reply quotes. */
export interface Quote {
  seq: number;
  author: string;
  text: string;
}

export interface Pending extends PendingMessage<Quote> {
  is_note: boolean;
  /** Members whom a note mentions. */
  mentions: string[];
  /** Ids of uploads. */
  attachments: string[];
}

const startOf = (userId: string, conversation: string) => `out.${userId}.${conversation}.`;

export function outboxStore(userId: string, conversation: string): OutboxStore<Quote> {
  const start = startOf(userId, conversation);
  return {
    all: () => storedNames(start).flatMap((name) => readStored<Pending>(name) ?? []),
    put: (pending) => store(start + pending.client_msg_id, pending),
    remove: (id) => store(start + id, null),
  };
}

/** Returns the conversations in which a person has unsent messages. */
export function conversationsWithUnsent(userId: string): string[] {
  const start = `out.${userId}.`;
  const ids = storedNames(start).map((name) => name.slice(start.length).split(".")[0] ?? "");
  return [...new Set(ids)].filter((id) => id !== "");
}
