// A payment at the simulated Stripe, and what somebody at its dashboard could do with it: refund, dispute, settle, pay.
import { LitElement, html, nothing, type PropertyValues, type TemplateResult } from "lit";
import { customElement, property, state } from "lit/decorators.js";
import type { Dispute, Payment } from "../api/ledger";
import { act, pathOf } from "../ui/act";
import { base, controls } from "../ui/base";
import { money, read, step, written } from "../ui/money";
import { isWeb } from "../ui/web";
import { drawerStyle } from "./drawer.style";

type Taking = "refund" | "dispute";

const verdicts: Record<Dispute["status"], string> = { needs_response: "open", won: "won: the money is back", lost: "lost: the money is gone" };

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
        ${settling ? html`<button class="button" type="button" ?disabled=${this.busy} @click=${this.#settle}>Let the bank decide now</button>` : nothing}
        ${payment_status === "paid" && this.#left > 0 && !this.taking
          ? html`<button class="button" type="button" id="refund" @click=${() => (this.taking = "refund")}>Refund…</button>
              <button class="button" type="button" id="dispute" @click=${() => (this.taking = "dispute")}>Dispute…</button>`
          : nothing}
      </div>
      ${this.taking ? this.#form(this.taking) : nothing} ${payment.disputes.map((dispute) => this.#dispute(dispute))}
    </div>`;
  }

  /** What of it could still go back. */
  get #left(): number {
    const { amount, refunded, disputes } = this.payment;
    return disputes.filter(({ status }) => status !== "won").reduce((left, dispute) => left - dispute.amount, amount - refunded);
  }

  #standing(): string {
    const { status, payment_status, settling, refunded, failure, amount, currency } = this.payment;
    const sum = (minor: number) => money(minor, currency.toUpperCase());
    if (status === "open") return "Nobody has paid yet.";
    if (status === "expired") return "The pay page has expired, unpaid.";
    if (settling) return "A bank debit is on its way. It decides by itself in a while.";
    if (payment_status === "unpaid") return `The payment failed${failure ? `: ${failure}` : ""}.`;
    return refunded > 0 ? `${sum(refunded)} of ${sum(amount)} was refunded.` : `${sum(amount)} was paid.`;
  }

  #form(taking: Taking): TemplateResult {
    const { currency } = this.payment;
    const most = written(this.#left, currency);
    return html`<form class="row" @submit=${(event: SubmitEvent) => this.#take(event, taking)}>
      <label class="field">
        ${taking === "refund" ? "Give back" : "The bank takes back"}, ${currency.toUpperCase()}
        <input class="input figures" name="amount" type="number" inputmode="decimal" min=${step(currency)} max=${most} step=${step(currency)} value=${most} required />
      </label>
      <button class="button main" ?disabled=${this.busy}>${taking === "refund" ? "Refund" : "Open the dispute"}</button>
      <button class="button bare" type="button" @click=${this.#keep}>Cancel</button>
    </form>`;
  }

  #dispute(dispute: Dispute): TemplateResult {
    const { id, amount, currency, status } = dispute;
    const close = (won: boolean) => this.#do(pathOf("stripe", "disputes", id, "close"), { won }, `The dispute is ${won ? "won" : "lost"}`);
    return html`<div class="row">
      <p>A dispute of ${money(amount, currency.toUpperCase())} is ${verdicts[status]}.</p>
      ${status === "needs_response"
        ? html`<button class="button small" type="button" ?disabled=${this.busy} @click=${() => close(true)}>We win it</button>
            <button class="button small danger" type="button" ?disabled=${this.busy} @click=${() => close(false)}>We lose it</button>`
        : nothing}
    </div>`;
  }

  #keep(): void {
    const from = this.taking;
    this.taking = undefined;
    void this.updateComplete.then(() => this.renderRoot.querySelector<HTMLElement>(`#${from}`)?.focus());
  }

  #settle(): void {
    void this.#do(pathOf("stripe", "payments", this.payment.session, "settle"), {}, "The bank has decided");
  }

  async #take(event: SubmitEvent, taking: Taking): Promise<void> {
    event.preventDefault();
    const { session, currency } = this.payment;
    const amount = read(String(new FormData(event.target as HTMLFormElement).get("amount")), currency);
    const sum = money(amount, currency.toUpperCase());
    const done = await this.#do(pathOf("stripe", "payments", session, taking), { amount }, taking === "refund" ? `${sum} goes back` : `The bank has taken ${sum}`);
    if (done) this.taking = undefined;
  }

  async #do(path: string, body: unknown, words: string): Promise<boolean> {
    if (this.busy) return false;
    this.busy = true;
    const answer = await act<unknown>("POST", path, body, () => words);
    this.busy = false;
    this.dispatchEvent(new Event("acted", { bubbles: true, composed: true }));
    return answer !== undefined;
  }
}
