// Ledger rows with a running total, oldest first. A total that differs from the balance is
// reported.
import { html, nothing, type TemplateResult } from "lit";
import type { Row } from "../api/ledger";
import "../ui/notice";
import { type Column, table } from "../ui/table";
import "../ui/time";
import { orderLink } from "./paths";
import { rowLabel } from "./words";

export interface Unit {
  total: (amount: number) => string;
  change: (amount: number) => string;
}

interface Running {
  row: Row;
  after: number;
}

export function rows(
  caption: string,
  given: Row[],
  balance: number,
  unit: Unit,
  withOrders = false,
): TemplateResult {
  let sum = 0;
  const running = [...given].sort(byTime).map((row): Running => {
    sum += row.amount;
    return { row, after: sum };
  });
  const columns: Column<Running>[] = [
    { label: "What", cell: ({ row }) => rowLabel(row) },
    { label: "Change", figures: true, cell: ({ row }) => unit.change(row.amount) },
    {
      label: "Balance after",
      figures: true,
      cell: ({ after }) => html`<span class=${after < 0 ? "bad" : ""}>${unit.total(after)}</span>`,
    },
    ...(withOrders ? [{ label: "Order", cell: ({ row }: Running) => order(row) }] : []),
    {
      label: "When",
      figures: true,
      cell: ({ row }) => html`<cf-time .at=${Date.parse(row.at)}></cf-time>`,
    },
  ];
  return html`${sum === balance ? nothing : html`<cf-notice>These rows add up to ${unit.total(sum)}, but the balance is ${unit.total(balance)}. This must never happen: keep the data and check the log.</cf-notice>`}
  ${table(caption, columns, running, ({ row }) => row.id)}`;
}

function order({ order_id }: Row): TemplateResult {
  return order_id
    ? html`<a class="mono" href=${orderLink(order_id)} title=${order_id}>…${order_id.slice(-6)}</a>`
    : html`<span class="soft">none</span>`;
}

/** Rows of one transaction share a timestamp: credits sort before debits. */
function byTime(one: Row, other: Row): number {
  return Date.parse(one.at) - Date.parse(other.at) || other.amount - one.amount;
}
