// The live timeline: recent correlation ids, and one trace through the system.
import { html, LitElement, nothing, type PropertyValues, type TemplateResult } from "lit";
import { customElement, property } from "lit/decorators.js";
import { repeat } from "lit/directives/repeat.js";
import type { Entry, Trace } from "../api/state";
import { base, controls } from "../ui/base";
import "../ui/empty";
import { duration, exact, plural } from "../ui/format";
import { hashWith, writeHash } from "../ui/hash";
import { type IconName, icon } from "../ui/icons";
import "../ui/notice";
import "../ui/skeleton";
import type { Stream } from "../ui/stream";
import "../ui/time";
import { section, sectionStyle } from "../ui/section";
import { timelineStyle } from "./timeline.style";
import { Traces } from "./traces";

const kinds: Record<Entry["kind"], IconName> = {
  http: "forward",
  queue: "queue",
  function: "bolt",
  provider: "chat",
  event: "link",
  schedule: "clock",
};

@customElement("home-timeline")
export class Timeline extends LitElement {
  static override styles = [base, controls, sectionStyle, timelineStyle];

  @property({ attribute: false }) stream!: Stream;
  /** Empty: the newest one. */
  @property() selected = "";
  private traces!: Traces;

  override willUpdate(changed: PropertyValues<this>): void {
    if (changed.has("stream")) this.traces = new Traces(this.stream, () => this.requestUpdate());
    this.traces.show(this.#shown);
  }

  get #shown(): string {
    return this.selected || (this.traces.list?.[0]?.correlation_id ?? "");
  }

  override render() {
    const follow = html`<label class="follow"><input type="checkbox" .checked=${this.selected === ""} @change=${this.#follow} /> Follow the newest</label>`;
    return section("timeline", "Timeline", follow, this.#content());
  }

  #follow(event: Event): void {
    const on = (event.target as HTMLInputElement).checked;
    writeHash({ trace: on ? null : this.#shown, at: null }, "replace");
  }

  #content(): TemplateResult {
    const { list, problem } = this.traces;
    if (problem)
      return html`<cf-notice action="Try again" @retry=${() => this.traces.load()}>${problem}</cf-notice>`;
    if (!list) return html`<cf-skeleton lines="5"></cf-skeleton>`;
    if (list.length === 0 && !this.selected) {
      return html`<cf-empty heading="No activity yet">Say “hi” on <a href="/phone">the phone</a>, and its trace through the functions appears here.</cf-empty>`;
    }
    return html`<div class="two">
      <ol class="traces" aria-label="Recent correlation ids, the newest first">
        ${repeat(
          list,
          ({ correlation_id: id }) => id,
          (trace) => this.#trace(trace),
        )}
      </ol>
      <div class="way" tabindex="0" role="region" aria-label="Trace of ${this.#shown}">${this.#way()}</div>
    </div>`;
  }

  #trace(trace: Trace): TemplateResult {
    const id = trace.correlation_id;
    return html`<li>
      <a href=${hashWith({ trace: id, at: null })} aria-current=${id === this.#shown ? "true" : nothing}>
        <span class="title">${trace.title}</span>
        <cf-time class="soft" .at=${trace.last_at}></cf-time>
        <span class="mono soft id">${id}</span>
        <span class="soft steps">${trace.errors > 0 ? html`<span class="bad">${plural(trace.errors, "error")}</span> in ` : nothing}${plural(trace.entries, "step")}</span>
      </a>
    </li>`;
  }

  #way(): TemplateResult {
    const { entries } = this.traces;
    if (!entries) return html`<cf-skeleton lines="6"></cf-skeleton>`;
    const first = entries[0];
    const last = entries.at(-1);
    if (!first || !last)
      return html`<cf-empty heading="No entries">local has none for ${this.#shown}. It may be older than local's history.</cf-empty>`;
    const longest = Math.max(...entries.map((entry) => entry.duration_ms ?? 0), 0.001);
    return html`<p class="sum">
        <span class="mono">${this.#shown}</span>
        <span class="soft">${plural(entries.length, "step")} over ${duration(last.at - first.at)}, from ${exact(first.at)}</span>
      </p>
      <ol class="entries">
        ${repeat(
          entries,
          ({ seq }) => seq,
          (entry) => step(entry, entry.at - first.at, longest),
        )}
      </ol>`;
  }
}

function step(entry: Entry, after: number, longest: number): TemplateResult {
  const { duration_ms: took } = entry;
  return html`<li class=${entry.ok ? "" : "failed"}>
    <span class="after soft" title=${exact(entry.at)}>${after === 0 ? "start" : `+${duration(after)}`}</span>
    <span class="node">${icon(entry.ok ? kinds[entry.kind] : "failed")}</span>
    <div class="what">
      <p><span class="soft">${entry.kind}</span> <strong>${entry.name}</strong>${entry.ok ? nothing : html` <span class="badge bad">failed</span>`}</p>
      <p class="text">${entry.text}</p>
      ${entry.ref ? html`<p class="mono soft ref">${entry.ref}</p>` : nothing}
    </div>
    ${
      took === null
        ? html`<span></span>`
        : html`<span class="took">
          ${duration(took)}
          <svg viewBox="0 0 100 3" preserveAspectRatio="none" aria-hidden="true"><rect width=${Math.max(1, (took / longest) * 100)} height="3" /></svg>
        </span>`
    }
  </li>`;
}
