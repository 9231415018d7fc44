// Alerts as a list: open ones first, each with its value, its limit and since when.
import { css, html, nothing, type TemplateResult } from "lit";
import { repeat } from "lit/directives/repeat.js";
import { duration, span } from "../ui/format";
import "../ui/status";
import "../ui/time";
import type { Alert } from "./contract";
import { asWords } from "./words";

type Unit = "count" | "permille" | "millis" | "seconds";

/** What the rules are about, and the unit of their values. */
const rules: Record<string, [words: string, unit: Unit]> = {
  failures: ["Carousels fail", "permille"],
  slow_carousels: ["Carousels are slow", "millis"],
  message_unknown: ["It is unknown whether messages arrived", "count"],
  rate_limited: ["Telegram limits the rate", "count"],
  budget: ["The model's budget is nearly spent", "permille"],
  composer_share: ["Carousels are written without the model", "permille"],
  carousel_overdue: ["A carousel is overdue", "seconds"],
  dead_letters: ["There are dead letters", "count"],
  journal_lag: ["The journal lags behind", "seconds"],
};

const figure = new Intl.NumberFormat("en", { maximumSignificantDigits: 4 });
const percent = new Intl.NumberFormat("en", { style: "percent", maximumFractionDigits: 1 });

/** A rule that a newer API has is counted. */
export function alertValue(rule: string, value: number): string {
  switch (rules[rule]?.[1]) {
    case "permille":
      return percent.format(value / 1000);
    case "millis":
      return duration(value);
    case "seconds":
      return span(value * 1000);
    default:
      return figure.format(value);
  }
}

export function isOpen({ resolvedAt }: Alert): boolean {
  return resolvedAt === null;
}

/** Open alerts first, and in both groups the newest first. */
export function inOrder(alerts: Alert[]): Alert[] {
  return [...alerts].sort(
    (one, other) =>
      Number(isOpen(other)) - Number(isOpen(one)) ||
      Date.parse(other.since) - Date.parse(one.since),
  );
}

export function alertList(alerts: Alert[]): TemplateResult {
  return html`<ul class="alerts">
    ${repeat(
      inOrder(alerts),
      ({ rule, since }) => rule + since,
      (alert) => html`<li class=${isOpen(alert) ? "open" : ""}>
        <cf-status tone=${isOpen(alert) ? "bad" : "good"}>${isOpen(alert) ? "Open" : "Resolved"}</cf-status>
        <strong>${rules[alert.rule]?.[0] ?? asWords(alert.rule)}</strong>
        <span class="badge ${isOpen(alert) ? "bad" : ""}">${alert.severity}</span>
        <span class="soft figures">${alertValue(alert.rule, alert.value)}, limit ${alertValue(alert.rule, alert.limit)}</span>
        <span class="soft when">since <cf-time .at=${Date.parse(alert.since)}></cf-time>${lasted(alert)}</span>
      </li>`,
    )}
  </ul>`;
}

function lasted({ since, resolvedAt }: Alert): TemplateResult | typeof nothing {
  if (resolvedAt === null) return nothing;
  return html`, lasted ${span(Date.parse(resolvedAt) - Date.parse(since))}`;
}

export const alertListStyle = css`
  .alerts li {
    display: flex;
    flex-wrap: wrap;
    align-items: baseline;
    gap: var(--s1) var(--s3);
    padding-block: var(--s2);
    border-block-end: 1px solid var(--line);
    font-size: var(--t2);
  }
  .alerts li:last-child {
    border-block-end: 0;
  }
  .alerts strong {
    font-weight: 600;
  }
  .alerts .when {
    margin-inline-start: auto;
  }
`;
