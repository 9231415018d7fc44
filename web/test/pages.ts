// The control room and the phone as people use them: on the `local` at CONFAB_HOME, or on the mock
// with additional tests.
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import {
  addPerson,
  assertAccessible,
  assertFits,
  assertWordsWhole,
  bubbles,
  composer,
  picture,
  reloadFailingUntilClick,
  type Site,
  say,
  setUp,
  until,
} from "./browser";

let site: Site;
before(async () => {
  site = await setUp();
});
after(() => site?.tearDown());

const mockOnly = process.env.CONFAB_HOME ? "needs the mock" : false;
const schemes = ["light", "dark"];

// Successful functions log nothing, so `local` gets an event that cannot be parsed.
const talker = process.env.CONFAB_HOME ? "studio-conversation" : "sms-received";
async function makeOneLog(page) {
  if (!process.env.CONFAB_HOME) return say(page, "hi");
  const body = JSON.stringify({
    Records: [{ messageId: "1", body: "not a job", attributes: {}, messageAttributes: {} }],
  });
  const answer = await fetch(`${site.home}/api/functions/${talker}/invoke`, {
    method: "POST",
    body,
  });
  assert.equal(answer.status, 200);
}

async function greeted(page) {
  await say(page, "hi");
  await page.getByRole("group", { name: "Answers" }).first().waitFor();
}

// A section of the control room, by its heading.
const part = (page, name) => page.getByRole("region", { name, exact: true });

/** Returns the function's row, expanding its service first. */
async function seeFunction(page, service, name) {
  const functions = part(page, "Functions");
  const toggle = functions.getByRole("button", { name: service, exact: true });
  await toggle.waitFor();
  if ((await toggle.getAttribute("aria-expanded")) === "false") await toggle.click();
  const row = functions.getByRole("row", { name: new RegExp(`^${name} `) });
  await row.waitFor();
  return row;
}

describe("empty pages", { skip: mockOnly }, () => {
  test("the phone explains the first step", async () => {
    await site.open("/phone", {}, async (page) => {
      await page.getByRole("heading", { name: "Message the studio as a customer" }).waitFor();
      await assertAccessible(page);
      await page.getByRole("button", { name: "Add the first person" }).waitFor();
    });
  });

  test("the control room says that nothing has happened", async () => {
    await site.open("/", {}, async (page) => {
      await page.getByText("No activity yet").waitFor();
      await page.getByText("No log lines yet").waitFor();
      await page.getByText("No AWS calls yet").waitFor();
      // A single service is not collapsed.
      for (const service of ["Studio", "Payments"])
        assert.equal(
          await part(page, "Functions")
            .getByRole("button", { name: service, exact: true })
            .getAttribute("aria-expanded"),
          "true",
        );
    });
  });

  test("the control room links all pages of a product", async () => {
    await site.open("/", {}, async (page) => {
      const studio = page.getByRole("listitem").filter({ hasText: "A photo studio in WhatsApp" });
      await studio.waitFor();
      const links = studio.getByRole("link");
      const hrefs = await links.evaluateAll((all) => all.map((link) => link.getAttribute("href")));
      assert.deepEqual(hrefs, ["/phone", "/packs"]);
    });
  });
});

