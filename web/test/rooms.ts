// Rooms as two or more people use them, on a mock that can lose, duplicate and refuse.
import assert from "node:assert/strict";
import { after, before, beforeEach, describe, test } from "node:test";
import type { Page } from "playwright-core";
import { assertAccessible, assertFits, picture, type Site, setUp, until } from "./browser";
import { reactionOf } from "./mock-rooms";

const mockOnly = process.env.CONFAB_HOME ? "needs the mock" : false;
const schemes = ["light", "dark"];
const phone = { viewport: { width: 390, height: 844 }, hasTouch: true, isMobile: true };
const small = { viewport: { width: 320, height: 640 }, hasTouch: true, isMobile: true };

let site: Site;
let rooms: Site["mock"]["rooms"];
let calm: Site["mock"]["rooms"]["faults"];
before(async () => {
  if (mockOnly) return;
  site = await setUp();
  ({ rooms } = site.mock);
  calm = { ...rooms.faults };
});
beforeEach(() => rooms && Object.assign(rooms.faults, calm, { photoMs: 60 }));
after(() => site?.tearDown());

const roomAt = (code) => `/rooms#room=${code}`;
const field = (page) => page.getByRole("textbox", { name: "Message", exact: true });
const log = (page) => page.getByRole("log", { name: "Messages" });
const bubble = (page, text) => page.locator(".message .bubble").filter({ hasText: text });
const said = (page) => page.locator(".message .bubble .text").allTextContents();
const line = (page, text) =>
  page.locator(".message .text").filter({ hasText: new RegExp(`^${text}$`) });
const dialog = (page, name) => page.getByRole("dialog", { name });
/** Locates a dialog's content: it is slotted, not inside the native dialog. */
const inDialog = (page, name) =>
  page.locator("cf-dialog").filter({ has: page.getByRole("dialog", { name }) });

async function say(page, text) {
  await field(page).fill(text);
  await field(page).press("Enter");
}

async function join(page: Page, name: string, accessCode?: string) {
  const open = page.getByRole("button", { name: "Join to chat" });
  await open
    .or(page.getByLabel("Access code"))
    .or(page.getByLabel("Your name here"))
    .first()
    .waitFor();
  if (await open.isVisible()) await open.click();
  if (accessCode) await page.getByLabel("Access code").fill(accessCode);
  await page.getByLabel("Your name here").fill(name);
  await page.getByRole("button", { name: "Join", exact: true }).click();
}

async function enter(page: Page, name: string, accessCode?: string) {
  await join(page, name, accessCode);
  await field(page).waitFor();
}

/** Opens the page in another browser context, as another user. */
async function another(page, path, options = {}) {
  const context = await page
    .context()
    .browser()
    .newContext({ viewport: { width: 1280, height: 860 }, ...options });
  context.setDefaultTimeout(15_000);
  const other = await context.newPage();
  await other.goto(`${site.home}${path}`);
  return other;
}

async function give(page) {
  await page.locator("#choose").setInputFiles(await picture(page));
}

async function makeRoom(
  page,
  {
    suggestion = "The Quiet Pier",
    name = "Hanna",
    accessCode,
  }: { suggestion?: string; name?: string; accessCode?: string } = {},
) {
  await give(page);
  await page.getByRole("button", { name: suggestion }).click();
  const sheet = inDialog(page, "New room");
  await sheet.getByLabel("Your name here").fill(name);
  if (accessCode) {
    await sheet.getByLabel("Only people with a code").check();
    await sheet.getByLabel("Access code").fill(accessCode);
  }
  await sheet.getByRole("button", { name: "Create the room" }).click();
  await field(page).waitFor({ state: "attached" });
  const code = new URLSearchParams(new URL(page.url()).hash.slice(1)).get("room");
  if (await dialog(page, "Invite people").isVisible()) await page.keyboard.press("Escape");
  return code;
}

describe("from a photo to a room", { skip: mockOnly }, () => {
  test("a photo leads to ten names, a room, a link and a QR code", async () => {
    await site.open("/rooms", phone, async (page) => {
      await page.getByRole("heading", { name: "Where are you?" }).waitFor();
      await page.getByText("No rooms yet").waitFor();
      const sent = page.waitForRequest(
        (request) =>
          request.url().endsWith("/api/photo-analysis/upload/") && request.method() === "POST",
      );
      await give(page);
      assert.equal(await (await sent).headerValue("content-type"), "image/jpeg");
      await page.getByRole("heading", { name: "Harbour at sunset" }).waitFor();
      await until("ten names", async () => (await page.locator(".names button").count()) === 10);
      await page.getByRole("button", { name: "Golden Hour Harbour" }).click();
      const sheet = inDialog(page, "New room");
      assert.equal(
        await sheet.getByLabel("Name", { exact: true }).inputValue(),
        "Golden Hour Harbour",
      );
      assert.notEqual(await sheet.getByLabel("Your name here").inputValue(), "");
      await sheet.getByLabel("Name", { exact: true }).fill("Our own harbour");
      await sheet.getByRole("button", { name: "Create the room" }).click();
      const share = inDialog(page, "Invite people");
      await share.getByRole("img", { name: "QR code of this room's link" }).waitFor();
      const code = new URLSearchParams(new URL(page.url()).hash.slice(1)).get("room");
      await share.getByText(`${site.home}/rooms?room=${code}`).waitFor();
      await page.keyboard.press("Escape");
      await page.getByRole("heading", { name: "Our own harbour" }).waitFor();
      await page.getByText("No messages yet").waitFor();
      // Back leads to the start, which lists the room.
      await page.getByRole("button", { name: "Back to the start" }).click();
      await page.getByRole("link", { name: /Our own harbour/ }).waitFor();
    });
  });

  test("a pasted or dropped photo is accepted", async () => {
    await site.open("/rooms", {}, async (page) => {
      const { buffer } = await picture(page);
      const transfer = await page.evaluateHandle((base64) => {
        const data = new DataTransfer();
        data.items.add(
          new File([Uint8Array.from(atob(base64), (letter) => letter.charCodeAt(0))], "p.jpg", {
            type: "image/jpeg",
          }),
        );
        return data;
      }, buffer.toString("base64"));
      await page.locator("rooms-start").dispatchEvent("drop", { dataTransfer: transfer });
      await page.getByRole("heading", { name: "Harbour at sunset" }).waitFor();
      await page.goBack();
      await page.getByRole("heading", { name: "Where are you?" }).waitFor();
      await page.evaluate(
        (data) => document.dispatchEvent(new ClipboardEvent("paste", { clipboardData: data })),
        transfer,
      );
      await page.getByRole("heading", { name: "Harbour at sunset" }).waitFor();
    });
  });

  test("the analysis survives a reload", async () => {
    await site.open("/rooms", {}, async (page) => {
      rooms.faults.photoMs = 3_000;
      await give(page);
      await until("the photo has an address", () => page.url().includes("photo=pho_"));
      await page.getByText("Analyzing your photo").waitFor();
      await page.reload();
      await page.getByText("Analyzing your photo").waitFor();
      await page.getByRole("button", { name: "The Quiet Pier" }).waitFor();
    });
  });

  test("a large photo is resized, and one that stays large is uploaded in two steps", async () => {
    await site.open("/rooms", {}, async (page) => {
      const large = await page.evaluate(async () => {
        const canvas = new OffscreenCanvas(4000, 3000);
        canvas.getContext("2d").fillRect(0, 0, 4000, 3000);
        const bytes = new Uint8Array(
          await (await canvas.convertToBlob({ type: "image/png" })).arrayBuffer(),
        );
        let text = "";
        for (const byte of bytes) text += String.fromCharCode(byte);
        return btoa(text);
      });
      const bodies = [];
      await page.route("**/api/photo-analysis/upload/", (route) => {
        if (route.request().method() === "POST") bodies.push(route.request().postDataBuffer());
        return route.continue();
      });
      await page.locator("#choose").setInputFiles({
        name: "large.png",
        mimeType: "image/png",
        buffer: Buffer.from(large, "base64"),
      });
      await page.getByRole("button", { name: "The Quiet Pier" }).waitFor();
      const [width, height] = await page
        .locator(".photo img")
        .evaluate((image) => [image.naturalWidth, image.naturalHeight]);
      assert.deepEqual([width, height], [2048, 1536]);
      assert.equal(bodies.length, 1);

      // A file that the browser cannot decode is uploaded unchanged; this one is too large for one
      // request.
      await page.goto(`${site.home}/rooms`);
      const posted = page.waitForRequest((request) => request.url().endsWith("/bucket"));
      await page.locator("#choose").setInputFiles({
        name: "odd.webp",
        mimeType: "image/webp",
        buffer: Buffer.alloc(5_000_000, 1),
      });
      await posted;
      await page.getByRole("button", { name: "The Quiet Pier" }).waitFor();
    });
  });

  test("a refused photo states the next step", async () => {
    await site.open("/rooms", { expectErrors: true }, async (page) => {
      const refusals = {
        too_small: "too small",
        not_allowed: "Choose another one",
        too_large: "under 10 MB",
        not_a_picture: "Choose a JPEG",
        unavailable: "Try again in a few minutes",
      };
      for (const [code, words] of Object.entries(refusals)) {
        rooms.faults.refusePhoto = code;
        await give(page);
        await page.getByRole("alert").getByText(words).waitFor();
        await page.getByRole("button", { name: "Choose another photo" }).click();
      }
      rooms.faults.refusePhoto = null;
      rooms.faults.limited = true;
      await give(page);
      await page.getByText("Try again in 9 minutes").waitFor();
      await assertAccessible(page);
      rooms.faults.limited = false;
      await page.getByRole("button", { name: "Try again" }).click();
      await page.getByRole("button", { name: "The Quiet Pier" }).waitFor();
      await page.goto(`${site.home}/rooms`);
      await page.locator("#choose").setInputFiles({
        name: "notes.txt",
        mimeType: "text/plain",
        buffer: Buffer.from("not a photo"),
      });
      await page.getByText("This file is not a supported image").waitFor();
      // A room can be created without a photo, too.
      await page.getByRole("button", { name: "Name the room yourself" }).click();
      await inDialog(page, "New room").getByLabel("Name", { exact: true }).fill("No photo");
      await inDialog(page, "New room").getByRole("button", { name: "Create the room" }).click();
      await page.getByRole("heading", { name: "No photo" }).waitFor();
    });
  });

  test("similar rooms are offered with their reason", async () => {
    await site.open("/rooms", {}, async (page) => {
      const first = await makeRoom(page, { suggestion: "Windless Evening Club" });
      await page.goto(`${site.home}/rooms`);
      await give(page);
      const similar = page.getByRole("region", { name: "Join an existing room" });
      await similar.getByText("Started from the same photo").waitFor();
      await similar.getByRole("link").first().click();
      await log(page).waitFor();
      assert.ok(page.url().includes("#room="), first);
    });
  });

  test("reduced motion shows all names at once", async () => {
    await site.open("/rooms", { reducedMotion: "reduce" }, async (page) => {
      await give(page);
      await page.getByRole("button", { name: "Golden Hour Harbour" }).waitFor();
      assert.equal(await page.locator(".names button").count(), 10);
      assert.equal(
        await page
          .locator(".appears")
          .first()
          .evaluate((element) => getComputedStyle(element).animationName),
        "none",
      );
    });
  });

  test("a link or a code leads to its room", async () => {
    const { code } = rooms.add({ name: "Given room" });
    await site.open("/rooms", {}, async (page) => {
      const input = page.getByLabel("Have a link or a code?");
      await input.fill("what?");
      await input.press("Enter");
      await page.getByText("That does not look like").waitFor();
      await input.fill(`https://rooms.example/rooms#room=${code}`);
      await input.press("Enter");
      await page.getByRole("heading", { name: "Given room" }).waitFor();
    });
  });
});

