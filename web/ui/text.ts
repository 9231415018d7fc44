// User text as words and links. It is never treated as markup.
import { html, type TemplateResult } from "lit/html.js";
import { isWeb } from "./web";

const address = /https?:\/\/[^\s<>"]*[^\s<>".,;:!?'’”)\]}]/gi;

export function linked(text: string): (string | TemplateResult)[] {
  const parts: (string | TemplateResult)[] = [];
  let from = 0;
  for (const { 0: found, index } of text.matchAll(address)) {
    // A closing bracket belongs to the URL when it was opened there.
    const url =
      text[index + found.length] === ")" && found.includes("(") && !found.includes(")")
        ? `${found})`
        : found;
    if (!isWeb(url)) continue;
    if (index > from) parts.push(text.slice(from, index));
    parts.push(html`<a href=${url} target="_blank" rel="noopener noreferrer">${url}</a>`);
    from = index + url.length;
  }
  if (from < text.length) parts.push(text.slice(from));
  return parts;
}

let emoji: RegExp | undefined;

/** One to three emoji and nothing else. */
export function onlyEmoji(text: string): boolean {
  // Made when it is needed: bundles without this function have no use for it.
  emoji ??=
    /^(?:(?:\p{Regional_Indicator}{2}|[#*0-9]\ufe0f?\u20e3|\p{Extended_Pictographic}(?:\ufe0f|\p{Emoji_Modifier}|\u200d\p{Extended_Pictographic})*)\s*){1,3}$/u;

  return text.length < 60 && emoji.test(text.trim());
}

/** The text's direction, by its first letter with one. */
export function directionOf(text: string): "rtl" | "ltr" {
  const letter = /\p{L}/u.exec(text)?.[0] ?? "";
  return /[\u0590-\u08ff\ufb1d-\ufdff\ufe70-\ufefc]/.test(letter) ? "rtl" : "ltr";
}
