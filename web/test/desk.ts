// The console of Desk as people use it, on the mock: accounts and the inbox.
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { assertAccessible, assertFits, type Site, setUp, until } from "./browser";
import { problem } from "./mock-desk";
import { days, minutes } from "./mock-desk-data";
import type { Loose } from "./mock-types";

let site: Site;
before(async () => {
  site = await setUp();
});
after(() => site?.tearDown());

const skip = process.env.CONFAB_HOME ? "needs the mock" : false;
const schemes = ["light", "dark"] as const;
const PASSWORD = "correct horse battery";
const desk = () => site.mock.desk;

async function signIn(page, email, password = PASSWORD) {
  await page.getByLabel("Email").fill(email);
  await page.getByLabel("Password").fill(password);
  await page.getByRole("button", { name: "Sign in" }).click();
}

/** Confirms an address on the page of the mailed link. */
async function confirm(page, password) {
  await page.getByLabel("Password").fill(password);
  await page.getByRole("button", { name: "Confirm and sign in" }).click();
}

/** Opens the console as a member of a workspace of this test alone. */
async function open(
  visit,
  { as = "dana", hash = "", team = desk().fill(), ...options }: Loose = {},
) {
  await site.open(`/desk${hash}`, options, async (page, context) => {
    await signIn(page, team[as].email);
    await page.locator("desk-shell").waitFor();
    await visit({ page, context, team });
  });
}

/** A conversation that waits for an agent. */
function waitingConversation({ tenant, dana }, name, text, more: Loose = {}) {
  const { conversations } = desk();
  const contact = conversations.addContact(tenant, { name });
  const conversation = conversations.add(tenant, { contact, assignee: dana.id, ...more });
  conversations.say(conversation, text);
  return conversation;
}

const row = (page, name) => page.getByRole("option", { name: new RegExp(name) });
const composer = (page) => page.getByRole("textbox", { name: /^(Reply|Note)$/ });
const thread = (page) => page.getByRole("log", { name: "Messages" });
const bubble = (page, text) => thread(page).locator(".bubble", { hasText: text });
const who = (page) => page.locator("desk-conversation .who h2");
const dialog = (page) => page.locator("dialog[open]");
const view = (page, name) =>
  page
    .getByRole("navigation", { name: "Pages" })
    .getByRole("link", { name: new RegExp(`^${name}`) });
const headOf = (conversation) => conversation.head;
const texts = (conversation) => conversation.messages.map(({ text }) => text).filter(Boolean);

describe("accounts", { skip }, () => {
  test("a wrong password is said beside the field, and the session outlives a reload", async () => {
    const { dana } = desk().fill();
    await site.open("/desk", { expectErrors: true }, async (page) => {
      await signIn(page, dana.email, "wrong password");
      await page.getByText("The email address or the password is wrong.").waitFor();
      await signIn(page, dana.email);
      await page.getByRole("heading", { name: "Mine" }).waitFor();
      await page.reload();
      await page.getByRole("heading", { name: "Mine" }).waitFor();
      await page.getByRole("button", { name: /^You/ }).click();
      await page.getByRole("menuitem", { name: "Sign out" }).click();
      await page.getByRole("heading", { name: "Sign in to Desk" }).waitFor();
      await page.reload();
      await page.getByRole("heading", { name: "Sign in to Desk" }).waitFor();
    });
  });

  test("a sign-up leads over the mailbox into the new workspace", async () => {
    await site.open("/desk#page=sign-up", { expectErrors: true }, async (page) => {
      await page.getByLabel("Your name").fill("Rosa Blum");
      await page.getByLabel("Work email").fill("rosa@bakery.example");
      await page.getByLabel("Password").fill("short");
      await page.getByLabel("Company or team").fill("Blum's Bakery");
      await page.getByRole("button", { name: "Create account" }).click();
      await page.getByText("A password needs at least 10 characters.").waitFor();
      await page.getByLabel("Password").fill("sourdough and rye");
      await page.getByRole("button", { name: "Create account" }).click();
      await page.getByRole("heading", { name: "Check your mail" }).waitFor();
      await assertAccessible(page);
      const token = desk().latestLink("verify");
      await page.goto(`${site.home}/desk/verify#token=${token}`);
      await confirm(page, "sourdough and wheat");
      await page.getByText("This is not the password of this sign-up.", { exact: false }).waitFor();
      await assertAccessible(page);
      await confirm(page, "sourdough and rye");
      await page.getByRole("button", { name: "Workspace: Blum's Bakery" }).waitFor();
      assert.ok(!page.url().includes(token), "the token is in no history");
      await page.goto("about:blank");
      await page.goto(`${site.home}/desk/verify#token=${token}`);
      await confirm(page, "sourdough and rye");
      await page.getByRole("heading", { name: "This link was already used" }).waitFor();
    });
  });

  test("the owner of an address sets another password if a stranger signed up with it", async () => {
    await site.open("/desk", { expectErrors: true }, async (page) => {
      const email = "ines@lemons.example";
      desk().signUp(email, "password of a stranger");
      const token = desk().latestLink("verify");
      await page.goto(`${site.home}/desk/verify#token=${token}`);
      await confirm(page, "lemons and limes");
      await page.getByText("This is not the password of this sign-up.", { exact: false }).waitFor();
      await page.getByRole("link", { name: "Set another password" }).click();
      await page.getByLabel("Email").fill(email);
      await page.getByRole("button", { name: "Send the link" }).click();
      await page.getByText("a link is on its way", { exact: false }).waitFor();
      await page.goto(`${site.home}/desk/reset#token=${desk().latestLink("reset")}`);
      await page.getByLabel("New password").fill("lemons and limes");
      await page.getByRole("button", { name: "Save the password" }).click();
      await page.getByRole("link", { name: "Sign in" }).click();
      await signIn(page, email, "password of a stranger");
      await page.getByText("The email address or the password is wrong.").waitFor();
      await signIn(page, email, "lemons and limes");
      await page.getByRole("heading", { name: "Sign in to Desk" }).waitFor({ state: "hidden" });
    });
  });

  test("a forgotten password is reset once by a mailed link", async () => {
    const { mira } = desk().fill();
    await site.open("/desk", { expectErrors: true }, async (page) => {
      await page.getByRole("link", { name: "Forgot your password?" }).click();
      await page.getByLabel("Email").fill(mira.email);
      await page.getByRole("button", { name: "Send the link" }).click();
      await page.getByText("a link is on its way", { exact: false }).waitFor();
      const link = `${site.home}/desk/reset#token=${desk().latestLink("reset")}`;
      await page.goto(link);
      await page.getByLabel("New password").fill("another good one");
      await page.getByRole("button", { name: "Save the password" }).click();
      await page.getByRole("heading", { name: "Your password is changed" }).waitFor();
      await page.getByRole("link", { name: "Sign in" }).click();
      await signIn(page, mira.email, "another good one");
      await page.getByRole("heading", { name: "Mine" }).waitFor();
      await page.goto("about:blank");
      await page.goto(link);
      await page.getByLabel("New password").fill("yet another one");
      await page.getByRole("button", { name: "Save the password" }).click();
      await page.getByRole("heading", { name: "This link no longer works" }).waitFor();
    });
  });

  test("an invited person without an account joins with a name and a password", async () => {
    const team = desk().fill("Invited Inc");
    const token = desk().invite(team.tenant, "new@lumen.example", "agent");
    await site.open(`/desk/invitation#token=${token}`, {}, async (page) => {
      await page.getByLabel("Your name").fill("New Person");
      await page.getByLabel("Password").fill(PASSWORD);
      await page.getByRole("button", { name: "Join" }).click();
      await page.getByRole("button", { name: "Workspace: Invited Inc" }).waitFor();
      await page.getByRole("heading", { name: "Mine" }).waitFor();
    });
  });

  test("an invited person with an account signs in and joins", async () => {
    const { mira } = desk().fill("Old Workspace");
    const { tenant } = desk().fill("Second Workspace");
    const token = desk().invite(tenant, mira.email, "admin");
    await site.open(`/desk/invitation#token=${token}`, { expectErrors: true }, async (page) => {
      await page.getByLabel("Your name").fill("Mira");
      await page.getByLabel("Password").fill(PASSWORD);
      await page.getByRole("button", { name: "Join" }).click();
      await page.getByRole("heading", { name: "You have an account" }).waitFor();
      await page.getByRole("link", { name: "Sign in" }).click();
      await signIn(page, mira.email);
      await page.getByText(`You are signed in as ${mira.email}.`).waitFor();
      await page.getByRole("button", { name: "Join" }).click();
      await page.getByRole("button", { name: "Workspace: Second Workspace" }).click();
      await page.getByRole("menuitemradio", { name: "Old Workspace" }).click();
      await page.getByRole("button", { name: "Workspace: Old Workspace" }).waitFor();
    });
  });

  test("an expired token is renewed unnoticed, and an ended session asks to sign in again", async () => {
    await open(
      async ({ page, team }) => {
        const conversation = waitingConversation(team, "Amelia Hart", "Are you there?");
        await row(page, "Amelia").waitFor();
        desk().expireTokens();
        await row(page, "Amelia").click();
        await bubble(page, "Are you there?").waitFor();
        desk().expireTokens();
        desk().endSessions(team.dana);
        await view(page, "Closed").click();
        await page.getByText("Your session has expired. Sign in again.").first().waitFor();
        await signIn(page, team.dana.email);
        await page.getByRole("heading", { name: "Closed" }).waitFor();
        assert.equal(conversation.head.status, "open");
      },
      { expectErrors: true },
    );
  });

  test("tabs share one session: a sign-out ends all of them", async () => {
    await open(async ({ page, context }) => {
      const second = await context.newPage();
      await second.goto(`${site.home}/desk`);
      await second.getByRole("heading", { name: "Mine" }).waitFor();
      await page.getByRole("button", { name: /^You/ }).click();
      await page.getByRole("menuitem", { name: "Sign out" }).click();
      await second.getByText("You signed out in another tab.").waitFor();
    });
  });

  test("an API that does not answer is no sign-out", async () => {
    const own = await setUp();
    try {
      const { dana } = own.mock.desk.fill();
      await own.open("/desk", { expectErrors: true }, async (page) => {
        await signIn(page, dana.email);
        await page.getByRole("heading", { name: "Mine" }).waitFor();
        own.mock.desk.faults.down = true;
        await page.reload();
        await page.getByText("Desk does not answer.", { exact: false }).waitFor();
        own.mock.desk.faults.down = false;
        await page.getByRole("button", { name: "Try again" }).click();
        await page.getByRole("heading", { name: "Mine" }).waitFor();
      });
    } finally {
      await own.tearDown();
    }
  });

  for (const colorScheme of schemes)
    test(`its pages are accessible and fit 320 px (${colorScheme})`, async () => {
      const options = { colorScheme, viewport: { width: 320, height: 640 } };
      for (const place of ["", "#page=sign-up", "#page=forgot", "/verify#token=any"])
        await site.open(`/desk${place}`, options, async (page) => {
          await page.getByRole("heading", { level: 1 }).waitFor();
          await assertFits(page);
          await assertAccessible(page);
        });
    });
});

