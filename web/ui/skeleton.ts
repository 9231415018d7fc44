// A loading placeholder without motion.
import { css, html, LitElement } from "lit";
import { customElement, property } from "lit/decorators.js";
import { base } from "./base";

@customElement("cf-skeleton")
export class Skeleton extends LitElement {
  static override styles = [
    base,
    css`
      :host {
        display: grid;
        gap: var(--s3);
        padding-block: var(--s3);
      }
      i {
        block-size: 0.875rem;
        border-radius: var(--r1);
        background: var(--sunken);
      }
      i:nth-child(3n) {
        inline-size: 72%;
      }
      i:nth-child(3n + 1) {
        inline-size: 90%;
      }
    `,
  ];

  @property({ type: Number }) lines = 3;

  override render() {
    return html`<span class="only-read" role="status">Loading</span>${Array.from({ length: this.lines }, () => html`<i></i>`)}`;
  }
}
