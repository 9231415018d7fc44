// The carousel's page as operators use it, on the mock.
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { assertAccessible, assertFits, assertWordsWhole, type Site, setUp, until } from "./browser";
import { problem } from "./mock-carousel";

let site: Site;
before(async () => {
  site = await setUp();
});
after(() => site?.tearDown());

const skip = process.env.CONFAB_HOME ? "needs the mock" : false;
const schemes = ["light", "dark"] as const;
const KEY = "operator-key";
let names = 0;
/** A title of this test alone, so that tests share one mock. */
const newTitle = (words = "Habits") => `${words} ${++names}`;

async function signIn(page, key = KEY) {
  await page.getByLabel("Key", { exact: true }).fill(key);
  await page.getByRole("button", { name: "Continue" }).click();
}

/** Opens a view with the operator's key. */
async function open(hash, options, visit, at: Site = site) {
  await at.open(`/carousel${hash}`, options, async (page, context) => {
    await signIn(page);
    await page.getByRole("navigation", { name: "Views" }).waitFor();
    await visit(page, context);
  });
}

/** A mock and a browser of its own. */
async function alone(visit) {
  const own = await setUp();
  try {
    await visit(own);
  } finally {
    await own.tearDown();
  }
}

const column = (page, name) => page.getByRole("region", { name: new RegExp(`^${name}`) });
const cardIn = (page, name, title) =>
  column(page, name).getByRole("link", { name: new RegExp(title) });
const detailOf = ({ id }) => `#carousel=${id}`;
const slideOf = ({ id }, number) => `#carousel=${id}&slide=${number}`;
const editor = (page) => page.locator("slide-editor cf-dialog[open]");
const field = (page, name) => editor(page).getByRole("textbox", { name });
const preview = (page) => page.getByRole("img", { name: /^Preview of slide/ });
const section = (page, name) => page.getByRole("region", { name, exact: true });
const finished = (given = {}) => {
  const { carousel } = site.mock;
  return carousel.finish(carousel.add({ title: newTitle(), ...given }));
};

describe("the key", { skip }, () => {
  test("without a key the page asks for it and calls nothing", async () => {
    await alone(async (own) => {
      await own.open("/carousel", {}, async (page) => {
        await page.getByRole("heading", { name: "Enter the operator's key" }).waitFor();
        await page.getByText("functions/studio/service.toml").waitFor();
        await assertAccessible(page);
        assert.deepEqual(own.mock.carousel.seen, []);
      });
    });
  });

  test("a wrong key is refused, and the right one lasts until the sign-out", async () => {
    await site.open("/carousel", { expectErrors: true }, async (page) => {
      await signIn(page, "wrong");
      await page.getByText("The API refuses this key.", { exact: false }).waitFor();
      await assertAccessible(page);
      await signIn(page);
      await page.getByRole("heading", { name: "Pipeline" }).waitFor();
      await page.reload();
      await page.getByRole("heading", { name: "Pipeline" }).waitFor();
      await page.getByRole("button", { name: "Sign out" }).click();
      await page.getByRole("heading", { name: "Enter the operator's key" }).waitFor();
      await page.reload();
      await page.getByRole("heading", { name: "Enter the operator's key" }).waitFor();
    });
  });

  test("a key that is no longer valid is asked for again, and the view stays", async () => {
    await alone(async (own) => {
      const { carousel } = own.mock;
      const one = carousel.finish(carousel.add());
      await open(
        detailOf(one),
        { expectErrors: true },
        async (page) => {
          await page.getByRole("heading", { name: one.title }).waitFor();
          carousel.setKey("another-key");
          carousel.edit(one, 1, { title: "Changed" });
          await page.getByText("The API no longer accepts the key.", { exact: false }).waitFor();
          await signIn(page, "another-key");
          await page.getByRole("heading", { name: one.title }).waitFor();
        },
        own,
      );
    });
  });

  test("an API that does not answer is not taken for a wrong key", async () => {
    await alone(async (own) => {
      own.mock.carousel.faults.down = true;
      await own.open("/carousel", { expectErrors: true }, async (page) => {
        await signIn(page);
        await page.getByText("The API does not answer.", { exact: false }).waitFor();
        own.mock.carousel.faults.down = false;
        await page.getByRole("button", { name: "Continue" }).click();
        await page.getByText("No carousels yet").waitFor();
      });
    });
  });
});

