// The widget on a customer's page: the launcher now, the frame when it is wanted.
import type { FromFrame, Greeting, LauncherIcon, Side, ToFrame } from "../wire";
import { createBubble } from "./bubble";
import { requestEmbed } from "./embed";

const IDLE_MS = 2_000;
/** A frame that is refused or broken loads too, but its script does not answer. */
const HELLO_TIMEOUT_MS = 3_000;

/** There is no such widget, or not on this site. */
const final = ["origin_not_allowed", "widget_not_found"];

type UnreadListener = (count: number) => void;

/** What pages may call. */
export interface Desk {
  open(): void;
  close(): void;
  /** Names the visitor by a token of the site's server; null forgets the visitor. */
  identify(jwt: string | null): void;
  /** Calls back with the number of unread messages, now and after each change. */
  onUnread(listener: UnreadListener): void;
  setLanguage(tag: string): void;
  destroy(): void;
}

export function createLauncher({ src, dataset }: HTMLScriptElement, destroyed: () => void): Desk {
  const key = dataset.key as string;
  const base = dataset.base ?? new URL(src).origin;
  const languages = [dataset.language, document.documentElement.lang, ...navigator.languages];
  const theme = dataset.theme;
  const phone = matchMedia("(max-width: 480px)");
  const listening = new AbortController();
  const { signal } = listening;
  const listeners: UnreadListener[] = [];
  let jwt: string | null = null;
  let unread = 0;
  let frame: HTMLIFrameElement | null = null;
  let port: MessagePort | null = null;
  /** The frame has something to show. */
  let isReady = false;
  let isOpen = false;
  let wantsOpen = false;
  let timer: ReturnType<typeof setTimeout> | undefined;

  const { host, root, panel, button, show, setProperty } = createBubble({
    open: "Chat",
    color: dataset.color,
    onColor: dataset.onColor,
    side: dataset.side as Side,
    launcher: dataset.launcher as LauncherIcon,
  });

  const send = (message: ToFrame) => port?.postMessage(message);
  const sendOpened = () => isOpen && send({ type: "opened", isModal: phone.matches });

  /** Keeps the panel of a phone above the keyboard. */
  function fit(): void {
    const view = window.visualViewport;
    if (!view) return;
    setProperty("--top", `${view.offsetTop}px`);
    setProperty("--height", `${view.height}px`);
  }

  function load(): void {
    if (frame) return;
    frame = document.createElement("iframe");
    frame.allow = "autoplay";
    frame.title = "Chat";
    frame.src = `${base}/w/${key}`;
    frame.onload = greet;
    panel.append(frame);
  }

  /** Gives the frame its port. A frame that was loaded again gets another one. */
  function greet(): void {
    const { port1, port2 } = new MessageChannel();
    port = port1;
    port.onmessage = ({ data }) => received(data);
    timer = setTimeout(async () => {
      drop();
      close();
      // The page cannot read why a frame was refused, but the answer to a request for a token tells it.
      const { code } = await requestEmbed(base, key);
      if (!signal.aborted) giveUp(code);
    }, HELLO_TIMEOUT_MS);
    const page = location.pathname;
    const greeting: Greeting = { confab: "desk", languages, theme, page, jwt };
    frame?.contentWindow?.postMessage(greeting, base, [port2]);
  }

  function received(message: FromFrame): void {
    clearTimeout(timer);
    switch (message.type) {
      case "ready":
        isReady = true;
        show(message.look);
        if (frame) frame.title = message.look.title;
        if (wantsOpen) open();
        break;
      case "unread":
        unread = message.count;
        show({ unread, unreadLabel: message.label });
        for (const listener of listeners) listener(unread);
        break;
      case "close":
        close();
        break;
      case "embed":
        requestEmbed(base, key).then((answer) => send({ type: "embed", ...answer }));
        break;
      case "unavailable":
        giveUp(message.code);
        destroy();
    }
  }

  /** Tells the developer. A launcher that would never open is removed; otherwise the next click tries again. */
  function giveUp(code = "frame_failed"): void {
    console.warn(`Confab Desk: ${key} on ${origin}: ${code}`);
    if (final.includes(code)) destroy();
  }

  function drop(): void {
    frame?.remove();
    frame = port = null;
    isReady = false;
  }

  function open(): void {
    wantsOpen = true;
    load();
    isOpen = isReady;
    show({ isOpen, isBusy: !isOpen });
    if (isOpen) {
      fit();
      frame?.focus();
      sendOpened();
    }
  }

  function close(): void {
    const isInside = frame && root.activeElement === frame;
    isOpen = wantsOpen = false;
    show({ isOpen, isBusy: false });
    send({ type: "closed" });
    if (isInside) button.focus();
  }

  function destroy(): void {
    clearTimeout(timer);
    listening.abort();
    drop();
    host.remove();
    destroyed();
  }

  /** Nothing is loaded in a page that no one sees, nor on its own where data is saved. */
  function loadWhenIdle(): void {
    const { connection } = navigator as { connection?: { saveData?: boolean } };
    if (frame || connection?.saveData || document.readyState !== "complete" || document.hidden)
      return;
    clearTimeout(timer);
    timer = setTimeout(load, IDLE_MS);
  }

  show({});
  document.body.append(host);
  button.onclick = () => (wantsOpen ? close() : open());
  button.onpointerenter = button.onfocus = load;
  // A handler that returns false would cancel the key.
  button.onkeydown = ({ key }) => {
    if (key === "Escape") close();
  };
  phone.addEventListener("change", sendOpened, { signal });
  window.visualViewport?.addEventListener("resize", fit, { signal });
  window.visualViewport?.addEventListener("scroll", fit, { signal });
  document.addEventListener("visibilitychange", loadWhenIdle, { signal });
  addEventListener("load", loadWhenIdle, { signal });
  loadWhenIdle();

  return {
    open,
    close,
    identify(token) {
      jwt = token;
      send({ type: "identify", jwt });
    },
    onUnread(listener) {
      listeners.push(listener);
      listener(unread);
    },
    setLanguage(tag) {
      languages.unshift(tag);
      send({ type: "language", tag });
    },
    destroy,
  };
}
