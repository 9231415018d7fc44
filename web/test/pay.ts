// The checkout as people use it: on the `local` at CONFAB_HOME, or on the mock.
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

/** Creates a checkout. The phone's page stands in for the shop. */
async function checkout({ title = "Portraits, pack of 30", amount = 4900, currency = "usd" } = {}) {
  const success_url = `${site.home}/phone?paid={CHECKOUT_SESSION_ID}`;
  const cancel_url = `${site.home}/phone?cancelled`;
  if (site.mock)
    return `/pay/${site.mock.pay.add({ title, amount, currency, success_url, cancel_url })}`;
  const price = "line_items[0][price_data]";
  const form = {
    mode: "payment",
    success_url,
    cancel_url,
    [`${price}[currency]`]: currency,
    [`${price}[unit_amount]`]: String(amount),
    [`${price}[product_data][name]`]: title,
    "line_items[0][quantity]": "1",
  };
  const headers = { authorization: "Bearer sk_test_local" };
  const answer = await fetch(`${site.home}/stripe/v1/checkout/sessions`, {
    method: "POST",
    headers,
    body: new URLSearchParams(form),
  });
  const session = await answer.json();
  assert.equal(answer.status, 200, JSON.stringify(session));
  return new URL(session.url).pathname;
}

const payButton = (page) => page.getByRole("button", { name: /^Pay / });
const choose = (page, name) => page.getByRole("radio", { name }).check();
const backAtShop = (page, path) =>
  until("the shop", () => page.url() === `${site.home}/phone?paid=${path.split("/")[2]}`);

describe("checkout", () => {
  for (const colorScheme of ["light", "dark"]) {
    test(`the checkout passes axe in ${colorScheme}`, async () => {
      await site.open(await checkout(), { colorScheme }, async (page) => {
        await page.getByRole("heading", { name: "Portraits, pack of 30" }).waitFor();
        await page.getByText("$49.00", { exact: true }).waitFor();
        assert.equal(await page.getByRole("radio").count(), 5);
        assert.equal(
          await page.locator("input:not([type=radio])").count(),
          0,
          "nothing can be typed in",
        );
        await assertAccessible(page);
        await choose(page, "Card with 3-D Secure");
        await payButton(page).click();
        await page.getByRole("heading", { name: "Confirm your payment" }).waitFor();
        await assertAccessible(page);
      });
    });
  }

  test("a successful card returns to the shop and completes the checkout", async () => {
    const path = await checkout();
    await site.open(path, {}, async (page) => {
      await payButton(page).click();
      await backAtShop(page, path);
      await page.goto(`${site.home}${path}`);
      await page.getByRole("heading", { name: "Paid" }).waitFor();
      assert.equal(await payButton(page).count(), 0);
      await assertAccessible(page);
      await page.getByRole("link", { name: "Back to the shop" }).click();
      await backAtShop(page, path);
    });
  });

  test("a declined card states its reason, and another one succeeds", async () => {
    const path = await checkout();
    await site.open(path, {}, async (page) => {
      await choose(page, "Card that is declined");
      await payButton(page).click();
      await page.locator("cf-notice").getByText("Your card was declined.").waitFor();
      await assertAccessible(page);
      await choose(page, "Card that succeeds");
      await payButton(page).click();
      await backAtShop(page, path);
    });
  });

  test("3-D Secure can be failed and confirmed by keyboard", async () => {
    const path = await checkout();
    await site.open(path, {}, async (page) => {
      await page.getByRole("radio", { name: "Card that succeeds" }).focus();
      await page.keyboard.press("ArrowDown");
      await page.keyboard.press("Enter");
      const question = page.getByRole("heading", { name: "Confirm your payment" });
      await until(
        "the question has the focus",
        async () =>
          (await question.count()) === 1 &&
          question.evaluate((element) => element.matches(":focus")),
      );
      await page.keyboard.press("Tab");
      await page.keyboard.press("Tab");
      await page.keyboard.press("Enter");
      await page.locator("cf-notice").getByText("We are unable to authenticate").waitFor();
      assert.equal(
        await page.getByRole("radio", { name: "Card with 3-D Secure" }).isChecked(),
        true,
      );
      await payButton(page).press("Enter");
      await page.getByRole("button", { name: "Confirm" }).press("Enter");
      await backAtShop(page, path);
    });
  });

  test("a bank debit is pending after checkout", async () => {
    const path = await checkout();
    await site.open(path, {}, async (page) => {
      await choose(page, "Bank debit that succeeds");
      await payButton(page).click();
      await backAtShop(page, path);
      await page.goto(`${site.home}${path}`);
      await page.getByRole("heading", { name: "Processing" }).waitFor();
    });
  });

  test("cancelling returns to the shop and keeps the checkout open", async () => {
    const path = await checkout();
    await site.open(path, {}, async (page) => {
      await page.getByRole("link", { name: "Cancel and go back" }).click();
      await until("the shop", () => page.url() === `${site.home}/phone?cancelled`);
      await page.goBack();
      await payButton(page).waitFor();
    });
  });

  test("a long title and Hebrew fit 320 px", async () => {
    const path = await checkout({
      title: `שלושים פורטרטים ${"ארוך".repeat(30)}`,
      amount: 99_999_999,
      currency: "ils",
    });
    await site.open(path, { viewport: { width: 320, height: 640 } }, async (page) => {
      const title = page.getByRole("heading", { name: /פורטרטים/ });
      await title.waitFor();
      assert.equal(await title.evaluate((element) => getComputedStyle(element).direction), "rtl");
      await page.getByText("₪999,999.99", { exact: true }).waitFor();
      await assertFits(page);
      await page.evaluate(() => (document.documentElement.dir = "rtl"));
      await assertFits(page);
      await choose(page, "Card with 3-D Secure");
      await payButton(page).click();
      await page.getByRole("button", { name: "Confirm" }).waitFor();
      await assertFits(page);
    });
  });

  test("an unknown checkout is reported", async () => {
    await site.open("/pay/cs_test_none", { expectErrors: true }, async (page) => {
      await page.getByRole("heading", { name: "Checkout not found" }).waitFor();
      await assertAccessible(page);
    });
  });
});

describe("checkout on the mock", { skip: mockOnly }, () => {
  test("a checkout that expires while open is not paid", async () => {
    const path = await checkout();
    await site.open(path, { expectErrors: true }, async (page) => {
      await payButton(page).waitFor();
      site.mock.pay.expire(path.split("/")[2]);
      await payButton(page).click();
      await page.getByRole("heading", { name: "This checkout has expired" }).waitFor();
      assert.equal(await payButton(page).count(), 0);
    });
  });

  test("a failed fetch is retried", async () => {
    const path = await checkout();
    await site.open(path, { expectErrors: true }, async (page) => {
      await payButton(page).waitFor();
      await reloadFailingUntilClick(page, "/api/pay/");
      await page.getByText("local does not answer.").waitFor();
      await page.getByRole("button", { name: "Try again" }).click();
      await payButton(page).waitFor();
    });
  });
});