describe("the pipeline", { skip }, () => {
  test("an empty pipeline explains the first step", async () => {
    await alone(async (own) => {
      await open(
        "",
        {},
        async (page) => {
          await page.getByText("No carousels yet").waitFor();
          await assertAccessible(page);
          await page.getByRole("button", { name: "create the first carousel" }).click();
          await page.getByRole("dialog", { name: "New carousel" }).waitFor();
        },
        own,
      );
    });
  });

  test("loading is said until the answer is there", async () => {
    await alone(async (own) => {
      await open(
        "",
        {},
        async (page) => {
          own.mock.carousel.faults.slowMs = 1500;
          await page.reload();
          await page.getByText("Loading").first().waitFor();
          await page.getByText("No carousels yet").waitFor();
        },
        own,
      );
    });
  });

  test("a card moves through the columns without a reload and keeps the focus", async () => {
    const { carousel } = site.mock;
    await open("", {}, async (page) => {
      await page.getByText("Live", { exact: true }).waitFor();
      const title = newTitle();
      const one = carousel.add({ title, count: 4 });
      await cardIn(page, "Requested", title).focus();
      carousel.write(one);
      await cardIn(page, "Drawing", title).getByText("0 of 4 slides").waitFor();
      const isFocused = (locator) => locator.evaluate((element) => element.matches(":focus"));
      await until("the focus moved along", () => isFocused(cardIn(page, "Drawing", title)));
      carousel.draw(one, 3);
      await cardIn(page, "Drawing", title).getByText("1 of 4 slides").waitFor();
      assert.equal(await cardIn(page, "Drawing", title).locator(".ticks .done").count(), 1);
      carousel.render(one);
      await cardIn(page, "Delivering", title).waitFor();
      carousel.deliver(one);
      await cardIn(page, "Delivered", title).getByText("4 slides").waitFor();
      assert.equal(await page.getByRole("link", { name: new RegExp(title) }).count(), 1);
    });
  });

  test("a card names its origin, its language and its state", async () => {
    const { carousel } = site.mock;
    const title = newTitle();
    carousel.add({ title, origin: "series", language: "he", isComposed: true });
    const failed = carousel.add({ title: newTitle("Lottery") });
    carousel.fail(failed, "refused");
    const gone = carousel.add({ title: newTitle("Cats") });
    carousel.cancel(gone);
    await open("", {}, async (page) => {
      const card = cardIn(page, "Requested", title);
      for (const words of ["series", "Hebrew", "no model"])
        await card.getByText(words, { exact: true }).waitFor();
      await cardIn(page, "Failed", failed.title).getByText("The topic was refused").waitFor();
      await cardIn(page, "Cancelled", gone.title).waitFor();
    });
  });

  test("a card without progress for five minutes is marked", async () => {
    const { carousel } = site.mock;
    const stuck = carousel.add({ title: newTitle("Stuck") });
    stuck.changedAt = new Date(Date.now() - 6 * 60_000).toISOString();
    const fresh = carousel.add({ title: newTitle("Fresh") });
    await open("", {}, async (page) => {
      await cardIn(page, "Requested", stuck.title).getByText("no change for 6 min").waitFor();
      assert.equal(await cardIn(page, "Requested", fresh.title).getByText("no change").count(), 0);
    });
  });

  test("the origin filters cards and can be linked to", async () => {
    const { carousel } = site.mock;
    const [chat, own] = [
      carousel.add({ title: newTitle() }),
      carousel.add({ title: newTitle(), origin: "test" }),
    ];
    await open("", {}, async (page) => {
      await cardIn(page, "Requested", chat.title).waitFor();
      await page.getByRole("combobox", { name: "From" }).selectOption({ label: "test" });
      await cardIn(page, "Requested", own.title).waitFor();
      await until(
        "the others are gone",
        async () => (await cardIn(page, "Requested", chat.title).count()) === 0,
      );
      await page.reload();
      await cardIn(page, "Requested", own.title).waitFor();
      assert.equal(await cardIn(page, "Requested", chat.title).count(), 0);
    });
  });

  test("older cards load on demand", async () => {
    await alone(async (own) => {
      const { carousel } = own.mock;
      for (let index = 0; index < 130; index += 1)
        carousel.finish(carousel.add({ title: `Number ${index}.`, count: 1 }));
      await open(
        "",
        {},
        async (page) => {
          await column(page, "Delivered").getByText("100+", { exact: true }).waitFor();
          await page.getByRole("button", { name: "Show all 100" }).click();
          await cardIn(page, "Delivered", "Number 30\\.").waitFor();
          assert.equal(await cardIn(page, "Delivered", "Number 29\\.").count(), 0);
          await page.getByRole("button", { name: "Show 100 older" }).click();
          await cardIn(page, "Delivered", "Number 0\\.").waitFor();
          await column(page, "Delivered").getByText("130", { exact: true }).waitFor();
          assert.equal(await page.getByRole("button", { name: /older/ }).count(), 0);
        },
        own,
      );
    });
  });

  test("open alerts stand above the pipeline until they are resolved", async () => {
    await alone(async (own) => {
      const { carousel } = own.mock;
      const alert = {
        rule: "failures",
        severity: "critical",
        since: new Date().toISOString(),
        resolvedAt: null,
        value: 81,
        limit: 50,
      };
      carousel.alerts.push(alert);
      await open(
        "",
        {},
        async (page) => {
          const alerts = section(page, "Open alerts");
          await alerts.getByText("Carousels fail").waitFor();
          await alerts.getByText("8.1%, limit 5%").waitFor();
          await assertAccessible(page);
          Object.assign(alert, { resolvedAt: new Date().toISOString() });
          carousel.add();
          await alerts.waitFor({ state: "detached" });
        },
        own,
      );
    });
  });
});

