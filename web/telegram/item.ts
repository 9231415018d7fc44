// Messages of a chat as rendered, and what shares a bubble.
import type { Message, NewMessage, PhotoSize, User } from "../api/telegram";
import type { Picture } from "../messenger/album";
import type { Attachment } from "../messenger/attachment";
import type { Pending } from "../messenger/outbox";

/** A message of a person: what is sent, and the file that is shown until then. */
export interface Draft {
  chat: number;
  out: NewMessage;
  author: User;
  file: Attachment | null;
  replyTo: Message | null;
}

/** A message as rendered: sent, or pending. */
export interface Item {
  key: string;
  at: number;
  /** The author's id. */
  from: number;
  message: Message;
  picture: Picture | null;
  pending: Pending<Draft> | null;
}

/** Enough pixels for a bubble, on a dense screen too. */
const PREVIEW_PX = 800;

export function fileUrl(uniqueId: string): string {
  return `/api/telegram/files/${encodeURIComponent(uniqueId)}`;
}

export function sentItem(message: Message, key: string): Item {
  return {
    key,
    at: message.date * 1000,
    from: message.from.id,
    message,
    picture: message.photo ? pictureOf(message.photo, message.caption) : null,
    pending: null,
  };
}

export function pendingItem(pending: Pending<Draft>): Item {
  const { key, at, draft } = pending;
  const { out, author, file, replyTo } = draft;
  const message: Message = {
    message_id: pending.after + 0.5,
    from: { ...author, is_bot: false },
    chat: { id: draft.chat },
    date: at / 1000,
    is_from_bot: false,
    ...(file ? { caption: out.text ?? "" } : { text: out.text ?? "" }),
    ...(replyTo ? { reply_to_message: replyTo } : {}),
  };
  const picture = file?.isPhoto ? { url: file.url, caption: out.text || null } : null;
  return { key, at, from: author.id, message, picture, pending };
}

/** Orders messages by their numbers. An album stays together, also when a message arrived within it. */
export function inOrder(items: Item[]): Item[] {
  const numbers = new Map<string, number>();
  for (const { message } of items) {
    const group = message.media_group_id ?? "";
    const first = numbers.get(group) ?? message.message_id;
    numbers.set(group, Math.min(first, message.message_id));
  }
  const place = ({ message_id, media_group_id }: Message) =>
    media_group_id === undefined ? message_id : (numbers.get(media_group_id) ?? message_id);
  return items.toSorted(
    ({ message: a }, { message: b }) => place(a) - place(b) || a.message_id - b.message_id,
  );
}

/** Photos and documents of one media group share a bubble. */
export function joinsAlbum(before: Item, { message, pending }: Item): boolean {
  const group = message.media_group_id;
  return !pending && group !== undefined && group === before.message.media_group_id;
}

function pictureOf(sizes: PhotoSize[], caption = ""): Picture | null {
  const largest = sizes.at(-1);
  if (!largest) return null;
  const preview = sizes.find(({ width, height }) => Math.max(width, height) >= PREVIEW_PX);
  return {
    url: fileUrl(largest.file_unique_id),
    preview: fileUrl((preview ?? largest).file_unique_id),
    caption: caption || null,
    width: largest.width,
    height: largest.height,
  };
}
