// Types and calls of the simulated checkout. See docs/simulators.md.

export interface Checkout {
  id: string;
  title: string;
  /** In the currency's smallest unit. */
  amount: number;
  currency: string;
  status: "open" | "complete" | "expired";
  payment_status: "unpaid" | "paid";
  expires_at: number;
  cancel_url: string | null;
  /** Set once the checkout is complete. */
  success_url: string | null;
}

export type Card = "success" | "declined" | "three_d_secure" | "async_success" | "async_failure";

export type Outcome =
  | { next: "done"; url: string }
  | { next: "declined"; message: string }
  | { next: "authenticate" };