describe("without a connection", { skip }, () => {
  test("a failed fetch says so, keeps what is known and is retried", async () => {
    await alone(async (own) => {
      const { carousel } = own.mock;
      const one = carousel.add({ title: "Known" });
      await open(
        "",
        { expectErrors: true },
        async (page) => {
          await cardIn(page, "Requested", "Known").waitFor();
          carousel.faults.failing = "/carousels";
          carousel.write(one);
          await page
            .getByText("Something went wrong on our side. This is how things were.")
            .waitFor();
          await cardIn(page, "Requested", "Known").waitFor();
          await assertAccessible(page);
          carousel.faults.failing = "";
          await page.getByRole("button", { name: "Try again" }).click();
          await cardIn(page, "Drawing", "Known").waitFor();
          await until(
            "the notice is gone",
            async () => (await page.getByRole("alert").count()) === 0,
          );
        },
        own,
      );
    });
  });

  test("a column that cannot be read leaves the others, and catches up", async () => {
    await alone(async (own) => {
      const { carousel } = own.mock;
      const one = carousel.add({ title: "Known" });
      carousel.faults.failing = "state=rendering";
      await open(
        "",
        { expectErrors: true },
        async (page) => {
          await page
            .getByText("Something went wrong on our side. Not up to date: Drawing.")
            .waitFor();
          await cardIn(page, "Requested", "Known").waitFor();
          await column(page, "Drawing").getByText("–", { exact: true }).waitFor();
          await assertAccessible(page);
          carousel.write(one);
          carousel.render(one);
          await cardIn(page, "Delivering", "Known").waitFor();
          carousel.faults.failing = "";
          await page.getByRole("button", { name: "Try again" }).click();
          await page.getByText("Not up to date", { exact: false }).waitFor({ state: "detached" });
        },
        own,
      );
    });
  });

  test("without the newest cards those at work are shown, and older ones follow", async () => {
    await alone(async (own) => {
      const { carousel } = own.mock;
      for (let index = 0; index < 101; index += 1)
        carousel.finish(carousel.add({ title: `Number ${index}.`, count: 1 }));
      carousel.add({ title: "Waiting" });
      await own.open("/carousel", { expectErrors: true }, async (page) => {
        let isLost = true;
        await page.route(/\/carousels\?limit=100$/, (route) =>
          isLost ? route.abort() : route.fallback(),
        );
        await signIn(page);
        await page.getByText("Not up to date: Delivered, Failed, Cancelled.").waitFor();
        await cardIn(page, "Requested", "Waiting").waitFor();
        isLost = false;
        await page.getByRole("button", { name: "Try again" }).click();
        await column(page, "Delivered").getByText("99+", { exact: true }).waitFor();
        await page.getByRole("button", { name: "Show 100 older" }).click();
        await column(page, "Delivered").getByText("101", { exact: true }).waitFor();
      });
    });
  });

  test("alerts that cannot be read leave the pipeline usable", async () => {
    await alone(async (own) => {
      own.mock.carousel.faults.failing = "/stats";
      own.mock.carousel.add({ title: "Known" });
      await open(
        "",
        { expectErrors: true },
        async (page) => {
          await page.getByText("Alerts cannot be read.", { exact: false }).waitFor();
          await cardIn(page, "Requested", "Known").waitFor();
        },
        own,
      );
    });
  });

  test("offline keeps the last state and catches up afterwards", async () => {
    const { carousel } = site.mock;
    const one = carousel.add({ title: newTitle() });
    await open("", { expectErrors: true }, async (page, context) => {
      await cardIn(page, "Requested", one.title).waitFor();
      await context.setOffline(true);
      await page.getByText("You are offline.", { exact: false }).waitFor();
      await page.getByText("Offline", { exact: true }).waitFor();
      carousel.write(one);
      await cardIn(page, "Requested", one.title).waitFor();
      await context.setOffline(false);
      await cardIn(page, "Drawing", one.title).waitFor();
      assert.equal(await page.getByText("You are offline.", { exact: false }).count(), 0);
    });
  });

  test("without its event stream the page polls", async () => {
    await alone(async (own) => {
      const { carousel } = own.mock;
      const one = carousel.add({ title: "Polled" });
      await open(
        "",
        { expectErrors: true },
        async (page) => {
          await page.getByText("Live", { exact: true }).waitFor();
          own.mock.cut();
          await page.getByText("Polling", { exact: true }).waitFor();
          carousel.write(one);
          await cardIn(page, "Drawing", "Polled").waitFor();
          own.mock.restore();
          await page.getByText("Live", { exact: true }).waitFor();
        },
        own,
      );
    });
  });

  test("on another host the page shares the API's origin, polls and opens no stream", async () => {
    const { carousel } = site.mock;
    const one = carousel.add({ title: newTitle() });
    const asked = [];
    await site.open("/carousel", { expectErrors: true }, async (_, context) => {
      const page = await context.newPage();
      await page.route("https://carousel.example/**", async (route) => {
        const { pathname, search } = new URL(route.request().url());
        asked.push(pathname);
        if (pathname === "/carousel/config.json") return route.fulfill({ status: 404, body: "" });
        const isPage = pathname === "/carousel" || pathname.startsWith("/assets/");
        const url = `${isPage ? site.home : carousel.url}${pathname}${search}`;
        const { method, headers, body } = {
          method: route.request().method(),
          headers: route.request().headers(),
          body: route.request().postData(),
        };
        const answer = await fetch(url, { method, headers, ...(body ? { body } : {}) });
        return route.fulfill({
          status: answer.status,
          contentType: answer.headers.get("content-type"),
          body: Buffer.from(await answer.arrayBuffer()),
        });
      });
      await page.goto("https://carousel.example/carousel");
      await page.getByText("/confab/operator-key").waitFor();
      await signIn(page);
      await cardIn(page, "Requested", one.title).waitFor();
      await page.getByText("Polling", { exact: true }).waitFor();
      carousel.write(one);
      await cardIn(page, "Drawing", one.title).waitFor();
      assert.equal(await page.getByRole("link", { name: "Control room" }).count(), 0);
      assert.ok(asked.includes("/carousels"));
      assert.ok(!asked.some((path) => path.startsWith("/api/")), `${asked}`);
    });
  });
});

