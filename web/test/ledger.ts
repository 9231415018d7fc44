// The ledger as an operator uses it: on the `local` at CONFAB_HOME, or on the mock.
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import {
  assertAccessible,
  assertFits,
  reloadFailingUntilClick,
  type Site,
  setUp,
  until,
} from "./browser";

let site: Site;
before(async () => {
  site = await setUp();
});
after(() => site?.tearDown());

const mockOnly = process.env.CONFAB_HOME ? "needs the mock" : false;
let payers = 0;
/** Returns a payer of this run alone, so that the tests can share one home. */
const newPayer = () => `usr_test_${process.pid}_${++payers}`;

async function post(path, body) {
  const answer = await fetch(`${site.home}${path}`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify(body),
  });
  const told = await answer.json();
  assert.equal(answer.status, 200, JSON.stringify(told));
  return told;
}

const offer = (payer, item = "studio.lite") =>
  post("/api/ledger/offers", { item, payer, title: "A pack of portraits" });
const sessionOf = (order) => new URL(order.url).pathname.split("/")[2];

/** Creates an order and pays it, or tries to. */
async function sold({
  payer = newPayer(),
  item,
  card = "success",
}: {
  payer?: string;
  item?: string;
  card?: string;
} = {}) {
  const order = await offer(payer, item);
  await post(`/api/pay/${sessionOf(order)}`, { card });
  return { ...order, payer };
}

/** Returns the drawer element: its content is slotted, not inside the native dialog. */
const drawer = (page) => page.locator("cf-dialog[open]");
const opened = ({ order_id }) => `/ledger#order=${order_id}`;
const stateIs = (page, words) =>
  drawer(page).locator(".head").getByText(words, { exact: true }).waitFor();

/** Returns the amounts of the order's rows, and the balance after the last one. */
async function moneyOf(page) {
  return drawer(page)
    .locator("section", { has: page.getByRole("heading", { name: "Money", exact: true }) })
    .locator("table")
    .first()
    .locator("tbody tr")
    .evaluateAll((rows) =>
      rows.map((row) =>
        [...row.querySelectorAll("th, td")].slice(0, 3).map((cell) => cell.textContent.trim()),
      ),
    );
}

const rowsAre = (page, wanted) =>
  until(
    `the rows ${JSON.stringify(wanted)}`,
    async () => JSON.stringify(await moneyOf(page)) === JSON.stringify(wanted),
  );

