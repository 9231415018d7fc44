// Desk's widget in Chromium: sites with a strict policy on one origin, the frame and its API on another.
import assert from "node:assert/strict";
import { mkdtemp, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, beforeEach, describe, test } from "node:test";
import AxeBuilder from "@axe-core/playwright";
import { type Browser, chromium, type Page } from "playwright-core";
import { assertFits, until } from "./browser";
import { createWidget } from "./mock-widget";

const skip = process.env.CONFAB_HOME ? "needs the mock" : false;
const phone = { viewport: { width: 390, height: 780 }, hasTouch: true, isMobile: true };
const small = { viewport: { width: 320, height: 568 }, hasTouch: true, isMobile: true };

let widget: Awaited<ReturnType<typeof createWidget>>;
let browser: Browser;
before(async () => {
  widget = await createWidget();
  browser = await chromium.launch({
    executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
    args: ["--no-sandbox", "--disable-gpu", "--disable-background-networking"],
  });
});
beforeEach(() => widget.reset());
after(async () => {
  await browser.close();
  await widget.stop();
});

const bubble = (page: Page) => page.locator("confab-desk button");
const frame = (page: Page) => page.frameLocator("iframe");
const dialog = (page: Page) => frame(page).getByRole("dialog");
const field = (page: Page) => frame(page).locator(".composer textarea");
const own = (page: Page, text) => frame(page).locator(".out .bubble").filter({ hasText: text });
const other = (page: Page, text) => frame(page).locator(".in .bubble").filter({ hasText: text });
const texts = (page: Page) => frame(page).locator(".bubble").allTextContents();
const button = (page: Page, name) => frame(page).getByRole("button", { name, exact: true });
const count = (path) => widget.requests.filter((request) => path.test(request)).length;

/** Visits a site. Fails when it logs an unexpected error. */
async function visit(path: string, options, run: (page: Page) => Promise<void>) {
  const { expectErrors, setUp, ...contextOptions } = options;
  const context = await browser.newContext({
    viewport: { width: 1280, height: 860 },
    locale: "en-GB",
    ...contextOptions,
  });
  context.setDefaultTimeout(Number(process.env.WAIT_TIMEOUT_MS ?? 30_000));
  const errors = [];
  try {
    await setUp?.(context);
    const page = await context.newPage();
    page.on("console", (message) => message.type() === "error" && errors.push(message.text()));
    page.on("pageerror", (error) => errors.push(error.stack ?? error.message));
    await page.goto(/^\w+:/.test(path) ? path : `${widget.site}${path}`);
    await run(page);
    assert.deepEqual(await context.cookies(), [], "the widget needs no cookies");
  } finally {
    await context.close();
  }
  if (!expectErrors) assert.deepEqual(errors, [], "the page logged errors");
  assert.deepEqual(widget.reports, [], "the site's policy was violated");
}

async function open(page: Page) {
  await bubble(page).click();
  await dialog(page).waitFor();
}

async function say(page: Page, text) {
  await field(page).fill(text);
  await button(page, /^(Send|שליחה|إرسال|Отправить)$/).click();
  await own(page, text).waitFor();
}

/** A conversation with a person, whose bot is silent. */
async function talk(page: Page) {
  widget.state.answers = false;
  await open(page);
  await say(page, "Hello");
  await until("the socket", () => widget.sockets.size > 0 && widget.latest());
  await until("the greeting", () => other(page, "How can we help").isVisible());
}

