// The simulated Stripe's checkout: the amount, test cards, and the link back to the shop.
import { html, LitElement, nothing, type PropertyValues, type TemplateResult } from "lit";
import { customElement, state } from "lit/decorators.js";
import type { Card, Checkout, Outcome } from "../api/pay";
import { base, controls } from "../ui/base";
import { CallError, call, explain } from "../ui/call";
import { money } from "../ui/money";
import "../ui/notice";
import "../ui/skeleton";
import "../ui/theme-toggle";
import { isWeb } from "../ui/web";
import { appStyle } from "./app.style";
import { cards } from "./cards";

const path = `/api/pay/${location.pathname.split("/")[2] ?? ""}`;

@customElement("pay-app")
export class PayApp extends LitElement {
  static override styles = [base, controls, appStyle];

  @state() private checkout: Checkout | undefined;
  @state() private card: Card = "success";
  @state() private asking = false;
  @state() private busy = false;
  @state() private problem = "";
  @state() private missing = false;

  override connectedCallback(): void {
    super.connectedCallback();
    addEventListener("pageshow", this.#back);
    void this.#load();
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    removeEventListener("pageshow", this.#back);
  }

  /** The back-forward cache would show a stale checkout. */
  #back = (event: PageTransitionEvent): void => {
    if (!event.persisted) return;
    this.busy = false;
    void this.#load();
  };

  override updated(changed: PropertyValues): void {
    // Moves the focus to the next question.
    if (changed.has("asking") && this.asking) this.renderRoot.querySelector("h2")?.focus();
  }

  async #load(): Promise<void> {
    try {
      this.checkout = await call<Checkout>("GET", path);
      this.problem = "";
    } catch (error) {
      this.missing = error instanceof CallError && error.status === 404;
      this.problem = explain(error);
    }
  }

  async #send(at: string, body: unknown): Promise<void> {
    if (this.busy) return;
    this.busy = true;
    this.problem = "";
    try {
      const outcome = await call<Outcome>("POST", at, body);
      if (outcome.next === "done") return this.#leave(outcome.url);
      this.asking = outcome.next === "authenticate";
      if (outcome.next === "declined") this.problem = outcome.message;
    } catch (error) {
      // It may have been paid or have expired elsewhere; the refetched page then says so.
      await this.#load();
      if (this.checkout?.status === "open") this.problem = explain(error);
    }
    this.busy = false;
  }

  #leave(url: string): void {
    if (isWeb(url)) location.assign(url);
  }

  override render() {
    const { checkout } = this;
    document.title = checkout
      ? `${money(checkout.amount, checkout.currency)} · Confab · Pay`
      : "Confab · Pay";
    return html`<div class="page">
      <header><span>Test checkout</span><cf-theme-toggle></cf-theme-toggle></header>
      <main>${checkout ? this.#checkout(checkout) : this.problem ? this.#nothing() : html`<h1 class="only-read">Pay</h1><cf-skeleton lines="5"></cf-skeleton>`}</main>
      <p class="note">No money moves here. The shop receives the same events as from a real payment.</p>
    </div>`;
  }

  #nothing(): TemplateResult {
    if (this.missing)
      return html`<h1>Checkout not found</h1><p class="soft">The link is wrong, or the checkout is gone. Ask the shop for a new one.</p>`;
    return html`<h1 class="only-read">Pay</h1><cf-notice action="Try again" @retry=${() => this.#load()}>${this.problem}</cf-notice>`;
  }

  #checkout(checkout: Checkout): TemplateResult {
    const amount = money(checkout.amount, checkout.currency);
    return html`
      <div class="what">
        <h1 dir="auto">${checkout.title}</h1>
        <p class="amount">${amount}</p>
      </div>
      ${this.problem ? html`<cf-notice>${this.problem}</cf-notice>` : nothing}
      ${checkout.status !== "open" ? this.#over(checkout) : this.asking ? this.#bank(amount) : this.#choices(amount, checkout.cancel_url)}
    `;
  }

  #choices(amount: string, cancelUrl: string | null): TemplateResult {
    return html`<form @submit=${this.#pay}>
      <fieldset ?disabled=${this.busy}>
        <legend>Pay with</legend>
        ${cards.map(
          ({ card, name, hint }) => html`<label class="choice">
            <input type="radio" name="card" value=${card} .checked=${card === this.card} @change=${() => (this.card = card)} aria-describedby=${card} />
            <strong>${name}</strong>
            <small id=${card}>${hint}</small>
          </label>`,
        )}
      </fieldset>
      <div class="actions">
        <button class="button main" type="submit" ?disabled=${this.busy}>${this.busy ? "Paying" : `Pay ${amount}`}</button>
        ${cancelUrl && isWeb(cancelUrl) ? html`<a class="button bare" href=${cancelUrl}>Cancel and go back</a>` : nothing}
      </div>
    </form>`;
  }

  #bank(amount: string): TemplateResult {
    const answer = (accept: boolean) => this.#send(`${path}/authenticate`, { accept });
    return html`
      <h2 tabindex="-1">Confirm your payment</h2>
      <p class="soft">Your bank asks you to confirm this payment of ${amount}.</p>
      <div class="actions">
        <button class="button main" type="button" ?disabled=${this.busy} @click=${() => answer(true)}>Confirm</button>
        <button class="button" type="button" ?disabled=${this.busy} @click=${() => answer(false)}>Fail the check</button>
      </div>
    `;
  }

  #over({ status, payment_status, success_url, cancel_url }: Checkout): TemplateResult {
    const [title, words] =
      status === "expired"
        ? ["This checkout has expired", "You were not charged. The shop can create a new one."]
        : payment_status === "paid"
          ? ["Paid", "Thank you. You can close this page."]
          : [
              "Processing",
              "Your bank is processing the payment. The shop is notified when it completes.",
            ];
    const url = success_url ?? cancel_url;
    return html`
      <h2 tabindex="-1">${title}</h2>
      <p class="soft">${words}</p>
      ${url && isWeb(url) ? html`<div class="actions"><a class="button" href=${url}>Back to the shop</a></div>` : nothing}
    `;
  }

  #pay(event: Event): void {
    event.preventDefault();
    void this.#send(path, { card: this.card });
  }
}
