// A slide drawn with unsaved texts. The former drawing stays until the next one is there.
import { css, html, LitElement, type PropertyValues, type TemplateResult } from "lit";
import { customElement, property, state } from "lit/decorators.js";
import { base, controls } from "../ui/base";
import "../ui/notice";
import type { Format } from "./contract";
import { loadWhenDrawn } from "./drawing";
import { pictureStyle } from "./picture.style";

@customElement("slide-preview")
export class SlidePreview extends LitElement {
  static override styles = [
    base,
    controls,
    pictureStyle,
    css`
      :host {
        display: block;
      }
    `,
  ];

  /** The link of the drawing; empty: nothing is changed. */
  @property() link = "";
  @property() format: Format = "portrait";
  @property() alt = "";
  @state() private shown = "";
  @state() private isLate = false;

  override willUpdate(changed: PropertyValues<this>): void {
    if (changed.has("link")) void this.#load();
  }

  async #load(): Promise<void> {
    const { link } = this;
    this.isLate = false;
    if (link === "") {
      this.shown = "";
      return;
    }
    const isWanted = () => link === this.link && this.isConnected;
    const isDrawn = await loadWhenDrawn(() => decoded(link), isWanted, wait);
    if (!isWanted()) return;
    if (isDrawn) this.shown = link;
    this.isLate = !isDrawn;
  }

  override render() {
    return html`<figure>
      <figcaption>Preview <span class="soft" role="status">${this.#words()}</span></figcaption>
      ${this.isLate ? html`<cf-notice tone="warn" action="Try again" @retry=${() => this.#load()}>The preview was not drawn within ten seconds.</cf-notice>` : this.#picture()}
    </figure>`;
  }

  #words(): string {
    if (this.link === "") return "";
    return this.shown === this.link ? "of your text" : this.isLate ? "" : "is being drawn";
  }

  #picture(): TemplateResult {
    const { shown, link, format, alt } = this;
    if (shown === "")
      return html`<div class="blank ${format}">${link === "" ? "Change a text to see it drawn." : ""}</div>`;
    return html`<img class=${shown === link ? "" : "old"} src=${shown} alt=${alt} />`;
  }
}

function decoded(link: string): Promise<void> {
  const image = new Image();
  image.src = link;
  return image.decode();
}

function wait(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
