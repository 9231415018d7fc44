// The composer: the text, and the quoted message.
import { css, html, LitElement, nothing, type PropertyValues } from "lit";
import { customElement, property, query, state } from "lit/decorators.js";
import { base, controls } from "../ui/base";
import { icon } from "../ui/icons";
import type { Quote } from "./contract";
import { readDraft, storeDraft } from "./drafts";
import { characterCount } from "./words";

const IME_KEY_CODE = 229;
const MAX_LENGTH = 2000;
const COUNTER_FROM = 1800;

export interface ComposedMessage {
  text: string;
  replyTo: Quote | null;
}

@customElement("room-composer")
export class RoomComposer extends LitElement {
  static override styles = [
    base,
    controls,
    css`
      form {
        display: grid;
        grid-template-columns: minmax(0, 1fr);
        gap: var(--s2);
        inline-size: 100%;
        max-inline-size: 48rem;
        margin-inline: auto;
        padding: var(--s1) var(--s3) max(var(--s3), env(safe-area-inset-bottom));
      }
      .row {
        display: flex;
        align-items: end;
        gap: var(--s2);
      }
      .field {
        position: relative;
        display: block;
        flex: 1;
        min-inline-size: 0;
      }
      textarea {
        display: block;
        inline-size: 100%;
        min-block-size: 2.75rem;
        max-block-size: 33dvh;
        padding: 0.6rem 1rem;
        border: 1px solid var(--line-strong);
        border-radius: 1.375rem;
        background: var(--raised);
        font-size: var(--t4);
        line-height: 1.4;
        resize: none;
        field-sizing: content;
      }
      textarea::placeholder {
        color: var(--ink-soft);
        opacity: 1;
      }
      textarea:focus-visible {
        border-color: var(--accent);
        border-radius: 1.375rem;
        outline-width: 1px;
        outline-offset: 0;
      }
      .left {
        position: absolute;
        inset-block-end: 0.75rem;
        inset-inline-end: 1rem;
        color: var(--ink-soft);
        background: var(--raised);
        font-size: var(--t1);
        font-variant-numeric: tabular-nums;
      }
      .left.over {
        color: var(--bad);
        font-weight: 600;
      }
      .button.send {
        inline-size: 2.75rem;
        block-size: 2.75rem;
        border-radius: 50%;
        font-size: 1.0625rem;
      }
      .button.send:focus-visible {
        border-radius: 50%;
      }
      .reply {
        display: flex;
        align-items: center;
        gap: var(--s2);
        padding-inline-start: var(--s3);
        color: var(--ink-soft);
        font-size: var(--t2);
      }
      .reply div {
        flex: 1;
        min-inline-size: 0;
        padding-inline-start: var(--s3);
        border-inline-start: 3px solid light-dark(oklch(0.6 0.12 var(--hue)), oklch(0.7 0.1 var(--hue)));
      }
      .reply b {
        color: var(--ink);
        font-weight: 600;
      }
      .reply p {
        overflow: hidden;
        text-overflow: ellipsis;
        white-space: nowrap;
      }
    `,
  ];

  @property() code = "";
  @property({ attribute: false }) replyTo: Quote | null = null;
  @property() placeholder = "Message";
  @state() private text = "";
  @query("textarea") private area!: HTMLTextAreaElement;

  override willUpdate(changed: PropertyValues<this>): void {
    if (changed.has("code")) this.text = readDraft(this.code);
  }

  override updated(changed: PropertyValues<this>): void {
    if (changed.has("replyTo") && this.replyTo) this.area.focus();
    // Fallback for browsers without `field-sizing`.
    if (!CSS.supports("field-sizing", "content")) {
      this.area.style.blockSize = "auto";
      this.area.style.blockSize = `${this.area.scrollHeight + 2}px`;
    }
  }

  override focus(): void {
    this.area.focus();
  }

  override render() {
    const size = characterCount(this.text);
    return html`<form @submit=${this.#submit}>
      ${
        this.replyTo
          ? html`<div class="reply">
            <div>
              <p>Replying to <b><bdi>${this.replyTo.username}</bdi></b></p>
              <p dir="auto">${this.replyTo.text}</p>
            </div>
            <button class="button bare icon-only" type="button" aria-label="Cancel the reply" @click=${this.#unquote}>${icon("close")}</button>
          </div>`
          : nothing
      }
      <div class="row">
        <div class="field">
          <textarea rows="1" dir="auto" enterkeyhint="send" aria-label="Message" placeholder=${this.placeholder} aria-describedby="left" .value=${this.text} @input=${this.#typed} @keydown=${this.#key}></textarea>
          <span id="left" class="left ${size > MAX_LENGTH ? "over" : ""}" ?hidden=${size < COUNTER_FROM}>${size > MAX_LENGTH ? `${size - MAX_LENGTH} too many` : `${MAX_LENGTH - size} left`}</span>
        </div>
        <button class="button main icon-only send" ?disabled=${this.text.trim() === "" || size > MAX_LENGTH} aria-label="Send" title="Send (Enter)" @pointerdown=${(event: Event) => event.preventDefault()}>${icon("send")}</button>
      </div>
    </form>`;
  }

  #typed(): void {
    this.text = this.area.value;
    storeDraft(this.code, this.text);
    if (this.text.trim() !== "") this.dispatchEvent(new Event("typed"));
  }

  #key(event: KeyboardEvent): void {
    if (event.key === "Escape" && this.replyTo) {
      event.stopPropagation();
      this.#unquote();
    }
    // During IME composition, Enter picks a candidate; Safari reports it by key code alone.
    if (
      event.key !== "Enter" ||
      event.shiftKey ||
      event.isComposing ||
      event.keyCode === IME_KEY_CODE
    )
      return;
    event.preventDefault();
    this.#submit(event);
  }

  #unquote(): void {
    this.dispatchEvent(new Event("unquote"));
  }

  #submit(event: Event): void {
    event.preventDefault();
    const text = this.text.trim();
    if (text === "" || characterCount(text) > MAX_LENGTH) return;
    this.dispatchEvent(
      new CustomEvent<ComposedMessage>("compose", { detail: { text, replyTo: this.replyTo } }),
    );
    this.text = "";
    storeDraft(this.code, "");
    this.area.focus();
  }
}