describe("two people in a room", { skip: mockOnly }, () => {
  test("two users see each other's messages, typing and presence", async () => {
    await site.open("/rooms", {}, async (page) => {
      const code = await makeRoom(page);
      const other = await another(page, roomAt(code));
      await other.getByText("No messages yet").waitFor();
      await enter(other, "Omer");
      await other.getByText("2 here now").waitFor();

      await say(page, "Hello from the pier");
      await bubble(other, "Hello from the pier").waitFor();
      await other.getByText("Hanna", { exact: true }).first().waitFor();
      await field(other).pressSequentially("On my w");
      await page.getByText("Omer is typing").waitFor();
      await say(other, "On my way");
      await bubble(page, "On my way").waitFor();
      await page.getByText("Omer is typing").waitFor({ state: "detached" });
      assert.deepEqual(await said(page), ["Hello from the pier", "On my way"]);
      assert.deepEqual(await said(other), ["Hello from the pier", "On my way"]);

      await page.getByRole("list", { name: "People" }).getByText("Omer").waitFor();
      await page.getByText("2 here now").waitFor();
      await other.context().close();
    });
  });

  test("details are a sidebar on a wide screen and sheets on a narrow one", async () => {
    const { code, host } = rooms.add({ description: "About **nothing** https://example.com" });
    rooms.say(code, host, "first");
    await site.open(roomAt(code), {}, async (page) => {
      const pane = page.getByRole("complementary", { name: "About this room" });
      await pane.getByRole("link", { name: "https://example.com" }).waitFor();
      await pane.getByRole("img", { name: /QR code/ }).waitFor();
      await page.setViewportSize({ width: 390, height: 844 });
      await pane.waitFor({ state: "detached" });
      await page.getByTitle("About this room").click();
      await inDialog(page, "Test room").getByText("Created by").waitFor();
    });
  });

  test("replies quote, reactions toggle, and deletions reach everyone", async () => {
    const { code, host } = rooms.add();
    for (let count = 1; count <= 30; count += 1) rooms.say(code, host, `line ${count}`);
    await site.open(roomAt(code), {}, async (page) => {
      await enter(page, "Reader");
      const other = await another(page, roomAt(code));
      await enter(other, "Writer");

      const target = page.locator(".message").filter({ hasText: "line 3" }).first();
      await line(page, "line 3").scrollIntoViewIfNeeded();
      await line(page, "line 3").hover();
      await target.getByRole("button", { name: "Reply" }).first().click();
      await page.getByText("Replying to Hosta").waitFor();
      await say(page, "to the third");
      const quote = other.getByRole("button", { name: /^Replying to Hosta\s*line 3/ });
      await quote.waitFor();
      await quote.click();
      await until("the original is in sight", () =>
        line(other, "line 3").evaluate(
          (element) =>
            element.getBoundingClientRect().top > 0 &&
            element.getBoundingClientRect().bottom < innerHeight,
        ),
      );

      const mine = page.locator(".message").filter({ hasText: "to the third" });
      await other.getByRole("button", { name: /latest message|new message/ }).click();
      const seen = other.locator(".message").filter({ hasText: "to the third" });
      await seen.hover();
      await seen.getByRole("button", { name: "React" }).click();
      await seen
        .getByRole("group", { name: "Reactions" })
        .getByRole("button", { name: "👍" })
        .click();
      await mine.getByRole("button", { name: "👍 1", pressed: false }).waitFor();
      await seen.getByRole("button", { name: "👍 1", pressed: true }).click();
      await mine.getByRole("button", { name: "👍 1" }).waitFor({ state: "detached" });

      await bubble(page, "to the third").hover();
      await mine.getByRole("button", { name: "More" }).click();
      const sheet = inDialog(page, "Your message");
      await sheet.getByRole("button", { name: "Delete" }).click();
      await sheet.getByRole("button", { name: "Press again to delete for everyone" }).click();
      await log(other).getByText("to the third").waitFor({ state: "detached" });
      assert.equal((await said(other)).at(-1), "This message was deleted.");
      assert.equal((await said(page)).at(-1), "This message was deleted.");
      await other.context().close();
    });
  });

  test("an own reaction among many can be removed", async () => {
    const { code, host, room } = rooms.add();
    rooms.say(code, host, "who likes this?");
    room.messages[0].reactions = [
      reactionOf(
        "👍",
        Array.from({ length: 30 }, (_, number) => `usr_${number}`),
      ),
    ];
    await site.open(roomAt(code), {}, async (page) => {
      await enter(page, "Fan");
      await page.getByRole("button", { name: "👍 30", pressed: false }).click();
      await page.getByRole("button", { name: "👍 31", pressed: true }).click();
      await page.getByRole("button", { name: "👍 30", pressed: false }).waitFor();
    });
  });

  test("scrolling up loads history in place and counts new messages", async () => {
    const { code, host } = rooms.add();
    for (let count = 1; count <= 180; count += 1) rooms.say(code, host, `line ${count}`);
    await site.open(roomAt(code), {}, async (page) => {
      await line(page, "line 180").waitFor();
      assert.equal(await page.locator(".message").count(), 50);
      const scroller = log(page);
      await scroller.evaluate((element) => (element.scrollTop = 300));
      const before = await line(page, "line 140").evaluate(
        (element) => element.getBoundingClientRect().top,
      );
      await until("an older page", async () => (await page.locator(".message").count()) >= 100);
      const after = await line(page, "line 140").evaluate(
        (element) => element.getBoundingClientRect().top,
      );
      assert.ok(Math.abs(after - before) < 3, `moved by ${after - before}`);
      rooms.say(code, host, "news one");
      rooms.say(code, host, "news two");
      await page.getByRole("button", { name: "2 new messages, go to the latest" }).click();
      await until("the end is in sight", () =>
        bubble(page, "news two").evaluate(
          (element) => element.getBoundingClientRect().bottom <= innerHeight,
        ),
      );
      for (let round = 0; round < 4; round += 1) {
        await scroller.evaluate((element) => (element.scrollTop = 0));
        await page.waitForFunction(() => true);
        if (await line(page, "line 1").count()) break;
        await until(
          "more",
          async () => (await page.locator(".message").count()) >= 100 + 50 * round,
        );
      }
      await line(page, "line 1").waitFor();
      assert.equal(await page.locator(".message").count(), 182);
    });
  });

  test("a pin counts down, links to its message, and expires", async () => {
    const { code, host } = rooms.add();
    const { seq } = rooms.say(code, host, "look here");
    await site.open(roomAt(code), {}, async (page) => {
      await bubble(page, "look here").waitFor();
      await page.getByText("1 here now").waitFor();
      rooms.pin(code, seq, 12);
      const pin = page.getByRole("button", { name: /^Pinned: Hosta look here/ });
      await page
        .locator(".pin")
        .getByText(/^For 1[12]:\d\d$/)
        .waitFor();
      await pin.click();
      rooms.pin(code, seq, 0.02);
      await pin.waitFor({ state: "detached" });
    });
  });

  test("a blocked user stays hidden under look-alike names, and can be unblocked", async () => {
    const { code } = rooms.add();
    const noisy = rooms.join(code, "Noisy");
    rooms.say(code, noisy, "buy this");
    await site.open(roomAt(code), {}, async (page) => {
      await enter(page, "Calm");
      await page.getByRole("button", { name: "Actions for Noisy" }).click();
      await page.getByRole("button", { name: "Block for me" }).click();
      await page.getByText("1 message from someone you blocked").waitFor();
      await bubble(page, "buy this").waitFor({ state: "detached" });
      rooms.kick(code, noisy);
      rooms.say(code, rooms.join(code, "N0isy"), "buy that");
      await page.getByText("1 message from someone you blocked").nth(1).waitFor();
      assert.equal(await bubble(page, "buy that").count(), 0);
      await page.getByRole("button", { name: "Show" }).last().click();
      await bubble(page, "buy that").waitFor();
    });
  });
});

