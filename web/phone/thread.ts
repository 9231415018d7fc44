// The messages of a chat as rendered, and what shares a bubble.
import type { ImageContent, Message } from "../api/phone";
import type { Pending } from "../messenger/outbox";
import type { Bubble as ThreadBubble } from "../messenger/thread";
import type { Chat, Draft } from "./store";

const ALBUM_GAP_MS = 60_000;

/** A message as rendered: sent, or pending. */
export interface Item extends Message {
  key: string;
  pending: Pending<Draft> | null;
}

export type Bubble = ThreadBubble<Item>;

export function itemsOf({ messages = [], outbox, keys }: Chat): Item[] {
  const told = messages.map(
    (message): Item => ({ ...message, key: keys.get(message.id) ?? message.id, pending: null }),
  );
  const out = outbox.list.map((each): Item => {
    const { out, content } = each.draft;
    const context_id = "reply_to" in out ? out.reply_to : null;
    const status = each.problem ? "failed" : "sending";
    return {
      id: each.key,
      key: each.key,
      seq: each.after + 0.5,
      at: each.at,
      from: "person",
      status,
      error: each.problem || null,
      context_id,
      reaction: null,
      content,
      pending: each,
    };
  });
  return [...told, ...out].sort((a, b) => a.seq - b.seq);
}

export function isPhoto(item: Item): item is Item & { content: ImageContent } {
  return item.content.type === "image";
}

/** Consecutive photos form an album; a caption ends it, so that it stays with its photo. */
export function joinsAlbum(before: Item, item: Item): boolean {
  return (
    isPhoto(before) &&
    isPhoto(item) &&
    !item.content.caption &&
    !before.reaction &&
    !item.reaction &&
    item.status !== "failed" &&
    before.status !== "failed" &&
    item.at - before.at < ALBUM_GAP_MS
  );
}
