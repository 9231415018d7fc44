// An error with its remedy.
import { css, html, LitElement, nothing } from "lit";
import { customElement, property } from "lit/decorators.js";
import { base, controls } from "./base";

@customElement("cf-notice")
export class Notice extends LitElement {
  static override styles = [
    base,
    controls,
    css`
      :host {
        display: flex;
        flex-wrap: wrap;
        align-items: center;
        gap: var(--s2) var(--s4);
        padding: var(--s2) var(--s3);
        border-radius: var(--r2);
        background: var(--bad-soft);
        font-size: var(--t2);
      }
      :host([tone="warn"]) {
        background: var(--warn-soft);
      }
      p {
        flex: 1 1 14rem;
        overflow-wrap: anywhere;
      }
    `,
  ];

  @property({ reflect: true }) tone: "bad" | "warn" = "bad";
  /** Label of the button that fires `retry`; without one there is no button. */
  @property() action = "";

  override render() {
    return html`<p role=${this.tone === "bad" ? "alert" : "status"}><slot></slot></p>
      ${this.action ? html`<button class="button small" type="button" @click=${() => this.dispatchEvent(new Event("retry"))}>${this.action}</button>` : nothing}`;
  }
}
