// One order: its rows, the notifications of the product, and its payment at Stripe.
import { html, LitElement, nothing, type PropertyValues, type TemplateResult } from "lit";
import { customElement, property, state } from "lit/decorators.js";
import { repeat } from "lit/directives/repeat.js";
import type { Order, OrderFile, Payment, ProductNotice } from "../api/ledger";
import { base, controls } from "../ui/base";
import { CallError, call, explain } from "../ui/call";
import "../ui/dialog";
import "../ui/empty";
import { figures, figuresStyle } from "../ui/figures";
import { plural } from "../ui/format";
import { writeHash } from "../ui/hash";
import { change, money } from "../ui/money";
import "../ui/notice";
import "../ui/skeleton";
import { tableStyle } from "../ui/table";
import "../ui/time";
import { drawerStyle } from "./drawer.style";
import { accountLink, books, traceLink } from "./paths";
import "./payment";
import { rows } from "./rows";
import { flagWords, noticeText, providers, refundRequestText, stateBadge } from "./words";

@customElement("order-drawer")
export class OrderDrawer extends LitElement {
  static override styles = [base, controls, tableStyle, figuresStyle, drawerStyle];

  /** Empty: closed. */
  @property({ attribute: "order" }) order = "";
  /** Refetches when it changes. */
  @property({ type: Number }) turn = 0;
  @state() private file: OrderFile | undefined;
  @state() private payments: Payment[] = [];
  @state() private problem = "";
  @state() private missing = false;

  override willUpdate(changed: PropertyValues<this>): void {
    if (changed.has("order")) {
      this.file = undefined;
      this.payments = [];
      this.problem = "";
      this.missing = false;
    }
    if (this.order && (changed.has("order") || changed.has("turn"))) void this.#load();
  }

