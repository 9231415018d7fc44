// The list of chats: people first, then groups, the latest message on top.
import { css, html, LitElement, nothing, type TemplateResult } from "lit";
import { customElement, property } from "lit/decorators.js";
import { repeat } from "lit/directives/repeat.js";
import type { Chat } from "../api/telegram";
import { avatar, avatarStyle } from "../messenger/avatar";
import { chatListStyle } from "../messenger/chat-list.style";
import { readDraft } from "../messenger/drafts";
import { base, controls } from "../ui/base";
import { now } from "../ui/clock";
import { count, exact, shortTime } from "../ui/format";
import { hashWith } from "../ui/hash";
import type { Item } from "./item";
import { draftKey, type TelegramStore } from "./store";
import { chatName, languageName, signText, summary } from "./words";

@customElement("telegram-chats")
export class TelegramChats extends LitElement {
  static override styles = [
    base,
    controls,
    avatarStyle,
    chatListStyle,
    css`
      h2 {
        padding: var(--s3) var(--s4) var(--s1);
        color: var(--ink-soft);
        font-size: var(--t2);
        font-weight: 500;
      }
      .badge {
        margin-inline-start: var(--s1);
      }
    `,
  ];

  @property({ attribute: false }) chats: Chat[] = [];
  @property({ type: Number }) open = 0;
  @property({ attribute: false }) store!: TelegramStore;
  @property({ type: Number }) version = 0;

  override render() {
    const isPrivate = ({ type }: Chat) => type === "private";
    // A group that became a supergroup is shown as long as it is open.
    const isListed = ({ id, migrated_to }: Chat) => migrated_to === null || id === this.open;
    const groups = this.chats.filter((chat) => !isPrivate(chat) && isListed(chat));
    if (this.chats.length === 0) return html`<p class="none">No people yet.</p>`;
    return html`${this.#section("People", this.chats.filter(isPrivate))} ${groups.length > 0 ? this.#section("Groups", groups) : nothing}`;
  }

  #section(title: string, chats: Chat[]): TemplateResult {
    const rows = chats.map((chat) => ({ chat, last: this.store.items(chat.id).at(-1) }));
    rows.sort((a, b) => this.#latest(b) - this.#latest(a));
    return html`<h2 id=${title}>${title}</h2>
      <ul aria-labelledby=${title}>
        ${repeat(
          rows,
          ({ chat }) => chat.id,
          ({ chat, last }) => html`<li>${this.#row(chat, last)}</li>`,
        )}
      </ul>`;
  }

  /** New chats are on top, and those that have not been fetched are below. */
  #latest({ chat, last }: { chat: Chat; last: Item | undefined }): number {
    if (last) return last.at;
    return this.store.state(chat.id).messages ? Number.MAX_SAFE_INTEGER : 0;
  }

  #row(chat: Chat, last: Item | undefined): TemplateResult {
    const { people } = this.store;
    const name = chatName(chat, people);
    const { unread } = this.store.state(chat.id);
    const language = this.store.person(chat.id)?.language_code;
    return html`<a href=${hashWith({ chat: String(chat.id) })} aria-current=${chat.id === this.open ? "true" : nothing}>
      ${avatar({ id: String(chat.id), name })}
      <span class="name"><bdi>${name}</bdi>${language ? html` <span class="badge" title=${languageName(language)}>${language}</span>` : nothing}</span>
      ${last ? html`<time datetime=${new Date(last.at).toISOString()} title=${exact(last.at)}>${shortTime(last.at, now())}</time>` : html`<span></span>`}
      ${this.#said(chat, last)} ${unread > 0 ? html`<span class="unread">${count(unread)}<span class="only-read"> unread</span></span>` : html`<span></span>`}
    </a>`;
  }

  #said(chat: Chat, last: Item | undefined): TemplateResult {
    const { sign, messages } = this.store.state(chat.id);
    const draft = chat.id === this.open ? "" : readDraft(draftKey(chat.id));
    if (sign) return html`<span class="said typing">${signText(sign)}</span>`;
    if (draft)
      return html`<span class="said"><span class="bad">Draft:</span> <span class="cut" dir="auto">${draft}</span></span>`;
    if (chat.bot === "kicked")
      return html`<span class="said">${chat.type === "private" ? "Bot blocked" : "Bot removed"}</span>`;
    if (!last) return html`<span class="said">${messages ? "No messages yet" : ""}</span>`;
    return html`<span class="said"><span class="cut" dir="auto">${summary(last.message)}</span></span>`;
  }
}
