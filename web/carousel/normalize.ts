// Texts as the API keeps them, so that a saved text is recognised when it comes back. The API's rules are in
// functions/carousel/domain/src/content/text.rs.

const lineBreak = /\r\n|[\n\r\v\f\u{85}\u{2028}\u{2029}]/gu;
const space = /\p{White_Space}/u;
const spacesInLine = /(?:(?!\n)\p{White_Space})+/gu;
/** Controls, direction marks, fillers, tags, private use and noncharacters. */
const hidden =
  /(?!\n)\p{Cc}|\u{34f}|[\u{180b}-\u{180f}]|[\u{fe00}-\u{fe0d}]|[\u{e0000}-\u{10ffff}]|[\u{ad}\u{61c}\u{115f}\u{1160}\u{17b4}\u{17b5}\u{200b}\u{200e}\u{200f}\u{202a}-\u{202e}\u{2060}-\u{206f}\u{2800}\u{3164}\u{e000}-\u{f8ff}\u{fdd0}-\u{fdef}\u{feff}\u{ffa0}\u{fff0}-\u{fffb}\u{fffe}\u{ffff}\u{1bca0}-\u{1bca3}\u{1d173}-\u{1d17a}]/gu;
const joiner = /[\u{200c}-\u{200d}]|[\u{fe0e}-\u{fe0f}]/u;
const variationSelector = /[\u{fe0e}-\u{fe0f}]/u;
const mark = /\p{M}/u;
/** Seven and more marks on one character. */
const surplusMarks = /(\p{M}{6})\p{M}+/gu;
const withoutJoiners =
  /[\p{ASCII}\p{Script=Latin}\p{Script=Greek}\p{Script=Cyrillic}\p{Script=Hebrew}\p{Script=Han}]/u;

/** Returns a text on one line, without hidden characters. */
export function normalizeLine(text: string): string {
  return clean(text)
    .replace(/[ \n]+/g, " ")
    .trim();
}

/** Like `normalizeLine`, but keeps lines, and one empty line between paragraphs. */
export function normalizeParagraphs(text: string): string {
  const lines = clean(text).split("\n");
  return lines
    .map((line) => line.replace(/ +/g, " ").trim())
    .join("\n")
    .replace(/\n{3,}/g, "\n\n")
    .trim();
}

function clean(text: string): string {
  const visible = text.replace(lineBreak, "\n").replace(spacesInLine, " ").replace(hidden, "");
  return withoutStrayJoiners(visible).normalize("NFC").replace(surplusMarks, "$1");
}

/** Drops joiners and variation selectors that join nothing: at spaces, twice, and in scripts without them. */
function withoutStrayJoiners(text: string): string {
  const characters = [...text];
  let base = "";
  let followsJoiner = false;
  const kept = characters.filter((character, at) => {
    if (!joiner.test(character)) {
      followsJoiner = false;
      if (!mark.test(character)) base = space.test(character) ? "" : character;
      return true;
    }
    const isSelector = variationSelector.test(character);
    const next = characters[at + 1] ?? " ";
    const isInside = !space.test(next) && !joiner.test(next);
    const keeps = mayJoin(base, isSelector) && !followsJoiner && (isInside || isSelector);
    followsJoiner ||= keeps && !isSelector;
    return keeps;
  });
  return kept.join("");
}

function mayJoin(base: string, isSelector: boolean): boolean {
  if (base === "") return false;
  return isSelector ? !/\p{Alphabetic}/u.test(base) : !withoutJoiners.test(base);
}