async function assertAccessible(page: Page) {
  const { violations } = await new AxeBuilder({ page }).analyze();
  assert.deepEqual(
    violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html).join(" | ")}`),
    [],
  );
}

describe("a site with the widget", { skip }, () => {
  test("loads only the loader, and nothing moves, until the launcher is approached", async () => {
    await visit("/bare", {}, async (page) => {
      await page.evaluate(() => {
        const shifts = [];
        Object.assign(window, { shifts });
        new PerformanceObserver((list) => shifts.push(...list.getEntries())).observe({
          type: "layout-shift",
          buffered: true,
        });
      });
      await bubble(page).waitFor();
      await page.waitForTimeout(500);
      assert.deepEqual(widget.requests, ["GET /w.js"]);
      assert.equal(await page.locator("iframe").count(), 0);
      await bubble(page).hover();
      await until("the frame", () => count(/^GET \/w\/en.js/) === 1);
      // A visitor who only looks has no session.
      await open(page);
      await page.waitForTimeout(300);
      assert.equal(count(/embed|sessions|conversations/), 0);
      assert.equal(await page.evaluate(() => (window as never as { shifts: [] }).shifts.length), 0);
    });
  });

  test("loads the frame after two idle seconds", async () => {
    await visit("/bare", {}, async (page) => {
      await bubble(page).waitFor();
      await page.waitForTimeout(1_000);
      assert.equal(count(/^GET \/w\/dpl/), 0);
      await until("the frame", () => count(/^GET \/w\/dpl/) === 1);
      await until("its colour", async () =>
        (await bubble(page).evaluate((each) => getComputedStyle(each).backgroundColor)).includes(
          "31, 95, 74",
        ),
      );
      assert.equal(await bubble(page).getAttribute("aria-label"), "Open chat");
      assert.equal(await page.locator("iframe").isVisible(), false);
    });
  });

  test("takes its first appearance from the attributes of the script", async () => {
    const look = "color=%23ffd400&on-color=%23000&side=left&launcher=question";
    await visit(`/bare?${look}`, {}, async (page) => {
      await bubble(page).waitFor();
      const { x } = await bubble(page).boundingBox();
      assert.equal(x, 20);
      const color = await bubble(page).evaluate((each) => getComputedStyle(each).backgroundColor);
      assert.equal(color, "rgb(255, 212, 0)");
    });
  });

  test("controls the widget through its API", async () => {
    await visit("/bare", {}, async (page) => {
      await bubble(page).waitFor();
      await page.evaluate(() => {
        const { Desk } = window as never as { Desk: { onUnread(run): void; open(): void } };
        const counts = [];
        Object.assign(window, { counts });
        Desk.onUnread((count) => counts.push(count));
        Desk.open();
      });
      await dialog(page).waitFor();
      await talkWhenOpen(page);
      await page.evaluate("Desk.close()");
      await dialog(page).waitFor({ state: "hidden" });
      widget.agent.say("Are you still there?");
      widget.agent.say("I found it.");
      await until("the count", async () => (await page.evaluate("counts.at(-1)")) === 2);
      await page.locator("confab-desk b").filter({ hasText: "2" }).waitFor();
      assert.equal(await bubble(page).getAttribute("aria-label"), "Open chat. Unread messages: 2");
      await page.evaluate("Desk.setLanguage('de')");
      await until("German", async () =>
        (await bubble(page).getAttribute("aria-label")).startsWith("Chat öffnen"),
      );
      await page.evaluate("Desk.open()");
      await until("read", async () => (await page.evaluate("counts.at(-1)")) === 0);
      await until("the read mark", () => widget.latest().read_seq >= 0);
      await page.evaluate("Desk.destroy()");
      assert.equal(await page.locator("confab-desk").count(), 0);
      assert.equal(await page.evaluate("window.Desk"), undefined);
    });
  });

  async function talkWhenOpen(page: Page) {
    widget.state.answers = false;
    await say(page, "Hello");
    await until("the socket", () => widget.sockets.size > 0 && widget.latest());
  }

  test("runs the calls that were made before the script", async () => {
    const setUp = (context) => context.addInitScript("window.Desk = [['open']]");
    await visit("/bare", { setUp }, async (page) => {
      await dialog(page).waitFor();
    });
  });

  test("may be a frame of the site itself", async () => {
    await visit("/nested", {}, async (page) => {
      const inner = page.frameLocator("iframe");
      await inner.locator("confab-desk button").click();
      await inner.frameLocator("confab-desk iframe").getByRole("dialog").waitFor();
    });
  });
});

describe("a site that may not show the widget", { skip }, () => {
  test("another origin gets no frame, and its developer a message", async () => {
    const messages = [];
    await visit(`${widget.stranger}/bare`, { expectErrors: true }, async (page) => {
      page.on("console", (message) => messages.push(message.text()));
      await bubble(page).click();
      await until("the message", () => messages.some((text) => text.startsWith("Confab Desk:")));
      const message = messages.find((text) => text.startsWith("Confab Desk:"));
      assert.equal(
        message,
        `Confab Desk: ${widget.state.key} on ${widget.stranger}: origin_not_allowed`,
      );
      await until("the end", async () => (await page.locator("confab-desk").count()) === 0);
      assert.equal(await page.evaluate("window.Desk"), undefined);
      assert.equal(count(/sessions|conversations/), 0);
    });
  });

  test("a site without visitors' clicks keeps no launcher that would never open", async () => {
    await visit(`${widget.stranger}/bare`, { expectErrors: true }, async (page) => {
      await bubble(page).waitFor();
      await bubble(page).waitFor({ state: "detached" });
    });
  });

  test("a lost network leaves the launcher, and the next click opens the chat", async () => {
    const messages = [];
    await visit("/bare", { expectErrors: true }, async (page) => {
      page.on("console", (message) => messages.push(message.text()));
      await bubble(page).waitFor();
      widget.faults.down = true;
      await bubble(page).click();
      await until("the message", () => messages.some((text) => text.endsWith(": unreachable")));
      assert.equal(await page.locator("iframe").count(), 0);
      widget.faults.down = false;
      await open(page);
    });
  });

  test("a key that is unknown gets no launcher", async () => {
    const messages = [];
    await visit("/bare?key=dpl_zzzzzzzzzzzzzzzz", { expectErrors: true }, async (page) => {
      page.on("console", (message) => messages.push(message.text()));
      await bubble(page).click();
      await until("the message", () =>
        messages.some((text) => text.endsWith(": widget_not_found")),
      );
      await until("the end", async () => (await page.locator("confab-desk").count()) === 0);
    });
  });

  test("a file without an origin gets no launcher", async () => {
    const folder = await mkdtemp(join(tmpdir(), "widget-"));
    const path = join(folder, "page.html");
    await writeFile(
      path,
      `<!doctype html><title>File</title><body><script src="${widget.url}/w.js" data-key="${widget.state.key}"></script>`,
    );
    await visit(`file://${path}`, { expectErrors: true }, async (page) => {
      await bubble(page).click();
      await until(
        "the end of the attempt",
        async () => (await page.locator("confab-desk").count()) === 0,
      );
      assert.equal(count(/sessions|conversations/), 0);
    });
  });
});