describe("connection", { skip: mockOnly }, () => {
  test("a closed socket reconnects without gaps or duplicates", async () => {
    const { code, host } = rooms.add();
    rooms.say(code, host, "one");
    await site.open(roomAt(code), { expectErrors: true }, async (page) => {
      await enter(page, "Walker");
      await say(page, "two");
      await bubble(page, "two").waitFor();
      await until("it has arrived", async () =>
        (await page.locator(".state").last().textContent()).includes("now"),
      );
      rooms.faults.down = true;
      rooms.kill();
      rooms.say(code, host, "three");
      await say(page, "four, into the void");
      await page.getByText("Reconnecting…").waitFor();
      await page.getByText("Sending", { exact: true }).waitFor();
      rooms.faults.down = false;
      await page.getByText("Reconnecting…").waitFor({ state: "detached" });
      await until("all are there", async () => (await said(page)).length === 4);
      rooms.faults.double = true;
      rooms.faults.shuffle = true;
      for (const text of ["five", "six", "seven", "eight"]) rooms.say(code, host, text);
      await bubble(page, "eight").waitFor();
      await until("copies have come", () => page.waitForTimeout(700).then(() => true));
      const all = await said(page);
      assert.deepEqual(
        all.filter((text) => text !== "four, into the void"),
        ["one", "two", "three", "five", "six", "seven", "eight"],
      );
      assert.equal(all.filter((text) => text === "four, into the void").length, 1);
      const other = await another(page, roomAt(code));
      await bubble(other, "eight").waitFor();
      assert.deepEqual(await said(other), all);
      await other.context().close();
    });
  });

  test("a short disconnect is not reported", async () => {
    const { code, host } = rooms.add();
    await site.open(roomAt(code), { expectErrors: true }, async (page) => {
      await enter(page, "Walker");
      await page.evaluate(() => {
        globalThis.seen = [];
        const line = document
          .querySelector("rooms-app")
          .shadowRoot.querySelector("rooms-room")
          .shadowRoot.querySelector(".banner");
        new MutationObserver(() => globalThis.seen.push(line.textContent)).observe(line, {
          childList: true,
          characterData: true,
          subtree: true,
        });
      });
      rooms.kill();
      rooms.say(code, host, "while away");
      await bubble(page, "while away").waitFor();
      assert.deepEqual(
        (await page.evaluate(() => globalThis.seen)).filter((text) => text.trim() !== ""),
        [],
      );
    });
  });

  test("a lost frame is refetched", async () => {
    const { code, host } = rooms.add();
    await site.open(roomAt(code), {}, async (page) => {
      await enter(page, "Walker");
      await page.getByText("1 here now").first().waitFor();
      rooms.say(code, host, "one");
      await bubble(page, "one").waitFor();
      rooms.faults.dropFrames = 1;
      rooms.say(code, host, "two");
      rooms.say(code, host, "three");
      await bubble(page, "three").waitFor();
      assert.deepEqual(await said(page), ["one", "two", "three"]);
    });
  });

  test("an unsent message survives a reload and is posted once", async () => {
    const { code, room } = rooms.add();
    await site.open(roomAt(code), { expectErrors: true }, async (page) => {
      await enter(page, "Walker");
      rooms.faults.down = true;
      rooms.kill();
      await say(page, "written in a tunnel");
      await say(page, "and another");
      await page.getByText("Sending", { exact: true }).waitFor();
      await page.reload();
      await page.getByText("This room could not be opened").waitFor();
      rooms.faults.down = false;
      await page.getByRole("button", { name: "Try again" }).click();
      await until("both have arrived", () => room.messages.length === 2);
      await until(
        "both are shown as sent",
        async () =>
          (await page.locator(".underway").count()) === 0 && (await said(page)).length === 2,
      );
      assert.deepEqual(await said(page), ["written in a tunnel", "and another"]);
      await page.reload();
      await bubble(page, "and another").waitFor();
      assert.deepEqual(await said(page), ["written in a tunnel", "and another"]);
    });
  });

  test("a renewal before expiry is invisible", async () => {
    const { code, host, room } = rooms.add();
    rooms.faults.socketLives = 66_000;
    await site.open(roomAt(code), {}, async (page) => {
      await enter(page, "Walker");
      await page.getByText("1 here now").first().waitFor();
      const first = [...room.sockets];
      await until(
        "another socket",
        () =>
          [...room.sockets].some((socket) => !first.includes(socket)) && room.sockets.size === 1,
      );
      rooms.say(code, host, "still here");
      await bubble(page, "still here").waitFor();
      assert.equal(await page.locator(".banner").textContent(), "");
    });
  });

  test("an overflow shows the latest page", async () => {
    const { code, host } = rooms.add();
    rooms.say(code, host, "long ago");
    await site.open(roomAt(code), { expectErrors: true }, async (page) => {
      await bubble(page, "long ago").waitFor();
      await page.getByText("1 here now").first().waitFor();
      rooms.faults.down = true;
      rooms.kill();
      for (let count = 1; count <= 150; count += 1) rooms.say(code, host, `line ${count}`);
      rooms.faults.down = false;
      await line(page, "line 150").waitFor();
      assert.deepEqual((await said(page)).slice(-2), ["line 149", "line 150"]);
    });
  });

  test("being offline is reported", async () => {
    const { code } = rooms.add();
    await site.open(roomAt(code), { expectErrors: true }, async (page, context) => {
      await enter(page, "Walker");
      await context.setOffline(true);
      rooms.faults.down = true;
      rooms.kill();
      await page.getByText("You are offline").waitFor();
      rooms.faults.down = false;
      await context.setOffline(false);
      await page.getByText("You are offline").waitFor({ state: "detached" });
      await say(page, "back");
      await until("it is sent", async () =>
        (await page.locator(".state").last().textContent()).includes("now"),
      );
    });
  });

  test("an expired session starts a new one", async () => {
    const { code } = rooms.add({ name: "Open to all" });
    await site.open(roomAt(code), { expectErrors: true }, async (page) => {
      await enter(page, "Walker");
      rooms.forgetPeople();
      await page.reload();
      await page.getByRole("button", { name: "Join to chat" }).waitFor();
    });
  });
});

