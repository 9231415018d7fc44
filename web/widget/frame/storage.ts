// Values of one widget in this browser's storage. Where storage is blocked, they last as long as the frame.
import type { OutboxStore, PendingMessage } from "../../live/types";
import type { Quote } from "./contract";

export type Storage = ReturnType<typeof createStorage>;

const OUT = "out.";

export function createStorage(base: string) {
  const memory = new Map<string, string>();
  let prefix = base;

  function read<T>(name: string): T | null {
    try {
      return JSON.parse(memory.get(prefix + name) ?? localStorage.getItem(prefix + name) ?? "null");
    } catch {
      return null;
    }
  }

  /** Stores a value; null removes it. */
  function write(name: string, value: unknown): void {
    const text = JSON.stringify(value);
    try {
      if (value === null) localStorage.removeItem(prefix + name);
      else localStorage.setItem(prefix + name, text);
      memory.delete(prefix + name);
    } catch {
      memory.set(prefix + name, text);
    }
  }

  function namesOf(start: string): string[] {
    let names = [...memory.keys()];
    try {
      names = names.concat(Object.keys(localStorage));
    } catch {
      // Blocked.
    }
    return names.filter((name) => name.startsWith(start));
  }

  /** One entry for each message, so that two tabs do not overwrite each other. */
  const outbox: OutboxStore<Quote> = {
    all: () =>
      namesOf(prefix + OUT).flatMap(
        (name) => read<PendingMessage>(name.slice(prefix.length)) ?? [],
      ),
    put: (pending) => write(OUT + pending.client_msg_id, pending),
    remove: (id) => write(OUT + id, null),
  };

  return {
    read,
    write,
    outbox,
    /** Enters the part of a visitor whom the site names. What was not sent before is taken along. */
    enter(part: string): void {
      const unsent = prefix === base ? outbox.all() : [];
      for (const { client_msg_id } of unsent) outbox.remove(client_msg_id);
      prefix = base + part;
      unsent.forEach(outbox.put);
    },
    /** Calls back with the name of a value that another tab has changed. */
    onChange(changed: (name: string) => void): void {
      addEventListener("storage", ({ key }) => {
        if (key?.startsWith(prefix)) changed(key.slice(prefix.length));
      });
    },
  };
}
