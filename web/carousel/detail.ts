// One carousel: its slides, texts, timeline, cost, look and files, and what can be done with it.
import { html, LitElement, nothing, type PropertyValues, type TemplateResult } from "lit";
import { customElement, property, state } from "lit/decorators.js";
import { base, controls } from "../ui/base";
import { CallError, explain } from "../ui/call";
import "../ui/dialog";
import "../ui/empty";
import { figuresStyle } from "../ui/figures";
import { icon } from "../ui/icons";
import "../ui/notice";
import "../ui/skeleton";
import "../ui/status";
import { tableStyle } from "../ui/table";
import "../ui/time";
import { toast } from "../ui/toast";
import { type CarouselApi, carouselPath } from "./api";
import { isRunning } from "./board";
import type { CarouselEvent, Detail, Events, Waiting } from "./contract";
import { detailStyle } from "./detail.style";
import { captionPart, costPart, filesPart, idsPart, sourcePart, timingPart } from "./detail-parts";
import { eventStyle } from "./event-data";
import { filmstrip, filmstripStyle } from "./filmstrip";
import { viewLink } from "./links";
import type { Live } from "./live";
import "./look-form";
import type { LookChange } from "./look-form";
import { SignedLinks } from "./signed-links";
import "./slide-editor";
import { timeline, timelineStyle } from "./timeline";
import { failureText, languageName, originWords, stateWords } from "./words";

const EVENT_LIMIT = 1000;

@customElement("carousel-detail")
export class CarouselDetail extends LitElement {
  static override styles = [
    base,
    controls,
    tableStyle,
    figuresStyle,
    filmstripStyle,
    timelineStyle,
    eventStyle,
    detailStyle,
  ];

  @property({ attribute: false }) api!: CarouselApi;
  @property({ attribute: false }) live!: Live;
  /** Fetches again when it changes. */
  @property({ type: Number }) turn = 0;
  @property() carousel = "";
  /** The slide in the editor; 0: none. */
  @property({ type: Number }) slide = 0;
  /** It was requested a moment ago, so that a 404 is no answer yet. */
  @property({ type: Boolean }) isExpected = false;
  @state() private detail: Detail | undefined;
  @state() private events: CarouselEvent[] | undefined;
  @state() private problem = "";
  @state() private eventProblem = "";
  @state() private isMissing = false;
  @state() private isWaiting = false;
  @state() private isBusy = false;
  @state() private isCancelling = false;
  readonly #links = new SignedLinks();
  #asked = 0;

  override willUpdate(changed: PropertyValues<this>): void {
    if (changed.has("carousel")) {
      this.detail = undefined;
      this.events = undefined;
      this.problem = "";
      this.eventProblem = "";
      this.isMissing = false;
      this.isWaiting = false;
    }
    if (changed.has("carousel") || changed.has("turn")) void this.#load();
  }

