// One chat as a person sees it: its messages with their keyboards, and the input below.
import { css, html, LitElement, nothing, type PropertyValues, type TemplateResult } from "lit";
import { customElement, property, query, state } from "lit/decorators.js";
import type { Chat, Message, Person } from "../api/telegram";
import { albumStyle, type Picture } from "../messenger/album";
import { avatar, avatarStyle } from "../messenger/avatar";
import { bubbleStyle } from "../messenger/bubble.style";
import { chatStyle } from "../messenger/chat.style";
import { renderDays } from "../messenger/days";
import { FileDrop } from "../messenger/file-drop";
import "../messenger/lightbox";
import { type Bubble, thread } from "../messenger/thread";
import { ThreadScroll } from "../messenger/thread-scroll";
import { base, controls } from "../ui/base";
import { exact, hourMinute } from "../ui/format";
import { icon } from "../ui/icons";
import "../ui/notice";
import "../ui/skeleton";
import { directionOf } from "../ui/text";
import {
  type BubbleHandlers,
  bubbleClass,
  bubbleContent,
  inlineKeyboard,
  telegramBubbleStyle,
} from "./bubble";
import "./chat-details";
import { formattedStyle } from "./formatted";
import "./input";
import type { TelegramInput } from "./input";
import { type Item, joinsAlbum } from "./item";
import type { ChatState, TelegramStore } from "./store";
import { chatAbout, chatName, fullName, serviceText, signText, summary } from "./words";

@customElement("telegram-chat")
export class TelegramChat extends LitElement {
  static override styles = [
    base,
    controls,
    avatarStyle,
    chatStyle,
    bubbleStyle,
    albumStyle,
    formattedStyle,
    telegramBubbleStyle,
    css`
      header .who {
        flex: 1;
      }
      .sign {
        color: var(--accent);
      }
    `,
  ];

  @property({ attribute: false }) chat!: Chat;
  @property({ attribute: false }) store!: TelegramStore;
  @property({ type: Number }) version = 0;
  @state() private replyTo: Message | null = null;
  @state() private photos: { photos: Picture[]; index: number } | null = null;
  @state() private showsDetails = false;
  /** In a group: the member who writes. */
  @state() private author = 0;
  @query(".scroll") private scroller!: HTMLElement;
  @query("telegram-input") private input!: TelegramInput;
  private readonly threadScroll = new ThreadScroll(this, () => this.scroller);
  private readonly fileDrop = new FileDrop(this, (files) => void this.input.attach(files));

  private readonly handlers: BubbleHandlers = {
    photo: (photos, index) => (this.photos = { photos, index }),
    command: (text) => this.#sendText(text),
    tap: (button) => void this.store.taps.tap(button, this.#me?.id ?? 0),
    isWaiting: (button) => this.store.taps.isWaiting(button),
  };

  override willUpdate(changed: PropertyValues<this>): void {
    const before = changed.get("chat");
    if (!changed.has("chat") || before?.id === this.chat.id) return;
    this.replyTo = null;
    this.author = 0;
    this.showsDetails = false;
    this.threadScroll.reset();
  }

  override updated(): void {
    const latest = this.store.items(this.chat.id).at(-1);
    this.threadScroll.follow(latest && { key: latest.key, isOwn: latest.from === this.#me?.id });
  }

  get #state(): ChatState {
    return this.store.state(this.chat.id);
  }

  /** The person who acts in this chat. */
  get #me(): Person | undefined {
    const { members } = this.chat;
    const id = members.includes(this.author) ? this.author : members[0];
    return id === undefined ? undefined : this.store.person(id);
  }

  override render() {
    const { connection } = this.store.stream;
    return html`
      ${this.#header()}
      ${connection === "reconnecting" ? html`<cf-notice tone="warn">Reconnecting to local. Messages are sent once it is back.</cf-notice>` : nothing}
      <div class="body" @dragover=${this.fileDrop.over} @dragleave=${this.fileDrop.leave} @drop=${this.fileDrop.drop}>
        <div class="scroll" role="log" aria-label="Messages" tabindex="0" @scroll=${this.threadScroll.scrolled} @keydown=${this.threadScroll.key}>${this.#content()}</div>
        ${this.threadScroll.pill(() => this.input.focus())} ${this.fileDrop.hint("Drop photos and files to attach them")}
      </div>
      <telegram-input
        .chat=${this.chat}
        .store=${this.store}
        .version=${this.version}
        .me=${this.#me}
        .replyTo=${this.replyTo}
        @author=${(event: CustomEvent<number>) => (this.author = event.detail)}
        @unquote=${() => (this.replyTo = null)}
      ></telegram-input>
      <telegram-chat-details .chat=${this.chat} .store=${this.store} .version=${this.version} .open=${this.showsDetails} @dismiss=${() => (this.showsDetails = false)}></telegram-chat-details>
      <photo-lightbox .photos=${this.photos?.photos ?? []} .index=${this.photos?.index ?? 0} @dismiss=${() => (this.photos = null)}></photo-lightbox>
    `;
  }

  #header(): TemplateResult {
    const { chat, store } = this;
    const { sign } = this.#state;
    const name = chatName(chat, store.people);
    return html`<header>
      <button class="button bare icon-only back" type="button" aria-label="Back to chats" @click=${() => this.dispatchEvent(new Event("back"))}>${icon("back")}</button>
      ${avatar({ id: String(chat.id), name })}
      <div class="who">
        <h2><bdi>${name}</bdi></h2>
        <p class=${sign ? "sign" : "soft"}>${sign ? `The bot is ${signText(sign)}` : chatAbout(chat, store.people)}</p>
      </div>
      <button class="button bare icon-only" type="button" aria-label="Chat details" title="Chat details" aria-haspopup="dialog" @click=${() => (this.showsDetails = true)}>${icon("info")}</button>
    </header>`;
  }

