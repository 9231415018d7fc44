// Data of one day, and when to refetch it: after every invocation of a payments function.
import type { Flag, ForSale, Order, OrdersPage, Total } from "../api/ledger";
import type { Snapshot } from "../api/state";
import { call, explain } from "../ui/call";
import { setClock } from "../ui/clock";
import { Stream } from "../ui/stream";
import { type Comparison, compare } from "./compare";
import { isDay, today } from "./day";
import { books } from "./paths";

/** The page's own requests run this function, so its invocations must not trigger a refetch. */
const LEDGER_FUNCTION = "payments-ledger";
const REFETCH_DELAY_MS = 250;
/** Upper bound of staleness, for missed stream events and a lagging index. */
const MAX_STALENESS_MS = 5000;
/** Retry delay after a failed fetch, besides retrying by hand. */
const RETRY_DELAY_MS = 3000;

export interface Day {
  day: string;
  orders: Order[];
  flags: Flag[];
  /** Keys of the day's orders that could not be parsed. */
  unreadable: string[];
  /** The day has older orders than these. */
  more: boolean;
  /** Stripe events that are not delivered yet. */
  underway: number;
  comparison: Comparison;
}

export class LedgerStore {
  readonly stream = new Stream("/api/stream", ["state"]);
  shown: Day | undefined;
  forSale: ForSale[] = [];
  problem = "";
  /** Grows with each answer, so that open drawers refetch. */
  turn = 0;
  #wanted = "";
  #pages = 1;
  #queued = 0;
  #seen = "";
  #loading: Promise<void> | undefined;
  #again = false;
  #soon: ReturnType<typeof setTimeout> | undefined;

  constructor(private readonly changed: () => void) {
    this.stream.on<Snapshot>("state", (snapshot) => this.#take(snapshot));
    this.stream.on("connection", changed);
    setInterval(() => {
      if (!document.hidden) void this.load();
    }, MAX_STALENESS_MS);
    this.stream.on("resumed", () => void this.load());
    document.addEventListener("visibilitychange", () => {
      if (!document.hidden && this.#again) void this.load();
    });
  }

  /** Today, when the link names no day. */
  get day(): string {
    return isDay(this.#wanted) ? this.#wanted : today();
  }

  show(day: string): void {
    if (day === this.#wanted && this.shown) return;
    this.#wanted = day;
    this.#pages = 1;
    this.shown = undefined;
    this.changed();
    void this.load();
  }

  async older(pages: number): Promise<void> {
    this.#pages += pages;
    await this.load();
  }

  /** Runs one fetch at a time; changes during a fetch lead to one more. */
  load(): Promise<void> {
    this.#again = this.#loading !== undefined;
    this.#loading ??= this.#load().finally(() => {
      this.#loading = undefined;
      if (this.#again && !document.hidden) void this.load();
    });
    return this.#loading;
  }

  async #load(): Promise<void> {
    try {
      if (this.forSale.length === 0) {
        const [snapshot, forSale] = await Promise.all([
          call<Snapshot>("GET", "/api/state"),
          call<ForSale[]>("GET", books(["offers"])),
        ]);
        this.#isNews(snapshot);
        this.forSale = forSale;
      }
      const { day } = this;
      const [{ orders, next, unreadable = [] }, { flags }, totals, pending] = await Promise.all([
        this.#orders(day),
        call<{ flags: Flag[] }>("GET", books(["flags"], { day })),
        call<Total[]>("GET", "/api/stripe/totals"),
        call<{ webhooks: number }>("GET", "/api/stripe/pending"),
      ]);
      if (day !== this.day) return;
      this.shown = {
        day,
        orders,
        flags,
        unreadable,
        more: next !== undefined,
        underway: pending.webhooks + this.#queued,
        comparison: compare(orders, totals),
      };
      this.problem = "";
      this.turn += 1;
    } catch (error) {
      this.problem = explain(error);
      this.#askIn(RETRY_DELAY_MS);
    }
    this.changed();
  }

  async #orders(day: string): Promise<OrdersPage> {
    const orders: Order[] = [];
    const unreadable: string[] = [];
    let next: string | undefined;
    for (let page = 0; page < this.#pages; page += 1) {
      const got = await call<OrdersPage>("GET", books(["orders"], { day, after: next }));
      orders.push(...got.orders);
      unreadable.push(...(got.unreadable ?? []));
      next = got.next;
      if (next === undefined) return { orders, unreadable };
    }
    return next === undefined ? { orders, unreadable } : { orders, unreadable, next };
  }

  #take(snapshot: Snapshot): void {
    if (!this.#isNews(snapshot)) return;
    this.#again = true;
    this.#askIn(REFETCH_DELAY_MS);
  }

  #askIn(milliseconds: number): void {
    clearTimeout(this.#soon);
    this.#soon = setTimeout(() => {
      if (!document.hidden) void this.load();
    }, milliseconds);
  }

  /** Returns whether a payments function has run since the previous snapshot. */
  #isNews(snapshot: Snapshot): boolean {
    setClock(snapshot.now);
    const ours = snapshot.functions.filter(
      ({ service, name }) => service === "payments" && name !== LEDGER_FUNCTION,
    );
    const waiting = snapshot.queues.filter(({ consumer }) => consumer === "payments-book");
    this.#queued = waiting.reduce(
      (sum, queue) => sum + queue.visible + queue.in_flight + queue.delayed,
      0,
    );
    const seen = JSON.stringify([
      ours.map(({ invocations, in_flight }) => [invocations, in_flight]),
      this.#queued,
      this.day,
    ]);
    const isNews = seen !== this.#seen;
    this.#seen = seen;
    return isNews;
  }
}
