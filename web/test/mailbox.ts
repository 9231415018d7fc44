// The mailbox as people use it, on the mock.
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
const rows = (page) => page.getByRole("list", { name: "Mails" }).getByRole("link");

async function emptied(): Promise<void> {
  await fetch(`${site.home}/api/mails`, { method: "DELETE" });
}

describe("mailbox", { skip: mockOnly }, () => {
  test("an empty mailbox says where mails come from", async () => {
    await emptied();
    await site.open("/mailbox", {}, async (page) => {
      await page.getByText("No mails yet").waitFor();
      await page.getByText("Mails are kept here and never sent.").waitFor();
      await assertAccessible(page);
    });
  });

  test("a mail arrives while the page is open, and its link can be followed", async () => {
    await emptied();
    await site.open("/mailbox", {}, async (page) => {
      await page.getByText("Live", { exact: true }).waitFor();
      site.mock.room.mails.add({ to: ["noa@shop.example"], subject: "Reset your password" });
      await rows(page).filter({ hasText: "noa@shop.example" }).click();
      await page.getByRole("heading", { name: "Reset your password" }).waitFor();
      const link = page.getByRole("link", { name: /^https:/ });
      assert.equal(await link.getAttribute("href"), "https://console.example/verify#token=abc");
      assert.equal(await link.getAttribute("rel"), "noopener noreferrer");
      await page.getByText("desk-mail", { exact: true }).waitFor();
    });
  });

  test("markup of a mail is shown as text", async () => {
    const id = site.mock.room.mails.add({
      subject: "<b>Hi</b>",
      text: "<img src=x onerror=alert(1)>",
      html: "<script>alert(1)</script>",
    });
    await site.open(`/mailbox#mail=${id}`, {}, async (page) => {
      await page.getByRole("heading", { name: "<b>Hi</b>" }).waitFor();
      await page.getByText("<img src=x onerror=alert(1)>").waitFor();
      await page.getByText("HTML source").click();
      await page.getByText("<script>alert(1)</script>").waitFor();
    });
  });

  test("a right-to-left mail keeps its direction", async () => {
    const id = site.mock.room.mails.add({
      subject: "איפוס הסיסמה שלך",
      text: "הקישור תקף לשעה אחת.",
    });
    await site.open(`/mailbox#mail=${id}`, {}, async (page) => {
      const text = page.getByText("הקישור תקף לשעה אחת.");
      await text.waitFor();
      assert.equal(await text.evaluate((element) => getComputedStyle(element).direction), "rtl");
    });
  });

  for (const colorScheme of ["light", "dark"] as const) {
    for (const width of [1280, 320]) {
      test(`a mail fits ${width} px and passes axe in ${colorScheme}`, async () => {
        const id = site.mock.room.mails.add({
          to: [`${"long-name".repeat(7)}@shop.example`],
          subject: "A".repeat(120),
          text: `https://console.example/verify#token=${"x".repeat(400)}`,
        });
        const viewport = { width, height: 860 };
        await site.open(`/mailbox#mail=${id}`, { colorScheme, viewport }, async (page) => {
          await page.getByRole("heading", { name: "A".repeat(120) }).waitFor();
          await assertFits(page);
          await assertAccessible(page);
          if (width < 768) await page.getByRole("button", { name: "Back" }).click();
          await rows(page).first().waitFor();
          await assertFits(page);
          await assertAccessible(page);
        });
      });
    }
  }

  test("a mail is deleted, and a deleted one says so", async () => {
    await emptied();
    const id = site.mock.room.mails.add();
    await site.open(`/mailbox#mail=${id}`, { expectErrors: true }, async (page) => {
      await page.getByRole("button", { name: "Delete mail" }).click();
      await page.getByText("No mails yet").waitFor();
      assert.equal(site.mock.room.mails.stats().count, 0);
      await page.goto(`${site.home}/mailbox#mail=${id}`);
      await page.getByText("This mail was deleted.").waitFor();
      await page.getByRole("button", { name: "Close" }).click();
      await until("the mail to close", () => !page.url().includes(id));
    });
  });

  test("all mails are deleted after a confirmation", async () => {
    await emptied();
    for (let count = 0; count < 3; count += 1) site.mock.room.mails.add();
    await site.open("/mailbox", {}, async (page) => {
      await until("three mails", async () => (await rows(page).count()) === 3);
      await page.getByRole("button", { name: "Delete all" }).click();
      await page.getByRole("button", { name: "Cancel" }).click();
      await page.getByRole("button", { name: "Delete all" }).click();
      await page.getByRole("button", { name: "Delete permanently" }).click();
      await page.getByText("No mails yet").waitFor();
    });
  });

  test("a failed list is loaded again", async () => {
    await emptied();
    site.mock.room.mails.add();
    await site.open("/mailbox", { expectErrors: true }, async (page) => {
      await rows(page).first().waitFor();
      await reloadFailingUntilClick(page, "/api/mails");
      await page.getByText("local does not answer").waitFor();
      await page.getByRole("button", { name: "Try again" }).click();
      await rows(page).first().waitFor();
      assert.equal(await page.getByText("local does not answer").count(), 0);
    });
  });
});
