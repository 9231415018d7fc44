// The language of the frame: the first that the visitor asks for and the bot speaks.
import type { BotTexts, WidgetConfig } from "./contract";
import type { Texts } from "./languages/en";

export type { Texts };

/** Each is a file beside the frame's script. */
const languages = ["ar", "de", "en", "es", "fr", "he", "pt", "ru"];

const primary = (tag: string) => tag.split("-")[0];

/** Sites write `en_US`, or worse; dates are written in valid languages only. */
function canonical(tag = ""): string {
  try {
    return Intl.getCanonicalLocales(tag.replace("_", "-"))[0] ?? "";
  } catch {
    return "";
  }
}

/** Returns the tag that fits best; the bot's first language if none does. */
export function chooseLanguage(wanted: readonly (string | undefined)[], spoken: string[]): string {
  const isSpoken = (tag: string) => spoken.some((each) => primary(each) === primary(tag));
  return wanted.map(canonical).find(isSpoken) ?? spoken[0] ?? "en";
}

/** Returns the texts of a language, with those that the bot replaces. */
export async function loadTexts(
  tag: string,
  { languages: spoken, strings }: WidgetConfig,
  attempt: number,
) {
  const name = languages.find((each) => each === primary(tag)) ?? "en";
  // Browsers remember a module that did not load by its address.
  const path = `./${name}.js${attempt ? `?${attempt}` : ""}`;
  const { default: texts }: { default: Texts } = await import(path);
  const related = Object.keys(strings).find((each) => primary(each) === primary(tag));
  const candidates = [spoken[0], related, tag].map((each) => strings[each ?? ""]);
  const replaced: BotTexts = Object.assign({}, ...candidates);
  return { ...texts, ...replaced };
}

/** Replaces `{name}` and `{n}`. */
export function fill(text: string, value: string | number): string {
  return text.replace(/\{\w+\}/, () => String(value));
}
