// Unsent text of each room.
import { readStored, store } from "./storage";

export function readDraft(code: string): string {
  return readStored<string>(`draft.${code}`) ?? "";
}

export function storeDraft(code: string, text: string): void {
  store(`draft.${code}`, text);
}
