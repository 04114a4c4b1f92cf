import t from "tap";
import type { Mark, Question } from "../../../src/audit/search/search.ts";
import { Fault } from "../../../src/errors.ts";
import { event } from "../../audit/event.ts";
import { openConsole } from "../../fixtures/client/console.ts";
import { ALICE, INSIDE, NUNO } from "../../fixtures/gateway/stages.ts";
import { testServices, YAML } from "../../fixtures/gateway/test-services.ts";
import { valueIn } from "../../fixtures/html.ts";
import { archiveOf } from "../../fixtures/journal/archive.ts";
import { ACTIVITY, ADA, line, never, READERS, RUN, WHY } from "./looking.ts";

t.test("agents ask for what they did themselves, whatever they write; readers for all", async (t) => {
  const it = await testServices(t, READERS);
  const asked: [Question, number, Mark | null][] = [];
  const ask = await openConsole(
    t,
    it,
    [],
    archiveOf({
      search: async (...words) => {
        asked.push(words);
        return { lines: [], beyond: null };
      },
    }),
  );
  const query =
    "?agent=bob&customer=17&app=wiki&action=impersonation.denied&from=2026-05-28T20:26&to=2026-05-29&beyond=5-7";
  t.match(await ask([`${ACTIVITY}${query}`, ...INSIDE, ...ALICE]), { status: 200 });
  t.match(await ask([`${ACTIVITY}${query}`, ...INSIDE, ...ADA]), { status: 200 });
  const question = {
    agent: "bob",
    customer: "17",
    ticket: null,
    word: null,
    pages: true,
    action: "impersonation.denied",
    impersonation: null,
    app: "wiki",
    since: Date.parse("2026-05-28T20:26Z"),
    until: Date.parse("2026-05-29T00:00Z"),
  };
  t.strictSame(asked, [
    [{ within: { users: ["alice"], groups: [] }, ...question }, 50, { at: 5, id: 7 }],
    [{ within: null, ...question }, 50, { at: 5, id: 7 }],
  ]);
});

t.test(
  "a lead asks for what the agents of the team did, and themselves; nobody else of the audit",
  async (t) => {
    const lead = "leads: [{ groups: [lead], agents: { users: [bob], groups: [support] } }]";
    const it = await testServices(t, `${YAML}\naudit: { readers: { ${lead} } }\n`);
    const asked: Question[] = [];
    const search = async (question: Question) => {
      asked.push(question);
      return { lines: [], beyond: null };
    };
    const of = (id: string, roles: readonly string[]) =>
      line({ trueUser: { id, name: id, email: null, groups: roles }, action: "impersonation.denied" });
    const request = async () => ({
      lines: [of("bob", []), of("carl", ["support"]), of("dora", ["sales"])],
      more: 0,
    });
    const ask = await openConsole(t, it, [], archiveOf({ search, request }));
    const lea = ["X-User: lea", "X-Groups: lead"] as const;
    const page = await ask([ACTIVITY, ...INSIDE, ...lea]);
    t.match(page.body, /What your team did[\s\S]*id="agent"/);
    t.match(asked, [{ within: { users: ["lea", "bob"], groups: ["support"] } }]);
    const why = (await ask(["GET /.guise/why?event=e1", ...INSIDE, ...lea])).body;
    t.match([why.includes("bob"), why.includes("carl"), why.includes("dora")], [true, true, false]);
  },
);

t.test("what a filter finds is a table for spreadsheets, and as much of it as one may see", async (t) => {
  const it = await testServices(t, READERS);
  const asked: [Question, number, Mark | null][] = [];
  const search = async (question: Question, limit: number, beyond: Mark | null) => {
    asked.push([question, limit, beyond]);
    const lines = [line({ action: "impersonation.denied", detail: "=1+1" })];
    return { lines, beyond: beyond === null ? { at: 5, id: 7 } : null };
  };
  const ask = await openConsole(t, it, [], archiveOf({ search }));
  const { status, body, header } = await ask([
    `GET /.guise/activity/export?customer=17`,
    ...INSIDE,
    ...ALICE,
  ]);
  t.match([status, header("content-type")], [200, "text/csv; charset=utf-8"]);
  t.match(header("content-disposition"), "attachment");
  const [head, ...rows] = body.trimEnd().split("\r\n");
  t.match(head, /^time,action,outcome,agent/);
  t.equal(rows.length, 2, "page after page");
  t.match(rows[0], "'=1+1");
  t.match(asked, [
    [{ within: { users: ["alice"] }, customer: "17" }, 500, null],
    [{ customer: "17" }, 500, { at: 5, id: 7 }],
  ]);
  t.equal((await ask(["GET /.guise/activity/export", ...INSIDE, ...NUNO])).status, 403);
});

