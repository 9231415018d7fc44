// Business hours: the week, holidays, and the time zone of both.
import { css, html, LitElement, nothing, type PropertyValues, type TemplateResult } from "lit";
import { customElement, property, state } from "lit/decorators.js";
import { base, controls } from "../../ui/base";
import { icon } from "../../ui/icons";
import "../../ui/status";
import { toast } from "../../ui/toast";
import type { DaySpan, Holiday, Hours, HoursInput, Week, Weekday } from "../contract";
import type { Desk } from "../desk";
import { selectField } from "../field";
import { formStyle } from "../form.style";
import { Loading } from "../loading";
import { pageStyle } from "../page.style";
import { type Problem, toProblem } from "../problem";
import { timeZones } from "../time-zones";
import { exactly } from "../words";
import { partStyle } from "./part.style";

const days: readonly (readonly [Weekday, string])[] = [
  ["mon", "Monday"],
  ["tue", "Tuesday"],
  ["wed", "Wednesday"],
  ["thu", "Thursday"],
  ["fri", "Friday"],
  ["sat", "Saturday"],
  ["sun", "Sunday"],
];
const MAX_SPANS = 4;
const office: DaySpan = { from: "09:00", to: "17:00" };

interface Edited {
  timezone: string;
  week: Week;
  holidays: Holiday[];
}

function editedOf({ timezone, week, holidays }: Hours): Edited {
  const closed: Week = { mon: [], tue: [], wed: [], thu: [], fri: [], sat: [], sun: [] };
  return {
    timezone: timezone ?? Intl.DateTimeFormat().resolvedOptions().timeZone,
    week: { ...closed, ...week },
    holidays: holidays ?? [],
  };
}

@customElement("desk-hours")
export class BusinessHours extends LitElement {
  static override styles = [
    base,
    controls,
    formStyle,
    pageStyle,
    partStyle,
    css`
      .day {
        display: grid;
        grid-template-columns: 7rem minmax(0, 1fr);
        gap: var(--s2);
        align-items: start;
        padding-block: var(--s1);
        border-block-end: 1px solid var(--line);
        font-size: var(--t2);
      }
      .day > span {
        line-height: 2rem;
        font-weight: 500;
      }
      .spans {
        display: flex;
        min-block-size: 2rem;
        flex-wrap: wrap;
        align-items: center;
        gap: var(--s1) var(--s3);
      }
      .span {
        display: inline-flex;
        align-items: center;
        gap: var(--s1);
      }
      .holiday {
        display: grid;
        grid-template-columns: 10rem minmax(0, 1fr) auto;
        gap: var(--s2);
        align-items: center;
      }
      @media (max-width: 30rem) {
        .day,
        .holiday {
          grid-template-columns: minmax(0, 1fr);
        }
      }
    `,
  ];