describe("one carousel", { skip }, () => {
  test("slides, timeline, caption and ids are shown", async () => {
    const one = finished({ count: 5 });
    await open(detailOf(one), {}, async (page) => {
      const slides = page.getByRole("list", { name: "Slides" });
      await until("five pictures", async () => (await slides.getByRole("img").count()) === 5);
      await until("they are loaded", () =>
        slides
          .getByRole("img")
          .evaluateAll((images) =>
            images.every((image: HTMLImageElement) => image.naturalWidth > 0),
          ),
      );
      const steps = await page.locator(".timeline strong").allTextContents();
      assert.deepEqual(steps, [
        "carousel.generate.requested",
        "ai.analysis.completed",
        "carousel.slides.generated",
        "carousel.images.rendered",
        "carousel.completed",
        "carousel.delivered",
      ]);
      await section(page, "Caption").getByText("#habits #slow").waitFor();
      await section(page, "Topic").getByText("small habits").waitFor();
      await section(page, "Ids").getByText(one.correlationId).waitFor();
      assert.equal(await page.getByRole("button", { name: "Cancel…" }).count(), 0);
    });
  });

  test("the cost is the sum of its rows to the micro-dollar", async () => {
    const one = finished();
    await open(detailOf(one), {}, async (page) => {
      const cost = section(page, "Cost");
      await cost.getByRole("row", { name: /^Output tokens/ }).waitFor();
      const amounts = await cost.locator("tbody td:last-child").allTextContents();
      const micros = amounts.map((text) => Math.round(Number(text.slice(1)) * 1e6));
      const sum = await cost.locator(".sum strong").textContent();
      assert.ok(micros.length === 6 && micros.some((value) => value > 0));
      assert.equal(sum, `$${(micros.reduce((a, b) => a + b) / 1e6).toFixed(6)}`);
      assert.equal(await cost.getByRole("alert").count(), 0);
    });
  });

  test("a total that its rows do not explain is reported", async () => {
    const one = finished({ costMicros: 1 });
    await open(detailOf(one), {}, async (page) => {
      await section(page, "Cost")
        .getByText("but the total is $0.000001.", { exact: false })
        .waitFor();
    });
  });

  test("a picture is not loaded again when its link is signed anew", async () => {
    const one = finished({ count: 2 });
    await open(detailOf(one), {}, async (page) => {
      const files = () =>
        site.mock.carousel.seen.filter((path) => path.startsWith(`GET /files/${one.id}/1-`)).length;
      const reads = () =>
        site.mock.carousel.seen.filter((path) => path === `GET /carousels/${one.id}`).length;
      await until("the picture", () => files() === 1);
      const before = reads();
      site.mock.carousel.add();
      await until("another read", () => reads() > before);
      await page.waitForTimeout(300);
      assert.equal(files(), 1);
    });
  });

  test("right-to-left slides run from right to left", async () => {
    const [hebrew, english] = [
      finished({ title: "הרגלים", language: "he", count: 3 }),
      finished({ count: 3 }),
    ];
    const lefts = (page) =>
      page
        .locator(".strip li")
        .evaluateAll((items) => items.map((item) => item.getBoundingClientRect().left));
    await open(detailOf(hebrew), {}, async (page) => {
      await page.getByRole("list", { name: "Slides" }).waitFor();
      const [first, second] = await lefts(page);
      assert.ok(first > second, "the first slide is on the right");
      const direction = await page
        .getByRole("heading", { name: "הרגלים" })
        .evaluate((heading) => getComputedStyle(heading).direction);
      assert.equal(direction, "rtl");
      await assertAccessible(page);
    });
    await open(detailOf(english), {}, async (page) => {
      await page.getByRole("list", { name: "Slides" }).waitFor();
      const [first, second] = await lefts(page);
      assert.ok(first < second);
    });
  });

  const again = (page) => page.getByRole("button", { name: /^(Make|Start) again$/ });

  test("a failure names its reason, and the carousel is started again", async () => {
    const { carousel } = site.mock;
    const one = carousel.add({ title: newTitle() });
    carousel.fail(one, "writing");
    await open(detailOf(one), {}, async (page) => {
      await page.getByText("The texts could not be written.").waitFor();
      await page.getByRole("button", { name: "Start again" }).click();
      await page.getByText("The carousel is starting again.").waitFor();
      await page.locator(".facts").getByText("revision 2", { exact: true }).waitFor();
      await page.locator(".facts").getByText("Drawing", { exact: true }).waitFor();
      assert.equal(await page.getByText("The texts could not be written.").count(), 0);
    });
  });

  test("a cancelled carousel is started again", async () => {
    const one = site.mock.carousel.add({ title: newTitle() });
    site.mock.carousel.cancel(one);
    await open(detailOf(one), {}, async (page) => {
      await page.getByRole("button", { name: "Start again" }).click();
      await page.locator(".facts").getByText("Drawing", { exact: true }).waitFor();
    });
  });

  test("a carousel is made again once it is delivered, and not while it runs", async () => {
    const { carousel } = site.mock;
    const one = carousel.add({ title: newTitle() });
    await open(detailOf(one), {}, async (page) => {
      await page.getByRole("button", { name: "Cancel…" }).waitFor();
      assert.equal(await again(page).count(), 0);
      carousel.finish(one);
      await page.getByRole("button", { name: "Make again" }).click();
      await page.getByText("The carousel is being made again.").waitFor();
      await page.getByRole("button", { name: "Cancel…" }).waitFor();
      assert.equal(await again(page).count(), 0);
    });
  });

  test("a running carousel is cancelled after a question", async () => {
    const one = site.mock.carousel.add({ title: newTitle() });
    await open(detailOf(one), {}, async (page) => {
      await page.getByRole("button", { name: "Cancel…" }).click();
      await page.getByRole("button", { name: "Let it run" }).click();
      assert.equal(one.state, "requested");
      await page.getByRole("button", { name: "Cancel…" }).click();
      await page.getByRole("button", { name: "Cancel the carousel" }).click();
      await page.locator(".facts").getByText("Cancelled", { exact: true }).waitFor();
      assert.equal(one.state, "cancelled");
    });
  });

  test("a cancellation that comes too late is explained in the API's words", async () => {
    const one = site.mock.carousel.add({ title: newTitle() });
    await open(detailOf(one), { expectErrors: true }, async (page) => {
      await page.getByRole("button", { name: "Cancel…" }).click();
      Object.assign(one, { state: "delivering", revision: 2 });
      await page.getByRole("button", { name: "Cancel the carousel" }).click();
      await page.getByText("It is too late to cancel this.").waitFor();
      await page.getByRole("button", { name: "Cancel…" }).click();
      one.state = "delivered";
      await page.getByRole("button", { name: "Cancel the carousel" }).click();
      await page.getByText("This is not possible in the carousel's state.").waitFor();
      await page.locator(".facts").getByText("Delivered", { exact: true }).waitFor();
    });
  });

  test("another template draws the slides anew", async () => {
    const one = finished();
    await open(detailOf(one), {}, async (page) => {
      const draw = page.getByRole("button", { name: "Change the template" });
      await draw.waitFor();
      assert.equal(await draw.isDisabled(), true, "nothing is chosen yet");
      await page.getByRole("combobox", { name: "Template" }).selectOption("night");
      site.mock.carousel.add();
      await page.waitForTimeout(500);
      assert.equal(
        await page.getByRole("combobox", { name: "Template" }).inputValue(),
        "night",
        "a refresh leaves the choice",
      );
      await draw.click();
      await page.locator(".facts").getByText("revision 2", { exact: true }).waitFor();
      assert.deepEqual([one.template, one.format], ["night", "portrait"]);
    });
  });

  test("the PDF is drawn on demand, and files are linked", async () => {
    const one = finished({ count: 2 });
    await open(detailOf(one), {}, async (page) => {
      const files = section(page, "Files");
      assert.match(
        await files.getByRole("link", { name: "PNG of slide 2" }).getAttribute("href"),
        /\.png\?signature=/,
      );
      const hint = files.getByText("It is not sent to the chat.", { exact: false });
      await hint.waitFor();
      await files.getByRole("button", { name: "Draw the PDF" }).click();
      await page.getByText("The PDF is being drawn and will be linked here.").waitFor();
      assert.match(
        await files.getByRole("link", { name: "Open the PDF" }).getAttribute("href"),
        /all\.pdf/,
      );
      assert.equal(await hint.count(), 0);
    });
  });

  test("an unknown carousel is explained, with a way back", async () => {
    await open("#carousel=nothing", { expectErrors: true }, async (page) => {
      await page.getByText("Carousel not found").waitFor();
      await assertAccessible(page);
      await page.getByRole("link", { name: "Pipeline" }).first().click();
      await page.getByRole("heading", { name: "Pipeline" }).waitFor();
    });
  });

  test("a timeline that cannot be read leaves the rest", async () => {
    await alone(async (own) => {
      const one = own.mock.carousel.finish(own.mock.carousel.add());
      own.mock.carousel.faults.failing = "/events";
      await open(
        detailOf(one),
        { expectErrors: true },
        async (page) => {
          await section(page, "Timeline").getByText("Something went wrong on our side.").waitFor();
          await section(page, "Cost").getByText("Output tokens").waitFor();
          own.mock.carousel.faults.failing = "";
          await section(page, "Timeline").getByRole("button", { name: "Try again" }).click();
          await page.getByText("carousel.delivered", { exact: true }).waitFor();
        },
        own,
      );
    });
  });
});

