// The text of a slide while it is edited, and what a newer revision means for it.
import { MAX_BODY, MAX_TITLE, type Slide } from "./contract";
import { graphemes } from "./graphemes";
import { normalizeLine, normalizeParagraphs } from "./normalize";

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

/** Spaces and hidden characters that the API drops are no change. */
export function isChanged(draft: Draft): boolean {
  return !isSame(draft, draft.base);
}

function isSame(one: Texts, other: Texts): boolean {
  return (
    normalizeLine(one.title) === normalizeLine(other.title) &&
    normalizeParagraphs(one.body) === normalizeParagraphs(other.body)
  );
}

/** A quotation is as long as its verse. */
export function isTooLong({ title, body }: Texts, isQuotation = false): boolean {
  return graphemes(title) > MAX_TITLE || (!isQuotation && graphemes(body) > MAX_BODY);
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
  if (isSame(slide, draft.base)) return { draft: { ...draft, revision }, isConflict: false };
  if (!isChanged(draft) || isSame(draft, slide))
    return { draft: draftOf(slide, revision), isConflict: false };
  return { draft, isConflict: true };
}

/** Keeps the person's texts on top of a newer revision. */
export function keepMine(draft: Draft, slide: Slide, revision: number): Draft {
  return { ...draftOf(slide, revision), title: draft.title, body: draft.body };
}
