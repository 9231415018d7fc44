// The state of the frame beside its chat, and what its parts share.
import type { Chat } from "./chat";
import type { WidgetConfig } from "./contract";
import { createScroll } from "./scroll";
import { createStorage } from "./storage";
import type { Texts } from "./texts";

const DRAFT = "draft";

export const key = document.documentElement.dataset.key ?? "";
export const storage = createStorage(`confab.desk.${key}.`);

export const app = {
  isOpen: false,
  /** The panel covers a phone's screen. */
  isModal: false,
  isMenuOpen: false,
  /** The visitor is asked whether the chat may end. */
  isEnding: false,
  isSoundOn: false,
  hasFiles: false,
  draft: "",
  language: "",
} as {
  config: WidgetConfig;
  chat: Chat;
  /** Texts in the visitor's language. */
  t: Texts;
  isOpen: boolean;
  isModal: boolean;
  isMenuOpen: boolean;
  isEnding: boolean;
  isSoundOn: boolean;
  /** Files are there, and all of them can be sent. */
  hasFiles: boolean;
  draft: string;
  language: string;
  close(): void;
  /** Sends a text with the files that are there. Returns false if there are none. */
  sendFiles?(text: string): boolean;
};

export const scroll = createScroll(
  () => update(),
  () => loadOlder(),
);

/** Adds a stylesheet. */
export function adopt(styles: string): void {
  const sheet = new CSSStyleSheet();
  sheet.replaceSync(styles);
  document.adoptedStyleSheets.push(sheet);
}

let draw: (() => void) | null = null;
let isScheduled = false;

/** Draws with `run` from now on. */
export function drawWith(run: () => void): void {
  draw = run;
  draw();
}

/** Draws soon; several changes are drawn once. */
export function update(change?: Partial<typeof app>): void {
  Object.assign(app, change);
  if (isScheduled) return;
  isScheduled = true;
  queueMicrotask(() => {
    isScheduled = false;
    draw?.();
  });
}

/** Focuses the first of some elements that is there, once it is drawn. */
export function focus(...selectors: string[]): void {
  setTimeout(() => {
    const found = selectors.map((selector) => document.querySelector<HTMLElement>(selector));
    found.find(Boolean)?.focus();
  });
}

export function loadOlder(): void {
  app.chat.talk()?.loadOlder();
}

export function setDraft(draft: string): void {
  storage.write(DRAFT, draft || null);
  if (draft) app.chat.talk()?.notifyTyping();
  update({ draft });
}

export function send(text: string): void {
  if (!text.trim()) return;
  setDraft("");
  app.chat.send(text.trim());
  scroll.toEnd();
}

export function askToEnd(isEnding: boolean): void {
  update({ isEnding });
  focus(isEnding ? ".foot button" : "textarea");
}
