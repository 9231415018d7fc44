// What runs by the clock, and what runs because something happened.
import { html, nothing, type TemplateResult } from "lit";
import type { Rule, Schedule, Snapshot } from "../api/state";
import "../ui/empty";
import { count } from "../ui/format";
import { hashWith } from "../ui/hash";
import { table, type Column } from "../ui/table";
import "../ui/time";
import { act, pathOf } from "../ui/act";

const scheduleColumns: Column<Schedule>[] = [
  { label: "Schedule", cell: (row) => html`${row.name}<small class="mono">${row.expression} ${row.timezone}</small>` },
  { label: "Runs", cell: (row) => html`<a href=${hashWith({ function: row.target })}>${row.target}</a>` },
  { label: "Next", cell: ({ next_at: at }) => (at === null ? html`<span class="soft">never again</span>` : html`<cf-time .at=${at}></cf-time>`) },
  { label: "Last", cell: ({ last_at: at }) => (at === null ? html`<span class="soft">not yet</span>` : html`<cf-time .at=${at}></cf-time>`) },
  {
    label: "Actions",
    actions: true,
    cell: (row) => html`<button class="button small" type="button" aria-label="Run now: ${row.name}" @click=${() => act("POST", pathOf("schedules", row.name, "run"), undefined, () => `Fired ${row.name}`)}>Run now</button>`,
  },
];

export function schedules(snapshot: Snapshot, now: number): TemplateResult {
  if (snapshot.schedules.length === 0) return html`<cf-empty heading="No schedules">template.yaml has none yet.</cf-empty>`;
  const soonest = [...snapshot.schedules].sort((a, b) => (a.next_at ?? Infinity) - (b.next_at ?? Infinity));
  const late = soonest.some(({ next_at: at }) => at !== null && at < now - 60_000);
  return html`${table("Schedules, the soonest first", scheduleColumns, soonest, ({ name }) => name)}${late ? html`<p class="warn">A schedule is more than a minute late.</p>` : nothing}`;
}

const ruleColumns: Column<Rule>[] = [
  { label: "Rule", cell: (row) => html`${row.name}<small>${row.bus}</small>` },
  { label: "Pattern", cell: (row) => html`<code class="mono soft">${JSON.stringify(row.pattern)}</code>` },
  { label: "Targets", cell: (row) => row.targets.join(", ") },
  { label: "Matched", figures: true, cell: (row) => count(row.matched) },
  { label: "Failed", figures: true, cell: (row) => html`<span class=${row.failed > 0 ? "bad" : ""}>${count(row.failed)}</span>` },
];

export function rules(snapshot: Snapshot): TemplateResult {
  if (snapshot.rules.length === 0) return html`<cf-empty heading="No event rules">template.yaml has none yet.</cf-empty>`;
  return table("Event rules", ruleColumns, snapshot.rules, ({ bus, name }) => `${bus}/${name}`);
}