describe("the inbox", { skip }, () => {
  test("views have counts, and opening a conversation reads it after a moment", async () => {
    const team = desk().fill();
    const conversation = waitingConversation(team, "Amelia Hart", "Where is my order?");
    waitingConversation(team, "Jonas Weber", "Hello", { assignee: null });
    await open(
      async ({ page }) => {
        await row(page, "Amelia").waitFor();
        assert.equal(
          await view(page, "Mine")
            .textContent()
            .then((text) => text.replaceAll(/\s/g, "")),
          "Mine1",
        );
        await view(page, "All open").getByText("2").waitFor();
        await row(page, "Amelia").click();
        await bubble(page, "Where is my order?").waitFor();
        await thread(page).getByText("New", { exact: true }).waitFor();
        await until("the read mark", () => headOf(conversation).unread === 0);
        await page.getByRole("complementary").or(page.locator("desk-details")).first().waitFor();
        await page.goBack();
        await page.getByText("Choose a conversation").waitFor();
      },
      { team },
    );
  });

  test("the next conversation is answered with two keys, and a day's work needs no mouse", async () => {
    const team = desk().fill();
    const late = Date.now() - minutes;
    const first = waitingConversation(team, "Amelia Hart", "One");
    const second = waitingConversation(team, "Jonas Weber", "Two");
    const third = waitingConversation(team, "Priya Raman", "Three");
    for (const [index, { head }] of [first, second, third].entries())
      head.last_at = new Date(late - index * minutes).toISOString();
    await open(
      async ({ page }) => {
        await row(page, "Amelia").waitFor();
        await page.keyboard.press("j");
        await page.keyboard.press("r");
        await page.keyboard.type("Answer one");
        await page.keyboard.press("Enter");
        await until("the answer", () => texts(first).includes("Answer one"));
        await page.keyboard.press("Alt+ArrowDown");
        await until("the next one", async () => (await who(page).textContent()) === "Jonas Weber");
        await until("the focus", () => composer(page).evaluate((area) => area.matches(":focus")));
        await page.keyboard.type("Answer two");
        await page.keyboard.press("Enter");
        await until("the answer", () => texts(second).includes("Answer two"));
        await page.keyboard.press("Escape");
        await page.keyboard.press("Shift+E");
        await until("the end", () => headOf(second).status === "closed");
        await until("another one", async () => (await who(page).textContent()) !== "Jonas Weber");
        await page.keyboard.press("a");
        await dialog(page).getByRole("combobox").fill("ben");
        await page.keyboard.press("Enter");
        const current = [first, third].find(({ head }) => head.assignee === team.ben.id);
        await until("the assignee", () =>
          [first, third].some(({ head }) => head.assignee === team.ben.id),
        );
        assert.ok(!current || current.head.assignee === team.ben.id);
        await page.keyboard.press("?");
        await page.getByRole("heading", { name: "Keyboard shortcuts" }).waitFor();
        await page.keyboard.press("Escape");
        await page.keyboard.press("g");
        await page.keyboard.press("a");
        await page.getByRole("heading", { name: "All open" }).waitFor();
        await page.keyboard.press("Control+k");
        await dialog(page).getByRole("combobox").fill("next conv");
        await page.keyboard.press("Enter");
        await who(page).waitFor();
      },
      { team },
    );
  });

  test("letters are no commands while one types, nor after they are switched off", async () => {
    const team = desk().fill();
    const conversation = waitingConversation(team, "Amelia Hart", "One");
    await open(
      async ({ page }) => {
        await row(page, "Amelia").click();
        await composer(page).fill("");
        await composer(page).pressSequentially("jean");
        assert.equal(await composer(page).inputValue(), "jean");
        assert.equal(headOf(conversation).status, "open");
        await page.keyboard.press("Escape");
        await page.keyboard.press("?");
        await page.getByLabel("Single letters are shortcuts").uncheck();
        await page.keyboard.press("Escape");
        await page.keyboard.press("e");
        await page.keyboard.press("n");
        assert.equal(headOf(conversation).status, "open");
        await page.getByRole("textbox", { name: "Reply" }).waitFor();
      },
      { team },
    );
  });

  test("what visitors write arrives live, and the list rests under the pointer", async () => {
    const team = desk().fill();
    const { conversations } = desk();
    const old = waitingConversation(team, "Amelia Hart", "First");
    const fresh = waitingConversation(team, "Jonas Weber", "Second");
    old.head.last_at = new Date(Date.now() - 2 * minutes).toISOString();
    fresh.head.last_at = new Date(Date.now() - minutes).toISOString();
    await open(
      async ({ page }) => {
        const names = () => page.locator("conversation-list .row .name").allTextContents();
        await row(page, "Jonas").waitFor();
        await page.mouse.move(640, 500);
        assert.deepEqual(await names(), ["Jonas Weber", "Amelia Hart"]);
        conversations.say(old, "Still waiting");
        await until("the new order", async () => (await names())[0] === "Amelia Hart");
        await row(page, "Jonas").hover();
        conversations.say(fresh, "Me too");
        waitingConversation(team, "Priya Raman", "New here");
        await page.getByRole("button", { name: "1 new conversation, show" }).waitFor();
        assert.deepEqual(await names(), ["Amelia Hart", "Jonas Weber"], "the order rests");
        await page.mouse.move(900, 500);
        await until("the new order", async () => (await names()).length === 3);
        await row(page, "Jonas").click();
        conversations.typing(fresh);
        await page.getByText("Jonas Weber is writing").waitFor();
        conversations.say(fresh, "Hello?");
        await bubble(page, "Hello?").waitFor();
        await until(
          "the end of typing",
          async () => !(await page.getByText("is writing").isVisible()),
        );
      },
      { team },
    );
  });

  test("lost frames are repaired by their numbers", async () => {
    const own = await setUp();
    try {
      const { conversations, faults, fill } = own.mock.desk;
      const team = fill();
      const contact = conversations.addContact(team.tenant, { name: "Amelia Hart" });
      const conversation = conversations.add(team.tenant, { contact, assignee: team.dana.id });
      conversations.say(conversation, "Message 1");
      await own.open("/desk", {}, async (page) => {
        await signIn(page, team.dana.email);
        await row(page, "Amelia").click();
        await bubble(page, "Message 1").waitFor();
        faults.dropFrames = 6;
        for (const index of [2, 3, 4]) conversations.say(conversation, `Message ${index}`);
        conversations.say(conversation, "Message 5");
        for (const index of [1, 2, 3, 4, 5]) await bubble(page, `Message ${index}`).waitFor();
        const shown = await thread(page).locator(".message .bubble").allTextContents();
        assert.deepEqual(
          shown.map((text) => text.trim()),
          [1, 2, 3, 4, 5].map((index) => `Message ${index}`),
        );
      });
    } finally {
      await own.tearDown();
    }
  });

  test("a lost connection comes back with what was missed", async () => {
    const own = await setUp();
    try {
      const { conversations, cutSockets, fill, sockets } = own.mock.desk;
      const team = fill();
      const add = (name, text) => {
        const contact = conversations.addContact(team.tenant, { name });
        const conversation = conversations.add(team.tenant, { contact, assignee: team.dana.id });
        conversations.say(conversation, text);
        return conversation;
      };
      const conversation = add("Amelia Hart", "Before");
      await own.open("/desk", { expectErrors: true }, async (page) => {
        await signIn(page, team.dana.email);
        await row(page, "Amelia").click();
        await bubble(page, "Before").waitFor();
        cutSockets();
        await until("no sockets", () => sockets.size === 0);
        await page.mouse.move(900, 300);
        conversations.say(conversation, "Meanwhile");
        add("Jonas Weber", "Also meanwhile");
        await bubble(page, "Meanwhile").waitFor();
        await row(page, "Jonas").waitFor();
      });
    } finally {
      await own.tearDown();
    }
  });

  test("a message is sent once, over HTTP if the socket swallows it", async () => {
    const own = await setUp();
    try {
      const { conversations, faults, fill } = own.mock.desk;
      const team = fill();
      const contact = conversations.addContact(team.tenant, { name: "Amelia Hart" });
      const conversation = conversations.add(team.tenant, { contact, assignee: team.dana.id });
      conversations.say(conversation, "Hi");
      await own.open("/desk", { expectErrors: true }, async (page) => {
        await signIn(page, team.dana.email);
        await row(page, "Amelia").click();
        await bubble(page, "Hi").waitFor();
        faults.deaf = true;
        await composer(page).fill("Swallowed");
        await page.keyboard.press("Enter");
        await thread(page).getByText("Sending").waitFor();
        await until("the message", () => texts(conversation).includes("Swallowed"));
        faults.deaf = false;
        faults.down = true;
        own.mock.desk.cutSockets();
        await composer(page).fill("Offline");
        await page.keyboard.press("Enter");
        await bubble(page, "Offline").waitFor();
        await page.reload();
        faults.down = false;
        await page
          .getByRole("button", { name: "Try again" })
          .click()
          .catch(() => {});
        await until("the message", () => texts(conversation).includes("Offline"));
        assert.equal(texts(conversation).filter((text) => text === "Offline").length, 1);
        assert.equal(texts(conversation).filter((text) => text === "Swallowed").length, 1);
      });
    } finally {
      await own.tearDown();
    }
  });

  test("a refused message says why, and is tried again or discarded", async () => {
    const team = desk().fill();
    const conversation = waitingConversation(team, "Amelia Hart", "Hi");
    await open(
      async ({ page }) => {
        await row(page, "Amelia").click();
        await bubble(page, "Hi").waitFor();
        const refuse = () =>
          desk().faults.refuse.set("POST message", problem(409, "closed", "This has ended."));
        refuse();
        await composer(page).fill("Refused");
        await page.keyboard.press("Enter");
        await thread(page).getByText("Not sent. This has ended.").waitFor();
        await assertAccessible(page);
        await thread(page).getByRole("button", { name: "Try again" }).click();
        await until("the message", () => texts(conversation).includes("Refused"));
        refuse();
        await composer(page).fill("Discarded");
        await page.keyboard.press("Enter");
        await thread(page).getByRole("button", { name: "Discard" }).click();
        await until("nothing", async () => (await bubble(page, "Discarded").count()) === 0);
      },
      { team },
    );
  });

  test("two agents see each other, and a stale change says what happened", async () => {
    const team = desk().fill();
    const conversation = waitingConversation(team, "Amelia Hart", "Hi", { assignee: null });
    await open(
      async ({ page: dana }) => {
        await open(
          async ({ page: ben }) => {
            for (const page of [dana, ben]) {
              await view(page, "Unassigned").click();
              await row(page, "Amelia").click();
              await bubble(page, "Hi").waitFor();
            }
            await composer(ben).pressSequentially("I have");
            await dana.getByText("Ben Okafor is writing").waitFor();
            await composer(ben).fill("I have it");
            await ben.keyboard.press("Enter");
            await bubble(dana, "I have it").waitFor();
            await dana.getByText("Ben Okafor took it").waitFor();
            await dana.getByText("Ben Okafor has this conversation.").waitFor();
            // The head of a change that Dana has not seen yet.
            conversation.head.priority = "urgent";
            conversation.head.version += 1;
            await dana
              .getByRole("button", { name: "Assign" })
              .or(dana.locator(".bar .assign"))
              .first()
              .click();
            await dialog(dana).getByRole("option", { name: /^Me/ }).click();
            await dana
              .getByText("nothing was done yet. The priority is urgent.", { exact: false })
              .waitFor();
            assert.equal(headOf(conversation).assignee, team.ben.id);
            await assertAccessible(dana);
            await dana.getByRole("button", { name: "Do it anyway" }).click();
            await until("the assignee", () => headOf(conversation).assignee === team.dana.id);
            await ben.getByText("Dana Levi took it").waitFor();
          },
          { as: "ben", team },
        );
      },
      { team, expectErrors: true },
    );
  });

  test("new messages alone make no change stale", async () => {
    const team = desk().fill();
    const conversation = waitingConversation(team, "Amelia Hart", "Hi");
    await open(
      async ({ page }) => {
        await row(page, "Amelia").click();
        await bubble(page, "Hi").waitFor();
        conversation.head.version += 3;
        await page.keyboard.press("p");
        await dialog(page).getByRole("option", { name: "High" }).click();
        await until("the priority", () => headOf(conversation).priority === "high");
      },
      { team, expectErrors: true },
    );
  });

  test("a draft of a reply follows its author, and a note never becomes a reply", async () => {
    const team = desk().fill();
    const conversation = waitingConversation(team, "Amelia Hart", "Hi");
    const hash = `#page=inbox&view=mine&conversation=${conversation.head.id}`;
    const saved = () => conversation.drafts.get(team.dana.id)?.text;
    await open(
      async ({ page }) => {
        await bubble(page, "Hi").waitFor();
        await composer(page).fill("Half an answer");
        await page.getByText("Draft saved").waitFor();
        assert.equal(saved(), "Half an answer");
        await page.reload();
        await until(
          "the draft",
          async () => (await composer(page).inputValue()) === "Half an answer",
        );
        await open(
          async ({ page: phone }) => {
            await until(
              "the draft",
              async () => (await composer(phone).inputValue()) === "Half an answer",
            );
          },
          { team, hash, viewport: { width: 375, height: 700 } },
        );
        await page.getByRole("button", { name: "Note", exact: true }).click();
        await composer(page).fill("Internal thought");
        await page.getByRole("button", { name: "Reply", exact: true }).click();
        assert.equal(await composer(page).inputValue(), "Half an answer");
        assert.equal(saved(), "Half an answer");
        await page.keyboard.press("Enter");
        await until("no draft", () => !saved());
        assert.deepEqual(texts(conversation), ["Hi", "Half an answer"]);
      },
      { team, hash },
    );
  });

  test("files are checked before they are sent, and opened by a link", async () => {
    const team = desk().fill();
    const conversation = waitingConversation(team, "Amelia Hart", "Hi");
    const file = (name, mimeType = "text/plain") => ({
      name,
      mimeType,
      buffer: Buffer.from("Opening hours"),
    });
    await open(
      async ({ page, context }) => {
        await row(page, "Amelia").click();
        await bubble(page, "Hi").waitFor();
        const files = page.getByRole("list", { name: "Files to send" });
        await page
          .locator("desk-composer input[type=file]")
          .setInputFiles([
            file("hours.txt"),
            file("bad.txt"),
            file("tool.exe", "application/x-msdownload"),
          ]);
        await files.getByText("Its content is of another type.").waitFor();
        await files.getByText("Pictures, PDF documents and plain text can be sent.").waitFor();
        assert.ok(await page.getByRole("button", { name: "Send", exact: true }).isDisabled());
        await assertAccessible(page);
        await files.getByRole("button", { name: "Remove bad.txt" }).click();
        await files.getByRole("button", { name: "Remove tool.exe" }).click();
        await page.getByRole("button", { name: "Send", exact: true }).click();
        const sent = () => conversation.messages.at(-1);
        await until("the message", () => sent().attachments?.length === 1);
        assert.deepEqual([sent().text, sent().attachments[0].name], ["hours.txt", "hours.txt"]);
        const opened = context.waitForEvent("page");
        await thread(page)
          .getByRole("button", { name: /^hours.txt/ })
          .click();
        await (await opened).getByText(`The file ${sent().attachments[0].upload_id}`).waitFor();
      },
      { team },
    );
  });

  test("canned replies come after a slash, mentions after an @ in notes", async () => {
    const team = desk().fill();
    const conversation = waitingConversation(team, "Amelia Hart", "Hi");
    await open(
      async ({ page }) => {
        await row(page, "Amelia").click();
        await bubble(page, "Hi").waitFor();
        await page.keyboard.press("r");
        await composer(page).pressSequentially("/hel");
        await page.getByRole("listbox", { name: "Canned replies" }).waitFor();
        await page.keyboard.press("Tab");
        assert.equal(
          await composer(page).inputValue(),
          "Hi Amelia, thanks for writing! How can I help?",
        );
        await page.keyboard.press("Enter");
        await page.keyboard.press("Escape");
        await page.keyboard.press("n");
        await composer(page).pressSequentially("Please look @ben");
        await page.getByRole("listbox", { name: "Colleagues" }).waitFor();
        await page.keyboard.press("Enter");
        await page.keyboard.press("Enter");
        await until("the mention", () => headOf(conversation).mentions.includes(team.ben.id));
        const note = conversation.messages.at(-1);
        assert.deepEqual([note.kind, note.text], ["note", "Please look @Ben Okafor"]);
      },
      { team },
    );
  });

  test("a conversation is tagged, snoozed, ended, reopened, handed to the bot and taken back", async () => {
    const team = desk().fill();
    const [bot_id] = team.tenant.bots.keys();
    const conversation = waitingConversation(team, "Amelia Hart", "Hi", { bot_id });
    await open(
      async ({ page }) => {
        await row(page, "Amelia").click();
        await bubble(page, "Hi").waitFor();
        await page.keyboard.press("t");
        await dialog(page).getByRole("option", { name: "billing" }).click();
        await dialog(page).getByRole("combobox").fill("halo lamp");
        await dialog(page).getByRole("option", { name: "New tag “halo lamp”" }).click();
        await until("the tags", () => headOf(conversation).tags.length === 2);
        assert.deepEqual(headOf(conversation).tags, ["billing", "halo lamp"]);
        await page.keyboard.press("Escape");
        await page.keyboard.press("s");
        await dialog(page)
          .getByRole("option", { name: /^Tomorrow morning/ })
          .click();
        await until("the snooze", () => headOf(conversation).status === "snoozed");
        await page
          .getByText("You snoozed it")
          .or(page.getByText("Dana Levi snoozed it", { exact: false }))
          .first()
          .waitFor();
        await page.keyboard.press("e");
        await until("the end", () => headOf(conversation).status === "closed");
        await page.getByText("This conversation has ended. A reply reopens it.").waitFor();
        await page.getByRole("button", { name: "Reopen" }).click();
        await until("the reopening", () => headOf(conversation).status === "open");
        await page.getByRole("button", { name: "More" }).click();
        await page.getByRole("menuitem", { name: "Give back to the bot" }).click();
        await until("the bot", () => headOf(conversation).status === "bot");
        await page.getByRole("button", { name: "Take over" }).click();
        await until("a person", () => headOf(conversation).status === "open");
        assert.equal(headOf(conversation).assignee, team.dana.id);
        const download = page.waitForEvent("download");
        await page.getByRole("button", { name: "More" }).click();
        await page.getByRole("menuitem", { name: "Transcript as text" }).click();
        assert.match((await download).suggestedFilename(), /^Amelia Hart .*\.txt$/);
      },
      { team },
    );
  });

  test("an end waits for the answer before it", async () => {
    const team = desk().fill();
    const conversation = waitingConversation(team, "Amelia Hart", "Hi");
    await open(
      async ({ page }) => {
        await row(page, "Amelia").click();
        await bubble(page, "Hi").waitFor();
        await page.keyboard.press("r");
        await page.keyboard.type("Done, bye");
        await page.keyboard.press("Enter");
        await page.keyboard.press("Escape");
        await page.keyboard.press("e");
        await until("the end", () => headOf(conversation).status === "closed");
        const kinds = conversation.messages.map(({ kind, event }) => event?.type ?? kind);
        assert.deepEqual(kinds.slice(-2), ["message", "ended"]);
      },
      { team },
    );
  });

  test("thousands of rows scroll, and only those in sight exist", async () => {
    const own = await setUp();
    try {
      const { conversations, fill } = own.mock.desk;
      const team = fill();
      for (let index = 0; index < 2_200; index += 1) {
        const contact = conversations.addContact(team.tenant, { name: `Visitor number ${index}` });
        conversations.add(team.tenant, {
          contact,
          assignee: team.dana.id,
          last_at: new Date(Date.now() - index * minutes).toISOString(),
        });
      }
      await own.open("/desk", {}, async (page) => {
        await signIn(page, team.dana.email);
        await row(page, "Visitor number 0$|Visitor number 0 ").first().waitFor();
        const scroller = page.locator("conversation-list .scroller");
        const rows = page.locator("conversation-list .row");
        await until("the end of the list", async () => {
          await scroller.evaluate((element) => (element.scrollTop = element.scrollHeight));
          return (await rows.last().textContent()).includes("Visitor number 2199");
        });
        assert.ok((await rows.count()) < 60);
        await view(page, "Mine").getByText("2,200").waitFor();
      });
    } finally {
      await own.tearDown();
    }
  });

  test("older messages load at the top without moving what is read", async () => {
    const team = desk().fill();
    const conversation = waitingConversation(team, "Amelia Hart", "Number 1");
    for (let index = 2; index <= 120; index += 1)
      desk().conversations.say(conversation, `Number ${index}`);
    await open(
      async ({ page }) => {
        await row(page, "Amelia").click();
        await thread(page).getByText("Number 120", { exact: true }).waitFor();
        await until("the first one", async () => {
          await page
            .locator("desk-thread .scroller")
            .evaluate((element) => (element.scrollTop = 0));
          return (await thread(page).getByText("Number 1", { exact: true }).count()) === 1;
        });
      },
      { team },
    );
  });

  test("a search finds by subject and name, and says when there is nothing", async () => {
    const team = desk().fill();
    waitingConversation(team, "Amelia Hart", "Broken lamp");
    waitingConversation(team, "Jonas Weber", "Invoice please");
    await open(
      async ({ page }) => {
        await row(page, "Amelia").waitFor();
        await page.keyboard.press("/");
        await page.keyboard.type("invoice");
        await until("one row", async () => (await page.getByRole("option").count()) === 1);
        await row(page, "Jonas").waitFor();
        await page.getByRole("searchbox").fill("zeppelin");
        await page.getByText("Nothing found").waitFor();
        await page.keyboard.press("Escape");
        await row(page, "Amelia").waitFor();
      },
      { team },
    );
  });

  test("an empty inbox, a failing one and one without permission say what to do", async () => {
    const own = await setUp();
    try {
      const { fill, faults } = own.mock.desk;
      const team = fill();
      await own.open("/desk", { expectErrors: true }, async (page) => {
        await signIn(page, team.dana.email);
        await page.getByText("Nothing is waiting for you").waitFor();
        await assertAccessible(page);
        const busy = problem(503, "busy", "This cannot be done right now. Try again in a moment.");
        faults.refuse.set("GET /conversations", Object.assign(busy, { again: true }));
        await view(page, "Closed").click();
        await page.getByText("This cannot be done right now.", { exact: false }).waitFor();
        await assertAccessible(page);
        faults.refuse.clear();
        await page.getByRole("button", { name: "Try again" }).click();
        await page.getByText("Nothing has ended yet").waitFor();
        await page.goto(`${own.home}/desk#page=inbox&conversation=cnv_none`);
        await page.getByText("There is no such conversation").waitFor();
      });
      await own.open("/desk", {}, async (page) => {
        await signIn(page, team.noa.email);
        await page.getByText("The inbox is for agents").waitFor();
        await assertAccessible(page);
      });
    } finally {
      await own.tearDown();
    }
  });

  test("being offline is said, and what is known stays", async () => {
    const team = desk().fill();
    waitingConversation(team, "Amelia Hart", "Hi");
    await open(
      async ({ page, context }) => {
        await row(page, "Amelia").click();
        await bubble(page, "Hi").waitFor();
        await context.setOffline(true);
        await page.getByText("You are offline.", { exact: false }).waitFor();
        await bubble(page, "Hi").waitFor();
        await assertAccessible(page);
        await context.setOffline(false);
        await until(
          "no banner",
          async () => !(await page.getByText("You are offline.", { exact: false }).isVisible()),
        );
      },
      { team, expectErrors: true },
    );
  });

  test("a contact is changed in place, and a stale change keeps what was typed", async () => {
    const team = desk().fill();
    const conversation = waitingConversation(team, "Amelia Hart", "Hi");
    await open(
      async ({ page }) => {
        await row(page, "Amelia").click();
        const details = page.locator("desk-details");
        await details.getByLabel("Email").fill("amelia");
        await details.getByRole("button", { name: "Save" }).click();
        await details.getByText("This is not an email address.").waitFor();
        await details.getByLabel("Email").fill("amelia@mail.example");
        conversation.contact.version += 1;
        conversation.contact.phone = "+44 20 7946 0000";
        await details.getByRole("button", { name: "Save" }).click();
        await details
          .getByText("A colleague has changed this contact.", { exact: false })
          .waitFor();
        assert.equal(await details.getByLabel("Email").inputValue(), "amelia@mail.example");
        assert.equal(await details.getByLabel("Phone").inputValue(), "+44 20 7946 0000");
        await details.getByRole("button", { name: "Save" }).click();
        await until("the address", () => conversation.contact.email === "amelia@mail.example");
      },
      { team, expectErrors: true },
    );
  });

  for (const colorScheme of schemes)
    test(`it is accessible with everything open (${colorScheme})`, async () => {
      const team = desk().fill();
      desk().conversations.fill(team.tenant, team.dana);
      await open(
        async ({ page }) => {
          await row(page, "Amelia").click();
          await bubble(page, "Thank you!").waitFor();
          await page.getByText("This is the first one.").waitFor();
          await assertAccessible(page);
          await page.keyboard.press("n");
          await composer(page).fill("A note");
          await page.keyboard.press("Enter");
          await bubble(page, "A note").waitFor();
          await composer(page).pressSequentially("@");
          await assertAccessible(page);
          await page.keyboard.press("Escape");
          await page.keyboard.press("Escape");
          for (const key of ["a", "t", "s", "Control+k", "?"]) {
            await page.keyboard.press(key);
            await dialog(page).waitFor();
            await assertAccessible(page);
            await page.keyboard.press("Escape");
            await dialog(page).waitFor({ state: "detached" });
          }
          await page.getByRole("button", { name: "More" }).click();
          await assertAccessible(page);
          await view(page, "All open").click();
          await row(page, "Priya").waitFor();
          await assertAccessible(page);
        },
        { team, colorScheme },
      );
    });

  test("on 320 px there is one pane at a time, from left to right and from right to left", async () => {
    for (const dir of ["ltr", "rtl"]) {
      const team = desk().fill();
      desk().conversations.fill(team.tenant, team.dana);
      const options = { team, viewport: { width: 320, height: 640 } };
      await open(async ({ page }) => {
        await page.evaluate((direction) => {
          document.documentElement.dir = direction;
        }, dir);
        await row(page, "Amelia").waitFor();
        await assertFits(page);
        await row(page, "Amelia").click();
        await bubble(page, "Thank you!").waitFor();
        await assertFits(page);
        await assertAccessible(page);
        await page.getByRole("button", { name: "Details" }).click();
        await page.getByText("This is the first one.").waitFor();
        await assertFits(page);
        await page.getByRole("button", { name: "Close the details" }).click();
        await page.getByRole("button", { name: "Back to the list" }).click();
        await page.getByRole("button", { name: "Menu" }).click();
        await view(page, "All open").click();
        await page.getByRole("heading", { name: "All open" }).waitFor();
        await row(page, "Wolfeschlegelsteinhausenbergerdorff").waitFor();
        await assertFits(page);
      }, options);
    }
  });

  test("snoozes and ratings of other days are told with their day", async () => {
    const team = desk().fill();
    const conversation = waitingConversation(team, "Amelia Hart", "Hi", {
      csat: { score: 5, comment: "Quick!" },
    });
    conversation.messages[0].at = new Date(Date.now() - 2 * days).toISOString();
    await open(
      async ({ page }) => {
        await row(page, "Amelia").click();
        await page.getByText("5 of 5: Quick!").waitFor();
      },
      { team },
    );
  });
});

