// Desk on `local`, with the functions behind it: from a sign-up to a chat on the demo shop, which is of another origin.
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import type { BrowserContext, Page } from "playwright-core";
import { assertAccessible, picture, type Site, setUp, until } from "./browser";

const needsLocal = process.env.CONFAB_HOME ? false : "needs local";
const PASSWORD = "seven slow olive trees";
const TABS = 20;
/** Without `local` to stop the clock, processes that start take their time. */
const waits = { timeout: 120_000 };

let site: Site;
before(async () => {
  if (!needsLocal) site = await setUp();
});
after(() => site?.tearDown());

const ask = async (path: string) => (await fetch(`${site.home}${path}`)).json();

/** The demo shop's address, and how many violations of its policy were reported. */
async function shop() {
  const { sites } = await ask("/api/state");
  return sites.find(({ name }) => name === "shop");
}

/** Returns the link in the latest mail to an address. */
async function mailedLink(address: string): Promise<string> {
  const isFor = ({ to }) => JSON.stringify(to).includes(address);
  const { id } = await until("the mail", async () => (await ask("/api/mails")).find(isFor));
  const mail = await ask(`/api/mails/${id}`);
  const link = /https?:\/\/[^\s"<>]+\/verify#[^\s"<>]+/.exec(JSON.stringify(mail))?.[0];
  assert.ok(link, "the mail has a link");
  return link.replaceAll("&amp;", "&").replace(/\\.*$/, "");
}

const heading = (page: Page, name) => page.getByRole("heading", { name });

/** Signs up on a page of the console and opens the mailed link. The link's page may ask for the password. */
async function signUp(page: Page, name: string) {
  const address = `${name.toLowerCase()}-${process.pid}-${Date.now()}@shop.example`;
  await page.getByLabel("Your name").fill(`${name} Test`);
  await page.getByLabel("Work email").fill(address);
  await page.getByLabel("Password").fill(PASSWORD);
  await page.getByLabel("Company or team").fill("Olive & Oak");
  await page.getByRole("button", { name: "Create account" }).click();
  await heading(page, "Check your mail").waitFor();
  await page.goto(await mailedLink(address));
  const password = page.locator('input[type="password"]').first();
  const first = heading(page, "Put the chat on your site");
  await password.or(first).first().waitFor(waits);
  if (await password.isVisible()) {
    await password.fill(PASSWORD);
    await password.press("Enter");
  }
  await first.waitFor(waits);
}

/** Names the chat and its site, and returns the snippet. */
async function publish(page: Page, origin: string): Promise<string> {
  await page.getByLabel("What is the chat called?").fill("Olive & Oak");
  await page.getByRole("button", { name: "Continue" }).click();
  await page.getByLabel("Where will it run?").fill(origin);
  await page.getByRole("button", { name: "Publish" }).click();
  await page.getByText("Waiting for the first message.", { exact: false }).waitFor(waits);
  return page.getByLabel("Snippet", { exact: true }).textContent();
}

/** Adds up the layout shifts of a page, whatever loads later. */
const watchShifts = (context: BrowserContext) =>
  context.addInitScript(() => {
    if (window !== top) return;
    Object.assign(window, { shift: 0 });
    new PerformanceObserver((list) => {
      for (const entry of list.getEntries() as (PerformanceEntry & Record<string, number>)[])
        if (!entry.hadRecentInput) (window as never as { shift: number }).shift += entry.value;
    }).observe({ type: "layout-shift", buffered: true });
  });

const shiftOf = (page: Page) => page.evaluate("shift");

/** Loads a page again, and returns for how many milliseconds the loader had its main thread meanwhile. */
async function loaderCost(page: Page): Promise<number> {
  const session = await page.context().newCDPSession(page);
  await session.send("Profiler.enable");
  await session.send("Profiler.setSamplingInterval", { interval: 200 });
  await session.send("Profiler.start");
  await page.reload();
  await page.locator("confab-desk button").waitFor();
  await page.waitForTimeout(500);
  const { profile } = await session.send("Profiler.stop");
  await session.detach();
  const own = new Set<number>();
  for (const { id, callFrame, children = [] } of profile.nodes) {
    if (callFrame.url.endsWith("/w.js")) own.add(id);
    if (own.has(id)) for (const child of children) own.add(child);
  }
  const { samples = [], timeDeltas = [] } = profile;
  const micros = samples.map((id, index) => (own.has(id) ? (timeDeltas[index] ?? 0) : 0));
  return micros.reduce((sum, each) => sum + each, 0) / 1_000;
}

