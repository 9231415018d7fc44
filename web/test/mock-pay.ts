// The checkout's part of the mock: sessions, and the effects of the test cards.
import { randomUUID } from "node:crypto";
import { MockError } from "./mock-error";

export function createPay() {
  const sessions = new Map();

  function find(id) {
    const session = sessions.get(id);
    if (!session) throw new MockError(404, "not_found", "There is no such payment.");
    return session;
  }

  function open(id) {
    const session = find(id);
    if (session.status !== "open")
      throw new MockError(
        400,
        "invalid",
        session.status === "complete"
          ? "This checkout has been paid already."
          : "This checkout has expired.",
      );
    return session;
  }

  function done(session, payment_status: string, card?: string) {
    Object.assign(session, {
      status: "complete",
      payment_status,
      success_url: session.back.replace("{CHECKOUT_SESSION_ID}", session.id),
    });
    session.completed?.(card);
    return { next: "done", url: session.success_url };
  }

  function pay(id, card) {
    const session = open(id);
    if (card === "success") return done(session, "paid", card);
    if (card === "async_success" || card === "async_failure") return done(session, "unpaid", card);
    if (card === "three_d_secure") return { next: "authenticate" };
    if (card === "declined") return { next: "declined", message: "Your card was declined." };
    throw new MockError(400, "invalid", "There is no such card.");
  }

  return {
    /** Returns the id of a new checkout. */
    add({
      title,
      amount,
      currency,
      success_url,
      cancel_url,
      completed,
    }: {
      title: string;
      amount: number;
      currency: string;
      success_url: string;
      cancel_url: string;
      completed?: (card: string) => void;
    }) {
      const id = `cs_test_${randomUUID().replaceAll("-", "")}`;
      sessions.set(id, {
        id,
        title,
        amount,
        currency,
        status: "open",
        payment_status: "unpaid",
        expires_at: Date.now() + 86_400_000,
        cancel_url,
        success_url: null,
        back: success_url,
      });
      Object.defineProperty(sessions.get(id), "completed", { value: completed });
      return id;
    },
    find,
    expire(id) {
      find(id).status = "expired";
    },
    routes: [
      ["GET", /^\/api\/pay\/([^/]+)$/, ([id]) => find(id)],
      ["POST", /^\/api\/pay\/([^/]+)$/, ([id], { card }) => pay(id, card)],
      [
        "POST",
        /^\/api\/pay\/([^/]+)\/authenticate$/,
        ([id], { accept }) =>
          accept
            ? done(open(id), "paid")
            : { next: "declined", message: "We are unable to authenticate your payment method." },
      ],
    ],
  };
}