  #content(): TemplateResult {
    const { problem, messages, sign } = this.#state;
    if (problem && !messages)
      return html`<cf-notice action="Try again" @retry=${() => this.store.loadMessages(this.chat.id)}>${problem}</cf-notice>`;
    if (!messages) return html`<cf-skeleton lines="8"></cf-skeleton>`;
    const items = this.store.items(this.chat.id);
    return html`${items.length > 0 ? this.#days(items) : this.#hello()}
    ${sign && "draft" in sign && sign.draft ? html`<p class="preview" dir="auto"><span class="only-read">Draft of the bot: </span>${sign.draft}</p>` : nothing}
    ${sign ? html`<p class="typing"><span class="only-read">The bot is ${signText(sign)}</span><i></i><i></i><i></i></p>` : nothing}`;
  }

  #hello(): TemplateResult {
    return html`<div class="hello"><p class="soft">You write as <b><bdi>${this.#me ? fullName(this.#me) : ""}</bdi></b>. The bot answers.</p></div>`;
  }

  #days(items: Item[]): TemplateResult {
    const active = this.threadScroll.activeOf(items);
    return renderDays(thread(items, joinsAlbum), (bubble) => this.#bubble(bubble, items, active));
  }

  #bubble(bubble: Bubble<Item>, all: Item[], active: string): TemplateResult {
    const last = bubble.items.at(-1);
    const [first] = bubble.items;
    if (!first || !last) return html``;
    const { message } = first;
    const service = serviceText(message);
    if (service)
      return html`<li class="message first" data-key=${last.key}><p class="service" dir="auto">${service}</p></li>`;
    const isOwn = first.from === this.#me?.id;
    const name = fullName(message.from);
    const isNamed = this.chat.type !== "private" && !isOwn && bubble.first;
    const side = isOwn ? "out" : "in";
    return html`<li class="message ${side} ${bubble.first ? "first" : ""} ${bubble.last ? "last" : ""}" data-key=${last.key}>
      <div class="line">
        <div class="bubble ${bubbleClass(bubble.items)}">
          ${isNamed ? html`<p class="author"><bdi>${name}</bdi></p>` : html`<span class="only-read">${name}:</span>`}
          <div class="inside" dir=${directionOf(message.text ?? message.caption ?? "")}>
            ${message.reply_to_message ? this.#quote(message.reply_to_message, all) : nothing}
            ${bubbleContent(bubble, this.handlers)} ${this.#meta(bubble)}
          </div>
        </div>
        ${last.pending ? nothing : this.#actions(last, bubble, active)}
      </div>
      ${inlineKeyboard(last, this.handlers)} ${this.#failure(last)}
    </li>`;
  }

  #quote(quoted: Message, all: Item[]): TemplateResult {
    const item = all.find(({ message }) => message.message_id === quoted.message_id);
    const text = summary(item?.message ?? quoted);
    return html`<button class="quote" type="button" title="Go to the quoted message" dir="auto" @click=${() => item && this.threadScroll.goTo(item.key)}>${text}</button>`;
  }

  /** The time, a mark for edits, and a clock while the message is being sent. */
  #meta({ items }: Bubble<Item>): TemplateResult {
    const last = items.at(-1) as Item;
    const edits = items.map(({ message }) => message.edit_date ?? 0);
    const edited = Math.max(...edits) * 1000;
    const title = edited > 0 ? `${exact(last.at)}, edited ${exact(edited)}` : exact(last.at);
    return html`<span class="meta" title=${title}>
      ${edited > 0 ? "edited" : nothing} ${hourMinute(last.at)}
      ${last.pending && !last.pending.problem ? html`<span role="img" aria-label="Sending" title="Sending">${icon("clock")}</span>` : nothing}
    </span>`;
  }

  #actions(item: Item, { items }: Bubble<Item>, active: string): TemplateResult {
    const tab = items.some(({ key }) => key === active) ? 0 : -1;
    return html`<div class="actions">
      <button class="button bare icon-only reply" type="button" tabindex=${tab} aria-label="Reply to this message" title="Reply" @click=${() => (this.replyTo = item.message)}>${icon("reply")}</button>
    </div>`;
  }

  #failure({ pending }: Item): TemplateResult | typeof nothing {
    if (!pending?.problem) return nothing;
    const { outbox } = this.#state;
    return html`<p class="failure">
      Not sent. ${pending.problem}
      <button class="link" type="button" @click=${() => outbox.retry(pending.key)}>Try again</button>
      <button class="link" type="button" @click=${() => outbox.discard(pending.key)}>Remove</button>
    </p>`;
  }

  #sendText(text: string): void {
    if (this.#me) this.store.sendText(this.chat.id, this.#me, text);
    this.input.focus();
  }
}
