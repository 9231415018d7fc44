// The simulated Telegram's page as people use it, on the mock.
import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { after, before, describe, test } from "node:test";
import {
  assertAccessible,
  assertFits,
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

const skip = process.env.CONFAB_HOME ? "needs the mock" : false;
const schemes = ["light", "dark"] as const;
let count = 0;

const idOf = (page) => Number(new URLSearchParams(new URL(page.url()).hash.slice(1)).get("chat"));
const keyboard = (page) => page.getByRole("group", { name: "Buttons" }).last();
const button = (page, name) => keyboard(page).getByRole("button", { name });
const rowOf = (page, name) =>
  page.locator("telegram-chats").getByRole("link", { name: new RegExp(name) });
const isBusy = async (locator) => (await locator.getAttribute("aria-busy")) === "true";
const bot = () => site.mock.telegram.bot;

/** Adds a person by the form and returns the name. */
async function addPerson(page, first = "Dana", language = "English") {
  const last = `T${++count}`;
  await page
    .getByRole("button", { name: /^Add (a|the first) person$/ })
    .first()
    .click();
  await page.getByLabel("First name").fill(first);
  await page.getByLabel("Last name").fill(last);
  await page.getByLabel("Language of the app").selectOption({ label: language });
  await page.getByRole("button", { name: "Add and open the chat" }).click();
  await page.getByRole("heading", { name: `${first} ${last}` }).waitFor();
  return `${first} ${last}`;
}

async function started(page, first?, language?) {
  const name = await addPerson(page, first, language);
  await page.getByRole("button", { name: "Start", exact: true }).click();
  await keyboard(page).waitFor();
  return name;
}

describe("telegram", { skip }, () => {
  test("an empty page explains the first step", async () => {
    await site.open("/telegram", {}, async (page) => {
      await page.getByRole("heading", { name: "Talk to the bot as its users" }).waitFor();
      await page.getByText("No calls yet").waitFor();
      await assertAccessible(page);
      await page.getByRole("button", { name: "Add the first person" }).waitFor();
    });
  });

  for (const colorScheme of schemes) {
    test(`a started chat passes axe in ${colorScheme}`, async () => {
      await site.open("/telegram", { colorScheme }, async (page) => {
        await addPerson(page);
        await assertAccessible(page);
        await page.getByRole("button", { name: "Start", exact: true }).click();
        await bubbles.in(page).filter({ hasText: "Hello! Send /carousel" }).waitFor();
        await bubbles.out(page).filter({ hasText: "/start" }).waitFor();
        await page.getByText("Live", { exact: true }).waitFor();
        await say(page, "/carousel habits");
        await bubbles.in(page).filter({ hasText: "Ready" }).waitFor();
        await assertAccessible(page);
      });
    });
  }

  test("Hebrew runs from right to left, and commands are in the person's language", async () => {
    await site.open("/telegram", {}, async (page) => {
      await started(page, "נועה", "עברית");
      const direction = (locator) =>
        locator.evaluate((element) => getComputedStyle(element).direction);
      const greeting = bubbles.in(page).filter({ hasText: "שלום" });
      assert.equal(await direction(greeting.locator(".inside")), "rtl");
      assert.equal(await direction(greeting.locator(".text")), "rtl");
      await page.getByRole("button", { name: "Commands" }).click();
      const list = page.getByRole("list", { name: "Commands" });
      await list.getByText("הכנת שקופיות").waitFor();
      await list.getByRole("button", { name: "/help" }).click();
      await bubbles.out(page).filter({ hasText: "/help" }).waitFor();
      await list.waitFor({ state: "detached" });
    });
  });

  test("typing a slash suggests commands that begin so", async () => {
    await site.open("/telegram", {}, async (page) => {
      await started(page);
      const list = page.getByRole("list", { name: "Commands" });
      await composer(page).fill("/ca");
      await until("two commands", async () => (await list.getByRole("button").count()) === 2);
      await composer(page).fill("/car");
      await list.getByRole("button", { name: "/carousel" }).click();
      await bubbles.out(page).filter({ hasText: "/carousel" }).waitFor();
      assert.equal(await composer(page).inputValue(), "");
    });
  });

  test("an album is one bubble, and opens full-screen with swipes and arrow keys", async () => {
    await site.open("/telegram", {}, async (page) => {
      await started(page);
      bot().album(idOf(page), 10, "Ten slides");
      const album = page.locator(".message.in .album");
      await until("ten photos", async () => (await album.locator("img").count()) === 10);
      assert.equal(await album.count(), 1);
      await bubbles.in(page).filter({ hasText: "Ten slides" }).waitFor();
      await album.getByRole("button").nth(1).click();
      const lightbox = page.getByRole("dialog", { name: "Photo" });
      await lightbox.getByText("2 of 10").waitFor();
      const photo = lightbox.locator("img");
      await until("the photo", () => photo.evaluate((image) => image.naturalWidth === 96));
      const { x, y, width, height } = await photo.boundingBox();
      const swipe = async (from, to) => {
        await page.mouse.move(x + width * from, y + height / 2);
        await page.mouse.down();
        await page.mouse.move(x + width * to, y + height / 2, { steps: 4 });
        await page.mouse.up();
      };
      await swipe(0.7, 0.3);
      await lightbox.getByText("3 of 10").waitFor();
      await swipe(0.3, 0.7);
      await lightbox.getByText("2 of 10").waitFor();
      await page.keyboard.press("ArrowLeft");
      await lightbox.getByText("1 of 10").waitFor();
      await page.keyboard.press("Escape");
      await lightbox.waitFor({ state: "hidden" });
    });
  });

  test("an edit replaces a photo in place and leaves a mark", async () => {
    await site.open("/telegram", {}, async (page) => {
      await started(page);
      const [, second] = bot().album(idOf(page), 3);
      const images = page.locator(".message.in .album img");
      await until("three photos", async () => (await images.count()) === 3);
      const before = await images.nth(1).getAttribute("src");
      bot().edit(idOf(page), second.message_id, { photo: site.mock.telegram.slide(2) });
      await until(
        "another photo",
        async () => (await images.nth(1).getAttribute("src")) !== before,
      );
      assert.equal(await images.count(), 3);
      await page.locator(".message.in .meta").filter({ hasText: "edited" }).waitFor();
    });
  });

  test("an edited text shows the new words, and a deleted message disappears", async () => {
    await site.open("/telegram", {}, async (page) => {
      await started(page);
      const { message_id } = bot().send(idOf(page), { text: "Working on it" });
      await bubbles.in(page).filter({ hasText: "Working on it" }).waitFor();
      bot().edit(idOf(page), message_id, { text: "Done" });
      await bubbles.in(page).filter({ hasText: "Done" }).waitFor();
      assert.equal(await bubbles.in(page).filter({ hasText: "Working on it" }).count(), 0);
      bot().delete(idOf(page), message_id);
      await bubbles.in(page).filter({ hasText: "Done" }).waitFor({ state: "detached" });
    });
  });

  test("a button spins until its callback is answered with a notice", async () => {
    await site.open("/telegram", {}, async (page) => {
      await started(page);
      const wait = { text: "Wait", callback_data: "wait" };
      bot().send(idOf(page), { text: "Tap", reply_markup: { inline_keyboard: [[wait, wait]] } });
      await bubbles.in(page).filter({ hasText: "Tap" }).waitFor();
      const first = button(page, /^Wait/).first();
      const before = site.mock.telegram.taps.size;
      await first.click();
      await until("a tap", () => site.mock.telegram.taps.size === before + 1);
      assert.ok(await isBusy(first));
      assert.ok(!(await isBusy(button(page, /^Wait/).nth(1))), "the other button does not spin");
      await first.click();
      assert.equal(
        site.mock.telegram.taps.size,
        before + 1,
        "a waiting button is not tapped again",
      );
      bot().answer([...site.mock.telegram.taps.keys()].at(-1), "Saved");
      await page.getByText("Saved", { exact: true }).waitFor();
      await until("the end of the spinner", async () => !(await isBusy(first)));
    });
  });

  test("an alert is shown until it is closed", async () => {
    await site.open("/telegram", {}, async (page) => {
      await started(page);
      await button(page, "Rules").click();
      const alert = page.getByRole("dialog", { name: "Slides Bot" });
      await alert.waitFor();
      await page.getByText("Slides have at most 200 letters.").waitFor();
      await assertAccessible(page);
      await page.getByRole("button", { name: "OK" }).click();
      await alert.waitFor({ state: "hidden" });
      assert.ok(!(await isBusy(button(page, "Rules"))));
    });
  });

  test("a copy button copies its text, and a link opens a tab of its own", async () => {
    const permissions = ["clipboard-read", "clipboard-write"];
    await site.open("/telegram", { permissions }, async (page) => {
      await started(page);
      await button(page, "Copy caption").click();
      await page.getByText("Copied", { exact: true }).waitFor();
      const copied = await page.evaluate(() => navigator.clipboard.readText());
      assert.equal(copied, "Small habits #habits");
      const link = keyboard(page).getByRole("link", { name: "Website" });
      assert.equal(await link.getAttribute("target"), "_blank");
    });
  });

  test("a forced reply opens the reply bar and is answered with a reply", async () => {
    await site.open("/telegram", {}, async (page) => {
      await started(page);
      await say(page, "/carousel habits");
      await bubbles.in(page).filter({ hasText: "Ready" }).waitFor();
      await button(page, "Edit slide").click();
      const bar = page.getByRole("button", { name: "Do not quote" });
      await bar.waitFor();
      assert.equal(await composer(page).getAttribute("placeholder"), "Text of the slide");
      await say(page, "Rest is work too");
      const reply = bubbles.out(page).filter({ hasText: "Rest is work too" });
      await reply.locator(".quote").filter({ hasText: "what should it say" }).waitFor();
      await bubbles.in(page).filter({ hasText: "Changed: Rest is work too" }).waitFor();
      await page.locator(".message.in .meta").filter({ hasText: "edited" }).waitFor();
      assert.equal(await bar.count(), 0);
    });
  });

  test("a closed reply bar stays closed", async () => {
    await site.open("/telegram", {}, async (page) => {
      await started(page);
      await button(page, "Edit slide").click();
      const bar = page.getByRole("button", { name: "Do not quote" });
      await bar.click();
      await bar.waitFor({ state: "detached" });
      bot().send(idOf(page), { text: "Anything else?" });
      await bubbles.in(page).filter({ hasText: "Anything else?" }).waitFor();
      assert.equal(await bar.count(), 0);
    });
  });

  test("documents can be downloaded under their names", async () => {
    await site.open("/telegram", {}, async (page) => {
      await started(page);
      await button(page, "As files").click();
      await page.getByText("Two files are on their way").waitFor();
      const file = page.getByRole("link", { name: /slide-1\.png/ });
      const [download] = await Promise.all([page.waitForEvent("download"), file.click()]);
      assert.equal(download.suggestedFilename(), "slide-1.png");
      assert.equal(await readFile(await download.path(), "utf8"), "contents of slide-1.png");
    });
  });

  test("photos are sent as an album with a caption, and other files as documents", async () => {
    await site.open("/telegram", {}, async (page) => {
      await started(page);
      const input = page.locator("input[type=file]");
      await input.setInputFiles([await picture(page, "teal"), await picture(page, "maroon")]);
      const tray = page.getByRole("list", { name: "Photos to send" });
      await until("two previews", async () => (await tray.getByRole("img").count()) === 2);
      await say(page, "our logo");
      const album = page.locator(".message.out .album");
      // An answer between the photos does not divide them.
      await until(
        "one album",
        async () => (await album.locator("img").count()) === 2 && (await album.count()) === 1,
      );
      await bubbles.out(page).filter({ hasText: "our logo" }).waitFor();
      const text = { name: "notes.txt", mimeType: "text/plain", buffer: Buffer.from("my notes") };
      await input.setInputFiles([text]);
      await page.getByRole("list", { name: "Files to send" }).getByText("notes.txt").waitFor();
      await page.getByRole("button", { name: "Send" }).click();
      await bubbles
        .out(page)
        .getByRole("link", { name: /notes\.txt/ })
        .waitFor();
    });
  });

  test("signs of life are shown until a message arrives", async () => {
    await site.open("/telegram", {}, async (page) => {
      const name = await started(page);
      bot().sign(idOf(page), { action: "upload_photo" }, 60_000);
      await page.getByRole("log").getByText("The bot is sending a photo").waitFor();
      await rowOf(page, name).getByText("sending a photo").waitFor();
      bot().sign(idOf(page), { draft: "Slide one is about" }, 60_000);
      await page.getByText("Slide one is about").waitFor();
      bot().send(idOf(page), { text: "Here it is" });
      await page.getByText("Slide one is about").waitFor({ state: "detached" });
      await page.getByRole("log").getByText("The bot is typing").waitFor({ state: "detached" });
    });
  });

  test("a sign of life ends after its time", async () => {
    await site.open("/telegram", {}, async (page) => {
      await started(page);
      bot().sign(idOf(page), { action: "typing" }, 300);
      await page.getByRole("log").getByText("The bot is typing").waitFor();
      await page.getByRole("log").getByText("The bot is typing").waitFor({ state: "detached" });
    });
  });

  test("a reply keyboard sends its texts until it is removed", async () => {
    await site.open("/telegram", {}, async (page) => {
      await started(page);
      bot().send(idOf(page), {
        text: "Which?",
        keyboard: { keyboard: [["One", { text: "Two" }]] },
      });
      const keys = page.getByRole("group", { name: "Reply keyboard" });
      await keys.getByRole("button", { name: "Two" }).click();
      await bubbles.out(page).filter({ hasText: "Two" }).waitFor();
      bot().send(idOf(page), { text: "Thanks", keyboard: { remove_keyboard: true } });
      await keys.waitFor({ state: "detached" });
    });
  });

  test("entities are formatted, and commands in a text can be tapped", async () => {
    const permissions = ["clipboard-read", "clipboard-write"];
    await site.open("/telegram", { permissions }, async (page) => {
      await started(page);
      bot().send(idOf(page), {
        text: "🙂 bold both, code block, /help or and/or https://slides.example/a",
        entities: [
          { type: "italic", offset: 3, length: 9 },
          { type: "bold", offset: 3, length: 4 },
          { type: "pre", offset: 14, length: 10 },
        ],
      });
      const text = bubbles.in(page).filter({ hasText: "bold both" }).locator(".text");
      await text.waitFor();
      assert.equal(await text.locator("i").textContent(), "bold both");
      assert.equal(await text.locator("i b").textContent(), "bold");
      assert.equal(await text.getByRole("link").getAttribute("href"), "https://slides.example/a");
      await text.getByRole("button", { name: "Copy" }).click();
      await page.getByText("Copied", { exact: true }).waitFor();
      assert.equal(await page.evaluate(() => navigator.clipboard.readText()), "code block");
      await text.getByRole("button", { name: "/help" }).click();
      await bubbles.out(page).filter({ hasText: "/help" }).waitFor();
      assert.equal(await text.getByRole("button").count(), 2, "and/or is no command");
    });
  });

  test("a person blocks the bot and unblocks it", async () => {
    await site.open("/telegram", {}, async (page) => {
      await started(page);
      await page.getByRole("button", { name: "Chat details" }).click();
      await page.getByRole("button", { name: "Block the bot" }).click();
      await page.getByText("You have blocked the bot.").waitFor();
      assert.equal(await composer(page).count(), 0);
      await assertAccessible(page);
      await page.getByRole("button", { name: "Unblock", exact: true }).click();
      await composer(page).waitFor();
    });
  });

  test("a deleted account can only be read", async () => {
    await site.open("/telegram", {}, async (page) => {
      await started(page);
      await page.getByRole("button", { name: "Chat details" }).click();
      await page.getByRole("button", { name: "Delete the account" }).click();
      await page.getByRole("button", { name: "Press again to delete the account" }).click();
      await page.getByText("This account was deleted.").waitFor();
    });
  });

  test("members of a group write in turn, and the bot can be removed and added", async () => {
    await site.open("/telegram", {}, async (page) => {
      const first = await addPerson(page, "First");
      const second = await addPerson(page, "Second");
      await page.getByRole("button", { name: "New group" }).click();
      await page.getByLabel("Title").fill(`Editors ${count}`);
      await page.getByRole("button", { name: "Create and open the group" }).click();
      await page.getByText("Choose at least one member.").waitFor();
      await page.getByRole("checkbox", { name: first }).check();
      await page.getByRole("checkbox", { name: second }).check();
      await assertAccessible(page);
      await page.getByRole("button", { name: "Create and open the group" }).click();
      await page
        .getByRole("log")
        .getByText(new RegExp(`${first}. added .Slides Bot`))
        .waitFor();
      await say(page, "hello from one");
      await bubbles.out(page).filter({ hasText: "hello from one" }).waitFor();
      await page.getByLabel("Write as").selectOption({ label: second });
      await say(page, "hello from two");
      await bubbles.out(page).filter({ hasText: "hello from two" }).waitFor();
      const other = bubbles.in(page).filter({ hasText: "hello from one" });
      await other.getByText(first).waitFor();
      await page.getByRole("button", { name: "Commands" }).click();
      await page.getByRole("list", { name: "Commands" }).getByRole("button").first().click();
      await bubbles.out(page).filter({ hasText: "/carousel@slides_bot" }).waitFor();
      await page.getByRole("button", { name: "Chat details" }).click();
      await page.getByRole("button", { name: "Remove the bot" }).click();
      await page.getByText("The bot is not in this group.").waitFor();
      await page.getByRole("button", { name: "Add the bot" }).click();
      await page.getByText("The bot is not in this group.").waitFor({ state: "detached" });
    });
  });

  test("a group that becomes a supergroup leads to it", async () => {
    await site.open("/telegram", {}, async (page) => {
      const name = await addPerson(page);
      await page.getByRole("button", { name: "New group" }).click();
      await page.getByLabel("Title").fill(`Movers ${count}`);
      await page.getByRole("checkbox", { name }).check();
      await page.getByRole("button", { name: "Create and open the group" }).click();
      await page.getByRole("heading", { name: `Movers ${count}` }).waitFor();
      const group = idOf(page);
      await page.getByRole("button", { name: "Chat details" }).click();
      await page.getByRole("button", { name: "Turn into a supergroup" }).click();
      await until("the supergroup", () => idOf(page) !== group);
      await until("one group", async () => (await rowOf(page, `Movers ${count}`).count()) === 1);
      await page.goBack();
      await page.getByRole("link", { name: "Open the supergroup" }).waitFor();
    });
  });

  test("list, chat, details and traffic fit 320 px, one at a time", async () => {
    await site.open("/telegram", { viewport: { width: 320, height: 640 } }, async (page) => {
      const name = await started(page, "A name that is too long for a small screen");
      await assertFits(page);
      await say(page, `https://example.test/${"long".repeat(40)}`);
      const long = { text: "A button with quite a long text", callback_data: "wait" };
      const keys = [[long, long, long], [{ text: "Copy", copy_text: { text: "x" } }]];
      bot().album(idOf(page), 7, "Seven");
      bot().send(idOf(page), { text: "Tap", reply_markup: { inline_keyboard: keys } });
      await button(page, "Copy").waitFor();
      await assertFits(page);
      await button(page, "Copy").scrollIntoViewIfNeeded();
      await page.getByRole("button", { name: "Commands" }).click();
      await assertFits(page);
      await page.getByRole("button", { name: "Chat details" }).click();
      await page.getByRole("button", { name: "Block the bot" }).waitFor();
      await assertFits(page);
      await page.getByRole("button", { name: "Close" }).filter({ visible: true }).click();
      await page.getByRole("button", { name: "Back to chats" }).click();
      await rowOf(page, name).waitFor();
      assert.equal(await composer(page).count(), 0);
      await assertFits(page);
      await page.getByRole("button", { name: "What Telegram saw" }).click();
      await page.getByRole("list", { name: "Calls, the newest first" }).waitFor();
      await page.getByText("Add a fault").click();
      await assertFits(page);
      await assertAccessible(page);
    });
  });

  test("the page works by keyboard", async () => {
    await site.open("/telegram", {}, async (page) => {
      const focused = (locator) => locator.evaluate((element) => element.matches(":focus"));
      const add = page.getByRole("button", { name: "Add a person", exact: true });
      await add.waitFor();
      await until("Tab reaches the button", async () => {
        await page.keyboard.press("Tab");
        return focused(add);
      });
      await page.keyboard.press("Enter");
      await until("the name has the focus", () => focused(page.getByLabel("First name")));
      await page.keyboard.type("Keys");
      await page.keyboard.press("Enter");
      const start = page.getByRole("button", { name: "Start", exact: true });
      await start.waitFor();
      await until("Tab reaches Start", async () => {
        await page.keyboard.press("Tab");
        return focused(start);
      });
      await page.keyboard.press("Enter");
      await until(
        "the composer has the focus",
        async () => (await composer(page).count()) === 1 && focused(composer(page)),
      );
      await page.keyboard.type("hi");
      await page.keyboard.press("Shift+Enter");
      await page.keyboard.type("there");
      assert.equal(await composer(page).inputValue(), "hi\nthere");
      await page.keyboard.press("Enter");
      await bubbles.in(page).filter({ hasText: "You said: hi" }).waitFor();
      await page.getByRole("log", { name: "Messages" }).focus();
      await page.keyboard.press("ArrowUp");
      await page.keyboard.press("ArrowUp");
      await page.keyboard.press("Enter");
      await page.getByRole("button", { name: "Do not quote" }).waitFor();
      await until("the composer has the focus again", () => focused(composer(page)));
      await page.keyboard.press("Escape");
      await page.getByRole("button", { name: "Do not quote" }).waitFor({ state: "detached" });
      const rules = button(page, "Rules");
      await until("Shift+Tab reaches a button of the bot", async () => {
        await page.keyboard.press("Shift+Tab");
        return focused(rules);
      });
      await page.keyboard.press("Enter");
      await page.getByRole("dialog", { name: "Slides Bot" }).waitFor();
      await page.keyboard.press("Escape");
      await page.getByRole("dialog", { name: "Slides Bot" }).waitFor({ state: "hidden" });
      await until("the focus is back on the button", () => focused(rules));
    });
  });

  test("messages and answers that the stream missed appear once after it recovers", async () => {
    await site.open("/telegram", { expectErrors: true }, async (page) => {
      await started(page);
      const wait = { text: "Wait", callback_data: "wait" };
      bot().send(idOf(page), { text: "Tap", reply_markup: { inline_keyboard: [[wait]] } });
      await button(page, /^Wait/).click();
      await until("a tap", () => isBusy(button(page, /^Wait/)));
      await until("its id", () => [...site.mock.telegram.taps.values()].at(-1).data === "wait");
      site.mock.cut();
      await page.getByText("Reconnecting to local.").waitFor();
      bot().answer([...site.mock.telegram.taps.keys()].at(-1), "Answered in the dark");
      bot().send(idOf(page), { text: "said in the dark" });
      site.mock.restore();
      const missed = bubbles.in(page).filter({ hasText: "said in the dark" });
      await missed.waitFor();
      await page.getByText("Answered in the dark").waitFor();
      await page.getByText("Live", { exact: true }).waitFor();
      assert.equal(await missed.count(), 1);
    });
  });

  test("messages sent while local is away are delivered once and in order", async () => {
    await site.open("/telegram", { expectErrors: true }, async (page) => {
      await started(page);
      const path = "**/api/telegram/chats/*/messages";
      await page.route(path, (route) =>
        route.request().method() === "POST" ? route.abort() : route.continue(),
      );
      site.mock.cut();
      await page.getByText("Reconnecting to local.").waitFor();
      await say(page, "are you there?");
      await say(page, "hello?");
      const bubble = bubbles.out(page).filter({ hasText: "are you there?" });
      await bubble.getByRole("img", { name: "Sending" }).waitFor();
      await page.unroute(path);
      site.mock.restore();
      await bubble.getByRole("img", { name: "Sending" }).waitFor({ state: "detached" });
      await bubbles.in(page).filter({ hasText: "You said: hello?" }).waitFor();
      assert.equal(await bubble.count(), 1);
      const said = await bubbles.out(page).locator(".text").allTextContents();
      assert.deepEqual(said.slice(-2), ["are you there?", "hello?"]);
    });
  });

  test("a refused message states its reason and can be removed", async () => {
    await site.open("/telegram", { expectErrors: true }, async (page) => {
      await started(page);
      const refusal = {
        status: 400,
        contentType: "application/json",
        body: JSON.stringify({ error: { code: "invalid", message: "The text is too long." } }),
      };
      await page.route("**/api/telegram/chats/*/messages", (route) =>
        route.request().method() === "POST" ? route.fulfill(refusal) : route.continue(),
      );
      await say(page, "refuse me");
      await page.getByText("The text is too long.").waitFor();
      await page.getByRole("button", { name: "Remove", exact: true }).click();
      await page.getByText("refuse me").waitFor({ state: "detached" });
    });
  });

  test("other chats count unread messages", async () => {
    await site.open("/telegram", {}, async (page) => {
      const first = await started(page, "First");
      const firstId = idOf(page);
      await addPerson(page, "Second");
      bot().send(firstId, { text: "one" });
      bot().send(firstId, { text: "two" });
      const row = rowOf(page, first);
      await row.getByText("2 unread").waitFor();
      await row.click();
      await page.getByRole("heading", { name: first }).waitFor();
      await row.getByText("2 unread").waitFor({ state: "detached" });
    });
  });

  test("the calls tell codes, files and lost answers, and can be filtered", async () => {
    await site.open("/telegram", {}, async (page) => {
      await started(page);
      const id = idOf(page);
      bot().album(id, 3);
      bot().refuse("sendPhoto", id, 429, "Too Many Requests: retry after 5");
      bot().refuse("sendDocument", id, 200, null, { answered: false, reused_files: 2 });
      const saw = page.getByRole("complementary", { name: "What Telegram saw" });
      const calls = saw
        .getByRole("list", { name: "Calls, the newest first" })
        .getByRole("listitem");
      const album = calls.filter({ hasText: "sendMediaGroup" }).first();
      await album.getByText("3 files uploaded").waitFor();
      await album.getByText(/messages \d+ to \d+/).waitFor();
      await calls
        .filter({ hasText: "retry after 5" })
        .first()
        .getByText("429", { exact: true })
        .waitFor();
      const lost = calls.filter({ hasText: "answer lost" }).first();
      await lost.getByText("2 file ids reused").waitFor();
      await saw.getByRole("checkbox", { name: "This chat only" }).check();
      await saw.getByRole("checkbox", { name: "Failed only" }).check();
      await until("two calls", async () => (await calls.count()) === 2);
      site.mock.telegram.violate("callback_not_answered", { data: "edit" });
      await saw.getByText("A tap had no answer for 15 seconds.").waitFor();
      await assertAccessible(page);
    });
  });

  test("a fault can be added and removed", async () => {
    await site.open("/telegram", {}, async (page) => {
      await started(page);
      await page.getByText("Add a fault").click();
      await page.getByRole("combobox", { name: "Fault" }).selectOption("429 Too Many Requests");
      await page.getByLabel("Seconds until the retry").fill("7");
      await page.getByRole("combobox", { name: "Method" }).selectOption("sendPhoto");
      await page.getByRole("checkbox", { name: "In the open chat only" }).check();
      await page.getByRole("button", { name: "Add the fault" }).click();
      const list = page.getByRole("list", { name: "Faults to come" });
      await list.getByText("429, retry after 7 s, sendPhoto").waitFor();
      const [fault] = site.mock.telegram.faults();
      assert.deepEqual(fault, {
        times: 1,
        drop_before: false,
        drop_after: false,
        retry_after: 7,
        method: "sendPhoto",
        chat: idOf(page),
      });
      await assertAccessible(page);
      await list.getByRole("button", { name: /^Remove/ }).click();
      await list.waitFor({ state: "detached" });
      assert.deepEqual(site.mock.telegram.faults(), []);
    });
  });

  test("settings persist, one field at a time", async () => {
    await site.open("/telegram", {}, async (page) => {
      const settings = page.getByRole("button", { name: "Delivery and chance" });
      await settings.click();
      const seed = page.getByRole("spinbutton", { name: "Seed" });
      await seed.fill("42");
      await seed.blur();
      await page.getByText("Saved.").waitFor();
      await page.getByRole("switch", { name: "Send a wrong secret" }).check();
      await page.reload();
      await settings.click();
      await until(
        "the seed",
        async () => (await seed.count()) === 1 && (await seed.inputValue()) === "42",
      );
      assert.ok(await page.getByRole("switch", { name: "Send a wrong secret" }).isChecked());
      await assertAccessible(page);
      await page.getByRole("switch", { name: "Send a wrong secret" }).uncheck();
      await seed.fill("");
      await seed.blur();
      await page.getByText("Saved.").waitFor();
    });
  });

  test("a draft survives a reload", async () => {
    await site.open("/telegram", {}, async (page) => {
      await started(page);
      await composer(page).fill("not yet");
      await page.reload();
      await until(
        "the draft",
        async () =>
          (await composer(page).count()) === 1 && (await composer(page).inputValue()) === "not yet",
      );
    });
  });

  test("an error states its remedy", async () => {
    await site.open("/telegram", { expectErrors: true }, async (page) => {
      await addPerson(page);
      await page.route("**/api/telegram/stream", (route) => route.abort());
      await reloadFailingUntilClick(page, "/api/telegram/chats");
      await page.getByText("local does not answer.").first().waitFor();
      await page.getByRole("button", { name: "Try again" }).first().click();
      await page.getByRole("list", { name: "People" }).waitFor();
    });
  });

  test("a reset forgets people and chats", async () => {
    await site.open("/telegram", {}, async (page) => {
      await started(page);
      site.mock.telegram.reset();
      await page.getByRole("heading", { name: "Talk to the bot as its users" }).waitFor();
      await page.getByText("No calls yet").waitFor();
    });
  });
});
