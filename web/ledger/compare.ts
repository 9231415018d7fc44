// Reconciliation of the ledger with Stripe, by currency.
import type { Order, Total } from "../api/ledger";

export interface Line {
  provider: Order["provider"];
  currency: string;
  orders: number;
  received: number;
  refunded: number;
  disputed: number;
  ledger: number;
  /** Null when the provider cannot be queried here. */
  held: number | undefined;
}

export interface Comparison {
  lines: Line[];
  /** Stripe's totals for each order that differs. */
  differing: Map<string, number>;
  /** Stripe's totals for payments without an order, by currency. */
  unassigned: Map<string, number>;
}

export function compare(orders: Order[], totals: Total[]): Comparison {
  const held = new Map<string, number>();
  const unassigned = new Map<string, number>();
  for (const total of totals) {
    const currency = total.currency.toUpperCase();
    const left = total.paid - total.refunded - total.withheld;
    const [sums, key] =
      total.order_id === null ? [unassigned, currency] : [held, `${total.order_id} ${currency}`];
    sums.set(key, (sums.get(key) ?? 0) + left);
  }
  const lines = new Map<string, Line>();
  const differing = new Map<string, number>();
  for (const order of orders) {
    const { id, provider } = order;
    const { currency } = order.price;
    const key = `${provider} ${currency}`;
    const line = lines.get(key) ?? {
      provider,
      currency,
      orders: 0,
      received: 0,
      refunded: 0,
      disputed: 0,
      ledger: 0,
      held: provider === "stripe" ? 0 : undefined,
    };
    lines.set(key, line);
    line.orders += 1;
    line.received += order.received;
    line.refunded += order.refunded;
    line.disputed += order.disputed;
    line.ledger += order.balance;
    if (line.held === undefined) continue;
    const atStripe = held.get(`${id} ${currency}`) ?? 0;
    line.held += atStripe;
    if (atStripe !== order.balance) differing.set(id, atStripe);
  }
  for (const [currency, sum] of unassigned) if (sum === 0) unassigned.delete(currency);
  return { lines: [...lines.values()], differing, unassigned };
}
