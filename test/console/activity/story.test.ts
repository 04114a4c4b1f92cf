import t from "tap";
import type { Question } from "../../../src/audit/search/search.ts";
import { event } from "../../audit/event.ts";
import { openConsole } from "../../fixtures/client/console.ts";
import { ALICE, INSIDE } from "../../fixtures/gateway/stages.ts";
import { testServices } from "../../fixtures/gateway/test-services.ts";
import { valueIn } from "../../fixtures/html.ts";
import { archiveOf } from "../../fixtures/journal/archive.ts";
import { ACTIVITY, ADA, line, never, READERS, RUN, WHY } from "./looking.ts";

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
    const rest = valueIn(body, 'a:contains("All of it")', "href");
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