t.test("that somebody looked at what others did is on record before they see it", async (t) => {
  const it = await testServices(t, READERS);
  const ask = await openConsole(t, it);
  await ask([`${ACTIVITY}?customer=17`, ...INSIDE, ...ALICE]);
  t.strictSame(it.actions(), [], "one's own records are one's own");
  await ask([`${ACTIVITY}?customer=17`, ...INSIDE, ...ADA]);
  t.match(it.events, [{ action: "audit.read", trueUser: { id: "ada" }, detail: "customer=17" }]);
  it.refuseRecords(({ action }) => action === "audit.read");
  const refused = await ask([ACTIVITY, ...INSIDE, ...ADA]);
  t.match([refused.status, refused.body.includes("Records can not be read")], [503, true]);
});

t.test("one console shows several apps, which the filter, the links and the table tell apart", async (t) => {
  const several = READERS.replace(/^upstream: (.*)\n/, (_, url) =>
    [
      "apps:",
      ...["shop", "wiki"].map((it) => `  ${it}: { hosts: [${it}.example], upstream: ${url} }`),
      "",
    ].join("\n"),
  ).replace(/^(?:routes|rules):\n(?: .*\n)+/gm, "");
  const it = await testServices(t, several);
  const lines = [line({ action: "impersonation.denied", app: "wiki" })];
  const search = async () => ({ lines, beyond: null });
  const ask = await openConsole(t, it, [], archiveOf({ search, runs: async () => [RUN] }));
  const { body } = await ask([`${ACTIVITY}?app=wiki`, ...INSIDE, ...ADA]);
  t.match(body, "<option>shop</option><option selected>wiki</option>");
  t.match(body, /<th scope="col">App<\/th>[\s\S]*<td>wiki<\/td>/);
  t.match(body, /href="[^"]*activity\?app=wiki&amp;from=/, "another time of the same app");
  const gone = await ask([`${ACTIVITY}?app=%3Cold`, ...INSIDE, ...ADA]);
  t.match(gone.body, "<option selected>&lt;old</option>", "an app that is gone has its records still");
  const one = await openConsole(t, await testServices(t, READERS), [], archiveOf({ search }));
  t.notMatch((await one([ACTIVITY, ...INSIDE, ...ADA])).body, /name="app"|>App</, "one app has no name");
});

t.test("what can't be read of an address counts as not asked for", async (t) => {
  const it = await testServices(t, READERS);
  const asked: Question[] = [];
  const search = async (question: Question) => {
    asked.push(question);
    return { lines: [], beyond: null };
  };
  const ask = await openConsole(t, it, [], archiveOf({ search }));
  await ask([`${ACTIVITY}?action=nonsense&from=yesterday&to=2026-99-99&beyond=x&agent=+`, ...INSIDE, ...ADA]);
  t.match(asked, [{ within: null, agent: null, action: null, since: null, until: null }]);
});

t.test("people who are neither see nothing, and nobody is asked for them", async (t) => {
  const it = await testServices(t, READERS);
  const never = async () => t.fail("nobody may ask for them") as never;
  const ask = await openConsole(t, it, [], archiveOf({ search: never, request: never, runs: never }));
  for (const path of [ACTIVITY, "GET /.guise/why?event=e", `${ACTIVITY}?impersonation=imp-1`]) {
    t.equal((await ask([path, ...INSIDE, ...NUNO])).status, 403, path);
    t.equal((await ask([path, ...INSIDE])).status, 401, path);
  }
});

t.test("what was worth a look stands in a strip, for those who see what others do", async (t) => {
  const it = await testServices(t, READERS);
  const told = line({
    action: "threshold.passed",
    detail: "many-customers: as 21 different people within an hour",
  });
  const ask = await openConsole(t, it, [], archiveOf({}, [told]));
  for (const [path, who, there] of [
    [ACTIVITY, ADA, true],
    [ACTIVITY, ALICE, false],
    ["GET /.guise/sessions", ADA, true],
  ] as const) {
    const { status, body } = await ask([path, ...INSIDE, ...who]);
    t.same(
      [status, /Alice[\s\S]*as [\s\S]*Nuno[\s\S]*as 21 different people within an hour/.test(body)],
      [200, there],
      path,
    );
  }
});