describe("the first steps", { skip }, () => {
  test("from a sign-up to the first message, without a detour", async () => {
    await site.open("/desk#page=sign-up", { expectErrors: true }, async (page) => {
      await page.getByLabel("Your name").fill("Omar Said");
      await page.getByLabel("Work email").fill("omar@tea.example");
      await page.getByLabel("Password").fill("green and black");
      await page.getByLabel("Company or team").fill("Said's Teas");
      await page.getByRole("button", { name: "Create account" }).click();
      await page.getByRole("heading", { name: "Check your mail" }).waitFor();
      await page.goto(`${site.home}/desk/verify#token=${desk().latestLink("verify")}`);
      await confirm(page, "green and black");
      await page.getByRole("heading", { name: "Put the chat on your site" }).waitFor();
      assert.equal(await page.getByLabel("What is the chat called?").inputValue(), "Said's Teas");
      await page.getByRole("button", { name: "Continue" }).click();
      await page.getByLabel("Where will it run?").fill("ftp://tea.example");
      await page.getByRole("button", { name: "Publish" }).click();
      await page.getByText("An address such as https://shop.example", { exact: false }).waitFor();
      await assertAccessible(page);
      await page.getByLabel("Where will it run?").fill("tea.example/contact");
      await page.getByRole("button", { name: "Publish" }).click();
      await page.getByText("Waiting for the first message.", { exact: false }).waitFor();
      const tenant = [...desk().tenants.values()].find(({ name }) => name === "Said's Teas");
      const [bot] = tenant.bots.values();
      assert.deepEqual(bot.origins, ["https://tea.example"]);
      const snippet = await page.getByLabel("Snippet", { exact: true }).textContent();
      assert.ok(snippet.includes(`data-key="${bot.live.deployment_key}"`));
      await assertAccessible(page);
      const contact = desk().conversations.addContact(tenant, { name: "Amelia Hart" });
      const conversation = desk().conversations.add(tenant, {
        contact,
        bot_id: bot.id,
        status: "bot",
        handled_by: "bot",
      });
      desk().conversations.say(conversation, "Is this on?");
      await page.getByText("It works. Amelia Hart wrote: Is this on?").waitFor();
      await page.getByRole("link", { name: "Answer it" }).click();
      await bubble(page, "Is this on?").waitFor();
    });
  });

  test("a setup that stopped says so and goes on", async () => {
    const team = desk().fill("Stopped Setup", { isNew: true });
    team.tenant.provisioning = {
      state: "failed",
      current: "defaults",
      step: 3,
      of: 5,
      code: "busy",
    };
    await open(
      async ({ page }) => {
        await page.getByText("The setup stopped (busy).", { exact: false }).waitFor();
        await assertAccessible(page);
        await page.getByRole("button", { name: "Try again" }).click();
        await page.getByRole("heading", { name: "Put the chat on your site" }).waitFor();
        await page.reload();
        await page.getByRole("heading", { name: "Put the chat on your site" }).waitFor();
      },
      { team, hash: "#page=start" },
    );
  });

  test("a person without a workspace makes one, and one with a workspace another", async () => {
    const person = desk().addPerson("Lone Wolf", "lone@wolf.example");
    await site.open("/desk", {}, async (page) => {
      await signIn(page, person.email);
      await page.getByRole("heading", { name: "Create a workspace" }).waitFor();
      await assertAccessible(page);
      await page.getByLabel("Company or team").fill("Wolf & Sons");
      await page.getByRole("button", { name: "Create workspace" }).click();
      await page.getByRole("button", { name: "Workspace: Wolf & Sons" }).click();
      await page.getByRole("menuitem", { name: "New workspace" }).click();
      await page.getByLabel("Company or team").fill("Second Pack");
      await page.getByRole("button", { name: "Create workspace" }).click();
      await page.getByRole("button", { name: "Workspace: Second Pack" }).waitFor();
    });
  });
});

