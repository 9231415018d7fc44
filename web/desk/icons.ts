// Icons that only the console needs, on the same grid as those of web/ui.
import { html, type SVGTemplateResult, svg, type TemplateResult } from "lit";

const shapes = {
  inbox: svg`<path d="M4 13l2.5-8h11L20 13v6H4zM4 13h5l1 2.5h4L15 13h5" />`,
  bot: svg`<rect x="4.5" y="8" width="15" height="11" rx="3" /><path d="M12 8V4.5M9 12.8v1.4M15 12.8v1.4" />`,
  contacts: svg`<circle cx="9" cy="9" r="3.4" /><path d="M3 19c.8-3.8 3-5.2 6-5.2s5.2 1.4 6 5.2M16 6a3.2 3.2 0 0 1 0 6M17.5 14.2c1.9.6 3 2.1 3.5 4.8" />`,
  building: svg`<path d="M5 20V4.5h9V20M14 9h5v11M3 20h18M8 8h3M8 12h3M8 16h3" />`,
  note: svg`<path d="M5 4h14v10l-5.5 6H5zM13.5 20v-6H19M8.5 8.5h7M8.5 12h4" />`,
  at: svg`<circle cx="12" cy="12" r="3.6" /><path d="M15.6 8.4v4.4c0 3 4.4 3 4.4-.8a8 8 0 1 0-3.2 6.4" />`,
  tag: svg`<path d="M4 4.5h8l8 8-7.5 7.5-8.5-8.5zM8.2 8.7v.1" />`,
  flag: svg`<path d="M6 20V4.5h11l-2.5 4L17 12.5H6" />`,
  search: svg`<circle cx="10.5" cy="10.5" r="6" /><path d="M15 15l5 5" />`,
  keyboard: svg`<rect x="3" y="6.5" width="18" height="11" rx="2" /><path d="M7 10.2v.1M10.3 10.2v.1M13.7 10.2v.1M17 10.2v.1M8 14h8" />`,
  menu: svg`<path d="M4 7h16M4 12h16M4 17h16" />`,
  panel: svg`<rect x="3.5" y="5" width="17" height="14" rx="2" /><path d="M14.5 5v14" />`,
  check: svg`<circle cx="12" cy="12" r="8.5" /><path d="M8.3 12.3l2.6 2.6 4.8-5.4" />`,
  team: svg`<circle cx="12" cy="7.5" r="3" /><path d="M6.5 17c.6-3.2 2.6-4.7 5.5-4.7s4.9 1.5 5.5 4.7M4.5 20h15" />`,
  globe: svg`<circle cx="12" cy="12" r="8.5" /><path d="M3.5 12h17M12 3.5c3 2.6 3 14.4 0 17M12 3.5c-3 2.6-3 14.4 0 17" />`,
  mail: svg`<rect x="3.5" y="5.5" width="17" height="13" rx="2" /><path d="M4 7l8 6 8-6" />`,
  key: svg`<circle cx="8" cy="15" r="4" /><path d="M11 12l8.5-8.5M16 7l3 3" />`,
  shield: svg`<path d="M12 3.5l7.5 3v5c0 4.5-3 7.5-7.5 9-4.5-1.5-7.5-4.5-7.5-9v-5z" />`,
  up: svg`<path d="M6 15l6-6 6 6" />`,
  below: svg`<path d="M6 9l6 6 6-6" />`,
  updown: svg`<path d="M8 9l4-4 4 4M8 15l4 4 4-4" />`,
  rocket: svg`<path d="M9.5 14.5c0-5 3-9.5 10-10 0 7-4.5 10-9.5 10zM9.5 10H6l-2 3.5 3.5.5M14 14.5V18l-3.5 2-.5-3.5M6.5 17.5l-2 2" />`,
} satisfies Record<string, SVGTemplateResult>;

export type DeskIconName = keyof typeof shapes;

export function deskIcon(name: DeskIconName): TemplateResult {
  return html`<svg class="icon" viewBox="0 0 24 24" aria-hidden="true">${shapes[name]}</svg>`;
}
