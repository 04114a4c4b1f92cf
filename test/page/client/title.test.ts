import type { Page } from "playwright-core";
import t from "tap";
import { stage } from "../stage.ts";

const it = await stage();
t.teardown(() => it.close());

const open = async (head: string) =>
  (await it.open({ html: `<!doctype html><head>${head}</head><body><h1>App</h1>` })).page;
const titled = async (page: Page, title: string) =>
  await page.waitForFunction(`document.title === ${JSON.stringify(title)}`);

t.test("the title begins with whose page it is, and the page's own scripts change the rest", async (t) => {
  const page = await open("<title>Inbox</title>");
  await titled(page, "as Nuno Almeida · Inbox");
  for (const [what, change, title] of [
    ["a new title", `document.title = "Sent"`, "as Nuno Almeida · Sent"],
    ["a counter before it", `document.title = "(3) " + document.title`, "as Nuno Almeida · (3) Sent"],
    [
      "other text in the element",
      `document.querySelector("title").firstChild.data = "A"`,
      "as Nuno Almeida · A",
    ],
    ["none", `document.querySelector("title").remove()`, "as Nuno Almeida"],
    ["another head", `document.head.replaceWith(document.createElement("head"))`, "as Nuno Almeida"],
    ["a title in it", `document.title = "B"`, "as Nuno Almeida · B"],
    ["what only looks like ours", `document.title = "as yourself"`, "as Nuno Almeida · as yourself"],
  ] as const) {
    await page.evaluate(change);
    await titled(page, title);
    t.equal(await page.title(), title, what);
  }
  await page.context().close();
});

t.test("a page without a title gets one", async (t) => {
  const page = await open("");
  await titled(page, "as Nuno Almeida");
  t.equal(await page.evaluate("document.querySelectorAll('title').length"), 1);
  await page.context().close();
});

t.test("a title that came with the words in it has them once", async (t) => {
  for (const [served, title] of [
    ["as Nuno Almeida &#183; Inbox", "as Nuno Almeida · Inbox"],
    ["as Nuno Almeida &#183; ", "as Nuno Almeida"],
  ] as const) {
    const page = await open(`<title>${served}</title>`);
    await page.waitForFunction(`document.querySelector("guise-banner").matches(":popover-open")`);
    await titled(page, title);
    t.equal(await page.title(), title);
    await page.context().close();
  }
});

t.test("an app that takes the words out at once keeps the browser no busier than it must", async (t) => {
  const page = await open("<title>A</title>");
  await titled(page, "as Nuno Almeida · A");
  await page.evaluate(`{
    window.fights = 0;
    new MutationObserver(() => {
      if (document.title === "A") return;
      window.fights += 1;
      document.title = "A";
    }).observe(document.querySelector("title"), { childList: true });
    document.title = "B";
  }`);
  await page.waitForFunction("window.fights > 3");
  t.equal(await page.evaluate("1 + 1"), 2, "the page still answers");
  await page.context().close();
});
