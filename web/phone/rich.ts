// Message markup of messengers: *bold*, _italic_, ~struck~, ```code``` and links. Other text is
// unchanged.
import { html, type TemplateResult } from "lit";

type Part = string | TemplateResult;

const marks =
  /```([^`]+)```|(?<![\w*])\*(?=\S)([^*\n]*[^*\s])\*(?![\w*])|(?<![\w_])_(?=\S)([^_\n]*[^_\s])_(?![\w_])|(?<![\w~])~(?=\S)([^~\n]*[^~\s])~(?![\w~])|(https?:\/\/[^\s<>"]*[^\s<>".,;:!?)\]])/g;

export function rich(text: string): Part[] {
  const parts: Part[] = [];
  let from = 0;
  for (const match of text.matchAll(marks)) {
    const [whole, code, bold, italic, struck, url] = match;
    if (match.index > from) parts.push(text.slice(from, match.index));
    if (code !== undefined) parts.push(html`<code>${code}</code>`);
    else if (bold !== undefined) parts.push(html`<b>${rich(bold)}</b>`);
    else if (italic !== undefined) parts.push(html`<i>${rich(italic)}</i>`);
    else if (struck !== undefined) parts.push(html`<s>${rich(struck)}</s>`);
    else if (url !== undefined)
      parts.push(html`<a href=${url} target="_blank" rel="noopener noreferrer">${url}</a>`);
    from = match.index + whole.length;
  }
  if (from < text.length) parts.push(text.slice(from));
  return parts;
}

/** The text without markup, for one-line previews. */
export function plain(text: string): string {
  return text.replace(
    marks,
    (whole: string, code?: string, bold?: string, italic?: string, struck?: string) =>
      code ?? bold ?? italic ?? struck ?? whole,
  );
}

/** One to three emoji alone are drawn large. */
export function onlyEmoji(text: string): boolean {
  return /^(\p{Extended_Pictographic}(\p{Emoji_Modifier}|\ufe0f|\u200d\p{Extended_Pictographic})*\s*){1,3}$/u.test(
    text.trim(),
  );
}
