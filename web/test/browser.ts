// Shared by the page tests: a browser, pages that collect their errors, and waiting for conditions.
import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";
import AxeBuilder from "@axe-core/playwright";
import { chromium } from "playwright-core";
import { startMock } from "./mock";

const flags = [
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
];
// Generous for a busy machine; only a failing test waits this long.
const patience = Number(process.env.WAIT_TIMEOUT_MS ?? 60_000);

export async function setUp() {
  if (
    !process.env.CONFAB_HOME &&
    !existsSync(fileURLToPath(new URL("../dist/home.html", import.meta.url)))
  )
    throw new Error("There is no web/dist: run `npm run build` first.");
  const mock = process.env.CONFAB_HOME ? null : await startMock();
  const home = (process.env.CONFAB_HOME ?? mock.url).replace(/\/$/, "");
  const browser = await chromium.launch({
    executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
    args: flags,
  });
  return {
    home,
    mock,
    async tearDown() {
      await browser.close();
      await mock?.stop();
    },
    /** Opens a page for `visit`. Fails when the page logs an unexpected error. */
    async open(path: string, options, visit) {
      const { expectErrors, ...contextOptions } = options;
      const context = await browser.newContext({
        viewport: { width: 1280, height: 860 },
        ...contextOptions,
      });
      context.setDefaultTimeout(patience);
      const errors = [];
      try {
        const page = await context.newPage();
        page.on("console", (message) => message.type() === "error" && errors.push(message.text()));
        page.on("pageerror", (error) => errors.push(error.stack ?? error.message));
        await page.goto(`${home}${path}`);
        await visit(page, context);
      } finally {
        await context.close();
      }
      if (!expectErrors) assert.deepEqual(errors, [], "the page logged errors");
    },
  };
}

export type Site = Awaited<ReturnType<typeof setUp>>;

export async function until(what, check) {
  const end = Date.now() + patience;
  for (;;) {
    const found = await check();
    if (found) return found;
    if (Date.now() > end) throw new Error(`waited ${patience} ms in vain for: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 25));
  }
}

export async function assertAccessible(page) {
  const { violations } = await new AxeBuilder({ page }).analyze();
  const grave = violations.filter(({ impact }) => impact === "serious" || impact === "critical");
  assert.deepEqual(
    grave.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html).join(" | ")}`),
    [],
  );
}

export async function assertFits(page) {
  const over = await page.evaluate(
    () => document.documentElement.scrollWidth - document.documentElement.clientWidth,
  );
  assert.equal(over, 0, "the page is wider than its window");
}

/**
 * Fails when a column breaks a word of up to twelve letters. Identifiers may break between their
 * parts.
 */
export async function assertWordsWhole(page) {
  const broken = await page.evaluate(() => {
    const found = [];
    const look = (root) => {
      for (const element of root.querySelectorAll("*"))
        if (element.shadowRoot) look(element.shadowRoot);
      for (const cell of root.querySelectorAll("th, td")) {
        const texts = document.createTreeWalker(cell, NodeFilter.SHOW_TEXT);
        for (let text = texts.nextNode(); text; text = texts.nextNode()) {
          for (const { 0: word, index } of (text as Text).data.matchAll(/[\p{L}\p{N}]{2,12}/gu)) {
            const range = document.createRange();
            range.setStart(text, index);
            range.setEnd(text, index + word.length);
            const lines = new Set([...range.getClientRects()].map(({ top }) => Math.round(top)));
            if (lines.size > 1) found.push(`${word} in ${cell.textContent.trim().slice(0, 40)}`);
          }
        }
      }
    };
    look(document);
    return found;
  });
  assert.deepEqual(broken, [], "words are broken in a narrow column");
}

let people = 0;

/** Adds a person of this run alone, so that tests can share one home. */
export async function addPerson(page, name = "Dana Test") {
  const full = `${name} ${process.pid}-${++people}`;
  await page
    .getByRole("button", { name: /^Add (a|the first) person$/ })
    .first()
    .click();
  await page.getByLabel("Name", { exact: true }).fill(full);
  await page.getByRole("button", { name: "Add and open the chat" }).click();
  await page.getByRole("heading", { name: full }).waitFor();
  return full;
}

export function composer(page) {
  return page.getByRole("textbox", { name: /^(Message|Caption)$/ });
}

export async function say(page, text) {
  await composer(page).fill(text);
  await composer(page).press("Enter");
}

export const bubbles = {
  in: (page) => page.locator(".message.in .bubble"),
  out: (page) => page.locator(".message.out .bubble"),
};

/** Draws a small picture in the page, so that the repository holds no binary file. */
export async function picture(page, tint = "teal") {
  const base64 = await page.evaluate(async (color) => {
    const canvas = new OffscreenCanvas(64, 48);
    const context = canvas.getContext("2d");
    context.fillStyle = color;
    context.fillRect(0, 0, 64, 48);
    const bytes = new Uint8Array(
      await (await canvas.convertToBlob({ type: "image/jpeg" })).arrayBuffer(),
    );
    return btoa(String.fromCharCode(...bytes));
  }, tint);
  return { name: `${tint}.jpg`, mimeType: "image/jpeg", buffer: Buffer.from(base64, "base64") };
}

/**
 * Loads the page again, with fetches of a path that fail until the first click. A page that fetches again by itself
 * would otherwise end the failure before the click.
 */
export async function reloadFailingUntilClick(page, path) {
  await page.addInitScript((failing) => {
    const { fetch } = window;
    let isFailing = true;
    document.addEventListener("click", () => (isFailing = false), true);
    window.fetch = (input, init) =>
      isFailing && String(input).includes(failing)
        ? Promise.reject(new TypeError("Failed to fetch"))
        : fetch(input, init);
  }, path);
  await page.reload();
}
