import { parse } from "parse5";
import t from "tap";
import { html } from "../../src/console/html.ts";
import { layout, nameOf, person } from "../../src/console/layout.ts";

const NUNO = { id: "17", name: "Nuno Almeida", email: "nuno@example.com", groups: null };

t.test("a page is a whole document in one language, found by no search engine", async (t) => {
  const page = layout({ title: "A <title>", prefix: "/_g", body: html`<h1>Hi</h1>` });
  t.match(page, /^<!doctype html>\n<html lang="en" dir="ltr">/);
  t.match(page, "<title>A &lt;title&gt; · Guise</title>");
  t.match(page, '<meta name="robots" content="noindex">');
  t.match(page, '<link rel="stylesheet" href="/_g/console.css">');
  t.match(page, '<main id="main" class="narrow">\n<h1>Hi</h1>\n</main>');
  t.match(
    layout({ title: "x", prefix: "/_g", body: html``, width: "wide" }),
    '<main id="main" class="wide">',
  );
  const errors: string[] = [];
  parse(page, { onParseError: (error) => void errors.push(error.code) });
  t.same(errors, []);
});

t.test("it says who is really there, where that is known", async (t) => {
  const page = layout({ title: "x", prefix: "/_g", body: html``, trueUser: { ...NUNO, name: "<Nuno>" } });
  t.match(page, "You are <bdi>&lt;Nuno&gt;</bdi>");
  t.notMatch(page, "viewing");
  t.notMatch(layout({ title: "x", prefix: "/_g", body: html``, trueUser: null }), "You are");
  const viewing = layout({
    title: "x",
    prefix: "/_g",
    body: html``,
    trueUser: NUNO,
    effectiveUser: { ...NUNO, name: "<Mia>" },
  });
  t.match(
    viewing,
    '<a class="effective-user" href="/_g/stop"><span class="long">viewing </span>as <bdi>&lt;Mia&gt;</bdi></a>',
    "and whom they view the app as",
  );
});

t.test("a person is told from namesakes", async (t) => {
  const line = person(NUNO).text;
  t.match(line, '<bdi class="name">Nuno Almeida</bdi>');
  t.match(line, "<bdi>nuno@example.com</bdi> · user 17");
  t.match(line, ">NA</span>");
  t.notMatch(person({ ...NUNO, email: null }).text, "·");
  t.notMatch(
    person({ ...NUNO, name: null }).text,
    "·",
    "an e-mail address that is the name is not said twice",
  );
  t.match(person({ ...NUNO, name: null, email: null }).text, ">17</span>");
});

t.test("names keep their letters whatever they are made of", async (t) => {
  t.match(person({ ...NUNO, name: "李 小龙" }).text, ">李小</span>");
  t.match(person({ ...NUNO, name: "🦊 Fox" }).text, ">🦊F</span>");
  t.match(person({ ...NUNO, name: "Ada Maria King" }).text, ">AK</span>");
  t.match(person({ ...NUNO, name: "Ada King (Support)" }).text, ">AS</span>");
  t.match(person({ ...NUNO, name: "(ada)" }).text, ">AD</span>");
});

t.test("a name is one line that is not endless and turns no direction", async (t) => {
  t.equal(nameOf({ ...NUNO, name: "a\u202eb\u200bc\nd" }), "abc d");
  t.ok(nameOf({ ...NUNO, name: "x".repeat(500) }).length <= 60);
  t.equal(nameOf({ ...NUNO, name: "\u200b" }), "17");
  t.equal(nameOf({ ...NUNO, id: "\u200b", name: "\u200b" }), "somebody without a name");
});
