// A modal dialog, drawer or bottom sheet. The native element traps the focus.
import { css, html, LitElement, type PropertyValues } from "lit";
import { customElement, property, query } from "lit/decorators.js";
import { base, controls } from "./base";
import { icon } from "./icons";

export type DialogKind = "dialog" | "drawer" | "sheet";

/** A bottom sheet on a phone, a dialog elsewhere. */
export function sheetOrDialog(): DialogKind {
  return matchMedia("(max-width: 40rem)").matches ? "sheet" : "dialog";
}

@customElement("cf-dialog")
export class Dialog extends LitElement {
  static override styles = [
    base,
    controls,
    css`
      dialog {
        position: fixed;
        display: none;
        flex-direction: column;
        inline-size: min(28rem, calc(100vw - 2 * var(--s4)));
        max-inline-size: none;
        max-block-size: calc(100dvh - 2 * var(--s5));
        margin: auto;
        padding: 0;
        border: 1px solid var(--line);
        border-radius: var(--r3);
        background: var(--paper);
        color: var(--ink);
        box-shadow: var(--lift);
        overflow: hidden;
        transition:
          opacity var(--quick),
          translate var(--quick);
      }
      dialog[open] {
        display: flex;
      }
      dialog::backdrop {
        background: var(--shade);
      }
      :host([kind="drawer"]) dialog {
        inline-size: min(44rem, 100vw);
        block-size: 100dvh;
        max-block-size: none;
        margin-block: 0;
        margin-inline: auto 0;
        border-width: 0 0 0 1px;
        border-radius: 0;
      }
      :host([kind="sheet"]) dialog {
        inline-size: min(32rem, 100vw);
        max-block-size: 80dvh;
        margin-block: auto 0;
        border-block-end: 0;
        border-end-start-radius: 0;
        border-end-end-radius: 0;
      }
      @starting-style {
        dialog[open] {
          opacity: 0;
          translate: 0 var(--s2);
        }
        :host([kind="drawer"]) dialog[open] {
          translate: var(--s5) 0;
        }
      }
      header {
        display: flex;
        align-items: center;
        gap: var(--s3);
        padding: var(--s2) var(--s2) var(--s2) var(--s4);
        border-block-end: 1px solid var(--line);
      }
      h2 {
        flex: 1;
        min-inline-size: 0;
        font-size: var(--t4);
        font-weight: 600;
        overflow-wrap: anywhere;
      }
      div {
        min-block-size: 0;
        overflow-y: auto;
        padding: var(--s4) var(--s4) max(var(--s4), env(safe-area-inset-bottom));
      }
    `,
  ];

  @property({ type: Boolean, reflect: true }) open = false;
  @property() heading = "";
  @property({ reflect: true }) kind: DialogKind = "dialog";
  @query("dialog") private dialog!: HTMLDialogElement;

  override updated(changed: PropertyValues<this>): void {
    if (!changed.has("open")) return;
    if (this.open && !this.dialog.open) this.dialog.showModal();
    if (!this.open && this.dialog.open) this.dialog.close();
  }

  override render() {
    return html`<dialog aria-labelledby="heading" @cancel=${this.cancelled} @close=${this.closed} @pointerdown=${(event: Event) => (this.pressed = event.target)} @click=${this.clicked}>
      <header>
        <h2 id="heading" dir="auto">${this.heading}</h2>
        <button class="button bare icon-only" type="button" aria-label="Close" @click=${this.dismiss}>${icon("close")}</button>
      </header>
      <div><slot></slot></div>
    </dialog>`;
  }

  private pressed: EventTarget | null = null;

  /** Synchronous: the native close event is a later task, which could dismiss what is shown next. */
  private dismiss(): void {
    this.dispatchEvent(new Event("dismiss"));
  }

  private cancelled(event: Event): void {
    // A slotted file input also fires it, when no file was chosen.
    if (event.target !== this.dialog) return;
    event.preventDefault();
    this.dismiss();
  }

  /** The browser closes the dialog by itself when a second Escape follows at once. */
  private closed(): void {
    if (this.open && !this.dialog.open) this.dismiss();
  }

  private clicked(event: MouseEvent): void {
    // A text selection that ends outside must not close the dialog.
    if (event.target === this.dialog && this.pressed === this.dialog) this.dismiss();
  }
}
