// What a carousel cost: rows, their sum, and a warning when the sum is not the total.
import { html, nothing, type TemplateResult } from "lit";
import { count } from "../ui/format";
import "../ui/notice";
import { type Column, table } from "../ui/table";
import type { CostRow, Detail } from "./contract";
import { dollars, pricePerMillion, sumOf } from "./micros";
import { costWords } from "./words";

export function cost({ cost: rows, costMicros }: Detail): TemplateResult {
  if (rows.length === 0 && costMicros === 0)
    return html`<p class="soft small">Nothing was used yet.</p>`;
  const sum = sumOf(rows);
  const days = [...new Set(rows.map(({ priceDay }) => priceDay))];
  const columns: Column<CostRow>[] = [
    {
      label: "What",
      cell: ({ kind, priceDay }) =>
        html`${costWords(kind)}${days.length > 1 ? html`<small>price of ${priceDay}</small>` : nothing}`,
    },
    { label: "Units", figures: true, cell: ({ units }) => count(units) },
    {
      label: "A million",
      figures: true,
      cell: ({ microsPerBillion }) => pricePerMillion(microsPerBillion),
    },
    { label: "Cost", figures: true, cell: ({ micros }) => dollars(micros) },
  ];
  const key = ({ kind, priceDay, microsPerBillion }: CostRow) =>
    `${kind} ${priceDay} ${microsPerBillion}`;
  return html`${sum === costMicros ? nothing : html`<cf-notice>These rows add up to ${dollars(sum)}, but the total is ${dollars(costMicros)}. This must never happen: keep the data and check the log.</cf-notice>`}
    ${table("Cost rows", columns, rows, key)}
    <p class="sum"><span>Sum${days.length === 1 ? html` <span class="soft">at the prices of ${days[0]}</span>` : nothing}</span><strong class="figures">${dollars(sum)}</strong></p>`;
}
