// The ledger: every product's money, day by day, reconciled with Stripe.
import { html, LitElement, nothing, type TemplateResult } from "lit";
import { customElement, state } from "lit/decorators.js";
import "../ui/app-bar";
import { base, controls } from "../ui/base";
import { connectionStatus } from "../ui/connection";
import "../ui/empty";
import { plural } from "../ui/format";
import { readHash, writeHash } from "../ui/hash";
import { icon } from "../ui/icons";
import "../ui/notice";
import { section, sectionStyle } from "../ui/section";
import "../ui/skeleton";
import { tableStyle } from "../ui/table";
import "../ui/toast";
import "./account-drawer";
import { appStyle } from "./app.style";
import { addDays, formatDay, isDay, today } from "./day";
import { flags, flagsStyle } from "./flags";
import { type Day, LedgerStore } from "./store";
import "./order-drawer";
import { orders } from "./orders";
import "./sell";
import { totals } from "./totals";

const MAX_PAGES = 1000;

@customElement("ledger-app")
export class LedgerApp extends LitElement {
  static override styles = [base, controls, tableStyle, sectionStyle, flagsStyle, appStyle];

  @state() private link = readHash();
  @state() private selling = false;
  private readonly books = new LedgerStore(() => this.requestUpdate());

  override connectedCallback(): void {
    super.connectedCallback();
    addEventListener("hashchange", this.#linked);
    addEventListener("popstate", this.#linked);
    // The pay page returns with an order in the query; everything else on this page uses the hash.
    const paid = new URLSearchParams(location.search).get("order");
    if (paid)
      history.replaceState(
        null,
        "",
        `${location.pathname}#${new URLSearchParams({ order: paid })}`,
      );
    this.#linked();
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    removeEventListener("hashchange", this.#linked);
    removeEventListener("popstate", this.#linked);
  }

  #linked = (): void => {
    this.link = readHash();
    this.books.show(this.link.get("day") ?? "");
  };

  override render() {
    const { shown, stream, turn, forSale } = this.books;
    return html`
      <cf-app-bar place="ledger"><a href="/">Control room</a> ${connectionStatus(stream.connection)}</cf-app-bar>
      <main>
        <div class="bar">
          ${this.#day()}
          <div class="find">
            ${this.#find()}
            <button class="button main" type="button" aria-haspopup="dialog" ?disabled=${forSale.length === 0} @click=${() => (this.selling = true)}>${icon("add")} Sell something</button>
          </div>
        </div>
        ${this.#stale(shown)} ${shown ? this.#shown(shown) : this.books.problem ? nothing : this.#loading()}
      </main>
      <order-drawer .order=${this.link.get("order") ?? ""} .turn=${turn} @acted=${() => this.books.load()}></order-drawer>
      <account-drawer .account=${this.link.get("account") ?? ""} .turn=${turn}></account-drawer>
      <ledger-sell .forSale=${forSale} .open=${this.selling} @dismiss=${() => (this.selling = false)}></ledger-sell>
      <cf-toasts></cf-toasts>
    `;
  }

  #day(): TemplateResult {
    const { day } = this.books;
    const isToday = day === today();
    const to = (next: string) => () => writeHash({ day: next === today() ? null : next }, "push");
    return html`<div class="day" role="group" aria-label="Day">
      <h2 title="Days begin at midnight UTC">${isToday ? "Today" : formatDay(day)}</h2>
      <button class="button icon-only" type="button" aria-label="Previous day" title="Previous day" @click=${to(addDays(day, -1))}>${icon("back")}</button>
      <input class="input figures" type="date" aria-label="Day, in UTC" .value=${day} max=${today()} @change=${this.#chosen} />
      <button class="button icon-only" type="button" aria-label="Next day" title="Next day" ?disabled=${isToday} @click=${to(addDays(day, 1))}>${icon("forward")}</button>
      ${isToday ? nothing : html`<button class="button" type="button" @click=${to(today())}>Today</button>`}
    </div>`;
  }

  #chosen(event: Event): void {
    const { value } = event.target as HTMLInputElement;
    if (isDay(value)) writeHash({ day: value === today() ? null : value }, "push");
  }

  #find(): TemplateResult {
    const products = [...new Set(this.books.forSale.map(({ item }) => item.split(".")[0] ?? ""))];
    return html`<form class="find" role="search" @submit=${this.#search}>
      <input class="input" name="text" type="search" aria-label="Order id or payer" placeholder="Order id or payer" required autocomplete="off" spellcheck="false" dir="auto" />
      <select class="input" name="product" aria-label="The payer's product">${products.map((product) => html`<option>${product}</option>`)}</select>
      <button class="button">Find</button>
    </form>`;
  }

  #search(event: SubmitEvent): void {
    event.preventDefault();
    const data = new FormData(event.target as HTMLFormElement);
    const text = String(data.get("text")).trim();
    if (text.startsWith("ord_")) writeHash({ order: text, account: null });
    else if (text)
      writeHash({ account: `${String(data.get("product") ?? "studio")}/${text}`, order: null });
  }

  #stale(shown: Day | undefined): TemplateResult | typeof nothing {
    const { problem, stream } = this.books;
    if (problem) {
      const hint = shown
        ? html` This is how things were.`
        : html` Start it with <code>scripts/dev</code>.`;
      return html`<cf-notice action="Try again" @retry=${() => this.books.load()}>${problem}${hint}</cf-notice>`;
    }
    if (stream.connection !== "reconnecting" || !shown) return nothing;
    return html`<cf-notice tone="warn">The connection to local is lost. This is the last known state; it updates once local is back.</cf-notice>`;
  }

  #loading(): TemplateResult {
    return html`${section("totals", "Balances", nothing, html`<cf-skeleton lines="2"></cf-skeleton>`)} ${section("orders", "Orders", nothing, html`<cf-skeleton lines="8"></cf-skeleton>`)}`;
  }

  #shown(shown: Day): TemplateResult {
    const { length } = shown.orders;
    const counted = shown.more
      ? `the newest ${length} orders`
      : length > 0
        ? `all ${plural(length, "order")} of the day`
        : "";
    const lost = shown.unreadable.length;
    return html`${flags(shown)}
    ${lost > 0 ? html`<cf-notice>${plural(lost, "order")} of this day cannot be read and ${lost === 1 ? "is" : "are"} not shown: <span class="mono">${shown.unreadable.join(", ")}</span></cf-notice>` : nothing}
    ${length > 0 || shown.comparison.unassigned.size > 0 ? section("totals", "Balances", html`<span class="soft">${counted}</span>`, totals(shown)) : nothing}
    ${section("orders", "Orders", nothing, length === 0 ? this.#empty(shown.day) : orders(shown))} ${shown.more ? this.#more(shown) : nothing}`;
  }

  #empty(day: string): TemplateResult {
    if (day !== today())
      return html`<cf-empty heading="No orders on this day">No order was created on ${formatDay(day)} (UTC).</cf-empty>`;
    return html`<cf-empty heading="No orders yet today">
      <p>New orders appear here at once. No product at hand? <button class="link" type="button" @click=${() => (this.selling = true)}>Create a test order</button> and pay with a test card.</p>
    </cf-empty>`;
  }

  #more(shown: Day): TemplateResult {
    return html`<div class="more">
      <button class="button" type="button" @click=${() => this.books.older(1)}>Show 50 older</button>
      <button class="button bare" type="button" @click=${() => this.books.older(MAX_PAGES)}>Show all of ${shown.day}</button>
    </div>`;
  }
}
