// Values in this browser's storage. Without storage they last as long as the page.

const PREFIX = "confab.desk.";
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

/** Stores a value; null removes it. */
export function store(name: string, value: unknown): void {
  try {
    if (value === null) localStorage.removeItem(PREFIX + name);
    else localStorage.setItem(PREFIX + name, JSON.stringify(value));
    fallback.delete(name);
  } catch {
    // Storage is full or forbidden.
    if (value === null) fallback.delete(name);
    else fallback.set(name, value);
  }
}

/** Returns the names of stored values that begin with `start`. */
export function storedNames(start: string): string[] {
  try {
    const names = Object.keys(localStorage).filter((name) => name.startsWith(PREFIX + start));
    return names.map((name) => name.slice(PREFIX.length));
  } catch {
    return [...fallback.keys()].filter((name) => name.startsWith(start));
  }
}

/** A value that a reload of this tab keeps. */
export const tabStorage = {
  read(name: string): string | null {
    try {
      return sessionStorage.getItem(PREFIX + name);
    } catch {
      return null;
    }
  },
  write(name: string, value: string | null): void {
    try {
      if (value === null) sessionStorage.removeItem(PREFIX + name);
      else sessionStorage.setItem(PREFIX + name, value);
    } catch {
      // Forbidden.
    }
  },
};