describe("bots", { skip }, () => {
  const bots = (team) => [...team.tenant.bots.values()] as Loose[];
  const editor = (bot, section = "greeting") => `#page=bots&bot=${bot.id}&section=${section}`;
  const save = (page) => page.getByRole("button", { name: "Save", exact: true }).click();
  const part = (page, name) =>
    page
      .getByRole("navigation", { name: "Parts of the bot" })
      .getByRole("link", { name: new RegExp(`^${name}`) })
      .click();
  const preview = (page) => page.locator("bot-preview");

  test("a bot begins with a template, and the plan's limit is said with a way on", async () => {
    const team = desk().fill();
    await open(
      async ({ page }) => {
        await page.getByRole("link", { name: "Lumi" }).waitFor();
        const create = async (name) => {
          await page.getByRole("button", { name: "New bot" }).click();
          await page.getByRole("textbox", { name: "Name" }).fill(name);
          await page.getByLabel("Support").check();
          await page.getByRole("button", { name: "Create", exact: true }).click();
        };
        await create("Concierge");
        await page.getByRole("heading", { name: "Concierge" }).waitFor();
        assert.equal(bots(team)[1].csat, true);
        await page.getByRole("link", { name: "All bots" }).click();
        await create("One too many");
        await page.getByText("Your plan includes no more chatbots.").waitFor();
        await assertAccessible(page);
        await page.getByRole("link", { name: "See your limits" }).waitFor();
      },
      { team, hash: "#page=bots", expectErrors: true },
    );
  });

  test("what is typed shows in the preview, is saved, and survives a visit elsewhere", async () => {
    const team = desk().fill();
    const [bot] = bots(team);
    await open(
      async ({ page }) => {
        await page.getByLabel("Greeting").fill("Shalom! שלום");
        await preview(page).getByText("Shalom! שלום").waitFor();
        await view(page, "Mine").click();
        await page.getByRole("heading", { name: "Mine" }).waitFor();
        await page.goBack();
        assert.equal(await page.getByLabel("Greeting").inputValue(), "Shalom! שלום");
        await save(page);
        await page.getByText("Saved", { exact: true }).waitFor();
        assert.equal(bot.appearance.strings.en.greeting, "Shalom! שלום");
        await part(page, "Replies");
        await page.getByLabel("Below the greeting").fill("Where is my order?\nOpening hours");
        await preview(page).getByText("Opening hours").waitFor();
        await part(page, "Look");
        await page.getByRole("button", { name: "Colour #be123c" }).click();
        await page.getByLabel("Side").selectOption("left");
        await save(page);
        await until("the look", () => bot.appearance.position === "left");
        assert.equal(bot.appearance.color, "#be123c");
        assert.deepEqual(bot.quick_replies.opening, ["Where is my order?", "Opening hours"]);
        await page.reload();
        await page.getByRole("button", { name: "Colour #be123c", pressed: true }).waitFor();
      },
      { team, hash: editor(bot) },
    );
  });

  test("what is wrong is said beside its field, and each part says how much", async () => {
    const team = desk().fill();
    const [bot] = bots(team);
    await open(
      async ({ page }) => {
        await page.getByRole("button", { name: "Field", exact: true }).click();
        await page.getByLabel("Type").selectOption("select");
        await page.getByLabel("Options, one in each line").fill("Only one");
        await part(page, "Rules");
        await page.getByRole("button", { name: "Rule", exact: true }).click();
        await save(page);
        await page.getByText("Some fields need another look.", { exact: false }).waitFor();
        await page.getByText("A rule needs a condition.").waitFor();
        await page.getByRole("link", { name: "Rules 3 to correct" }).waitFor();
        await assertAccessible(page);
        await page.getByLabel("Name", { exact: true }).fill("Refunds come first");
        await page.getByLabel("If the message has").fill("refund\nmoney back");
        await page.getByRole("button", { name: "Then" }).click();
        await page.getByRole("menuitem", { name: "Tag the conversation" }).click();
        await page.getByLabel("Then tag it").fill("refund");
        await part(page, "Form");
        await page.getByText("A list needs at least two options.").waitFor();
        await page.getByLabel("Label").fill("Your department");
        assert.equal(await page.getByLabel("Key", { exact: true }).inputValue(), "your_department");
        await page.getByLabel("Options, one in each line").fill("Sales\nSupport");
        await save(page);
        await until("the form", () => bot.prechat.length === 1);
        assert.deepEqual(bot.prechat[0].options, ["Sales", "Support"]);
        assert.deepEqual(bot.rules[0].then, [{ do: "tag", tag: "refund" }]);
        await page.getByText("Not saved yet").waitFor({ state: "detached" });
      },
      { team, hash: editor(bot, "form"), expectErrors: true },
    );
  });

  test("a stale draft says what a colleague has changed, and both are kept or one is dropped", async () => {
    const team = desk().fill();
    const [bot] = bots(team);
    const colleague = (change) => Object.assign(bot, change, { version: bot.version + 1 });
    await open(
      async ({ page }) => {
        await page.getByLabel("Persona").fill("Mine");
        colleague({ csat: true });
        await save(page);
        await page.getByText("Changed there: Rating.", { exact: false }).waitFor();
        await assertAccessible(page);
        await page.getByRole("button", { name: "Keep both and save" }).click();
        await until("both", () => bot.persona === "Mine");
        assert.equal(bot.csat, true);
        await page.getByLabel("Persona").fill("Mine again");
        colleague({ persona: "Theirs" });
        await save(page);
        await page.getByText("You have changed these too: Persona.", { exact: false }).waitFor();
        await page.getByRole("button", { name: "Drop my changes" }).click();
        assert.equal(await page.getByLabel("Persona").inputValue(), "Theirs");
        assert.equal(bot.persona, "Theirs");
      },
      { team, hash: editor(bot), expectErrors: true },
    );
  });

  test("a bot is deployed, rolled back, and its key rotated", async () => {
    const team = desk().fill("Deploying", { isNew: true });
    const bot = desk().bots.add(team.tenant, { name: "Lumi" });
    await open(
      async ({ page }) => {
        const dialogs = page.locator("cf-dialog[open]");
        await page.getByRole("button", { name: "Deploy", exact: true }).click();
        await dialogs.getByRole("button", { name: "Deploy" }).click();
        await dialogs.getByText("Add the address of your site first.").waitFor();
        await dialogs.getByRole("button", { name: "Cancel" }).click();
        await page
          .getByLabel("Where the chat may run")
          .fill("shop.example/contact\nhttps://*.shop.example");
        await page.getByRole("button", { name: "Save and deploy" }).click();
        await dialogs.getByLabel("Note").fill("First one");
        await dialogs.getByRole("button", { name: "Deploy" }).click();
        await page.getByText("Live, version 1").waitFor();
        assert.deepEqual(bot.origins, ["https://shop.example", "https://*.shop.example"]);
        const key = bot.live.deployment_key;
        await page
          .getByLabel("Snippet", { exact: true })
          .getByText(key, { exact: false })
          .waitFor();
        await page.getByRole("cell", { name: "First one" }).waitFor();
        await page.getByLabel("Only visitors whom").check();
        await page.getByRole("button", { name: "Save and deploy" }).click();
        await dialogs.getByLabel("Make a new key").check();
        await dialogs.getByRole("button", { name: "Deploy" }).click();
        await page.getByText("Live, version 2").waitFor();
        assert.notEqual(bot.live.deployment_key, key);
        await assertAccessible(page);
        await page.getByRole("button", { name: "Make live" }).click();
        await page.getByText("Live, version 1").waitFor();
        assert.equal(bot.live.number, 1);
      },
      { team, hash: editor(bot, "publish"), expectErrors: true },
    );
  });

  test("a secret is shown once, and a deleted bot is gone", async () => {
    const team = desk().fill();
    const [bot] = bots(team);
    await open(
      async ({ page }) => {
        await page.getByRole("button", { name: "New secret" }).click();
        await page.getByRole("button", { name: "Make a new secret" }).click();
        await page.getByText("It is not shown again.", { exact: false }).waitFor();
        await assertAccessible(page);
        await page.keyboard.press("Escape");
        await page.getByRole("button", { name: "Delete", exact: true }).click();
        await page.getByRole("button", { name: "Delete the bot" }).click();
        await page.getByText("No bots yet").waitFor();
        await page.goto(`${site.home}/desk${editor(bot)}`);
        await page.getByText("There is no such bot").waitFor();
      },
      { team, hash: editor(bot, "publish"), expectErrors: true },
    );
  });

  test("agents look at bots and change nothing", async () => {
    const team = desk().fill();
    const [bot] = bots(team);
    await open(
      async ({ page }) => {
        await page.getByText("You can look at this bot.", { exact: false }).waitFor();
        await preview(page).getByText("Chat with Lumen").waitFor();
        assert.equal(await page.getByRole("textbox").count(), 0);
        await assertAccessible(page);
        await page.getByRole("link", { name: "All bots" }).click();
        assert.equal(await page.getByRole("button", { name: "New bot" }).count(), 0);
      },
      { team, as: "mira", hash: editor(bot) },
    );
  });

  for (const colorScheme of schemes)
    test(`every part is accessible and fits 320 px (${colorScheme})`, async () => {
      const team = desk().fill();
      const [bot] = bots(team);
      bot.prechat = [
        { key: "name", label: "Name", type: "text", required: true },
        { key: "topic", label: "Topic", type: "select", required: false, options: ["A", "B"] },
      ];
      bot.rules = [
        {
          name: "Refunds",
          when: { words: ["refund"], language: null, page: "/pricing" },
          then: [
            { do: "say", text: "One moment" },
            { do: "hand_off", team: null },
          ],
        },
      ];
      await open(
        async ({ page }) => {
          for (const name of ["Greeting", "Form", "Replies", "Rules", "Look", "Publish"]) {
            await part(page, name);
            await preview(page).waitFor();
            await assertAccessible(page);
            await page.setViewportSize({ width: 320, height: 700 });
            await assertFits(page);
            await page.setViewportSize({ width: 1280, height: 860 });
          }
        },
        { team, hash: editor(bot), colorScheme },
      );
    });
});

