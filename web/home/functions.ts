// The functions table.
import { html, nothing, type TemplateResult } from "lit";
import type { FunctionState, Snapshot } from "../api/state";
import { count, duration } from "../ui/format";
import { hashWith } from "../ui/hash";
import "../ui/empty";
import "../ui/sparkline";
import "../ui/status";
import type { Tone } from "../ui/status";
import { table, type Column } from "../ui/table";
import "../ui/time";
import { act, pathOf } from "../ui/act";

const tones: Record<FunctionState["state"], Tone> = { ready: "good", building: "warn", missing: "bad", broken: "bad" };

export function stateOf({ state }: FunctionState): TemplateResult {
  return html`<cf-status tone=${tones[state]}>${state}</cf-status>`;
}

export function triggersOf({ triggers }: FunctionState): TemplateResult {
  return triggers.length === 0 ? html`<span class="soft">invoked by hand</span>` : html`<span class="mono soft">${triggers.join(", ")}</span>`;
}

export function kill({ name }: FunctionState): Promise<unknown> {
  return act<{ killed: number }>("POST", pathOf("functions", name, "kill"), undefined, ({ killed }) =>
    killed === 0 ? `${name} had no process running` : `Killed ${killed} of ${name} with SIGKILL`,
  );
}

const failures = (row: FunctionState) => row.errors + row.timeouts;
const orDash = (ms: number | null | undefined) => (ms == null ? "–" : duration(ms));

const columns: Column<FunctionState>[] = [
  { label: "Function", cell: (row) => html`<a href=${hashWith({ function: row.name })}>${row.name}</a><small>${triggersOf(row)}</small>` },
  { label: "State", cell: stateOf },
  { label: "Processes", figures: true, minor: true, cell: (row) => html`${row.in_flight > 0 ? `${count(row.in_flight)} busy of ` : nothing}${count(row.instances)}` },
  { label: "Invocations", figures: true, cell: (row) => count(row.invocations) },
  { label: "Cold starts", figures: true, cell: (row) => count(row.cold_starts) },
  {
    label: "Errors",
    figures: true,
    cell: (row) => html`<span class=${failures(row) > 0 ? "bad" : ""}>${count(failures(row))}</span>${row.throttles > 0 ? html` <small class="warn">${count(row.throttles)} throttled</small>` : nothing}`,
  },
  { label: "p50", figures: true, cell: (row) => orDash(row.duration_ms?.p50) },
  { label: "p99", figures: true, cell: (row) => orDash(row.duration_ms?.p99) },
  { label: "Recent", cell: (row) => (row.recent_ms.length > 0 ? html`<cf-sparkline .values=${row.recent_ms}></cf-sparkline>` : html`<span class="soft">–</span>`) },
  { label: "Last", minor: true, cell: (row) => (row.last_at ? html`<cf-time .at=${row.last_at}></cf-time>` : html`<span class="soft">never</span>`) },
  {
    label: "Actions",
    actions: true,
    cell: (row) => html`<button class="button small danger" type="button" ?disabled=${row.instances === 0} aria-label="Kill ${row.name}" title="SIGKILL its processes, as a crash would" @click=${() => kill(row)}>Kill</button>`,
  },
];

export function functions(snapshot: Snapshot): TemplateResult {
  if (snapshot.functions.length === 0) return html`<cf-empty heading="No functions">template.yaml has none yet. A function that is added to it shows up here.</cf-empty>`;
  return table("Functions", columns, snapshot.functions, ({ name }) => name);
}
