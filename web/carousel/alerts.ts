// Open alerts above the pipeline. Without one there is nothing.
import { css, html, LitElement, nothing, type PropertyValues } from "lit";
import { customElement, property, state } from "lit/decorators.js";
import { base, controls } from "../ui/base";
import { explain } from "../ui/call";
import "../ui/notice";
import { alertList, alertListStyle, isOpen } from "./alert-list";
import type { CarouselApi } from "./api";
import type { Alert, Stats } from "./contract";

@customElement("carousel-alerts")
export class Alerts extends LitElement {
  static override styles = [
    base,
    controls,
    alertListStyle,
    css`
      :host {
        display: block;
      }
      :host([hidden]) {
        display: none;
      }
      section {
        padding: var(--s1) var(--s3);
        border-inline-start: 3px solid var(--bad);
        background: var(--bad-soft);
      }
    `,
  ];

  @property({ attribute: false }) api!: CarouselApi;
  /** Fetches again when it changes. */
  @property({ type: Number }) turn = 0;
  @state() private open: Alert[] = [];
  @state() private problem = "";
  #asked = 0;

  override willUpdate(changed: PropertyValues<this>): void {
    if (changed.has("turn")) void this.#load();
  }

  async #load(): Promise<void> {
    const asked = ++this.#asked;
    try {
      const { alerts } = await this.api.call<Stats>("GET", "/stats", { query: { hours: "24" } });
      if (asked !== this.#asked) return;
      this.open = alerts.filter(isOpen);
      this.problem = "";
    } catch (error) {
      if (asked === this.#asked) this.problem = explain(error);
    }
  }

  override updated(): void {
    this.hidden = this.problem === "" && this.open.length === 0;
  }

  override render() {
    if (this.problem)
      return html`<cf-notice tone="warn" action="Try again" @retry=${() => this.#load()}>Alerts cannot be read. ${this.problem}</cf-notice>`;
    if (this.open.length === 0) return nothing;
    return html`<section aria-label="Open alerts">${alertList(this.open)}</section>`;
  }
}