describe("a conversation", { skip }, () => {
  test("begins with the first message", async () => {
    await visit("/bare", {}, async (page) => {
      await open(page);
      await frame(page).getByText("Hi! How can we help?").waitFor();
      await say(page, "Opening hours");
      await other(page, "Monday to Friday").waitFor();
      assert.deepEqual(await texts(page), [
        "Hi! How can we help?",
        "Opening hours",
        "Monday to Friday, 9:00 to 17:00.",
      ]);
      const { language, page: path, messages } = widget.latest();
      assert.deepEqual([language, path], ["en", "/bare"]);
      assert.equal(messages.filter(({ author }) => author.kind === "visitor").length, 2);
      assert.equal(count(/^POST \/conversations$/), 1);
      assert.equal(count(/sessions/), 1);
    });
  });

  test("begins with a suggestion, and goes on with quick replies to a person", async () => {
    await visit("/bare", {}, async (page) => {
      await open(page);
      await button(page, "Where is my order?").click();
      const link = other(page, "Orders leave").getByRole("link");
      assert.equal(await link.getAttribute("href"), "https://olive.example/track");
      assert.equal(await link.getAttribute("rel"), "noopener noreferrer");
      await button(page, "Talk to a person").click();
      await frame(page).getByText("You're now in line for our team.").waitFor();
      widget.agent.types();
      await frame(page).getByText("Dana is typing…").waitFor();
      widget.agent.say("Hi, I'm Dana.");
      await other(page, "I'm Dana").waitFor();
      await frame(page).getByText("Dana is typing…").waitFor({ state: "hidden" });
      await frame(page).locator(".who").getByText("Dana").waitFor();
    });
  });

  test("may begin with a person", async () => {
    await visit("/bare", {}, async (page) => {
      await open(page);
      await button(page, "Talk to a person").click();
      await frame(page).getByText("You're now in line for our team.").waitFor();
      assert.equal(widget.latest().handled_by, "human");
    });
  });

  test("begins with its form", async () => {
    widget.state.config.prechat = [
      { key: "name", label: "Your name", type: "text", required: true },
      { key: "email", label: "Email", type: "email", required: true },
      {
        key: "topic",
        label: "Topic",
        type: "select",
        required: false,
        options: ["Order", "Other"],
      },
      { key: "consent", label: "I agree", type: "checkbox", required: true },
    ];
    await visit("/bare", {}, async (page) => {
      await open(page);
      await button(page, "Start chat").click();
      const name = frame(page).getByLabel("Your name");
      assert.equal(await name.getAttribute("aria-invalid"), "true");
      assert.equal(await name.evaluate((each) => each === document.activeElement), true);
      assert.equal(await field(page).count(), 0);
      await name.fill("Noa");
      await frame(page).getByLabel("Email").fill("noa");
      await frame(page).getByLabel("I agree").check();
      await button(page, "Start chat").click();
      await frame(page).getByText("Please enter a valid email address.").waitFor();
      await assertAccessible(page);
      await frame(page).getByLabel("Email").fill("noa@olive.example");
      await frame(page).getByLabel("Topic").selectOption("Order");
      await button(page, "Start chat").click();
      await other(page, "How can we help").waitFor();
      const expected = { name: "Noa", email: "noa@olive.example", topic: "Order", consent: "true" };
      assert.deepEqual(widget.latest().prechat, expected);
    });
  });

  test("shows what the server refuses of its form", async () => {
    widget.state.config.prechat = [{ key: "email", label: "Email", type: "email", required: true }];
    widget.faults.refuse = { path: /^\/conversations$/, status: 400, code: "bad_email" };
    await visit("/bare", { expectErrors: true }, async (page) => {
      await open(page);
      await frame(page).getByLabel("Email").fill("noa@olive");
      await button(page, "Start chat").click();
      await frame(page).getByRole("alert").getByText("valid email address").waitFor();
      widget.faults.refuse = null;
      await button(page, "Start chat").click();
      await other(page, "How can we help").waitFor();
    });
  });

  test("asks for its form or an address later", async () => {
    await visit("/bare", {}, async (page) => {
      await talk(page);
      widget.state.config.prechat = [];
      widget.say("We're away. What email address can we reply to?", { form: "address" });
      await frame(page).getByLabel("Email address").fill("noa@olive.example");
      await frame(page).locator(".card").getByRole("button", { name: "Send" }).click();
      await own(page, "noa@olive.example").waitFor();
      await frame(page).getByLabel("Email address").waitFor({ state: "hidden" });
    });
  });

  test("ends, is rated, and another one begins", async () => {
    await visit("/bare", {}, async (page) => {
      await talk(page);
      await button(page, "More options").click();
      await button(page, "End chat").click();
      await button(page, "Keep chatting").click();
      await button(page, "More options").click();
      await button(page, "End chat").click();
      await button(page, "End chat").click();
      await frame(page).getByText("This chat has ended.").waitFor();
      await button(page, "Good").click();
      await frame(page).getByLabel("Anything you'd like to add?").fill("Quick help");
      await assertAccessible(page);
      await button(page, "Send").first().click();
      await frame(page).getByText("Thank you for your feedback!").waitFor();
      assert.deepEqual(widget.latest().csat, { score: 4, comment: "Quick help" });
      await button(page, "Start a new chat").click();
      await say(page, "Another question");
      await until("two conversations", () => widget.conversations.size === 2);
    });
  });

  test("goes on after its end where the bot allows it", async () => {
    await visit("/bare", {}, async (page) => {
      await talk(page);
      widget.agent.say("Anything else?");
      widget.agent.end();
      await frame(page).getByText("This chat has ended.").waitFor();
      await say(page, "Yes, one thing");
      await frame(page).getByText("The chat was reopened.").waitFor();
      assert.equal(await button(page, "Start a new chat").count(), 0);
      assert.equal(widget.conversations.size, 1);
    });
  });

  test("takes no message after its end where the bot forbids it", async () => {
    widget.state.reopens = false;
    await visit("/bare", { expectErrors: true }, async (page) => {
      await talk(page);
      await field(page).fill("Sent a moment too late");
      // The frame that tells of the end is lost.
      widget.latest().is_closed = true;
      await field(page).press("Enter");
      await button(page, "Try again").click();
      await until("the next one", () => widget.conversations.size === 2);
      await own(page, "Sent a moment too late").waitFor();
      assert.equal(widget.latest().messages.filter(({ client_msg_id }) => client_msg_id).length, 1);
    });
  });

  test("shows files, deleted messages and other times", async () => {
    await visit("/bare", {}, async (page) => {
      await talk(page);
      const { seq } = widget.agent.say("A typo");
      await other(page, "A typo").waitFor();
      widget.agent.remove(seq);
      await frame(page).getByText("This message was deleted.").waitFor();
      const files = [
        widget.addFile("guide.pdf", "application/pdf", 84_000),
        widget.addFile("board.png", "image/png", 128_000),
      ];
      widget.agent.say("", { attachments: files });
      const guide = frame(page).getByRole("link", { name: /guide.pdf/ });
      await until("the link", async () => (await guide.getAttribute("href"))?.includes("/files/"));
      assert.equal(await guide.getAttribute("rel"), "noopener noreferrer");
      const picture = frame(page).getByRole("img", { name: "board.png" });
      await until("the picture", () =>
        picture.evaluate((each: HTMLImageElement) => each.naturalWidth > 0),
      );
      await assertAccessible(page);
    });
  });

  test("is downloaded as a text", async () => {
    await visit("/bare", {}, async (page) => {
      await talk(page);
      await button(page, "More options").click();
      const downloaded = page.waitForEvent("download");
      await button(page, "Download transcript").click();
      assert.equal((await downloaded).suggestedFilename(), "Chat with us.txt");
    });
  });

  test("never treats a text as markup", async () => {
    await visit("/bare", {}, async (page) => {
      await talk(page);
      widget.agent.say(
        '<img src=x onerror="alert(1)"> javascript:alert(1) http://ok.example/a_(b)',
      );
      await other(page, "<img src=x").waitFor();
      const link = frame(page).locator(".in .bubble a");
      assert.deepEqual(await link.allTextContents(), ["http://ok.example/a_(b)"]);
    });
  });

  test("loads earlier messages without moving what is in view", async () => {
    await visit("/bare", { reducedMotion: "reduce" }, async (page) => {
      await talk(page);
      for (let number = 1; number <= 90; number += 1) widget.agent.say(`Line ${number}`);
      await other(page, "Line 90").waitFor();
      await page.reload();
      await open(page);
      await other(page, "Line 90").waitFor();
      assert.equal(await other(page, /^Line 20$/).count(), 0);
      const place = () =>
        frame(page)
          .locator(".body")
          .evaluate((main) => {
            const row = [...main.querySelectorAll(".bubble")].find(
              (each) => each.textContent === "Line 50",
            );
            return Math.round(row.getBoundingClientRect().top - main.getBoundingClientRect().top);
          });
      await frame(page)
        .locator(".body")
        .evaluate((main) => main.scrollTo(0, 140));
      const before = await place();
      await other(page, /^Line 20$/).waitFor({ state: "attached" });
      assert.ok(Math.abs((await place()) - before) < 4, `${before} ${await place()}`);
      // What arrives below is told, and does not move the view.
      widget.agent.say("Something new");
      await button(page, "New messages").click();
      await other(page, "Something new").waitFor();
      const shown = (await texts(page)).filter((text) => text.startsWith("Line"));
      assert.deepEqual(
        shown,
        Array.from({ length: 90 }, (_, index) => `Line ${index + 1}`),
      );
    });
  });
});

