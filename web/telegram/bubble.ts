// Contents of a bubble: text, album, documents, and the inline keyboard below it.
import { css, html, nothing, type TemplateResult } from "lit";
import type { DocumentFile, InlineButton } from "../api/telegram";
import { album, type Picture } from "../messenger/album";
import type { Bubble } from "../messenger/thread";
import { copyText } from "../ui/copy";
import { byteSize } from "../ui/format";
import { type IconName, icon } from "../ui/icons";
import { onlyEmoji } from "../ui/text";
import { toast } from "../ui/toast";
import { isWeb } from "../ui/web";
import { formatted } from "./formatted";
import { fileUrl, type Item } from "./item";
import type { Button } from "./taps";

export interface BubbleHandlers {
  photo: (photos: Picture[], index: number) => void;
  command: (text: string) => void;
  tap: (button: Button) => void;
  isWaiting: (button: Button) => boolean;
}

const MAX_PHOTOS = 10;

export function bubbleContent({ items }: Bubble<Item>, handlers: BubbleHandlers): TemplateResult {
  const pictures = items.flatMap(({ picture }) => picture ?? []);
  return html`${pictures.length > 0 ? album(pictures, MAX_PHOTOS, handlers.photo) : nothing}
    ${items.map((item) => documentOf(item))} ${items.map((item) => textOf(item, handlers))}`;
}

export function bubbleClass([first]: Item[]): string {
  if (first?.picture) return "with-photos";
  return first?.message.text ? "time-beside" : "";
}

function textOf(item: Item, { command }: BubbleHandlers): TemplateResult | typeof nothing {
  const { message } = item;
  const { text, caption, entities, caption_entities } = message;
  if (text)
    return html`<p class="text ${onlyEmoji(text) ? "emoji" : ""}" dir="auto">${formatted(text, entities, command)}</p>`;
  if (caption)
    return html`<p class="text" dir="auto">${formatted(caption, caption_entities, command)}</p>`;
  if (item.picture || item.pending || message.document) return nothing;
  const { message_id, from, chat, date, is_from_bot, ...rest } = message;
  return html`<p class="foot">Unsupported message</p>
    <pre tabindex="0">${JSON.stringify(rest, null, 2)}</pre>`;
}

function documentOf({ message, pending }: Item): TemplateResult | typeof nothing {
  const file = pending?.draft.file;
  if (file && !file.isPhoto)
    return html`<span class="document">${icon("file")} <span class="name"><bdi>${file.name}</bdi></span></span>`;
  return message.document ? download(message.document) : nothing;
}

function download({ file_unique_id, file_name, file_size }: DocumentFile): TemplateResult {
  return html`<a class="document" href=${fileUrl(file_unique_id)} download=${file_name}>
    ${icon("file")} <span class="name"><bdi>${file_name}</bdi><small>${byteSize(file_size)}</small></span>
  </a>`;
}

/** The inline keyboard below a message. */
export function inlineKeyboard(
  { message }: Item,
  handlers: BubbleHandlers,
): TemplateResult | typeof nothing {
  const rows = message.reply_markup?.inline_keyboard;
  if (!rows) return nothing;
  return html`<div class="handlers" role="group" aria-label="Buttons">
    ${rows.map(
      (buttons, row) => html`<div class="keys">
        ${buttons.map((button, column) => {
          const place = { chat: message.chat.id, message: message.message_id, row, column };
          return key(button, place, handlers);
        })}
      </div>`,
    )}
  </div>`;
}

function key(
  button: InlineButton,
  place: Button,
  { tap, isWaiting }: BubbleHandlers,
): TemplateResult {
  const text = html`<bdi>${button.text}</bdi>`;
  if (button.callback_data !== undefined) {
    const waits = isWaiting(place);
    return html`<button type="button" class="press" aria-busy=${waits} @click=${() => tap(place)}>
      ${text} ${waits ? html`<i class="spinner"></i><span class="only-read">, waiting for the bot</span>` : nothing}
    </button>`;
  }
  const { url, copy_text } = button;
  if (url !== undefined && isWeb(url))
    return html`<a class="press" href=${url} target="_blank" rel="noopener noreferrer">${text} ${icon("link")}</a>`;
  if (copy_text) return action(text, "copy", () => void copyText(copy_text.text));
  return action(text, "info", () =>
    toast("This page does not open what the button leads to.", true),
  );
}

function action(text: TemplateResult, shape: IconName, act: () => void): TemplateResult {
  return html`<button type="button" class="press" @click=${act}>${text} ${icon(shape)}</button>`;
}

export const telegramBubbleStyle = css`
  .author {
    color: var(--accent);
    font-size: var(--t2);
    font-weight: 600;
  }
  .with-photos .author,
  .with-photos .quote {
    margin-inline: 0.5rem;
  }
  .with-photos .quote {
    inline-size: calc(100% - 1rem);
  }
  .time-beside .author {
    flex-basis: 100%;
  }
  .service {
    align-self: center;
    max-inline-size: 100%;
    padding: 0.2rem 0.75rem;
    border-radius: 1rem;
    background: color-mix(in srgb, var(--ink) 7%, transparent);
    color: var(--ink-soft);
    font-size: var(--t1);
    text-align: center;
    overflow-wrap: anywhere;
  }
  .document {
    display: flex;
    align-items: center;
    gap: var(--s2);
    min-block-size: 2.75rem;
    color: inherit;
    text-decoration: none;
  }
  .document .icon {
    color: var(--accent);
    font-size: 1.5rem;
  }
  .document:hover .name > bdi {
    text-decoration: underline;
  }
  .document .name {
    display: grid;
    min-inline-size: 0;
    font-weight: 550;
    overflow-wrap: anywhere;
  }
  .document small {
    color: var(--ink-soft);
    font-size: var(--t1);
    font-weight: 400;
  }
  .out .document small {
    color: light-dark(#4c566f, #b9c2de);
  }
  .keys {
    display: grid;
    grid-auto-flow: column;
    grid-auto-columns: minmax(0, 1fr);
    gap: 3px;
  }
  .keys .press {
    position: relative;
    min-inline-size: 0;
    border-radius: var(--r2);
    text-align: center;
  }
  .keys .press .icon {
    font-size: 0.75em;
    opacity: 0.8;
  }
  .press[aria-busy="true"] {
    cursor: progress;
  }
  .keys:last-child .press:first-child {
    border-end-start-radius: var(--corner);
  }
  .keys:last-child .press:last-child {
    border-end-end-radius: var(--corner);
  }
  .spinner {
    flex: none;
    inline-size: 0.875rem;
    block-size: 0.875rem;
    border: 2px solid currentColor;
    border-block-start-color: transparent;
    border-radius: 50%;
    animation: spin 0.8s linear infinite;
  }
  @keyframes spin {
    to {
      rotate: 1turn;
    }
  }
  .preview {
    inline-size: fit-content;
    max-inline-size: min(32rem, calc(100% - 4.25rem));
    margin-block-start: var(--s3);
    padding: 0.4rem 0.8rem;
    border: 1px dashed var(--line-strong);
    border-radius: 1.125rem;
    color: var(--ink-soft);
    font-size: 0.9375rem;
    white-space: pre-wrap;
    overflow-wrap: anywhere;
  }
  @media (prefers-reduced-motion: reduce) {
    .spinner {
      animation-duration: 4s;
    }
  }
`;