describe("contacts", { skip }, () => {
  test("contacts are found, changed, blocked and joined", async () => {
    const team = desk().fill();
    const { conversations } = desk();
    const amelia = conversations.addContact(team.tenant, {
      name: "Amelia Hart",
      email: "amelia@mail.example",
    });
    const double = conversations.addContact(team.tenant, { name: "A. Hart" });
    conversations.addContact(team.tenant, { name: "Jonas Weber" });
    const conversation = conversations.add(team.tenant, { contact: amelia });
    conversations.say(conversation, "Where is my order?");
    await open(
      async ({ page }) => {
        await page.getByRole("link", { name: "Jonas Weber" }).waitFor();
        await page.getByLabel("Search", { exact: true }).fill("hart");
        await page.getByRole("link", { name: "Jonas Weber" }).waitFor({ state: "detached" });
        await assertAccessible(page);
        await page.getByRole("link", { name: "Amelia Hart" }).click();
        await page.getByRole("link", { name: "Where is my order?" }).waitFor();
        await page.getByLabel("Phone").fill("+44 20 7946 0000");
        await page.getByRole("button", { name: "Save" }).click();
        await until("the phone", () => amelia.phone === "+44 20 7946 0000");
        await page.getByRole("button", { name: "Block" }).click();
        await page.locator("cf-dialog[open]").getByRole("button", { name: "Block" }).click();
        await page.getByText("Blocked: this visitor cannot write.").waitFor();
        await assertAccessible(page);
        await page.goto(`${site.home}/desk#page=contacts&contact=${double.id}`);
        await page.getByRole("heading", { name: "A. Hart" }).waitFor();
        await page.getByRole("button", { name: "Join with another" }).click();
        await dialog(page)
          .getByRole("option", { name: /^Amelia Hart/ })
          .click();
        await page.getByRole("button", { name: "Join", exact: true }).click();
        await page.getByRole("heading", { name: "Amelia Hart" }).waitFor();
        assert.deepEqual(amelia.merged, [double.id]);
        await page.getByRole("link", { name: "Where is my order?" }).click();
        await bubble(page, "Where is my order?").waitFor();
      },
      { team, hash: "#page=contacts" },
    );
  });
});

