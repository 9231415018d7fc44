// The attention list: failing functions, mixed tenants and dead-letter queues. Empty when all is well.
import { html, nothing, type TemplateResult } from "lit";
import type { Snapshot } from "../api/state";
import { plural } from "../ui/format";
import { hashWith } from "../ui/hash";

export function attention({
  functions,
  queues,
  tenant_violations,
}: Snapshot): TemplateResult | typeof nothing {
  const stopped = functions.filter(({ state }) => state === "broken" || state === "missing");
  const dead = queues.filter((queue) => queue.is_dlq && queue.visible > 0);
  const mixed = [...new Set(tenant_violations.map((one) => one.function))];
  if (stopped.length + mixed.length + dead.length === 0) return nothing;
  return html`<ul class="attention" aria-label="Needs attention">
    ${stopped.map((one) => html`<li><a href=${hashWith({ function: one.name })}>${one.name}</a> is ${one.state}${one.message ? html`: ${firstLine(one.message)}` : nothing}</li>`)}
    ${mixed.map((name) => html`<li><a href=${hashWith({ function: name })}>${name}</a> touched keys of several tenants in one invocation</li>`)}
    ${dead.map(
      (queue) =>
        html`<li>${plural(queue.visible, "message")} exhausted every retry and ${queue.visible === 1 ? "is" : "are"} in <a href=${hashWith({ queue: queue.name })}>${queue.name}</a></li>`,
    )}
  </ul>`;
}

function firstLine(text: string): string {
  return text.split("\n", 1)[0] ?? "";
}