describe("the editor of a slide", { skip }, () => {
  test("characters are counted as people count them, and too many cannot be saved", async () => {
    const one = finished();
    await open(slideOf(one, 2), {}, async (page) => {
      await field(page, "Title").fill("👨‍👩‍👧‍👦".repeat(70));
      await editor(page).getByText("70 of 70").waitFor();
      const save = editor(page).getByRole("button", { name: "Save as revision 2" });
      assert.equal(await save.isDisabled(), false);
      assert.equal(await field(page, "Title").getAttribute("aria-invalid"), "false");
      await field(page, "Title").fill("👨‍👩‍👧‍👦".repeat(71));
      await editor(page).getByText("71 of 70 characters, 1 too many").waitFor();
      assert.equal(await save.isDisabled(), true);
      assert.equal(await field(page, "Title").getAttribute("aria-invalid"), "true");
      await assertAccessible(page);
    });
  });

  test("changed texts are drawn before anything is saved", async () => {
    const one = finished();
    const { previews } = site.mock.carousel;
    await open(slideOf(one, 2), {}, async (page) => {
      await page.getByText("Change a text to see it drawn.").waitFor();
      await field(page, "Title").fill("Seen <b>before</b> it is saved");
      await page.getByText("of your text", { exact: true }).waitFor();
      assert.ok(await preview(page).evaluate((image: HTMLImageElement) => image.naturalWidth > 0));
      const { id, number, title, body } = previews.at(-1);
      assert.deepEqual(
        [id, number, title, body],
        [one.id, 2, "Seen <b>before</b> it is saved", one.pages[1].body],
      );
      assert.equal(one.revision, 1);
      await editor(page).getByRole("button", { name: "Discard changes" }).click();
      await page.getByText("Change a text to see it drawn.").waitFor();
    });
  });

  test("a preview is asked for when the typing pauses, and never for unchanged texts", async () => {
    const one = finished();
    const asked = () => site.mock.carousel.previews.filter(({ id }) => id === one.id).length;
    await open(slideOf(one, 2), {}, async (page) => {
      const keys = " and more";
      await field(page, "Title").pressSequentially(keys, { delay: 40 });
      await preview(page).waitFor();
      const before = asked();
      // A busy machine pauses between keys, too.
      assert.ok(before < keys.length, `${before}`);
      await field(page, "Title").fill(one.pages[1].title);
      await page.getByText("Change a text to see it drawn.").waitFor();
      await page.waitForTimeout(800);
      assert.equal(asked(), before);
    });
  });

  test("a preview that is not drawn yet is loaded again", async () => {
    await alone(async (own) => {
      const { carousel } = own.mock;
      const one = carousel.finish(carousel.add());
      carousel.faults.undrawn = 2;
      await open(
        slideOf(one, 2),
        { expectErrors: true },
        async (page) => {
          await field(page, "Title").fill("Later");
          await page.getByText("is being drawn", { exact: true }).waitFor();
          await preview(page).waitFor();
          const loads = carousel.seen.filter((path) => path.includes("/preview-1.png"));
          assert.ok(loads.length >= 3, `${loads.length}`);
        },
        own,
      );
    });
  });

  test("a preview that is never drawn says so and can be tried again", async () => {
    await alone(async (own) => {
      const { carousel } = own.mock;
      const one = carousel.finish(carousel.add());
      carousel.faults.undrawn = 6;
      await open(
        slideOf(one, 2),
        { expectErrors: true },
        async (page) => {
          await field(page, "Title").fill("Never");
          await page.getByText("The preview was not drawn within ten seconds.").waitFor();
          await editor(page).getByRole("button", { name: "Try again" }).click();
          await preview(page).waitFor();
        },
        own,
      );
    });
  });

  test("a saved text is a new revision and a new picture", async () => {
    const one = finished();
    await open(slideOf(one, 2), {}, async (page) => {
      const source = () => page.locator(".pictures > figure img").getAttribute("src");
      const before = await source();
      await field(page, "Text").fill("Rest is work too.");
      await editor(page).getByRole("button", { name: "Save as revision 2" }).click();
      await page.getByText("Saved. The slide is being drawn.").waitFor();
      await editor(page).getByText("of revision 2").waitFor();
      await until(
        "another picture",
        async () => (await source()).split("?")[0] !== before.split("?")[0],
      );
      assert.equal(one.pages[1].body, "Rest is work too.");
      assert.equal(
        await editor(page).getByRole("button", { name: "Save as revision 3" }).isDisabled(),
        true,
      );
    });
  });

  test("an own save that the API tidied up is no conflict", async () => {
    const one = finished();
    await open(slideOf(one, 2), {}, async (page) => {
      await field(page, "Text").fill("  Rest is\u{200b}  work\n\n\n\ntoo. ");
      await editor(page).getByRole("button", { name: "Save as revision 2" }).click();
      await editor(page).getByRole("button", { name: "Save as revision 3" }).waitFor();
      assert.equal(await field(page, "Text").inputValue(), "Rest is work\n\ntoo.");
      assert.equal(await editor(page).getByRole("alert").count(), 0);
    });
  });

  test("a change from elsewhere is a conflict that keeps both texts until one is chosen", async () => {
    const one = finished();
    const { carousel } = site.mock;
    await open(slideOf(one, 2), {}, async (page) => {
      await field(page, "Title").fill("Mine");
      carousel.edit(one, 2, { title: "Theirs" });
      const conflict = editor(page).getByRole("alert", { name: "Conflict" });
      await conflict.getByText("Theirs").waitFor();
      assert.equal(await field(page, "Title").inputValue(), "Mine");
      assert.equal(await editor(page).getByRole("button", { name: /^Save/ }).isDisabled(), true);
      await assertAccessible(page);
      await conflict.getByRole("button", { name: "Keep my text" }).click();
      await editor(page).getByRole("button", { name: "Save as revision 3" }).click();
      await until("mine is saved", () => one.pages[1].title === "Mine" && one.revision === 3);

      await field(page, "Title").fill("Mine again");
      carousel.edit(one, 2, { title: "Theirs again" });
      await conflict.getByRole("button", { name: "Take revision 4" }).click();
      assert.equal(await field(page, "Title").inputValue(), "Theirs again");
    });
  });

  test("a change of another slide is no conflict", async () => {
    const one = finished();
    await open(slideOf(one, 2), {}, async (page) => {
      await field(page, "Title").fill("Mine");
      site.mock.carousel.edit(one, 3, { title: "Elsewhere" });
      await editor(page).getByRole("button", { name: "Save as revision 3" }).click();
      await until("it is saved", () => one.pages[1].title === "Mine");
      assert.equal(one.pages[2].title, "Elsewhere");
    });
  });

  test("a revision that the page has not seen refuses the save and keeps the text", async () => {
    const one = finished();
    await open(slideOf(one, 2), { expectErrors: true }, async (page) => {
      await field(page, "Title").fill("Mine");
      one.revision = 2;
      await editor(page).getByRole("button", { name: "Save as revision 2" }).click();
      await editor(page)
        .getByText("The carousel has a newer revision. Your text is kept; save it again.")
        .waitFor();
      await editor(page).getByRole("button", { name: "Save as revision 3" }).click();
      await until("it is saved", () => one.pages[1].title === "Mine");
    });
  });

  test("a save that the API refuses is explained in its words and keeps the text", async () => {
    await alone(async (own) => {
      const { carousel } = own.mock;
      const one = carousel.finish(carousel.add());
      await open(
        slideOf(one, 2),
        { expectErrors: true },
        async (page) => {
          const save = editor(page).getByRole("button", { name: "Save as revision 2" });
          await field(page, "Text").fill("Rest is work too.");
          carousel.limits.body = 10;
          await save.click();
          const words = editor(page).locator("form cf-notice");
          await words.getByText("body has 17 characters; the limit is 10.").waitFor();
          carousel.limits.body = 220;
          one.state = "rendering";
          await save.click();
          await words.getByText("The carousel is being made or changed.").waitFor();
          assert.equal(await field(page, "Text").inputValue(), "Rest is work too.");
        },
        own,
      );
    });
  });

  test("an unsaved text survives the closed drawer", async () => {
    const one = finished();
    await open(slideOf(one, 2), {}, async (page) => {
      await field(page, "Title").fill("Not yet");
      await page.keyboard.press("Escape");
      await until("the link forgets the slide", () => !page.url().includes("slide="));
      await page.getByRole("link", { name: /Edit slide 3/ }).click();
      assert.equal(await field(page, "Title").inputValue(), one.pages[2].title);
      await page.keyboard.press("Escape");
      await page.getByRole("link", { name: /Edit slide 2/ }).click();
      assert.equal(await field(page, "Title").inputValue(), "Not yet");
      await editor(page).getByRole("button", { name: "Discard changes" }).click();
      assert.equal(await field(page, "Title").inputValue(), one.pages[1].title);
    });
  });

  test("a link to the same slide of another carousel shows its text", async () => {
    const [one, other] = [finished(), finished({ language: "he", count: 5 })];
    await open(slideOf(one, 2), {}, async (page) => {
      await field(page, "Title").fill("Of the first one");
      await page.goto(`${site.home}/carousel${slideOf(other, 2)}`);
      await until(
        "the other text",
        async () => (await field(page, "Title").inputValue()) === other.pages[1].title,
      );
      assert.equal(other.pages[1].title, "התחילו בקטן");
    });
  });

  test("of a quotation only the title is edited, and a long verse stays as it is", async () => {
    const one = finished();
    const text = "A righteous man falls seven times and rises up again. ".repeat(5).trim();
    const verse = { source: "Proverbs 24:16", text };
    Object.assign(one.pages[1], { type: "quote", body: text, verse });
    await open(slideOf(one, 2), {}, async (page) => {
      await editor(page).getByText("A righteous man falls").waitFor();
      assert.equal(await field(page, "Text").count(), 0);
      await field(page, "Title").fill("On falling");
      await page.getByText("of your text", { exact: true }).waitFor();
      assert.equal(site.mock.carousel.previews.at(-1).body, text);
      await editor(page).getByRole("button", { name: "Save as revision 2" }).click();
      await editor(page).getByRole("button", { name: "Save as revision 3" }).waitFor();
      const { title, body } = one.pages[1];
      assert.deepEqual([title, body, one.pages[1].verse], ["On falling", text, verse]);
    });
  });

  test("one slide is written again", async () => {
    const one = finished();
    await open(slideOf(one, 2), {}, async (page) => {
      await editor(page).getByRole("button", { name: "Write this slide again" }).click();
      await until(
        "the new text",
        async () => (await field(page, "Title").inputValue()) === "Written anew",
      );
    });
  });
});

