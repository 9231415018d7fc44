// Icons as paths on a grid of 24. They are decorative: the element that shows one has a label.
import { html, type TemplateResult } from "lit/html.js";

export const shapes = {
  close: "M6 9.5l6 6 6-6",
  bot: "M5 9h14v10H5zM12 9V5M9 13v2M15 13v2M2 13v2M22 13v2",
  more: "M4 12h1M11.5 12h1M19 12h1",
  send: "M12 19V5M6 11l6-6 6 6",
  forward: "M9 5l7 7-7 7",
};

export function icon(shape: string): TemplateResult {
  return html`<svg viewBox="0 0 24 24" aria-hidden="true"><path d=${shape}></path></svg>`;
}
