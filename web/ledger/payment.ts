// A payment at the simulated Stripe, with the dashboard's actions: refund, dispute, settle, pay.
import { html, LitElement, nothing, type PropertyValues, type TemplateResult } from "lit";
import { customElement, property, state } from "lit/decorators.js";
import type { Dispute, DisputeStatus, Payment, Refund } from "../api/ledger";
import { pathOf, runAction } from "../ui/action";
import { base, controls } from "../ui/base";
import { amountStep, formatAmount, money, parseAmount } from "../ui/money";
import { isWeb } from "../ui/web";
import { drawerStyle } from "./drawer.style";

type Taking = "refund" | "dispute";

const standings: Record<DisputeStatus, (sum: string) => string> = {
  warning_needs_response: (sum) => `The bank is inquiring about ${sum}. No money has moved.`,
  warning_under_review: (sum) =>
    `The bank is reviewing our answer about ${sum}. No money has moved.`,
  warning_closed: (sum) => `The inquiry about ${sum} was closed without a dispute.`,
  needs_response: (sum) => `A dispute of ${sum} is open.`,
  under_review: (sum) => `A dispute of ${sum} is under review.`,
  won: (sum) => `A dispute of ${sum} was won: the money was returned.`,
  lost: (sum) => `A dispute of ${sum} was lost.`,
};

@customElement("ledger-payment")
export class LedgerPayment extends LitElement {
  static override styles = [base, controls, drawerStyle];

  @property({ attribute: false }) payment!: Payment;
  @state() private taking: Taking | undefined;
  @state() private busy = false;

  override updated(changed: PropertyValues): void {
    if (changed.has("taking") && this.taking) this.renderRoot.querySelector("input")?.select();
  }

  override render() {
    const { payment } = this;
    const { status, payment_status, settling, url } = payment;
    return html`<div class="part">
      <div class="row">
        <p>${this.#standing()}</p>
        ${status === "open" && url && isWeb(url) ? html`<a class="button main" href=${url}>Pay page</a>` : nothing}
        ${settling ? html`<button class="button" type="button" ?disabled=${this.busy} @click=${this.#settle}>Settle now</button>` : nothing}
        ${
          payment_status === "paid" && !this.taking
            ? html`${this.#refundable > 0 ? html`<button class="button" type="button" id="refund" @click=${() => (this.taking = "refund")}>Refund…</button>` : nothing}
              <button class="button" type="button" id="dispute" @click=${() => (this.taking = "dispute")}>Dispute…</button>`
            : nothing
        }
      </div>
      ${this.taking ? this.#form(this.taking) : nothing} ${payment.refunds.map((refund) => this.#refund(refund))} ${payment.disputes.map((dispute) => this.#dispute(dispute))}
    </div>`;
  }

  get #refundable(): number {
    const { amount, refunded, disputes } = this.payment;
    return disputes.every(({ is_charge_refundable }) => is_charge_refundable)
      ? amount - refunded
      : 0;
  }

  #standing(): string {
    const { status, payment_status, settling, refunded, failure, amount, currency } = this.payment;
    const sum = (minor: number) => money(minor, currency.toUpperCase());
    if (status === "open") return "Not paid yet.";
    if (status === "expired") return "The checkout expired unpaid.";
    if (settling) return "A bank debit is pending. It settles by itself after a while.";
    if (payment_status === "unpaid") return `The payment failed${failure ? `: ${failure}` : ""}.`;
    return refunded > 0
      ? `${sum(refunded)} of ${sum(amount)} was refunded.`
      : `${sum(amount)} was paid.`;
  }

  #form(taking: Taking): TemplateResult {
    const { amount, currency } = this.payment;
    // A dispute takes the full charge, regardless of refunds.
    const most = formatAmount(taking === "refund" ? this.#refundable : amount, currency);
    return html`<form class="row" @submit=${(event: SubmitEvent) => this.#take(event, taking)}>
      <label class="field">
        ${taking === "refund" ? "Amount to refund" : "Disputed amount"}, ${currency.toUpperCase()}
        <input class="input figures" name="amount" type="number" inputmode="decimal" min=${amountStep(currency)} max=${most} step=${amountStep(currency)} value=${most} required />
      </label>
      <button class="button main" ?disabled=${this.busy}>${taking === "refund" ? "Refund" : "Open the dispute"}</button>
      <button class="button bare" type="button" @click=${this.#keep}>Cancel</button>
    </form>`;
  }

  #refund({ amount, currency, status }: Refund): TemplateResult | typeof nothing {
    if (status === "succeeded") return nothing;
    const sum = money(amount, currency.toUpperCase());
    return html`<div class="row">
      <p>A refund of ${sum} ${status === "pending" ? "is pending." : "failed, and the money was returned to us."}</p>
    </div>`;
  }

  #dispute(dispute: Dispute): TemplateResult {
    const { id, status } = dispute;
    const close = (how: { won?: boolean }, words: string) =>
      this.#do(pathOf("stripe", "disputes", id, "close"), how, words);
    const isOpen = status === "needs_response" || status === "under_review";
    const isAsked = status === "warning_needs_response" || status === "warning_under_review";
    return html`<div class="row">
      <p>${told(dispute)}</p>
      ${
        isOpen
          ? html`<button class="button small" type="button" ?disabled=${this.busy} @click=${() => close({ won: true }, "Dispute won")}>Win dispute</button>
            <button class="button small danger" type="button" ?disabled=${this.busy} @click=${() => close({ won: false }, "Dispute lost")}>Lose dispute</button>`
          : nothing
      }
      ${isAsked ? html`<button class="button small" type="button" ?disabled=${this.busy} @click=${() => close({}, "Inquiry closed")}>Close inquiry</button>` : nothing}
    </div>`;
  }

  #keep(): void {
    const from = this.taking;
    this.taking = undefined;
    void this.updateComplete.then(() =>
      this.renderRoot.querySelector<HTMLElement>(`#${from}`)?.focus(),
    );
  }

  #settle(): void {
    void this.#do(this.#path("settle"), {}, "Debit settled");
  }

  async #take(event: SubmitEvent, taking: Taking): Promise<void> {
    event.preventDefault();
    const { currency } = this.payment;
    const amount = parseAmount(
      String(new FormData(event.target as HTMLFormElement).get("amount")),
      currency,
    );
    const sum = money(amount, currency.toUpperCase());
    const done = await this.#do(
      this.#path(taking),
      { amount },
      taking === "refund" ? `Refunded ${sum}` : `Disputed ${sum}`,
    );
    if (done) this.taking = undefined;
  }

  #path(act: Taking | "settle"): string {
    const { session, payment_intent } = this.payment;
    return pathOf("stripe", "payments", session ?? payment_intent ?? "", act);
  }

  async #do(path: string, body: unknown, words: string): Promise<boolean> {
    if (this.busy) return false;
    this.busy = true;
    const answer = await runAction<unknown>("POST", path, body, () => words);
    this.busy = false;
    this.dispatchEvent(new Event("acted", { bubbles: true, composed: true }));
    return answer !== undefined;
  }
}

/** A lost dispute can be reinstated in part. */
function told({ status, amount, currency, balance_transactions }: Dispute): string {
  const sum = (minor: number) => money(minor, currency.toUpperCase());
  const back = balance_transactions.reduce(
    (all, movement) => all + Math.max(movement.amount, 0),
    0,
  );
  return status === "lost" && back > 0
    ? `A dispute of ${sum(amount)} was lost; ${sum(back)} was returned.`
    : standings[status](sum(amount));
}
