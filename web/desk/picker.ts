// A list to choose from, with a filter: assignees, teams, tags, and the palette of commands.
import { css, html, LitElement, nothing, type PropertyValues, type TemplateResult } from "lit";
import { customElement, property, query, state } from "lit/decorators.js";
import { base, controls } from "../ui/base";
import { icon } from "../ui/icons";

export interface Option {
  id: string;
  label: string;
  hint?: string;
  /** Words by which it is found besides its label. */
  words?: string;
  isChecked?: boolean;
  keys?: string[];
}

const MAX_SHOWN = 60;

/** Returns the options that have each word of the query, those that begin with it first. */
export function filterOptions(options: readonly Option[], text: string): Option[] {
  const wanted = text.toLowerCase().split(/\s+/).filter(Boolean);
  const found = options.filter(({ label, hint = "", words = "" }) => {
    const all = `${label} ${hint} ${words}`.toLowerCase();
    return wanted.every((word) => all.includes(word));
  });
  const begins = ({ label }: Option) =>
    wanted[0] !== undefined && label.toLowerCase().startsWith(wanted[0]) ? 0 : 1;
  return [...found].sort((a, b) => begins(a) - begins(b)).slice(0, MAX_SHOWN);
}

@customElement("desk-picker")
export class Picker extends LitElement {
  static override styles = [
    base,
    controls,
    css`
      dialog {
        inline-size: min(30rem, calc(100vw - 2 * var(--s3)));
        max-inline-size: none;
        max-block-size: min(28rem, calc(100dvh - 2 * var(--s4)));
        margin: min(14dvh, 8rem) auto auto;
        padding: 0;
        border: 1px solid var(--line);
        border-radius: var(--r3);
        background: var(--paper);
        color: var(--ink);
        box-shadow: var(--lift);
        overflow: hidden;
      }
      dialog[open] {
        display: flex;
        flex-direction: column;
      }
      dialog::backdrop {
        background: var(--shade);
      }
      .search {
        display: flex;
        align-items: center;
        gap: var(--s1);
        padding: var(--s2);
        border-block-end: 1px solid var(--line);
      }
      input {
        flex: 1;
        min-inline-size: 0;
        min-block-size: 2.25rem;
        padding: 0 var(--s2);
        border: 0;
        background: none;
        font-size: var(--t4);
      }
      input::placeholder {
        color: var(--ink-soft);
        opacity: 1;
      }
      input:focus-visible {
        outline: none;
      }
      ul {
        min-block-size: 0;
        padding: var(--s1);
        overflow-y: auto;
      }
      li {
        display: grid;
        grid-template-columns: 1.25rem minmax(0, 1fr) auto;
        align-items: center;
        gap: 0 var(--s2);
        min-block-size: 2.25rem;
        padding: var(--s1) var(--s2);
        border-radius: var(--r2);
        font-size: var(--t3);
        cursor: pointer;
      }
      li[aria-selected="true"] {
        background: var(--accent-soft);
      }
      li span {
        overflow: hidden;
        text-overflow: ellipsis;
        white-space: nowrap;
      }
      li small {
        color: var(--ink-soft);
        font-size: var(--t1);
      }
      li[aria-selected="true"] small {
        color: var(--accent-strong);
      }
      kbd {
        margin-inline-start: var(--s1);
        padding: 0 0.35em;
        border: 1px solid var(--line);
        border-radius: var(--r1);
        background: var(--raised);
        color: var(--ink-soft);
        font: var(--t1) / 1.5 var(--sans);
      }
      p {
        padding: var(--s4);
        color: var(--ink-soft);
        font-size: var(--t2);
      }
      @media (pointer: coarse) {
        li {
          min-block-size: 2.75rem;
        }
      }
    `,
  ];

  @property({ type: Boolean }) open = false;
  @property() heading = "";
  @property({ attribute: false }) options: readonly Option[] = [];
  /** Stays open, and each choice is a toggle. */
  @property({ type: Boolean }) multiple = false;
  /** Offers what was typed as a new option: `Create tag`. */
  @property() create = "";
  @state() private text = "";
  @state() private active = 0;
  @query("dialog") private dialog!: HTMLDialogElement;
  @query("input") private input!: HTMLInputElement;