describe("files of a visitor", { skip }, () => {
  const tray = (page: Page) => frame(page).getByRole("list", { name: "Files to send" });
  const attach = (page: Page) => button(page, "Attach a file");
  const text = (name, content = "Milk and bread") => ({
    name,
    mimeType: "text/plain",
    buffer: Buffer.from(content),
  });

  async function choose(page: Page, ...files) {
    const chooser = page.waitForEvent("filechooser");
    await attach(page).click();
    await (await chooser).setFiles(files);
  }

  const isReady = (page: Page, count = 1) =>
    until("the files are ready", async () => {
      const [items, waiting] = await Promise.all([
        tray(page).getByRole("listitem").count(),
        tray(page).getByRole("progressbar").count(),
      ]);
      return items === count && waiting === 0;
    });

  const posted = () => widget.latest().messages.filter(({ attachments }) => attachments.length > 0);

  /** Pastes into the field. */
  const paste = (page: Page, content: Record<string, string>) =>
    field(page).evaluate((area, given) => {
      const clipboardData = new DataTransfer();
      for (const [type, value] of Object.entries(given))
        if (type === "text/plain") clipboardData.setData(type, value);
        else clipboardData.items.add(new File([value], "pasted.png", { type }));
      area.dispatchEvent(
        new ClipboardEvent("paste", { clipboardData, bubbles: true, cancelable: true }),
      );
    }, content);

  test("are uploaded with their progress, checked, and sent with a text", async () => {
    widget.faults.uploadMs = 500;
    await visit("/bare", {}, async (page) => {
      await open(page);
      assert.equal(await attach(page).count(), 0, "a file belongs to a conversation");
      await talkHere(page);
      await choose(page, text("list.txt"));
      await tray(page).getByRole("progressbar", { name: "list.txt" }).waitFor();
      await field(page).fill("My list");
      await button(page, "Send").click();
      await frame(page).getByText("Wait until your files are ready", { exact: false }).waitFor();
      await isReady(page);
      await assertAccessible(page);
      await button(page, "Send").click();
      await own(page, "My list").waitFor();
      await frame(page)
        .locator(".out")
        .getByRole("link", { name: /list.txt/ })
        .waitFor();
      assert.equal(await tray(page).count(), 0);
      assert.equal(await field(page).inputValue(), "");
      const [message] = posted();
      assert.deepEqual([message.text, message.attachments.length], ["My list", 1]);
    });
  });

  test("are sent without a text by their names", async () => {
    await visit("/bare", {}, async (page) => {
      await talk(page);
      await choose(page, text("one.txt"), text("two.txt"));
      await isReady(page, 2);
      await button(page, "Send").click();
      await own(page, "one.txt, two.txt").waitFor();
      assert.equal(posted()[0].attachments.length, 2);
    });
  });

  test("are pasted, unless a text is meant", async () => {
    await visit("/bare", {}, async (page) => {
      await talk(page);
      await attach(page).waitFor();
      await paste(page, { "text/plain": "A table", "image/png": "png" });
      await paste(page, { "image/png": "png" });
      await isReady(page);
      await field(page).press("Enter");
      await own(page, "pasted.png").waitFor();
      const picture = frame(page).locator(".out").getByRole("img", { name: "pasted.png" });
      await until("the picture of the bucket", () =>
        picture.evaluate((each: HTMLImageElement) => each.naturalWidth > 0),
      );
    });
  });

  test("are refused with the reason, and removed", async () => {
    await visit("/bare", { expectErrors: true }, async (page) => {
      await talk(page);
      await attach(page).waitFor();
      const before = count(/attachments/);
      await choose(page, { ...text("tool.exe"), mimeType: "application/x-msdownload" });
      await tray(page).getByText("Pictures, PDF documents and plain text can be sent.").waitFor();
      await choose(page, text("huge.txt", "x".repeat(10 * 1024 * 1024 + 1)));
      await tray(page).getByText("Files can have up to 10 MB.", { exact: false }).waitFor();
      await choose(page, text("empty.txt", ""));
      await tray(page).getByText("This file can't be read.").waitFor();
      assert.equal(count(/attachments/), before, "the service is not asked");
      await assertAccessible(page);
      for (const name of ["tool.exe", "huge.txt", "empty.txt"])
        await button(page, `Delete: ${name}`).click();
      assert.equal(await tray(page).count(), 0);
      widget.state.verdict = "wrong_type";
      await choose(page, text("page.txt", "<html>"));
      await tray(page).getByText("Pictures, PDF documents and plain text can be sent.").waitFor();
      await button(page, "Delete: page.txt").click();
      widget.state.verdict = "";
      await choose(page, ...["1", "2", "3", "4", "5", "6"].map((name) => text(`${name}.txt`)));
      await frame(page).getByText("A message can have up to 5 files.").waitFor();
      await isReady(page, 5);
      await button(page, "Send").click();
      await own(page, "1.txt, 2.txt, 3.txt, 4.txt, 5.txt").waitFor();
    });
  });

  test("are uploaded again after a failure, and sent once", async () => {
    widget.faults.noUploads = true;
    await visit("/bare", { expectErrors: true }, async (page) => {
      await talk(page);
      await choose(page, text("list.txt"));
      await tray(page).getByText("Not sent").waitFor();
      widget.faults.noUploads = false;
      await tray(page).getByRole("button", { name: "Try again" }).click();
      await isReady(page);
      // Browsers repeat a request of themselves while old connections are lost.
      widget.faults.loseAnswers = 20;
      await button(page, "Send").click();
      await frame(page).getByRole("alert").filter({ hasText: "Not sent" }).waitFor();
      widget.faults.loseAnswers = 0;
      await button(page, "Send").click();
      await until("the end", async () => (await tray(page).count()) === 0);
      assert.equal(posted().length, 1);
    });
  });

  test("fit a small screen, and every control is reached with a finger", async () => {
    await visit("/bare", small, async (page) => {
      await talk(page);
      await choose(page, text(`${"a-very-long-name-".repeat(6)}.txt`));
      await isReady(page);
      const { width, targets } = await dialog(page).evaluate((app) => ({
        width: document.documentElement.scrollWidth,
        targets: [...app.querySelectorAll("button")]
          .filter((each) => each.offsetWidth < 44 || each.offsetHeight < 44)
          .map((each) => each.ariaLabel ?? each.textContent),
      }));
      assert.equal(width, 320);
      assert.deepEqual(targets, []);
    });
  });

  test("are not for a conversation that has ended", async () => {
    await visit("/bare", {}, async (page) => {
      await talk(page);
      await attach(page).waitFor();
      widget.agent.end();
      await attach(page).waitFor({ state: "detached" });
    });
  });

  async function talkHere(page: Page) {
    widget.state.answers = false;
    await say(page, "Hello");
    await until("the socket", () => widget.sockets.size > 0 && widget.latest());
    await attach(page).waitFor();
  }
});

