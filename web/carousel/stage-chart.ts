// Half and nearly all durations of a stage by hour: a chart, and its table beside it.
import {
  css,
  html,
  LitElement,
  nothing,
  type SVGTemplateResult,
  svg,
  type TemplateResult,
} from "lit";
import { customElement, property, state } from "lit/decorators.js";
import { base, controls } from "../ui/base";
import "../ui/empty";
import { now } from "../ui/clock";
import { count, duration, hourMinute, shortTime } from "../ui/format";
import { type Column, table, tableStyle } from "../ui/table";
import { compactStyle } from "./compact.style";
import { type Stage, type StageHour, stages } from "./contract";
import { niceTop, type Point, pointsOf } from "./scale";
import { stageWords } from "./words";

const WIDTH = 600;
const HEIGHT = 220;
const LEFT = 52;
const BOTTOM = 24;
const TOP = 10;

@customElement("stage-chart")
export class StageChart extends LitElement {
  static override styles = [
    base,
    controls,
    tableStyle,
    compactStyle,
    css`
      fieldset {
        display: flex;
        flex-wrap: wrap;
        gap: var(--s1) var(--s4);
        margin: 0 0 var(--s3);
        padding: 0;
        border: 0;
        font-size: var(--t2);
      }
      label {
        display: inline-flex;
        align-items: center;
        gap: var(--s2);
        min-block-size: 1.75rem;
      }
      .two {
        display: grid;
        grid-template-columns: minmax(0, 3fr) minmax(0, 2fr);
        gap: var(--s5);
        align-items: start;
      }
      .rows {
        max-block-size: 20rem;
        overflow-y: auto;
      }
      svg.chart {
        display: block;
        inline-size: 100%;
        block-size: auto;
        overflow: visible;
      }
      .grid {
        stroke: var(--line);
        stroke-width: 1;
      }
      text {
        fill: var(--ink-soft);
        font-size: 12px;
        font-variant-numeric: tabular-nums;
      }
      polyline {
        fill: none;
        stroke-width: 2;
        stroke-linejoin: round;
        stroke-linecap: round;
      }
      .p50 {
        stroke: var(--accent);
      }
      .p95 {
        stroke: var(--warn);
        stroke-dasharray: 5 4;
      }
      circle.p50 {
        fill: var(--accent);
      }
      circle.p95 {
        fill: var(--warn);
        stroke-dasharray: none;
      }
      figcaption {
        display: flex;
        flex-wrap: wrap;
        gap: var(--s1) var(--s4);
        padding-block-start: var(--s2);
        color: var(--ink-soft);
        font-size: var(--t1);
      }
      figcaption span {
        display: inline-flex;
        align-items: center;
        gap: var(--s2);
      }
      figcaption svg {
        inline-size: 1.5rem;
        block-size: 0.5rem;
      }
      /* The chart shrinks there, its texts must not. */
      @media (max-width: 45rem) {
        text {
          font-size: 20px;
        }
      }
      @media (max-width: 60rem) {
        .two {
          grid-template-columns: minmax(0, 1fr);
        }
      }
    `,
  ];

  @property({ attribute: false }) hours: StageHour[] = [];
  @state() private stage: Stage = "total";

