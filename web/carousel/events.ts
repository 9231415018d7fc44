// The event history with filters, page by page, and how to replay it.
import { css, html, LitElement, nothing, type PropertyValues, type TemplateResult } from "lit";
import { customElement, property, state } from "lit/decorators.js";
import { base, controls } from "../ui/base";
import { explain } from "../ui/call";
import "../ui/empty";
import { exact } from "../ui/format";
import { writeHash } from "../ui/hash";
import "../ui/notice";
import "../ui/skeleton";
import { type Column, table, tableStyle } from "../ui/table";
import "../ui/time";
import type { CarouselApi } from "./api";
import type { CarouselEvent, Events } from "./contract";
import { eventJson, eventStyle, subjectOf, summaryOf } from "./event-data";
import { eventTypes, type Filters, filtersOf, isFiltered, queryOf } from "./event-query";
import { carouselLink, eventsLink } from "./links";
import type { Live } from "./live";
import "./replay";

const PAGE_SIZE = 50;

@customElement("carousel-events")
export class EventHistory extends LitElement {
  static override styles = [
    base,
    controls,
    tableStyle,
    eventStyle,
    css`
      :host {
        display: grid;
        grid-template-columns: minmax(0, 1fr);
        gap: var(--s4);
      }
      h2 {
        font-size: var(--t5);
        font-weight: 650;
        letter-spacing: -0.01em;
      }
      form {
        display: flex;
        flex-wrap: wrap;
        align-items: end;
        gap: var(--s3);
      }
      form .field {
        flex: 1 1 11rem;
        max-inline-size: 20rem;
      }
      .cell small {
        display: block;
        color: var(--ink-soft);
        font-size: var(--t1);
      }
      .more {
        display: flex;
        align-items: center;
        gap: var(--s3);
        font-size: var(--t2);
      }
      @media (max-width: 30rem) {
        form .field {
          flex-basis: 100%;
          max-inline-size: none;
        }
      }
    `,
  ];

  @property({ attribute: false }) api!: CarouselApi;
  @property({ attribute: false }) live!: Live;
  @property({ type: Number }) turn = 0;
  @property({ attribute: false }) link = new URLSearchParams();
  @state() private events: CarouselEvent[] | undefined;
  @state() private next: string | null = null;
  @state() private pages = 1;
  @state() private problem = "";
  #asked = 0;

  override willUpdate(changed: PropertyValues<this>): void {
    const former = changed.get("link");
    const isOther = former && JSON.stringify(filtersOf(former)) !== JSON.stringify(this.#filters);
    if (isOther) {
      this.events = undefined;
      this.pages = 1;
    }
    // Later pages are a place in the past: new events do not push what is being read away.
    const isWatching = changed.has("turn") && this.pages === 1;
    if (isOther || isWatching || !this.hasUpdated) void this.#load();
  }

  get #filters(): Filters {
    return filtersOf(this.link);
  }