  async #load(): Promise<void> {
    const { order: id } = this;
    try {
      const [file, payments] = await Promise.all([
        call<OrderFile>("GET", books(["orders", id])),
        call<Payment[]>("GET", "/api/stripe/payments"),
      ]);
      if (id !== this.order) return;
      this.file = file;
      this.payments = payments.filter(
        ({ session, order_id }) => session === file.order.checkout || order_id === id,
      );
      this.problem = "";
      this.missing = false;
    } catch (error) {
      if (id !== this.order) return;
      this.missing = error instanceof CallError && error.status === 404;
      this.problem = explain(error);
    }
  }

  override render() {
    return html`<cf-dialog kind="drawer" .open=${this.order !== ""} heading=${this.file?.order.purchase.item ?? "Order"} @dismiss=${() => writeHash({ order: null }, "replace")}>
      ${this.order === "" ? nothing : this.#content()}
    </cf-dialog>`;
  }

  #content(): TemplateResult {
    if (this.missing)
      return html`<cf-empty heading="Order not found">No order has the id <span class="mono">${this.order}</span>. An id is ord_ followed by 26 letters and digits.</cf-empty>`;
    if (this.problem && !this.file)
      return html`<cf-notice action="Try again" @retry=${() => this.#load()}>${this.problem}</cf-notice>`;
    if (!this.file) return html`<cf-skeleton lines="8"></cf-skeleton>`;
    const { order, told } = this.file;
    return html`<div class="body">
      ${this.problem ? html`<cf-notice tone="warn">${this.problem} This is how it was.</cf-notice>` : nothing} ${this.#summary(order)} ${this.#atStripe(order)} ${this.#money(this.file)}
      ${this.#notices(told)} ${this.#ids(order)}
    </div>`;
  }

  #summary(order: Order): TemplateResult {
    const { price, purchase, flags = {}, refund } = order;
    const sum = (minor: number) => money(minor, price.currency);
    return html`<div class="part">
      <div class="head"><strong>${sum(price.minor)}</strong>${stateBadge(order)}<span class="soft">offered <cf-time .at=${Date.parse(order.created_at)}></cf-time></span></div>
      ${Object.entries(flags).map(
        ([payment, flag]) =>
          html`<cf-notice><strong>${flagWords[flag].what}.</strong> ${flagWords[flag].todo} ${payment && payment !== order.payment ? html`<span class="mono">${payment}</span>` : nothing}</cf-notice>`,
      )}
      ${figures([
        ["Balance", html`<strong>${sum(order.balance)}</strong>`],
        ["Received", sum(order.received)],
        ["Refunded", sum(order.refunded)],
        ["Disputed", sum(order.disputed)],
        ...(order.fees === 0 ? [] : [["Fees", sum(order.fees)] as [string, unknown]]),
        [
          "Credits",
          order.credits === 0
            ? "none"
            : `${plural(order.credits, "credit")}${order.taken_back ? ", taken back" : order.used ? ", used" : order.granted ? ", granted" : ""}`,
        ],
        ...(refund
          ? [
              [
                "Requested refund",
                html`<span dir="auto">${refund.reason}</span>, ${refundRequestText(refund, order)}`,
              ] as [string, unknown],
            ]
          : []),
        [
          "Payer",
          html`<a href=${accountLink(purchase.product, purchase.payer)} dir="auto">${purchase.payer}</a>`,
        ],
      ])}
    </div>`;
  }

  #atStripe(order: Order): TemplateResult {
    return html`<section class="part" aria-labelledby="payment">
      <h3 id="payment">At ${providers[order.provider]}</h3>
      ${
        this.payments.length === 0
          ? html`<p class="soft">${order.provider === "stripe" ? "Stripe has no checkout for this order." : "This provider is not simulated here."}</p>`
          : repeat(
              this.payments,
              ({ session, payment_intent }) => session ?? payment_intent,
              (payment) => html`<ledger-payment .payment=${payment}></ledger-payment>`,
            )
      }
    </section>`;
  }

  #money({ order, rows: all }: OrderFile): TemplateResult {
    const { currency } = order.price;
    const unit = {
      total: (amount: number) => money(amount, currency),
      change: (amount: number) => change(amount, currency),
    };
    const own = all.filter(({ account }) => account === "order");
    const fees = all.filter(({ account }) => account === "fees");
    return html`<section class="part" aria-labelledby="money">
      <h3 id="money">Money</h3>
      ${own.length === 0 ? html`<p class="soft">Nothing is booked yet. The first row appears when the payment arrives.</p>` : rows("The order's money, oldest first", own, order.balance, unit)}
      ${fees.length === 0 ? nothing : rows("Provider fees, oldest first", fees, -order.fees, unit)}
    </section>`;
  }

  #notices(told: ProductNotice[]): TemplateResult {
    return html`<section class="part" aria-labelledby="told">
      <h3 id="told">Notifications to the product</h3>
      ${
        told.length === 0
          ? html`<p class="soft">None yet. The product is notified of payments, refunds and failures.</p>`
          : html`<ol class="told">
            ${told.map(
              (tell) => html`<li>
                <span>${noticeText(tell)}</span><cf-time class="soft" .at=${Date.parse(tell.at)}></cf-time>
                <span class="by soft"
                  >${tell.is_told ? html`<cf-status tone="good">delivered</cf-status>` : html`<cf-status tone="warn">not delivered yet</cf-status>`} caused by <span class="mono">${tell.cause}</span>,
                  <a href=${traceLink(tell.correlation_id)}>trace</a></span
                >
              </li>`,
            )}
          </ol>`
      }
    </section>`;
  }

  #ids(order: Order): TemplateResult {
    const { purchase } = order;
    const ids: [name: string, value: unknown][] = [
      ["Order", order.id],
      ["Product", purchase.product],
      ...(purchase.reference ? [["For", purchase.reference] as [string, unknown]] : []),
      ...(order.checkout ? [["Stripe session", order.checkout] as [string, unknown]] : []),
      ...(order.payment ? [["Payment", order.payment] as [string, unknown]] : []),
      ["Trace", html`<a href=${traceLink(order.correlation_id)}>${order.correlation_id}</a>`],
    ];
    return html`<section class="part" aria-labelledby="ids">
      <h3 id="ids">Ids</h3>
      <dl class="ids">${ids.map(([name, value]) => html`<dt>${name}</dt><dd class="mono">${value}</dd>`)}</dl>
    </section>`;
  }
}
