// Usernames: look-alike detection and suggestions.

/** Lower-case letters of other scripts that look like Latin ones. */
const doubles: Record<string, string> = {
  а: "a",
  в: "b",
  е: "e",
  ё: "e",
  з: "3",
  і: "i",
  ї: "i",
  ј: "j",
  к: "k",
  м: "m",
  н: "h",
  о: "o",
  п: "n",
  р: "p",
  с: "c",
  ѕ: "s",
  т: "t",
  у: "y",
  х: "x",
  ь: "b",
  ԁ: "d",
  һ: "h",
  ԛ: "q",
  ԝ: "w",
  α: "a",
  β: "b",
  ε: "e",
  η: "n",
  ι: "i",
  κ: "k",
  μ: "u",
  ν: "v",
  ο: "o",
  ρ: "p",
  σ: "o",
  ς: "c",
  τ: "t",
  υ: "u",
  χ: "x",
  ω: "w",
  γ: "y",
  ı: "i",
  ł: "l",
  ø: "o",
  ɡ: "g",
  ɑ: "a",
  ʟ: "l",
  ß: "ss",
  æ: "ae",
  œ: "oe",
  "0": "o",
  "1": "l",
  "|": "l",
  "!": "l",
  "5": "s",
  $: "s",
  "@": "a",
};

/** Skeleton of a name: equal for two names that readers confuse. */
export function nameSkeleton(name: string): string {
  const plain = name
    .normalize("NFKD")
    .toLowerCase()
    .replace(/[\p{M}\p{Cf}\p{Cc}]/gu, "");
  const letters = [...plain].map((letter) => doubles[letter] ?? letter).join("");
  return letters
    .replace(/rn/g, "m")
    .replace(/vv/g, "w")
    .replace(/i/g, "l")
    .replace(/[\s._-]+/g, "");
}

const first = [
  "Amber",
  "Blue",
  "Calm",
  "Copper",
  "Gentle",
  "Golden",
  "Green",
  "Happy",
  "Little",
  "Lucky",
  "Quick",
  "Quiet",
  "Silver",
  "Sunny",
  "Warm",
  "Wild",
];
const second = [
  "Badger",
  "Bear",
  "Crane",
  "Dolphin",
  "Falcon",
  "Finch",
  "Fox",
  "Heron",
  "Lynx",
  "Otter",
  "Owl",
  "Panda",
  "Robin",
  "Swift",
  "Tiger",
  "Wren",
];

export function randomName(random = Math.random): string {
  const pick = (list: string[]) => list[Math.floor(random() * list.length)] ?? "";
  return `${pick(first)} ${pick(second)}`;
}

/** One of twelve hues, stable for a user. */
export function userHue(userId: string): number {
  let sum = 0;
  for (const letter of userId) sum = (sum * 31 + letter.charCodeAt(0)) >>> 0;
  return (sum % 12) * 30;
}

export function initial(name: string): string {
  return [...name.trim()][0]?.toUpperCase() ?? "?";
}
