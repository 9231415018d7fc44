// Languages to choose from. A bot may speak any other by its tag.
import { languageName } from "./words";

const tags = [
  "en",
  "ar",
  "de",
  "es",
  "fr",
  "he",
  "it",
  "ja",
  "nl",
  "pl",
  "pt",
  "pt-BR",
  "ru",
  "tr",
  "uk",
  "zh",
];

export const languages: readonly (readonly [string, string])[] = tags.map((tag) => [
  tag,
  languageName(tag),
]);

/** Returns the choices, with those that are in use already. */
export function languagesWith(...used: string[]): readonly (readonly [string, string])[] {
  const others = used.filter((tag) => !tags.includes(tag));
  return [...languages, ...others.map((tag) => [tag, languageName(tag)] as const)];
}
