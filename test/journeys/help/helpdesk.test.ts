import { createHash } from "node:crypto";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import type { Page } from "playwright-core";
import t from "tap";
import { findings } from "../../fixtures/browser/accessible.ts";
import { tabOpenedBy } from "../../fixtures/browser/browser.ts";
import { journey } from "../../fixtures/browser/journey.ts";

const SECRET = `guise_${"a".repeat(43)}`;
const HASH = createHash("sha256").update(SECRET).digest("hex");

/** A helpdesk with a frame beside its conversation, on an origin of its own. */
async function conversations() {
  let framed = "";
  const server = createServer((_request, response) => {
    response.setHeader("content-type", "text/html; charset=utf-8");
    response.end(`<!doctype html><html lang="en"><meta name="viewport" content="width=device-width"><title>Conversation 42</title><main><h1>Conversation 42</h1><iframe title="View the app" src="${framed}" width="340" height="140"></iframe></main>
<script>
const tell = () => frames[0].postMessage(JSON.stringify({ event: "appContext", data: { conversation: { id: 42 }, contact: { email: "nuno@example.com" } } }), "*");
addEventListener("message", ({ data }) => data === "chatwoot-dashboard-app:fetch-info" && tell());
</script>`);
  });
  await new Promise<void>((listening) => server.listen(0, "127.0.0.1", listening));
  const { port } = server.address() as AddressInfo;
  return {
    origin: `http://127.0.0.1:${port}`,
    frames: (address: string) => {
      framed = address;
    },
    close: () => {
      server.closeAllConnections();
      server.close();
    },
  };
}

const chat = await conversations();
t.teardown(() => chat.close());
const edited = (yaml: string) =>
  `${yaml.replace("owner: site, examples: [/site/9421] }", "owner: site, examples: [/site/9421], help: true }")}
help: { webhooks: [ { url: "${chat.origin}/tickets" } ] }
helpdesk: { embed: { origins: ["${chat.origin}"] } }
api: { tokens: [ { name: chat, hash: "sha256:${HASH}", rights: [start], expires: "2099-01-01" } ] }
`;
const it = await journey({ named: true, edit: edited });
t.teardown(() => it.close());
chat.frames(`${it.stack.url}/.guise/embed`);

t.test(
  "from a frame beside a conversation to the customer's page, and not from a frame of anybody else's",
  async (t) => {
    const alice = await it.person("alice@demo.test");
    const conversation = await alice.newPage();
    await conversation.goto(chat.origin);
    const frame = conversation.frameLocator("iframe");
    await frame.locator("a").waitFor();
    t.equal(await frame.locator("a").innerText(), "View the app as nuno@example.com");
    const inside = conversation.frames()[1];
    t.equal(await inside?.evaluate("origin"), "null", "to the browser it is of no origin");
    await t.rejects(async () => await inside?.evaluate("document.cookie"), /cookie/i);
    t.strictSame(await findings(conversation), { looked: true, violations: [] });
    await it.shot(conversation, "84-embedded");
    await conversation.emulateMedia({ colorScheme: "dark" });
    await conversation.setViewportSize({ width: 360, height: 740 });
    await it.shot(conversation, "85-embedded-phone-dark");
    const page = await tabOpenedBy(alice, () => frame.locator("a").click());
    await page.waitForLoadState();
    t.match(await page.locator("main").innerText(), /Nobody has verified that it was them who wrote/);
    t.equal(await page.locator("#ticket").inputValue(), "42");
    t.strictSame(await findings(page), { looked: true, violations: [] });
    await it.shot(page, "86-by-address");

    // The same frame on another origin: `localhost` is none of those that the config names.
    const foreign = await alice.newPage();
    await foreign.goto(chat.origin.replace("127.0.0.1", "localhost"));
    const shown = foreign.frames()[1];
    await foreign.waitForFunction("document.readyState === 'complete'");
    t.notMatch((await shown?.content()) ?? "", "guise-embed", "it isn't shown there");
  },
);

