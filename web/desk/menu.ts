// A button that opens a menu. Arrow keys move in it, and Escape returns to the button.
import { type CSSResultGroup, css, html, LitElement, nothing, type TemplateResult } from "lit";
import { customElement, property, query, state } from "lit/decorators.js";
import { base, controls } from "../ui/base";
import { icon } from "../ui/icons";

export interface MenuItem {
  label: string;
  hint?: string;
  isChecked?: boolean;
  isDanger?: boolean;
  isDisabled?: boolean;
  /** Begins a new group. */
  isFirst?: boolean;
  run(): void;
}

@customElement("desk-menu")
export class Menu extends LitElement {
  static override styles: CSSResultGroup = [
    base,
    controls,
    css`
      :host {
        position: relative;
        display: inline-block;
      }
      .list {
        position: absolute;
        inset-block-start: calc(100% + var(--s1));
        inset-inline-end: 0;
        z-index: 20;
        inline-size: max-content;
        min-inline-size: 11rem;
        max-inline-size: min(20rem, calc(100vw - 2 * var(--s3)));
        max-block-size: min(24rem, 70dvh);
        padding: var(--s1);
        border: 1px solid var(--line);
        border-radius: var(--r2);
        background: var(--paper);
        box-shadow: var(--lift);
        overflow-y: auto;
      }
      :host([align="start"]) .list {
        inset-inline: 0 auto;
      }
      :host([placement="above"]) .list {
        inset-block: auto calc(100% + var(--s1));
      }
      .item {
        display: grid;
        grid-template-columns: 1.25rem minmax(0, 1fr);
        align-items: center;
        gap: 0 var(--s2);
        inline-size: 100%;
        min-block-size: 2rem;
        padding: var(--s1) var(--s2);
        border: 0;
        border-radius: var(--r1);
        background: none;
        font-size: var(--t2);
        text-align: start;
        cursor: pointer;
      }
      .item:hover,
      .item:focus-visible {
        background: var(--sunken);
      }
      .item[aria-disabled="true"] {
        color: var(--ink-soft);
        cursor: default;
      }
      .item.danger {
        color: var(--bad);
      }
      .item.first {
        margin-block-start: var(--s1);
        border-block-start: 1px solid var(--line);
        border-start-start-radius: 0;
        border-start-end-radius: 0;
      }
      .item span {
        overflow-wrap: anywhere;
      }
      .item small {
        grid-column: 2;
        color: var(--ink-soft);
        font-size: var(--t1);
      }
      @media (pointer: coarse) {
        .item {
          min-block-size: 2.75rem;
        }
      }
    `,
  ];

  @property() label = "";
  /** The content has words, which name the button. */
  @property({ type: Boolean }) named = false;
  /** Classes of the button. */
  @property() look = "button bare icon-only";
  @property({ attribute: false }) items: MenuItem[] = [];
  @property({ attribute: false }) content: unknown = icon("more");
  @property({ reflect: true }) align: "start" | "end" = "end";
  @property({ reflect: true }) placement: "below" | "above" = "below";
  @state() private isOpen = false;
  @query("button[aria-haspopup]") private button!: HTMLButtonElement;
  #abort: AbortController | null = null;

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    this.#abort?.abort();
  }

  override focus(): void {
    this.button.focus();
  }

  show(): void {
    this.isOpen = true;
    this.#abort?.abort();
    this.#abort = new AbortController();
    const { signal } = this.#abort;
    const outside = (event: Event) => event.composedPath().includes(this) || this.#close(false);
    addEventListener("pointerdown", outside, { signal });
    this.addEventListener("focusout", this.#left, { signal });
    void this.updateComplete.then(() => this.#rows[0]?.focus());
  }

  override render() {
    return html`<button class=${this.look} type="button" aria-haspopup="menu" aria-expanded=${this.isOpen} aria-label=${this.named ? nothing : this.label} title=${this.named ? nothing : this.label} @click=${() => (this.isOpen ? this.#close(true) : this.show())}>${this.content}</button>
      ${this.isOpen ? this.#list() : nothing}`;
  }

  #list(): TemplateResult {
    return html`<div class="list" role="menu" aria-label=${this.label} @keydown=${this.#key}>
      ${this.items.map(
        (
          item,
        ) => html`<button class="item ${item.isDanger ? "danger" : ""} ${item.isFirst ? "first" : ""}" type="button" role=${item.isChecked === undefined ? "menuitem" : "menuitemradio"} aria-checked=${item.isChecked ?? nothing} aria-disabled=${item.isDisabled ?? false} tabindex="-1" @click=${() => this.#run(item)}>
          ${item.isChecked ? icon("tick") : html`<i></i>`}<span dir="auto">${item.label}</span>
          ${item.hint ? html`<small dir="auto">${item.hint}</small>` : nothing}
        </button>`,
      )}
    </div>`;
  }

  get #rows(): HTMLElement[] {
    return [...this.renderRoot.querySelectorAll<HTMLElement>(".item")];
  }

  #run(item: MenuItem): void {
    if (item.isDisabled) return;
    this.#close(true);
    item.run();
  }

  #left = (event: FocusEvent): void => {
    const { relatedTarget } = event;
    if (relatedTarget instanceof Node && this.renderRoot.contains(relatedTarget)) return;
    if (relatedTarget !== null && relatedTarget !== this) this.#close(false);
  };

  #close(returnsFocus: boolean): void {
    this.isOpen = false;
    this.#abort?.abort();
    if (returnsFocus) this.button.focus();
  }

  #key(event: KeyboardEvent): void {
    const rows = this.#rows;
    const at = rows.indexOf(this.shadowRoot?.activeElement as HTMLElement);
    const to: Record<string, number> = {
      ArrowDown: (at + 1) % rows.length,
      ArrowUp: (at - 1 + rows.length) % rows.length,
      Home: 0,
      End: rows.length - 1,
    };
    const next = to[event.key];
    if (next !== undefined) rows[next]?.focus();
    else if (event.key === "Escape") this.#close(true);
    else if (event.key === "Tab") this.#close(true);
    else return;
    if (event.key !== "Tab") event.preventDefault();
    event.stopPropagation();
  }
}
