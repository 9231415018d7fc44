// A thread as rows: messages, notes, events, days, and what is still being sent.
import type { ThreadMessage } from "./channel";
import type { Pending } from "./outbox-store";

const GROUP_GAP_MS = 5 * 60_000;

export type ThreadItem =
  | { type: "day"; key: string; at: number }
  | { type: "new"; key: string }
  | { type: "event"; key: string; message: ThreadMessage }
  | { type: "message"; key: string; message: ThreadMessage; isFirst: boolean }
  | { type: "pending"; key: string; pending: Pending; isFirst: boolean };

interface Run {
  from: string;
  at: number;
}

/** `unreadFrom` is the first number that was unread when the conversation was opened; 0 is none. */
export function threadItems(
  messages: readonly ThreadMessage[],
  pending: readonly Pending[],
  me: string,
  unreadFrom: number,
): ThreadItem[] {
  const items: ThreadItem[] = [];
  let day = "";
  let run: Run | null = null;
  const beginDay = (at: number) => {
    const name = new Date(at).toDateString();
    if (name === day) return;
    day = name;
    run = null;
    items.push({ type: "day", key: `day-${name}`, at });
  };
  const joins = (from: string, at: number) => {
    const isFirst = run === null || run.from !== from || at - run.at > GROUP_GAP_MS;
    run = { from, at };
    return isFirst;
  };
  for (const message of messages) {
    const at = Date.parse(message.at);
    beginDay(at);
    if (message.seq === unreadFrom) {
      items.push({ type: "new", key: "new" });
      run = null;
    }
    // The name follows from the number, so that a sent message keeps its row.
    const key = String(message.seq);
    if (message.kind === "event") {
      run = null;
      items.push({ type: "event", key, message });
    } else {
      const isFirst = joins(`${message.user_id} ${message.kind}`, at);
      items.push({ type: "message", key, message, isFirst });
    }
  }
  for (const each of pending) {
    beginDay(each.at);
    const isFirst = joins(`${me} ${each.is_note ? "note" : "message"}`, each.at);
    items.push({ type: "pending", key: each.client_msg_id, pending: each, isFirst });
  }
  return items;
}