t.test("a program's link, one click, and the page is theirs; a second time it leads nowhere", async (t) => {
  const made = await fetch(`${it.stack.url}/.guise/api/start`, {
    method: "POST",
    headers: { authorization: `Bearer ${SECRET}`, "content-type": "application/json" },
    body: JSON.stringify({
      agent: "1",
      user: "17",
      to: "/site/9421/overview",
      ticket: "T-9",
      reason: "empty chart",
    }),
  });
  const { link } = (await made.json()) as { readonly link: string };
  const alice = await it.person("alice@demo.test");
  const page = await alice.newPage();
  await page.goto(link);
  t.match(await page.locator("main").innerText(), /made for you by chat/);
  t.strictSame(await findings(page), { looked: true, violations: [] });
  await it.shot(page, "87-program-link");
  await page.click("main button:has-text('View as')");
  await page.waitForURL((url) => url.pathname === "/site/9421/overview");
  t.ok(await page.locator("guise-banner").isVisible());
  t.equal((await (await alice.newPage()).goto(link))?.status(), 404);
});

/** Red boxes that are laid on the page, the first of which may be drawn. */
const BOXES: readonly (readonly [name: string, attributes: Readonly<Record<string, string>>])[] = [
  ["div", {}],
  ["div", { "data-guise-mask": "" }],
  ["input", { value: "secret" }],
  ["textarea", {}],
  ["div", { contenteditable: "true" }],
  ["canvas", {}],
];

/** What is seen in the middle of a box of the picture, as red, green and blue. */
async function colourAt(page: Page, picture: string, x: number, y: number): Promise<readonly number[]> {
  return (await page.evaluate(`(async () => {
    const image = new Image();
    image.src = ${JSON.stringify(picture)};
    await image.decode();
    const scale = image.width / innerWidth;
    const canvas = document.createElement("canvas");
    [canvas.width, canvas.height] = [image.width, image.height];
    const context = canvas.getContext("2d");
    context.drawImage(image, 0, 0);
    return [...context.getImageData(${x} * scale, ${y} * scale, 1, 1).data].slice(0, 3);
  })()`)) as readonly number[];
}

t.test(
  "the picture has grey boxes where something was typed, masked or embedded, pixel by pixel",
  async (t) => {
    const nuno = await it.person("nuno@example.com");
    const page = await nuno.newPage();
    await page.goto(`${it.stack.url}/site/9421/overview`);
    await page.waitForSelector("guise-help", { state: "attached" });
    await page.evaluate(`for (const [at, [name, attributes]] of ${JSON.stringify(BOXES)}.entries()) {
    const box = document.createElement(name);
    for (const [key, value] of Object.entries(attributes)) box.setAttribute(key, value);
    box.style.cssText = \`position:absolute;left:\${20 + at * 60}px;top:300px;width:40px;height:40px;background:#f00;border:0;display:block\`;
    document.body.append(box);
  }`);
    const box = await page.locator("guise-help").boundingBox();
    await page.mouse.click((box?.x ?? 0) + (box?.width ?? 0) / 2, (box?.y ?? 0) + (box?.height ?? 0) / 2);
    await page.keyboard.type("See the picture");
    await page.keyboard.press("Tab");
    await page.keyboard.press("Space");
    // It is sent as it is shown: not before it is drawn.
    const drawn = page.waitForRequest((request) => request.url().endsWith("/.guise/ask-for-help"));
    await it.shot(page, "88-picture");
    await page.keyboard.press("Tab");
    await page.keyboard.press("Tab");
    await page.keyboard.press("Enter");
    const { screenshot } = (await drawn).postDataJSON() as { readonly screenshot: string };
    t.match(screenshot, /^data:image\/jpeg;base64,/);
    const seen = await Promise.all(BOXES.map((_, at) => colourAt(page, screenshot, 40 + at * 60, 320)));
    const [open = [], ...hidden] = seen;
    t.ok((open[0] ?? 0) > 200 && (open[1] ?? 255) < 60, `what is not masked is drawn: ${open.join()}`);
    for (const colour of hidden)
      t.ok(
        colour.every((part) => Math.abs(part - 0x99) < 12),
        `and the others are grey: ${colour.join()}`,
      );
  },
);