describe("access", { skip: mockOnly }, () => {
  test("a private room shows its name and asks for the code", async () => {
    const { code, host } = rooms.add({
      name: "Secret supper",
      is_private: true,
      access_code: "basil",
    });
    rooms.say(code, host, "the key is under the pot");
    await site.open(roomAt(code), { expectErrors: true }, async (page) => {
      await page.getByRole("heading", { name: "Secret supper" }).waitFor();
      await assertAccessible(page);
      assert.equal(await page.getByText("under the pot").count(), 0);
      await join(page, "Guest", "parsley");
      await page.getByText("Wrong access code").waitFor();
      await page.getByLabel("Access code").fill("basil");
      await page.getByRole("button", { name: "Join", exact: true }).click();
      await bubble(page, "the key is under the pot").waitFor();
      await page.getByText("Private").first().waitFor();
    });
  });

  test("a taken or look-alike name is refused with suggestions", async () => {
    const { code } = rooms.add();
    await site.open(roomAt(code), { expectErrors: true }, async (page) => {
      await join(page, "Hоsta");
      await page.getByText("This name is taken, or looks too much like another one").waitFor();
      await until("the field has the focus", () =>
        page.getByLabel("Your name here").evaluate((element) => element.matches(":focus")),
      );
      await page
        .getByRole("group", { name: "Available names" })
        .getByRole("button", { name: "Quiet Fox" })
        .click();
      await page.getByRole("button", { name: "Join", exact: true }).click();
      await field(page).waitFor();
      assert.equal(await field(page).getAttribute("placeholder"), "Message as Quiet Fox");
    });
  });

  test("the host mutes, removes, bans and unbans", async () => {
    await site.open("/rooms", { expectErrors: true }, async (page) => {
      const code = await makeRoom(page);
      const other = await another(page, roomAt(code));
      await enter(other, "Loud");
      await say(other, "hey");
      await bubble(page, "hey").waitFor();
      const act = async (name) => {
        await page.getByRole("button", { name: "Actions for Loud" }).click();
        await page.getByRole("button", { name, exact: true }).click();
      };
      await act("Mute");
      await other.getByText("The host has muted you. You can still read.").waitFor();
      await act("Unmute");
      await say(other, "can you hear me");
      await bubble(page, "can you hear me").waitFor();
      await act("Remove");
      await other.getByRole("heading", { name: "You were removed" }).waitFor();
      await assertAccessible(other);
      await other.getByRole("button", { name: "Return to the room" }).click();
      await enter(other, "Loud");
      await say(other, "back again");
      await act("Ban");
      await other.getByRole("heading", { name: "You cannot join this room" }).waitFor();
      await other.reload();
      await other.getByRole("heading", { name: "You cannot join this room" }).waitFor();
      await page.getByRole("button", { name: "Unban" }).click();
      await page.getByText("Loud was unbanned").waitFor();
      await other.reload();
      await other.getByRole("button", { name: "Join to chat" }).waitFor();
      await other.context().close();
    });
  });

  test("the host renames, makes read-only and closes the room", async () => {
    await site.open("/rooms", { expectErrors: true }, async (page) => {
      const code = await makeRoom(page);
      const other = await another(page, roomAt(code));
      await enter(other, "Guest");
      await page.getByRole("button", { name: "Settings" }).click();
      const settings = inDialog(page, "Settings");
      await settings.getByLabel("Name", { exact: true }).fill("A better name");
      await settings.getByLabel("Read-only").check();
      await settings.getByRole("button", { name: "Save" }).click();
      await other.getByRole("heading", { name: "A better name" }).waitFor();
      await other.getByText("Only the host can post right now.").waitFor();
      await say(page, "order!");
      await bubble(other, "order!").waitFor();
      await page.getByRole("button", { name: "Settings" }).click();
      await settings.getByRole("button", { name: "Close the room" }).click();
      await settings.getByRole("button", { name: "Close permanently" }).click();
      await other.getByRole("heading", { name: "This room is closed" }).waitFor();
      await page.getByRole("heading", { name: "This room is closed" }).waitFor();
      await page.reload();
      await page.getByRole("heading", { name: "Room not found" }).waitFor();
      await other.context().close();
    });
  });

  test("a member changes their name and leaves", async () => {
    const { code, room } = rooms.add();
    await site.open(roomAt(code), {}, async (page) => {
      await enter(page, "Before");
      await page.getByRole("button", { name: "Change my name" }).click();
      await inDialog(page, "Your name here").getByRole("textbox").fill("After");
      await inDialog(page, "Your name here")
        .getByRole("button", { name: "Change my name" })
        .click();
      await until(
        "the new name",
        async () => (await field(page).getAttribute("placeholder")) === "Message as After",
      );
      assert.equal(room.members.size, 2);
      await page.getByRole("button", { name: "Leave" }).click();
      await page.getByRole("heading", { name: "Where are you?" }).waitFor();
      assert.equal(room.members.size, 1);
    });
  });
});

/** Follows a payment link and returns. */
async function followToPay(page, name) {
  const opened = page.context().waitForEvent("page");
  await page.getByRole("link", { name }).click();
  const tab = await opened;
  await tab.getByRole("heading", { name: /^Pay ord_/ }).waitFor();
  assert.equal(await tab.evaluate(() => globalThis.opener), null);
  await tab.close();
}

async function more(page, text) {
  await bubble(page, text).hover();
  await page
    .locator(".message")
    .filter({ hasText: text })
    .getByRole("button", { name: "More" })
    .click();
}

async function openPins(page, text) {
  await more(page, text);
  await page.getByRole("button", { name: "Pin for everyone" }).click();
  await dialog(page, "Pin for everyone").waitFor();
}

const tiersOf = (page) => inDialog(page, "Pin for everyone").locator(".choice").allInnerTexts();
const pinned = (page, name) => page.getByRole("button", { name });

