// One function in full: limits, the figures behind its sparkline, and a form to invoke it.
import { css, html, LitElement, nothing, type TemplateResult } from "lit";
import { customElement, property, state } from "lit/decorators.js";
import type { FunctionState } from "../api/state";
import { base, controls } from "../ui/base";
import { call, explain } from "../ui/call";
import "../ui/dialog";
import { count, duration } from "../ui/format";
import { writeHash } from "../ui/hash";
import "../ui/notice";
import { table, tableStyle } from "../ui/table";
import "../ui/time";
import { pathOf } from "../ui/action";
import { figures, figuresStyle } from "../ui/figures";
import { kill, stateOf, triggersOf } from "./functions";
import { pretty } from "./pretty";

interface Invocation {
  status: "ok" | "error";
  payload: unknown;
  duration_ms: number;
}

@customElement("function-drawer")
export class FunctionDrawer extends LitElement {
  static override styles = [
    base,
    controls,
    tableStyle,
    figuresStyle,
    css`
      .body {
        display: grid;
        grid-template-columns: minmax(0, 1fr);
        gap: var(--s4);
      }
      textarea,
      pre {
        inline-size: 100%;
        font-family: var(--mono);
        font-size: var(--t1);
      }
      pre {
        max-block-size: 20rem;
        padding: var(--s3);
        overflow: auto;
        border-radius: var(--r1);
        background: var(--sunken);
        white-space: pre-wrap;
        overflow-wrap: anywhere;
      }
      h3 {
        font-size: var(--t3);
        font-weight: 600;
      }
      form {
        display: grid;
        gap: var(--s2);
      }
      .row {
        display: flex;
        flex-wrap: wrap;
        align-items: center;
        gap: var(--s2) var(--s4);
      }
    `,
  ];

  @property({ attribute: false }) shown: FunctionState | undefined;
  @state() private answer: Invocation | undefined;
  @state() private problem = "";
  @state() private busy = false;

  override willUpdate(changed: Map<PropertyKey, unknown>): void {
    const before = changed.get("shown") as FunctionState | undefined;
    if (changed.has("shown") && before?.name !== this.shown?.name) {
      this.answer = undefined;
      this.problem = "";
    }
  }

  override render() {
    return html`<cf-dialog kind="drawer" .open=${this.shown !== undefined} heading=${this.shown?.name ?? ""} @dismiss=${() => writeHash({ function: null }, "replace")}>
      ${this.shown ? this.#body(this.shown) : nothing}
    </cf-dialog>`;
  }

  #body(shown: FunctionState): TemplateResult {
    return html`<div class="body">
      <div class="row">
        ${stateOf(shown)} ${triggersOf(shown)}
        <button class="button small danger" type="button" ?disabled=${shown.instances === 0} @click=${() => kill(shown)}>Kill its processes</button>
      </div>
      ${shown.message ? html`<pre tabindex="0">${shown.message}</pre>` : nothing}
      ${figures([
        ["Processes", `${count(shown.instances)}, at most ${count(shown.concurrency)} at once`],
        ["Busy", count(shown.in_flight)],
        ["Timeout", duration(shown.timeout_ms)],
        ["Memory", `${count(shown.memory_mb)} MB`],
        ["Invocations", count(shown.invocations)],
        ["Cold starts", count(shown.cold_starts)],
        ["Errors", count(shown.errors)],
        ["Timeouts", count(shown.timeouts)],
        ["Throttles", count(shown.throttles)],
        ["Last run", shown.last_at ? html`<cf-time .at=${shown.last_at}></cf-time>` : "never"],
        ["Service", shown.service ?? "–"],
        ["Logical id", shown.logical_id],
      ])}
      ${this.#invoke(shown)} ${this.#recent(shown.recent_ms)}
    </div>`;
  }

  #invoke(shown: FunctionState): TemplateResult {
    return html`<form @submit=${(event: SubmitEvent) => this.#send(event, shown.name)}>
      <label class="field">
        Invoke with an event
        <textarea class="input" name="event" rows="5" spellcheck="false" required>{}</textarea>
      </label>
      <div class="row">
        <button class="button main" ?disabled=${this.busy}>${this.busy ? "Running" : "Invoke"}</button>
        ${this.answer ? html`<span class=${this.answer.status === "ok" ? "soft" : "bad"}>${this.answer.status} in ${duration(this.answer.duration_ms)}</span>` : nothing}
      </div>
      ${this.problem ? html`<cf-notice>${this.problem}</cf-notice>` : nothing} ${this.answer ? html`<pre tabindex="0">${pretty(this.answer.payload)}</pre>` : nothing}
    </form>`;
  }

  async #send(event: SubmitEvent, name: string): Promise<void> {
    event.preventDefault();
    this.problem = "";
    this.answer = undefined;
    let body: unknown;
    try {
      body = JSON.parse(String(new FormData(event.target as HTMLFormElement).get("event")));
    } catch (error) {
      this.problem = `The event is not JSON. ${explain(error)}`;
      return;
    }
    this.busy = true;
    try {
      this.answer = await call<Invocation>("POST", pathOf("functions", name, "invoke"), body);
    } catch (error) {
      this.problem = explain(error);
    }
    this.busy = false;
  }

  #recent(values: number[]): TemplateResult | typeof nothing {
    if (values.length === 0) return nothing;
    const rows = values.map((ms, index) => ({ ms, ago: values.length - index })).reverse();
    return html`<div>
      <h3>Recent durations</h3>
      ${table(
        "Recent durations, newest first",
        [
          {
            label: "Invocation",
            cell: ({ ago }) => (ago === 1 ? "the latest" : `${count(ago - 1)} earlier`),
          },
          { label: "Duration", figures: true, cell: ({ ms }) => duration(ms) },
        ],
        rows,
        ({ ago }) => ago,
      )}
    </div>`;
  }
}
