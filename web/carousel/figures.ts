// Counts, durations by stage, the funnel and alerts of the last hours.
import { css, html, LitElement, nothing, type PropertyValues, type TemplateResult } from "lit";
import { customElement, property, state } from "lit/decorators.js";
import { base, controls } from "../ui/base";
import { explain } from "../ui/call";
import "../ui/empty";
import { figuresStyle } from "../ui/figures";
import { count } from "../ui/format";
import { writeHash } from "../ui/hash";
import "../ui/notice";
import { section, sectionStyle } from "../ui/section";
import "../ui/skeleton";
import "../ui/status";
import { type Column, table, tableStyle } from "../ui/table";
import { alertList, alertListStyle } from "./alert-list";
import type { CarouselApi } from "./api";
import { compactStyle } from "./compact.style";
import type { Stats } from "./contract";
import { counts, countsStyle } from "./counts";
import { funnel, funnelStyle } from "./funnel";
import { eventsLink } from "./links";
import type { Live } from "./live";
import "./stage-chart";

const ranges: [hours: number, label: string][] = [
  [6, "6 hours"],
  [24, "24 hours"],
  [72, "3 days"],
  [168, "7 days"],
];

@customElement("carousel-figures")
export class Figures extends LitElement {
  static override styles = [
    base,
    controls,
    tableStyle,
    compactStyle,
    sectionStyle,
    figuresStyle,
    alertListStyle,
    countsStyle,
    funnelStyle,
    css`
      :host {
        display: grid;
        grid-template-columns: minmax(0, 1fr);
        gap: var(--s5);
      }
      .head {
        display: flex;
        flex-wrap: wrap;
        align-items: center;
        justify-content: space-between;
        gap: var(--s2) var(--s4);
      }
      .head h2 {
        font-size: var(--t5);
        font-weight: 650;
        letter-spacing: -0.01em;
      }
      .head label {
        color: var(--ink-soft);
        font-size: var(--t2);
      }
      .pair {
        display: grid;
        grid-template-columns: repeat(auto-fit, minmax(min(100%, 26rem), 1fr));
        gap: var(--s5) var(--s6);
        align-items: start;
      }
    `,
  ];

  @property({ attribute: false }) api!: CarouselApi;
  @property({ attribute: false }) live!: Live;
  @property({ type: Number }) turn = 0;
  @property({ type: Number }) hours = 24;
  @state() private stats: Stats | undefined;
  @state() private problem = "";
  #asked = 0;

  override willUpdate(changed: PropertyValues<this>): void {
    if (changed.has("hours")) this.stats = undefined;
    if (changed.has("hours") || changed.has("turn")) void this.#load();
  }

  async #load(): Promise<void> {
    const asked = ++this.#asked;
    const query = { hours: String(this.hours) };
    try {
      const stats = await this.api.call<Stats>("GET", "/stats", { query });
      if (asked !== this.#asked) return;
      this.stats = stats;
      this.problem = "";
      this.live.seen(stats);
    } catch (error) {
      if (asked === this.#asked) this.problem = explain(error);
    }
  }

  override render() {
    const { stats, problem } = this;
    return html`
      <header class="head">
        <h2>Figures</h2>
        <label>Of the last <select class="input" @change=${this.#chosen}>
          ${ranges.map(([hours, label]) => html`<option value=${hours} ?selected=${hours === this.hours}>${label}</option>`)}
        </select></label>
      </header>
      ${problem ? html`<cf-notice action="Try again" @retry=${() => this.live.now()}>${problem}${stats ? " This is how things were." : ""}</cf-notice>` : nothing}
      ${stats ? this.#shown(stats) : problem ? nothing : html`<cf-skeleton lines="10"></cf-skeleton>`}
    `;
  }

  #shown(stats: Stats): TemplateResult {
    return html`
      ${section("counts", "Counts", nothing, counts(stats))}
      ${section("stages", "Durations", html`<span class="soft">by hour of their end</span>`, html`<stage-chart .hours=${stats.stages}></stage-chart>`)}
      <div class="pair">
        ${section("funnel", "Funnel", nothing, funnel(stats.funnel))}
        ${section("alerts", "Alerts", nothing, stats.alerts.length === 0 ? html`<cf-empty heading="No alerts">No rule was broken in this time.</cf-empty>` : alertList(stats.alerts))}
        ${section("bus", "Events on the bus", busState(stats), this.#bus(stats))}
      </div>
    `;
  }

  #bus({ eventBus }: Stats): TemplateResult {
    const rows = Object.entries(eventBus.eventCountsByType).sort(
      ([one, less], [other, more]) => more - less || one.localeCompare(other),
    );
    if (rows.length === 0)
      return html`<cf-empty heading="No events yet">Each request publishes its first events at once.</cf-empty>`;
    const columns: Column<[string, number]>[] = [
      {
        label: "Type",
        cell: ([type]) => html`<a class="mono" href=${eventsLink({ type })}>${type}</a>`,
      },
      { label: "Events", figures: true, cell: ([, events]) => count(events) },
    ];
    const caption = "Events by type, the most frequent first";
    return html`<div class="compact">${table(caption, columns, rows, ([type]) => type)}</div>`;
  }

  #chosen(event: Event): void {
    writeHash({ hours: (event.target as HTMLSelectElement).value });
  }
}

function busState({ eventBus }: Stats): TemplateResult {
  const { isRunning, totalEventsProcessed, totalSubscriptions } = eventBus;
  return html`<span class="soft">${count(totalEventsProcessed)} processed, ${count(totalSubscriptions)} subscriptions</span>
    <cf-status tone=${isRunning ? "good" : "bad"}>${isRunning ? "Running" : "Stopped"}</cf-status>`;
}
