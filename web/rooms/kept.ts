// What this browser keeps. Where it may keep nothing, things last as long as the page.
import type { Pending, Shelf } from "./outbox";

const prefix = "confab.rooms.";
const unkept = new Map<string, unknown>();

export function kept<T>(name: string): T | null {
  if (unkept.has(name)) return unkept.get(name) as T;
  try {
    const text = localStorage.getItem(prefix + name);
    return text === null ? null : (JSON.parse(text) as T);
  } catch {
    return null;
  }
}

export function keep(name: string, value: unknown): void {
  const isNothing = value === null || value === "";
  try {
    if (isNothing) localStorage.removeItem(prefix + name);
    else localStorage.setItem(prefix + name, JSON.stringify(value));
    unkept.delete(name);
  } catch {
    // Full or forbidden.
    if (isNothing) unkept.delete(name);
    else unkept.set(name, value);
  }
}

/** One entry a message, so that two tabs of a room do not write over each other. */
export function shelfOf(code: string, me: string): Shelf {
  const start = `out.${code}.${me}.`;
  return {
    all() {
      try {
        const names = Object.keys(localStorage).filter((name) => name.startsWith(prefix + start));
        return names.flatMap((name) => kept<Pending>(name.slice(prefix.length)) ?? []);
      } catch {
        return [];
      }
    },
    put: (pending) => keep(start + pending.client_msg_id, pending),
    remove: (id) => keep(start + id, null),
  };
}
