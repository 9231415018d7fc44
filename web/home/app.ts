// The control room: everything that runs on this laptop, on one page.
import { html, LitElement, nothing, type TemplateResult } from "lit";
import { customElement, state } from "lit/decorators.js";
import type { Snapshot } from "../api/state";
import "../ui/app-bar";
import { base, controls } from "../ui/base";
import { connectionStatus } from "../ui/connection";
import "../ui/empty";
import { now } from "../ui/clock";
import { hourMinute } from "../ui/format";
import { hashWith, readHash } from "../ui/hash";
import "../ui/notice";
import "../ui/skeleton";
import { tableStyle } from "../ui/table";
import "../ui/toast";
import { appStyle } from "./app.style";
import { attention } from "./attention";
import { awsCalls } from "./calls";
import { metrics, storage } from "./counts";
import "./clock";
import "./function-drawer";
import { functions } from "./functions";
import "./logs";
import { ExpandedGroups } from "./expanded";
import "./queue-drawer";
import { section, sectionStyle } from "../ui/section";
import { queues } from "./queues";
import { rules, schedules } from "./schedules";
import { ControlRoomStore } from "./store";
import "./timeline";

const parts = [
  ["functions", "Functions"],
  ["queues", "Queues"],
  ["timeline", "Timeline"],
  ["logs", "Logs"],
  ["schedules", "Schedules"],
  ["rules", "Event rules"],
  ["aws", "AWS calls"],
  ["metrics", "Metrics"],
  ["storage", "Storage"],
] as const;

@customElement("home-app")
export class HomeApp extends LitElement {
  static override styles = [base, controls, tableStyle, sectionStyle, appStyle];

  @state() private link = readHash();
  private readonly room = new ControlRoomStore(() => this.requestUpdate());
  private readonly opened = new ExpandedGroups(() => this.requestUpdate());

  override connectedCallback(): void {
    super.connectedCallback();
    addEventListener("hashchange", this.#linked);
    addEventListener("popstate", this.#linked);
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    removeEventListener("hashchange", this.#linked);
    removeEventListener("popstate", this.#linked);
  }

  override firstUpdated(): void {
    this.#goTo();
  }

  #linked = (): void => {
    const before = this.link.get("at");
    this.link = readHash();
    if (this.link.get("at") !== before) this.#goTo();
  };

  #goTo(): void {
    const part = this.link.get("at") ?? (this.link.has("trace") ? "timeline" : null);
    if (part) void this.updateComplete.then(() => this.#focus(part));
  }

  #focus(part: string): void {
    const within =
      this.renderRoot.querySelector(`home-${CSS.escape(part)}`)?.shadowRoot ?? this.renderRoot;
    const heading = within.querySelector<HTMLElement>(`#${CSS.escape(part)}-title`);
    heading?.focus({ preventScroll: true });
    heading?.closest("section")?.scrollIntoView({ block: "start" });
  }

  override render() {
    const { snapshot, stream } = this.room;
    return html`
      <cf-app-bar place="control room">
        ${snapshot ? html`<home-clock .offset=${snapshot.clock_offset_ms}></home-clock>` : nothing} ${connectionStatus(stream.connection)}
      </cf-app-bar>
      <nav aria-label="Sections">
        ${parts.map(
          ([id, title]) =>
            html`<a href=${hashWith({ at: id })} aria-current=${this.link.get("at") === id ? "true" : nothing} @click=${() => this.#again(id)}>${title}</a>`,
        )}
      </nav>
      <main>${this.#stale()} ${snapshot ? this.#products(snapshot) : nothing} ${snapshot ? attention(snapshot) : nothing} ${this.#parts(snapshot)}</main>
      <function-drawer .shown=${snapshot?.functions.find(({ name }) => name === this.link.get("function"))}></function-drawer>
      <queue-drawer .name=${this.link.get("queue") ?? ""} .queues=${snapshot?.queues ?? []}></queue-drawer>
      <cf-toasts></cf-toasts>
    `;
  }

  /** Clicking a link to the current section does not change the hash, so it scrolls here. */
  #again(id: string): void {
    if (this.link.get("at") === id) this.#focus(id);
  }

  #stale(): TemplateResult | typeof nothing {
    const { error, snapshot, stream } = this.room;
    if (error && !snapshot)
      return html`<cf-notice action="Try again" @retry=${() => this.room.load()}>${error} Start it with <code>scripts/dev</code>.</cf-notice>`;
    if (stream.connection !== "reconnecting" || !snapshot) return nothing;
    return html`<cf-notice tone="warn">
      The connection to local is lost. This is how things were at ${hourMinute(snapshot.now)}; the page goes on by itself when local is back.
    </cf-notice>`;
  }

  #products(snapshot: Snapshot): TemplateResult {
    const elsewhere = Object.entries(snapshot.addresses).filter(([name]) => name !== "home");
    return html`<div class="products">
      <ul aria-label="Products">
        ${snapshot.products.map(
          (product) => html`<li>
            <a href=${product.href}>${product.title}</a> <span class="soft">${product.text}</span>
            ${product.pages.map(({ title, href }) => html`<a href=${href}>${title}</a> `)}
          </li>`,
        )}
      </ul>
      <ul class="soft" aria-label="Addresses">
        ${elsewhere.map(([name, address]) => html`<li>${name} <span class="mono">${address}</span></li>`)}
      </ul>
    </div>`;
  }

  #parts(snapshot: Snapshot | undefined): TemplateResult {
    const missing = this.room.error
      ? html`<p class="soft about">Unknown until local responds.</p>`
      : html`<cf-skeleton lines="4"></cf-skeleton>`;
    const show = (render: (snapshot: Snapshot) => TemplateResult) =>
      snapshot ? render(snapshot) : missing;
    const at = now();
    return html`
      ${section(
        "functions",
        "Functions",
        nothing,
        show((known) => functions(known, this.opened)),
      )}
      ${section("queues", "Queues", nothing, show(queues))}
      <home-timeline .stream=${this.room.stream} .selected=${this.link.get("trace") ?? ""}></home-timeline>
      <home-logs .stream=${this.room.stream} .functions=${(snapshot?.functions ?? []).map(({ name }) => name)}></home-logs>
      ${section(
        "schedules",
        "Schedules",
        nothing,
        show((known) => schedules(known, at)),
      )} ${section("rules", "Event rules", nothing, show(rules))}
      ${section(
        "aws",
        "AWS calls",
        nothing,
        show((known) => awsCalls(known, this.opened)),
      )}
      <div class="pair">${section("metrics", "Metrics", nothing, show(metrics))} ${section("storage", "Storage", nothing, show(storage))}</div>
    `;
  }
}
