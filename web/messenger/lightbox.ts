// Full-screen photos, one at a time: the next one by a button, an arrow key or a swipe.
import { css, html, LitElement, nothing, type PropertyValues } from "lit";
import { customElement, property, query, state } from "lit/decorators.js";
import { base } from "../ui/base";
import { icon } from "../ui/icons";
import type { Picture } from "./album";

const SWIPE_PX = 40;

@customElement("photo-lightbox")
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
        /* Sideways is a swipe; the browser keeps the rest. */
        touch-action: pan-y pinch-zoom;
        user-select: none;
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

  @property({ attribute: false }) photos: Picture[] = [];
  /** The photo that is shown first. */
  @property({ type: Number }) index = 0;
  @state() private shown = 0;
  @query("dialog") private dialog!: HTMLDialogElement;
  #pressedAt = 0;

  override willUpdate(changed: PropertyValues<this>): void {
    if (changed.has("photos")) this.shown = this.index;
  }

  override updated(changed: PropertyValues<this>): void {
    if (!changed.has("photos")) return;
    if (this.photos.length > 0 && !this.dialog.open) this.dialog.showModal();
    if (this.photos.length === 0 && this.dialog.open) this.dialog.close();
  }

  override render() {
    const photo = this.photos[this.shown];
    const several = this.photos.length > 1;
    return html`<dialog aria-label="Photo" @close=${() => this.dispatchEvent(new Event("dismiss"))} @keydown=${this.#key}>
      <div class="bar">
        <span role="status">${several ? `${this.shown + 1} of ${this.photos.length}` : nothing}</span>
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
      ${photo ? html`<img src=${photo.url} alt=${photo.caption || "Photo"} draggable="false" @pointerdown=${this.#pressed} @pointerup=${this.#released} />` : nothing} ${photo?.caption ? html`<p dir="auto">${photo.caption}</p>` : nothing}
    </dialog>`;
  }

  #pressed(event: PointerEvent): void {
    this.#pressedAt = event.clientX;
    (event.target as Element).setPointerCapture(event.pointerId);
  }

  #released(event: PointerEvent): void {
    const moved = event.clientX - this.#pressedAt;
    if (Math.abs(moved) >= SWIPE_PX) this.#move(moved < 0 ? 1 : -1);
  }

  #move(step: number): void {
    this.shown = (this.shown + step + this.photos.length) % this.photos.length;
  }

  #key(event: KeyboardEvent): void {
    if (event.key === "ArrowLeft") this.#move(-1);
    if (event.key === "ArrowRight") this.#move(1);
  }
}
