import t from "tap";
import { stage } from "../stage.ts";

const it = await stage();
t.teardown(() => it.close());

t.test("what is disabled is grey and can't be used, also when the app renders it later", async (t) => {
  const html = `<!doctype html><title>a</title><body><script>window.done = []</script>
    <a id=link href="/gone" data-pay>a</a><button data-pay id=button onclick="done.push('click')"><b>b</b></button>
    <form data-pay action="/gone"><input name=x value="1"><button id=send>send</button></form><a id=fine href="#ok">c</a>`;
  const { page } = await it.open({ html, view: { disable: ["[data-pay]", "a:not-a-selector("] } });
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
  ["POST", "^/site/\\d+/delete$", "Delete this site for Nuno?"],
  ["DELETE", "^/ask/", "Delete this?"],
  ["GET", "^/danger$", "Go there?"],
] as const;

t.test("a form is asked about before it is sent", async (t) => {
  const html = `<!doctype html><title>a</title><body><form method=post action="/site/42/delete"><input type=hidden name=action value=x><button name=how value=now>Delete</button></form>`;
  const { page, banner } = await it.open({ html, view: { confirm: CONFIRM } });
  await page.click("form button");
  while (!(await banner.has("dialog.ask"))) await page.evaluate("0");
  t.match(await banner.call("dialog.ask", "return this.innerText;"), /Delete this site for Nuno\?/);
  await page.keyboard.press("Escape");
  t.equal(await banner.has("dialog.ask"), false, "Escape means no");
  t.equal(
    it.site.asked.some((line) => line.startsWith("POST /site")),
    false,
  );

  await page.click("form button");
  while (!(await banner.has("dialog.ask"))) await page.evaluate("0");
  const confirmed = it.site.next((line) => line.startsWith("POST /.guise/confirm"));
  const sent = it.site.next((line) => line.startsWith("POST /site/42/delete"));
  await banner.click("dialog.ask .sure");
  t.match(await confirmed, /method=POST&path=%2Fsite%2F42%2Fdelete&_csrf=/);
  t.equal(await sent, "POST /site/42/delete action=x&how=now");
  await page.context().close();
});

t.test("a link is asked about before it is followed", async (t) => {
  const html = `<!doctype html><title>a</title><body><a href="/danger">x</a>`;
  const { page, banner } = await it.open({ html, view: { confirm: CONFIRM } });
  await page.click("a[href='/danger']");
  while (!(await banner.has("dialog.ask"))) await page.evaluate("0");
  await banner.click("dialog.ask .sure");
  await page.waitForURL("**/danger");
  t.pass("yes leads on");
  await page.context().close();
});

t.test("a script's own request that got 428 is asked about and sent once more", async (t) => {
  const { page, banner } = await it.open({
    html: "<!doctype html><title>a</title><body>",
    view: { confirm: CONFIRM },
  });
  await page.evaluate(
    `window.answer = fetch(new Request("/ask/it", { method: "DELETE", body: "b" })).then((it) => it.status); 0`,
  );
  while (!(await banner.has("dialog.ask"))) await page.evaluate("0");
  await banner.click("dialog.ask .sure");
  t.equal(await page.evaluate("window.answer"), 200);
  t.strictSame(
    it.site.asked.filter((line) => line.includes("/ask/it") && line.startsWith("DELETE")),
    ["DELETE /ask/it b", "DELETE /ask/it b"],
  );
  t.equal(await page.evaluate(`fetch("/ask/other").then((it) => it.status)`), 428, "others are left alone");
  await page.context().close();
});
