// Starts the frame when the loader greets it, and draws it.
import { render } from "lit/html.js";
import { backoffDelay } from "../../live/backoff";
import type { Greeting, ToFrame } from "../wire";
import { request, toProblem } from "./api";
import { adopt, app, askToEnd, drawWith, focus, key, scroll, storage, update } from "./app";
import { createChat } from "./chat";
import type { WidgetConfig } from "./contract";
import styles from "./frame.css";
import { createHost } from "./host";
import { extras } from "./parts";
import { chooseLanguage, fill, loadTexts } from "./texts";
import { view } from "./view";

adopt(styles);
const loading = persist(loadConfig);
const host = createHost(started, received);
let wanted: (string | undefined)[] = [];
let identity: string | null = null;
let shownUnread = -1;

/** Repeats a call until it succeeds. */
async function persist<T>(call: (attempt: number) => Promise<T>): Promise<T> {
  for (let attempt = 0; ; attempt += 1) {
    try {
      return await call(attempt);
    } catch {
      await new Promise((resolve) => setTimeout(resolve, backoffDelay(attempt, Math.random)));
    }
  }
}

/** Returns the code of a refusal instead. */
async function loadConfig(): Promise<WidgetConfig | string> {
  try {
    return await (await request("GET", `/chatbots/widget/${key}`)).json();
  } catch (error) {
    const { status, code } = toProblem(error);
    if (status === 404 || status === 403) return code;
    throw error;
  }
}

async function started({ languages, theme, page, jwt }: Greeting): Promise<void> {
  wanted = [...languages];
  identity = jwt;
  const config = await loading;
  if (typeof config === "string") {
    host.send({ type: "unavailable", code: config });
    return;
  }
  if (app.chat) return;
  const { style, dataset } = document.documentElement;
  for (const [name, value] of Object.entries(config.theme)) style.setProperty(`--${name}`, value);
  dataset.on = config.theme.on_accent;
  dataset.theme = theme;
  app.config = config;
  app.draft = storage.read("draft") ?? "";
  app.isSoundOn = storage.read("sound") ?? false;
  app.close = () => host.send({ type: "close" });
  const context = () => ({ language: app.language, page });
  app.chat = createChat(config, storage, host.embed, context, {
    changed: update,
    arrived: () => app.isSoundOn && !isRead() && extras()?.playSound(),
  });
  app.chat.identify(identity);
  await speak();
  listen();
}

/** Loads the texts of a language, and shows the launcher in it. */
async function speak(): Promise<void> {
  const { config } = app;
  const { theme, position, launcher } = config;
  const language = chooseLanguage(wanted, config.languages);
  const t = await persist((attempt) => loadTexts(language, config, attempt));
  update({ language, t });
  const { documentElement } = document;
  documentElement.lang = language;
  documentElement.dir = t.dir;
  drawWith(draw);
  host.send({
    type: "ready",
    look: {
      color: theme.accent,
      onColor: theme.on_accent === "light" ? "#fff" : "#000",
      side: position,
      launcher,
      title: t.title,
      open: t.open,
      close: t.close,
    },
  });
}

function listen(): void {
  const { chat } = app;
  const woke = () => {
    chat.wake();
    update();
  };
  addEventListener("focus", woke);
  addEventListener("online", woke);
  addEventListener("offline", woke);
  addEventListener("pagehide", () => chat.talk()?.flush());
  addEventListener("keydown", pressed);
  document.addEventListener("visibilitychange", woke);
}

function received(message: ToFrame): void {
  switch (message.type) {
    case "opened":
      if (!app.isOpen) focus(message.isModal ? ".app" : "textarea", ".body input", ".app");
      update({ isOpen: true, isModal: message.isModal });
      break;
    case "closed":
      update({ isOpen: false, isMenuOpen: false });
      break;
    case "identify":
      identity = message.jwt;
      app.chat?.identify(identity);
      break;
    case "language":
      wanted.unshift(message.tag);
      if (app.config) speak();
  }
}

/** The visitor sees the latest messages. */
function isRead(): boolean {
  return app.isOpen && !document.hidden && scroll.atEnd();
}

function draw(): void {
  const { chat, t } = app;
  scroll.draw(() => render(view(), document.body), chat.talk()?.log.from ?? 0);
  if (isRead()) chat.markRead();
  const count = chat.unread();
  if (count === shownUnread) return;
  shownUnread = count;
  host.send({ type: "unread", count, label: fill(t.unread, count) });
}

function pressed(event: KeyboardEvent): void {
  if (event.key === "Escape") {
    if (app.isMenuOpen) update({ isMenuOpen: false });
    else if (app.isEnding) askToEnd(false);
    else app.close();
  }
  if (event.key !== "Tab" || !app.isModal) return;
  // On a phone the page behind is covered: the focus stays here.
  const stops = [
    ...document.querySelectorAll<HTMLElement>(
      "button:enabled, a[href], input, select, textarea, .body",
    ),
  ];
  if (event.shiftKey) stops.reverse();
  if (document.activeElement !== stops.at(-1)) return;
  event.preventDefault();
  stops[0]?.focus();
}
