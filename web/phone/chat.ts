// One chat: its messages, their actions, and the composer.
import { html, LitElement, nothing, type PropertyValues, type TemplateResult } from "lit";
import { customElement, property, query, state } from "lit/decorators.js";
import type { ButtonsContent, ListContent, ListRow, Message, Person } from "../api/phone";
import { albumStyle, type Picture } from "../messenger/album";
import { avatar, avatarStyle } from "../messenger/avatar";
import { bubbleStyle } from "../messenger/bubble.style";
import { chatStyle } from "../messenger/chat.style";
import "../messenger/composer";
import type { ComposedMessage, Composer } from "../messenger/composer";
import { renderDays } from "../messenger/days";
import { FileDrop } from "../messenger/file-drop";
import "../messenger/lightbox";
import { thread } from "../messenger/thread";
import { ThreadScroll } from "../messenger/thread-scroll";
import { base, controls } from "../ui/base";
import { explain } from "../ui/call";
import { exact, hourMinute } from "../ui/format";
import { icon } from "../ui/icons";
import "../ui/notice";
import "../ui/skeleton";
import { directionOf } from "../ui/text";
import { toast } from "../ui/toast";
import { type BubbleHandlers, bubbleActions, bubbleClass, bubbleContent } from "./bubble";
import { phoneBubbleStyle } from "./bubble.style";
import "./list-sheet";
import { buttonReply, listReply, photoMessage } from "./outgoing";
import { channelLabel } from "./person";
import { sampleSelfies } from "./sample-selfies";
import type { Chat, PhoneStore } from "./store";
import { type Bubble, type Item, itemsOf, joinsAlbum } from "./thread";
import { ticks } from "./ticks";
import { ticksStyle } from "./ticks.style";
import { summary } from "./words";

const emojis = ["👍", "❤️", "😂", "😮", "😢", "🙏"];

@customElement("phone-chat")
export class PhoneChat extends LitElement {
  static override styles = [
    base,
    controls,
    avatarStyle,
    ticksStyle,
    chatStyle,
    bubbleStyle,
    albumStyle,
    phoneBubbleStyle,
  ];

  @property({ attribute: false }) person!: Person;
  @property({ attribute: false }) store!: PhoneStore;
  @property({ type: Number }) version = 0;
  @state() private replyTo: Message | null = null;
  @state() private reacting = "";
  @state() private list: { item: Item; list: ListContent } | null = null;
  @state() private photos: { photos: Picture[]; index: number } | null = null;
  @query(".scroll") private scroller!: HTMLElement;
  @query("message-composer") private composer!: Composer;
  private readonly threadScroll = new ThreadScroll(this, () => this.scroller);
  private readonly fileDrop = new FileDrop(this, (files) => void this.composer.attach(files));

  private readonly handlers: BubbleHandlers = {
    button: (item, button) => this.#pressed(item, button),
    list: (item, list) => (this.list = { item, list }),
    photo: (photos, index) => (this.photos = { photos, index }),
  };

  override connectedCallback(): void {
    super.connectedCallback();
    document.addEventListener("visibilitychange", this.#markRead);
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    document.removeEventListener("visibilitychange", this.#markRead);
  }

  #markRead = (): void => {
    if (!document.hidden && this.threadScroll.atEnd) void this.store.read(this.person.id);
  };

  override willUpdate(changed: PropertyValues<this>): void {
    const before = changed.get("person");
    if (!changed.has("person") || before?.id === this.person.id) return;
    this.replyTo = null;
    this.reacting = "";
    this.threadScroll.reset();
    void this.store.loadMessages(this.person.id);
  }

  override updated(): void {
    const latest = itemsOf(this.#chat).at(-1);
    this.threadScroll.follow(latest && { key: latest.key, isOwn: latest.from === "person" });
    this.#markRead();
  }

  get #chat(): Chat {
    return this.store.chat(this.person.id);
  }

  override render() {
    const { connection } = this.store.stream;
    return html`
      <header>
        <button class="button bare icon-only back" type="button" aria-label="Back to people" @click=${() => this.dispatchEvent(new Event("back"))}>${icon("back")}</button>
        ${avatar(this.person)}
        <div class="who">
          <h2><bdi>${this.person.name}</bdi></h2>
          <p class="soft">${channelLabel(this.person)}</p>
        </div>
      </header>
      ${connection === "reconnecting" ? html`<cf-notice tone="warn">Reconnecting to local. Messages are sent once it is back.</cf-notice>` : nothing}
      <div class="body" @dragover=${this.fileDrop.over} @dragleave=${this.fileDrop.leave} @drop=${this.fileDrop.drop}>
        <div class="scroll" role="log" aria-label="Messages" tabindex="0" @scroll=${this.threadScroll.scrolled} @keydown=${this.#key}>${this.#content()}</div>
        ${this.threadScroll.pill(() => this.composer.focus())} ${this.fileDrop.hint("Drop photos to attach them")}
      </div>
      <message-composer .draft=${this.person.id} .quote=${this.replyTo ? summary(this.replyTo.content) : ""} @compose=${this.#composed} @unquote=${() => (this.replyTo = null)}>
        <button class="button bare icon-only" type="button" aria-label="Attach ten sample selfies" title="Attach ten sample selfies" @click=${this.#attachSelfies}>${icon("people")}</button>
      </message-composer>
      <list-sheet .list=${this.list?.list ?? null} @pick=${this.#picked} @dismiss=${() => (this.list = null)}></list-sheet>
      <photo-lightbox .photos=${this.photos?.photos ?? []} .index=${this.photos?.index ?? 0} @dismiss=${() => (this.photos = null)}></photo-lightbox>
    `;
  }

  #content(): TemplateResult {
    const chat = this.#chat;
    if (chat.problem && !chat.messages)
      return html`<cf-notice action="Try again" @retry=${() => this.store.loadMessages(this.person.id)}>${chat.problem}</cf-notice>`;
    if (!chat.messages) return html`<cf-skeleton lines="8"></cf-skeleton>`;
    const items = itemsOf(chat);
    return html`${items.length > 0 ? this.#days(items) : this.#hello()}
    ${chat.typing ? html`<p class="typing"><span class="only-read">The studio is typing</span><i></i><i></i><i></i></p>` : nothing}`;
  }

