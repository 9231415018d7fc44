// The day's totals by currency, and whether Stripe's agree.
import { html, nothing, type TemplateResult } from "lit";
import { count, plural } from "../ui/format";
import { money } from "../ui/money";
import "../ui/status";
import { type Column, table } from "../ui/table";
import type { Line } from "./compare";
import type { Day } from "./store";
import { providers } from "./words";

export function totals({ comparison, underway }: Day): TemplateResult {
  const { lines, differing, unassigned } = comparison;
  const sum = (pick: (line: Line) => number) => (line: Line) => {
    const value = pick(line);
    return value === 0
      ? html`<span class="soft">${money(0, line.currency)}</span>`
      : money(value, line.currency);
  };
  const columns: Column<Line>[] = [
    {
      label: "Currency",
      cell: ({ currency, provider }) =>
        html`${currency}${provider === "stripe" ? nothing : html` <span class="badge">${providers[provider]}</span>`}`,
    },
    { label: "Orders", figures: true, cell: ({ orders }) => count(orders) },
    { label: "Received", figures: true, cell: sum(({ received }) => received) },
    { label: "Refunded", figures: true, cell: sum(({ refunded }) => refunded) },
    { label: "Disputed", figures: true, cell: sum(({ disputed }) => disputed) },
    {
      label: "Balance in the ledger",
      figures: true,
      cell: (line) => html`<strong>${money(line.ledger, line.currency)}</strong>`,
    },
    {
      label: "Held by Stripe",
      figures: true,
      cell: ({ held, currency }) =>
        held === undefined
          ? html`<span class="soft">–</span>`
          : html`<strong>${money(held, currency)}</strong>`,
    },
    { label: "Compared", cell: (line) => verdict(line, differing, underway) },
  ];
  return html`${lines.length > 0 ? table("Totals by currency", columns, lines, ({ provider, currency }) => provider + currency) : nothing}
    ${[...unassigned].map(
      ([currency, sum]) => html`<p class="aside">
        <cf-status tone="warn">Stripe also holds ${money(sum, currency)} from payments without an order, on any day.</cf-status>
      </p>`,
    )}`;
}

function verdict(
  { held, ledger, currency }: Line,
  differing: Map<string, number>,
  underway: number,
): TemplateResult {
  if (held === undefined) return html`<span class="soft">not available here</span>`;
  if (held === ledger && differing.size === 0)
    return html`<cf-status tone="good">Matches</cf-status>`;
  if (underway > 0)
    return html`<cf-status tone="warn">In progress: ${plural(underway, "event")} pending</cf-status>`;
  const words =
    held === ledger
      ? `Totals match, but ${plural(differing.size, "order differs", "orders differ")}`
      : `Differs by ${money(Math.abs(held - ledger), currency)}`;
  return html`<cf-status tone="bad"><strong>${words}</strong></cf-status>`;
}
