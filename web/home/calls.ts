// AWS calls by function, with a total: the cost of one message.
import { html, nothing, type TemplateResult } from "lit";
import type { AwsCall, Snapshot } from "../api/state";
import "../ui/empty";
import { count, plural } from "../ui/format";
import { type Column, type Group, groupedTable } from "../ui/table";
import type { ExpandedGroups } from "./expanded";

const outside = "outside";

const total = (rows: AwsCall[], of: (row: AwsCall) => number) =>
  rows.reduce((sum, row) => sum + of(row), 0);
const orDash = (value: number) => (value === 0 ? html`<span class="soft">–</span>` : count(value));
const failed = (row: AwsCall) => row.errors - row.conditions;
const failures = (errors: number) =>
  html`<span class=${errors > 0 ? "bad" : "soft"}>${count(errors)}</span>`;

const columns: Column<AwsCall>[] = [
  {
    label: "Function and operation",
    cell: (row) => html`<span class="soft">${row.service}</span> ${row.operation}`,
  },
  {
    label: "Calls",
    figures: true,
    cell: (row) => count(row.count),
    sum: (rows) => count(total(rows, (row) => row.count)),
  },
  {
    label: "Errors",
    figures: true,
    cell: (row) => failures(failed(row)),
    sum: (rows) => failures(total(rows, failed)),
  },
  {
    label: "Conditions",
    figures: true,
    cell: (row) => orDash(row.conditions),
    sum: (rows) => orDash(total(rows, (row) => row.conditions)),
  },
  {
    label: "Read units",
    figures: true,
    cell: (row) => orDash(row.read_units),
    sum: (rows) => orDash(total(rows, (row) => row.read_units)),
  },
  {
    label: "Write units",
    figures: true,
    cell: (row) => orDash(row.write_units),
    sum: (rows) => orDash(total(rows, (row) => row.write_units)),
  },
];

export function awsCalls(snapshot: Snapshot, opened: ExpandedGroups): TemplateResult {
  const calls = [...snapshot.aws_calls].sort((a, b) => b.count - a.count);
  if (calls.length === 0)
    return html`<cf-empty heading="No AWS calls yet">Every SDK call of a function is counted here, by AWS's capacity rules.</cf-empty>`;
  const group = (title: string, note: unknown, rows: AwsCall[]): Group<AwsCall> => ({
    title,
    note,
    rows,
    open: opened.is(`calls ${title}`, false),
    toggle: () => opened.toggle(`calls ${title}`),
  });
  const callers = [...new Set(calls.map(({ caller }) => caller))].map((caller) => ({
    caller,
    rows: calls.filter((row) => row.caller === caller),
  }));
  const most = (rows: AwsCall[]) => total(rows, (row) => row.count);
  callers.sort(
    (a, b) =>
      Number(a.caller === outside) - Number(b.caller === outside) || most(b.rows) - most(a.rows),
  );
  const groups = [
    group("Total", nothing, byOperation(calls)),
    ...callers.map(({ caller, rows }) =>
      caller === outside
        ? group("Outside", "no function: tests, command lines, signed addresses", rows)
        : group(caller, each(snapshot, caller, rows), rows),
    ),
  ];
  return html`${groupedTable("AWS calls by function, the most frequent first", columns, groups, ({ service, operation }) => `${service}/${operation}`)}
    ${
      calls.some(({ conditions }) => conditions > 0)
        ? html`<p class="soft about">Conditions are expected answers, not errors: a conditional write that failed, or a HEAD of a missing object. A failed conditional write costs as much as a successful one.</p>`
        : nothing
    }`;
}

/** Average calls for one invocation. */
function each({ functions }: Snapshot, caller: string, rows: AwsCall[]): unknown {
  const { invocations = 0 } = functions.find(({ name }) => name === caller) ?? {};
  if (invocations === 0) return nothing;
  const a = (of: (row: AwsCall) => number) => total(rows, of) / invocations;
  const units = [
    some(
      a((row) => row.read_units),
      "read unit",
    ),
    some(
      a((row) => row.write_units),
      "write unit",
    ),
  ];
  return [
    `${plural(invocations, "invocation")} of ${some(
      a((row) => row.count),
      "call",
    )}`,
    ...units,
  ]
    .filter(Boolean)
    .join(", ");
}

/** Compares values as rendered: 1.04 shows as 1. */
function some(value: number, one: string): string {
  return value === 0 ? "" : plural(Math.round(value * 10) / 10, one);
}

function byOperation(calls: AwsCall[]): AwsCall[] {
  const sums = new Map<string, AwsCall>();
  for (const call of calls) {
    const key = `${call.service}/${call.operation}`;
    const known = sums.get(key);
    if (!known) sums.set(key, { ...call });
    else
      for (const name of ["count", "errors", "conditions", "read_units", "write_units"] as const)
        known[name] += call[name];
  }
  return [...sums.values()].sort((a, b) => b.count - a.count);
}