t.test("one's own past stays in sight when impersonation is switched off", async (t) => {
  const it = await testServices(t, `${READERS}impersonation: off\n`);
  const ask = await openConsole(t, it);
  t.equal((await ask([ACTIVITY, ...INSIDE, ...ALICE])).status, 200);
});

t.test("whatever stands in a record, it is text", async (t) => {
  const it = await testServices(t, READERS);
  const nasty = `"><script>alert(1)</script>\u202e`;
  const lines = [
    line({
      action: "impersonation.denied",
      trueUser: { id: nasty, name: nasty, email: null, groups: null },
      request: { ...(event().request ?? never()), path: `/${nasty}`, query: nasty, userAgent: nasty },
      impersonation: { id: nasty, mode: "read", reason: nasty, ticket: nasty },
      decision: {
        word: nasty,
        route: nasty,
        rule: nasty,
        via: nasty,
        checks: [{ name: nasty, passed: false, saw: nasty }],
      },
    }),
  ];
  const run = { ...RUN, id: nasty, agent: nasty, agentName: nasty, customer: nasty, customerName: nasty };
  const ask = await openConsole(
    t,
    it,
    [],
    archiveOf({
      search: async () => ({ lines, beyond: null }),
      request: async () => ({ lines, more: 3 }),
      runs: async () => [run],
      picture: async () => ({ columns: [], stretches: [], events: [{ at: 1, action: nasty }] }),
    }),
  );
  for (const path of [ACTIVITY, `${ACTIVITY}?impersonation=x&agent=${encodeURIComponent(nasty)}`, WHY]) {
    const { status, body } = await ask([path, ...INSIDE, ...ADA]);
    t.equal(status, 200, path);
    t.notMatch(body, /<script>|\u202e/, path);
    t.notMatch(body, /\sstyle=|<style/, "no style that the policy would refuse");
  }
});

t.test("a week is one click away, and so is what was refused in it", async (t) => {
  const it = await testServices(t, READERS);
  const asked: Question[] = [];
  const ask = await openConsole(
    t,
    it,
    [],
    archiveOf({
      search: async (question) => {
        asked.push(question);
        return { lines: [], beyond: null };
      },
    }),
  );
  const follow = async (page: string, words: string) => {
    const href = valueIn(page, `a:contains("${words}")`, "href");
    return (await ask([`GET ${href}`, ...INSIDE, ...ADA])).body;
  };
  const first = (await ask([`${ACTIVITY}?customer=17`, ...INSIDE, ...ADA])).body;
  const week = await follow(first, "Last 7 days");
  await follow(week, "Whatever was refused");
  const minute = Math.floor(it.services.clock.now() / 60_000) * 60_000;
  t.match(asked.slice(1), [
    { customer: "17", action: null, since: minute - 7 * 86_400_000, until: null },
    { customer: "17", action: "refused", since: minute - 7 * 86_400_000, until: null },
  ]);
});

t.test("records that can't be read just now, or are wrong, are said to be", async (t) => {
  const it = await testServices(t, READERS);
  const search = async () => {
    throw new Fault("audit-unavailable", "no Redis");
  };
  const down = await openConsole(t, it, [], archiveOf({ search }));
  t.match(await down([ACTIVITY, ...INSIDE, ...ADA]), { status: 503, body: /can not be read just now/ });
  const said = async (status: { behind: boolean; breaks: number; problem: string | null }) => {
    const ask = await openConsole(t, it, [], archiveOf({ status: () => status }));
    return (await ask([ACTIVITY, ...INSIDE, ...ADA])).body;
  };
  t.match(await said({ behind: true, breaks: 0, problem: null }), /still being read/);
  t.match(await said({ behind: false, breaks: 2, problem: null }), /2 records are missing or altered/);
  t.match(await said({ behind: false, breaks: 0, problem: "READONLY" }), /READONLY/);
  t.match(await said({ behind: false, breaks: 0, problem: null }), /nothing on record that fits/);
});
