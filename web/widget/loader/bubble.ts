// The launcher and the panel of the frame, in a shadow root that the page's styles do not reach.
import type { Look } from "../wire";
import styles from "./bubble.css";

const SVG = "http://www.w3.org/2000/svg";
/** Icons as paths on a grid of 24. */
const marks = {
  open: "M6 9.5l6 6 6-6",
  bubble: "M21 11.5a8.4 8.4 0 0 1-12.2 7.5L3.5 20.5 5 15.2A8.4 8.4 0 1 1 21 11.5z",
  question: "M8.7 8.8a3.4 3.4 0 0 1 6.6 1.1c0 2.3-3.3 2.8-3.3 5M12 18.4v.1",
  wave: "M7 13V6.5a1.5 1.5 0 0 1 3 0V11m0 0V5a1.5 1.5 0 0 1 3 0v6m0-5a1.5 1.5 0 0 1 3 0v6m0-3a1.5 1.5 0 0 1 3 0v5c0 4-3 7-7 7s-5-1.5-6-4l-2-4a1.5 1.5 0 0 1 2.5-1.5L7 14",
};

export interface BubbleState extends Partial<Look> {
  isOpen?: boolean;
  isBusy?: boolean;
  unread?: number;
  unreadLabel?: string;
}

export function createBubble(state: BubbleState) {
  const host = document.createElement("confab-desk");
  const root = host.attachShadow({ mode: "open" });
  const sheet = new CSSStyleSheet();
  sheet.replaceSync(styles);
  root.adoptedStyleSheets = [sheet];
  const panel = document.createElement("div");
  const button = document.createElement("button");
  const badge = document.createElement("b");
  const picture = document.createElementNS(SVG, "svg");
  const path = document.createElementNS(SVG, "path");
  picture.setAttribute("viewBox", "0 0 24 24");
  picture.append(path);
  button.append(picture, badge);
  root.append(panel, button);

  function show(change: BubbleState): void {
    Object.assign(state, change);
    const { isOpen, isBusy, unread, color, onColor, side, launcher } = state;
    const names = [isOpen && "open", isBusy && "busy", side].filter(Boolean).join(" ");
    button.className = names;
    panel.className = `panel ${names}`;
    path.setAttribute("d", marks[isOpen ? "open" : (launcher ?? "bubble")]);
    if (color) setProperty("--color", color);
    if (onColor) setProperty("--on", onColor);
    badge.textContent = unread ? `${unread > 9 ? "9+" : unread}` : "";
    const label = (isOpen ? state.close : state.open) as string;
    button.ariaLabel = unread ? `${label}. ${state.unreadLabel}` : label;
    button.ariaExpanded = `${!!isOpen}`;
  }

  const setProperty = (name: string, value: string) => host.style.setProperty(name, value);
  return { host, root, panel, button, show, setProperty };
}
