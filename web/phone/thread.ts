// Divides a chat into days, groups by sender, and photo albums.
import type { ImageContent, Message } from "../api/phone";
import type { Chat, Pending } from "./store";

const GROUP_GAP_MS = 5 * 60_000;
const ALBUM_GAP_MS = 60_000;

/** A message as rendered: sent, or pending. */
export interface Item extends Message {
  key: string;
  pending: Pending | null;
}

export interface Bubble {
  items: Item[];
  first: boolean;
  last: boolean;
}

export interface Day {
  at: number;
  bubbles: Bubble[];
}

export function itemsOf({ messages = [], pending, keys }: Chat): Item[] {
  const told = messages.map(
    (message): Item => ({ ...message, key: keys.get(message.id) ?? message.id, pending: null }),
  );
  const out = pending.map((each): Item => {
    const context_id = "reply_to" in each.out ? each.out.reply_to : null;
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
      content: each.content,
      pending: each,
    };
  });
  return [...told, ...out].sort((a, b) => a.seq - b.seq);
}

export function thread(items: Item[]): Day[] {
  const days: Day[] = [];
  let before: Item | undefined;
  for (const item of items) {
    const sameDay =
      before !== undefined &&
      new Date(before.at).toDateString() === new Date(item.at).toDateString();
    const latest = days.at(-1);
    const day = sameDay && latest ? latest : { at: item.at, bubbles: [] };
    if (day !== latest) days.push(day);
    const joined = sameDay && before?.from === item.from && item.at - before.at < GROUP_GAP_MS;
    const last = day.bubbles.at(-1);
    if (last && joined && before && joinsAlbum(before, item)) {
      last.items.push(item);
    } else {
      if (last && joined) last.last = false;
      day.bubbles.push({ items: [item], first: !joined, last: true });
    }
    before = item;
  }
  return days;
}

export function isPhoto(item: Item): item is Item & { content: ImageContent } {
  return item.content.type === "image";
}

/** Consecutive photos form an album; a caption ends it, so that it stays with its photo. */
function joinsAlbum(before: Item, item: Item): boolean {
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