describe("payments", { skip: mockOnly }, () => {
  test("a paid message is pinned for everyone until a higher one outbids it", async () => {
    const { code, host } = rooms.add();
    rooms.say(code, host, "a red balloon");
    const { seq } = rooms.say(code, host, "a blue balloon");
    await site.open(roomAt(code), {}, async (page) => {
      await enter(page, "Omer");
      const other = await another(page, roomAt(code));
      await bubble(other, "a red balloon").waitFor();
      await openPins(page, "a red balloon");
      const sheet = inDialog(page, "Pin for everyone");
      await sheet.locator(".choice").nth(5).waitFor();
      assert.deepEqual(
        (await tiersOf(page)).map((text) => text.replace(/\s+/g, " ")),
        [
          "10 minutes $1.00",
          "15 minutes $2.00",
          "20 minutes $5.00",
          "30 minutes $10.00",
          "45 minutes $15.00",
          "60 minutes $20.00",
        ],
      );
      assert.equal(await sheet.getByText("outbids").count(), 0);
      await sheet.getByRole("button", { name: "20 minutes" }).click();
      await until("the way to pay has the focus", () =>
        page
          .getByRole("link", { name: "Pay $5.00" })
          .evaluate((element) => element.matches(":focus")),
      );
      await sheet.getByRole("button", { name: "Choose another" }).click();
      await sheet.getByRole("button", { name: "10 minutes" }).click();
      await followToPay(page, "Pay $1.00");
      await page.getByText("Waiting for your payment of $1.00.").waitFor();
      assert.equal(await page.locator(".pin").count(), 0, "nothing is given before it is paid");
      // A phone may discard the page while the checkout is open.
      await page.reload();
      await page.getByText("Waiting for your payment of $1.00.").waitFor();
      rooms.pays();
      await pinned(other, /^Pinned: Hosta a red balloon/).waitFor();
      await until(
        "it is told",
        async () =>
          (await other.locator("[aria-live=polite].only-read").textContent()) ===
          "Pinned: Hosta: a red balloon",
      );
      await other
        .locator(".pin")
        .getByText(/^For (10:00|9:\d\d)$/)
        .waitFor();
      await other.locator(".pin").getByText("$1.00").waitFor();
      await page.getByText("Your message is pinned").waitFor();
      await page.getByText("Waiting for").waitFor({ state: "detached" });

      await openPins(page, "a blue balloon");
      await sheet.getByText("It outbids the pin of Hosta, $1.00.").waitFor();
      await sheet.locator(".choice").nth(4).waitFor();
      assert.match((await tiersOf(page))[0], /15 minutes/);
      await sheet.getByRole("button", { name: "15 minutes" }).click();
      await page.getByRole("link", { name: "Pay $2.00" }).waitFor();
      // Another user is faster.
      rooms.pin(code, seq, 20, 1000);
      await sheet.getByText("You were outbid").waitFor();
      assert.equal(await page.getByRole("link", { name: "Pay $2.00" }).count(), 0);
      await until("only higher ones", async () => (await tiersOf(page)).length === 2);
      await page.keyboard.press("Escape");
      await pinned(other, /^Pinned: Hosta a blue balloon/).waitFor();
      assert.equal(await other.locator(".pin").count(), 1);
      await other.context().close();
    });
  });

  test("an outbid payment is reported, and waiting can be stopped", async () => {
    const { code, host } = rooms.add();
    const { seq } = rooms.say(code, host, "first");
    rooms.say(code, host, "second");
    await site.open(roomAt(code), {}, async (page) => {
      await enter(page, "Omer");
      await openPins(page, "second");
      await page.getByRole("button", { name: "15 minutes" }).click();
      await followToPay(page, "Pay $2.00");
      await page.getByText("Waiting for your payment of $2.00.").waitFor();
      assert.match(
        await page.getByRole("link", { name: "Open checkout" }).getAttribute("href"),
        /\/pay\/ord_/,
      );
      rooms.pin(code, seq, 20, 500);
      await page.getByText("If you pay for this pin, you get a refund.").waitFor();
      await page.getByRole("button", { name: "Stop waiting" }).click();
      await page.getByText("you get a refund").waitFor({ state: "detached" });
      await page.reload();
      await page.locator(".pin").waitFor();
      assert.equal(await page.locator(".waiting").count(), 0);
    });
  });

  test("a failed payment is reported and no longer awaited", async () => {
    const { code, host } = rooms.add();
    rooms.say(code, host, "second");
    await site.open(roomAt(code), {}, async (page) => {
      await enter(page, "Omer");
      await openPins(page, "second");
      await page.getByRole("button", { name: "15 minutes" }).click();
      await followToPay(page, "Pay $2.00");
      await page.getByText("Waiting for your payment of $2.00.").waitFor();
      rooms.comeTo("failed");
      await page.getByText("The payment failed. You were not charged.").waitFor();
      await page.getByText("Waiting for").waitFor({ state: "detached" });
    });
  });

  test("a lower pin returns when the higher one expires", async () => {
    const { code, host } = rooms.add();
    const { seq } = rooms.say(code, host, "long ago");
    for (let count = 1; count <= 120; count += 1) rooms.say(code, host, `line ${count}`);
    rooms.pin(code, seq, 30, 100);
    await site.open(roomAt(code), {}, async (page) => {
      await pinned(page, /^Pinned: Hosta long ago/).waitFor();
      await page.getByText("1 here now").first().waitFor();
      rooms.pin(code, seq + 1, 0.05, 500);
      await pinned(page, /^Pinned: Hosta line 1/).waitFor();
      await pinned(page, /^Pinned: Hosta long ago/).click();
      await until("it is in sight", () =>
        line(page, "long ago").evaluate(
          (element) =>
            element.getBoundingClientRect().top > 0 &&
            element.getBoundingClientRect().bottom < innerHeight,
        ),
      );
    });
  });

  test("the pin of a blocked user is hidden", async () => {
    const { code } = rooms.add();
    const { seq } = rooms.say(code, rooms.join(code, "Noisy"), "buy this");
    rooms.pin(code, seq, 10);
    await site.open(roomAt(code), {}, async (page) => {
      await page.locator(".pin").waitFor();
      await enter(page, "Calm");
      await page.getByRole("button", { name: "Actions for Noisy" }).click();
      await page.getByRole("button", { name: "Block for me" }).click();
      await page.locator(".pin").waitFor({ state: "detached" });
    });
  });

  test("refusals are reported and change nothing", async () => {
    const { code, host, room } = rooms.add();
    rooms.say(code, host, "to pin");
    await site.open(roomAt(code), { expectErrors: true }, async (page) => {
      await enter(page, "Omer");
      await openPins(page, "to pin");
      const sheet = inDialog(page, "Pin for everyone");
      const refuse = async (refusal, words) => {
        rooms.faults.notSold = refusal;
        await sheet.getByRole("button", { name: "10 minutes" }).click();
        await sheet.locator("cf-notice").getByText(words).waitFor();
        assert.equal(await page.getByRole("link", { name: /^Pay/ }).count(), 0);
        assert.equal(await page.locator(".waiting").count(), 0);
      };
      await refuse(
        { status: 422, code: "not_for_sale", message: "This is not for sale." },
        "not available right now",
      );
      await refuse(
        { status: 409, code: "outbid", message: "Another pin is as high." },
        "Choose a higher pin",
      );
      await refuse(
        { status: 404, code: "message_not_found", message: "There is no such message." },
        "no longer available",
      );
      await refuse(
        { status: 429, code: "too_many", message: "Too many.", headers: { "retry-after": "30" } },
        "Try again in 30 seconds",
      );
      await assertAccessible(page);
      rooms.faults.notSold = null;
      rooms.faults.down = true;
      await sheet.getByRole("button", { name: "10 minutes" }).click();
      await sheet.locator("cf-notice").getByText("Check your connection").waitFor();
      rooms.faults.down = false;
      await sheet.getByRole("button", { name: "10 minutes" }).click();
      await page.getByRole("link", { name: "Pay $1.00" }).waitFor();
      await page.keyboard.press("Escape");

      // A higher pin arrives without a broadcast; the offers are then refetched.
      const faster = { seq: 1, tier: 500, until: Date.now() + 60_000 };
      room.pins.push(faster);
      await openPins(page, "to pin");
      await sheet.getByRole("button", { name: "30 minutes" }).waitFor();
      room.pins.push({ ...faster, tier: 1000 });
      await sheet.getByRole("button", { name: "30 minutes" }).click();
      await sheet.locator("cf-notice").getByText("Choose a higher pin").waitFor();
      await until("only higher ones", async () => (await tiersOf(page)).length === 2);
      room.pins = [];
      await page.keyboard.press("Escape");

      // Failed offers can be retried.
      rooms.faults.down = true;
      await openPins(page, "to pin");
      await sheet.locator("cf-notice").getByText("Check your connection").waitFor();
      rooms.faults.down = false;
      await sheet.getByRole("button", { name: "Try again" }).click();
      await sheet.getByRole("button", { name: "10 minutes" }).waitFor();
      await page.keyboard.press("Escape");
      rooms.pin(code, 1, 10, 2000);
      await page.locator(".pin").waitFor();
      await openPins(page, "to pin");
      await sheet.getByText("The highest pin is taken").waitFor();
      assert.equal(room.pins.length, 1);
    });
  });

  test("readers cannot pin, and the host is not offered to tip", async () => {
    await site.open("/rooms", {}, async (page) => {
      const code = await makeRoom(page);
      await say(page, "mine");
      await page.getByRole("button", { name: "Tips", exact: true }).click();
      await inDialog(page, "Tips").getByText("No tips yet").waitFor();
      await page.keyboard.press("Escape");
      assert.equal(await page.getByRole("button", { name: /^Tip / }).count(), 0);
      const other = await another(page, roomAt(code));
      await more(other, "mine");
      await other.getByRole("button", { name: "Copy text" }).waitFor();
      assert.equal(await other.getByRole("button", { name: "Pin for everyone" }).count(), 0);
      assert.equal(await other.getByRole("button", { name: /^Tip / }).count(), 0);
      await other.context().close();
    });
  });

  test("a tip is shown and announced, totalled for the host, and removed when refunded", async () => {
    await site.open("/rooms", {}, async (page) => {
      const code = await makeRoom(page);
      await say(page, "hello");
      const other = await another(page, roomAt(code));
      await enter(other, "Omer");
      await other.getByRole("button", { name: "Tip Hanna" }).click();
      const amounts = inDialog(other, "Tip Hanna").locator(".choice");
      await amounts.nth(3).waitFor();
      assert.deepEqual(await amounts.allInnerTexts(), ["$1.00", "$3.00", "$5.00", "$10.00"]);
      await assertAccessible(other);
      await amounts.nth(1).click();
      await followToPay(other, "Pay $3.00");
      await other.getByText("Waiting for your payment of $3.00.").waitFor();
      rooms.pays();
      await other.locator(".bubble.tip").getByText("You gave $3.00").waitFor();
      await other.getByText("Hanna received your tip").waitFor();
      await other.locator(".waiting").waitFor({ state: "detached" });
      await page.locator(".bubble.tip").getByText("Omer gave you $3.00").waitFor();
      await until(
        "it is told",
        async () =>
          (await page.locator("[aria-live=polite].only-read").textContent()) ===
          "Omer gave you $3.00",
      );
      await assertAccessible(page);

      await more(page, "Omer gave you");
      const sheet = inDialog(page, "Tip from Omer");
      await sheet.getByText("Omer gave you $3.00").waitFor();
      for (const name of ["Delete", "Copy text", "Pin for everyone"])
        assert.equal(await sheet.getByRole("button", { name }).count(), 0, name);
      await sheet.getByRole("button", { name: "Reply" }).click();
      await say(page, "thank you");
      await other.getByRole("button", { name: /^Replying to Omer\s*Omer gave \$3.00/ }).waitFor();

      await page.getByRole("button", { name: "Tips", exact: true }).click();
      const tips = inDialog(page, "Tips");
      await tips.getByText("$3.00", { exact: true }).first().waitFor();
      await tips.getByText("in all").waitFor();
      await assertAccessible(page);
      await page.keyboard.press("Escape");
      rooms.payBack(code, 2);
      await page.locator(".bubble.tip").waitFor({ state: "detached" });
      await page.getByRole("button", { name: "Tips", exact: true }).click();
      await tips.getByText("paid back").waitFor();
      await tips.getByText("Nothing", { exact: true }).waitFor();
      await other.context().close();
    });
  });

  test("a paid entrance opens the back room, which leads back to the front", async () => {
    await site.open("/rooms", { expectErrors: true }, async (page) => {
      const code = await makeRoom(page);
      const other = await another(page, roomAt(code), phone);
      await other.getByRole("button", { name: "Join to chat" }).waitFor();
      await page.getByRole("button", { name: "Settings" }).click();
      const settings = inDialog(page, "Settings");
      await settings.getByRole("button", { name: "Open a back room" }).click();
      await settings.getByText("The entrance fee is $5.00").waitFor();
      await assertAccessible(page);
      await settings.getByRole("button", { name: "Enter the back room" }).click();
      await page.locator("header.behind").getByText("Back room").waitFor();
      const back = new URLSearchParams(new URL(page.url()).hash.slice(1)).get("room");
      assert.notEqual(back, code);
      await say(page, "only for you");

      assert.equal(
        await other.getByRole("button", { name: /^Back room/ }).count(),
        0,
        "it is for members",
      );
      await enter(other, "Omer");
      await other.getByRole("button", { name: "Back room $5.00" }).click();
      await inDialog(other, "Back room").getByText("You pay once").waitFor();
      await assertAccessible(other);
      await followToPay(other, "Pay $5.00");
      await other.getByText("Waiting for your payment of $5.00.").waitFor();
      assert.equal(await other.getByRole("button", { name: /^Back room/ }).count(), 0);
      rooms.pays();
      await other.getByRole("button", { name: "Back room Enter" }).waitFor();
      // A broadcast omits the back room's code, which members keep.
      rooms.tellRoom(code, "A new name");
      await other.getByRole("heading", { name: "A new name" }).waitFor();
      await other.getByRole("button", { name: "Back room Enter" }).click();
      await bubble(other, "only for you").waitFor();
      await say(other, "here I am");
      await bubble(page, "here I am").waitFor();
      await assertAccessible(other);
      await assertFits(other);

      // A back room has no link of its own.
      await other.getByRole("button", { name: "Share the room" }).click();
      await inDialog(other, "Invite people").getByText(`${site.home}/rooms?room=${code}`).waitFor();
      await inDialog(other, "Invite people").getByText("pay the entrance fee").waitFor();
      await other.keyboard.press("Escape");
      await page.getByRole("button", { name: "Settings" }).click();
      await settings.getByText("closes together with its front room").waitFor();
      for (const name of ["Close the room", "Open a back room"])
        assert.equal(await settings.getByRole("button", { name }).count(), 0, name);
      await page.keyboard.press("Escape");

      // Members who left may return without a code; others must pay.
      await other.getByTitle("About this room").click();
      await other.getByRole("button", { name: "Leave" }).click();
      await other.getByRole("heading", { name: "Where are you?" }).waitFor();
      await other.goto(`${site.home}${roomAt(back)}`);
      await other.getByText("Only people who paid its entrance fee can join.").waitFor();
      assert.equal(await other.getByLabel("Access code").count(), 0);
      await other.getByRole("button", { name: "Join", exact: true }).click();
      await bubble(other, "here I am").waitFor();
      await other.getByRole("button", { name: "Back to the front room" }).click();
      await other.getByRole("heading", { name: "A new name" }).waitFor();

      // A refunded member is removed, and may pay again.
      await other.getByRole("button", { name: "Back room Enter" }).click();
      await bubble(other, "here I am").waitFor();
      await other.locator(".presence .on").waitFor();
      rooms.letOut(code);
      await other.getByRole("heading", { name: "You were removed" }).waitFor();
      await other.getByRole("button", { name: "Go to the front room" }).click();
      const entrance = other.getByRole("button", { name: "Back room $5.00" });
      await entrance.waitFor();
      rooms.letIn(code);
      await entrance.click();
      await bubble(other, "here I am").waitFor();
      await other.locator(".presence .on").waitFor();
      rooms.letOut(code);
      await other.getByRole("button", { name: "Go to the front room" }).click();
      await entrance.waitFor();
      const third = await another(page, roomAt(back));
      await third
        .getByText("This is a back room. Only people who paid its entrance fee can join.")
        .waitFor();
      await join(third, "Noa");
      await third.getByText("Pay its entrance fee in the front room.").waitFor();
      await third.getByRole("button", { name: "Go to the front room" }).waitFor();
      await page.getByRole("button", { name: "Front room" }).click();
      await until("the front", () => page.url().endsWith(code));
      await third.context().close();
      await other.context().close();
    });
  });

  for (const colorScheme of schemes) {
    test(`payments pass axe on a phone in ${colorScheme}`, async () => {
      const { code, host } = rooms.add();
      const { seq } = rooms.say(code, host, "look");
      rooms.pin(code, seq, 10);
      rooms.openBehind(code);
      rooms.tip(code, rooms.join(code, "Omer"), 300);
      await site.open(roomAt(code), { ...phone, colorScheme }, async (page) => {
        await enter(page, "Noa");
        await page.getByRole("button", { name: "Back room $5.00" }).waitFor();
        await assertAccessible(page);
        await bubble(page, "look").click();
        await page.getByRole("button", { name: "Pin for everyone" }).click();
        await page.getByRole("button", { name: "45 minutes" }).waitFor();
        await assertAccessible(page);
        await page.getByRole("button", { name: "45 minutes" }).click();
        await page.getByRole("link", { name: "Pay $15.00" }).waitFor();
        await assertAccessible(page);
        await followToPay(page, "Pay $15.00");
        await page.getByText("Waiting for your payment of $15.00.").waitFor();
        await assertAccessible(page);
      });
    });
  }
});

