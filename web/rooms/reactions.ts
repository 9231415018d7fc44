// Available reactions, and their optimistic updates.
import type { Reaction } from "./contract";

export const emojis = ["👍", "❤️", "😂", "😮", "😢", "🎉"];

export function isOn(reactions: Reaction[], emoji: string, me: string): boolean {
  return reactions.some((each) => each.emoji === emoji && each.users.includes(me));
}

/**
 * The server names only some users of a popular reaction; adds one's own after a confirmed change.
 */
export function includeOwn(reactions: Reaction[], emoji: string, me: string): Reaction[] {
  const hasMore = ({ count, users }: Reaction) => count > users.length && !users.includes(me);
  return reactions.map((each) =>
    each.emoji === emoji && hasMore(each) ? { ...each, users: [...each.users, me] } : each,
  );
}

export function setOwn(reactions: Reaction[], emoji: string, me: string, on: boolean): Reaction[] {
  if (isOn(reactions, emoji, me) === on) return reactions;
  const known = reactions.find((each) => each.emoji === emoji) ?? { emoji, count: 0, users: [] };
  const next = on
    ? { emoji, count: known.count + 1, users: [...known.users, me] }
    : { emoji, count: known.count - 1, users: known.users.filter((user) => user !== me) };
  const rest = reactions.map((each) => (each.emoji === emoji ? next : each));
  return (reactions.includes(known) ? rest : [...rest, next]).filter(({ count }) => count > 0);
}

export interface ReactionChange {
  seq: number;
  emoji: string;
  on: boolean;
  isDone?: boolean;
}

interface Reactable {
  seq: number | null;
  reactions: Reaction[];
}

/** Shows reactions as the user left them, before and after the server's answer. */
export function applyPending(
  items: Reactable[],
  changes: readonly ReactionChange[],
  me: string,
): void {
  for (const { seq, emoji, on, isDone } of changes) {
    const item = items.find((each) => each.seq === seq);
    if (!item) continue;
    item.reactions = isDone
      ? includeOwn(item.reactions, emoji, me)
      : setOwn(item.reactions, emoji, me, on);
  }
}
