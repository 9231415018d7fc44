// What a person writes with: the composer with commands and the bot's reply keyboard, or what is there instead.
import { css, html, LitElement, nothing, type PropertyValues, type TemplateResult } from "lit";
import { customElement, property, query, state } from "lit/decorators.js";
import type { Chat, Message, Person } from "../api/telegram";
import "../messenger/composer";
import type { ComposedMessage, Composer } from "../messenger/composer";
import { base, controls } from "../ui/base";
import { explain } from "../ui/call";
import { hashWith } from "../ui/hash";
import { icon } from "../ui/icons";
import { toast } from "../ui/toast";
import "./commands";
import { type Asked, activeMarkup, keyTexts } from "./reply-markup";
import { draftKey, type TelegramStore } from "./store";
import { fullName, summary } from "./words";

@customElement("telegram-input")
export class TelegramInput extends LitElement {
  static override styles = [
    base,
    controls,
    css`
      :host {
        display: block;
      }
      .ended,
      .author-choice,
      .reply-keys {
        display: flex;
        flex-wrap: wrap;
        align-items: center;
        justify-content: center;
        gap: var(--s2) var(--s3);
        padding: var(--s3) var(--s4) max(var(--s3), env(safe-area-inset-bottom));
        border-block-start: 1px solid var(--line);
        background: var(--paper);
        font-size: var(--t2);
      }
      .author-choice {
        justify-content: start;
        padding-block: var(--s1);
      }
      .author-choice label {
        display: flex;
        align-items: center;
        gap: var(--s2);
        min-inline-size: 0;
      }
      .reply-keys {
        display: grid;
        padding: var(--s1) var(--s2) var(--s2);
        border: 0;
      }
      .reply-keys .button {
        min-inline-size: 0;
        overflow-wrap: anywhere;
      }
      .keys {
        display: grid;
        grid-auto-flow: column;
        grid-auto-columns: minmax(0, 1fr);
        gap: var(--s1);
      }
    `,
  ];

  @property({ attribute: false }) chat!: Chat;
  @property({ attribute: false }) store!: TelegramStore;
  @property({ type: Number }) version = 0;
  /** The person who writes. */
  @property({ attribute: false }) me: Person | undefined;
  /** The message that the person has chosen to answer. */
  @property({ attribute: false }) replyTo: Message | null = null;
  /** The forced reply that the person has closed. */
  @state() private declined = 0;
  @state() private typed = "";
  @state() private showsCommands = false;
  @query("message-composer") private composer!: Composer | null;

  override willUpdate(changed: PropertyValues<this>): void {
    if (changed.has("chat") && changed.get("chat")?.id !== this.chat.id) this.showsCommands = false;
  }

  override focus(): void {
    this.composer?.focus();
  }

  async attach(files: File[]): Promise<void> {
    await this.composer?.attach(files);
  }

  override render(): TemplateResult {
    const { chat } = this;
    if (chat.migrated_to !== null)
      return html`<div class="ended">This group is a supergroup now. <a href=${hashWith({ chat: String(chat.migrated_to) })}>Open the supergroup</a></div>`;
    if (chat.type !== "private")
      return html`${chat.bot === "member" ? nothing : html`<div class="ended">The bot is not in this group. <button class="button" type="button" @click=${() => this.#setMembership()}>Add the bot</button></div>`}
      ${this.#authorChoice()} ${this.#composer()}`;
    if (this.me?.is_deactivated) return html`<div class="ended">This account was deleted.</div>`;
    if (chat.bot === "kicked")
      return html`<div class="ended">You have blocked the bot. <button class="button main" type="button" @click=${() => this.#setMembership()}>Unblock</button></div>`;
    if (chat.bot === "left")
      return html`<div class="ended"><button class="button main" type="button" ?disabled=${this.store.state(chat.id).outbox.list.length > 0} @click=${() => this.#sendText("/start")}>Start</button></div>`;
    return this.#composer();
  }

  #authorChoice(): TemplateResult {
    const people = this.chat.members.flatMap((id) => this.store.person(id) ?? []);
    return html`<div class="author-choice">
      <label>
        Write as
        <select class="input" @change=${this.#chooseAuthor}>
          ${people.map((person) => html`<option value=${person.id} ?selected=${person.id === this.me?.id}>${fullName(person)}</option>`)}
        </select>
      </label>
    </div>`;
  }

  #chooseAuthor({ target }: Event): void {
    const detail = Number((target as HTMLSelectElement).value);
    this.dispatchEvent(new CustomEvent("author", { detail }));
  }