describe("a new carousel", { skip }, () => {
  const dialog = (page) => page.locator("carousel-create cf-dialog[open]");

  test("a topic is requested and followed until it is delivered", async () => {
    await open("", {}, async (page) => {
      await page.getByRole("button", { name: "New carousel" }).click();
      assert.equal(await dialog(page).getByRole("button", { name: "Create" }).isDisabled(), true);
      await dialog(page).getByRole("textbox", { name: "Topic" }).fill("slow mornings");
      await dialog(page).getByLabel("Slides").fill("4");
      await dialog(page).getByLabel("Language").selectOption("he");
      await dialog(page).getByLabel("Template").selectOption("verse");
      await dialog(page).getByLabel("Format").selectOption("square");
      await assertAccessible(page);
      await dialog(page).getByRole("button", { name: "Create" }).click();
      await section(page, "Topic").getByText("slow mornings").waitFor();
      const made = [...site.mock.carousel.carousels.values()].at(-1);
      assert.deepEqual(
        [made.origin, made.count, made.language, made.template, made.format],
        ["page", 4, "he", "verse", "square"],
      );
      site.mock.carousel.finish(made);
      await page.locator(".facts").getByText("Delivered", { exact: true }).waitFor();
    });
  });

  test("a request whose answer was lost is not made twice", async () => {
    await open("", { expectErrors: true }, async (page) => {
      const { carousels } = site.mock.carousel;
      const before = carousels.size;
      let isLost = true;
      await page.route(`${site.mock.carousel.url}/carousels`, async (route) => {
        if (route.request().method() !== "POST" || !isLost) return route.fallback();
        isLost = false;
        await route.fetch();
        return route.abort();
      });
      await page.getByRole("button", { name: "New carousel" }).click();
      await dialog(page).getByRole("textbox", { name: "Topic" }).fill("once only");
      await dialog(page).getByRole("button", { name: "Create" }).click();
      await dialog(page).getByText("The API does not answer.", { exact: false }).waitFor();
      await dialog(page).getByRole("button", { name: "Create" }).click();
      await section(page, "Topic").getByText("once only").waitFor();
      assert.equal(carousels.size, before + 1);
    });
  });

  test("an own text may be long, and a verse needs neither text nor count", async () => {
    await open("", {}, async (page) => {
      await page.getByRole("button", { name: "New carousel" }).click();
      await dialog(page).getByLabel("My own text").check();
      await dialog(page).getByRole("textbox", { name: "Text" }).fill("a".repeat(4096));
      await dialog(page).getByText("4096 of 4096").waitFor();
      assert.equal(await dialog(page).getByRole("button", { name: "Create" }).isDisabled(), false);
      await dialog(page).getByLabel("A topic").check();
      await dialog(page).getByText("3896 too many", { exact: false }).waitFor();
      await dialog(page).getByLabel("A verse").check();
      assert.equal(await dialog(page).getByLabel("Slides").count(), 0);
      await dialog(page).getByRole("button", { name: "Create" }).click();
      await section(page, "A verse").waitFor();
      assert.equal([...site.mock.carousel.carousels.values()].at(-1).count, 1);
    });
  });

  test("a carousel that the API does not know yet is awaited", async () => {
    await open("", { expectErrors: true }, async (page) => {
      let isKnown = false;
      await page.route(/\/carousels\/[^/?]+$/, (route) =>
        isKnown
          ? route.fallback()
          : route.fulfill({
              status: 404,
              headers: { "access-control-allow-origin": "*" },
              contentType: "application/problem+json",
              body: JSON.stringify(
                problem(404, "carousel_not_found", "There is no such carousel."),
              ),
            }),
      );
      await page.getByRole("button", { name: "New carousel" }).click();
      await dialog(page).getByRole("textbox", { name: "Topic" }).fill("soon");
      await dialog(page).getByRole("button", { name: "Create" }).click();
      await page.getByText("Accepted. The carousel appears here in a moment.").waitFor();
      isKnown = true;
      await section(page, "Topic").getByText("soon").waitFor();
    });
  });
});