  @property({ attribute: false }) desk!: Desk;
  @state() private edited: Edited | null = null;
  @state() private problem: Problem | null = null;
  @state() private isBusy = false;
  readonly #hours = new Loading(this, async () => {
    const hours = await this.desk.api.get<Hours>("/hours");
    this.edited = editedOf(hours);
    return hours;
  });

  override willUpdate(changed: PropertyValues<this>): void {
    if (changed.has("desk")) void this.#hours.load();
  }

  override render() {
    return html`<div class="page-head"><h1>Business hours</h1></div>
      <p class="lead">Bots that keep them say when you are away, and ask for an address to answer to.</p>
      ${this.#hours.render((hours) => html`${this.#state(hours)} ${this.edited ? this.#form(this.edited, hours) : nothing}`, 8)}`;
  }

  #state({ version, is_open, opens_at }: Hours): TemplateResult {
    if (version === 0)
      return html`<cf-notice tone="warn">There are no hours yet, so people are expected to answer at any time.</cf-notice>`;
    return html`<p><cf-status tone=${is_open ? "good" : "quiet"}>${is_open ? "Open now" : opens_at ? `Closed, opens ${exactly(opens_at)}` : "Closed"}</cf-status></p>`;
  }

  #form(edited: Edited, hours: Hours): TemplateResult {
    const isAdmin = this.desk.may("writeSettings");
    const isChanged =
      hours.version === 0 || JSON.stringify(edited) !== JSON.stringify(editedOf(hours));
    const zones = timeZones().map((zone) => [zone, zone.replaceAll("_", " ")] as const);
    const { problem } = this;
    return html`<form @submit=${this.#save}>
      <section class="panel">
        ${selectField({ label: "Time zone", name: "timezone", value: edited.timezone, options: zones, isDisabled: !isAdmin, change: (timezone) => this.#set({ timezone }) })}
        <div>${days.map(([day, label]) => this.#day(edited, day, label, isAdmin))}</div>
      </section>
      ${this.#holidays(edited, isAdmin)}
      ${problem ? (problem.isStale ? html`<cf-notice tone="warn" action="Load them" @retry=${this.#reload}>A colleague has changed the hours meanwhile, and nothing was saved.</cf-notice>` : html`<cf-notice>${problem.message}</cf-notice>`) : nothing}
      ${isAdmin ? html`<div class="actions"><button class="button main" ?disabled=${!isChanged || this.isBusy}>Save</button></div>` : nothing}
    </form>`;
  }

  #day({ week }: Edited, day: Weekday, label: string, isAdmin: boolean): TemplateResult {
    const spans = week[day];
    const set = (next: DaySpan[]) => this.#set({ week: { ...week, [day]: next } });
    return html`<div class="day">
      <span id="day-${day}">${label}</span>
      <div class="spans" role="group" aria-labelledby="day-${day}">
        ${spans.length === 0 ? html`<span class="soft">Closed</span>` : nothing}
        ${spans.map((span, index) => this.#span(span, label, isAdmin, (next) => set(spans.flatMap((each, at) => (at === index ? (next ?? []) : each)))))}
        ${isAdmin && spans.length < MAX_SPANS ? html`<button class="button bare small" type="button" aria-label="Add hours on ${label}" @click=${() => set([...spans, spans.length === 0 ? office : { from: spans.at(-1)?.to ?? "17:00", to: "24:00" }])}>${icon("add")}</button>` : nothing}
      </div>
    </div>`;
  }

  #span(
    span: DaySpan,
    day: string,
    isAdmin: boolean,
    change: (span: DaySpan | null) => void,
  ): TemplateResult {
    // A time field knows no 24:00.
    const field = (name: "from" | "to", label: string) =>
      html`<input class="input figures" type="time" aria-label="${day}, ${label}" required ?readonly=${!isAdmin} .value=${span[name] === "24:00" ? "00:00" : span[name]} @change=${(
        event: Event,
      ) => {
        const { value } = event.target as HTMLInputElement;
        change({ ...span, [name]: name === "to" && value === "00:00" ? "24:00" : value });
      }} />`;
    return html`<span class="span">${field("from", "from")} – ${field("to", "to")}
      ${isAdmin ? html`<button class="button bare small" type="button" aria-label="Remove these hours of ${day}" @click=${() => change(null)}>${icon("close")}</button>` : nothing}</span>`;
  }

  #holidays({ holidays }: Edited, isAdmin: boolean): TemplateResult {
    const set = (index: number, part: Partial<Holiday>) =>
      this.#set({
        holidays: holidays.map((each, at) => (at === index ? { ...each, ...part } : each)),
      });
    const value = (event: Event) => (event.target as HTMLInputElement).value;
    return html`<section class="panel">
      <h2>Closed on</h2>
      ${holidays.map(
        (holiday, index) => html`<div class="holiday">
          <input class="input" type="date" aria-label="Date" required ?readonly=${!isAdmin} .value=${holiday.date} @change=${(event: Event) => set(index, { date: value(event) })} />
          <input class="input" type="text" dir="auto" aria-label="Name" maxlength="60" placeholder="Name" ?readonly=${!isAdmin} .value=${holiday.name} @input=${(event: Event) => set(index, { name: value(event) })} />
          ${isAdmin ? html`<button class="button bare small" type="button" aria-label="Remove ${holiday.name || holiday.date}" @click=${() => this.#set({ holidays: holidays.filter((_, at) => at !== index) })}>${icon("trash")}</button>` : nothing}
        </div>`,
      )}
      ${holidays.length === 0 ? html`<p class="lead">No holidays.</p>` : nothing}
      ${isAdmin ? html`<div class="actions"><button class="button" type="button" @click=${() => this.#set({ holidays: [...holidays, { date: "", name: "", spans: [] }] })}>${icon("add")} Holiday</button></div>` : nothing}
    </section>`;
  }

  #set(change: Partial<Edited>): void {
    if (this.edited) this.edited = { ...this.edited, ...change };
  }

  #reload = (): void => {
    this.problem = null;
    void this.#hours.load();
  };

  async #save(event: Event): Promise<void> {
    event.preventDefault();
    const { edited, isBusy } = this;
    const hours = this.#hours.data;
    if (!edited || !hours || isBusy) return;
    this.isBusy = true;
    this.problem = null;
    try {
      const saved = await this.desk.api.put<Hours>("/hours", {
        version: hours.version,
        ...edited,
      } satisfies HoursInput);
      this.#hours.set(saved);
      this.edited = editedOf(saved);
      toast("Saved");
    } catch (error) {
      this.problem = toProblem(error);
    }
    this.isBusy = false;
  }
}
