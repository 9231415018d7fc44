// Rooms on `local` with real functions and sockets: two browsers from a photo to a lost connection.
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { assertAccessible, type Site, setUp, until } from "./browser";

const needsLocal = process.env.CONFAB_HOME ? false : "needs local";
let site: Site;
before(async () => {
  if (!needsLocal) site = await setUp();
});
after(() => site?.tearDown());

const field = (page) => page.getByRole("textbox", { name: "Message", exact: true });
const said = (page) => page.locator(".message .bubble .text").allTextContents();

async function say(page, text) {
  await field(page).fill(text);
  await field(page).press("Enter");
}

async function ask(path: string, body?: unknown) {
  const answer = await fetch(
    `${site.home}${path}`,
    body && {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify(body),
    },
  );
  return answer.json();
}

/** Opens the page in another browser context and joins as another user. */
async function comesIn(page, code, name) {
  const context = await page
    .context()
    .browser()
    .newContext({ viewport: { width: 1280, height: 860 } });
  const other = await context.newPage();
  await other.goto(`${site.home}/rooms#room=${code}`);
  const open = other.getByRole("button", { name: "Join to chat" });
  await open.or(other.getByLabel("Your name here")).first().waitFor();
  if (await open.isVisible()) await open.click();
  await other.getByLabel("Your name here").fill(name);
  await other.getByRole("button", { name: "Join", exact: true }).click();
  await field(other).waitFor();
  return other;
}

const codeOf = (page) => new URLSearchParams(new URL(page.url()).hash.slice(1)).get("room");

/** Follows the payment link, pays with a successful card, and returns. */
async function pays(page, name) {
  const opened = page.context().waitForEvent("page");
  await page.getByRole("link", { name }).click();
  const shop = await opened;
  await shop.getByRole("radio", { name: "Card that succeeds" }).check();
  await shop.getByRole("button", { name: /^Pay / }).click();
  await shop.getByRole("heading", { name: "Thank you" }).waitFor();
  await shop.close();
}

describe("rooms on local", { skip: needsLocal }, () => {
  test("two users meet in a room from a photo and survive a lost connection", async () => {
    await site.open(
      "/rooms",
      { viewport: { width: 390, height: 844 }, expectErrors: true },
      async (page) => {
        const photo = await fetch(
          `${site.home}/astria/selfies/3.jpg?kind=good&person=hanna&class=woman`,
        );
        await page.locator("#choose").setInputFiles({
          name: "photo.jpg",
          mimeType: "image/jpeg",
          buffer: Buffer.from(await photo.arrayBuffer()),
        });
        await until("ten names", async () => (await page.locator(".names button").count()) === 10);
        await page.locator(".names button").first().click();
        await page.getByLabel("Your name here").fill("Hanna");
        await page.getByRole("button", { name: "Create the room" }).click();
        await field(page).waitFor({ state: "attached" });
        const code = codeOf(page);
        await page.keyboard.press("Escape");
        const other = await comesIn(page, code, "Tom");

        await say(page, "who is here");
        await until("Tom reads it", async () => (await said(other)).includes("who is here"));
        await say(other, "me");
        await until("Hanna reads it", async () => (await said(page)).includes("me"));
        // Typing frames are throttled to one in three seconds.
        await until("Hanna sees that Tom types", async () => {
          await field(other).press("h");
          return page.getByText("Tom is typing").isVisible();
        });
        await page.getByText("2 here").first().waitFor();
        await assertAccessible(page);

        // Every socket is closed by the server, without a frame.
        for (const socket of await ask("/api/sockets?limit=100")) {
          if (socket.authorizer.room === code)
            await ask(`/api/sockets/${encodeURIComponent(socket.connection_id)}/drop`, {
              silently: true,
            });
        }
        await field(other).fill("");
        for (const number of [1, 2, 3]) await say(other, `after the cut ${number}`);
        const expected = [
          "who is here",
          "me",
          "after the cut 1",
          "after the cut 2",
          "after the cut 3",
        ];
        for (const [who, chat] of [
          ["Hanna", page],
          ["Tom", other],
        ]) {
          await until(
            `${who} has all of it`,
            async () => (await said(chat)).length >= expected.length,
          );
          assert.deepEqual(
            await said(chat),
            expected,
            `${who}: nothing missing, nothing twice, in order`,
          );
        }
        await other.context().close();
      },
    );
  });

  test("pins, tips and the back room are fulfilled on payment", async () => {
    await site.open("/rooms", { viewport: { width: 390, height: 844 } }, async (page) => {
      await page.getByRole("button", { name: "Create a room without a photo" }).click();
      await page.getByLabel("Name", { exact: true }).fill("Balloons");
      await page.getByLabel("Your name here").fill("Hanna");
      await page.getByRole("button", { name: "Create the room" }).click();
      await field(page).waitFor({ state: "attached" });
      const code = codeOf(page);
      await page.keyboard.press("Escape");
      await say(page, "a red one over the market");
      const tom = await comesIn(page, code, "Tom");

      await tom.locator(".bubble", { hasText: "a red one" }).hover();
      await tom.getByRole("button", { name: "More" }).first().click();
      await tom.getByRole("button", { name: "Pin for everyone" }).click();
      await tom.getByRole("button", { name: /^20 minutes/ }).click();
      await pays(tom, "Pay $5.00");
      await page
        .getByRole("button", { name: /^Pinned: Hanna a red one over the market/ })
        .waitFor();
      await page
        .locator(".pin")
        .getByText(/^For (20:00|19:\d\d)$/)
        .waitFor();
      const before = await page.locator(".pin .figures").textContent();
      await until(
        "its time runs",
        async () => (await page.locator(".pin .figures").textContent()) !== before,
      );
      await page.locator(".pin").getByText("$5.00").waitFor();
      await tom.locator(".waiting").waitFor({ state: "detached" });
      await assertAccessible(page);

      await tom.getByRole("button", { name: "Tip Hanna" }).click();
      await tom.getByRole("button", { name: "$3.00" }).click();
      await pays(tom, "Pay $3.00");
      await page.locator(".bubble.tip").getByText("Tom gave you $3.00").waitFor();
      await tom.locator(".bubble.tip").getByText("You gave $3.00").waitFor();
      await tom.locator(".waiting").waitFor({ state: "detached" });
      await page.getByTitle("About this room").click();
      await page.getByRole("button", { name: "Tips" }).click();
      await page.locator("room-tips .total", { hasText: "$3.00" }).waitFor();
      await page.keyboard.press("Escape");

      await page.getByTitle("About this room").click();
      await page.getByRole("button", { name: "Settings" }).click();
      await page.getByRole("button", { name: "Open a back room" }).click();
      await page.getByRole("button", { name: "Enter the back room" }).click();
      await page.locator("header.behind").waitFor();
      await say(page, "so this is where it is");
      await tom.getByRole("button", { name: "Back room $5.00" }).click();
      await pays(tom, "Pay $5.00");
      await tom.getByRole("button", { name: "Back room Enter" }).click();
      await until("Tom reads what is said behind", async () =>
        (await said(tom)).includes("so this is where it is"),
      );
      await say(tom, "and so am I");
      await until("Hanna reads it there", async () => (await said(page)).includes("and so am I"));
      await assertAccessible(tom);
      await tom.getByRole("button", { name: "Front room" }).click();
      await tom.locator(".bubble", { hasText: "a red one" }).waitFor();
      await tom.context().close();
    });
  });
});
