// The pending payment of a room: detecting its fulfillment, polling its order, and following the pin.
import { now } from "../ui/clock";
import { toast } from "../ui/toast";
import { rooms } from "./api";
import type { Message, Money, Pin, Room } from "./contract";
import { later } from "./environment";
import { isFulfilled, orderOutcome, type Payment, PaymentPoller, pinRefetchDelay } from "./payment";
import { readStored, store } from "./storage";

const MAX_PIN_REFETCHES = 4;

/** The room as this page shows it. */
export interface PaymentContext {
  code(): string;
  userId(): string;
  room(): Room | null;
  /** The visible pin. */
  pin(): Pin | null;
  isMember(): boolean;
  /** Null while there is no channel. */
  messages(): readonly Message[] | null;
  refetchRoom(): Promise<void>;
  changed(): void;
}

export class RoomPayment {
  /** The pending payment, after its checkout was opened. */
  pending: Payment | null = null;
  /** The back room's entrance fee, once fetched. */
  entranceFee: Money | null = null;
  #poller: PaymentPoller | null = null;
  #feeOf = "";
  #pinRefetches = 0;
  #pinTimer: ReturnType<typeof setTimeout> | undefined;

  constructor(private readonly context: PaymentContext) {}

  /** Continues with the stored payment of the room that was entered. */
  enter(): void {
    this.entranceFee = null;
    this.#feeOf = "";
    this.track(readStored<Payment>(`paying.${this.context.code()}`));
  }

  /** Stops the timers; the payment stays stored. */
  stop(): void {
    clearTimeout(this.#pinTimer);
    this.#poller?.stop();
  }

  /** Polls at once when the page becomes visible. */
  wake(): void {
    this.#poller?.wake();
  }

  /** Tracks a payment until it is fulfilled, fails or expires; null forgets it. */
  track(payment: Payment | null): void {
    this.#poller?.stop();
    this.#poller = null;
    this.pending = payment && payment.until > now() ? payment : null;
    store(`paying.${this.context.code()}`, this.pending);
    this.context.changed();
    if (!this.pending) return;
    const scheduler = { now, random: Math.random, later, isVisible: () => !document.hidden };
    const expired = () => {
      this.track(null);
      toast("No payment has arrived yet. If you have paid, it appears here once it is confirmed.");
    };
    this.#poller = new PaymentPoller(scheduler, this.pending.until, () => this.#poll(), expired);
  }

  /** Ends the tracking when the room shows what was paid for. */
  check(): void {
    const payment = this.pending;
    const room = this.context.room();
    const messages = this.context.messages();
    if (!payment || !room || !messages) return;
    const mayEnter = Boolean(room.back_room?.code);
    const shown = { pin: this.context.pin(), mayEnter, messages, me: this.context.userId() };
    if (!isFulfilled(payment, shown)) return;
    this.track(null);
    const texts = {
      pin: "Your message is pinned",
      tip: `${room.host.username} received your tip`,
      back_room: "You can enter the back room now",
    };
    toast(texts[payment.what]);
  }

  async fetchEntranceFee(): Promise<void> {
    const room = this.context.room();
    if (!room?.back_room || room.back_room.code || !this.context.isMember()) return;
    if (this.#feeOf === room.code) return;
    this.#feeOf = room.code;
    try {
      const { back_room } = await rooms.offers(room.code);
      if (room.code !== this.context.code()) return;
      this.entranceFee = back_room?.price ?? null;
      this.context.changed();
    } catch {
      // Fetched again when the entrance is opened.
    }
  }

  /** Refetches the room when the pin expires, since a lower pin may return. */
  followPin(): void {
    clearTimeout(this.#pinTimer);
    const until = Date.parse(this.context.room()?.pin?.until ?? "");
    if (Number.isNaN(until) || document.hidden) return;
    if (until > now()) this.#pinRefetches = 0;
    if (this.#pinRefetches >= MAX_PIN_REFETCHES) return;
    const delay = pinRefetchDelay(until, now(), this.#pinRefetches, Math.random());
    this.#pinTimer = setTimeout(() => {
      this.#pinRefetches += 1;
      void this.context.refetchRoom();
    }, delay);
  }

  async #poll(): Promise<void> {
    const payment = this.pending;
    if (!payment) return;
    // The order comes first: a paid order is fulfilled, so the room read after it shows the effect.
    const order = await rooms.order(payment.orderId).catch(() => null);
    await this.context.refetchRoom();
    if (payment !== this.pending) return;
    const { words, isOver } = orderOutcome(order?.state ?? null);
    if (!isOver) return;
    this.track(null);
    toast(words, true);
  }
}
