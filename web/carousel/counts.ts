// Counters: totals as figures, and their parts by language, template or reason below.
import { css, html, nothing, type TemplateResult } from "lit";
import "../ui/empty";
import { figures } from "../ui/figures";
import { count } from "../ui/format";
import type { Stats } from "./contract";
import { dollars } from "./micros";
import { asWords } from "./words";

export interface Breakdown {
  /** Such as `failed.reason`. */
  name: string;
  parts: [value: string, count: number][];
}

/** `failed` is a total; `failed.reason.refused` is a part of one. */
export function splitCounters(counters: Stats["counters"]): {
  totals: [name: string, value: number][];
  breakdowns: Breakdown[];
} {
  const totals: [string, number][] = [];
  const parts = new Map<string, [string, number][]>();
  for (const [name, value] of Object.entries(counters)) {
    const [metric, dimension, ...rest] = name.split(".");
    if (rest.length === 0) {
      totals.push([name, value]);
      continue;
    }
    const key = `${metric}.${dimension}`;
    parts.set(key, [...(parts.get(key) ?? []), [rest.join("."), value]]);
  }
  const breakdowns = [...parts].map(([name, values]) => ({
    name,
    parts: values.sort(([, less], [, more]) => more - less),
  }));
  return { totals, breakdowns };
}

export function counts({ counters }: Stats): TemplateResult {
  const { totals, breakdowns } = splitCounters(counters);
  if (totals.length === 0 && breakdowns.length === 0)
    return html`<cf-empty heading="Nothing counted yet">Counts appear with the first carousel.</cf-empty>`;
  return html`<div class="totals">${figures(totals.map(total))}</div>
    ${breakdowns.length === 0 ? nothing : html`<details class="parts"><summary>By language, template and reason</summary>${figures(breakdowns.map(parts))}</details>`}`;
}

/** Amounts are named after their unit. */
function total([name, value]: [string, number]): [string, unknown] {
  if (!/micros$/i.test(name)) return [asWords(name), count(value)];
  return [asWords(name.replace(/micros$/i, "")), dollars(value)];
}

function parts({ name, parts: values }: Breakdown): [string, unknown] {
  return [
    asWords(name),
    html`<ul>${values.map(([value, times]) => html`<li>${value} <span class="soft">${count(times)}</span></li>`)}</ul>`,
  ];
}

export const countsStyle = css`
  .totals .figures-list {
    grid-template-columns: repeat(auto-fill, minmax(8.5rem, 1fr));
    gap: var(--s3) var(--s4);
  }
  .totals dd {
    font-size: var(--t5);
    font-weight: 600;
    letter-spacing: -0.01em;
  }
  .parts {
    margin-block-start: var(--s3);
    font-size: var(--t2);
  }
  .parts summary {
    inline-size: max-content;
    max-inline-size: 100%;
    color: var(--accent);
    cursor: pointer;
  }
  .parts .figures-list {
    margin-block-start: var(--s3);
    gap: var(--s4);
  }
`;
