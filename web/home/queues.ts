// The queues table: each queue in one row, with its dead-letter queue beside it.
import { html, nothing, type TemplateResult } from "lit";
import type { Queue, Snapshot } from "../api/state";
import "../ui/empty";
import { count, span } from "../ui/format";
import { hashWith } from "../ui/hash";
import { type Column, table } from "../ui/table";

export function queues({ queues: all }: Snapshot): TemplateResult {
  if (all.length === 0)
    return html`<cf-empty heading="No queues">template.yaml has none yet.</cf-empty>`;
  const byName = new Map(all.map((queue) => [queue.name, queue]));
  const named = new Set(all.map(({ dlq }) => dlq));
  const rows = all.filter(({ name, is_dlq }) => !(is_dlq && named.has(name)));
  const columns: Column<Queue>[] = [
    {
      label: "Queue",
      cell: (row) =>
        html`<a href=${hashWith({ queue: row.name })}>${row.name}</a>${row.fifo ? html` <span class="badge">FIFO</span>` : nothing}`,
    },
    {
      label: "Consumer",
      cell: ({ consumer }) =>
        consumer
          ? html`<a href=${hashWith({ function: consumer })}>${consumer}</a>`
          : html`<span class="soft">none</span>`,
    },
    { label: "Waiting", figures: true, cell: (row) => count(row.visible) },
    { label: "In flight", figures: true, cell: (row) => count(row.in_flight) },
    { label: "Delayed", figures: true, cell: (row) => count(row.delayed) },
    {
      label: "Oldest",
      figures: true,
      cell: ({ oldest_age_ms: age }) =>
        age === null ? html`<span class="soft">–</span>` : span(age),
    },
    {
      label: "Dead letters",
      figures: true,
      cell: ({ dlq }) => deadLetters(dlq ? byName.get(dlq) : undefined),
    },
  ];
  return table("Queues", columns, rows, ({ name }) => name);
}

function deadLetters(dlq: Queue | undefined): TemplateResult {
  if (!dlq) return html`<span class="soft">no DLQ</span>`;
  const waiting = dlq.visible + dlq.in_flight + dlq.delayed;
  return html`<a class=${waiting > 0 ? "bad" : ""} href=${hashWith({ queue: dlq.name })} title=${dlq.name}>${count(waiting)} in DLQ<span class="only-read"> ${dlq.name}</span></a>`;
}
