// Empty state: says which content would be here, and how to get it.
import { css, html, LitElement } from "lit";
import { customElement, property } from "lit/decorators.js";
import { base } from "./base";

@customElement("cf-empty")
export class Empty extends LitElement {
  static override styles = [
    base,
    css`
      :host {
        display: block;
        padding-block: var(--s3);
        color: var(--ink-soft);
        font-size: var(--t2);
        max-inline-size: 60ch;
      }
      strong {
        display: block;
        color: var(--ink);
        font-weight: 500;
      }
    `,
  ];

  @property() heading = "";

  override render() {
    return html`<strong>${this.heading}</strong><slot></slot>`;
  }
}
