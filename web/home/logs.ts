// The log tail with its filters.
import { css, html, LitElement, nothing, type PropertyValues, type TemplateResult } from "lit";
import { customElement, property, query, state } from "lit/decorators.js";
import { repeat } from "lit/directives/repeat.js";
import type { Level, LogLine } from "../api/state";
import { base, controls } from "../ui/base";
import "../ui/empty";
import { exact, plural, preciseTime } from "../ui/format";
import { hashWith } from "../ui/hash";
import { icon } from "../ui/icons";
import "../ui/notice";
import "../ui/skeleton";
import { section, sectionStyle } from "../ui/section";
import type { Stream } from "../ui/stream";
import { type LogFilter, LogLines } from "./log-lines";

const levels: [Level, string][] = [
  ["DEBUG", "All levels"],
  ["INFO", "Info and up"],
  ["WARN", "Warnings and errors"],
  ["ERROR", "Errors"],
];

@customElement("home-logs")
export class Logs extends LitElement {
  static override styles = [
    base,
    controls,
    sectionStyle,
    css`
      .filters {
        display: flex;
        flex-wrap: wrap;
        gap: var(--s2);
      }
      .filters .input {
        font-size: var(--t2);
        max-inline-size: 100%;
      }
      .filters [type="search"] {
        inline-size: 14rem;
      }
      .tail {
        max-block-size: 22rem;
        overflow-y: auto;
        border-block: 1px solid var(--line);
        font: var(--t1) / 1.5 var(--mono);
        overscroll-behavior: contain;
      }
      .line {
        display: grid;
        grid-template-columns: 6.5rem 3rem 12rem minmax(0, 1fr);
        gap: 0 var(--s3);
        padding: 2px var(--s1);
        overflow-wrap: anywhere;
      }
      .line > a {
        text-decoration-color: transparent;
      }
      .line:hover {
        background: var(--sunken);
      }
      .line.WARN {
        background: var(--warn-soft);
      }
      .line.ERROR {
        background: var(--bad-soft);
      }
      .WARN .level {
        color: var(--warn);
      }
      .ERROR .level {
        color: var(--bad);
      }
      @media (max-width: 48rem) {
        .line {
          grid-template-columns: auto auto minmax(0, 1fr);
          padding-block: var(--s1);
        }
        .line .text {
          grid-column: 1 / -1;
        }
        .filters,
        .filters .input {
          inline-size: 100%;
        }
      }
    `,
  ];

  @property({ attribute: false }) stream!: Stream;
  @property({ attribute: false }) functions: string[] = [];
  @state() private wanted: LogFilter = { function: "", level: "DEBUG", text: "" };
  @query(".tail") private tail: HTMLElement | null | undefined;
  private log!: LogLines;
  #atEnd = true;

  override willUpdate(changed: PropertyValues<this>): void {
    if (changed.has("stream")) this.log = new LogLines(this.stream, () => this.requestUpdate());
  }

  override updated(): void {
    if (this.tail && this.#atEnd && !this.log.paused) this.tail.scrollTop = this.tail.scrollHeight;
  }

  override render() {
    const { paused, waiting } = this.log;
    const pause = html`<button class="button small" type="button" aria-pressed=${paused} @click=${() => this.log.pause(!paused)}>
        ${icon(paused ? "play" : "pause")} ${paused ? `Resume${waiting.length > 0 ? ` (${plural(waiting.length, "new line")})` : ""}` : "Pause"}
      </button>
      <button class="button small" type="button" @click=${() => this.log.clear()}>Clear</button>`;
    return section("logs", "Logs", html`${this.#filters()} ${pause}`, this.#content());
  }

  #filters(): TemplateResult {
    return html`<div class="filters" role="search" aria-label="Filter the log">
      <select class="input" aria-label="Function" @change=${(event: Event) => this.#want({ function: inputValue(event) })}>
        <option value="">All functions</option>
        ${this.functions.map((name) => html`<option value=${name}>${name}</option>`)}
      </select>
      <select class="input" aria-label="Level" @change=${(event: Event) => this.#want({ level: inputValue(event) as Level })}>
        ${levels.map(([level, words]) => html`<option value=${level}>${words}</option>`)}
      </select>
      <input class="input" type="search" aria-label="Text" placeholder="Text or id" @input=${(event: Event) => this.#want({ text: inputValue(event) })} />
    </div>`;
  }

  #want(change: Partial<LogFilter>): void {
    this.wanted = { ...this.wanted, ...change };
    this.#atEnd = true;
  }

  #content(): TemplateResult {
    const { lines, problem } = this.log;
    if (problem)
      return html`<cf-notice action="Try again" @retry=${() => this.log.load()}>${problem}</cf-notice>`;
    if (!lines) return html`<cf-skeleton lines="6"></cf-skeleton>`;
    if (lines.length === 0)
      return html`<cf-empty heading="No log lines yet">Log lines appear here as functions write them.</cf-empty>`;
    const shown = this.log.wanted(this.wanted);
    if (shown.length === 0)
      return html`<cf-empty heading="No matching lines">None of the ${plural(lines.length, "line")} kept here matches the filter.</cf-empty>`;
    return html`<div class="tail" role="log" aria-live="off" aria-label="Log lines" tabindex="0" @scroll=${this.#scrolled}>
      ${repeat(
        shown,
        ({ seq }) => seq,
        (line) => logLine(line),
      )}
    </div>`;
  }

  #scrolled(event: Event): void {
    const tail = event.target as HTMLElement;
    this.#atEnd = tail.scrollHeight - tail.scrollTop - tail.clientHeight < 24;
  }
}

function inputValue(event: Event): string {
  return (event.target as HTMLInputElement | HTMLSelectElement).value;
}

function logLine(line: LogLine): TemplateResult {
  const fields = Object.entries(line.fields);
  return html`<div class="line ${line.level}">
    <span class="soft" title=${exact(line.at)}>${preciseTime(line.at)}</span>
    <span class="level">${line.level}</span>
    <a href=${hashWith({ function: line.function })}>${line.function}</a>
    <span class="text">
      ${line.text}
      ${fields.map(([name, value]) => html` <span class="soft">${name}=${typeof value === "string" ? value : JSON.stringify(value)}</span>`)}
      ${line.correlation_id ? html` <a href=${hashWith({ trace: line.correlation_id, at: "timeline" })}>${line.correlation_id}</a>` : nothing}
    </span>
  </div>`;
}