const frame = (page: Page) => page.frameLocator("confab-desk iframe");
const said = (page: Page, text) => frame(page).locator(".bubble").filter({ hasText: text });

async function openChat(page: Page) {
  await page.locator("confab-desk button").click();
  await frame(page).getByRole("dialog").waitFor();
}

async function write(page: Page, text: string) {
  await frame(page).locator(".composer textarea").fill(text);
  await frame(page).locator(".composer textarea").press("Enter");
  await said(page, text).waitFor();
}

/** Asks for a person. Outside business hours, the bot takes an address first. */
async function askForPerson(page: Page) {
  await frame(page).getByRole("button", { name: "Talk to a person" }).click();
  const inLine = frame(page).getByText("You're now in line for our team.");
  const address = frame(page).getByLabel("Email address");
  await inLine.or(address).first().waitFor();
  if (await address.isVisible()) {
    await address.fill("noa@visitor.example");
    await address.press("Enter");
  }
  await inLine.waitFor();
}

/** Sends a picture, which is shown from the bucket after its check. */
async function sendPicture(page: Page) {
  const chooser = page.waitForEvent("filechooser");
  await frame(page).getByRole("button", { name: "Attach a file" }).click();
  await (await chooser).setFiles([await picture(page)]);
  await frame(page).locator(".send:enabled").click();
  const shown = frame(page).getByRole("img", { name: "teal.jpg" });
  await until("the picture", () =>
    shown.evaluate((each: HTMLImageElement) => each.naturalWidth > 0),
  );
}

/** Pastes the snippet into the demo shop. */
async function embed(page: Page, snippet: string) {
  await page.getByText("Put your chat on this page").click();
  await page.getByLabel("Paste the snippet of your chatbot").fill(snippet);
  await page.getByRole("button", { name: "Show the chat" }).click();
  await page.locator("confab-desk button").waitFor();
}

/** Answers the first open conversation without a mouse. */
async function answer(page: Page, text: string) {
  const keys = page.keyboard;
  await page.evaluate(() => (document.activeElement as HTMLElement | null)?.blur());
  await keys.press("g");
  await keys.press("a");
  await heading(page, "All open").waitFor();
  await page.getByRole("option").first().waitFor();
  await keys.press("j");
  await page.locator("desk-conversation .who h2").waitFor();
  await keys.press("r");
  const composer = page.getByRole("textbox", { name: "Reply" });
  await until("the focus", () => composer.evaluate((area) => area.matches(":focus")));
  await keys.type(text);
  await keys.press("Enter");
}

