// Icons on a 24 by 24 grid. They are decorative; the element that shows one adds its label.
import { html, type SVGTemplateResult, svg, type TemplateResult } from "lit";

const shapes = {
  ajar: svg`<path d="M3.5 20H6V4.5h12V20h2.5M6 4.5l8 2.5v13l-8-2.5zM11 13.3v.1" />`,
  add: svg`<path d="M12 5v14M5 12h14" />`,
  attach: svg`<path d="M19 11l-7.6 7.6a4.6 4.6 0 0 1-6.5-6.5l8-8a3 3 0 0 1 4.3 4.3l-7.8 7.8a1.4 1.4 0 0 1-2-2l7-7" />`,
  back: svg`<path d="M15 5l-7 7 7 7" />`,
  ban: svg`<circle cx="12" cy="12" r="8.5" /><path d="M6 6l12 12" />`,
  bolt: svg`<path d="M13 3L5 14h6l-1 7 8-11h-6z" />`,
  camera: svg`<path d="M4 8h3.5L9 5.5h6L16.5 8H20a1 1 0 0 1 1 1v9a1 1 0 0 1-1 1H4a1 1 0 0 1-1-1V9a1 1 0 0 1 1-1z" /><circle cx="12" cy="13.2" r="3.4" />`,
  chat: svg`<path d="M4 5h16v11H10l-4 4v-4H4z" />`,
  clock: svg`<circle cx="12" cy="12" r="8" /><path d="M12 7.5V12l3 2" />`,
  close: svg`<path d="M6 6l12 12M18 6L6 18" />`,
  copy: svg`<rect x="8.5" y="8.5" width="11" height="11" rx="2" /><path d="M15.5 8.5V6.5a2 2 0 0 0-2-2h-7a2 2 0 0 0-2 2v7a2 2 0 0 0 2 2h2" />`,
  door: svg`<path d="M13 4H6v16h7M10.5 12H20M16.5 8l4 4-4 4" />`,
  down: svg`<path d="M12 5v14M6 13l6 6 6-6" />`,
  failed: svg`<circle cx="12" cy="12" r="8.5" /><path d="M12 7.5v5.5M12 16.2v.1" />`,
  file: svg`<path d="M6.5 3.5h7l4.5 4.5v12.5h-11.5zM13 3.5V8.5h5" />`,
  forward: svg`<path d="M9 5l7 7-7 7" />`,
  info: svg`<circle cx="12" cy="12" r="8.5" /><path d="M12 11v5.2M12 7.8v.1" />`,
  link: svg`<path d="M14 5h5v5M19 5l-9 9M10 6H5v13h13v-5" />`,
  list: svg`<path d="M9 6h11M9 12h11M9 18h11M4.5 6h.1M4.5 12h.1M4.5 18h.1" />`,
  lock: svg`<rect x="5.5" y="11" width="13" height="9" rx="2" /><path d="M8.5 11V8a3.5 3.5 0 0 1 7 0v3" />`,
  moon: svg`<path d="M19 14.5A7.5 7.5 0 1 1 9.5 5a6 6 0 0 0 9.5 9.5z" />`,
  more: svg`<circle cx="5.5" cy="12" r=".7" /><circle cx="12" cy="12" r=".7" /><circle cx="18.5" cy="12" r=".7" />`,
  mute: svg`<path d="M4 5h16v11H10l-4 4v-4H4z" /><path d="M9 8.5l6 4.5M15 8.5l-6 4.5" />`,
  pause: svg`<path d="M8 5v14M16 5v14" />`,
  people: svg`<circle cx="12" cy="8" r="4" /><path d="M4 20c1-4.5 4-6 8-6s7 1.5 8 6" />`,
  photo: svg`<rect x="3.5" y="5" width="17" height="14" rx="2" /><circle cx="9" cy="10" r="1.5" /><path d="M4 17l5-4 3 2 4-4 4.5 4" />`,
  pin: svg`<path d="M9 4h6l-.7 6 3.2 3.5H6.5L9.7 10zM12 13.5V20" />`,
  play: svg`<path d="M8 5l11 7-11 7z" />`,
  queue: svg`<path d="M4 7h16M4 12h16M4 17h10" />`,
  reply: svg`<path d="M10 6l-6 6 6 6M4 12h9c4 0 7 2 7 6" />`,
  send: svg`<path d="M4 12l16-8-5 16-4-6z" /><path d="M11 14l9-10" />`,
  settings: svg`<path d="M4 7h10M18 7h2M4 17h2M10 17h10" /><circle cx="16" cy="7" r="2" /><circle cx="8" cy="17" r="2" />`,
  share: svg`<path d="M12 15V4M8 7.5L12 4l4 3.5M6 11.5v8h12v-8" />`,
  shuffle: svg`<path d="M19 12a7 7 0 1 1-2-4.9M17.2 3.5v4h-4" />`,
  smile: svg`<circle cx="12" cy="12" r="8.5" /><path d="M8.5 14c1.7 2.6 5.3 2.6 7 0M9 9.6v.1M15 9.6v.1" />`,
  sun: svg`<circle cx="12" cy="12" r="4" /><path d="M12 3v2M12 19v2M3 12h2M19 12h2M5.6 5.6l1.5 1.5M16.9 16.9l1.5 1.5M5.6 18.4l1.5-1.5M16.9 7.1l1.5-1.5" />`,
  system: svg`<rect x="3.5" y="5" width="17" height="11" rx="1.5" /><path d="M9 20h6M12 16v4" />`,
  tick: svg`<path d="M6 12.5l4 4 8-9" />`,
  ticks: svg`<path d="M2.5 12.5l4 4 8-9M11.5 16l.5.5 8-9" />`,
  tip: svg`<circle cx="12" cy="12" r="8.5" /><path d="M12 16l-3.4-3.4a2.2 2.2 0 0 1 3.1-3.1l.3.3.3-.3a2.2 2.2 0 0 1 3.1 3.1z" />`,
  trash: svg`<path d="M5 7h14M10 7V4.5h4V7M7 7l.8 12.5h8.4L17 7M10.3 11v5M13.7 11v5" />`,
} satisfies Record<string, SVGTemplateResult>;

export type IconName = keyof typeof shapes;

export function icon(name: IconName): TemplateResult {
  return html`<svg class="icon" viewBox="0 0 24 24" aria-hidden="true">${shapes[name]}</svg>`;
}
