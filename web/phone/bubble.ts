// Contents of a bubble, by kind. The chat handles handlers.
import { html, nothing, type TemplateResult } from "lit";
import type { ButtonsContent, Content, ListContent } from "../api/phone";
import { album, type Picture } from "../messenger/album";
import { icon } from "../ui/icons";
import { onlyEmoji, rich } from "./rich";
import { type Bubble, type Item, isPhoto } from "./thread";
import { summary } from "./words";

export interface BubbleHandlers {
  button: (item: Item, button: ButtonsContent["buttons"][number]) => void;
  list: (item: Item, list: ListContent) => void;
  photo: (photos: Picture[], index: number) => void;
}

const MAX_PHOTOS = 4;

export function bubbleContent({ items }: Bubble, handlers: BubbleHandlers): TemplateResult {
  const photos = items.filter(isPhoto).map(({ content }) => content);
  const [item] = items;
  if (photos.length > 1 || !item) return album(photos, MAX_PHOTOS, handlers.photo);
  return content(item.content, item, handlers);
}

export function bubbleClass({ content: { type } }: Item): string {
  if (type === "image") return "with-photos";
  return ["text", "button_reply", "list_reply"].includes(type) ? "time-beside" : "";
}

function content(what: Content, item: Item, handlers: BubbleHandlers): TemplateResult {
  switch (what.type) {
    case "text":
      return html`<p class="text ${onlyEmoji(what.text) ? "emoji" : ""}" dir="auto">${rich(what.text)}</p>`;
    case "image":
      return html`${album([what], MAX_PHOTOS, handlers.photo)}${what.caption ? html`<p class="text" dir="auto">${rich(what.caption)}</p>` : nothing}`;
    case "buttons":
    case "list":
      return html`${what.header ? html`<div class="head">${content(what.header, item, handlers)}</div>` : nothing}
        <p class="text" dir="auto">${rich(what.body)}</p>
        ${what.footer ? html`<p class="foot" dir="auto">${what.footer}</p>` : nothing}`;
    case "link":
      return html`<p class="text" dir="auto">${rich(what.body)}</p>`;
    case "template":
      return html`<p class="foot">Template ${what.name}, ${what.language}</p>
        ${
          what.parameters.length > 0
            ? html`<ol class="parameters">${what.parameters.map((value, index) => html`<li><span class="soft">{{${index + 1}}}</span> <bdi>${value}</bdi></li>`)}</ol>`
            : html`<p class="text">No parameters</p>`
        }`;
    case "button_reply":
    case "list_reply":
      return html`<p class="text" dir="auto">${what.title}</p>`;
    case "unknown":
      return html`<p class="foot">${summary(what)}</p>
        <pre tabindex="0">${JSON.stringify(what.raw, null, 2)}</pre>`;
  }
}

/** Buttons below a bubble. */
export function bubbleActions(
  item: Item,
  handlers: BubbleHandlers,
): TemplateResult | typeof nothing {
  const { content: what } = item;
  if (what.type === "buttons") {
    return html`<div class="handlers" role="group" aria-label="Answers">
      ${what.buttons.map((button) => html`<button type="button" class="press" dir="auto" @click=${() => handlers.button(item, button)}>${button.title}</button>`)}
    </div>`;
  }
  if (what.type === "list")
    return html`<div class="handlers"><button type="button" class="press" aria-haspopup="dialog" @click=${() => handlers.list(item, what)}>${icon("list")} <bdi>${what.button}</bdi></button></div>`;
  if (what.type === "link" && /^https?:\/\//.test(what.url)) {
    return html`<div class="handlers"><a class="press" href=${what.url} target="_blank" rel="noopener noreferrer">${icon("link")} <bdi>${what.label}</bdi></a></div>`;
  }
  return nothing;
}