describe("Desk on local", { skip: needsLocal }, () => {
  test("a workspace is made, and a visitor of the demo shop is answered by bot and agent", async () => {
    await site.open("/desk#page=sign-up", {}, async (agent, agents) => {
      const { url, csp_reports: before } = await shop();
      await signUp(agent, "Dana");
      const snippet = await publish(agent, url);
      const visitors = await agents.browser().newContext({ locale: "en-GB" });
      visitors.setDefaultTimeout(waits.timeout);
      await watchShifts(visitors);
      const errors = [];
      try {
        const visitor = await visitors.newPage();
        visitor.on("console", (line) => line.type() === "error" && errors.push(line.text()));
        visitor.on("pageerror", (error) => errors.push(error.stack ?? error.message));
        await visitor.goto(url);
        await embed(visitor, snippet);
        console.log(`The loader takes ${(await loaderCost(visitor)).toFixed(1)} ms (aim 30).`);
        await openChat(visitor);
        await write(visitor, "Do you ship to Malta?");
        await until("the bot", async () => (await frame(visitor).locator(".in").count()) >= 2);
        await askForPerson(visitor);
        await agent.getByText("Do you ship to Malta?", { exact: false }).first().waitFor();

        await answer(agent, "We do, within a week.");
        await said(visitor, "We do, within a week.").waitFor();
        assert.equal(await shiftOf(visitor), 0, "something on the shop moved");
        await visitor.reload();
        await openChat(visitor);
        await said(visitor, "We do, within a week.").waitFor();
        await said(visitor, "Do you ship to Malta?").waitFor();
        await write(visitor, "Lovely, thank you");
        const thread = agent.getByRole("log", { name: "Messages" });
        await thread.locator(".bubble", { hasText: "Lovely, thank you" }).waitFor();
        await agent.keyboard.type("You are welcome.");
        await agent.keyboard.press("Enter");
        await said(visitor, "You are welcome.").waitFor();
        await sendPicture(visitor);
        await thread.getByText("teal.jpg").first().waitFor();
        await assertAccessible(agent);

        await frame(visitor).getByRole("button", { name: "Close chat" }).click();
        await visitor.getByRole("link", { name: "Delivery and returns" }).click();
        await openChat(visitor);
        await said(visitor, "You are welcome.").waitFor();
        assert.equal(await shiftOf(visitor), 0, "something on the shop moved");
        assert.equal((await shop()).csp_reports, before, "the shop's policy was violated");
        assert.deepEqual(errors, [], "the shop logged errors");
      } finally {
        await visitors.close();
      }
      await assertGerman(agents, url, snippet);
    });
  });

  /** A new bot speaks the language that the page asks for, without a text of the workspace. */
  async function assertGerman(agents: BrowserContext, url: string, snippet: string) {
    const visitors = await agents.browser().newContext();
    visitors.setDefaultTimeout(waits.timeout);
    try {
      const visitor = await visitors.newPage();
      await visitor.goto(url);
      await embed(visitor, snippet.replace("<script", '<script data-language="de"'));
      await openChat(visitor);
      await frame(visitor).getByText("Hallo! Wie können wir Ihnen helfen?").waitFor();
      await write(visitor, "Liefern Sie nach Malta?");
      await said(visitor, "Darauf habe ich leider keine Antwort.").waitFor();
    } finally {
      await visitors.close();
    }
  }

  test("the control room links the demo shop, which is on another origin", async () => {
    const { url } = await shop();
    await site.open("/", {}, async (page) => {
      assert.notEqual(new URL(url).origin, new URL(page.url()).origin);
      const link = page.getByRole("link", { name: "Demo shop" });
      assert.equal(await link.getAttribute("href"), url);
      const opened = page.waitForResponse((response) => response.url() === `${url}/`);
      await link.click();
      const policy = (await opened).headers()["content-security-policy"];
      const { addresses } = await ask("/api/state");
      assert.ok(policy.includes(`frame-src ${addresses.gateway};`), policy);
      await heading(page, "Made slowly, used daily").waitFor();
    });
  });

  for (const [how, hasLocks] of [
    ["take turns", true],
    ["have no locks", false],
  ] as const)
    test(`twenty tabs that refresh at once and ${how} all stay signed in`, async () => {
      await site.open("/desk#page=sign-up", {}, async (page, context) => {
        await signUp(page, hasLocks ? "Tabea" : "Tobias");
        if (!hasLocks)
          await context.addInitScript(() => {
            delete (Navigator.prototype as { locks?: unknown }).locks;
          });
        const tabs = [page];
        while (tabs.length < TABS) tabs.push(await context.newPage());
        const refreshed = [];
        for (const tab of tabs)
          tab.on("response", (response) => {
            if (response.url().endsWith("/auth/refresh")) refreshed.push(response.status());
          });
        await Promise.all(tabs.map((tab) => tab.goto(`${site.home}/desk`)));
        await Promise.all(tabs.map((tab) => tab.locator("desk-shell").waitFor(waits)));
        await Promise.all(tabs.map((tab) => tab.reload()));
        await Promise.all(tabs.map((tab) => tab.locator("desk-shell").waitFor(waits)));
        assert.deepEqual([...new Set(refreshed)], [200]);
        await page.reload();
        await page.locator("desk-shell").waitFor(waits);
      });
    });
});