  async #load(): Promise<void> {
    const { carousel } = this;
    const asked = ++this.#asked;
    const isStale = () => asked !== this.#asked || carousel !== this.carousel;
    try {
      const detail = await this.api.call<Detail | Waiting>("GET", carouselPath(carousel));
      if (isStale()) return;
      this.problem = "";
      this.isMissing = false;
      this.isWaiting = !("pages" in detail);
      if (!("pages" in detail)) return;
      this.detail = detail;
      this.live.seen([
        detail.revision,
        detail.state,
        detail.changedAt,
        detail.slides,
        detail.pdf !== null,
      ]);
    } catch (error) {
      if (isStale()) return;
      this.isMissing = error instanceof CallError && error.status === 404;
      this.problem = explain(error);
      return;
    }
    await this.#loadEvents(isStale);
  }

  async #loadEvents(isStale: () => boolean): Promise<void> {
    const correlationId = this.detail?.correlationId;
    const query = { correlationId, limit: String(EVENT_LIMIT) };
    try {
      const { events } = await this.api.call<Events>("GET", "/events", { query });
      if (isStale()) return;
      this.events = events;
      this.eventProblem = "";
    } catch (error) {
      if (!isStale()) this.eventProblem = explain(error);
    }
  }

  override render() {
    return html`
      <a class="back" href=${viewLink("pipeline")}>${icon("back")} Pipeline</a>
      ${this.problem && this.detail ? html`<cf-notice action="Try again" @retry=${() => this.live.now()}>${this.problem} This is how it was.</cf-notice>` : nothing}
      ${this.detail ? this.#shown(this.detail) : this.#absent()}
      <slide-editor .api=${this.api} .detail=${this.detail} .slide=${this.slide} .linkOf=${this.#linkOf} @acted=${() => this.live.now()}></slide-editor>
    `;
  }

  #absent(): TemplateResult {
    if (this.isWaiting || (this.isMissing && this.isExpected))
      return html`<p class="soft" role="status">Accepted. The carousel appears here in a moment.</p><cf-skeleton lines="6"></cf-skeleton>`;
    if (this.isMissing)
      return html`<cf-empty heading="Carousel not found">No carousel has the id <span class="mono">${this.carousel}</span>. Its owner may have deleted it.</cf-empty>`;
    if (this.problem)
      return html`<cf-notice action="Try again" @retry=${() => this.live.now()}>${this.problem}</cf-notice>`;
    return html`<cf-skeleton lines="10"></cf-skeleton>`;
  }

  #linkOf = (link: string): string => this.#links.of(link);

  #broken = (link: string): void => {
    this.#links.forget(link);
  };

  #shown(detail: Detail): TemplateResult {
    return html`
      ${this.#head(detail)} ${this.#failure(detail)}
      ${filmstrip(detail, this.slide, { linkOf: this.#linkOf, broken: this.#broken })}
      <div class="two">
        <div class="column">${sourcePart(detail)} ${captionPart(detail)} ${this.#timeline()}</div>
        <div class="column">
          ${timingPart(detail)}
          <section class="part" aria-labelledby="look">
            <h3 id="look">Look</h3>
            <carousel-look .look=${detail.look} .isBusy=${this.isBusy} @look=${({ detail: change }: CustomEvent<LookChange>) => this.#act("look", { revision: detail.revision, ...change }, "The slides are being drawn anew.")}></carousel-look>
          </section>
          ${costPart(detail)}
          ${filesPart(detail, this.isBusy, () => this.#act("pdf", { revision: detail.revision }, "The PDF is being drawn and will be linked here."))}
          ${idsPart(detail)}
        </div>
      </div>
      ${this.#confirm(detail)}
    `;
  }

  #head(detail: Detail): TemplateResult {
    const { title, state, origin, language, revision, requestedAt, isComposed } = detail;
    const [words, tone] = stateWords[state];
    return html`<header class="head">
      <div>
        <h2 dir="auto">${title ?? "Not written yet"}</h2>
        <p class="facts">
          <cf-status tone=${tone}>${words}</cf-status>
          <span>${languageName(language)}</span>
          <span>from ${originWords[origin] ?? origin}</span>
          <span>revision ${revision}</span>
          <span class="soft">requested <cf-time .at=${Date.parse(requestedAt)}></cf-time></span>
          ${isComposed ? html`<span class="badge">written without a model</span>` : nothing}
        </p>
      </div>
      <div class="actions">
        ${isRunning(state) ? this.#cancelButton() : this.#againButton(detail)}
      </div>
    </header>`;
  }

  #cancelButton(): TemplateResult {
    return html`<button class="button danger" type="button" aria-haspopup="dialog" ?disabled=${this.isBusy} @click=${() => (this.isCancelling = true)}>${icon("ban")} Cancel…</button>`;
  }

  /** One request for both: the API makes a delivered carousel anew and begins one that is over. */
  #againButton({ state, revision }: Detail): TemplateResult {
    const [words, done] =
      state === "delivered"
        ? ["Make again", "The carousel is being made again."]
        : ["Start again", "The carousel is starting again."];
    const again = () => this.#act("again", { revision }, done);
    return html`<button class="button" type="button" ?disabled=${this.isBusy} @click=${again}>${icon("shuffle")} ${words}</button>`;
  }

  #failure({ state, failure }: Detail): TemplateResult | typeof nothing {
    if (state !== "failed" && failure === null) return nothing;
    const { what, todo } = failureText(failure ?? "unknown");
    return html`<cf-notice tone=${state === "failed" ? "bad" : "warn"}><strong>${what}.</strong> ${todo}</cf-notice>`;
  }

  #timeline(): TemplateResult {
    return html`<section class="part" aria-labelledby="timeline">
      <h3 id="timeline">Timeline</h3>
      ${this.eventProblem ? html`<cf-notice tone="warn" action="Try again" @retry=${() => this.live.now()}>${this.eventProblem}</cf-notice>` : nothing}
      ${
        !this.events
          ? this.eventProblem
            ? nothing
            : html`<cf-skeleton lines="5"></cf-skeleton>`
          : this.events.length === 0
            ? html`<cf-empty heading="No events">They are kept for 90 days, and a new carousel's first ones arrive within seconds.</cf-empty>`
            : timeline(this.events)
      }
    </section>`;
  }

  #confirm({ title }: Detail): TemplateResult {
    return html`<cf-dialog heading="Cancel this carousel?" .open=${this.isCancelling} @dismiss=${() => (this.isCancelling = false)}>
      <p class="small"><bdi>${title ?? "It"}</bdi> will not be delivered, and the person is told. Slides that are drawn stay here.</p>
      <p class="actions">
        <button class="button main" type="button" @click=${this.#cancel}>Cancel the carousel</button>
        <button class="button" type="button" @click=${() => (this.isCancelling = false)}>Let it run</button>
      </p>
    </cf-dialog>`;
  }

  #cancel(): void {
    this.isCancelling = false;
    void this.#act("cancel", {}, "The carousel is being cancelled.");
  }

  async #act(what: string, body: unknown, done: string): Promise<void> {
    if (this.isBusy) return;
    this.isBusy = true;
    try {
      await this.api.call("POST", carouselPath(this.carousel, what), { body });
      toast(done);
    } catch (error) {
      toast(explain(error), true);
    }
    this.isBusy = false;
    this.live.now();
  }
}
