// The actions of one message.
import { css, html, LitElement, nothing, type PropertyValues } from "lit";
import { customElement, property, state } from "lit/decorators.js";
import { base, controls } from "../ui/base";
import { copyText } from "../ui/copy";
import { sheetOrDialog } from "../ui/dialog";
import { icon } from "../ui/icons";
import { emojis, isOn } from "./reactions";
import type { Item } from "./thread";
import { fullTime, tipText } from "./words";

@customElement("message-sheet")
export class MessageSheet extends LitElement {
  static override styles = [
    base,
    controls,
    css`
      .at {
        margin-block: var(--s1) var(--s3);
        padding-inline-start: calc(var(--s3) + 3px);
        color: var(--ink-soft);
        font-size: var(--t1);
      }
      .said {
        max-block-size: 4.5rem;
        padding-inline-start: var(--s3);
        border-inline-start: 3px solid var(--line-strong);
        color: var(--ink-soft);
        overflow: hidden;
        overflow-wrap: anywhere;
      }
      .emojis {
        display: flex;
        justify-content: space-between;
        max-inline-size: 22rem;
        margin-block-end: var(--s2);
      }
      .emojis button {
        inline-size: 2.75rem;
        block-size: 2.75rem;
        padding: 0;
        border: 0;
        border-radius: 50%;
        background: var(--sunken);
        font-family: var(--emoji);
        font-size: 1.375rem;
        cursor: pointer;
      }
      .emojis button:focus-visible {
        border-radius: 50%;
      }
      .emojis [aria-pressed="true"] {
        background: var(--accent-soft);
      }
      .do {
        display: flex;
        align-items: center;
        gap: var(--s3);
        inline-size: 100%;
        min-block-size: 3rem;
        padding: 0;
        border: 0;
        border-radius: var(--r2);
        background: none;
        font-size: var(--t4);
        text-align: start;
        cursor: pointer;
      }
      .do:hover {
        color: var(--accent);
      }
      .do.danger,
      .do.danger:hover {
        color: var(--bad);
      }
    `,
  ];

  @property({ attribute: false }) item: Item | null = null;
  @property({ type: Boolean }) mayTalk = false;
  @property({ type: Boolean }) host = false;
  @property() me = "";
  @state() private isSure = false;

  override willUpdate(changed: PropertyValues<this>): void {
    if (changed.has("item")) this.isSure = false;
  }

  override render() {
    const { item } = this;
    const says = this.mayTalk && item !== null && !item.isDeleted;
    const kind = item?.tip ? "tip" : "message";
    const heading = item
      ? item.isMine
        ? `Your ${kind}`
        : `${kind === "tip" ? "Tip" : "Message"} from ${item.username}`
      : "";
    return html`<cf-dialog kind=${sheetOrDialog()} heading=${heading} .open=${item !== null} @dismiss=${this.#dismiss}>
      ${item ? html`<div class="said" dir="auto"><p>${item.isDeleted ? "This message was deleted." : item.tip ? tipText(item.isMine ? "You" : item.username, item.tip, this.host) : item.text}</p></div><p class="at">${fullTime(item.at)}</p>` : nothing}
      ${
        item && says
          ? html`<div class="emojis" role="group" aria-label="Reactions">
            ${emojis.map((emoji) => {
              const on = isOn(item.reactions, emoji, this.me);
              return html`<button type="button" aria-pressed=${on} aria-label=${emoji} @click=${() => this.#emit("react", { seq: item.seq, emoji, on: !on })}>${emoji}</button>`;
            })}
          </div>`
          : nothing
      }
      ${says ? html`<button class="do" type="button" @click=${() => this.#emit("answer", item)}>${icon("reply")} Reply</button>` : nothing}
      ${says && !item.tip ? html`<button class="do" type="button" aria-haspopup="dialog" @click=${() => this.#emit("pin", item)}>${icon("pin")} Pin for everyone</button>` : nothing}
      ${item && !item.isDeleted && !item.tip ? html`<button class="do" type="button" @click=${() => this.#copy(item.text)}>${icon("copy")} Copy text</button>` : nothing}
      ${item && !item.isMine ? html`<button class="do" type="button" @click=${() => this.#emit("block", item)}>${icon("ban")} <span>${item.isBlocked ? "Unblock" : "Block"} <bdi>${item.username}</bdi> for me</span></button>` : nothing}
      ${
        item && !item.isDeleted && !item.tip && (item.isMine || this.host)
          ? html`<button class="do danger" type="button" @click=${() => this.#remove(item)}>${icon("trash")} ${this.isSure ? "Press again to delete for everyone" : "Delete"}</button>`
          : nothing
      }
    </cf-dialog>`;
  }

  async #copy(text: string): Promise<void> {
    await copyText(text);
    this.#dismiss();
  }

  /** Deletes on the second press; there is no undo. */
  #remove(item: Item): void {
    if (this.isSure) this.#emit("remove", item);
    else this.isSure = true;
  }

  #emit(what: string, detail: unknown): void {
    this.#dismiss();
    this.dispatchEvent(new CustomEvent(what, { detail }));
  }

  #dismiss(): void {
    this.dispatchEvent(new Event("dismiss"));
  }
}
