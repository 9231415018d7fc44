// The live pipeline: a column for each state, in which a card moves on as its carousel does.
import { html, LitElement, nothing, type PropertyValues, type TemplateResult } from "lit";
import { customElement, property, state } from "lit/decorators.js";
import { repeat } from "lit/directives/repeat.js";
import { base, controls } from "../ui/base";
import { explain } from "../ui/call";
import "../ui/empty";
import { count } from "../ui/format";
import { writeHash } from "../ui/hash";
import "../ui/notice";
import "../ui/skeleton";
import "../ui/status";
import "./alerts";
import type { CarouselApi } from "./api";
import {
  type Answers,
  columnsOf,
  isRunning,
  mergeCards,
  refreshCards,
  runningStates,
  unreadStates,
} from "./board";
import { cardStyle, cardView } from "./card";
import { type Card, type Cards, origins, type State, states } from "./contract";
import { isLocal, type Live } from "./live";
import { glide, type Places, placesOf } from "./moving";
import { pipelineStyle } from "./pipeline.style";
import { originWords, stateWords } from "./words";

const PAGE_SIZE = 100;
/** Finished cards that a column shows at first. */
const FOLDED_COUNT = 8;

@customElement("carousel-pipeline")
export class Pipeline extends LitElement {
  static override styles = [base, controls, cardStyle, pipelineStyle];

  @property({ attribute: false }) api!: CarouselApi;
  @property({ attribute: false }) live!: Live;
  /** Fetches again when it changes. */
  @property({ type: Number }) turn = 0;
  /** Shows carousels of one origin only; empty: of all. */
  @property() origin = "";
  @state() private cards: Card[] | undefined;
  @state() private next: string | null = null;
  @state() private problem = "";
  @state() private unfolded = new Set<State>();
  /** States whose last request failed. */
  @state() private unread: readonly State[] = [];
  #asked = 0;
  /** The first page was read, so that `next` is where older cards begin. */
  #hasNewest = false;
  #places: Places | undefined;

  override willUpdate(changed: PropertyValues<this>): void {
    if (changed.has("origin")) {
      this.cards = undefined;
      this.next = null;
      this.unread = [];
      this.#hasNewest = false;
    }
    if (changed.has("origin") || changed.has("turn")) void this.#load();
    this.#places = this.hasUpdated ? placesOf(this.renderRoot as ShadowRoot) : undefined;
  }

  override updated(): void {
    if (this.#places) glide(this.renderRoot as ShadowRoot, this.#places);
  }

  async #load(): Promise<void> {
    const asked = ++this.#asked;
    const failures: unknown[] = [];
    const read = (query: { state?: State }) =>
      this.#page(query).catch((error: unknown) => {
        failures.push(error);
        return null;
      });
    const [newest, ...running] = await Promise.all([
      read({}),
      ...runningStates.map(async (state) => ({ state, cards: await read({ state }) })),
    ]);
    // A later fetch knows more.
    if (asked !== this.#asked) return;
    this.problem = failures.length === 0 ? "" : explain(failures[0]);
    // With one answer at least, the columns that it is about are shown.
    if (failures.length <= runningStates.length) this.#take({ newest, running });
    else this.unread = states;
  }

  #take(answers: Answers): void {
    if (answers.newest && !this.#hasNewest) {
      this.#hasNewest = true;
      this.next = answers.newest.next;
    }
    this.cards = refreshCards(this.cards ?? [], answers);
    this.unread = unreadStates(answers);
    this.live.seen(this.cards.map(({ id, changedAt, slides }) => [id, changedAt, slides.done]));
  }

  #page(query: { state?: State; before?: string }): Promise<Cards> {
    const origin = this.origin === "" ? undefined : this.origin;
    const all = { limit: String(PAGE_SIZE), origin, ...query };
    return this.api.call<Cards>("GET", "/carousels", { query: all });
  }

  async #older(): Promise<void> {
    const { origin, next } = this;
    if (next === null) return;
    try {
      const older = await this.#page({ before: next });
      if (origin !== this.origin) return;
      this.cards = mergeCards(this.cards ?? [], older.carousels);
      this.next = older.next;
      this.problem = "";
    } catch (error) {
      this.problem = explain(error);
    }
  }

  override render() {
    const { cards, problem } = this;
    return html`
      <carousel-alerts .api=${this.api} .turn=${this.turn}></carousel-alerts>
      <header class="head">
        <h2>Pipeline</h2>
        <label>From <select class="input" @change=${this.#chosen}>
          <option value="" ?selected=${this.origin === ""}>everywhere</option>
          ${origins.map((origin) => html`<option value=${origin} ?selected=${origin === this.origin}>${originWords[origin]}</option>`)}
        </select></label>
      </header>
      ${problem ? html`<cf-notice action="Try again" @retry=${() => this.live.now()}>${problem}${cards ? ` ${this.#staleness()}` : ""}</cf-notice>` : nothing}
      ${cards ? this.#board(cards) : problem ? nothing : html`<cf-skeleton lines="8"></cf-skeleton>`}
    `;
  }

  #staleness(): string {
    const isPartial = this.unread.length > 0 && this.unread.length < states.length;
    if (!isPartial) return "This is how things were.";
    const names = this.unread.map((state) => stateWords[state][0]);
    return `Not up to date: ${names.join(", ")}.`;
  }

  #board(cards: Card[]): TemplateResult {
    if (cards.length === 0 && this.next === null && this.unread.length === 0) return this.#empty();
    return html`<div class="board">
        ${[...columnsOf(cards)].map(([state, column]) => this.#column(state, column))}
      </div>
      ${this.next === null ? nothing : html`<button class="button" type="button" @click=${this.#older}>Show ${PAGE_SIZE} older</button>`}`;
  }

  #column(state: State, cards: Card[]): TemplateResult {
    const [words, tone] = stateWords[state];
    const isFolded = !isRunning(state) && !this.unfolded.has(state);
    const shown = isFolded ? cards.slice(0, FOLDED_COUNT) : cards;
    const isUnknown = cards.length === 0 && this.unread.includes(state);
    const more = !isRunning(state) && this.next !== null ? "+" : "";
    return html`<section class=${cards.length === 0 ? "bare" : ""} aria-labelledby=${state}>
      <h3 id=${state}><cf-status tone=${tone}>${words}</cf-status> <span class="count">${isUnknown ? "–" : count(cards.length)}${more}</span></h3>
      <ol>
        ${repeat(shown, ({ id }) => id, cardView)}
      </ol>
      ${shown.length < cards.length ? html`<button class="button small bare" type="button" @click=${() => this.#unfold(state)}>Show all ${count(cards.length)}</button>` : nothing}
    </section>`;
  }

  #empty(): TemplateResult {
    if (this.origin !== "")
      return html`<cf-empty heading="None from there">No carousel came from ${originWords[this.origin as keyof typeof originWords] ?? this.origin}. <button class="link" type="button" @click=${() => writeHash({ origin: null })}>Show all</button></cf-empty>`;
    return html`<cf-empty heading="No carousels yet">
      Each request appears here at once and moves through the columns. ${isLocal() ? html`<a href="/telegram">Send the bot a topic</a>` : "Send the bot a topic"}, or
      <button class="link" type="button" @click=${() => this.dispatchEvent(new Event("create"))}>create the first carousel</button>.
    </cf-empty>`;
  }

  #unfold(state: State): void {
    this.unfolded = new Set([...this.unfolded, state]);
  }

  #chosen(event: Event): void {
    writeHash({ origin: (event.target as HTMLSelectElement).value || null });
  }
}
