// The text of a slide while it is edited, and what a newer revision means for it.
import { MAX_BODY, MAX_TITLE, type Slide } from "./contract";
import { graphemes } from "./graphemes";

export interface Texts {
  title: string;
  body: string;
}

export interface Draft extends Texts {
  /** The texts and the revision that the editing began with. */
  base: Texts;
  revision: number;
}

export function draftOf({ title, body }: Slide, revision: number): Draft {
  return { title, body, base: { title, body }, revision };
}

export function isChanged({ title, body, base }: Draft): boolean {
  return title !== base.title || body !== base.body;
}

export function isTooLong({ title, body }: Texts): boolean {
  return graphemes(title) > MAX_TITLE || graphemes(body) > MAX_BODY;
}

/**
 * Brings a draft to a newer revision. A revision that left the slide alone changes nothing but the number, an
 * unchanged draft takes the new texts, and two different changes are a conflict for a person.
 */
export function rebase(
  draft: Draft,
  slide: Slide,
  revision: number,
): { draft: Draft; isConflict: boolean } {
  // An older answer may arrive late.
  if (revision <= draft.revision) return { draft, isConflict: false };
  const isSame = slide.title === draft.base.title && slide.body === draft.base.body;
  if (isSame) return { draft: { ...draft, revision }, isConflict: false };
  if (!isChanged(draft) || (draft.title === slide.title && draft.body === slide.body))
    return { draft: draftOf(slide, revision), isConflict: false };
  return { draft, isConflict: true };
}

/** Keeps the person's texts on top of a newer revision. */
export function keepMine(draft: Draft, slide: Slide, revision: number): Draft {
  return { ...draftOf(slide, revision), title: draft.title, body: draft.body };
}