  async #load(after: string | null = null): Promise<void> {
    const asked = ++this.#asked;
    const query = queryOf(this.#filters, after, PAGE_SIZE);
    try {
      const { events, next } = await this.api.call<Events>("GET", "/events", { query });
      if (asked !== this.#asked) return;
      const known = after === null ? [] : (this.events ?? []);
      const ids = new Set(known.map(({ id }) => id));
      this.events = [...known, ...events.filter(({ id }) => !ids.has(id))];
      this.next = next;
      this.problem = "";
      if (after !== null) this.pages += 1;
      this.live.seen(this.events.map(({ id }) => id));
    } catch (error) {
      if (asked === this.#asked) this.problem = explain(error);
    }
  }

  override render() {
    const { events, problem } = this;
    return html`
      <h2>Events</h2>
      ${this.#form()}
      ${problem ? html`<cf-notice action="Try again" @retry=${() => this.#load()}>${problem}${events ? " This is how things were." : ""}</cf-notice>` : nothing}
      ${events ? this.#shown(events) : problem ? nothing : html`<cf-skeleton lines="8"></cf-skeleton>`}
      <carousel-replay></carousel-replay>
    `;
  }

  #form(): TemplateResult {
    const { type, correlation, from, to } = this.#filters;
    const types = type === "" || eventTypes.includes(type) ? eventTypes : [type, ...eventTypes];
    return html`<form role="search" aria-label="Filter events" @submit=${this.#filter} @change=${this.#filter}>
      <label class="field">Type
        <select class="input" name="type"><option value="">All types</option>${types.map((one) => html`<option ?selected=${one === type}>${one}</option>`)}</select>
      </label>
      <label class="field">Correlation id
        <input class="input mono" name="correlation" type="search" .value=${correlation} placeholder="cor_…" autocomplete="off" spellcheck="false" />
      </label>
      <label class="field">From <input class="input" name="from" type="datetime-local" .value=${from} /></label>
      <label class="field">To <input class="input" name="to" type="datetime-local" .value=${to} /></label>
      ${isFiltered(this.#filters) ? html`<button class="button" type="button" @click=${this.#clear}>Clear</button>` : nothing}
    </form>`;
  }

  #filter(event: Event): void {
    event.preventDefault();
    const data = new FormData(event.currentTarget as HTMLFormElement);
    const names = ["type", "correlation", "from", "to"];
    // Each key pressed in a time field is a change, and none of them a step to go back to.
    const isTyping = (event.target as HTMLInputElement).type === "datetime-local";
    writeHash(
      Object.fromEntries(names.map((name) => [name, String(data.get(name) ?? "").trim() || null])),
      isTyping ? "replace" : "push",
    );
  }

  #clear(): void {
    writeHash({ type: null, correlation: null, from: null, to: null });
  }

  #shown(events: CarouselEvent[]): TemplateResult {
    if (events.length === 0) return this.#empty();
    const columns: Column<CarouselEvent>[] = [
      {
        label: "Type",
        cell: (event) =>
          html`<div class="cell"><span class="mono">${event.type}</span>${event.source === "carousel" ? nothing : html`<small>${event.source}</small>`}</div>`,
      },
      {
        label: "When",
        cell: ({ timestamp }) => html`<cf-time .at=${Date.parse(timestamp)}></cf-time>`,
      },
      { label: "Carousel", cell: carouselCell },
      {
        label: "Correlation",
        cell: ({ correlationId }) =>
          html`<a class="mono" href=${eventsLink({ correlation: correlationId })} title=${correlationId}>…${correlationId.slice(-6)}</a>`,
      },
      {
        label: "Data",
        wide: true,
        cell: (event) => html`<span dir="auto">${summaryOf(event)}</span> ${eventJson(event)}`,
      },
    ];
    return html`${table("Events", columns, events, ({ id }) => id)}
      <div class="more">
        ${this.next === null ? html`<span class="soft">End of the list.</span>` : html`<button class="button" type="button" @click=${() => this.#load(this.next)}>Show ${PAGE_SIZE} more</button>`}
        ${this.pages > 1 ? html`<span class="soft">As of ${exact(Date.parse(events[0]?.timestamp ?? ""))}</span> <button class="link" type="button" @click=${this.#first}>Back to the first ${PAGE_SIZE}</button>` : nothing}
      </div>`;
  }

  #first(): void {
    this.pages = 1;
    void this.#load();
  }

  #empty(): TemplateResult {
    if (!isFiltered(this.#filters))
      return html`<cf-empty heading="No events yet">Each request publishes its first events at once. They are kept for 90 days.</cf-empty>`;
    return html`<cf-empty heading="No event matches">Widen the time or remove a filter. Events are kept for 90 days. <button class="link" type="button" @click=${this.#clear}>Clear the filters</button></cf-empty>`;
  }
}

function carouselCell(event: CarouselEvent): TemplateResult | typeof nothing {
  const { carousel, revision } = subjectOf(event);
  if (!carousel) return nothing;
  return html`<a class="mono" href=${carouselLink(carousel)} title=${carousel}>…${carousel.slice(-6)}</a>${revision ? html` <span class="soft">revision ${revision}</span>` : nothing}`;
}
