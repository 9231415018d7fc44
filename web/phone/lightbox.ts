// Full-screen photos, one at a time.
import { css, html, LitElement, nothing, type PropertyValues } from "lit";
import { customElement, property, query } from "lit/decorators.js";
import type { ImageContent } from "../api/phone";
import { base } from "../ui/base";
import { icon } from "../ui/icons";

@customElement("phone-lightbox")
export class Lightbox extends LitElement {
  static override styles = [
    base,
    css`
      dialog {
        inline-size: 100vw;
        block-size: 100dvh;
        max-inline-size: none;
        max-block-size: none;
        padding: 0;
        border: 0;
        background: #0b0b0a;
        color: #fff;
      }
      dialog[open] {
        display: grid;
        grid-template: auto minmax(0, 1fr) auto / minmax(0, 1fr);
      }
      .bar {
        display: flex;
        align-items: center;
        justify-content: space-between;
        padding: var(--s2) var(--s2) var(--s2) var(--s4);
        font-variant-numeric: tabular-nums;
      }
      img {
        inline-size: 100%;
        block-size: 100%;
        object-fit: contain;
      }
      p {
        padding: var(--s3) var(--s4);
        text-align: center;
      }
      button {
        display: inline-grid;
        place-items: center;
        inline-size: 2.75rem;
        block-size: 2.75rem;
        border: 0;
        border-radius: 50%;
        background: none;
        cursor: pointer;
      }
      button:hover {
        background: rgb(255 255 255 / 0.15);
      }
      :focus-visible {
        outline-color: #fff;
      }
    `,
  ];

  @property({ attribute: false }) photos: ImageContent[] = [];
  @property({ type: Number }) index = 0;
  @query("dialog") private dialog!: HTMLDialogElement;

  override updated(changed: PropertyValues<this>): void {
    if (!changed.has("photos")) return;
    if (this.photos.length > 0 && !this.dialog.open) this.dialog.showModal();
    if (this.photos.length === 0 && this.dialog.open) this.dialog.close();
  }

  override render() {
    const photo = this.photos[this.index];
    const several = this.photos.length > 1;
    return html`<dialog aria-label="Photo" @close=${() => this.dispatchEvent(new Event("dismiss"))} @keydown=${this.#key}>
      <div class="bar">
        <span role="status">${several ? `${this.index + 1} of ${this.photos.length}` : nothing}</span>
        <span>
          ${
            several
              ? html`<button type="button" aria-label="Previous photo" @click=${() => this.#move(-1)}>${icon("back")}</button>
                <button type="button" aria-label="Next photo" @click=${() => this.#move(1)}>${icon("forward")}</button>`
              : nothing
          }
          <button type="button" aria-label="Close" @click=${() => this.dialog.close()}>${icon("close")}</button>
        </span>
      </div>
      ${photo ? html`<img src=${photo.url} alt=${photo.caption ?? "Photo"} />` : nothing} ${photo?.caption ? html`<p dir="auto">${photo.caption}</p>` : nothing}
    </dialog>`;
  }

  #move(step: number): void {
    this.index = (this.index + step + this.photos.length) % this.photos.length;
  }

  #key(event: KeyboardEvent): void {
    if (event.key === "ArrowLeft") this.#move(-1);
    if (event.key === "ArrowRight") this.#move(1);
  }
}
