// The carousel's page for operators: the pipeline, one carousel, figures and events.
import { html, LitElement, nothing, type TemplateResult } from "lit";
import { customElement, state } from "lit/decorators.js";
import "../ui/app-bar";
import { base, controls } from "../ui/base";
import { readHash, writeHash } from "../ui/hash";
import { icon } from "../ui/icons";
import "../ui/notice";
import "../ui/status";
import type { Tone } from "../ui/status";
import "../ui/toast";
import { CarouselApi } from "./api";
import { appStyle } from "./app.style";
import "./create";
import "./detail";
import "./events";
import "./figures";
import "./key-form";
import { carouselState, type View, viewLink } from "./links";
import { isLocal, Live, type Liveness } from "./live";
import "./pipeline";

const views: [view: View, label: string][] = [
  ["pipeline", "Pipeline"],
  ["figures", "Figures"],
  ["events", "Events"],
];

const liveWords: Record<Liveness, [words: string, tone: Tone]> = {
  live: ["Live", "good"],
  polling: ["Polling", "quiet"],
  offline: ["Offline", "warn"],
};

@customElement("carousel-app")
export class CarouselApp extends LitElement {
  static override styles = [base, controls, appStyle];

  @state() private link = readHash();
  @state() private turn = 0;
  @state() private isCreating = false;
  @state() private wasRefused = false;
  private readonly api = new CarouselApi();
  private readonly live = new Live(
    () => (this.turn += 1),
    () => this.requestUpdate(),
  );
  /** Carousels that were requested here; the API may not know them for a moment. */
  private readonly requested = new Set<string>();

  override connectedCallback(): void {
    super.connectedCallback();
    addEventListener("hashchange", this.#linked);
    addEventListener("popstate", this.#linked);
    this.api.addEventListener("refused", this.#refused);
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    removeEventListener("hashchange", this.#linked);
    removeEventListener("popstate", this.#linked);
    this.api.removeEventListener("refused", this.#refused);
  }

  #linked = (): void => {
    this.link = readHash();
  };

  #refused = (): void => {
    this.wasRefused = true;
    this.isCreating = false;
  };

  override render() {
    const { hasKey } = this.api;
    return html`
      <cf-app-bar place="carousels">
        ${isLocal() ? html`<a class="wide" href="/telegram">Telegram</a> <a href="/">Control room</a>` : nothing} ${this.#liveness()}
      </cf-app-bar>
      ${hasKey ? this.#signedIn() : html`<main><carousel-key-form .api=${this.api} .wasRefused=${this.wasRefused} @signed-in=${this.#signedInNow}></carousel-key-form></main>`}
      <cf-toasts></cf-toasts>
    `;
  }

  #liveness(): TemplateResult {
    const [words, tone] = liveWords[this.live.liveness];
    return html`<cf-status role="status" tone=${tone}>${words}</cf-status>`;
  }

  #signedIn(): TemplateResult {
    return html`
      <nav aria-label="Views">
        ${views.map(([view, label]) => html`<a href=${viewLink(view)} aria-current=${this.#view === view ? "page" : nothing}>${label}</a>`)}
        <button class="button bare icon-only" type="button" aria-label="Sign out" title="Sign out" @click=${this.#signOut}>${icon("door")}</button>
        <button class="button main" type="button" aria-haspopup="dialog" @click=${() => (this.isCreating = true)}>${icon("add")} <span>New<span class="long"> carousel</span></span></button>
      </nav>
      <main>
        ${this.live.liveness === "offline" ? html`<cf-notice tone="warn">You are offline. This is the last known state; it updates once you are back.</cf-notice>` : nothing} ${this.#shown()}
      </main>
      <carousel-create .api=${this.api} .open=${this.isCreating} @dismiss=${() => (this.isCreating = false)} @created=${this.#created}></carousel-create>
    `;
  }

  get #view(): View | null {
    if (this.link.get("carousel")) return null;
    const view = this.link.get("view");
    return view === "figures" || view === "events" ? view : "pipeline";
  }

  #shown(): TemplateResult {
    const { api, live, turn, link } = this;
    switch (this.#view) {
      case "figures":
        return html`<carousel-figures .api=${api} .live=${live} .turn=${turn} .hours=${Number(link.get("hours") ?? 24)}></carousel-figures>`;
      case "events":
        return html`<carousel-events .api=${api} .live=${live} .turn=${turn} .link=${link}></carousel-events>`;
      case "pipeline":
        return html`<carousel-pipeline .api=${api} .live=${live} .turn=${turn} .origin=${link.get("origin") ?? ""} @create=${() => (this.isCreating = true)}></carousel-pipeline>`;
      default: {
        const id = link.get("carousel") ?? "";
        return html`<carousel-detail .api=${api} .live=${live} .turn=${turn} .carousel=${id} .slide=${Number(link.get("slide") ?? 0)} .isExpected=${this.requested.has(id)}></carousel-detail>`;
      }
    }
  }

  #signOut(): void {
    this.api.signOut();
    this.wasRefused = false;
    this.requestUpdate();
  }

  #signedInNow(): void {
    this.wasRefused = false;
    this.live.now();
  }

  #created({ detail: id }: CustomEvent<string>): void {
    this.requested.add(id);
    this.isCreating = false;
    writeHash(carouselState(id));
    this.live.now();
  }
}
