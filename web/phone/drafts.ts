// Unsent text of each chat, kept across reloads.

const key = (person: string) => `confab.draft.${person}`;

export function readDraft(person: string): string {
  try {
    return localStorage.getItem(key(person)) ?? "";
  } catch {
    return "";
  }
}

export function storeDraft(person: string, text: string): void {
  try {
    if (text === "") localStorage.removeItem(key(person));
    else localStorage.setItem(key(person), text);
  } catch {
    // Without storage, drafts last as long as the page.
  }
}
