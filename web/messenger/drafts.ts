// Unsent text of each chat, kept across reloads.

const key = (chat: string) => `confab.draft.${chat}`;

export function readDraft(chat: string): string {
  try {
    return localStorage.getItem(key(chat)) ?? "";
  } catch {
    return "";
  }
}

export function storeDraft(chat: string, text: string): void {
  try {
    if (text === "") localStorage.removeItem(key(chat));
    else localStorage.setItem(key(chat), text);
  } catch {
    // Without storage, drafts last as long as the page.
  }
}
