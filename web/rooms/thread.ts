// Divides a room's messages into days and groups by sender.

import type { Pending } from "./channel";
import type { Message, Money, Quote, Reaction } from "./contract";

const GROUP_GAP_MS = 5 * 60_000;

/** A message as rendered: posted, or pending. */
export interface Item {
  key: string;
  seq: number | null;
  at: number;
  userId: string;
  username: string;
  isMine: boolean;
  text: string;
  replyTo: Quote | null;
  isDeleted: boolean;
  tip: Money | null;
  reactions: Reaction[];
  pending: Pending | null;
  isBlocked: boolean;
}

export interface Group {
  key: string;
  items: Item[];
}

export interface Day {
  at: number;
  groups: Group[];
}

export interface View {
  messages: readonly Message[];
  pending: readonly Pending[];
  me: string;
  myName: string;
  isBlocked: (userId: string, username: string) => boolean;
}

export function toItems({ messages, pending, me, myName, isBlocked }: View): Item[] {
  const said = messages.map((message): Item => {
    const { seq, user_id, username, text, reply_to, is_deleted, reactions, client_msg_id } =
      message;
    const isMine = user_id === me;
    // The client's id keys one's own messages, so that a pending one stays the same bubble.
    const key = isMine ? `mine ${client_msg_id}` : `said ${seq}`;
    return {
      key,
      seq,
      at: Date.parse(message.at),
      userId: user_id,
      username,
      isMine,
      text,
      replyTo: reply_to,
      isDeleted: is_deleted,
      tip: message.tip ?? null,
      reactions,
      pending: null,
      isBlocked: !isMine && isBlocked(user_id, username),
    };
  });
  const inRoom = new Set(said.map(({ key }) => key));
  const underway = pending
    .map(
      (each): Item => ({
        key: `mine ${each.client_msg_id}`,
        seq: null,
        at: each.at,
        userId: me,
        username: myName,
        isMine: true,
        text: each.text,
        replyTo: each.reply_to,
        isDeleted: false,
        tip: null,
        reactions: [],
        pending: each,
        isBlocked: false,
      }),
    )
    .filter(({ key }) => !inRoom.has(key));
  return [...said, ...underway];
}

export function groupByDay(items: Item[]): Day[] {
  const days: Day[] = [];
  let before: Item | undefined;
  for (const item of items) {
    const sameDay =
      before !== undefined &&
      (item.pending !== null ||
        new Date(before.at).toDateString() === new Date(item.at).toDateString());
    const latest = days.at(-1);
    const day = sameDay && latest ? latest : { at: item.at, groups: [] };
    if (day !== latest) days.push(day);
    const { groups } = day;
    const joins =
      sameDay &&
      !item.tip &&
      !before?.tip &&
      before?.userId === item.userId &&
      before.username === item.username &&
      item.at - before.at < GROUP_GAP_MS;
    const group = groups.at(-1);
    if (joins && group) group.items.push(item);
    else groups.push({ key: item.key, items: [item] });
    before = item;
  }
  return days;
}
