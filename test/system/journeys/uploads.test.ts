import type { Page } from "playwright-core";
import t, { type Test } from "tap";
import { hostile } from "../../fixtures/browser/hostile.ts";
import { ready } from "../../page/stage.ts";

const it = await hostile();
t.teardown(() => it.close());

/** An upload by a form, and by a script in both ways; the script says what it heard. */
const FORM = `<!doctype html><html lang="en"><title>Upload</title><body><h1>{who} uploads</h1>
<form method="post" action="/files" enctype="multipart/form-data"><input type="file" name="file"><button>Send</button></form>
<p id="said"></p><a href="/u/17/next">Next</a>
<script>
  const say = (text) => { document.querySelector("#said").textContent = text; };
  window.byFetch = (size) => fetch("/files", { method: "POST", body: new Blob([new Uint8Array(size)]) })
    .then(async (answer) => say(answer.status + " " + (await answer.json()).code), (error) => say(String(error)));
  window.byXhr = (size) => {
    const request = new XMLHttpRequest();
    request.open("PUT", "/files");
    request.responseType = "json";
    request.onloadend = () => say(request.status + " " + request.response?.code);
    request.send(new Blob([new Uint8Array(size)]));
  };
</script>`;
it.app.page("/u/17/upload", FORM);
it.app.page("/u/17/next", "<!doctype html><title>Next</title><h1>The next page of {who}</h1>");

async function uploading(): Promise<Page> {
  const context = await it.person("alice");
  const page = await it.fromTicket(context, "/u/17/upload");
  await ready(page);
  return page;
}

const MEGABYTE = 1_048_576;

async function nextPage(page: Page): Promise<string> {
  await page.goto(`${it.url}/u/17/next`);
  return await page.locator("h1").innerText();
}

async function refusesAll(t: Test, sizes: readonly number[]): Promise<void> {
  for (const size of sizes) {
    const page = await uploading();
    const file = { name: "big.bin", mimeType: "application/octet-stream", buffer: Buffer.alloc(size) };
    await page.setInputFiles("input[type=file]", file);
    await page.click("text=Send");
    await page.waitForURL(`${it.url}/files`);
    t.match(await page.locator("main").innerText(), /Only looking is allowed/, `a form of ${size} bytes`);
    t.equal(await nextPage(page), "The next page of 17", "and the next page comes");

    for (const how of ["byFetch", "byXhr"]) {
      await page.goto(`${it.url}/u/17/upload`);
      await ready(page);
      await page.evaluate(`${how}(${size})`);
      await page.locator("#said:not(:empty)").waitFor();
      t.equal(await page.locator("#said").innerText(), "403 read-only", `${how} of ${size} bytes`);
      t.equal(await nextPage(page), "The next page of 17", "and the next page comes");
    }
    await page.context().close();
  }
}

t.test("a refused upload of any size is answered, and so is what comes after it", async (t) => {
  await refusesAll(t, [Math.round(1.3 * MEGABYTE), 20 * MEGABYTE]);
  t.notOk(
    it.app.requests.some(({ path }) => path === "/files"),
    "the app heard of none",
  );
});

t.test("where the connection is closed instead, the answer is read all the same", async (t) => {
  await it.configure((yaml) => `${yaml}limits: { drain: 100kB }\n`);
  await refusesAll(t, [20 * MEGABYTE]);
  t.notOk(it.app.requests.some(({ path }) => path === "/files"));
});