describe("ledger", () => {
  test("an order is paid, refunded and reconciled", async () => {
    const payer = newPayer();
    await site.open("/ledger", {}, async (page) => {
      await page.getByRole("button", { name: "Sell something" }).first().click();
      await page.getByRole("combobox", { name: /^What/ }).selectOption("studio.premium");
      await page.getByLabel("Who pays", { exact: false }).last().fill(payer);
      await page.getByLabel("Title on the checkout").fill("Portraits, pack of 30");
      await assertAccessible(page);
      await page.getByRole("button", { name: "Create offer and open checkout" }).click();
      await page.getByRole("heading", { name: "Portraits, pack of 30" }).waitFor();
      await page.getByRole("button", { name: "Pay $49.00" }).click();
      await page.waitForURL(/\/ledger#order=ord_/);
      await stateIs(page, "Paid");
      await rowsAre(page, [["Paid", "+$49.00", "$49.00"]]);
      await drawer(page).getByText("Fulfill: $49.00 was paid, with 1 credit").waitFor();

      await drawer(page).getByRole("button", { name: "Refund…" }).click();
      await drawer(page).getByLabel("Amount to refund, USD").fill("9.50");
      await drawer(page).getByRole("button", { name: "Refund", exact: true }).click();
      await stateIs(page, "Partly refunded");
      await rowsAre(page, [
        ["Paid", "+$49.00", "$49.00"],
        ["Refunded", "-$9.50", "$39.50"],
      ]);

      await drawer(page).getByRole("button", { name: "Refund…" }).click();
      await drawer(page).getByRole("button", { name: "Refund", exact: true }).click();
      await stateIs(page, "Refunded");
      await rowsAre(page, [
        ["Paid", "+$49.00", "$49.00"],
        ["Refunded", "-$9.50", "$39.50"],
        ["Refunded", "-$39.50", "$0.00"],
      ]);
      await drawer(page).getByText("by refund: revoke the grant").waitFor();
      assert.equal(
        await drawer(page).getByRole("button", { name: "Refund…" }).count(),
        0,
        "nothing is left to refund",
      );

      await drawer(page).getByRole("link", { name: payer }).click();
      await drawer(page).getByRole("heading", { name: payer }).waitFor();
      await drawer(page).getByText("0 credits", { exact: true }).waitFor();
      assert.equal(await drawer(page).getByRole("row").count(), 3);
      await page.goBack();
      await stateIs(page, "Refunded");
      await page.keyboard.press("Escape");
      await until("the drawer is closed", () => !page.url().includes("order="));
      const row = page.getByRole("row", { name: new RegExp(payer) });
      await row.getByText("Refunded", { exact: true }).waitFor();
      await row.getByText("$49.00", { exact: true }).waitFor();
    });
  });

  for (const colorScheme of ["light", "dark"]) {
    test(`day, order and account pass axe in ${colorScheme}`, async () => {
      const order = await sold();
      await site.open("/ledger", { colorScheme }, async (page) => {
        await page
          .getByRole("row", { name: new RegExp(order.payer) })
          .getByText("Paid", { exact: true })
          .waitFor();
        await page.getByRole("row", { name: /^USD/ }).waitFor();
        await page.getByText("Live", { exact: true }).waitFor();
        await assertAccessible(page);
        await page.getByRole("link", { name: new RegExp(order.order_id) }).click();
        await stateIs(page, "Paid");
        await drawer(page).getByRole("button", { name: "Dispute…" }).click();
        await assertAccessible(page);
        await drawer(page).getByRole("link", { name: order.payer }).click();
        await drawer(page).getByText("1 credit", { exact: true }).waitFor();
        await assertAccessible(page);
      });
    });
  }

  test("the ledger fits 320 px in both writing directions", async () => {
    const order = await sold({ payer: `${newPayer()}_${"לקוחה".repeat(20)}` });
    await site.open("/ledger", { viewport: { width: 320, height: 640 } }, async (page) => {
      await page.getByRole("link", { name: new RegExp(order.order_id) }).waitFor();
      await assertFits(page);
      await page.evaluate(() => (document.documentElement.dir = "rtl"));
      await assertFits(page);
      await page.getByRole("link", { name: new RegExp(order.order_id) }).click();
      await stateIs(page, "Paid");
      await assertFits(page);
      const over = await drawer(page).evaluate(({ shadowRoot }) =>
        [...shadowRoot.querySelectorAll("dialog, dialog > *")].map(
          (child) => child.scrollWidth - child.clientWidth,
        ),
      );
      assert.ok(
        over.every((width) => width <= 0),
        `the drawer is wider than itself: ${over}`,
      );
    });
  });

  test("a lost dispute keeps the money", async () => {
    const order = await sold({ item: "studio.standard" });
    await site.open(opened(order), {}, async (page) => {
      await drawer(page).getByRole("button", { name: "Dispute…" }).click();
      await drawer(page).getByRole("button", { name: "Open the dispute" }).click();
      await stateIs(page, "Disputed");
      await rowsAre(page, [
        ["Paid", "+$29.00", "$29.00"],
        ["Taken by the bank", "-$29.00", "$0.00"],
      ]);
      await drawer(page).getByRole("button", { name: "Lose dispute" }).click();
      await drawer(page).getByText("A dispute of $29.00 was lost.").waitFor();
      await stateIs(page, "Disputed");
    });
  });

  test("a won dispute returns the money and raises a flag", async () => {
    const order = await sold();
    await site.open(opened(order), {}, async (page) => {
      await drawer(page).getByRole("button", { name: "Dispute…" }).click();
      await drawer(page).getByRole("button", { name: "Open the dispute" }).click();
      await drawer(page).getByRole("button", { name: "Win dispute" }).click();
      await stateIs(page, "Paid");
      await rowsAre(page, [
        ["Paid", "+$19.00", "$19.00"],
        ["Taken by the bank", "-$19.00", "$0.00"],
        ["Returned", "+$19.00", "$19.00"],
      ]);
      await drawer(page).getByText("Payment restored after revocation.").waitFor();
      await page.keyboard.press("Escape");
      const flag = page.getByRole("region", { name: "Needs attention" });
      await flag.getByRole("link", { name: order.order_id }).waitFor();
      await flag
        .getByText("Refund the payer, or have the product grant it again.", { exact: false })
        .waitFor();
      await assertAccessible(page);
    });
  });

  test("a dispute takes the full charge when part of it was refunded", async () => {
    const order = await sold({ item: "studio.standard" });
    await post(`/api/stripe/payments/${sessionOf(order)}/refund`, { amount: 900 });
    await site.open(opened(order), {}, async (page) => {
      await stateIs(page, "Partly refunded");
      await drawer(page).getByRole("button", { name: "Dispute…" }).click();
      assert.equal(await drawer(page).getByLabel("Disputed amount, USD").inputValue(), "29.00");
      await drawer(page).getByRole("button", { name: "Open the dispute" }).click();
      await drawer(page).getByText("A dispute of $29.00 is open.").waitFor();
      await stateIs(page, "Disputed");
      assert.equal(
        await drawer(page).getByRole("button", { name: "Refund…" }).count(),
        0,
        "not during a dispute",
      );
      await rowsAre(page, [
        ["Paid", "+$29.00", "$29.00"],
        ["Refunded", "-$9.00", "$20.00"],
        ["Taken by the bank", "-$29.00", "-$9.00"],
      ]);
    });
  });

  test("a lost dispute can be reinstated in part", async () => {
    const order = await sold({ item: "studio.standard" });
    const { id } = await post(`/api/stripe/payments/${sessionOf(order)}/dispute`, {});
    await post(`/api/stripe/disputes/${id}/close`, { won: false, returned: 900 });
    await site.open(opened(order), {}, async (page) => {
      await drawer(page).getByText("A dispute of $29.00 was lost; $9.00 was returned.").waitFor();
    });
  });

  test("an inquiry moves no money", async () => {
    const order = await sold({ item: "studio.standard" });
    await post(`/api/stripe/payments/${sessionOf(order)}/dispute`, { inquiry: true });
    await site.open(opened(order), {}, async (page) => {
      await drawer(page)
        .getByText("The bank is inquiring about $29.00. No money has moved.")
        .waitFor();
      await stateIs(page, "Paid");
      assert.equal(await drawer(page).getByRole("button", { name: "Win dispute" }).count(), 0);
      await drawer(page).getByRole("button", { name: "Refund…" }).waitFor();
      await drawer(page).getByRole("button", { name: "Close inquiry" }).click();
      await drawer(page)
        .getByText("The inquiry about $29.00 was closed without a dispute.")
        .waitFor();
      await rowsAre(page, [["Paid", "+$29.00", "$29.00"]]);
    });
  });

  test("a failed refund is reported and can be repeated", async () => {
    const order = await sold();
    const { id } = await post(`/api/stripe/payments/${sessionOf(order)}/refund`, { fate: "waits" });
    await site.open(opened(order), {}, async (page) => {
      await drawer(page).getByText("A refund of $19.00 is pending.").waitFor();
      await post(`/api/stripe/refunds/${id}/fail`, {});
      await drawer(page)
        .getByText("A refund of $19.00 failed, and the money was returned to us.")
        .waitFor();
      await drawer(page).getByRole("button", { name: "Refund…" }).waitFor();
    });
  });

  test("a bank debit stays pending until it settles", async () => {
    const order = await sold({ card: "async_success" });
    await site.open(opened(order), {}, async (page) => {
      await stateIs(page, "Pending");
      await drawer(page).getByRole("button", { name: "Settle now" }).click();
      await stateIs(page, "Paid");
    });
  });

  test("an unpaid order links to its checkout", async () => {
    const order = await offer(newPayer());
    await site.open(opened(order), {}, async (page) => {
      await stateIs(page, "Pending");
      await drawer(page).getByText("Nothing is booked yet.", { exact: false }).waitFor();
      await drawer(page).getByRole("link", { name: "Pay page" }).click();
      await page.getByRole("heading", { name: "A pack of portraits" }).waitFor();
    });
  });

  test("a payment appears without a reload", async () => {
    const order = await offer(newPayer(), "rooms.tip_300");
    await site.open("/ledger", {}, async (page) => {
      const row = page.getByRole("row", { name: new RegExp(order.order_id) });
      await row.getByText("Pending").waitFor();
      await post(`/api/pay/${sessionOf(order)}`, { card: "success" });
      await row.getByText("Paid", { exact: true }).waitFor();
    });
  });

  test("the page's own requests do not trigger a refetch", async () => {
    await sold();
    await site.open("/ledger", {}, async (page) => {
      let asked = Date.now();
      page.on("request", (request) => {
        if (request.url().includes("/api/ledger/orders")) asked = Date.now();
      });
      await page.reload();
      await page.getByRole("row", { name: /^USD/ }).waitFor();
      const state = await fetch(`${site.home}/api/state`).then((answer) => answer.json());
      const runs = ({ functions }) =>
        functions
          .filter(({ name }) => name === "payments-ledger")
          .reduce((sum, { invocations }) => sum + invocations, 0);
      await until("a snapshot after the page's own questions", () => runs(state) > 0);
      await until("two seconds without a question", () => Date.now() - asked > 2000);
    });
  });

  test("search finds orders and accounts, and reports unknown ids", async () => {
    const order = await sold();
    await site.open("/ledger", { expectErrors: true }, async (page) => {
      const field = page.getByRole("searchbox");
      await field.fill(order.payer);
      await field.press("Enter");
      await drawer(page).getByRole("heading", { name: order.payer }).waitFor();
      await until(
        "the credit",
        async () => (await drawer(page).getByText("1 credit", { exact: true }).count()) === 1,
      );
      await page.keyboard.press("Escape");
      await field.fill(order.order_id);
      await field.press("Enter");
      await stateIs(page, "Paid");
      await page.keyboard.press("Escape");
      await field.fill("ord_nothing");
      await field.press("Enter");
      await drawer(page).getByText("Order not found").waitFor();
      await assertAccessible(page);
      await page.keyboard.press("Escape");
      await field.fill("usr_unknown");
      await field.press("Enter");
      await drawer(page).getByText("No credits").waitFor();
    });
  });

  test("a search in the same moment as Escape is not dismissed", async () => {
    const order = await sold();
    await site.open(opened(order), { expectErrors: true }, async (page) => {
      await stateIs(page, "Paid");
      await page.getByRole("searchbox").evaluate((field: HTMLInputElement) => {
        const page = field.getRootNode() as ShadowRoot;
        const dialog = page
          .querySelector("order-drawer")
          ?.shadowRoot?.querySelector("cf-dialog")
          ?.shadowRoot?.querySelector("dialog");
        field.value = "ord_nothing";
        dialog?.requestClose();
        field.form?.requestSubmit();
      });
      await drawer(page).getByText("Order not found").waitFor();
    });
  });

  test("another day is reachable, and Back returns to today", async () => {
    await sold();
    await site.open("/ledger", {}, async (page) => {
      await page.getByRole("row", { name: /^USD/ }).waitFor();
      assert.equal(await page.getByRole("button", { name: "Next day" }).isDisabled(), true);
      await page.getByLabel("Day, in UTC").fill("2020-02-29");
      await page.getByText("No orders on this day").waitFor();
      await page.getByRole("heading", { name: "Saturday, February 29, 2020" }).waitFor();
      await assertAccessible(page);
      await page.getByRole("button", { name: "Previous day" }).click();
      await page.getByRole("heading", { name: "Friday, February 28, 2020" }).waitFor();
      await page.goBack();
      await page.goBack();
      await page.getByRole("heading", { name: "Today" }).waitFor();
      await page.getByRole("row", { name: /^USD/ }).waitFor();
    });
  });

  test("a sale works by keyboard and returns the focus", async () => {
    await site.open("/ledger", {}, async (page) => {
      const focused = (locator) => locator.evaluate((element) => element.matches(":focus"));
      const sell = page.getByRole("button", { name: "Sell something" }).first();
      await until("the page is ready", () => sell.isEnabled());
      await until("Tab reaches the button", async () => {
        await page.keyboard.press("Tab");
        return focused(sell);
      });
      await page.keyboard.press("Enter");
      await page.getByRole("combobox", { name: /^What/ }).waitFor();
      await page.keyboard.press("Escape");
      await until("the button has the focus again", () => focused(sell));
    });
  });

  test("the control room links to the ledger", async () => {
    await site.open("/", {}, async (page) => {
      await page.getByRole("link", { name: "Payments", exact: true }).click();
      await page.getByRole("heading", { name: "ledger" }).waitFor();
    });
  });

  test("the proxy passes on ledger routes only", async () => {
    const at = (path) => fetch(`${site.home}/api/ledger/${path}`).then(({ status }) => status);
    for (const path of [
      "prices",
      "orders/..%2f..%2fstudio",
      "accounts/studio",
      "%2e%2e/orders/ord_1",
      "http:%2f%2fexample.com",
    ])
      assert.equal(await at(path), 404, path);
  });
});

describe("ledger on the mock", { skip: mockOnly }, () => {
  const alone = async (visit) => {
    const own = await setUp();
    try {
      await visit(own);
    } finally {
      await own.tearDown();
    }
  };

  test("an empty ledger explains the first step", async () => {
    await alone(async (own) => {
      await own.open("/ledger", {}, async (page) => {
        await page.getByText("No orders yet today").waitFor();
        await assertAccessible(page);
        await page.getByRole("button", { name: "Create a test order" }).click();
        await page.getByRole("heading", { name: "Sell something" }).waitFor();
      });
    });
  });

  test("a difference with Stripe is marked until it clears", async () => {
    await alone(async (own) => {
      const { order_id, url } = own.mock.ledger.offer({ item: "studio.lite", payer: "usr_lost" });
      own.mock.ledger.loseNotices(true);
      await fetch(`${own.home}/api/pay/${url.split("/").at(-1)}`, {
        method: "POST",
        body: JSON.stringify({ card: "success" }),
      });
      await own.open("/ledger", {}, async (page) => {
        await page.getByText("Differs by $19.00").waitFor();
        await page
          .getByRole("row", { name: new RegExp(order_id) })
          .getByText("Stripe: $19.00")
          .waitFor();
        await assertAccessible(page);
        own.mock.ledger.book(order_id);
        await page.getByText("Matches", { exact: true }).waitFor();
      });
    });
  });

  test("a second payment is flagged until it is refunded", async () => {
    await alone(async (own) => {
      const { order_id } = own.mock.ledger.offer({ item: "studio.lite", payer: "usr_1" });
      const refund = own.mock.ledger.payTwice(order_id, "pi_second");
      own.mock.ledger.book(order_id);
      await own.open("/ledger", {}, async (page) => {
        const flags = page.getByRole("region", { name: "Needs attention" });
        await flags.getByText("pi_second").waitFor();
        await flags.getByRole("link", { name: order_id }).click();
        await drawer(page)
          .getByText("Refund the second one at Stripe.", { exact: false })
          .waitFor();
        await drawer(page).getByText("pi_second").waitFor();
        await page.keyboard.press("Escape");
        refund();
        await flags.waitFor({ state: "detached" });
      });
    });
  });

  test("flags list their remedy, newest first, older ones on demand", async () => {
    await alone(async (own) => {
      for (let index = 0; index < 5; index += 1) own.mock.ledger.flag("unknown_order", null);
      await own.open("/ledger", {}, async (page) => {
        const flags = page.getByRole("region", { name: "Needs attention" });
        await flags.getByText("5 notices").waitFor();
        await flags.getByText("Find the event at Stripe", { exact: false }).waitFor();
        await flags.getByText("2 earlier notices").click();
        await until("all five", async () => (await flags.getByText(/evt_/).count()) === 5);
        await assertAccessible(page);
      });
    });
  });

  test("a manual refund states its reason and the next step", async () => {
    await alone(async (own) => {
      const { order_id, url } = own.mock.ledger.offer({ item: "studio.lite", payer: "usr_1" });
      own.mock.ledger.loseNotices(true);
      await fetch(`${own.home}/api/pay/${url.split("/").at(-1)}`, {
        method: "POST",
        body: JSON.stringify({ card: "success" }),
      });
      own.mock.ledger.book(order_id);
      own.mock.ledger.refuse(order_id, "the photos could not be made");
      await own.open(opened({ order_id }), {}, async (page) => {
        await drawer(page).getByText("Manual refund needed", { exact: false }).waitFor();
        await drawer(page).getByText("the refund needs you", { exact: false }).waitFor();
        await drawer(page)
          .getByText("the photos could not be made, refused: charge_disputed")
          .waitFor();
        await assertAccessible(page);
      });
    });
  });

  test("orders load page by page", async () => {
    await alone(async (own) => {
      for (let index = 0; index < 120; index += 1)
        own.mock.ledger.offer({ item: "rooms.tip_300", payer: `usr_${index}` });
      await own.open("/ledger", {}, async (page) => {
        const rows = page.getByRole("table", { name: "Orders" }).getByRole("row");
        await page.getByText("the newest 50 orders").waitFor();
        await page.getByRole("button", { name: "Show 50 older" }).click();
        await until("a hundred rows", async () => (await rows.count()) === 101);
        await page.getByRole("button", { name: /^Show all of/ }).click();
        await page.getByText("all 120 orders of the day").waitFor();
        assert.equal(await rows.count(), 121);
      });
    });
  });

  test("a failed fetch is retried", async () => {
    await site.open("/ledger", { expectErrors: true }, async (page) => {
      await reloadFailingUntilClick(page, "/api/ledger/");
      await page.getByText("local does not answer.").waitFor();
      await assertAccessible(page);
      await page.getByRole("button", { name: "Try again" }).click();
      await page.getByRole("heading", { name: "Orders" }).waitFor();
    });
  });

  test("a refused refund states its reason", async () => {
    const order = await sold();
    await site.open(opened(order), { expectErrors: true }, async (page) => {
      const refusal = {
        status: 400,
        contentType: "application/json",
        body: JSON.stringify({
          error: { code: "invalid", message: "Charge has already been refunded." },
        }),
      };
      await page.route("**/api/stripe/payments/*/refund", (route) => route.fulfill(refusal));
      await drawer(page).getByRole("button", { name: "Refund…" }).click();
      await drawer(page).getByRole("button", { name: "Refund", exact: true }).click();
      await page.getByText("Charge has already been refunded.").waitFor();
      await drawer(page).getByLabel("Amount to refund, USD").waitFor();
    });
  });
});
