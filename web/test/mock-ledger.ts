// The ledger's part of the mock: orders, rows, notifications, and a Stripe for refunds and
// disputes. It books differences to the provider, as payments does.
import { randomBytes } from "node:crypto";
import { MockError } from "./mock-error";

const prices = {
  "studio.lite": [1900, 1],
  "studio.standard": [2900, 1],
  "studio.premium": [4900, 1],
  "rooms.pin_500": [500, 0],
  "rooms.tip_300": [300, 0],
};
const alphabet = "0123456789abcdefghjkmnpqrstvwxyz";
const letters = (count) => Array.from(randomBytes(count), (byte) => alphabet[byte % 32]).join("");
const pageSize = 50;

export function createLedger({ room, pay, home }) {
  const orders = new Map();
  const payments = new Map();
  const flags = [];
  const timers = [];
  let seq = 0;
  let noticesAreLost = false;
  const id = (prefix) => `${prefix}_01${String(++seq).padStart(8, "0")}${letters(16)}`;
  const stamp = (at) => new Date(at).toISOString();

  function find(map, key, what) {
    const one = map.get(key);
    if (!one) throw new MockError(404, "not_found", `There is no ${what}.`);
    return one;
  }

  function offer(
    { item, payer, title }: { item: string; payer: string; title?: string },
    at = room.now(),
  ) {
    const [price, credits] = prices[item] ?? [];
    if (!price) throw new MockError(422, "not_for_sale", "This is not for sale.");
    if (!payer?.trim()) throw new MockError(400, "bad_request", "Say who pays.");
    const order_id = id("ord");
    const session = pay.add({
      title: title || item,
      amount: price,
      currency: "usd",
      success_url: `${home()}/ledger?order=${order_id}`,
      cancel_url: `${home()}/ledger?order=${order_id}`,
      completed(card) {
        const payment = payments.get(session);
        Object.assign(payment, { status: "complete", payment_intent: `pi_3${letters(20)}` });
        if (card?.startsWith("async"))
          Object.assign(payment, { settling: true, succeeds: card === "async_success" });
        else payment.payment_status = "paid";
        notice(order_id);
      },
    });
    payments.set(session, {
      session,
      title: title || item,
      order_id,
      amount: price,
      currency: "usd",
      status: "open",
      payment_status: "unpaid",
      settling: false,
      payment_intent: null,
      refunded: 0,
      failure: null,
      refunds: [],
      disputes: [],
      url: `${home()}/pay/${session}`,
    });
    orders.set(order_id, {
      order: {
        id: order_id,
        purchase: { product: item.split(".")[0], item, payer },
        price: { minor: price, currency: "USD" },
        credits,
        provider: "stripe",
        state: "pending",
        created_at: stamp(at),
        correlation_id: id("cor"),
        checkout: session,
        received: 0,
        refunded: 0,
        disputed: 0,
        fees: 0,
        granted: false,
        taken_back: false,
        flags: {},
        balance: 0,
      },
      rows: [],
      credits: [],
      told: [],
    });
    room.changed();
    return {
      order_id,
      state: "pending",
      item,
      amount: { minor: price, currency: "USD" },
      url: `${home()}/pay/${session}`,
    };
  }

  /** Runs with a delay, as a webhook would. */
  function notice(order_id) {
    if (noticesAreLost) return;
    timers.push(
      setTimeout(() => {
        book(order_id);
        room.ran("payments-book");
      }, 80),
    );
  }

  function book(order_id, at = room.now()) {
    const file = orders.get(order_id);
    const { order } = file;
    const payment = payments.get(order.checkout);
    const held = holds(payment);
    const row = (kind, amount, account = "order") =>
      file[account === "credits" ? "credits" : "rows"].push({
        id: id("row"),
        kind,
        account,
        amount,
        ...(account === "credits" ? {} : { currency: "USD" }),
        order_id,
        at: stamp(at),
      });
    const tell = (told) =>
      file.told.push({
        ...told,
        order_id,
        ...order.purchase,
        cause: `stripe#evt_${letters(12)}`,
        correlation_id: order.correlation_id,
        at: stamp(at),
        is_told: true,
      });
    if (payment.settling && order.state === "pending" && !order.told_pending) {
      order.told_pending = true;
      tell({ type: "pending", amount: order.price });
    }
    if (held.paid > order.received) {
      row("charge", held.paid - order.received);
      if (order.credits) row("credit", order.credits, "credits");
      tell({ type: "received", amount: order.price, credits: order.credits });
      Object.assign(order, { received: held.paid, granted: true, payment: payment.payment_intent });
    }
    const returned = held.refunded + held.disputed;
    if (held.refunded !== order.refunded) row("refund", order.refunded - held.refunded);
    if (held.disputed !== order.disputed) row("reversal", order.disputed - held.disputed);
    if (returned > order.refunded + order.disputed)
      tell({
        type: "refunded",
        returned: { minor: returned, currency: "USD" },
        is_all: returned >= order.received,
        reason: held.disputed > order.disputed ? "dispute" : "refund",
      });
    if (order.received > 0 && returned >= order.received && !order.taken_back) {
      order.taken_back = true;
      if (order.credits) row("reversal", -order.credits, "credits");
    }
    Object.assign(order, {
      refunded: held.refunded,
      disputed: held.disputed,
      balance: order.received - returned,
    });
    const failed =
      payment.status === "complete" && payment.payment_status === "unpaid" && !payment.settling;
    if (failed && order.state === "pending") tell({ type: "failed", reason: "declined" });
    if (payment.status === "expired" && order.state === "pending")
      tell({ type: "failed", reason: "expired" });
    order.state =
      order.disputed > 0
        ? "disputed"
        : order.received > 0
          ? order.refunded >= order.received
            ? "refunded"
            : "paid"
          : failed
            ? "failed"
            : payment.status === "expired"
              ? "expired"
              : "pending";
    const cameBack = order.taken_back && order.balance > 0;
    const own = order.payment ?? "";
    if (!cameBack) delete order.flags[own];
    else if (!order.flags[own]) flag("came_back", order_id, at);
  }

  function holds({ payment_status, amount, refunded, disputes }) {
    const moved = disputes
      .flatMap(({ balance_transactions }) => balance_transactions)
      .reduce((sum, one) => sum + one.amount, 0);
    return { paid: payment_status === "paid" ? amount : 0, refunded, disputed: 0 - moved };
  }

  function disputeOf(payment, amount, { inquiry = false } = {}) {
    const dispute = {
      id: `du_${letters(12)}`,
      amount,
      currency: "usd",
      status: inquiry ? "warning_needs_response" : "needs_response",
      reason: "fraudulent",
      is_charge_refundable: inquiry,
      balance_transactions: inquiry ? [] : [{ amount: -amount, currency: "usd" }],
    };
    payment.disputes.unshift(dispute);
    return dispute;
  }

  function refundOf(payment, amount, { fate = "succeeds" } = {}) {
    const refund = {
      id: `re_${letters(12)}`,
      amount,
      currency: "usd",
      status: fate.startsWith("waits") ? "pending" : "succeeded",
    };
    payment.refunded += amount;
    payment.refunds.unshift(refund);
    return refund;
  }

  /** For the order's own payment, unless another one is given. */
  function flag(kind, order_id, at = room.now(), other = undefined) {
    const known = orders.get(order_id);
    const payment = other ?? known?.order.payment ?? "";
    flags.push({
      flag: kind,
      payment,
      event: `stripe#evt_${letters(12)}`,
      order_id,
      at: stamp(at),
    });
    if (known) known.order.flags[payment] = kind;
    room.ran("payments-book");
  }

  function take(session, body, most, how) {
    const payment = find(payments, session, "such payment");
    const amount = body.amount ?? most(payment);
    if (amount > most(payment))
      throw new MockError(400, "invalid", "There is not so much of this charge.");
    notice(payment.order_id);
    return how(payment, amount, body);
  }

  function fail(key) {
    const payment = [...payments.values()].find(({ refunds }) =>
      refunds.some(({ id }) => id === key),
    );
    const refund = payment?.refunds.find(({ id }) => id === key);
    if (!refund) throw new MockError(404, "not_found", "There is no such refund.");
    refund.status = "failed";
    payment.refunded -= refund.amount;
    notice(payment.order_id);
    return refund;
  }

  function close(key, { won, returned = 0 }) {
    const payment = [...payments.values()].find(({ disputes }) =>
      disputes.some(({ id }) => id === key),
    );
    const dispute = payment?.disputes.find(({ id }) => id === key);
    if (!dispute) throw new MockError(404, "not_found", "There is no such dispute.");
    const back = won ? dispute.amount : returned;
    if (back > 0) dispute.balance_transactions.push({ amount: back, currency: "usd" });
    dispute.status = dispute.status.startsWith("warning") ? "warning_closed" : won ? "won" : "lost";
    dispute.is_charge_refundable = dispute.status !== "lost";
    notice(payment.order_id);
    return dispute;
  }

  const dayOf = (text) => text.slice(0, 10);
  const newestFirst = () =>
    [...orders.values()]
      .map(({ order }) => order)
      .sort((a, b) => b.created_at.localeCompare(a.created_at) || b.id.localeCompare(a.id));

  function ordersOf(query) {
    const day = query.get("day") ?? dayOf(stamp(room.now()));
    const key = (order) => `${order.created_at}#${order.id}`;
    const after = query.get("after");
    const rest = newestFirst().filter(
      (order) => dayOf(order.created_at) === day && (!after || key(order) < after),
    );
    const page = rest.slice(0, pageSize);
    room.ran("payments-ledger");
    return { orders: page, ...(rest.length > pageSize ? { next: key(page.at(-1)) } : {}) };
  }

  function account(product, payer) {
    const rows = [...orders.values()]
      .filter(({ order: { purchase } }) => purchase.product === product && purchase.payer === payer)
      .flatMap(({ credits }) => credits);
    return { balance: rows.reduce((sum, { amount }) => sum + amount, 0), rows };
  }

  /** A day of demo orders. */
  function fill() {
    const minutes = (count) => room.now() - count * 60_000;
    const sold = (item: string, payer: string, ago: number, card?: string) => {
      const { order_id } = offer({ item, payer }, minutes(ago));
      const payment = payments.get(orders.get(order_id).order.checkout);
      if (card === "expired") Object.assign(payment, { status: "expired", url: null });
      else if (card)
        Object.assign(payment, {
          status: "complete",
          payment_status: card === "success" ? "paid" : "unpaid",
          settling: card === "async",
          succeeds: true,
          url: null,
          payment_intent: `pi_3${letters(20)}`,
        });
      book(order_id, minutes(ago - 1));
      return { order_id, payment };
    };
    sold("rooms.pin_500", "usr_noa", 190, "expired");
    for (let index = 0; index < 4; index += 1)
      sold(Object.keys(prices)[index], `usr_${letters(6)}`, 170 - index * 20, "success");
    const back = sold("studio.premium", "usr_dana", 80, "success");
    refundOf(back.payment, 1500);
    book(back.order_id, minutes(60));
    const taken = sold("studio.standard", "אילן_רגב", 50, "success");
    disputeOf(taken.payment, 2900);
    book(taken.order_id, minutes(40));
    sold("studio.lite", "usr_mira_sollenberg_achterhuis_van_der_plas", 30, "failed");
    const twice = sold("studio.lite", "usr_tal", 20, "success");
    flag("paid_twice", twice.order_id, minutes(19), `pi_3${letters(20)}`);
    sold("rooms.tip_300", "usr_noa", 12, "async");
    sold("studio.standard", "usr_dana", 2);
  }

  return {
    offer,
    flag,
    fill,
    /** Adds a second payment of an order, flagged until it is refunded. */
    payTwice(order_id, payment) {
      flag("paid_twice", order_id, room.now(), payment);
      return () => {
        delete orders.get(order_id).order.flags[payment];
        room.ran("payments-book");
      };
    },
    /** Requests a refund as a product, which Stripe refuses. */
    refuse(order_id, reason) {
      orders.get(order_id).order.refund = { reason, step: "refused", code: "charge_disputed" };
      flag("refund_by_hand", order_id);
    },
    /** Holds back Stripe's events from now on. */
    loseNotices(lost) {
      noticesAreLost = lost;
    },
    book(order_id) {
      book(order_id);
      room.ran("payments-book");
    },
    stop: () => timers.forEach(clearTimeout),
    routes: [
      [
        "GET",
        /^\/api\/ledger\/offers$/,
        () =>
          Object.entries(prices).map(([item, [minor, credits]]) => ({
            item,
            price: `${(minor / 100).toFixed(2)} USD${credits ? ` +${credits}` : ""}`,
          })),
      ],
      ["POST", /^\/api\/ledger\/offers$/, (_, sale) => offer(sale)],
      ["GET", /^\/api\/ledger\/orders$/, (_, __, query) => ordersOf(query)],
      [
        "GET",
        /^\/api\/ledger\/orders\/([^/]+)$/,
        ([key]) => {
          const { order, rows, told } = find(orders, key, "order");
          return { order, rows, told };
        },
      ],
      [
        "GET",
        /^\/api\/ledger\/accounts\/([^/]+)\/([^/]+)$/,
        ([product, payer]) => account(product, payer),
      ],
      [
        "GET",
        /^\/api\/ledger\/flags$/,
        (_, __, query) => ({
          flags: flags
            .filter(({ at }) => dayOf(at) === query.get("day"))
            .map((flag) => ({
              ...flag,
              is_open:
                flag.order_id === null ||
                orders.get(flag.order_id).order.flags[flag.payment] === flag.flag,
            })),
        }),
      ],
      ["GET", /^\/api\/stripe\/pending$/, () => ({ webhooks: 0, undelivered_events: 0 })],
      ["GET", /^\/api\/stripe\/payments$/, () => [...payments.values()].reverse()],
      [
        "GET",
        /^\/api\/stripe\/totals$/,
        () =>
          [...payments.values()]
            .filter(({ payment_status }) => payment_status === "paid")
            .map((payment) => ({
              order_id: payment.order_id,
              currency: "usd",
              payments: 1,
              ...holds(payment),
              withheld: holds(payment).disputed,
              lost: 0,
              fees: 0,
              dispute_fees: 0,
            })),
      ],
      [
        "POST",
        /^\/api\/stripe\/payments\/([^/]+)\/refund$/,
        ([session], body) =>
          take(session, body, (payment) => payment.amount - payment.refunded, refundOf),
      ],
      ["POST", /^\/api\/stripe\/refunds\/([^/]+)\/fail$/, ([key]) => fail(key)],
      [
        "POST",
        /^\/api\/stripe\/payments\/([^/]+)\/dispute$/,
        ([session], body) => take(session, body, (payment) => payment.amount, disputeOf),
      ],
      [
        "POST",
        /^\/api\/stripe\/payments\/([^/]+)\/settle$/,
        ([session]) => {
          const payment = find(payments, session, "such payment");
          Object.assign(payment, {
            settling: false,
            payment_status: payment.succeeds ? "paid" : "unpaid",
          });
          notice(payment.order_id);
        },
      ],
      [
        "POST",
        /^\/api\/stripe\/disputes\/([^/]+)\/close$/,
        ([key], verdict) => close(key, verdict),
      ],
    ],
  };
}
