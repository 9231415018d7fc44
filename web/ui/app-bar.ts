// The top bar of every page: title, connection state and theme.
import { css, html, LitElement } from "lit";
import { customElement, property } from "lit/decorators.js";
import { base } from "./base";
import "./theme-toggle";

@customElement("cf-app-bar")
export class AppBar extends LitElement {
  static override styles = [
    base,
    css`
      :host {
        display: flex;
        flex-wrap: wrap;
        align-items: center;
        gap: var(--s1) var(--s4);
        min-block-size: 3rem;
        padding: var(--s1) max(var(--s4), env(safe-area-inset-right)) var(--s1) max(var(--s4), env(safe-area-inset-left));
        border-block-end: 1px solid var(--line);
        background: var(--paper);
      }
      h1 {
        display: flex;
        align-items: baseline;
        gap: var(--s2);
        margin-inline-end: auto;
        font-size: var(--t4);
        font-weight: 650;
        letter-spacing: -0.01em;
      }
      h1 span {
        color: var(--ink-soft);
        font-size: var(--t2);
        font-weight: 400;
        letter-spacing: 0;
      }
    `,
  ];

  @property() name = "Confab";
  @property() place = "";

  override render() {
    return html`<h1>${this.name} <span>${this.place}</span></h1>
      <slot></slot>
      <cf-theme-toggle></cf-theme-toggle>`;
  }
}
