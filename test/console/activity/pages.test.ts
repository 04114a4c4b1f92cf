import t from "tap";
import { draft } from "../../../src/audit/record/format.ts";
import type { Mark, Question, Run } from "../../../src/audit/search/search.ts";
import type { AuditEvent } from "../../../src/domain/audit-event.ts";
import { Fault } from "../../../src/errors.ts";
import { event } from "../../audit/event.ts";
import { openConsole } from "../../fixtures/client/console.ts";
import { ALICE, INSIDE, NUNO } from "../../fixtures/gateway/stages.ts";
import { testServices, YAML } from "../../fixtures/gateway/test-services.ts";
import { archiveOf } from "../../fixtures/journal/archive.ts";

const ADA = ["X-User: ada", "X-Groups: security"] as const;
const READERS = `${YAML}\naudit: { readers: { groups: [security] } }\n`;
const ACTIVITY = "GET /.guise/activity";

const line = (more: Partial<AuditEvent> = {}) => draft(event(more), { monotonic: 1, redact: (text) => text });

const RUN: Run = {
  id: "imp-1",
  agent: "alice",
  agentName: "Alice",
  customer: "17",
  customerName: "Nuno",
  first: 1_780_000_000_000,
  last: 1_780_000_600_000,
  began: 1_780_000_000_000,
  ended: null,
  looked: 3,
  changed: 0,
  refused: 1,
  failed: 0,
};

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

t.test(
  "what a page loaded folds below it, what was changed stands out, and both can be asked for alone",
  async (t) => {
    const it = await testServices(t, READERS);
    const at = RUN.first + 5_000;
    const request = (method: string, path: string, navigation: boolean) => {
      return { ...(event().request ?? never()), method, path, navigation };
    };
    const done = { action: "impersonation.outcome", outcome: "success", at } as const;
    const response = { status: 200, bytes: 1, duration: 2_000, ending: "success" } as const;
    const page = line({ ...done, id: "p1", response, request: request("GET", "/site/42", true) });
    const part = line({ ...done, request: request("GET", "/app.js", false) });
    const changed = line({ ...done, request: request("POST", "/save", true) });
    const asked: [Question, unknown][] = [];
    const ask = await openConsole(
      t,
      it,
      [],
      archiveOf({
        search: async (question) => {
          asked.push([question, null]);
          return { lines: [changed, page], beyond: null };
        },
        runs: async () => [RUN],
        parts: async (pages) =>
          pages.map((it, n) => ({ lines: n === 1 ? [part] : [], count: n * 12, until: it.at + 9_000 })),
      }),
    );
    const { body } = await ask([`${ACTIVITY}?ticket=T-42&word=read-only&action=changed`, ...INSIDE, ...ADA]);
    t.match(asked, [[{ ticket: "T-42", word: "read-only", action: "changed", pages: true }, null]]);
    t.match(body, /<tr class="changed">[\s\S]*POST[\s\S]*\/save/);
    t.match(body, /Opened <bdi class="path">\/site\/42/);
    t.match(body, /loaded 12 more<\/summary><ul><li>.*\/app\.js/);
    const rest = /<a href="([^"]*)">All of it<\/a>/.exec(body)?.[1]?.replaceAll("&amp;", "&") ?? "";
    t.match(rest, /impersonation=imp-1/);
    await ask([`GET ${rest}`, ...INSIDE, ...ADA]);
    const parts = asked.filter(([question]) => !question.pages);
    t.match(parts, [[{ impersonation: "imp-1", ticket: null, word: null, action: null }, null]]);
    t.match(body, /<option value="read-only" selected>Only looking is allowed/, "reasons are sentences");
  },
);