describe("an unreliable network", { skip }, () => {
  test("a first message survives a reload and is sent once", async () => {
    widget.faults.refuse = { path: /^\/conversations$/, status: 503, code: "down" };
    await visit("/bare", { expectErrors: true }, async (page) => {
      await open(page);
      await say(page, "Still here?");
      await frame(page).getByText("Sending…").waitFor();
      await until("an attempt", () => count(/^POST \/conversations$/) > 0);
      await page.reload();
      await open(page);
      await own(page, "Still here?").waitFor();
      // The answer to the next attempt is lost after the message was stored.
      Object.assign(widget.faults, { refuse: null, loseAnswers: 3 });
      await other(page, "another way").waitFor();
      assert.equal(widget.conversations.size, 1);
      const { messages } = widget.latest();
      assert.equal(messages.filter(({ text }) => text === "Still here?").length, 1);
      assert.equal(await own(page, "Still here?").count(), 1);
    });
  });

  test("messages of a conversation survive a reload and are sent once, in order", async () => {
    await visit("/bare", { expectErrors: true }, async (page) => {
      await talk(page);
      widget.faults.noSockets = true;
      widget.faults.refuse = { path: /messages$/, status: 503, code: "down" };
      widget.cut();
      await until("the loss", () => widget.sockets.size === 0);
      await say(page, "One");
      await say(page, "Two");
      await page.reload();
      await open(page);
      Object.assign(widget.faults, { noSockets: false, refuse: null });
      await until("both", () => widget.latest().messages.at(-1).text === "Two");
      await until(
        "their status",
        async () => (await frame(page).getByText("Sending…").count()) === 0,
      );
      assert.deepEqual((await texts(page)).slice(-2), ["One", "Two"]);
      const sent = widget.latest().messages.filter(({ author }) => author.kind === "visitor");
      assert.deepEqual(sent.map(({ text }) => text).slice(-2), ["One", "Two"]);
    });
  });

  test("the server's wait is kept before the next attempt", async () => {
    widget.faults.refuse = { path: /sessions/, status: 429, code: "rate_limited", after: 2 };
    await visit("/bare", { expectErrors: true }, async (page) => {
      await open(page);
      await say(page, "Patience");
      await until("an attempt", () => count(/sessions/) === 1);
      const start = Date.now();
      widget.faults.refuse = null;
      await until("the next one", () => count(/sessions/) === 2);
      assert.ok(Date.now() - start > 1_900);
      await other(page, "another way").waitFor();
    });
  });

  test("lost frames are fetched by their numbers, and notes are no gap", async () => {
    await visit("/bare", {}, async (page) => {
      await talk(page);
      widget.agent.note();
      widget.agent.say("After a note");
      await other(page, "After a note").waitFor();
      assert.equal(count(/messages$/), 1, "a note is no gap");
      widget.faults.dropFrames = 2;
      widget.agent.say("Lost one");
      widget.agent.note();
      widget.agent.say("Third");
      await other(page, "Third").waitFor();
      await other(page, "Lost one").waitFor();
      assert.deepEqual((await texts(page)).slice(-3), ["After a note", "Lost one", "Third"]);
    });
  });

  test("what was missed without a connection arrives with the next one", async () => {
    await visit("/bare", { expectErrors: true }, async (page) => {
      await talk(page);
      widget.faults.noSockets = true;
      widget.cut();
      await until("the loss", () => widget.sockets.size === 0);
      await frame(page).getByText("Connecting…").waitFor();
      widget.agent.say("While you were away");
      widget.agent.end();
      widget.faults.noSockets = false;
      await other(page, "While you were away").waitFor();
      await frame(page).getByText("How was your chat?").waitFor();
      await frame(page).getByText("Connecting…").waitFor({ state: "hidden" });
    });
  });

  test("where sockets are blocked, messages are read and sent without one", async () => {
    widget.faults.noSockets = true;
    await visit("/bare", { expectErrors: true }, async (page) => {
      widget.state.answers = false;
      await open(page);
      await say(page, "Behind a proxy");
      await until("the conversation", () => widget.latest());
      await frame(page).getByText("Connecting…").waitFor();
      widget.agent.say("I can still reach you");
      await other(page, "I can still reach you").waitFor();
      await say(page, "And I you");
      await until("the message", () => widget.latest().messages.at(-1).text === "And I you");
    });
  });

  test("a configuration that does not load is asked for again", async () => {
    widget.faults.refuse = { path: /^\/chatbots/, status: 503, code: "down" };
    await visit("/bare", { expectErrors: true }, async (page) => {
      await bubble(page).click();
      await until("an attempt", () => count(/chatbots/) > 0);
      // What the site says meanwhile is not lost.
      await page.evaluate("Desk.identify('jwt.noa')");
      await page.evaluate("Desk.setLanguage('fr')");
      widget.faults.refuse = null;
      await frame(page).getByText("Comment pouvons-nous vous aider ?").waitFor();
      await until("the session", () => count(/sessions/) === 1);
    });
  });

  test("a browser that is offline says so, and sends later", async () => {
    await visit("/bare", { expectErrors: true }, async (page) => {
      await talk(page);
      await page.context().setOffline(true);
      await frame(page)
        .getByText(/You're offline/)
        .waitFor();
      await say(page, "From a tunnel");
      await page.context().setOffline(false);
      await until("the message", () => widget.latest().messages.at(-1).text === "From a tunnel");
    });
  });

  test("a connection is renewed before the server closes it", async () => {
    widget.state.socketLives = 66_000;
    await visit("/bare", {}, async (page) => {
      await talk(page);
      await until("another ticket", () => count(/ticket/) === 2);
      await until("one socket", () => widget.sockets.size === 1);
      widget.agent.say("Over the new one");
      await other(page, "Over the new one").waitFor();
    });
  });

  test("an expired session is opened again", async () => {
    await visit("/bare", { expectErrors: true }, async (page) => {
      await talk(page);
      widget.expireSessions();
      widget.cut();
      await until("another session", () => count(/sessions/) === 2);
      await say(page, "Still me");
      await until("the message", () => widget.latest().messages.at(-1).text === "Still me");
      assert.equal(widget.conversations.size, 1);
    });
  });
});

describe("visitors", { skip }, () => {
  test("two tabs share a conversation", async () => {
    await visit("/bare", {}, async (page) => {
      const second = await page.context().newPage();
      await second.goto(`${widget.site}/bare`);
      await open(second);
      await page.bringToFront();
      await talk(page);
      await own(second, "Hello").waitFor();
      await second.bringToFront();
      await say(second, "From the second tab");
      await own(page, "From the second tab").waitFor();
      widget.agent.say("To both");
      await other(page, "To both").waitFor();
      await other(second, "To both").waitFor();
      assert.equal(widget.conversations.size, 1);
      assert.deepEqual(await texts(page), await texts(second));
    });
  });

  test("a returning visitor finds the conversation, and what is unread", async () => {
    await visit("/bare", {}, async (page) => {
      await talk(page);
      await page.goto("about:blank");
      await until("the end", () => widget.sockets.size === 0);
      widget.agent.say("We found your parcel.");
      const sessions = count(/sessions/);
      await page.goto(`${widget.site}/bare`);
      await page.locator("confab-desk b").filter({ hasText: "1" }).waitFor();
      assert.equal(count(/sessions/), sessions, "a known session is used");
      await open(page);
      await other(page, "We found your parcel.").waitFor();
      await page.locator("confab-desk b").filter({ hasText: "1" }).waitFor({ state: "hidden" });
    });
  });

  test("a third party without storage works as long as the page", async () => {
    widget.state.origins.push(widget.stranger);
    // A private window gives third parties no storage.
    await visit(`${widget.stranger}/bare`, {}, async (page) => {
      await talk(page);
      widget.agent.say("It works");
      await other(page, "It works").waitFor();
    });
  });

  test("blocked storage lasts as long as the page", async () => {
    const setUp = (context) =>
      context.addInitScript(() => {
        const denied = () => {
          throw new DOMException("denied", "SecurityError");
        };
        if (window !== top) Object.defineProperty(window, "localStorage", { get: denied });
      });
    await visit("/bare", { setUp }, async (page) => {
      await talk(page);
      await say(page, "Without storage");
      widget.agent.say("It works");
      await other(page, "It works").waitFor();
      assert.equal(widget.conversations.size, 1);
    });
  });

  test("a visitor whom the site names goes on, and is forgotten when the site says so", async () => {
    widget.state.config.requires_identity = true;
    await visit("/bare", {}, async (page) => {
      await open(page);
      await frame(page).getByText("Sign in on this site to chat with us.").waitFor();
      assert.equal(await field(page).count(), 0);
      await page.evaluate("Desk.identify('jwt.noa')");
      await field(page).waitFor();
      await talkOn(page, "I am Noa");
      await page.reload();
      await open(page);
      await frame(page).getByText("Sign in on this site to chat with us.").waitFor();
      assert.equal(
        await own(page, "I am Noa").count(),
        0,
        "a token of a named visitor is not stored",
      );
      await page.evaluate("Desk.identify('jwt.noa')");
      await own(page, "I am Noa").waitFor();
      await page.evaluate("Desk.identify(null)");
      await own(page, "I am Noa").waitFor({ state: "hidden" });
      await page.evaluate("Desk.identify('jwt.dan')");
      await field(page).waitFor();
      assert.equal(await own(page, "I am Noa").count(), 0);
    });
  });

  test("what an unnamed visitor has not sent yet is sent in the named one's conversation", async () => {
    await visit("/bare", { expectErrors: true }, async (page) => {
      widget.faults.refuse = { path: /^\/conversations$/, status: 503, code: "down" };
      await open(page);
      await say(page, "Before the sign-in");
      await until("an attempt", () => count(/^POST \/conversations$/) > 0);
      await page.evaluate("Desk.identify('jwt.noa')");
      await until("the session", () => count(/sessions/) === 2);
      widget.faults.refuse = null;
      await other(page, "another way").waitFor();
      assert.equal(widget.conversations.size, 1);
      assert.equal(widget.latest().visitor.id, "vis_noa");
    });
  });

  test("a wrong identity is told to the developer, and the chat goes on", async () => {
    const messages = [];
    await visit("/bare", { expectErrors: true }, async (page) => {
      page.on("console", (message) => messages.push(message.text()));
      await open(page);
      await page.evaluate("Desk.identify('forged')");
      await until("the message", () => messages.some((text) => text.includes("bad_identity")));
      await talkOn(page, "Anyway");
    });
  });

  async function talkOn(page: Page, text) {
    widget.state.answers = false;
    await say(page, text);
    await until("the message", () => widget.latest()?.messages.at(-1).text === text);
  }
});

describe("a team that is away", { skip }, () => {
  test("a read-only tenant shows that, and opens no session", async () => {
    widget.state.config.is_away = true;
    await visit("/bare", {}, async (page) => {
      await open(page);
      await frame(page).getByText("We're away right now.", { exact: false }).waitFor();
      assert.equal(await field(page).count(), 0);
      assert.equal(count(/embed|sessions/), 0);
      await assertAccessible(page);
    });
  });

  test("a tenant that is suspended meanwhile keeps the history in view", async () => {
    await visit("/bare", {}, async (page) => {
      await talk(page);
      widget.tell({ type: "bye", reason: "suspended" });
      await frame(page).getByText("We're away right now.", { exact: false }).waitFor();
      await own(page, "Hello").waitFor();
      assert.equal(await field(page).count(), 0);
    });
  });

  test("a blocked visitor can write no more", async () => {
    await visit("/bare", {}, async (page) => {
      await talk(page);
      widget.tell({ type: "bye", reason: "blocked" });
      await frame(page).getByText("You can no longer write in this chat.").waitFor();
    });
  });

  test("a refused start says that the team is away", async () => {
    widget.faults.refuse = { path: /^\/conversations$/, status: 402, code: "limit_reached" };
    await visit("/bare", { expectErrors: true }, async (page) => {
      await open(page);
      await say(page, "Hello?");
      await frame(page).getByText("We're away right now.", { exact: false }).waitFor();
      await frame(page).getByText("Not sent").waitFor();
    });
  });
});

describe("everyone", { skip }, () => {
  for (const colorScheme of ["light", "dark"] as const)
    test(`finds no barrier in the ${colorScheme} theme`, async () => {
      await visit("/bare", { colorScheme }, async (page) => {
        await open(page);
        await assertAccessible(page);
        await say(page, "Where is my order?");
        await other(page, "Orders leave").waitFor();
        widget.agent.say("Here I am");
        await other(page, "Here I am").waitFor();
        await assertAccessible(page);
        await button(page, "More options").click();
        await button(page, "Download transcript").waitFor();
        await assertAccessible(page);
      });
    });

  test("uses the widget with the keyboard alone", async () => {
    await visit("/bare", {}, async (page) => {
      const focused = () =>
        page.evaluate(() => document.activeElement?.shadowRoot?.activeElement?.tagName);
      const focusedInside = () =>
        frame(page)
          .locator(":focus")
          .evaluate((each) => each.ariaLabel ?? each.textContent.trim());
      await bubble(page).waitFor();
      await page.keyboard.press("Tab");
      await page.keyboard.press("Tab");
      assert.equal(await focused(), "BUTTON");
      await page.keyboard.press("Enter");
      await until(
        "the field",
        async () => (await focusedInside().catch(() => "")) === "Write a message",
      );
      await page.keyboard.type("Opening hours");
      await page.keyboard.press("Enter");
      await other(page, "Monday to Friday").waitFor();
      assert.equal(await focusedInside(), "Write a message");
      for (let steps = 0; steps < 4; steps += 1) await page.keyboard.press("Shift+Tab");
      assert.equal(await focusedInside(), "Close chat");
      await page.keyboard.press("Shift+Tab");
      await page.keyboard.press("Enter");
      await button(page, "End chat").waitFor();
      await page.keyboard.press("Escape");
      await button(page, "End chat").waitFor({ state: "hidden" });
      await page.keyboard.press("Escape");
      await dialog(page).waitFor({ state: "hidden" });
      assert.equal(await focused(), "BUTTON");
    });
  });

  test("is told of new messages politely", async () => {
    await visit("/bare", {}, async (page) => {
      await talk(page);
      const log = frame(page).getByRole("log", { name: "Messages" });
      assert.equal(await log.getAttribute("aria-live"), "polite");
    });
  });

  test("sees the whole chat at 320 px, and reaches every control with a finger", async () => {
    widget.state.config.strings = {
      en: {
        title: "A title that is far too long for one line of a small phone",
        greeting: "Welcome to the shop for everything that your kitchen table has been waiting for",
      },
    };
    await visit("/bare", small, async (page) => {
      await open(page);
      const fits = async () => {
        await assertFits(page);
        const { width, targets } = await dialog(page).evaluate((app) => ({
          width: document.documentElement.scrollWidth,
          targets: [...app.querySelectorAll("button")]
            .filter((each) => each.offsetWidth < 44 || each.offsetHeight < 44)
            .map((each) => each.ariaLabel ?? each.textContent),
        }));
        assert.equal(width, 320);
        assert.deepEqual(targets, []);
      };
      await fits();
      const long = "Donaudampfschifffahrtsgesellschaftskapitän".repeat(4);
      await field(page).fill(long);
      await button(page, "Send").click();
      await other(page, "another way").waitFor();
      widget.agent.say(`https://olive.example/${"x".repeat(300)}`);
      await other(page, "olive.example").waitFor();
      await fits();
      // The panel covers the page, and the focus stays in it.
      assert.equal(await dialog(page).getAttribute("aria-modal"), "true");
      assert.equal(await bubble(page).isVisible(), false);
      for (let steps = 0; steps < 9; steps += 1) {
        await page.keyboard.press("Tab");
        const inside = await page.evaluate(
          () => document.activeElement?.shadowRoot?.activeElement?.tagName,
        );
        assert.equal(inside, "IFRAME");
      }
      await button(page, "Close chat").click();
      await bubble(page).waitFor();
    });
  });

  for (const [language, direction, greeting] of [
    ["he", "rtl", "היי! איך אפשר לעזור?"],
    ["ar", "rtl", "مرحبًا! كيف يمكننا مساعدتك؟"],
    ["ru", "ltr", "Здравствуйте! Чем можем помочь?"],
  ])
    test(`is greeted in ${language}`, async () => {
      await visit(`/bare?language=${language}`, phone, async (page) => {
        await open(page);
        await frame(page).getByText(greeting).waitFor();
        const html = frame(page).locator("html");
        assert.equal(await html.getAttribute("dir"), direction);
        assert.equal(await html.getAttribute("lang"), language);
        await assertAccessible(page);
        await say(page, "Hello");
        const [row, main] = [own(page, "Hello"), frame(page).locator(".body")];
        const [{ x, width }, { width: whole }] = [
          await row.boundingBox(),
          await main.boundingBox(),
        ];
        // One's own messages are at the end of the line.
        assert.equal(x + width / 2 > whole / 2, direction === "ltr");
      });
    });

  test("is spoken to in a language of the bot", async () => {
    widget.state.config.languages = ["fr", "en"];
    widget.state.config.strings = { fr: { title: "Bienvenue chez Olive" } };
    await visit("/bare?html=ja", { locale: "ja-JP" }, async (page) => {
      await open(page);
      await frame(page).getByRole("heading", { name: "Bienvenue chez Olive" }).waitFor();
      await frame(page).getByText("Comment pouvons-nous vous aider ?").waitFor();
    });
  });

  test("sees no motion where it is not wanted", async () => {
    await visit("/bare", { reducedMotion: "reduce" }, async (page) => {
      await talk(page);
      const motion = await own(page, "Hello").evaluate(
        (each) => getComputedStyle(each.parentElement).animationName,
      );
      assert.equal(motion, "none");
    });
  });

  test("turns the sound on, and finds it on the next page", async () => {
    await visit("/bare", {}, async (page) => {
      await talk(page);
      await button(page, "More options").click();
      await button(page, "Sound for new messages").click();
      await page.reload();
      await open(page);
      await button(page, "More options").click();
      const sound = button(page, "Sound for new messages");
      assert.equal(await sound.getAttribute("aria-pressed"), "true");
    });
  });
});

describe("the demo shop", { skip }, () => {
  test("shows the chat whose snippet is pasted, on each of its pages", async () => {
    await visit("/", {}, async (page) => {
      await page.getByText("Put your chat on this page").click();
      const snippet = page.getByLabel("Paste the snippet of your chatbot");
      await snippet.fill("<script>alert(1)</script>");
      await page.getByRole("button", { name: "Show the chat" }).click();
      await page.getByText("This is not the snippet of a chatbot.").waitFor();
      await snippet.fill(
        `<script async src="${widget.url}/w.js" data-key="${widget.state.key}"></script>`,
      );
      await page.getByRole("button", { name: "Show the chat" }).click();
      await bubble(page).waitFor();
      await page.getByRole("link", { name: "Delivery and returns" }).click();
      await page.getByRole("button", { name: "Ask about an order" }).click();
      await dialog(page).waitFor();
      await assertAccessible(page);
    });
  });

  test("fits a small screen", async () => {
    await visit("/", small, async (page) => {
      await page.getByRole("heading", { name: "Made slowly, used daily" }).waitFor();
      await assertFits(page);
    });
  });
});
