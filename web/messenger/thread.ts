// Divides a chat into days, runs of one sender, and bubbles of one or more messages.

const GROUP_GAP_MS = 5 * 60_000;

export interface ThreadItem {
  key: string;
  at: number;
  from: string | number;
}

export interface Bubble<Item> {
  items: Item[];
  /** Begins a run of one sender. */
  first: boolean;
  last: boolean;
}

export interface Day<Item> {
  at: number;
  bubbles: Bubble<Item>[];
}

/** `joins` tells whether a message shares the bubble of the one before it. */
export function thread<Item extends ThreadItem>(
  items: Item[],
  joins: (before: Item, item: Item) => boolean,
): Day<Item>[] {
  const days: Day<Item>[] = [];
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
    if (last && joined && before && joins(before, item)) {
      last.items.push(item);
    } else {
      if (last && joined) last.last = false;
      day.bubbles.push({ items: [item], first: !joined, last: true });
    }
    before = item;
  }
  return days;
}
