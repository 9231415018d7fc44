// Types and calls of the ledger's operator API and of the simulated Stripe. See
// docs/simulators.md.

export type Provider = "stripe" | "sumit" | "generic";
export type OrderState =
  | "created"
  | "pending"
  | "paid"
  | "failed"
  | "expired"
  | "refunded"
  | "disputed";
export type FlagKind =
  | "unknown_order"
  | "foreign_order"
  | "wrong_amount"
  | "wrong_currency"
  | "paid_twice"
  | "overdrawn"
  | "came_back"
  | "refund_by_hand";

export interface Money {
  /** In the currency's smallest unit. */
  minor: number;
  currency: string;
}

export interface Purchase {
  product: string;
  item: string;
  payer: string;
  reference?: string;
}

/** A refund that a product requested. */
export interface RefundRequest {
  reason: string;
  step: "wanted" | "made" | "refused";
  /** The provider's failure code, when it refused. */
  code?: string;
}

export interface Order {
  id: string;
  purchase: Purchase;
  price: Money;
  credits: number;
  provider: Provider;
  state: OrderState;
  created_at: string;
  correlation_id: string;
  /** Stripe's ids of the checkout session and the payment intent. */
  checkout?: string;
  payment?: string;
  received: number;
  refunded: number;
  disputed: number;
  fees: number;
  granted: boolean;
  taken_back: boolean;
  /** The product has delivered it. */
  used?: boolean;
  refund?: RefundRequest;
  /** Reasons for a manual review, by the provider's payment id. */
  flags?: Record<string, FlagKind>;
  balance: number;
}

export interface OrdersPage {
  orders: Order[];
  /** Keys of the day's orders that could not be parsed. */
  unreadable?: string[];
  next?: string;
}

export interface Row {
  id: string;
  kind: "charge" | "refund" | "reversal" | "fee" | "credit" | "spend";
  account: "order" | "fees" | "credits";
  /** Signed: the currency's smallest unit, or credits. */
  amount: number;
  currency?: string;
  order_id?: string;
  at: string;
}

export type ProductNotice = {
  order_id: string;
  cause: string;
  correlation_id: string;
  at: string;
  is_told: boolean;
} & (
  | { type: "pending"; amount: Money }
  | { type: "received"; amount: Money; credits: number }
  | { type: "refunded"; returned: Money; is_all: boolean; reason: "refund" | "dispute" }
  | { type: "failed"; reason: "expired" | "declined" }
  | { type: "refund_requested"; reason: string }
);

export interface OrderFile {
  order: Order;
  rows: Row[];
  told: ProductNotice[];
}

export interface Account {
  balance: number;
  rows: Row[];
}

export interface Flag {
  flag: FlagKind;
  /** The provider's payment id; empty when no order is known. */
  payment: string;
  /** The payment is still waiting for a review. */
  is_open: boolean;
  event: string;
  order_id: string | null;
  at: string;
}

export interface ForSale {
  item: string;
  /** In the price list's syntax: `19.00 USD +1`. */
  price: string;
}

export interface CreatedOrder {
  order_id: string;
  state: OrderState;
  url?: string;
}

/** Stripe's totals for one order, or for payments without an order. */
export interface Total {
  order_id: string | null;
  currency: string;
  payments: number;
  paid: number;
  refunded: number;
  disputed: number;
  lost: number;
  /** Disputed amounts that the banks still hold. */
  withheld: number;
  fees: number;
  dispute_fees: number;
}

export interface Refund {
  id: string;
  amount: number;
  currency: string;
  status: "pending" | "succeeded" | "failed";
}

export type DisputeStatus =
  | "warning_needs_response"
  | "warning_under_review"
  | "warning_closed"
  | "needs_response"
  | "under_review"
  | "won"
  | "lost";

export interface Movement {
  /** Positive when money comes in. */
  amount: number;
  currency: string;
}

export interface Dispute {
  id: string;
  amount: number;
  currency: string;
  status: DisputeStatus;
  reason: string;
  is_charge_refundable: boolean;
  balance_transactions: Movement[];
}

export interface Payment {
  /** Null for a payment created in Stripe's dashboard. */
  session: string | null;
  title: string;
  order_id: string | null;
  amount: number;
  currency: string;
  status: "open" | "complete" | "expired";
  payment_status: "unpaid" | "paid";
  settling: boolean;
  payment_intent: string | null;
  refunded: number;
  failure: string | null;
  refunds: Refund[];
  disputes: Dispute[];
  url: string | null;
}
