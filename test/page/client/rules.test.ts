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
    t.equal(await stopped, "POST /.guise/stop impersonation=imp-1");
    await page.waitForURL("**/stopped");
    await page.context().close();
  }
});

t.test(
  "what a script of the page is asked about is answered on a page of ours, and nowhere else",
  async (t) => {
    const { page, banner } = await it.open({ html: "<!doctype html><title>a</title><body>" });
    for (const call of [
      `fetch(new Request("/ask/that", { method: "DELETE", body: "b" })).then((it) => it.status)`,
      `new Promise((done) => {
      const xhr = new XMLHttpRequest();
      xhr.open("POST", "/ask/this");
      xhr.onload = () => done(xhr.status);
      xhr.send("b");
    })`,
    ]) {
      t.equal(await page.evaluate(call), 428, "the script itself hears the question, and can't answer it");
      t.match(await banner.call(".refused", "return this.innerText;"), /this has to be confirmed/);
      const link = await banner.call(".refused a", "return [this.href, this.target, this.rel].join();");
      t.equal(link, `${it.site.url}/.guise/confirm?question=question-1,_blank,noopener`);
      await banner.click(".refused button");
    }
    t.strictSame(
      it.site.asked.filter((line) => line.includes("/ask/")),
      ["DELETE /ask/that b", "POST /ask/this b"],
    );
    await page.context().close();
  },
);
