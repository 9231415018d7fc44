// Keyboard commands: one registry for shortcuts, the palette and the sheet of keys.
import { Observable } from "./observable";
import { readStored, store } from "./storage";

/** The second key of a sequence follows within this time. */
const SEQUENCE_MS = 1_200;

export interface Command {
  /** Names the command in the palette. */
  label: string;
  group: "Inbox" | "Conversation" | "Go to" | "Everywhere";
  /** `e`, `shift+e`, `ctrl+k`, or a sequence such as `g i`. */
  keys?: string;
  run(): void;
  /** Left out of the palette. */
  isHidden?: boolean;
}

type Source = () => Command[];

export class Keys extends Observable {
  /** Whether single letters are commands. */
  areLettersOn = readStored<boolean>("letters") ?? true;
  readonly #sources = new Set<Source>();
  #first: { key: string; at: number } | null = null;

  setLetters(on: boolean): void {
    this.areLettersOn = on;
    store("letters", on);
    this.changed();
  }

  /** Adds commands until the returned function is called. Later ones win. */
  add(source: Source): () => void {
    this.#sources.add(source);
    return () => this.#sources.delete(source);
  }

  get commands(): Command[] {
    return [...this.#sources].reverse().flatMap((source) => source());
  }

  readonly handle = (event: KeyboardEvent): void => {
    if (event.defaultPrevented || event.isComposing) return;
    const key = keyOf(event);
    if (key === "") return;
    const isCombination = /^(ctrl|alt)\+/.test(key);
    if (!isCombination && (isTyping(event) || !this.areLettersOn)) {
      this.#first = null;
      return;
    }
    if (isInDialog(event) && key !== "ctrl+k") return;
    const command = this.#find(key);
    if (!command) return;
    event.preventDefault();
    command.run();
  };

  #find(key: string): Command | undefined {
    const { commands } = this;
    const first = this.#first;
    this.#first = null;
    if (first && Date.now() - first.at < SEQUENCE_MS) {
      const sequence = commands.find(({ keys }) => keys === `${first.key} ${key}`);
      if (sequence) return sequence;
    }
    const command = commands.find(({ keys }) => keys === key);
    if (!command && commands.some(({ keys }) => keys?.startsWith(`${key} `)))
      this.#first = { key, at: Date.now() };
    return command;
  }
}

/** Names a key in any keyboard layout: letters by their place, if the layout has no Latin ones. */
function keyOf(event: KeyboardEvent): string {
  const { key, code, ctrlKey, metaKey, altKey, shiftKey } = event;
  if (["Shift", "Control", "Alt", "Meta", "Dead", "Process"].includes(key)) return "";
  const isLatin = /^[\x20-\x7e]$/.test(key) || key.length > 1;
  const letter = isLatin ? key : (/^Key([A-Z])$/.exec(code)?.[1] ?? key);
  const name = letter.length === 1 ? letter.toLowerCase() : letter;
  const isLetter = /^[a-z]$/.test(name);
  const prefix = `${ctrlKey || metaKey ? "ctrl+" : ""}${altKey ? "alt+" : ""}`;
  return `${prefix}${shiftKey && (isLetter || name.length > 1) ? "shift+" : ""}${name}`;
}

function isTyping(event: KeyboardEvent): boolean {
  const [target] = event.composedPath();
  if (!(target instanceof HTMLElement)) return false;
  if (target instanceof HTMLInputElement)
    return !["checkbox", "radio", "button", "range", "color"].includes(target.type);
  return (
    target instanceof HTMLTextAreaElement ||
    target instanceof HTMLSelectElement ||
    target.isContentEditable
  );
}

function isInDialog(event: KeyboardEvent): boolean {
  return event.composedPath().some((each) => each instanceof HTMLDialogElement);
}

/** Shows keys for people: `Shift+E`, `G then I`. */
export function keyWords(keys: string): string[] {
  return keys.split(" ").map((key) =>
    key
      .split("+")
      .map((part) => (part.length === 1 ? part.toUpperCase() : (names[part] ?? part)))
      .join("+"),
  );
}

const names: Record<string, string> = {
  ctrl: "Ctrl",
  alt: "Alt",
  shift: "Shift",
  ArrowDown: "↓",
  ArrowUp: "↑",
  Escape: "Esc",
};