  override willUpdate(changed: PropertyValues<this>): void {
    if (changed.has("open") && this.open) {
      this.text = "";
      this.active = 0;
    }
  }

  override updated(changed: PropertyValues<this>): void {
    if (changed.has("open")) {
      if (this.open && !this.dialog.open) {
        this.dialog.showModal();
        this.input.focus();
      }
      if (!this.open && this.dialog.open) this.dialog.close();
    }
    this.renderRoot.querySelector("[aria-selected=true]")?.scrollIntoView({ block: "nearest" });
  }

  override render() {
    return html`<dialog aria-label=${this.heading} @close=${this.#closed} @click=${(event: Event) => event.target === this.dialog && this.dialog.close()}>
      ${this.open ? this.#content() : nothing}
    </dialog>`;
  }

  #content(): TemplateResult {
    const shown = this.#shown;
    const active = Math.min(this.active, shown.length - 1);
    return html`<div class="search">
        <input
          type="text"
          role="combobox"
          dir="auto"
          autocomplete="off"
          spellcheck="false"
          aria-label=${this.heading}
          aria-expanded="true"
          aria-controls="options"
          aria-activedescendant=${shown.length > 0 ? `option-${active}` : nothing}
          placeholder=${this.heading}
          .value=${this.text}
          @input=${this.#typed}
          @keydown=${this.#key}
        />
        <button class="button bare icon-only" type="button" aria-label="Close" @click=${() => this.dialog.close()}>${icon("close")}</button>
      </div>
      ${shown.length === 0 ? html`<p role="status">Nothing found.</p>` : nothing}
      <ul id="options" role="listbox" aria-label=${this.heading} aria-multiselectable=${this.multiple} ?hidden=${shown.length === 0}>
        ${shown.map((option, index) => this.#option(option, index, index === active))}
      </ul>`;
  }

  #option({ label, hint, isChecked, keys = [] }: Option, index: number, isActive: boolean) {
    return html`<li id="option-${index}" role="option" aria-selected=${isActive} aria-checked=${this.multiple ? Boolean(isChecked) : nothing} @pointermove=${() => (this.active = index)} @click=${() => this.#pick(index)}>
      ${isChecked ? icon("tick") : html`<i></i>`}
      <span dir="auto">${label} ${hint ? html`<small>${hint}</small>` : nothing}</span>
      <span>${keys.map((key) => html`<kbd>${key}</kbd>`)}</span>
    </li>`;
  }

  get #shown(): Option[] {
    const found = filterOptions(this.options, this.text);
    const text = this.text.trim();
    const isKnown = this.options.some(({ label }) => label.toLowerCase() === text.toLowerCase());
    if (this.create === "" || text === "" || isKnown) return found;
    return [...found, { id: `new:${text}`, label: `${this.create} “${text}”` }];
  }

  #typed(): void {
    this.text = this.input.value;
    this.active = 0;
  }

  #key(event: KeyboardEvent): void {
    const last = this.#shown.length - 1;
    const steps: Record<string, number> = { ArrowDown: 1, ArrowUp: -1 };
    const step = steps[event.key];
    if (step !== undefined) {
      event.preventDefault();
      const next = this.active + step;
      this.active = next < 0 ? Math.max(0, last) : next > last ? 0 : next;
    } else if (event.key === "Enter" && !event.isComposing) {
      event.preventDefault();
      this.#pick(Math.min(this.active, last));
    }
  }

  #pick(index: number): void {
    const option = this.#shown[index];
    if (!option) return;
    if (this.multiple) {
      this.text = "";
      this.active = 0;
      this.input.focus();
    } else {
      this.dialog.close();
    }
    this.dispatchEvent(new CustomEvent("pick", { detail: option.id }));
  }

  #closed(): void {
    if (this.open) this.dispatchEvent(new Event("dismiss"));
  }
}
