// The operator's key, kept in this tab only.

const NAME = "confab.carousel.key";
/** Without storage, the key lasts as long as the page. */
let fallback = "";

export function readKey(): string {
  try {
    return sessionStorage.getItem(NAME) ?? fallback;
  } catch {
    return fallback;
  }
}

export function storeKey(key: string): void {
  fallback = key;
  try {
    if (key === "") sessionStorage.removeItem(NAME);
    else sessionStorage.setItem(NAME, key);
  } catch {
    // The fallback has it.
  }
}
