// A payment in another tab: detecting its fulfillment, and polling for it.
import type { Message, Money, Pin } from "./contract";

export interface Payment {
  what: "pin" | "tip" | "back_room";
  orderId: string;
  payUrl: string;
  price: Money;
  /** For a pin: the message. For a tip: the last message before it. */
  seq: number;
  /** When polling ends. */
  until: number;
}

export interface RoomState {
  pin: Pin | null;
  /** The user may enter the back room. */
  mayEnter: boolean;
  messages: readonly Message[];
  me: string;
}

const FIRST_POLL_MS = 2_500;
const MAX_POLL_MS = 20_000;
const POLL_BACKOFF = 1.2;

const isSame = (one: Money, other: Money) =>
  one.minor === other.minor && one.currency === other.currency;

export function isFulfilled(
  { what, price, seq }: Payment,
  { pin, mayEnter, messages, me }: RoomState,
): boolean {
  switch (what) {
    case "pin":
      return pin?.seq === seq && isSame(pin.price, price);
    case "tip":
      return messages.some(
        (message) =>
          message.seq > seq &&
          message.user_id === me &&
          message.tip !== undefined &&
          isSame(message.tip, price),
      );
    case "back_room":
      return mayEnter;
  }
}

/** An order's state at payments; null when they do not know it yet. */
export type OrderState =
  | "created"
  | "pending"
  | "paid"
  | "failed"
  | "expired"
  | "refunded"
  | "disputed"
  | null;

/** Returns whether an order is settled without fulfillment, and why. */
export function orderOutcome(state: OrderState): { isOver: boolean; words: string } {
  switch (state) {
    case "failed":
      return { isOver: true, words: "The payment failed. You were not charged." };
    case "expired":
      return { isOver: true, words: "The checkout expired. You were not charged." };
    case "refunded":
      return {
        isOver: true,
        words: "It is no longer available, so you get a refund.",
      };
    default:
      return { isOver: false, words: "" };
  }
}

/** Returns whether another pin has won; a payment is then refunded. */
export function isOutbid({ what, price, seq }: Payment, pin: Pin | null): boolean {
  if (what !== "pin" || pin === null) return false;
  return pin.price.minor > price.minor || (pin.price.minor === price.minor && pin.seq !== seq);
}

/** Delay of the refetch after a pin expires: jittered, and doubled with each attempt. */
export function pinRefetchDelay(until: number, now: number, tries: number, random: number): number {
  return Math.max(0, until - now) + (500 + 4_000 * random) * 2 ** tries;
}

export interface PollScheduler {
  now(): number;
  random(): number;
  later(ms: number, run: () => void): () => void;
  /** A hidden page does not poll. */
  isVisible(): boolean;
}

/** Polls with backoff while the page is visible, until stopped or timed out. */
export class PaymentPoller {
  #next = () => {};
  #tries = 0;
  #isAsking = false;
  #stopped = false;

  constructor(
    private readonly pace: PollScheduler,
    private readonly until: number,
    private readonly ask: () => Promise<void>,
    private readonly over: () => void,
  ) {
    this.#later();
  }

  /** Polls at once when the user returns from paying. */
  wake(): void {
    if (!this.#stopped) void this.#ask();
  }

  stop(): void {
    this.#stopped = true;
    this.#next();
  }

  #later(): void {
    const wait =
      Math.min(MAX_POLL_MS, FIRST_POLL_MS * POLL_BACKOFF ** this.#tries++) *
      (0.75 + 0.5 * this.pace.random());
    this.#next();
    this.#next = this.pace.later(
      Math.max(0, Math.min(wait, this.until - this.pace.now())),
      () => void this.#ask(),
    );
  }

  async #ask(): Promise<void> {
    if (this.#isAsking) return;
    const isLast = this.pace.now() >= this.until;
    this.#isAsking = true;
    // The last poll runs even when hidden: the fulfillment may have been missed.
    if (isLast || this.pace.isVisible()) await this.ask();
    this.#isAsking = false;
    if (this.#stopped) return;
    if (!isLast) return this.#later();
    this.stop();
    this.over();
  }
}