describe("user text", { skip: mockOnly }, () => {
  test("markup is shown as text everywhere", async () => {
    const evil = `<img src=x onerror="globalThis.pwned=1"><script>globalThis.pwned=1</script>`;
    const { code, host, room } = rooms.add({
      name: evil.slice(0, 50),
      description: evil,
      username: "<b>Hosta</b>",
    });
    const { seq } = rooms.say(code, host, evil);
    rooms.say(
      code,
      host,
      "javascript:globalThis.pwned=1 data:text/html,<script>1</script> https://ok.example/<i>",
      seq,
    );
    rooms.pin(code, seq, 5);
    room.messages[0].reactions = [{ emoji: evil.slice(0, 30), count: 1, users: [] }];
    await site.open(roomAt(code), {}, async (page) => {
      await bubble(page, "onerror").first().waitFor();
      await enter(page, "<u>me</u>");
      await say(page, evil);
      await until("it is sent", async () =>
        (await page.locator(".state").last().textContent()).includes("now"),
      );
      assert.equal(await page.evaluate(() => globalThis.pwned), undefined);
      assert.deepEqual(
        await page
          .locator(".message .text a")
          .evaluateAll((links) => links.map(({ href, rel }) => `${href} ${rel}`)),
        ["https://ok.example/ noopener noreferrer"],
      );
      assert.equal(
        await page.locator(".message .text img, .message .text b, .message .text script").count(),
        0,
      );
    });
  });

  test("Hebrew, emoji and long words are laid out", async () => {
    const { code, host } = rooms.add({ name: "חוף השקיעה" });
    for (const text of ["שלום לכולם", "😍", `a${"long".repeat(80)}`]) rooms.say(code, host, text);
    await site.open(roomAt(code), small, async (page) => {
      const hebrew = page.locator(".text", { hasText: "שלום" });
      await hebrew.waitFor();
      assert.equal(await hebrew.evaluate((element) => getComputedStyle(element).direction), "rtl");
      const size = (text) =>
        page
          .locator(".text", { hasText: text })
          .evaluate((element) => parseFloat(getComputedStyle(element).fontSize));
      assert.ok((await size("😍")) > 2 * (await size("שלום")));
      await assertFits(page);
      const over = await log(page).evaluate((element) => element.scrollWidth - element.clientWidth);
      assert.equal(over, 0);
    });
  });

  test("the length limit shows before sending, Shift+Enter breaks the line, drafts persist", async () => {
    const { code } = rooms.add();
    await site.open(roomAt(code), {}, async (page) => {
      await enter(page, "Writer");
      await field(page).fill("x".repeat(2010));
      await page.getByText("10 too many").waitFor();
      assert.equal(
        await page.getByRole("button", { name: "Send", exact: true }).isDisabled(),
        true,
      );
      await field(page).fill("one");
      await field(page).press("Shift+Enter");
      await field(page).pressSequentially("two");
      await page.reload();
      await field(page).waitFor();
      assert.equal(await field(page).inputValue(), "one\ntwo");
      await field(page).press("Enter");
      await bubble(page, "one").waitFor();
      assert.equal(await field(page).inputValue(), "");
    });
  });
});

