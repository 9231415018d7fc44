// Counters: metrics and stored items.
import { html, type TemplateResult } from "lit";
import type { Metric, Snapshot } from "../api/state";
import "../ui/empty";
import { count } from "../ui/format";
import { hashWith } from "../ui/hash";
import { type Column, table } from "../ui/table";
import "../ui/time";

const metricColumns: Column<Metric>[] = [
  { label: "Metric", cell: (row) => html`${row.name}<small>${row.namespace}</small>` },
  {
    label: "Function",
    cell: ({ function: owner }) => html`<a href=${hashWith({ function: owner })}>${owner}</a>`,
  },
  {
    label: "Total",
    figures: true,
    cell: (row) => html`${count(row.total)}${row.unit === "Count" ? "" : ` ${row.unit}`}`,
  },
  { label: "Last", cell: (row) => html`<cf-time .at=${row.last_at}></cf-time>` },
];

export function metrics(snapshot: Snapshot): TemplateResult {
  if (snapshot.metrics.length === 0)
    return html`<cf-empty heading="No metrics yet">Metrics that functions emit appear here.</cf-empty>`;
  return table(
    "Metrics",
    metricColumns,
    snapshot.metrics,
    ({ namespace, name, function: owner }) => `${namespace}/${name}/${owner}`,
  );
}

interface Stored {
  name: string;
  what: string;
  holds: string;
}

const storageColumns: Column<Stored>[] = [
  { label: "Name", cell: (row) => row.name },
  { label: "Kind", cell: (row) => row.what },
  { label: "Holds", figures: true, cell: (row) => row.holds },
];

export function storage({ tables, buckets }: Snapshot): TemplateResult {
  const rows: Stored[] = [
    ...tables.map(({ name, items }) => ({ name, what: "table", holds: `${count(items)} items` })),
    ...buckets.map(({ name, objects }) => ({
      name,
      what: "bucket",
      holds: `${count(objects)} objects`,
    })),
  ];
  if (rows.length === 0)
    return html`<cf-empty heading="No storage">template.yaml has no tables or buckets yet.</cf-empty>`;
  return table("Tables and buckets", storageColumns, rows, ({ name, what }) => `${what}/${name}`);
}
