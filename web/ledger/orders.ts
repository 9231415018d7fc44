// The day's orders, newest first. Each row opens its order.
import { html, nothing, type TemplateResult } from "lit";
import type { Order } from "../api/ledger";
import { change, money } from "../ui/money";
import { type Column, table } from "../ui/table";
import "../ui/time";
import { accountLink, orderLink } from "./paths";
import type { Day } from "./store";
import { flagWords, stateBadge } from "./words";

export function orders({ orders: rows, comparison, underway }: Day): TemplateResult {
  const columns: Column<Order>[] = [
    {
      label: "Order",
      cell: ({
        id,
        purchase,
        flags = {},
      }) => html`<a href=${orderLink(id)} aria-label="${purchase.item}, order ${id}">${purchase.item}</a>
        ${[...new Set(Object.values(flags))].map((flag) => html`<span class="badge bad">${flagWords[flag].what}</span>`)}<small class="mono">${id}</small>`,
    },
    { label: "State", cell: (order) => stateBadge(order) },
    {
      label: "Payer",
      cell: ({ purchase: { product, payer } }) =>
        html`<a href=${accountLink(product, payer)} dir="auto">${payer}</a><small>${product}</small>`,
    },
    { label: "Amount", figures: true, cell: ({ price }) => money(price.minor, price.currency) },
    {
      label: "Balance",
      figures: true,
      cell: (order) => balance(order, comparison.differing.get(order.id), underway),
    },
    {
      label: "Age",
      figures: true,
      cell: ({ created_at }) => html`<cf-time .at=${Date.parse(created_at)}></cf-time>`,
    },
  ];
  return table("Orders, the newest first", columns, rows, ({ id }) => id);
}

function balance(
  { balance: left, received, price }: Order,
  atStripe: number | undefined,
  underway: number,
): TemplateResult {
  const words = money(left, price.currency);
  const back = left - received;
  return html`${received === 0 ? html`<span class="soft">${words}</span>` : words}${back === 0 ? nothing : html`<small>${change(back, price.currency)}</small>`}${
    atStripe === undefined
      ? nothing
      : html`<small class=${underway > 0 ? "warn" : "bad"}>Stripe: ${money(atStripe, price.currency)}</small>`
  }`;
}