describe("settings", { skip }, () => {
  const section = (name) => `#page=settings&section=${name}`;
  const box = (page) => page.locator("cf-dialog[open]");
  const cellOf = (page, name) => page.getByRole("row", { name: new RegExp(name) });

  test("the workspace is renamed, bounds are said, and a stale change saves nothing", async () => {
    const team = desk().fill("Before Name");
    await open(
      async ({ page }) => {
        await page.getByLabel("Name", { exact: true }).fill("After Name");
        await page.getByLabel("Keep conversations for").fill("90");
        await page.getByRole("button", { name: "Save" }).click();
        await page.getByText("Your plan keeps conversations for up to 30 days.").waitFor();
        await assertAccessible(page);
        await page.getByLabel("Keep conversations for").fill("30");
        await page.getByLabel("Members may work from").fill("198.51.100.0/24");
        await page.getByRole("button", { name: "Save" }).click();
        await page.getByText("so you would lock yourself out", { exact: false }).waitFor();
        await page.getByLabel("Members may work from").fill("");
        await page.getByRole("button", { name: "Save" }).click();
        await page.getByRole("button", { name: "Workspace: After Name" }).waitFor();
        team.tenant.settings.version += 1;
        await page.getByLabel("Name", { exact: true }).fill("Stale Name");
        await page.getByRole("button", { name: "Save" }).click();
        await page.getByText("nothing was saved", { exact: false }).waitFor();
        assert.equal(team.tenant.name, "After Name");
        await page.getByRole("button", { name: "Load them" }).click();
        await until("the name", async () => {
          return (await page.getByLabel("Name", { exact: true }).inputValue()) === "After Name";
        });
      },
      { team, hash: section("workspace"), expectErrors: true },
    );
  });

  test("a workspace is deleted by its address name, and kept after all", async () => {
    const team = desk().fill("Short Lived");
    await open(
      async ({ page }) => {
        await page.getByRole("button", { name: "Delete", exact: true }).click();
        await box(page).getByLabel("Type").fill(team.tenant.slug);
        await assertAccessible(page);
        await box(page).getByRole("button", { name: "Delete the workspace" }).click();
        await page.getByText("Being deleted").waitFor();
        await page.getByRole("button", { name: "Take the deletion back" }).click();
        await page.getByText("On trial").waitFor();
      },
      { team, hash: section("workspace") },
    );
  });

  test("members are invited, changed and removed, and an owner remains", async () => {
    const team = desk().fill();
    await open(
      async ({ page }) => {
        await page.getByRole("button", { name: "Invite" }).click();
        await box(page).getByLabel("Email").fill("fresh@lumen.example");
        await box(page).getByLabel("Agent").check();
        await box(page).getByLabel("Support").check();
        await box(page).getByRole("button", { name: "Invite" }).click();
        await cellOf(page, "fresh@lumen.example").waitFor();
        await page.getByRole("button", { name: "Invite", exact: true }).click();
        await box(page).getByLabel("Email").fill("more@lumen.example");
        await box(page).getByRole("button", { name: "Invite" }).click();
        await page.getByText("Your plan includes no more seats.").waitFor();
        await page.keyboard.press("Escape");
        await page.getByRole("button", { name: "Withdraw the invitation" }).click();
        await box(page).getByRole("button", { name: "Withdraw" }).click();
        await cellOf(page, "fresh@lumen.example").waitFor({ state: "detached" });
        await page.getByRole("button", { name: "Change Mira Sandoval" }).click();
        await box(page).getByLabel("Admin").check();
        await box(page).getByRole("button", { name: "Save" }).click();
        await until("the role", () => team.tenant.members.get(team.mira.id).role === "admin");
        await page.getByRole("button", { name: "Change Dana Levi" }).click();
        await box(page).getByLabel("Viewer").check();
        await box(page).getByRole("button", { name: "Save" }).click();
        await page.getByText("A workspace needs an owner.", { exact: false }).waitFor();
        await page.keyboard.press("Escape");
        await page.getByRole("button", { name: "Remove Noa Friedman" }).click();
        await assertAccessible(page);
        await box(page).getByRole("button", { name: "Remove" }).click();
        await cellOf(page, "Noa Friedman").waitFor({ state: "detached" });
        assert.ok(!team.tenant.members.has(team.noa.id));
      },
      { team, hash: section("members"), expectErrors: true },
    );
  });

  test("teams, tags and canned replies are kept", async () => {
    const team = desk().fill();
    await open(
      async ({ page }) => {
        await page.getByRole("button", { name: "New team" }).click();
        await box(page).getByLabel("Name", { exact: true }).fill("Night shift");
        await box(page).getByRole("button", { name: "Save" }).click();
        await cellOf(page, "Night shift").waitFor();
        await page.getByRole("button", { name: "Rename Sales" }).click();
        [...team.tenant.teams.values()].find(({ name }) => name === "Sales").version += 1;
        await box(page).getByLabel("Name", { exact: true }).fill("Sellers");
        await box(page).getByRole("button", { name: "Save" }).click();
        await page.getByText("A colleague has renamed it meanwhile.", { exact: false }).waitFor();
        await page.keyboard.press("Escape");
        await page.getByRole("button", { name: "Delete Night shift" }).click();
        await box(page).getByRole("button", { name: "Delete" }).click();
        await cellOf(page, "Night shift").waitFor({ state: "detached" });

        await page.getByRole("link", { name: "Tags", exact: true }).click();
        await page.getByLabel("New tag").fill("Wholesale");
        await page.getByRole("button", { name: "Add" }).click();
        await page.getByText("wholesale", { exact: true }).waitFor();
        await page.getByRole("button", { name: "Delete the tag bug" }).click();
        await page.getByText("bug is no longer offered").waitFor();

        await page.getByRole("link", { name: "Canned replies" }).click();
        await page.getByRole("button", { name: "New reply" }).click();
        await box(page).getByLabel("Shortcut").fill("Not good");
        await box(page).getByLabel("Text").fill("We open at nine.");
        await box(page).getByRole("button", { name: "Save" }).click();
        await page.getByText("A shortcut has 1 to 32 letters", { exact: false }).waitFor();
        await assertAccessible(page);
        await box(page).getByLabel("Shortcut").fill("opening");
        await box(page).getByRole("button", { name: "Save" }).click();
        await cellOf(page, "/opening").waitFor();
        await page.getByRole("button", { name: "Change /opening" }).click();
        await box(page).getByLabel("Text").fill("We open at ten.");
        await box(page).getByRole("button", { name: "Save" }).click();
        await page.getByText("We open at ten.").waitFor();
        assert.equal(team.tenant.canned.get("opening").version, 2);
      },
      { team, hash: section("teams"), expectErrors: true },
    );
  });

  test("business hours are set by day, with holidays", async () => {
    const team = desk().fill();
    await open(
      async ({ page }) => {
        await page.getByText("There are no hours yet", { exact: false }).waitFor();
        await page.getByRole("button", { name: "Add hours on Monday" }).click();
        await page.getByLabel("Monday, to").fill("08:00");
        await page.getByRole("button", { name: "Save" }).click();
        await page.getByText("A span ends after it begins.").waitFor();
        await page.getByLabel("Monday, to").fill("00:00");
        await page.getByRole("button", { name: "Holiday" }).click();
        await page.getByLabel("Date").fill("2026-12-25");
        await page.getByRole("textbox", { name: "Name" }).fill("Christmas");
        await page.getByRole("button", { name: "Save" }).click();
        await page.getByText("Open now").waitFor();
        assert.deepEqual(team.tenant.hours.week.mon, [{ from: "09:00", to: "24:00" }]);
        assert.equal(team.tenant.hours.holidays[0].date, "2026-12-25");
        await assertAccessible(page);
      },
      { team, hash: section("hours"), expectErrors: true },
    );
  });

  test("a key is shown once, and limits have bars", async () => {
    const team = desk().fill();
    await open(
      async ({ page }) => {
        await page.getByText("No keys yet").waitFor();
        await page.getByRole("button", { name: "New key" }).click();
        await box(page).getByLabel("Name").fill("Warehouse");
        await box(page).getByLabel("Read Conversations").check();
        await box(page).getByLabel("Lumi").check();
        await assertAccessible(page);
        await box(page).getByRole("button", { name: "Create" }).click();
        const key = page.getByLabel("API key", { exact: true });
        assert.match(await key.textContent(), /^desk_sk_.*secret$/);
        await page.keyboard.press("Escape");
        await cellOf(page, "Warehouse").waitFor();
        assert.ok(!(await page.content()).includes("secretsecret"));
        const [made] = team.tenant.keys.values();
        assert.deepEqual(made.scopes, ["conversations:read"]);
        assert.deepEqual(made.bot_ids, [...team.tenant.bots.keys()]);
        await page.getByRole("button", { name: "Delete Warehouse" }).click();
        await box(page).getByRole("button", { name: "Delete" }).click();
        await page.getByText("No keys yet").waitFor();
        await page.getByRole("link", { name: "Plan and limits" }).click();
        await page.getByRole("meter", { name: "Conversations this month" }).waitFor();
        await page.getByText("431 of 500").waitFor();
        await page.getByRole("link", { name: "Audit" }).click();
        await page.getByText("Api key created").waitFor();
        await assertAccessible(page);
      },
      { team, hash: section("keys") },
    );
  });

  test("the password is changed and other devices are signed out", async () => {
    const team = desk().fill();
    await open(
      async ({ page }) => {
        await open(async () => {}, { team });
        await page.reload();
        await page.getByText("This one").waitFor();
        await page.getByRole("button", { name: "End" }).first().click();
        await until("one session", () => {
          const all = [...desk().sessions.values()] as Loose[];
          return all.filter(({ person }) => person === team.dana).length === 1;
        });
        await page.getByLabel("Current password").fill("wrong one here");
        await page.getByLabel("New password").fill("a better password");
        await page.getByRole("button", { name: "Change password" }).click();
        await page.getByText("The current password is wrong.").waitFor();
        await page.getByLabel("Current password").fill(PASSWORD);
        await page.getByRole("button", { name: "Change password" }).click();
        await page.getByText("Your password is changed").waitFor();
        assert.equal(team.dana.password, "a better password");
        await page.getByRole("button", { name: "Sign out everywhere" }).click();
        await assertAccessible(page);
        await box(page).getByRole("button", { name: "Sign out everywhere" }).click();
        await page.getByRole("heading", { name: "Sign in to Desk" }).waitFor();
      },
      { team, hash: section("account"), expectErrors: true },
    );
  });

  test("agents see what is theirs, and are told what is not", async () => {
    await open(
      async ({ page }) => {
        await page.getByText("Not for your role").waitFor();
        const names = await page
          .getByRole("navigation", { name: "Settings" })
          .getByRole("link")
          .allTextContents();
        assert.ok(!names.includes("API keys") && names.includes("Canned replies"));
        await page.getByRole("link", { name: "Canned replies" }).click();
        await cellOf(page, "/hello").waitFor();
        assert.equal(await page.getByRole("button", { name: "New reply" }).count(), 0);
      },
      { as: "mira", hash: section("keys") },
    );
  });

  for (const colorScheme of schemes)
    test(`every section is accessible and fits 320 px (${colorScheme})`, async () => {
      const team = desk().fill();
      desk().invite(
        team.tenant,
        "someone.with.a.very.long.address@department.lumen.example",
        "agent",
      );
      await open(
        async ({ page }) => {
          const names = await page
            .getByRole("navigation", { name: "Settings" })
            .getByRole("link")
            .allTextContents();
          for (const name of names) {
            await page
              .getByRole("navigation", { name: "Settings" })
              .getByRole("link", { name })
              .click();
            await page.getByRole("heading", { level: 1 }).waitFor();
            await page.getByText("Loading").first().waitFor({ state: "detached" });
            await assertAccessible(page);
            await page.setViewportSize({ width: 320, height: 700 });
            await assertFits(page);
            await page.setViewportSize({ width: 1280, height: 860 });
          }
        },
        { team, hash: section("account"), colorScheme },
      );
    });
});

