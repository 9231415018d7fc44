// Values in this browser's storage. Without storage they last as long as the page.
import type { OutboxStore } from "../live/types";
import type { Pending } from "./channel";
import type { Quote } from "./contract";

const PREFIX = "confab.rooms.";
const fallback = new Map<string, unknown>();

export function readStored<T>(name: string): T | null {
  if (fallback.has(name)) return fallback.get(name) as T;
  try {
    const text = localStorage.getItem(PREFIX + name);
    return text === null ? null : (JSON.parse(text) as T);
  } catch {
    return null;
  }
}

/** Stores a value; null and the empty string remove it. */
export function store(name: string, value: unknown): void {
  const isEmpty = value === null || value === "";
  try {
    if (isEmpty) localStorage.removeItem(PREFIX + name);
    else localStorage.setItem(PREFIX + name, JSON.stringify(value));
    fallback.delete(name);
  } catch {
    // Storage is full or forbidden.
    if (isEmpty) fallback.delete(name);
    else fallback.set(name, value);
  }
}

/** One entry for each message, so that two tabs of a room do not overwrite each other. */
export function outboxStore(code: string, userId: string): OutboxStore<Quote> {
  const start = `out.${code}.${userId}.`;
  return {
    all() {
      try {
        const names = Object.keys(localStorage).filter((name) => name.startsWith(PREFIX + start));
        return names.flatMap((name) => readStored<Pending>(name.slice(PREFIX.length)) ?? []);
      } catch {
        return [];
      }
    },
    put: (pending) => store(start + pending.client_msg_id, pending),
    remove: (id) => store(start + id, null),
  };
}