t.test("an impersonation is told as a story, with what was said of each refusal", async (t) => {
  const it = await testServices(t, READERS);
  const request = (method: string, path: string) => {
    return { ...(event().request ?? never()), method, path, navigation: true };
  };
  const outcome = { action: "impersonation.outcome", outcome: "success" } as const;
  const word = (word: string) => ({ word, route: null, rule: null, via: null });
  const elevated = {
    id: "imp-1",
    mode: "write",
    reason: "Asked to",
    ticket: null,
    writeUntil: 1_780_000_100_000,
  } as const;
  const lines = [
    line({ action: "impersonation.ended", decision: word("ended-by-agent") }),
    line({ ...outcome, request: request("POST", "/save") }),
    line({ action: "impersonation.elevated", impersonation: elevated }),
    line({ action: "impersonation.denied", request: request("POST", "/save"), decision: word("read-only") }),
    line({ ...outcome, request: request("GET", "/b") }),
    line({ ...outcome, request: request("GET", "/a") }),
    line({ action: "impersonation.started" }),
  ];
  const search = async () => ({ lines, beyond: null });
  const ask = await openConsole(t, it, [], archiveOf({ runs: async () => [RUN], search }));
  const { body } = await ask([`${ACTIVITY}?impersonation=imp-1`, ...INSIDE, ...ADA]);
  const told = /<section class="story"[\s\S]*?<\/section>/.exec(body)?.[0].replace(/<[^>]*>/g, "") ?? "";
  t.match(
    told,
    "Alice has viewed the app as Nuno for 10 min, because: “does not see the chart” (ticket T-42).",
  );
  t.match(
    told,
    /It began\.[\s\S]*Opened \/a and \/b\.[\s\S]*Was refused: POST \/save\. They were told: “Only looking/,
  );
  t.match(told, /Changing things was allowed until 28 May 2026 20:28:20 UTC: “Asked to”\./);
  t.match(told, /Changed something: POST \/save\.[\s\S]*It ended\. They were told: “You stopped\.”/);
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

t.test("an impersonation is drawn with what happened in it, and each part leads closer", async (t) => {
  const it = await testServices(t, READERS);
  const views: object[] = [];
  const ask = await openConsole(
    t,
    it,
    [],
    archiveOf({
      runs: async () => [RUN],
      search: async () => ({ lines: [line({ action: "impersonation.started" })], beyond: { at: 5, id: 6 } }),
      picture: async (_id, view) => {
        views.push(view);
        return {
          columns: [
            { column: 0, tone: "looked", count: 3, write: false },
            { column: 60, tone: "changed", count: 1, write: true },
          ],
          stretches: [{ from: RUN.first, to: RUN.last, tone: "looked" }],
          events: [{ at: RUN.first, action: "impersonation.started" }],
        };
      },
    }),
  );
  const { body } = await ask([`${ACTIVITY}?impersonation=imp-1`, ...INSIDE, ...ADA]);
  t.match(views, [{ from: RUN.first - 12_001, to: RUN.last + 12_002, columns: 120 }]);
  t.match(body, /class="bar looked"/);
  t.match(body, /class="write"/);
  t.match(body, /started/);
  t.match(body, /open for 10 min/);
  t.match(body, /href="\/\.guise\/activity\?impersonation=imp-1&amp;from=2026-05-28T/);
  t.match(body, /beyond=5-6/);
  t.match(body, /Requests: 3 looked at, 1 changed\./);
});

t.test("a row says why the agent came, and with what ticket", async (t) => {
  const it = await testServices(t, READERS);
  const lines = [line({ action: "impersonation.started" })];
  const ask = await openConsole(t, it, [], archiveOf({ search: async () => ({ lines, beyond: null }) }));
  t.match((await ask([ACTIVITY, ...INSIDE, ...ADA])).body, /T-42 · does not see the chart/);
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
    const [, href = ""] = new RegExp(`<a href="([^"]+)">${words}</a>`).exec(page) ?? [];
    return (await ask([`GET ${href.replaceAll("&amp;", "&")}`, ...INSIDE, ...ADA])).body;
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

t.test("more time than a day is named by its ends, and what does not fit is said to be there", async (t) => {
  const it = await testServices(t, READERS);
  const many = Array.from({ length: 20 }, (_, n) => ({ ...RUN, id: `imp-${n}`, agent: `a${n}`, refused: 2 }));
  const ask = await openConsole(t, it, [], archiveOf({ runs: async () => many }));
  const { body } = await ask([`${ACTIVITY}?from=2026-05-26&to=2026-06-02`, ...INSIDE, ...ADA]);
  t.match(body, /26 May 2026 – 1 Jun 2026/);
  t.match(body, /8 more are not drawn/);
  t.match(body, /20 impersonations: 60 looked at, 0 changed, 40 refused, 0 failed/);
  t.match(body, /from=2026-05-19T00%3A00&amp;to=2026-05-26T00%3A00" rel="prev"/);
});

t.test("an impersonation over midnight is drawn whole, and leads to what was refused in it", async (t) => {
  const it = await testServices(t, READERS);
  const midnight = Date.parse("2026-05-29T00:00Z");
  const run = { ...RUN, first: midnight - 1_800_000, last: midnight + 600_000 };
  const views: { from: number; to: number }[] = [];
  const ask = await openConsole(
    t,
    it,
    [],
    archiveOf({
      runs: async () => [run],
      picture: async (_id, view) => {
        views.push(view);
        return { columns: [], stretches: [], events: [] };
      },
    }),
  );
  const { body } = await ask([`${ACTIVITY}?impersonation=imp-1`, ...INSIDE, ...ADA]);
  t.ok((views[0]?.from ?? 0) < run.first && (views[0]?.to ?? 0) > run.last);
  t.match(body, /<a href="[^"]*action=refused[^"]*">1 refused<\/a>/);
});

t.test("why: the judge's questions, and only for those who may see the record", async (t) => {
  const it = await testServices(t, READERS);
  const decision = {
    word: "read-only",
    route: null,
    rule: null,
    via: "jwt",
    checks: [
      { name: "you may impersonate", passed: true, saw: "Alice" },
      { name: "this may be done as somebody else", passed: false, saw: "POST: mode read" },
    ],
  };
  const lines = [line({ action: "impersonation.denied", outcome: "failure", decision })];
  const ask = await openConsole(t, it, [], archiveOf({ request: async () => ({ lines, more: 0 }) }));
  const { status, body } = await ask([WHY, ...INSIDE, ...ALICE]);
  t.equal(status, 200);
  t.match(body, /Only looking is allowed/);
  t.match(body, /you may impersonate/);
  t.match(body, /check no"/);
  t.match(body, /POST: mode read/);
  t.match(body, /altered/, "a draft has no hash that fits");
  const bob = ["X-User: bob", "X-Groups: support"];
  t.equal((await ask([WHY, ...INSIDE, ...bob])).status, 404, "what is somebody else's is not there");
  t.equal((await ask(["GET /.guise/why?request=r1", ...INSIDE, ...ALICE])).status, 200);
  t.equal(
    (await ask(["GET /.guise/why?request=r2", ...INSIDE, ...ALICE])).status,
    404,
    "another with its number",
  );
  const asking = await ask(["GET /.guise/why", ...INSIDE, ...ALICE]);
  t.match(
    [asking.status, asking.body],
    [200, /Why did a link start nothing/],
    "without a record it asks for a page",
  );
});

t.test("why: a start that a grant refused is for readers, not for the agent who tried", async (t) => {
  const it = await testServices(t, READERS);
  const lines = [line({ action: "impersonation.not-started", outcome: "failure" })];
  const ask = await openConsole(t, it, [], archiveOf({ request: async () => ({ lines, more: 0 }) }));
  for (const address of [WHY, "GET /.guise/why?request=r1"]) {
    t.equal((await ask([address, ...INSIDE, ...ALICE])).status, 404);
    t.equal((await ask([address, ...INSIDE, ...ADA])).status, 200);
  }
});

t.test(
  "why: what became of a request is shown to its end, and how much of its progress is not",
  async (t) => {
    const it = await testServices(t, READERS);
    const lines = [
      line(),
      line({ action: "impersonation.progress" }),
      line({ action: "impersonation.outcome", outcome: "success" }),
    ];
    const shown = async (more: number) => {
      const ask = await openConsole(t, it, [], archiveOf({ request: async () => ({ lines, more }) }));
      return (await ask([WHY, ...INSIDE, ...ADA])).body;
    };
    const folded = await shown(101);
    t.match(folded, /<strong>intent<.*<strong>progress<.*<strong>outcome</s);
    t.match(folded, /And 101 more/);
    t.match(folded, /href="\/\.guise\/activity\?impersonation=imp-1&amp;action=impersonation\.progress"/);
    t.notMatch(await shown(0), / more/);
  },
);

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

const WHY = "GET /.guise/why?event=e1";

function never(): never {
  throw new Error("there is a request in every event");
}
