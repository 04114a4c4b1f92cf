import t from "tap";
import { startForm } from "../../../src/console/start/start-form.ts";
import type { Grant } from "../../../src/domain/policy.ts";
import { snapshotOf, YAML } from "../../fixtures/gateway/test-services.ts";

const [GRANT] = snapshotOf(YAML).policy.grants;
if (GRANT === undefined) throw new Error("no grant");

function form(grant: Partial<Grant> = {}, more: Partial<Parameters<typeof startForm>[0]> = {}): string {
  return startForm({
    language: "en",
    prefix: "/_g",
    person: { id: "17", name: "Nuno", email: null, groups: null },
    grant: { ...(GRANT as Grant), ...grant },
    to: "/site/1",
    from: null,
    ticket: null,
    reason: null,
    token: "TOKEN",
    consent: { kind: "free" },
    agent: null,
    ...more,
  }).text;
}

t.test("it posts to us who is to be viewed and where to go, with the token", async (t) => {
  const text = form();
  t.match(text, '<form method="post" action="/_g/start">');
  t.match(text, 'name="_csrf" value="TOKEN"');
  t.match(text, 'name="user" value="17"');
  t.match(text, 'name="to" value="/site/1"');
  t.notMatch(text, 'name="from"');
  t.match(form({}, { from: "/inbox" }), 'name="from" value="/inbox"');
});

t.test("it says under which rules", async (t) => {
  t.match(form(), "look, not change anything");
  t.match(form({ mode: "write" }), "look and change things");
  t.match(form({ total: 3_600_000, idle: 60_000 }), "60 minutes at most, 1 minute without a click");
  t.match(form({ total: 5_000, idle: 1_000 }), "1 minute at most");
  t.match(form(), "every request, with both names");
});

t.test("why is asked for, and has to be answered where the config says so", async (t) => {
  t.match(form(), /Why <span class="hint">\(optional\)<\/span>/);
  t.notMatch(form(), " required");
  t.match(form({ reason: "required" }), /<textarea[^>]* required>/);
});

t.test("what a link brings along is filled in as text", async (t) => {
  const text = form({}, { ticket: `"><b>`, reason: "</textarea><b>", to: `/"><b>`, from: `/'"<b>` });
  t.notMatch(text, "<b>");
  t.match(text, 'value="&quot;&gt;&lt;b&gt;"');
});

t.test("where a page may hold no token it leads to the page that may, and nothing is lost", async (t) => {
  const text = form({}, { token: null, to: "/site/1?a=b", ticket: "T&1" });
  t.notMatch(text, /<form|_csrf/);
  t.match(text, 'href="/_g/as/17?to=%2Fsite%2F1%3Fa%3Db&amp;ticket=T%261"');
});
