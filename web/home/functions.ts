// The functions table, by service.
import { html, nothing, type TemplateResult } from "lit";
import type { FunctionState, Snapshot } from "../api/state";
import { count, duration, plural } from "../ui/format";
import { hashWith } from "../ui/hash";
import "../ui/empty";
import "../ui/sparkline";
import "../ui/status";
import type { Tone } from "../ui/status";
import { type Column, type Group, groupedTable } from "../ui/table";
import "../ui/time";
import { pathOf, runAction } from "../ui/action";
import type { ExpandedGroups } from "./expanded";

const tones: Record<FunctionState["state"], Tone> = {
  ready: "good",
  building: "warn",
  missing: "bad",
  broken: "bad",
};

export function stateOf({ state }: FunctionState): TemplateResult {
  return html`<cf-status tone=${tones[state]}>${state}</cf-status>`;
}

export function triggersOf({ triggers }: FunctionState): TemplateResult {
  return triggers.length === 0
    ? html`<span class="soft">manual only</span>`
    : html`<span class="mono soft">${triggers.join(", ")}</span>`;
}

export function kill({ name }: FunctionState): Promise<unknown> {
  return runAction<{ killed: number }>(
    "POST",
    pathOf("functions", name, "kill"),
    undefined,
    ({ killed }) =>
      killed === 0 ? `${name} had no process running` : `Killed ${killed} of ${name} with SIGKILL`,
  );
}

const took = (ms: number | null | undefined) => (ms == null ? nothing : duration(ms));
const total = (rows: FunctionState[], of: (row: FunctionState) => number) =>
  rows.reduce((sum, row) => sum + of(row), 0);
const failures = (errors: number) =>
  html`<span class=${errors > 0 ? "bad" : ""}>${count(errors)}</span>`;

function startedBy(row: FunctionState): TemplateResult {
  const [first, ...others] = row.triggers;
  if (first === undefined) return triggersOf(row);
  return html`<span class="clip mono soft" title=${row.triggers.join("\n")}><span>${first}</span>${others.length > 0 ? html`<span>+${others.length}</span>` : nothing}</span>`;
}

const columns: Column<FunctionState>[] = [
  {
    label: "Function",
    cell: (row) => html`<a href=${hashWith({ function: row.name })}>${row.name}</a>`,
  },
  { label: "Started by", minor: true, cell: startedBy },
  { label: "State", cell: stateOf },
  {
    label: "Processes",
    figures: true,
    minor: true,
    cell: (row) =>
      html`${row.in_flight > 0 ? `${count(row.in_flight)} busy of ` : nothing}${count(row.instances)}`,
    sum: (rows) => count(total(rows, (row) => row.instances)),
  },
  {
    label: "Invocations",
    figures: true,
    cell: (row) => count(row.invocations),
    sum: (rows) => count(total(rows, (row) => row.invocations)),
  },
  {
    label: "Cold starts",
    figures: true,
    cell: (row) => count(row.cold_starts),
    sum: (rows) => count(total(rows, (row) => row.cold_starts)),
  },
  {
    label: "Errors",
    figures: true,
    cell: (row) =>
      html`${failures(row.errors)}${row.throttles > 0 ? html` <small class="warn">${count(row.throttles)} throttled</small>` : nothing}`,
    sum: (rows) => failures(total(rows, (row) => row.errors)),
  },
  { label: "p50", figures: true, cell: (row) => took(row.duration_ms?.p50) },
  { label: "p99", figures: true, cell: (row) => took(row.duration_ms?.p99) },
  {
    label: "Recent",
    cell: (row) =>
      row.recent_ms.length > 0
        ? html`<cf-sparkline .values=${row.recent_ms}></cf-sparkline>`
        : nothing,
  },
  {
    label: "Last",
    minor: true,
    cell: (row) =>
      row.last_at
        ? html`<cf-time .at=${row.last_at}></cf-time>`
        : html`<span class="soft">never</span>`,
  },
  {
    label: "Actions",
    actions: true,
    cell: (row) =>
      row.instances === 0
        ? nothing
        : html`<button class="button small danger" type="button" aria-label="Kill ${row.name}" title="SIGKILL its processes, as a crash would" @click=${() => kill(row)}>Kill</button>`,
  },
];

export function functions(snapshot: Snapshot, opened: ExpandedGroups): TemplateResult {
  if (snapshot.functions.length === 0)
    return html`<cf-empty heading="No functions">template.yaml has none yet. Functions appear here once they are added.</cf-empty>`;
  return groupedTable(
    "Functions by service",
    columns,
    services(snapshot, opened),
    ({ name }) => name,
  );
}

/** A service without invocations starts collapsed, unless nothing has run anywhere. */
function services(
  { functions: all, products }: Snapshot,
  opened: ExpandedGroups,
): Group<FunctionState>[] {
  const names = [...products.map(({ name }) => name), ...all.map(({ service }) => service ?? "")];
  return [...new Set(names)].flatMap((service) => {
    const rows = all.filter((row) => (row.service ?? "") === service);
    if (rows.length === 0) return [];
    const idle = rows.filter(({ invocations }) => invocations === 0).length;
    const looked =
      idle < rows.length ||
      rows.some(({ state }) => state !== "ready") ||
      total(all, (row) => row.invocations) === 0;
    return {
      title:
        products.find(({ name }) => name === service)?.title ??
        (service ? service.charAt(0).toUpperCase() + service.slice(1) : "Other functions"),
      note: `${plural(rows.length, "function")}${idle === rows.length ? ", none has run" : idle > 0 ? `, ${count(idle)} not run` : ""}`,
      rows,
      open: opened.is(`service ${service}`, looked),
      toggle: () => opened.toggle(`service ${service}`),
    };
  });
}