  #hello(): TemplateResult {
    return html`<div class="hello">
      <p class="soft">You write as <b><bdi>${this.person.name}</bdi></b>. The studio answers.</p>
      <button class="button main" type="button" @click=${() => this.#sendText("hi")}>Say “hi”</button>
    </div>`;
  }

  #days(items: Item[]): TemplateResult {
    const active = this.threadScroll.activeOf(items);
    return renderDays(thread(items, joinsAlbum), (bubble) => this.#bubble(bubble, items, active));
  }

  #bubble(bubble: Bubble, all: Item[], active: string): TemplateResult {
    const last = bubble.items.at(-1);
    const [first] = bubble.items;
    if (!first || !last) return html``;
    const here = bubble.items.some(({ key }) => key === active);
    const quoted = first.context_id ? all.find(({ id }) => id === first.context_id) : undefined;
    const side = last.from === "person" ? "out" : "in";
    return html`<li class="message ${side} ${bubble.first ? "first" : ""} ${bubble.last ? "last" : ""}" data-key=${last.key}>
      <div class="line">
        <div class="bubble ${bubbleClass(first)}">
          <span class="only-read">${side === "out" ? this.person.name : "Studio"}:</span>
          <div class="inside" dir=${directionOf(summary(first.content))}>
            ${quoted ? html`<button class="quote" type="button" title="Go to the quoted message" dir="auto" @click=${() => this.threadScroll.goTo(quoted.key)}>${summary(quoted.content)}</button>` : nothing}
            ${bubbleContent(bubble, this.handlers)}
            <span class="meta" title=${exact(last.at)}>${hourMinute(last.at)} ${side === "out" ? ticks(last.status) : nothing}</span>
          </div>
        </div>
        ${last.pending ? nothing : this.#actions(last, here)}
      </div>
      ${bubbleActions(last, this.handlers)} ${last.reaction ? html`<span class="reaction"><span class="only-read">Reaction: </span>${last.reaction}</span>` : nothing} ${this.#failure(last)}
    </li>`;
  }

  #failure(item: Item): TemplateResult | typeof nothing {
    if (item.status !== "failed") return nothing;
    const { pending } = item;
    return html`<p class="failure">
      Not delivered. ${item.error ?? "No reason was given."}
      ${
        pending
          ? html`<button class="link" type="button" @click=${() => this.#chat.outbox.retry(pending.key)}>Try again</button>
            <button class="link" type="button" @click=${() => this.#chat.outbox.discard(pending.key)}>Remove</button>`
          : nothing
      }
    </p>`;
  }

  #actions(item: Item, here: boolean): TemplateResult {
    const tab = here ? 0 : -1;
    const open = this.reacting === item.key;
    return html`<div class="actions ${open ? "open" : ""}">
      <button class="button bare icon-only reply" type="button" tabindex=${tab} aria-label="Quote this message" title="Quote" @click=${() => (this.replyTo = item)}>${icon("reply")}</button>
      ${
        this.person.channel === "meta" && item.from === "bot"
          ? html`<button class="button bare icon-only" type="button" tabindex=${tab} aria-label="React" title="React" aria-expanded=${open} @click=${() => (this.reacting = open ? "" : item.key)}>${icon("smile")}</button>`
          : nothing
      }
      ${
        open
          ? html`<div class="emojis" role="group" aria-label="Reactions">
            ${emojis.map((emoji) => html`<button type="button" aria-pressed=${item.reaction === emoji} @click=${() => this.#react(item, emoji)}>${emoji}</button>`)}
          </div>`
          : nothing
      }
    </div>`;
  }

  async #react(item: Item, emoji: string): Promise<void> {
    this.reacting = "";
    const known = this.#chat.messages?.find(({ id }) => id === item.id);
    if (!known) return;
    try {
      await this.store.react(this.person.id, known, known.reaction === emoji ? "" : emoji);
    } catch (error) {
      toast(explain(error), true);
    }
  }

  #sendText(text: string, reply_to: string | null = null): void {
    this.store.send(this.person.id, { type: "text", text, reply_to }, { type: "text", text });
    this.composer.focus();
  }

  #composed({ detail: { text, files } }: CustomEvent<ComposedMessage>): void {
    const replyTo = this.replyTo?.id ?? null;
    this.replyTo = null;
    for (const [index, photo] of files.entries())
      this.store.send(this.person.id, ...photoMessage(photo, index === 0 ? text : ""));
    if (files.length === 0) this.#sendText(text, replyTo);
  }

  /** Photos of an invented face, to try the photo studio with. */
  async #attachSelfies(): Promise<void> {
    try {
      this.composer.add(await sampleSelfies(this.person.id));
    } catch {
      toast("Sample selfies are unavailable right now.", true);
    }
    this.composer.focus();
  }

  #pressed(item: Item, button: ButtonsContent["buttons"][number]): void {
    this.store.send(this.person.id, ...buttonReply(item, button));
  }

  #picked({ detail }: CustomEvent<ListRow>): void {
    const { list } = this;
    this.list = null;
    if (list) this.store.send(this.person.id, ...listReply(list.item, detail));
  }

  #key(event: KeyboardEvent): void {
    if (event.key === "Escape") this.reacting = "";
    this.threadScroll.key(event);
  }
}
