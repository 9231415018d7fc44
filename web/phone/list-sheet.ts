// The choices of a list message, in a bottom sheet.
import { css, html, LitElement, nothing } from "lit";
import { customElement, property } from "lit/decorators.js";
import type { ListContent, ListRow } from "../api/phone";
import { base } from "../ui/base";
import "../ui/dialog";
import { directionOf } from "../ui/text";

@customElement("list-sheet")
export class ListSheet extends LitElement {
  static override styles = [
    base,
    css`
      h3 {
        padding-block: var(--s2);
        color: var(--ink-soft);
        font-size: var(--t2);
        font-weight: 500;
      }
      button {
        display: grid;
        inline-size: 100%;
        min-block-size: 3rem;
        align-content: center;
        padding: var(--s2) 0;
        border: 0;
        border-block-end: 1px solid var(--line);
        background: none;
        font-size: var(--t4);
        text-align: start;
        cursor: pointer;
      }
      button:hover {
        color: var(--accent);
      }
      small {
        color: var(--ink-soft);
        font-size: var(--t2);
      }
      section + section {
        margin-block-start: var(--s3);
      }
    `,
  ];

  @property({ attribute: false }) list: ListContent | null = null;

  override render() {
    return html`<cf-dialog kind="sheet" heading=${this.list?.button ?? ""} .open=${this.list !== null} @dismiss=${() => this.dispatchEvent(new Event("dismiss"))}>
      ${this.list?.sections.map(
        ({ title, rows }) => html`<section dir=${directionOf(this.list?.body ?? "")}>
          ${title ? html`<h3><bdi>${title}</bdi></h3>` : nothing}
          <ul>
            ${rows.map((row) => html`<li><button type="button" @click=${() => this.#pick(row)}><span><bdi>${row.title}</bdi></span>${row.description ? html`<small><bdi>${row.description}</bdi></small>` : nothing}</button></li>`)}
          </ul>
        </section>`,
      )}
    </cf-dialog>`;
  }

  #pick(row: ListRow): void {
    this.dispatchEvent(new CustomEvent("pick", { detail: row }));
  }
}
