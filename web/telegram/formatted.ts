// Text with the entities of the Bot API: bold, links, code and the like. Commands can be tapped.
import { css, html, type TemplateResult } from "lit";
import type { Entity } from "../api/telegram";
import { copyText } from "../ui/copy";
import { icon } from "../ui/icons";
import { linked } from "../ui/text";
import { isWeb } from "../ui/web";

type Part = string | TemplateResult | Part[];
type SendCommand = (command: string) => void;

/** Telegram marks commands in texts of people and of bots. */
const command = /(?<![\p{L}\p{N}_/])\/[a-z0-9_]{1,32}(?:@[a-z0-9_]{1,32})?(?![\p{L}\p{N}_/])/giu;

const blocks = ["pre", "blockquote"];

export function formatted(text: string, entities: Entity[] = [], send: SendCommand): Part[] {
  const sorted = [...entities].sort((a, b) => a.offset - b.offset || b.length - a.length);
  return within(text, [0, text.length], sorted, send);
}

/** Formats a range of the text. Entities lie within each other or apart. */
function within(
  text: string,
  [from, to]: [from: number, to: number],
  entities: Entity[],
  send: SendCommand,
): Part[] {
  const parts: Part[] = [];
  let at = from;
  let rest = entities;
  for (;;) {
    const [entity, ...others] = rest;
    if (!entity) break;
    rest = others;
    const start = Math.max(entity.offset, at);
    const end = Math.min(entity.offset + entity.length, to);
    if (start >= end) continue;
    const nested = others.filter(({ offset }) => offset < end);
    const content = within(text, [start, end], nested, send);
    parts.push(...plain(text.slice(at, start), send));
    parts.push(marked(entity, text.slice(start, end), content, send));
    rest = others.slice(nested.length);
    // A block ends its line by itself.
    at = blocks.includes(entity.type) && text[end] === "\n" ? end + 1 : end;
  }
  parts.push(...plain(text.slice(at, to), send));
  return parts;
}

function marked(entity: Entity, text: string, content: Part[], send: SendCommand): Part {
  switch (entity.type) {
    case "bold":
      return html`<b>${content}</b>`;
    case "italic":
      return html`<i>${content}</i>`;
    case "underline":
      return html`<u>${content}</u>`;
    case "strikethrough":
      return html`<s>${content}</s>`;
    case "code":
      return html`<code>${text}</code>`;
    case "pre":
      return html`<span class="code" dir="auto"><code>${text}</code><button class="button small" type="button" @click=${() => copyText(text)}>${icon("copy")} Copy</button></span>`;
    case "blockquote":
      return html`<q>${content}</q>`;
    case "spoiler":
      return html`<button class="spoiler" type="button" title="Show" @click=${reveal}>${content}</button>`;
    case "text_link":
      return link(entity.url ?? "", content);
    case "bot_command":
      return commandLink(text, send);
    default:
      return content;
  }
}

function plain(text: string, send: SendCommand): Part[] {
  return linked(text).map((part) => (typeof part === "string" ? commands(part, send) : part));
}

function commands(text: string, send: SendCommand): Part[] {
  const parts: Part[] = [];
  let from = 0;
  for (const { 0: found, index } of text.matchAll(command)) {
    parts.push(text.slice(from, index), commandLink(found, send));
    from = index + found.length;
  }
  parts.push(text.slice(from));
  return parts;
}

function commandLink(text: string, send: SendCommand): TemplateResult {
  return html`<button class="link" type="button" @click=${() => send(text)}>${text}</button>`;
}

function link(url: string, content: Part[]): Part {
  if (!isWeb(url)) return content;
  return html`<a href=${url} title=${url} target="_blank" rel="noopener noreferrer">${content}</a>`;
}

function reveal({ currentTarget }: Event): void {
  (currentTarget as Element).classList.add("shown");
}

export const formattedStyle = css`
  .text .link {
    font: inherit;
  }
  .text q {
    display: block;
    margin-block: 0.2rem;
    padding-inline-start: 0.5rem;
    border-inline-start: 3px solid var(--accent);
    quotes: none;
  }
  .code {
    display: grid;
    gap: var(--s1);
    justify-items: start;
    margin-block: 0.2rem;
    padding: 0.4rem 0.5rem;
    border-radius: var(--r1);
    background: color-mix(in srgb, var(--ink) 7%, transparent);
  }
  .spoiler {
    padding: 0 0.2em;
    border: 0;
    border-radius: var(--r1);
    background: var(--line-strong);
    color: transparent;
    font: inherit;
    cursor: pointer;
  }
  .spoiler.shown {
    background: color-mix(in srgb, var(--ink) 7%, transparent);
    color: inherit;
    cursor: auto;
  }
`;