describe("the platform", { skip }, () => {
  test("an operator looks at a workspace with a banner, suspends it with a reason and resumes it", async () => {
    const own = await setUp();
    try {
      const { fill, tenants } = own.mock.desk;
      const ours = fill("Our Company");
      const theirs = fill("Their Company");
      ours.dana.platform_role = "admin";
      await own.open("/desk#page=platform", {}, async (page) => {
        await signIn(page, ours.dana.email);
        await page.getByRole("link", { name: "their-company" }).waitFor();
        await assertAccessible(page);
        await page.getByLabel("State").selectOption("suspended");
        await page.getByText("No workspace fits.").waitFor();
        await page.getByLabel("State").selectOption("");
        await page.getByRole("link", { name: "their-company" }).click();
        await page
          .getByText("You are looking at Their Company as an operator.", { exact: false })
          .waitFor();
        await page.getByRole("meter", { name: "Seats" }).waitFor();
        await page.getByRole("button", { name: "Suspend" }).click();
        const box = page.locator("cf-dialog[open]");
        await box.getByLabel("Reason").fill("Sends spam");
        await box.getByRole("button", { name: "Suspend" }).click();
        await page.getByText("Sends spam").first().waitFor();
        assert.equal(tenants.get(theirs.tenant.id).status, "suspended");
        await assertAccessible(page);
        await page.getByRole("button", { name: "Resume" }).click();
        await box.getByRole("button", { name: "Resume" }).click();
        await page.getByText("On trial").waitFor();
        await page.getByRole("button", { name: "Leave" }).click();
        await page.getByRole("heading", { name: "Workspaces" }).waitFor();
        assert.equal(await page.getByText("as an operator").count(), 0);
        await view(page, "Mine").click();
        await page.getByRole("heading", { name: "Mine" }).waitFor();
      });
      await own.open("/desk#page=platform", {}, async (page) => {
        await signIn(page, theirs.dana.email);
        await page.getByText("For operators of the platform").waitFor();
      });
    } finally {
      await own.tearDown();
    }
  });
});
