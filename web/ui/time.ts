// A time: relative to now, with the exact one on hover.
import { css, html, LitElement } from "lit";
import { customElement, property } from "lit/decorators.js";
import { now, onTick } from "./clock";
import { exact, relative } from "./format";

@customElement("cf-time")
export class TimeElement extends LitElement {
  static override styles = css`
    time {
      unicode-bidi: isolate;
      direction: ltr;
      font-variant-numeric: tabular-nums;
      white-space: nowrap;
    }
  `;

  @property({ type: Number }) at = 0;
  #stop = () => {};

  override connectedCallback(): void {
    super.connectedCallback();
    this.#stop = onTick(() => this.requestUpdate());
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    this.#stop();
  }

  override render() {
    return html`<time datetime=${new Date(this.at).toISOString()} title=${exact(this.at)}>${relative(this.at, now())}</time>`;
  }
}
