// Unsent text of each room.
import { keep, kept } from "./kept";

export function draftOf(code: string): string {
  return kept<string>(`draft.${code}`) ?? "";
}

export function keepDraft(code: string, text: string): void {
  keep(`draft.${code}`, text);
}
