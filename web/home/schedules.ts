// Schedules and event rules.
import { html, nothing, type TemplateResult } from "lit";
import type { Rule, Schedule, Snapshot } from "../api/state";
import "../ui/empty";
import { count } from "../ui/format";
import { hashWith } from "../ui/hash";
import { type Column, table } from "../ui/table";
import "../ui/time";
import { pathOf, runAction } from "../ui/action";
import { patternWords } from "./pattern";
import { pretty } from "./pretty";

const scheduleColumns: Column<Schedule>[] = [
  {
    label: "Function",
    cell: (row) =>
      html`<a href=${hashWith({ function: row.target })} title=${row.name}>${row.target}</a>`,
  },
  {
    label: "When",
    cell: (row) =>
      html`<span class="mono">${row.expression}</span>${row.expression.startsWith("rate(") ? nothing : html` <span class="soft">${row.timezone}</span>`}`,
  },
  {
    label: "Next",
    cell: ({ next_at: at }) =>
      at === null
        ? html`<span class="soft">no next run</span>`
        : html`<cf-time .at=${at}></cf-time>`,
  },
  {
    label: "Last",
    cell: ({ last_at: at }) =>
      at === null ? html`<span class="soft">not yet</span>` : html`<cf-time .at=${at}></cf-time>`,
  },
  {
    label: "Actions",
    actions: true,
    cell: (row) =>
      html`<button class="button small" type="button" aria-label="Run now: ${row.name}" @click=${() => runAction("POST", pathOf("schedules", row.name, "run"), undefined, () => `Fired ${row.name}`)}>Run now</button>`,
  },
];

export function schedules(snapshot: Snapshot, now: number): TemplateResult {
  if (snapshot.schedules.length === 0)
    return html`<cf-empty heading="No schedules">template.yaml has none yet.</cf-empty>`;
  const soonest = [...snapshot.schedules].sort(
    (a, b) => (a.next_at ?? Infinity) - (b.next_at ?? Infinity),
  );
  const late = soonest.some(({ next_at: at }) => at !== null && at < now - 60_000);
  return html`${table("Schedules, the soonest first", scheduleColumns, soonest, ({ name }) => name)}${late ? html`<p class="warn">A schedule is more than a minute late.</p>` : nothing}`;
}

const ruleColumns: Column<Rule>[] = [
  { label: "Rule", cell: (row) => html`${row.name}<small>bus ${row.bus}</small>` },
  {
    label: "Events",
    wide: true,
    cell: (row) => html`<span>${patternWords(row.pattern)}</span>
      <details>
        <summary>JSON<span class="only-read"> of ${row.name}</span></summary>
        <pre class="mono" tabindex="0" aria-label="Pattern of ${row.name}">${pretty(row.pattern)}</pre>
      </details>`,
  },
  {
    label: "Targets",
    wide: true,
    cell: (row) =>
      html`<ul>${row.targets.map((target) => html`<li>${targetLink(target)}</li>`)}</ul>`,
  },
  { label: "Matched", figures: true, cell: (row) => count(row.matched) },
  {
    label: "Failed",
    figures: true,
    cell: (row) => html`<span class=${row.failed > 0 ? "bad" : ""}>${count(row.failed)}</span>`,
  },
];

/** `queue X` or `function Y`. */
function targetLink(target: string): TemplateResult {
  const [kind = "", name = ""] = target.split(" ");
  if (kind !== "queue" && kind !== "function") return html`${target}`;
  return html`<span class="soft">${kind}</span> <a href=${hashWith({ [kind]: name })}>${name}</a>`;
}

export function rules(snapshot: Snapshot): TemplateResult {
  if (snapshot.rules.length === 0)
    return html`<cf-empty heading="No event rules">template.yaml has none yet.</cf-empty>`;
  return table("Event rules", ruleColumns, snapshot.rules, ({ bus, name }) => `${bus}/${name}`);
}
