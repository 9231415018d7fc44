// From hours and milliseconds to places in a chart.
import type { StageHour } from "./contract";

export interface Point {
  x: number;
  y: number;
}

export interface Plot {
  left: number;
  right: number;
  top: number;
  bottom: number;
  /** The value at the top. */
  max: number;
}

/** Places rows by their hours, so that an hour without carousels leaves a gap. */
export function pointsOf(
  rows: StageHour[],
  measure: (row: StageHour) => number,
  { left, right, top, bottom, max }: Plot,
): Point[] {
  const times = rows.map(({ hour }) => Date.parse(hour));
  const [first, last] = [Math.min(...times), Math.max(...times)];
  return rows.map((row, index) => {
    const part = first === last ? 0.5 : ((times[index] ?? first) - first) / (last - first);
    return {
      x: left + part * (right - left),
      y: bottom - (measure(row) / max) * (bottom - top),
    };
  });
}

/** The next of 1, 2, 5, 10, 20, 50 .. that is not below the value. */
export function niceTop(value: number): number {
  const power = 10 ** Math.floor(Math.log10(Math.max(1, value)));
  const step = [1, 2, 5, 10].find((one) => one * power >= value) ?? 10;
  return step * power;
}