describe("figures", { skip }, () => {
  test("without carousels each part says what will be there", async () => {
    await alone(async (own) => {
      await open(
        "#view=figures",
        {},
        async (page) => {
          for (const words of [
            "Nothing counted yet",
            "No durations yet",
            "No people yet",
            "No alerts",
            "No events yet",
          ])
            await page.getByText(words).waitFor();
          await assertAccessible(page);
        },
        own,
      );
    });
  });

  test("counts, funnel and events are shown", async () => {
    finished();
    await open("#view=figures", {}, async (page) => {
      await section(page, "Counts").getByText("412", { exact: true }).waitFor();
      await section(page, "Counts").getByText("$1.284310", { exact: true }).waitFor();
      await section(page, "Funnel")
        .getByRole("row", { name: /^Delivered 75% 181 91%/ })
        .waitFor();
      await section(page, "Events on the bus")
        .getByRole("link", { name: "carousel.delivered" })
        .click();
      await page.getByRole("heading", { name: "Events", exact: true }).waitFor();
      assert.equal(
        await page.getByRole("combobox", { name: "Type" }).inputValue(),
        "carousel.delivered",
      );
    });
  });

  test("the chart has its table beside it, and a stage is chosen by keyboard", async () => {
    finished();
    await open("#view=figures", {}, async (page) => {
      const durations = section(page, "Durations");
      const chart = (name) =>
        durations.getByRole("img", {
          name: `${name}: p50 and p95 by hour. The table has the figures.`,
        });
      await chart("Total").waitFor();
      const rows = durations.getByRole("table").locator("tbody tr");
      assert.equal(await rows.count(), 24);
      assert.equal(await chart("Total").locator("circle.p95").count(), 24);
      const before = await rows.first().textContent();
      await durations.getByRole("radio", { name: "Total" }).focus();
      await page.keyboard.press("ArrowUp");
      await chart("Delivery").waitFor();
      assert.notEqual(await rows.first().textContent(), before);
    });
  });

  test("a shorter time is asked for and can be linked to", async () => {
    finished();
    await open("#view=figures", {}, async (page) => {
      await page.getByRole("combobox", { name: "Of the last" }).selectOption("6");
      const rows = section(page, "Durations").getByRole("table").locator("tbody tr");
      await until("six hours", async () => (await rows.count()) === 6);
      assert.match(page.url(), /hours=6/);
    });
  });

  test("open and resolved alerts are listed", async () => {
    await alone(async (own) => {
      const { carousel } = own.mock;
      carousel.finish(carousel.add());
      const at = (minutes) => new Date(Date.now() - minutes * 60_000).toISOString();
      carousel.alerts.push(
        {
          rule: "slow_carousels",
          severity: "warning",
          since: at(60),
          resolvedAt: at(40),
          value: 31_200,
          limit: 30_000,
        },
        {
          rule: "a_new_rule",
          severity: "critical",
          since: at(90),
          resolvedAt: null,
          value: 1,
          limit: 0,
        },
      );
      await open(
        "#view=figures",
        {},
        async (page) => {
          const items = section(page, "Alerts").getByRole("listitem");
          await items.first().getByText("A new rule").waitFor();
          await items.nth(1).getByText("31 s, limit 30 s").waitFor();
          await items.nth(1).getByText("lasted 20 min", { exact: false }).waitFor();
        },
        own,
      );
    });
  });
});

