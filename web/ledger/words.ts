// Labels for the ledger's states, rows and flags.
import { html, type TemplateResult } from "lit";
import type { FlagKind, Order, OrderState, Provider, Row, Tell, Wish } from "../api/ledger";
import { plural } from "../ui/format";
import { money } from "../ui/money";
import "../ui/status";
import type { Tone } from "../ui/status";

const states: Record<OrderState, [words: string, tone: Tone]> = {
  created: ["Offered", "quiet"],
  pending: ["Waiting for money", "warn"],
  paid: ["Paid", "good"],
  failed: ["Declined", "quiet"],
  expired: ["Expired", "quiet"],
  refunded: ["Refunded", "quiet"],
  disputed: ["Disputed", "bad"],
};

export function stateOf({ state, refunded }: Order): TemplateResult {
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
  reversal: "Taken back or returned",
  fee: "Fee",
  credit: "Granted",
  spend: "Used",
};

/** A reversal can go either way; its sign tells which. */
export function kindOf({ kind, account, amount }: Row): string {
  if (kind !== "reversal") return rowKinds[kind];
  if (account === "credits") return "Taken back";
  return amount < 0 ? "Taken back by the bank" : "Came back";
}

export function tellOf(tell: Tell): string {
  switch (tell.type) {
    case "pending":
      return `${money(tell.amount.minor, tell.amount.currency)} is on its way: the bank has the order`;
    case "received":
      return `Grant it: ${money(tell.amount.minor, tell.amount.currency)} came in${tell.credits > 0 ? `, with ${plural(tell.credits, "credit")}` : ""}`;
    case "refunded":
      return `${money(tell.returned.minor, tell.returned.currency)} went back in all, ${tell.reason === "dispute" ? "taken by the bank" : "as a refund"}${tell.is_all ? ": take back what was granted" : ""}`;
    case "failed":
      return tell.reason === "expired" ? "Nobody paid in time" : "The bank said no";
    case "refund_requested":
      return "Give it back: the product had asked for that before the money was here";
  }
}

/** Progress of a refund that a product requested. */
export function wishOf({ step, code }: Wish, { received, disputed }: Order): string {
  switch (step) {
    case "wanted":
      return received === 0
        ? "as soon as the money is here"
        : disputed > 0
          ? "not while a bank has the money"
          : "not made yet";
    case "made":
      return "made";
    case "refused":
      return `refused with ${code ?? "no word"}`;
  }
}

export const flagWords: Record<FlagKind, { what: string; todo: string }> = {
  unknown_order: {
    what: "Payments without an order",
    todo: "Money came in at Stripe that no order asks for, and nothing of it was booked. Find the event there; when the payment is none of yours, refund it.",
  },
  foreign_order: {
    what: "A payment of another order",
    todo: "It names one order and was found under another, so nothing was booked. Compare both at Stripe, and refund the payment that nobody meant to make.",
  },
  wrong_amount: {
    what: "Not the price that was asked",
    todo: "Nothing was booked or granted. Refund the payment at Stripe, and offer the thing again.",
  },
  wrong_currency: {
    what: "Not the currency that was asked",
    todo: "Nothing was booked or granted. Refund the payment at Stripe, and offer the thing again.",
  },
  paid_twice: {
    what: "Paid a second time",
    todo: "The first payment counts; the second was not booked. Refund the second one at Stripe.",
  },
  overdrawn: {
    what: "More went back than came in",
    todo: "A bank may have taken what was refunded already. Compare the refunds and disputes at Stripe with the rows here before anything else is refunded.",
  },
  came_back: {
    what: "Money is here for what was taken back",
    todo: "A dispute was won or a refund failed, after the product had taken back what it granted. Refund the person, or have the product grant it again.",
  },
  refund_by_hand: {
    what: "A refund for you to make",
    todo: "The product cannot give what was bought, and nobody but you can return the money. Paid elsewhere: refund it there. At Stripe: it refused, so look at the payment. Disputed: accept the dispute, and the bank keeps the money for the person.",
  },
};
