// Labels for the ledger's states, rows and flags.
import { html, type TemplateResult } from "lit";
import type {
  FlagKind,
  Order,
  OrderState,
  ProductNotice,
  Provider,
  RefundRequest,
  Row,
} from "../api/ledger";
import { plural } from "../ui/format";
import { money } from "../ui/money";
import "../ui/status";
import type { Tone } from "../ui/status";

const states: Record<OrderState, [words: string, tone: Tone]> = {
  created: ["Created", "quiet"],
  pending: ["Pending", "warn"],
  paid: ["Paid", "good"],
  failed: ["Declined", "quiet"],
  expired: ["Expired", "quiet"],
  refunded: ["Refunded", "quiet"],
  disputed: ["Disputed", "bad"],
};

export function stateBadge({ state, refunded }: Order): TemplateResult {
  const [words, tone] = states[state];
  return html`<cf-status tone=${tone}>${state === "paid" && refunded > 0 ? "Partly refunded" : words}</cf-status>`;
}

export const providers: Record<Provider, string> = {
  stripe: "Stripe",
  sumit: "SUMIT",
  generic: "another provider",
};

export const rowKinds: Record<Row["kind"], string> = {
  charge: "Paid",
  refund: "Refunded",
  reversal: "Reversed or returned",
  fee: "Fee",
  credit: "Granted",
  spend: "Used",
};

/** A reversal can go either way; its sign tells which. */
export function rowLabel({ kind, account, amount }: Row): string {
  if (kind !== "reversal") return rowKinds[kind];
  if (account === "credits") return "Revoked";
  return amount < 0 ? "Taken by the bank" : "Returned";
}

export function noticeText(tell: ProductNotice): string {
  switch (tell.type) {
    case "pending":
      return `${money(tell.amount.minor, tell.amount.currency)} is pending at the bank`;
    case "received":
      return `Fulfill: ${money(tell.amount.minor, tell.amount.currency)} was paid${tell.credits > 0 ? `, with ${plural(tell.credits, "credit")}` : ""}`;
    case "refunded":
      return `${money(tell.returned.minor, tell.returned.currency)} returned in total, by ${tell.reason === "dispute" ? "dispute" : "refund"}${tell.is_all ? ": revoke the grant" : ""}`;
    case "failed":
      return tell.reason === "expired" ? "The checkout expired" : "The payment was declined";
    case "refund_requested":
      return "Refund: the product requested it before the payment arrived";
  }
}

/** Progress of a refund that a product requested. */
export function refundRequestText(
  { step, code }: RefundRequest,
  { received, disputed }: Order,
): string {
  switch (step) {
    case "wanted":
      return received === 0
        ? "once the payment arrives"
        : disputed > 0
          ? "not during a dispute"
          : "pending";
    case "made":
      return "refunded";
    case "refused":
      return `refused: ${code ?? "no reason given"}`;
  }
}

export const flagWords: Record<FlagKind, { what: string; todo: string }> = {
  unknown_order: {
    what: "Payments without an order",
    todo: "Stripe received a payment that belongs to no order, so it was not booked. Find the event at Stripe, and refund the payment if it is not yours.",
  },
  foreign_order: {
    what: "Payment for another order",
    todo: "The payment names one order but belongs to another, so it was not booked. Compare both at Stripe, and refund the wrong one.",
  },
  wrong_amount: {
    what: "Wrong amount",
    todo: "Nothing was booked or granted. Refund the payment at Stripe, and create a new order.",
  },
  wrong_currency: {
    what: "Wrong currency",
    todo: "Nothing was booked or granted. Refund the payment at Stripe, and create a new order.",
  },
  paid_twice: {
    what: "Paid twice",
    todo: "The first payment counts; the second was not booked. Refund the second one at Stripe.",
  },
  overdrawn: {
    what: "More returned than received",
    todo: "A dispute may have taken money that was already refunded. Compare refunds and disputes at Stripe with the rows here before you refund anything else.",
  },
  came_back: {
    what: "Payment restored after revocation",
    todo: "A dispute was won or a refund failed after the product had revoked its grant. Refund the payer, or have the product grant it again.",
  },
  refund_by_hand: {
    what: "Manual refund needed",
    todo: "The product cannot fulfill the order, and the refund needs you. At another provider: refund it there. At Stripe: the refund was refused, so check the payment. Disputed: accept the dispute.",
  },
};
