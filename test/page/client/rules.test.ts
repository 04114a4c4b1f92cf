import t from "tap";
import { stage } from "../stage.ts";

const it = await stage();
t.teardown(() => it.close());

t.test("what is disabled is grey and can't be used, also when the app renders it later", async (t) => {
  const html = `<!doctype html><title>a</title><body><script>window.done = []</script>
    <a id=link href="/gone" data-pay>a</a><button data-pay id=button onclick="done.push('click')"><b>b</b></button>
    <form data-pay action="/gone"><input name=x value="1"><button id=send>send</button></form><a id=fine href="#ok">c</a>`;
  const { page } = await it.open({ html, view: { disable: ["x-none, [data-pay]", "a:not-a-selector("] } });
  await page.waitForFunction("document.querySelector('#link').getAttribute('aria-disabled') === 'true'");
  await page.evaluate(
    `document.body.insertAdjacentHTML("beforeend", '<button data-pay id=late onclick="done.push(1)">late</button>')`,
  );
  await page.waitForFunction("document.querySelector('#late').getAttribute('aria-disabled') === 'true'");
  for (const id of ["#link", "#button", "#late", "#send"]) await page.click(id, { force: true });
  await page.focus("#link");
  await page.keyboard.press("Enter");
  await page.evaluate("document.querySelector('#button').click()");
  await page.evaluate("document.querySelector('form').requestSubmit()");
  await page.focus("input");
  await page.keyboard.type("2");
  t.strictSame(await page.evaluate("[done, location.pathname, document.querySelector('input').value]"), [
    [],
    "/page",
    "1",
  ]);
  t.equal(await page.evaluate("getComputedStyle(document.querySelector('#late')).opacity"), "0.45");
  await page.click("#fine");
  t.match(page.url(), /#ok$/, "everything else works");
  await page.context().close();
});

t.test(
  "an element that the app uses again for something else can be used again, and the other way round",
  async (t) => {
    const html = `<!doctype html><title>a</title><body><a id=one href="/gone" title="Go">a</a><a id=two href="#fine">b</a>`;
    const { page } = await it.open({ html, view: { disable: ["a[href='/gone']"] } });
    const told = (id: string) =>
      page.evaluate(
        `[document.querySelector("${id}").getAttribute("aria-disabled"), document.querySelector("${id}").title]`,
      );
    await page.waitForFunction("document.querySelector('#one').getAttribute('aria-disabled') === 'true'");
    await page.evaluate(
      "document.querySelector('#one').href = '#fine', document.querySelector('#two').href = '/gone'",
    );
    await page.waitForFunction("document.querySelector('#two').getAttribute('aria-disabled') === 'true'");
    t.strictSame(await told("#one"), [null, "Go"]);
    await page.click("#two", { force: true });
    t.equal(new URL(page.url()).pathname, "/page");
    await page.click("#one");
    t.match(page.url(), /#fine$/);
    await page.context().close();
  },
);

t.test("the app's way to sign out stops instead", async (t) => {
  for (const press of ["#out", "#inner", "#form button"]) {
    const html = `<!doctype html><title>a</title><body><a id=out href="/logout">a</a><a href="/logout"><i id=inner>b</i></a>
      <form id=form action="/logout" method=post><button>c</button></form>`;
    const view = { logout: ["a[href='/logout']", "form[action='/logout']"] };
    const { page } = await it.open({ html, view });
    const stopped = it.site.next((line) => line.startsWith("POST /.guise/stop"));
    await page.click(press);
    t.equal(await stopped, `POST /.guise/stop ${new URLSearchParams({ _csrf: "c~s\\r<f" })}`);
    await page.waitForURL("**/stopped");
    await page.context().close();
  }
});

const CONFIRM = [
  ["POST", "^/ask/\\d+/delete$", "Delete this site for Nuno?"],
  ["POST", "^/old/", "Delete this?"],
  ["PATCH", "^/ask/it$", "Change it?"],
  ["GET", "^/ask/danger$", "Go there?"],
] as const;
const YES = `${new URLSearchParams({ _csrf: "c~s\\r<f" })}&_confirmation=token-1`;

t.test("a form is asked about before it is sent, and then the kept request is done", async (t) => {
  const html = `<!doctype html><meta charset=utf-8><title>a</title><body><form method=post action="/ask/42/delete?a=b"><input type=hidden name=action value=x><button name=how value=now>Delete</button></form>`;
  const { page, banner } = await it.open({ html, view: { confirm: CONFIRM } });
  await page.click("form button");
  while (!(await banner.has("dialog.ask"))) await page.evaluate("0");
  t.match(await banner.call("dialog.ask", "return this.innerText;"), /Delete this site for Nuno\?/);
  t.equal(await banner.call(":focus", "return this.textContent;"), "Cancel");
  await page.keyboard.press("Escape");
  t.equal(await banner.has("dialog.ask"), false, "Escape means no");
  t.equal(
    it.site.asked.some((line) => line.startsWith("POST /ask")),
    false,
  );

  await page.click("form button");
  while (!(await banner.has("dialog.ask"))) await page.evaluate("0");
  await banner.click("dialog.ask .sure");
  await page.waitForURL("**/ask/42/delete?a=b&_guise_confirm=yes");
  t.strictSame(
    it.site.asked.filter((line) => line.startsWith("POST /ask")),
    ["POST /ask/42/delete?a=b action=x&how=now", `POST /ask/42/delete?a=b&_guise_confirm=yes ${YES}`],
  );
  await page.context().close();
});

t.test("a server that gives no token asks on its own page", async (t) => {
  const html = `<!doctype html><meta charset=utf-8><title>a</title><body><form method=post action="/old/x"><input name=a value=b><button>Delete</button></form>`;
  const { page, banner } = await it.open({ html, view: { confirm: CONFIRM } });
  await page.click("form button");
  while (!(await banner.has("dialog.ask"))) await page.evaluate("0");
  await banner.click("dialog.ask .sure");
  await page.waitForURL("**/old/x");
  t.equal(await page.title(), "the server asks");
  await page.context().close();
});

t.test("a method that a form overrides is the one that counts", async (t) => {
  const html = `<!doctype html><meta charset=utf-8><title>a</title><body><form method=post action="/ask/it"><input name=_method value=patch><button>Change</button></form>`;
  const { page, banner } = await it.open({ html, view: { confirm: CONFIRM } });
  await page.click("form button");
  while (!(await banner.has("dialog.ask"))) await page.evaluate("0");
  await banner.click("dialog.ask .sure");
  await page.waitForURL("**/ask/it?_guise_confirm=yes");
  t.ok(it.site.asked.includes("POST /ask/it _method=patch"));
  await page.context().close();
});

t.test("a link is asked about before it is followed", async (t) => {
  const html = `<!doctype html><title>a</title><body><a href="/ask/danger">x</a>`;
  const { page, banner } = await it.open({ html, view: { confirm: CONFIRM } });
  await page.click("a[href='/ask/danger']");
  while (!(await banner.has("dialog.ask"))) await page.evaluate("0");
  await banner.click("dialog.ask .sure");
  await page.waitForURL("**/ask/danger?_guise_confirm=yes");
  t.pass("yes leads on");
  await page.context().close();
});

t.test("a script's own request is asked about, and gets the answer to the yes", async (t) => {
  const { page, banner } = await it.open({ html: "<!doctype html><title>a</title><body>" });
  const call = (path: string) =>
    page.evaluate(
      `window.answer = fetch(new Request("${path}", { method: "DELETE", body: "b" })).then((it) => it.status); 0`,
    );
  await call("/ask/that");
  while (!(await banner.has("dialog.ask"))) await page.evaluate("0");
  t.match(await banner.call("dialog.ask", "return this.innerText;"), /Really\?/);
  await banner.click("dialog.ask .sure");
  t.equal(await page.evaluate("window.answer"), 200);
  t.strictSame(
    it.site.asked.filter((line) => line.includes("/ask/that")),
    ["DELETE /ask/that b", `POST /ask/that?_guise_confirm=yes ${YES}`],
  );
  await call("/ask/other");
  while (!(await banner.has("dialog.ask"))) await page.evaluate("0");
  await page.keyboard.press("Escape");
  t.equal(await page.evaluate("window.answer"), 428, "no leaves it as it is");
  t.equal(
    await page.evaluate(`fetch("/old/it").then((it) => it.status)`),
    428,
    "without a token nothing is asked",
  );
  await page.context().close();
});