  override render() {
    const rows = this.hours
      .filter(({ stage }) => stage === this.stage)
      .sort((one, other) => Date.parse(one.hour) - Date.parse(other.hour));
    return html`
      <fieldset>
        <legend class="only-read">Stage</legend>
        ${stages.map((stage) => html`<label><input type="radio" name="stage" value=${stage} .checked=${stage === this.stage} @change=${() => (this.stage = stage)} />${stageWords[stage]}</label>`)}
      </fieldset>
      ${
        rows.length === 0
          ? html`<cf-empty heading="No durations yet">No carousel finished the stage “${stageWords[this.stage]}” in this time.</cf-empty>`
          : html`<div class="two">${this.#chart(rows)} ${this.#table(rows)}</div>`
      }
    `;
  }

  #chart(rows: StageHour[]): TemplateResult {
    const top = niceTop(Math.max(...rows.map(({ p95Millis }) => p95Millis)));
    const plot = { left: LEFT, right: WIDTH - 8, top: TOP, bottom: HEIGHT - BOTTOM, max: top };
    const words = `${stageWords[this.stage]}: p50 and p95 by hour. The table has the figures.`;
    return html`<figure>
      <svg class="chart" viewBox="0 0 ${WIDTH} ${HEIGHT}" role="img" aria-label=${words}>
        ${[0, 0.5, 1].map((part) => gridLine(part * top, plot.bottom - part * (plot.bottom - TOP)))}
        ${lineOf(
          "p95",
          pointsOf(rows, ({ p95Millis }) => p95Millis, plot),
        )}
        ${lineOf(
          "p50",
          pointsOf(rows, ({ p50Millis }) => p50Millis, plot),
        )}
        ${hourLabels(rows, plot)}
      </svg>
      <figcaption>
        <span>${sample("p50")} p50: half were faster</span>
        <span>${sample("p95")} p95: 95 of 100 were faster</span>
      </figcaption>
    </figure>`;
  }

  #table(rows: StageHour[]): TemplateResult {
    const columns: Column<StageHour>[] = [
      { label: "Hour", cell: ({ hour }) => hourLabel(Date.parse(hour)) },
      { label: "Count", figures: true, cell: ({ count: times }) => count(times) },
      { label: "p50", figures: true, cell: ({ p50Millis }) => duration(p50Millis) },
      { label: "p95", figures: true, cell: ({ p95Millis }) => duration(p95Millis) },
      { label: "p99", figures: true, cell: ({ p99Millis }) => duration(p99Millis) },
    ];
    const newest = [...rows].reverse();
    const caption = `${stageWords[this.stage]} by hour, the newest first`;
    return html`<div class="rows compact" tabindex="0" role="region" aria-label=${caption}>${table(caption, columns, newest, ({ hour }) => hour)}</div>`;
  }
}

/** The hour of today, or the day with it. */
function hourLabel(at: number): string {
  const short = shortTime(at, now());
  const time = hourMinute(at);
  return short === time ? time : `${short}, ${time}`;
}

function gridLine(millis: number, y: number): SVGTemplateResult {
  return svg`<line class="grid" x1=${LEFT} x2=${WIDTH} y1=${y} y2=${y} /><text x=${LEFT - 8} y=${y + 4} text-anchor="end">${millis === 0 ? "0" : duration(millis)}</text>`;
}

function lineOf(kind: string, points: Point[]): SVGTemplateResult {
  const path = points.map(({ x, y }) => `${x.toFixed(1)},${y.toFixed(1)}`).join(" ");
  return svg`<polyline class=${kind} points=${path} />${points.map(({ x, y }) => svg`<circle class=${kind} cx=${x} cy=${y} r="2.5" />`)}`;
}

function hourLabels(
  rows: StageHour[],
  plot: { left: number; right: number; top: number; bottom: number; max: number },
): SVGTemplateResult | typeof nothing {
  const points = pointsOf(rows, () => 0, plot);
  const [first, last] = [rows[0], rows.at(-1)];
  const end = points.at(-1);
  if (!first || !last || !end) return nothing;
  const text = (x: number, anchor: string, row: StageHour) =>
    svg`<text x=${x} y=${HEIGHT - 4} text-anchor=${anchor}>${hourLabel(Date.parse(row.hour))}</text>`;
  if (rows.length === 1) return text(end.x, "middle", first);
  return svg`${text(plot.left, "start", first)}${text(end.x, "end", last)}`;
}

function sample(kind: string): TemplateResult {
  return html`<svg viewBox="0 0 24 8" aria-hidden="true"><polyline class=${kind} points="0,4 24,4" /></svg>`;
}
