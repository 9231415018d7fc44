// The carousel's page on `local`, with the functions behind it: from a topic to an edited slide.
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { assertAccessible, type Site, setUp, until } from "./browser";

const needsLocal = process.env.CONFAB_HOME ? false : "needs local";
let site: Site;
before(async () => {
  if (!needsLocal) site = await setUp();
});
after(() => site?.tearDown());

const loaded = (images) =>
  images.evaluateAll((all) => all.every((image: HTMLImageElement) => image.naturalWidth > 0));

describe("the page of carousels on local", { skip: needsLocal }, () => {
  test("a topic becomes slides, one of them is edited, and the events are listed", async () => {
    await site.open("/carousel", {}, async (page) => {
      await page.getByLabel("Key", { exact: true }).fill("operator-key");
      await page.getByRole("button", { name: "Continue" }).click();
      await page.getByRole("button", { name: "New carousel" }).click();
      const create = page.locator("carousel-create cf-dialog[open]");
      await create.getByRole("textbox", { name: "Topic" }).fill("slow mornings");
      await create.getByLabel("Slides").fill("3");
      await create.getByRole("button", { name: "Create" }).click();
      await page.locator(".facts").getByText("Delivered", { exact: true }).waitFor();
      const slides = page.getByRole("list", { name: "Slides" }).getByRole("img");
      await until("three pictures", async () => (await slides.count()) === 3);
      await until("they are loaded", () => loaded(slides));
      await assertAccessible(page);

      const hash = await page.evaluate(() => location.hash);
      await page.goto(`${page.url().split("#")[0]}${hash}&slide=2`);
      const editor = page.locator("slide-editor cf-dialog[open]");
      await editor.getByRole("textbox", { name: "Title" }).fill("My own title");
      const preview = page.getByRole("img", { name: /^Preview of slide/ });
      await preview.waitFor();
      assert.ok(await loaded(preview));
      await editor.getByRole("button", { name: "Save as revision 2" }).click();
      await page.locator(".facts").getByText("revision 2", { exact: true }).waitFor();
      await page.locator(".facts").getByText("Delivered", { exact: true }).waitFor();
      const steps = page.locator(".timeline strong");
      await until("the edit in the timeline", async () =>
        (await steps.allTextContents()).includes("carousel.edited"),
      );
    });
  });
});