describe("accessibility", { skip: mockOnly }, () => {
  for (const colorScheme of schemes) {
    test(`the way from a photo to a room passes axe in ${colorScheme}`, async () => {
      await site.open("/rooms", { ...phone, colorScheme }, async (page) => {
        await page.getByText("No rooms yet").waitFor();
        await assertAccessible(page);
        rooms.faults.photoMs = 2_500;
        await give(page);
        await page.getByText("Analyzing your photo").waitFor();
        await assertAccessible(page);
        await until("ten names", async () => (await page.locator(".names button").count()) === 10);
        await until("the last name stands still", () =>
          page
            .locator(".appears")
            .last()
            .evaluate((element) => element.getAnimations().length === 0),
        );
        await assertAccessible(page);
        await page.getByRole("button", { name: "The Quiet Pier" }).click();
        await inDialog(page, "New room").getByLabel("Only people with a code").check();
        await inDialog(page, "New room").getByLabel("Access code").fill("4821");
        await assertAccessible(page);
        await inDialog(page, "New room").getByRole("button", { name: "Create the room" }).click();
        await dialog(page, "Invite people").waitFor();
        await assertAccessible(page);
        await page.keyboard.press("Escape");
        await page.getByText("No messages yet").waitFor();
        await assertAccessible(page);
      });
    });

    for (const options of [{}, phone]) {
      test(`a room passes axe on a ${options === phone ? "phone" : "laptop"} in ${colorScheme}`, async () => {
        const { code, host } = rooms.add({ description: "What we talk about" });
        const { seq } = rooms.say(code, host, "Is anybody at https://example.com/pier?");
        rooms.say(code, host, "👋");
        rooms.say(code, rooms.join(code, "נועה"), "אני כאן", seq);
        rooms.pin(code, seq, 10);
        await site.open(
          roomAt(code),
          { ...options, colorScheme, expectErrors: true },
          async (page) => {
            await page.getByRole("button", { name: "Join to chat" }).waitFor();
            await bubble(page, "אני כאן").waitFor();
            await assertAccessible(page);
            await page.getByRole("button", { name: "Join to chat" }).click();
            await inDialog(page, "Join to chat").getByLabel("Your name here").waitFor();
            await assertAccessible(page);
            await page.keyboard.press("Escape");
            await enter(page, "Reader");
            await say(page, "hello");
            await until("it is sent", async () =>
              (await page.locator(".state").last().textContent()).includes("now"),
            );
            await assertAccessible(page);
            if (options === phone) {
              await bubble(page, "hello").click();
              await dialog(page, "Your message").waitFor();
              await assertAccessible(page);
              await page.keyboard.press("Escape");
              await page.getByRole("button", { name: "People" }).click();
              await inDialog(page, "People").getByText("Hosta").waitFor();
              await inDialog(page, "People")
                .getByRole("button", { name: "Actions for Hosta" })
                .click();
              await assertAccessible(page);
              await page.keyboard.press("Escape");
            } else {
              await bubble(page, "hello").hover();
              await page.locator(".message").last().getByRole("button", { name: "React" }).click();
              await assertAccessible(page);
            }
            rooms.faults.down = true;
            rooms.kill();
            await page.getByText("Reconnecting…").waitFor();
            await assertAccessible(page);
          },
        );
      });
    }
  }

  test("everything fits 320 px", async () => {
    const { code, host } = rooms.add({
      name: "A room whose name is Donaudampfschifffahrtsgesellschaftskapitän",
      description: "Donaudampfschifffahrtsgesellschaftskapitänsmützenabzeichen",
    });
    const { seq } = rooms.say(
      code,
      host,
      "Donaudampfschifffahrtsgesellschaftskapitänsmützenabzeichen",
    );
    rooms.say(code, host, "and an answer", seq);
    rooms.pin(code, seq, 100);
    rooms.openBehind(code);
    rooms.tip(code, rooms.join(code, "W".repeat(24)), 1000);
    await site.open("/rooms", small, async (page) => {
      const fits = async () => {
        await assertFits(page);
        const wide = await page.evaluate(() => {
          const found = [];
          const look = (root) => {
            for (const element of root.querySelectorAll("*")) {
              if (element.shadowRoot) look(element.shadowRoot);
              if (element.closest(".only-read, svg") || element.matches("option, canvas")) continue;
              const { right, width } = element.getBoundingClientRect();
              if (width > 0 && right > innerWidth + 0.5)
                found.push(`${element.tagName}.${element.className} ${right}`);
            }
          };
          look(document.body);
          return found;
        });
        assert.deepEqual(wide, []);
      };
      await page.getByText("No rooms yet").waitFor();
      await fits();
      await give(page);
      await page.getByRole("button", { name: "Windless Evening Club" }).waitFor();
      await fits();
      await page.getByRole("button", { name: "The Quiet Pier" }).click();
      await inDialog(page, "New room").getByLabel("Only people with a code").check();
      await fits();
      await page.goto(`${site.home}${roomAt(code)}`);
      await page.reload();
      await bubble(page, "and an answer").waitFor();
      await fits();
      await enter(page, "A name of 24 characters!");
      await say(page, "x".repeat(300));
      await fits();
      for (const open of ["People", "Share the room"]) {
        await page.getByRole("button", { name: open }).click();
        await page.getByRole("dialog").filter({ visible: true }).waitFor();
        await fits();
        await page.keyboard.press("Escape");
      }
      await page.getByTitle("About this room").click();
      await fits();
      await page.getByRole("button", { name: "Tip Hosta" }).click();
      await page.getByRole("button", { name: "$10.00" }).waitFor();
      await fits();
      await page.getByRole("button", { name: "$10.00" }).click();
      await followToPay(page, "Pay $10.00");
      await page.getByText("Waiting for your payment of $10.00.").waitFor();
      await fits();
    });
  });

  test("rooms work by keyboard", async () => {
    const { code, host } = rooms.add();
    for (const text of ["first", "second", "third"]) rooms.say(code, host, text);
    await site.open(roomAt(code), {}, async (page) => {
      await page.getByRole("button", { name: "Join to chat" }).focus();
      await page.keyboard.press("Enter");
      await inDialog(page, "Join to chat").getByLabel("Your name here").focus();
      await page.keyboard.press("ControlOrMeta+a");
      await page.keyboard.type("Keys");
      await page.keyboard.press("Enter");
      await until("the field has the focus", () =>
        field(page).evaluate((element) => element.matches(":focus")),
      );
      await page.keyboard.press("ArrowUp");
      assert.equal(await field(page).inputValue(), "", "arrow up edits nothing");
      await log(page).focus();
      await page.keyboard.press("ArrowUp");
      await page.keyboard.press("ArrowUp");
      const second = page.locator(".message").filter({ hasText: "second" });
      await until("the second message has the focus", () =>
        second.evaluate((element) => element.matches(":focus-within")),
      );
      await second.getByRole("button", { name: "React" }).focus();
      await page.keyboard.press("Enter");
      await page.keyboard.press("ArrowRight");
      await page.keyboard.press("Enter");
      await second.getByRole("button", { name: "❤️ 1", pressed: true }).waitFor();
      await second.getByRole("button", { name: "React" }).press("Enter");
      await page.keyboard.press("Escape");
      assert.equal(await page.locator(".emojis").count(), 0);
      await second.getByRole("button", { name: "Reply" }).press("Enter");
      await page.getByText("Replying to Hosta").waitFor();
      await until("the field has the focus", () =>
        field(page).evaluate((element) => element.matches(":focus")),
      );
      await page.keyboard.press("Escape");
      await page.getByText("Replying to Hosta").waitFor({ state: "detached" });
      await page.getByRole("button", { name: "Share the room" }).press("Enter");
      await dialog(page, "Invite people").waitFor();
      await page.keyboard.press("Escape");
      await dialog(page, "Invite people").waitFor({ state: "hidden" });
    });
  });

  test("new messages are announced in batches", async () => {
    const { code, host } = rooms.add();
    for (let count = 0; count < 20; count += 1) rooms.say(code, host, `old ${count}`);
    await site.open(roomAt(code), {}, async (page) => {
      const told = page.locator("[aria-live=polite].only-read");
      await bubble(page, "old 19").waitFor();
      await page.getByText("1 here now").first().waitFor();
      assert.equal(await log(page).getAttribute("aria-live"), "off");
      rooms.say(code, host, "look at this");
      await until("it is told", async () => (await told.textContent()) === "Hosta: look at this");
      for (let count = 0; count < 9; count += 1) rooms.say(code, host, `many ${count}`);
      await until("they are counted", async () => (await told.textContent()) === "9 new messages");
    });
  });

  test("unread messages are counted in the title and marked on return", async () => {
    const { code, host } = rooms.add({ name: "Titled" });
    rooms.say(code, host, "seen");
    await site.open(roomAt(code), {}, async (page) => {
      await bubble(page, "seen").waitFor();
      await until("it counts as seen", () =>
        page.evaluate((room) => localStorage.getItem(`confab.rooms.seen.${room}`) === "1", code),
      );
      await page.goto("about:blank");
      rooms.say(code, host, "unseen");
      await page.goto(`${site.home}${roomAt(code)}`);
      await page.getByText("New", { exact: true }).waitFor();
      await until("the title", async () => (await page.title()) === "Titled · Rooms");
    });
  });
});

