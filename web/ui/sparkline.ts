// A line of recent values without axes. Its label and the surrounding table carry the figures.
import { css, html, LitElement, nothing, svg } from "lit";
import { customElement, property } from "lit/decorators.js";
import { base } from "./base";
import { duration } from "./format";

const WIDTH_PX = 88;
const HEIGHT_PX = 20;

@customElement("cf-sparkline")
export class Sparkline extends LitElement {
  static override styles = [
    base,
    css`
      :host {
        display: inline-block;
        vertical-align: middle;
      }
      svg {
        display: block;
        inline-size: 5.5rem;
        block-size: 1.25rem;
        overflow: visible;
      }
      polyline {
        fill: none;
        stroke: var(--accent);
        stroke-width: 1.25;
        stroke-linejoin: round;
        vector-effect: non-scaling-stroke;
      }
      circle {
        fill: var(--accent);
      }
    `,
  ];

  @property({ attribute: false }) values: number[] = [];

  override render() {
    const values = this.values.slice(-40);
    const last = values.at(-1);
    if (last === undefined) return nothing;
    const top = Math.max(...values, 0.001);
    const x = (index: number) =>
      values.length === 1 ? WIDTH_PX : (index / (values.length - 1)) * WIDTH_PX;
    const y = (value: number) => HEIGHT_PX - 2 - (value / top) * (HEIGHT_PX - 4);
    const words = `Last ${values.length}: latest ${duration(last)}, least ${duration(Math.min(...values))}, most ${duration(top)}`;
    return html`<svg viewBox="0 0 ${WIDTH_PX} ${HEIGHT_PX}" role="img" aria-label=${words}>
      <title>${words}</title>
      ${svg`<polyline points=${values.map((value, index) => `${x(index).toFixed(1)},${y(value).toFixed(1)}`).join(" ")} />
      <circle cx=${WIDTH_PX} cy=${y(last)} r="1.75" />`}
    </svg>`;
  }
}
