import { inspect } from "node:util";
import t from "tap";
import { type Finder, finder, theOnly } from "../../src/clients/finder.ts";

const PAGE = `<!doctype html><form><input name=_token value="a&amp;b"><input name=_token value=second></form>
<ul><li class=user>Signed in as:   <bdi>Nuno  </bdi> (<b>nuno</b>)</li></ul>
<script>const user = "<li class=user>evil</li>";</script><template><li class=user>not shown</li></template>
<!-- <li class=user>comment</li> -->`;

function read(written: unknown): Finder {
  return finder.parse(written);
}

const html = (body: string) => ({ headers: ["Content-Type", "text/html"], body });

t.test("an element is found as a browser finds it", async (t) => {
  t.same(read({ css: "input[name=_token]", attribute: "value" }).find(html(PAGE)), ["a&b", "second"]);
  t.same(read({ css: "li.user" }).find(html(PAGE)), ["Signed in as: Nuno (nuno)"]);
  t.same(read({ css: "li.user", regex: "\\((\\w+)\\)" }).find(html(PAGE)), ["nuno"]);
  t.same(read({ css: "li.nobody" }).find(html(PAGE)), []);
});

t.test("a page may be nested as deep as it likes", async (t) => {
  const deep = `<p class=u>${"<i>".repeat(20_000)}x`;
  t.same(read({ css: "p.u" }).find(html(deep)), ["x"]);
});

t.test("a JSON pointer finds texts and whole numbers, and no nobody", async (t) => {
  const answer = (body: unknown) => ({ headers: [], body: JSON.stringify(body) });
  t.same(read("/user/id").find(answer({ user: { id: 17 } })), ["17"]);
  t.same(read({ json: "/id" }).find(answer({ id: "nuno" })), ["nuno"]);
  for (const nobody of [0, false, null, {}, 1.5, "0"]) t.same(read("/id").find(answer({ id: nobody })), []);
  t.throws(() => read("/id").find(html(PAGE)), { message: "the answer is no JSON" });
});

t.test("headers, cookies and text", async (t) => {
  const answer = {
    headers: ["Set-Cookie", "a=1; Path=/", "X-User", "nuno", "set-cookie", "a=2"],
    body: "var user='nuno'; var user='mia';",
  };
  t.same(read({ header: "X-User" }).find(answer), ["nuno"]);
  t.same(read({ cookie: "a" }).find(answer), ["2"]);
  t.same(read({ regex: "user='(\\w+)'" }).find(answer), ["nuno", "mia"]);
});

t.test("who is signed in must be said once, or each time the same", async (t) => {
  const id = read({ css: "b" });
  t.equal(theOnly(id, html("<b>nuno</b><b>nuno</b><b></b>")), "nuno");
  t.equal(theOnly(id, html("<p>")), null);
  t.throws(() => theOnly(id, html("<b>nuno</b><b>mia</b>")), { message: /several different values/ });
});

t.test("what can't be read is said", async (t) => {
  const problem = (written: unknown) => finder.safeParse(written).error?.issues[0]?.message ?? "";
  t.match(problem("id"), /write a JSON pointer/);
  t.match(problem({}), /one of `json`, `css`/);
  t.match(problem({ json: "/a", css: "b" }), /one of `json`, `css`/);
  t.match(problem({ css: "a[" }), /is no CSS selector/);
  t.match(problem({ css: "a", regex: "(" }), /is no expression/);
  t.match(problem({ regex: "a" }), /has 0 groups; write one around the value/);
  t.match(problem({ json: "/a", attribute: "b" }), /`attribute` stands beside `css`/);
});

t.test("an expression takes time that grows with the text alone", async (t) => {
  const evil = read({ regex: "^(a+)+$".replace("(a+)+", "((?:a+)+)") });
  t.same(evil.find({ headers: [], body: `${"a".repeat(50_000)}!` }), []);
});

t.test("an answer that is no JSON is told without a piece of it", async (t) => {
  const answer = { headers: [], body: "a-token-by-itself" };
  const error = t.throws(() => read("/id").find(answer), { message: "the answer is no JSON" });
  t.notMatch(inspect(error), /a-token/);
});