describe("busy server", { skip: mockOnly }, () => {
  test("a page waits for the retry-after, reports it, and enters", async () => {
    await site.open("/rooms", { expectErrors: true }, async (page) => {
      const code = await makeRoom(page);
      // The first calls are refused, as for a hundred people behind one address.
      rooms.faults.busy = { "POST /api/sessions/": 2, [`GET /api/chats/${code}/`]: 1 };
      const late = await another(page, roomAt(code));
      await late.getByText(/^The room is busy\. Opening it in \d+ s…$/).waitFor();
      await late.getByText("You can read, but not post.").waitFor();
      rooms.faults.busy = { [`POST /api/chats/${code}/join/`]: 2 };
      await join(late, "Late Fox");
      await late.getByText(/^The room is busy\. Joining in \d+ s…$/).waitFor();
      await field(late).waitFor();
      await late.context().close();
    });
  });

  test("connections and messages wait for the retry-after and report it", async () => {
    await site.open("/rooms", { expectErrors: true }, async (page) => {
      const code = await makeRoom(page);
      rooms.faults.busy = { "POST /api/ws-ticket": 2, [`POST /api/chats/${code}/messages/`]: 2 };
      await page.reload();
      await field(page).waitFor();
      await page.getByText(/^The room is busy\. Connecting in \d+ s…$/).waitFor();
      await say(page, "is anybody here");
      await page.getByText(/^The room is busy\. Sending in \d+ s…$/).waitFor();
      await bubble(page, "is anybody here").waitFor();
      await until(
        "nothing to be under way",
        async () => (await page.locator(".message.underway").count()) === 0,
      );
    });
  });
});

describe("hostile text", { skip: mockOnly }, () => {
  test("stacked marks stay in their bubble, and links in right-to-left text stay whole", async () => {
    await site.open("/rooms", phone, async (page) => {
      const { code, host } = rooms.add({ name: "Marks", username: "Hanna" });
      rooms.say(code, host, `a${"\u0328\u033c\u035b".repeat(80)}b`);
      rooms.say(code, host, "ראו את https://example.com/a?b=(1) מחר");
      await page.goto(`${site.home}${roomAt(code)}`);
      const link = page.locator(".message .text a");
      await link.waitFor();
      const styles = await link.evaluate((element) => {
        const { direction, unicodeBidi } = getComputedStyle(element);
        return {
          direction,
          unicodeBidi,
          text: getComputedStyle(element.closest(".text")).direction,
        };
      });
      assert.deepEqual(styles, { direction: "ltr", unicodeBidi: "isolate", text: "rtl" });
      assert.equal(
        await page
          .locator(".message .text")
          .first()
          .evaluate((element) => getComputedStyle(element).overflowY),
        "clip",
      );
      await assertFits(page);
    });
  });
});
