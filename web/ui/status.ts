// A state as a dot and a word. The word carries the meaning; the dot makes it quick to scan.
import { css, html, LitElement } from "lit";
import { customElement, property } from "lit/decorators.js";

export type Tone = "good" | "warn" | "bad" | "quiet";

@customElement("cf-status")
export class StatusElement extends LitElement {
  static override styles = css`
    :host {
      display: inline-flex;
      align-items: baseline;
      gap: 0.4em;
      white-space: nowrap;
    }
    i {
      flex: none;
      align-self: center;
      inline-size: 0.5rem;
      block-size: 0.5rem;
      border-radius: 50%;
      background: var(--line-strong);
    }
    :host([tone="good"]) i {
      background: var(--good);
    }
    :host([tone="warn"]) i {
      background: var(--warn);
    }
    :host([tone="bad"]) i {
      background: var(--bad);
    }
    :host([tone="bad"]) {
      color: var(--bad);
    }
  `;

  @property({ reflect: true }) tone: Tone = "quiet";

  override render() {
    return html`<i></i><span><slot></slot></span>`;
  }
}