describe("events", { skip }, () => {
  const rows = (page) => page.getByRole("table", { name: "Events" }).locator("tbody tr");

  test("they are filtered by type and correlation, page by page", async () => {
    await alone(async (own) => {
      const { carousel } = own.mock;
      const made = Array.from({ length: 12 }, () => carousel.finish(carousel.add({ count: 1 })));
      await open(
        "#view=events",
        {},
        async (page) => {
          await until("a page", async () => (await rows(page).count()) === 50);
          await page.getByRole("button", { name: "Show 50 more" }).click();
          await until("all of them", async () => (await rows(page).count()) === 72);
          await page.getByText("End of the list.").waitFor();
          await page.getByRole("combobox", { name: "Type" }).selectOption("carousel.completed");
          await until("one of each", async () => (await rows(page).count()) === 12);
          await rows(page).first().getByRole("link", { name: /^…/ }).last().click();
          await until("those of one carousel", async () => (await rows(page).count()) === 6);
          const newest = made.at(-1).correlationId;
          assert.equal(
            await page.getByRole("searchbox", { name: "Correlation id" }).inputValue(),
            newest,
          );
          await page.getByRole("button", { name: "Clear", exact: true }).click();
          await until("a page again", async () => (await rows(page).count()) === 50);
          await page.goBack();
          await until("Back restores the filter", async () => (await rows(page).count()) === 6);
        },
        own,
      );
    });
  });

  test("a time that has no events says so and is cleared", async () => {
    finished();
    await open("#view=events", {}, async (page) => {
      await rows(page).first().waitFor();
      await page.getByLabel("To", { exact: true }).fill("2020-02-29T09:00");
      await page.getByText("No event matches").waitFor();
      await assertAccessible(page);
      await page.getByRole("button", { name: "Clear the filters" }).click();
      await rows(page).first().waitFor();
    });
  });

  test("new events do not move what is read on a later page", async () => {
    await alone(async (own) => {
      const { carousel } = own.mock;
      for (let index = 0; index < 12; index += 1) carousel.finish(carousel.add({ count: 1 }));
      await open(
        "#view=events",
        {},
        async (page) => {
          await page.getByRole("button", { name: "Show 50 more" }).click();
          await until("all of them", async () => (await rows(page).count()) === 72);
          carousel.add();
          await page.waitForTimeout(600);
          assert.equal(await rows(page).count(), 72);
          await page.getByRole("button", { name: "Back to the first 50" }).click();
          await until("the newest page", async () => (await rows(page).count()) === 50);
          await rows(page)
            .first()
            .getByText("carousel.generate.requested", { exact: true })
            .waitFor();
        },
        own,
      );
    });
  });

  test("an event shows its data and all of its JSON", async () => {
    const one = finished();
    await open(
      `#view=events&correlation=${one.correlationId}&type=carousel.completed`,
      {},
      async (page) => {
        await rows(page)
          .getByText(/slides 7, \$0\.\d{6}, 2\.14 s/)
          .waitFor();
        await rows(page).getByText("JSON").click();
        const text = await rows(page)
          .getByLabel(/^Event evt_/)
          .textContent();
        assert.equal(JSON.parse(text).correlationId, one.correlationId);
        await rows(page)
          .getByRole("link", { name: `…${one.id.slice(-6)}` })
          .click();
        await page.getByRole("heading", { name: one.title }).waitFor();
      },
    );
  });

  test("the replay's dry run is a command to copy", async () => {
    await open(
      "#view=events",
      { permissions: ["clipboard-read", "clipboard-write"] },
      async (page) => {
        await section(page, "Replay")
          .getByText("confab replay --events --dry-run --local", { exact: true })
          .waitFor();
        await section(page, "Replay").getByRole("button", { name: "Copy" }).click();
        await page.getByText("Copied").waitFor();
        assert.equal(
          await page.evaluate(() => navigator.clipboard.readText()),
          "confab replay --events --dry-run --local",
        );
      },
    );
  });
});

describe("every view", { skip }, () => {
  let own: Site;
  const views = new Map<string, string>();
  before(async () => {
    if (skip) return;
    own = await setUp();
    const { fillCarousel } = await import("./mock-carousel");
    const { carousel } = own.mock;
    fillCarousel(carousel);
    const long = carousel.finish(
      carousel.add({
        title: "Donaudampfschifffahrtselektrizitätenhauptbetriebswerk ".repeat(3).trim(),
      }),
    );
    const hebrew = carousel.finish(carousel.add({ language: "he", count: 5 }));
    views.set("pipeline", "").set("detail", detailOf(long)).set("Hebrew detail", detailOf(hebrew));
    views
      .set("editor", slideOf(hebrew, 2))
      .set("figures", "#view=figures")
      .set("events", "#view=events");
  });
  after(() => own?.tearDown());

  const isReady = async (page) => {
    await until(
      "nothing loads",
      async () => (await page.getByText("Loading", { exact: true }).count()) === 0,
    );
    await page.getByRole("heading", { level: 2 }).first().waitFor();
  };

  for (const name of ["pipeline", "detail", "Hebrew detail", "editor", "figures", "events"]) {
    for (const colorScheme of schemes)
      test(`${name} passes axe in ${colorScheme}`, async () => {
        await open(
          views.get(name),
          { colorScheme },
          async (page) => {
            await isReady(page);
            await assertAccessible(page);
          },
          own,
        );
      });
    for (const width of [1280, 768, 320])
      test(`${name} fits ${width} px without broken words`, async () => {
        await open(
          views.get(name),
          { viewport: { width, height: 860 } },
          async (page) => {
            await isReady(page);
            await assertFits(page);
            await assertWordsWhole(page);
          },
          own,
        );
      });
  }

  test("a carousel is reached, edited and left by keyboard", async () => {
    await open(
      "",
      {},
      async (page) => {
        await isReady(page);
        const tabTo = (what, locator) =>
          until(`Tab reaches ${what}`, async () => {
            await page.keyboard.press("Tab");
            return locator.evaluate((element) => element.matches(":focus"));
          });
        await tabTo("a card", column(page, "Drawing").getByRole("link").first());
        await page.keyboard.press("Enter");
        const slide = page.getByRole("link", { name: /Edit slide 1/ });
        await slide.waitFor();
        await tabTo("a slide", slide);
        await page.keyboard.press("Enter");
        await tabTo("the title", field(page, "Title"));
        await page.keyboard.press("Escape");
        await until("the slide has the focus again", () =>
          slide.evaluate((element) => element.matches(":focus")),
        );
      },
      own,
    );
  });

  test("motion is off when asked", async () => {
    await open(
      "",
      { reducedMotion: "reduce" },
      async (page) => {
        const one = own.mock.carousel.add({ title: "Quiet mover" });
        await cardIn(page, "Requested", "Quiet mover").waitFor();
        await page.evaluate(() => {
          const { animate } = Element.prototype;
          Element.prototype.animate = function (...given) {
            document.documentElement.dataset.moved = "yes";
            return animate.apply(this, given);
          };
        });
        own.mock.carousel.write(one);
        await cardIn(page, "Drawing", "Quiet mover").waitFor();
        assert.equal(await page.evaluate(() => document.documentElement.dataset.moved), undefined);
      },
      own,
    );
  });
});