describe("control room", () => {
  for (const colorScheme of schemes) {
    test(`the overview passes axe in ${colorScheme}`, async () => {
      await site.open("/", { colorScheme }, async (page) => {
        await seeFunction(page, "Studio", "sms-received");
        await page
          .getByRole("rowheader", { name: /\.fifo/ })
          .first()
          .waitFor();
        await page.getByText("Live", { exact: true }).waitFor();
        await assertAccessible(page);
      });
    });
  }

  for (const colorScheme of schemes) {
    for (const width of [1280, 768, 320]) {
      test(`everything fits ${width} px without broken words in ${colorScheme}`, async () => {
        site.mock?.room.busy();
        await site.open("/", { colorScheme, viewport: { width, height: 860 } }, async (page) => {
          await seeFunction(page, "Studio", "sms-received");
          await page.getByText("Live", { exact: true }).waitFor();
          await assertFits(page);
          await assertWordsWhole(page);
          // Repeats until none is collapsed: an expanded one may push others down.
          const closed = page.locator(
            ".toggle[aria-expanded=false], details:not([open]) > summary",
          );
          while ((await closed.count()) > 0) await closed.first().click();
          await assertFits(page);
          await assertWordsWhole(page);
          await assertAccessible(page);
        });
      });
    }
  }

  test("functions are grouped by service", async () => {
    await site.open("/", {}, async (page) => {
      const functions = part(page, "Functions");
      await seeFunction(page, "Studio", "sms-received");
      const { functions: all } = await (await fetch(`${site.home}/api/state`)).json();
      for (const [title, service] of [
        ["Studio", "studio"],
        ["Payments", "payments"],
      ]) {
        const own = all.filter((one) => one.service === service);
        assert.ok(own.length > 5, `${service} has ${own.length} functions`);
        const group = functions.locator("tbody").filter({
          has: page.getByRole("row", { name: new RegExp(`^${title} ${own.length} functions`) }),
        });
        await group.waitFor();
        await seeFunction(page, title, own[0].name);
        assert.deepEqual(
          await group.locator("tr:not(:first-child) > th a").allTextContents(),
          own.map(({ name }) => name),
        );
      }
    });
  });

  test("a rule shows its pattern, targets and count", async () => {
    await site.open("/", {}, async (page) => {
      const rule = part(page, "Event rules").getByRole("row", {
        name: /^confab-Studio-PaymentsTellStudioRule/,
      });
      await rule
        .getByText(
          "payment_pending, payment_received and 2 more from confab.payments where data.product = studio",
          { exact: true },
        )
        .waitFor();
      await rule
        .getByText(/^queue confab-studio-events$/)
        .getByRole("link")
        .waitFor();
      for (const figure of await rule.locator("td.figures").allTextContents())
        assert.match(figure, /^[\d,]+$/);
      const json = rule.getByLabel(/^Pattern of/);
      assert.equal(await json.isVisible(), false);
      await rule.getByText("JSON").focus();
      await page.keyboard.press("Enter");
      await json.waitFor();
      assert.deepEqual(JSON.parse(await json.textContent()).source, ["confab.payments"]);
      assert.equal(await page.getByText("arn:aws").count(), 0);
    });
  });

  test("a schedule is named after its function", async () => {
    await site.open("/", {}, async (page) => {
      const schedules = part(page, "Schedules");
      await schedules.getByRole("row", { name: /^studio-sweep rate\(5 minutes\) in \d/ }).waitFor();
      await schedules
        .getByRole("button", { name: "Run now: Studio-StudioSweepFunctionEveryFiveMinutes" })
        .waitFor();
      assert.equal(
        await schedules.getByText("Studio-StudioSweepFunctionEveryFiveMinutes").count(),
        0,
      );
    });
  });

  test("an open function fits 320 px", async () => {
    await site.open("/", { viewport: { width: 320, height: 640 } }, async (page) => {
      await seeFunction(page, "Studio", "sms-received");
      await assertFits(page);
      await page.getByRole("link", { name: "sms-received" }).first().click();
      await page.getByRole("dialog", { name: "sms-received" }).waitFor();
      await assertFits(page);
    });
  });

  test("the chosen theme persists", async () => {
    await site.open("/", { colorScheme: "light" }, async (page) => {
      const ground = () => page.evaluate(() => getComputedStyle(document.body).backgroundColor);
      const light = await ground();
      await page.getByRole("button", { name: "Theme: system" }).click();
      await page.getByRole("button", { name: "Theme: light" }).click();
      await page.getByRole("button", { name: "Theme: dark" }).waitFor();
      const dark = await ground();
      assert.notEqual(dark, light);
      await page.reload();
      assert.equal(await ground(), dark);
    });
  });

  test("a link opens a queue and Escape closes it", async () => {
    await site.open("/", {}, async (page) => {
      await page
        .getByRole("link", { name: /in .*dlq/i })
        .first()
        .click();
      const drawer = page.getByRole("dialog").filter({ visible: true });
      await drawer.waitFor();
      assert.match(page.url(), /#.*queue=/);
      await page.keyboard.press("Escape");
      await drawer.waitFor({ state: "hidden" });
      await until("the link forgets the queue", () => !page.url().includes("queue="));
    });
  });

  test("a trace is drawn and can be linked to", async () => {
    await site.open("/phone", {}, async (page, context) => {
      await addPerson(page);
      await greeted(page);
      const room = await context.newPage();
      await room.goto(`${site.home}/`);
      const trace = room
        .getByRole("list", { name: /Recent correlation ids/ })
        .getByRole("link")
        .first();
      await trace.click();
      const id = new URLSearchParams(new URL(room.url()).hash.slice(1)).get("trace");
      assert.match(id, /^cor_/);
      await room.reload();
      const way = room.getByRole("region", { name: `Trace of ${id}` });
      for (const kind of ["http", "queue", "function", "provider"])
        await way.getByText(kind, { exact: true }).first().waitFor();
    });
  });

  test("AWS calls are counted by function and add up", async () => {
    await site.open("/phone", {}, async (page, context) => {
      await addPerson(page);
      await greeted(page);
      const room = await context.newPage();
      await room.goto(`${site.home}/`);
      const calls = part(room, "AWS calls");
      const body = (title) =>
        calls
          .locator("tbody")
          .filter({ has: room.getByRole("button", { name: title, exact: true }) });
      const toggle = (title) => body(title).getByRole("button");
      await toggle("studio-conversation").waitFor();
      assert.match(
        await body("studio-conversation").textContent(),
        /\d invocations? of [\d.,]+ calls?, .* write units?/,
      );
      assert.equal(await calls.getByText(/PutItem|GetItem|SendMessage/).count(), 0);
      await toggle("studio-conversation").press("Enter");
      await body("studio-conversation")
        .getByRole("row", { name: /^dynamodb / })
        .first()
        .waitFor();
      await toggle("Total").click();
      const operations = await body("Total").locator("tr:not(:first-child) > th").allTextContents();
      assert.ok(operations.length > 1);
      assert.equal(new Set(operations).size, operations.length, "each operation is there once");
      const sums = await calls
        .locator("tbody")
        .evaluateAll((bodies) =>
          bodies.map((one) => Number(one.querySelector("td").textContent.replaceAll(",", ""))),
        );
      assert.equal(
        sums[0],
        sums.slice(1).reduce((a, b) => a + b),
        "all together is the sum",
      );
    });
  });

  test("the log can be filtered and paused", async () => {
    await site.open("/phone", {}, async (page, context) => {
      await addPerson(page);
      await greeted(page);
      await makeOneLog(page);
      const room = await context.newPage();
      await room.goto(`${site.home}/#at=logs`);
      const lines = room.locator(".tail .line");
      await lines.first().waitFor();
      await room.getByRole("combobox", { name: "Function" }).selectOption(talker);
      await until("only lines of one function", async () => {
        const names = await lines.locator("a[href*='function=']").allTextContents();
        return names.length > 0 && names.every((name) => name === talker);
      });
      await room.getByRole("searchbox", { name: "Text" }).fill("no line has this");
      await room.getByText("No matching lines").waitFor();
      await room.getByRole("searchbox", { name: "Text" }).fill("");
      await room.getByRole("button", { name: "Pause" }).click();
      const before = await lines.count();
      await makeOneLog(page);
      await room.getByRole("button", { name: /Resume \(\d+ new/ }).waitFor();
      assert.equal(await lines.count(), before);
      await room.getByRole("button", { name: /Resume/ }).click();
      await until("the waiting lines", async () => (await lines.count()) > before);
    });
  });
});

describe("control room on the mock", { skip: mockOnly }, () => {
  test("the clock moves forward", async () => {
    await site.open("/", {}, async (page) => {
      await page.getByRole("button", { name: /Local's clock/ }).click();
      await page.getByRole("button", { name: "+1 h" }).click();
      await page.getByText("1 h ahead of this laptop.").waitFor();
    });
  });

  test("an idle service is collapsed, and expanding it persists", async () => {
    site.mock.room.busy();
    await site.open("/", {}, async (page) => {
      const functions = part(page, "Functions");
      const [studio, payments] = [
        functions.getByRole("button", { name: "Studio", exact: true }),
        functions.getByRole("button", { name: "Payments", exact: true }),
      ];
      await payments.waitFor();
      assert.equal(await studio.getAttribute("aria-expanded"), "true");
      assert.equal(await payments.getAttribute("aria-expanded"), "false");
      const ledger = functions.getByRole("link", { name: "payments-ledger" });
      assert.equal(await ledger.count(), 0);
      await until("Tab reaches the service", async () => {
        await page.keyboard.press("Tab");
        return payments.evaluate((element) => element.matches(":focus"));
      });
      await page.keyboard.press("Enter");
      await ledger.waitFor();
      assert.equal(await payments.getAttribute("aria-expanded"), "true");
      site.mock.room.ran("sms-received");
      const count = () =>
        functions
          .getByRole("row", { name: /^sms-received / })
          .locator("td")
          .nth(3)
          .textContent();
      const before = await count();
      site.mock.room.ran("sms-received");
      await until("the next snapshot", async () => (await count()) !== before);
      await ledger.waitFor();
    });
  });

  test("expected failures are not counted as errors", async () => {
    site.mock.room.busy();
    await site.open("/", {}, async (page) => {
      const calls = part(page, "AWS calls");
      await calls.getByRole("button", { name: "studio-conversation", exact: true }).click();
      const update = calls.getByRole("row", { name: /^dynamodb UpdateItem/ });
      assert.deepEqual((await update.locator("td").allTextContents()).slice(0, 3), [
        "40",
        "0",
        "17",
      ]);
      assert.equal(await update.locator(".bad").count(), 0);
      const head = calls.getByRole("row", { name: /^s3 HEAD/ });
      assert.deepEqual((await head.locator("td").allTextContents()).slice(0, 3), ["16", "0", "15"]);
      await calls.getByText("Conditions are expected answers, not errors").waitFor();
      const make = calls.getByRole("row", { name: /^studio-make/ });
      assert.equal(await make.locator(".bad").textContent(), "2");
      const titles = await calls.locator("tbody tr:first-child button").allTextContents();
      assert.deepEqual(
        [titles[0], titles.at(-1)].map((title) => title.trim()),
        ["Total", "Outside"],
      );
    });
  });

  test("every kind of pattern is described in words", async () => {
    await site.open("/", {}, async (page) => {
      const rules = part(page, "Event rules");
      await rules.getByText("refund_requested, credit_used", { exact: true }).waitFor();
      await rules
        .getByText(
          "a, b and 3 more where data.amount >= 10000 and < 50000 and data.country is not DE or AT and data.coupon is missing",
          { exact: true },
        )
        .waitFor();
      await rules.getByText("anything where source begins with confab.", { exact: true }).waitFor();
      await rules.getByText("1,204").waitFor();
      await rules.getByText("function payments-spend").getByRole("link").click();
      await page.getByRole("dialog", { name: "payments-spend" }).waitFor();
    });
  });

  test("a wide table scrolls within itself", async () => {
    await site.open("/", { viewport: { width: 768, height: 860 } }, async (page) => {
      await page.route("**/api/state", async (route) => {
        const state = await (await route.fetch()).json();
        state.queues[0].name = "AQueueWithANameThatHasNoPlaceWhereItCouldBreak".repeat(2);
        await route.fulfill({ json: state });
      });
      await page.reload();
      const table = part(page, "Queues").locator(".table");
      await page.getByText(/^AQueueWithAName/).waitFor();
      assert.ok(
        await table.evaluate((element) => element.scrollWidth > element.clientWidth),
        "the table is too wide",
      );
      await assertFits(page);
      const look = await table.evaluate((element) => ({
        scrolls: getComputedStyle(element).overflowX,
        edges: getComputedStyle(element).backgroundAttachment,
      }));
      assert.deepEqual(look, { scrolls: "auto", edges: "local, local, scroll, scroll" });
      await assertAccessible(page);
    });
  });

  test("a dead letter can be inspected and redriven", async () => {
    site.mock.room.poison();
    await site.open("/", {}, async (page) => {
      await page.getByRole("list", { name: "Needs attention" }).getByRole("link").click();
      const drawer = page.getByRole("dialog", { name: "StudioInboundDlq.fifo" });
      await drawer.waitFor();
      const inside = page.locator("queue-drawer");
      await inside.getByText('"type": "inbound"').waitFor();
      await inside.getByText("3 times").waitFor();
      await assertAccessible(page);
      await inside.getByRole("button", { name: "Redrive all" }).click();
      await inside.getByText("No messages").waitFor();
    });
  });

  test("a function that mixes tenants needs attention", async () => {
    const undo = site.mock.room.mixTenants("studio-photos");
    await site.open("/", {}, async (page) => {
      const attention = page.getByRole("list", { name: "Needs attention" });
      await attention
        .getByText("studio-photos touched keys of several tenants in one invocation")
        .waitFor();
      await attention.getByRole("link", { name: "studio-photos" }).click();
      await page.getByRole("dialog", { name: "studio-photos" }).waitFor();
    });
    undo();
  });

  test("a lost connection is reported and recovers", async () => {
    await site.open("/", { expectErrors: true }, async (page) => {
      await page.getByText("Live", { exact: true }).waitFor();
      site.mock.cut();
      await page.getByText("Reconnecting", { exact: true }).waitFor();
      await page.getByText("The connection to local is lost.").waitFor();
      site.mock.restore();
      await page.getByText("Live", { exact: true }).waitFor();
    });
  });

  test("an error states its remedy", async () => {
    await site.open("/", { expectErrors: true }, async (page) => {
      await seeFunction(page, "Studio", "sms-received");
      await page.route("**/api/stream", (route) => route.abort());
      await reloadFailingUntilClick(page, "/api/state");
      await page.getByText("local does not answer.").first().waitFor();
      for (const name of ["Functions", "Schedules", "Event rules", "AWS calls", "Storage"])
        await part(page, name).getByText("Unknown until local responds.").waitFor();
      await page.getByRole("button", { name: "Try again" }).click();
      await seeFunction(page, "Studio", "sms-received");
    });
  });
});

describe("phone", () => {
  for (const colorScheme of schemes) {
    test(`a greeting is answered and the chat passes axe in ${colorScheme}`, async () => {
      await site.open("/phone", { colorScheme }, async (page) => {
        await addPerson(page);
        await assertAccessible(page);
        await greeted(page);
        await page.getByText("Live", { exact: true }).waitFor();
        await assertAccessible(page);
      });
    });
  }

  test("ticks show the delivery status", async () => {
    await site.open("/phone", {}, async (page) => {
      await addPerson(page);
      await greeted(page);
      await bubbles
        .out(page)
        .first()
        .getByRole("img", { name: /^(Delivered|Read)$/ })
        .waitFor();
    });
  });

  test("a reply button answers and quotes its message", async () => {
    await site.open("/phone", {}, async (page) => {
      await addPerson(page);
      await greeted(page);
      const before = await bubbles.in(page).count();
      const button = page
        .getByRole("group", { name: "Answers" })
        .last()
        .getByRole("button")
        .first();
      const title = (await button.textContent()).trim();
      await button.click();
      await bubbles.out(page).filter({ hasText: title }).locator(".quote").waitFor();
      await until("an answer to the button", async () => (await bubbles.in(page).count()) > before);
    });
  });

  test("photos are previewed, sent as an album and opened full-screen", async () => {
    await site.open("/phone", {}, async (page) => {
      await addPerson(page);
      const [one, two, three] = [
        await picture(page, "teal"),
        await picture(page, "maroon"),
        await picture(page, "olive"),
      ];
      await page.locator("input[type=file]").setInputFiles([one, two, three]);
      const tray = page.getByRole("list", { name: "Photos to send" });
      await until("three previews", async () => (await tray.getByRole("img").count()) === 3);
      await tray.getByRole("button", { name: "Remove photo 3" }).click();
      await page.getByRole("button", { name: "Send" }).click();
      const album = page.locator(".message.out .album");
      await until(
        "the two photos together, from local",
        async () => (await album.locator("img").count()) === 2 && (await album.count()) === 1,
      );
      await album.getByRole("button").nth(1).click();
      const lightbox = page.getByRole("dialog", { name: "Photo" });
      await lightbox.getByText("2 of 2").waitFor();
      const loaded = () =>
        lightbox.locator("img").evaluate((image) => image.complete && image.naturalWidth === 64);
      await until("the photo's bytes", loaded);
      await page.keyboard.press("ArrowRight");
      await lightbox.getByText("1 of 2").waitFor();
      await page.keyboard.press("Escape");
      await lightbox.waitFor({ state: "hidden" });
      await page.reload();
      await until("the photos after a reload", () =>
        album
          .locator("img")
          .first()
          .evaluate((image) => image.complete && image.naturalWidth === 64),
      );
    });
  });

  test("Hebrew runs from right to left", async () => {
    await site.open("/phone", {}, async (page) => {
      await addPerson(page, "נועה");
      await say(page, "שלום, מה שלומך?");
      const text = bubbles.out(page).first().locator(".text");
      await text.waitFor();
      assert.equal(await text.evaluate((element) => getComputedStyle(element).direction), "rtl");
      await say(page, "hello");
      const latin = bubbles.out(page).filter({ hasText: "hello" }).locator(".text");
      assert.equal(
        await bubbles
          .out(page)
          .first()
          .locator(".inside")
          .evaluate((element) => getComputedStyle(element).direction),
        "rtl",
      );
      assert.equal(await latin.evaluate((element) => getComputedStyle(element).direction), "ltr");
    });
  });

  test("list and chat fit 320 px, one at a time", async () => {
    await site.open("/phone", { viewport: { width: 320, height: 640 } }, async (page) => {
      const name = await addPerson(page, "A name that is too long for a small screen");
      await say(page, `https://example.test/${"long".repeat(40)}`);
      await bubbles.out(page).first().waitFor();
      await assertFits(page);
      await page.locator(".message.out").first().hover();
      await page.getByRole("button", { name: "Quote this message" }).first().click();
      await page.getByRole("button", { name: "Do not quote" }).waitFor();
      await assertFits(page);
      await page.getByRole("button", { name: "Back to people" }).click();
      await page.getByRole("link", { name: new RegExp(name) }).waitFor();
      assert.equal(await composer(page).count(), 0);
      await assertFits(page);
    });
  });

  test("the phone works by keyboard", async () => {
    await site.open("/phone", {}, async (page) => {
      const add = page.getByRole("button", { name: "Add a person", exact: true });
      await add.waitFor();
      const focused = (locator) => locator.evaluate((element) => element.matches(":focus"));
      await until("Tab reaches the button", async () => {
        await page.keyboard.press("Tab");
        return focused(add);
      });
      await page.keyboard.press("Enter");
      await until("the name has the focus", () =>
        focused(page.getByLabel("Name", { exact: true })),
      );
      await page.keyboard.type(`Keys ${process.pid}`);
      await page.keyboard.press("Enter");
      await until(
        "the composer has the focus",
        async () => (await composer(page).count()) === 1 && focused(composer(page)),
      );
      await page.keyboard.type("hi");
      await page.keyboard.press("Shift+Enter");
      await page.keyboard.type("there");
      assert.equal(await composer(page).inputValue(), "hi\nthere");
      await composer(page).fill("hi");
      await page.keyboard.press("Enter");
      const answer = page.getByRole("group", { name: "Answers" }).getByRole("button").last();
      await answer.waitFor();
      await until("Shift+Tab reaches an answer", async () => {
        await page.keyboard.press("Shift+Tab");
        return focused(answer);
      });
      const before = await bubbles.out(page).count();
      await page.keyboard.press("Enter");
      await until("the answer is sent", async () => (await bubbles.out(page).count()) > before);
    });
  });

  test("a draft survives a reload", async () => {
    await site.open("/phone", {}, async (page) => {
      await addPerson(page);
      await composer(page).fill("not yet");
      await page.reload();
      await until(
        "the draft",
        async () =>
          (await composer(page).count()) === 1 && (await composer(page).inputValue()) === "not yet",
      );
    });
  });

  test("provider settings persist", async () => {
    await site.open("/phone", {}, async (page) => {
      const settings = page.getByRole("button", { name: "Webhook delivery" });
      await settings.click();
      const delay = page.getByRole("spinbutton", { name: "Delay in milliseconds" });
      await delay.fill("50");
      await delay.blur();
      await page.getByText("Saved.").waitFor();
      await page.reload();
      await settings.click();
      await until(
        "the delay",
        async () => (await delay.count()) === 1 && (await delay.inputValue()) === "50",
      );
      await assertAccessible(page);
      await delay.fill("0");
      await delay.blur();
      await page.getByText("Saved.").waitFor();
    });
  });
});

describe("phone on the mock", { skip: mockOnly }, () => {
  const idOf = (page) => new URLSearchParams(new URL(page.url()).hash.slice(1)).get("chat");

  test("messages missed by the stream appear once after it recovers", async () => {
    await site.open("/phone", { expectErrors: true }, async (page) => {
      await addPerson(page);
      await greeted(page);
      site.mock.cut();
      await page.getByText("Reconnecting to local.").waitFor();
      site.mock.phone.say(idOf(page), "said in the dark");
      site.mock.restore();
      await bubbles.in(page).filter({ hasText: "said in the dark" }).waitFor();
      await page.getByText("Live", { exact: true }).waitFor();
      assert.equal(await bubbles.in(page).filter({ hasText: "said in the dark" }).count(), 1);
    });
  });

  test("messages sent while local is away are delivered once", async () => {
    await site.open("/phone", { expectErrors: true }, async (page) => {
      await addPerson(page);
      await greeted(page);
      await page.route("**/api/phone/people/*/messages", (route) =>
        route.request().method() === "POST" ? route.abort() : route.continue(),
      );
      site.mock.cut();
      await page.getByText("Reconnecting to local.").waitFor();
      await say(page, "are you there?");
      const bubble = bubbles.out(page).filter({ hasText: "are you there?" });
      await bubble.getByRole("img", { name: "Sending" }).waitFor();
      await page.unroute("**/api/phone/people/*/messages");
      site.mock.restore();
      await bubble.getByRole("img", { name: "Read" }).waitFor();
      assert.equal(await bubble.count(), 1);
    });
  });

  test("a list opens as a sheet, and a choice answers in Hebrew", async () => {
    await site.open("/phone", {}, async (page) => {
      await addPerson(page);
      await greeted(page);
      await page.getByRole("button", { name: "Change language" }).click();
      await page.getByRole("button", { name: "Choose" }).click();
      await page.locator("list-sheet").getByRole("button", { name: /עברית/ }).click();
      await bubbles.in(page).filter({ hasText: "שלום, אני הסטודיו" }).waitFor();
    });
  });

  test("typing shows until the answer, and other chats count unread messages", async () => {
    await site.open("/phone", {}, async (page) => {
      const first = await addPerson(page, "First");
      const firstId = idOf(page);
      await greeted(page);
      await addPerson(page, "Second");
      site.mock.phone.say(firstId, "one");
      site.mock.phone.say(firstId, "two");
      const row = page.getByRole("link", { name: new RegExp(first) });
      await row.getByText("2 unread").waitFor();
      site.mock.phone.typing(idOf(page));
      await page.getByText("The studio is typing").waitFor();
      site.mock.phone.say(idOf(page), "done typing");
      await page.getByText("The studio is typing").waitFor({ state: "detached" });
      await row.click();
      await page.getByRole("heading", { name: first }).waitFor();
      await row.getByText("2 unread").waitFor({ state: "detached" });
    });
  });

  test("a reaction can be added and removed", async () => {
    await site.open("/phone", {}, async (page) => {
      await addPerson(page);
      await greeted(page);
      const message = page.locator(".message.in").first();
      await message.locator(".bubble").hover();
      await message.getByRole("button", { name: "React" }).click();
      await message.getByRole("button", { name: "👍" }).click();
      await message.locator(".reaction").waitFor();
      await message.locator(".bubble").hover();
      await message.getByRole("button", { name: "React" }).click();
      await message.getByRole("button", { name: "👍" }).click();
      await message.locator(".reaction").waitFor({ state: "detached" });
    });
  });

  test("a refused message states its reason and can be removed", async () => {
    await site.open("/phone", { expectErrors: true }, async (page) => {
      await addPerson(page);
      const refusal = {
        status: 413,
        contentType: "application/json",
        body: JSON.stringify({
          error: { code: "too_large", message: "A text has at most 4096 characters." },
        }),
      };
      await page.route("**/api/phone/people/*/messages", (route) =>
        route.request().method() === "POST" ? route.fulfill(refusal) : route.continue(),
      );
      await say(page, "refuse me");
      await page.getByText("A text has at most 4096 characters.").waitFor();
      await page.getByRole("button", { name: "Remove" }).click();
      await page.getByText("refuse me").waitFor({ state: "detached" });
    });
  });
});