  /** The bot's keyboard that is in force. */
  get #asked(): Asked | null {
    return activeMarkup(this.store.state(this.chat.id).messages ?? [], this.me?.id ?? 0);
  }

  #composer(): TemplateResult {
    const asked = this.#asked;
    const reply = this.#replyTarget();
    const placeholder = asked?.markup.input_field_placeholder || "Message";
    const rows = asked ? keyTexts(asked.markup) : [];
    return html`
      <telegram-commands
        .language=${this.me?.language_code ?? ""}
        .typed=${this.typed}
        .open=${this.showsCommands}
        .stream=${this.store.stream}
        @pick=${this.#picked}
      ></telegram-commands>
      <message-composer
        documents
        .draft=${draftKey(this.chat.id)}
        .quote=${reply ? summary(reply) : ""}
        .placeholder=${placeholder}
        @typed=${(event: CustomEvent<string>) => (this.typed = event.detail)}
        @compose=${this.#composed}
        @unquote=${this.#unquote}
      >
        <button class="button bare icon-only" type="button" aria-label="Commands" title="Commands" aria-expanded=${this.showsCommands} @click=${() => (this.showsCommands = !this.showsCommands)}>${icon("list")}</button>
      </message-composer>
      ${rows.length > 0 ? this.#replyKeys(rows) : nothing}
    `;
  }

  #replyKeys(rows: string[][]): TemplateResult {
    return html`<div class="reply-keys" role="group" aria-label="Reply keyboard">
      ${rows.map((row) => html`<div class="keys">${row.map((text) => html`<button class="button" type="button" dir="auto" @click=${() => this.#sendText(text)}>${text}</button>`)}</div>`)}
    </div>`;
  }

  /** The chosen message, or the one to which the bot forces a reply. */
  #replyTarget(): Message | null {
    if (this.replyTo) return this.replyTo;
    const asked = this.#asked;
    if (!asked?.markup.force_reply || asked.message.message_id === this.declined) return null;
    return asked.message;
  }

  #unquote(): void {
    if (this.replyTo) this.dispatchEvent(new Event("unquote"));
    else this.declined = this.#replyTarget()?.message_id ?? 0;
  }

  #composed({ detail: { text, files } }: CustomEvent<ComposedMessage>): void {
    const { me, store } = this;
    const replyTo = this.#replyTarget();
    this.showsCommands = false;
    if (this.replyTo) this.dispatchEvent(new Event("unquote"));
    if (!me) return;
    if (files.length > 0) store.sendFiles(this.chat.id, me, files, text, replyTo);
    else store.sendText(this.chat.id, me, text, replyTo);
  }

  #picked({ detail }: CustomEvent<string>): void {
    this.showsCommands = false;
    if (this.typed.startsWith("/")) this.composer?.clear();
    const { username } = this.store.bot ?? {};
    this.#sendText(this.chat.type === "private" || !username ? detail : `${detail}@${username}`);
  }

  #sendText(text: string): void {
    if (this.me) this.store.sendText(this.chat.id, this.me, text);
    this.focus();
  }

  async #setMembership(): Promise<void> {
    if (!this.me) return;
    try {
      await this.store.setMembership(this.chat, this.me.id, "member");
    } catch (error) {
      toast(explain(error), true);
    }
  }
}
