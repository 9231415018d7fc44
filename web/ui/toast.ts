// Short confirmations. They disappear, so nothing that must be read goes here.
import { css, html, LitElement } from "lit";
import { customElement, state } from "lit/decorators.js";
import { repeat } from "lit/directives/repeat.js";
import { base } from "./base";

interface Toast {
  id: number;
  text: string;
  bad: boolean;
}

const eventName = "confab-toast";
const TOAST_MS = 5000;

export function toast(text: string, bad = false): void {
  document.dispatchEvent(new CustomEvent(eventName, { detail: { text, bad } }));
}

@customElement("cf-toasts")
export class Toasts extends LitElement {
  static override styles = [
    base,
    css`
      :host {
        position: fixed;
        inset: auto 0 max(var(--s5), env(safe-area-inset-bottom)) 0;
        inline-size: auto;
        margin: 0;
        padding: 0 var(--s4);
        border: 0;
        background: none;
        overflow: visible;
        pointer-events: none;
      }
      :host(:popover-open) {
        display: grid;
        justify-items: center;
        gap: var(--s2);
      }
      p {
        max-inline-size: 100%;
        padding: var(--s2) var(--s4);
        border-radius: var(--r2);
        background: var(--ink);
        color: var(--paper);
        font-size: var(--t2);
        box-shadow: var(--lift);
        overflow-wrap: anywhere;
      }
      p.bad {
        background: var(--bad);
        color: light-dark(#fff, #2b0f0c);
      }
    `,
  ];

  @state() private toasts: Toast[] = [];
  #last = 0;

  override connectedCallback(): void {
    super.connectedCallback();
    this.popover = "manual";
    this.setAttribute("role", "status");
    document.addEventListener(eventName, this.#add);
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    document.removeEventListener(eventName, this.#add);
  }

  #add = (event: Event): void => {
    const { text, bad } = (event as CustomEvent<Omit<Toast, "id">>).detail;
    const id = ++this.#last;
    this.toasts = [...this.toasts.slice(-2), { id, text, bad }];
    // Shown again, the toasts are above a dialog that was opened after them.
    this.hidePopover();
    this.showPopover();
    setTimeout(() => {
      this.toasts = this.toasts.filter((each) => each.id !== id);
      if (this.toasts.length === 0) this.hidePopover();
    }, TOAST_MS);
  };

  override render() {
    return repeat(
      this.toasts,
      (each) => each.id,
      (each) => html`<p class=${each.bad ? "bad" : ""}>${each.text}</p>`,
    );
  }
}
