import t, { type Test } from "tap";
import { FAULTS, Fault, type FaultCode } from "../../../src/errors.ts";
import { answer, answerFault, answerFaultTo, PAGE_HEADERS } from "../../../src/gateway/stages/answer.ts";
import { forThisHost, SECRET } from "../../fixtures/client/cookies.ts";
import {
  ALICE,
  BOB,
  CLICK,
  committed,
  FETCH,
  INSIDE,
  impersonate,
  NUNO,
  receive,
  valuesOf,
} from "../../fixtures/gateway/stages.ts";
import { type TestServices, testServices, YAML } from "../../fixtures/gateway/test-services.ts";
import { fieldIn } from "../../fixtures/html.ts";

async function answered(it: TestServices, head: readonly string[]) {
  const { status, headers, body } = answer(it.services, await committed(it, head));
  const value = (name: string) => valuesOf(headers.flat(), name).join("\n");
  return { status, body, value, setCookies: valuesOf(headers.flat(), "set-cookie") };
}

/** A page of ours: stored by nobody, framed by nobody, with nothing from elsewhere in it. */
function isOwnPage(t: Test, it: { readonly value: (name: string) => string; readonly body: string }): void {
  t.equal(it.value("content-type"), "text/html; charset=utf-8");
  t.equal(it.value("cache-control"), "no-store");
  t.match(it.value("content-security-policy"), /^default-src 'none';/);
  t.match(it.value("content-security-policy"), /frame-ancestors 'none'/);
  t.match(it.value("content-security-policy"), /base-uri 'none'/);
  t.notMatch(it.value("content-security-policy"), /unsafe|https?:|\*/);
  t.equal(it.value("x-frame-options"), "DENY");
  t.equal(it.value("x-content-type-options"), "nosniff");
  t.match(it.body, /^<!doctype html>/);
  t.notMatch(it.body, /<script|style=|onclick/, "works without a script");
}

t.test("a refusal is a page for a person's eyes", async (t) => {
  const it = await testServices(t);
  const { cookie } = await impersonate(it);
  const refused = await answered(it, ["POST /x", ...INSIDE, ...ALICE, cookie]);
  t.equal(refused.status, 403);
  isOwnPage(t, refused);
  t.match(refused.body, /read-only/);
  t.match(refused.body, /action="\/\.guise\/stop"/);
  t.same(refused.setCookies, []);
});

t.test(
  "a script that puts HTML into its page is told in HTML, and the banner is told either way",
  async (t) => {
    const it = await testServices(t);
    const { cookie } = await impersonate(it);
    const sent = ["POST /payments/1", ...ALICE, cookie];
    const told = "denied Payments%20are%20the%20customer's%20own.";
    const data = await answered(it, [...sent, ...FETCH]);
    t.equal(data.value("x-guise-refused"), told);
    for (const lines of [["Accept: text/html"], ["Accept: */*", "HX-Request: true"], ["Turbo-Frame: cart"]]) {
      const html = await answered(it, [...sent, ...FETCH.slice(1), ...lines]);
      t.equal(html.status, 403);
      t.equal(html.value("content-type"), "text/html; charset=utf-8");
      t.equal(html.value("cache-control"), "no-store");
      t.equal(html.value("x-guise-refused"), told);
      t.match(html.body, /data-guise-refused="denied"[\s\S]*Payments are the customer&#39;s own\./);
      t.equal(/<turbo-frame id="cart">/.test(html.body), lines.includes("Turbo-Frame: cart"));
    }
    const writer = await impersonate(it, { mode: "write" });
    const asked = await answered(it, [
      "POST /site/1/delete",
      ...FETCH.slice(1),
      "Accept: text/html",
      ...ALICE,
      writer.cookie,
    ]);
    t.equal(asked.value("content-type"), "application/problem+json", "a question has its token in it");
    t.equal(asked.value("x-guise-refused"), "", "and is no refusal yet");
    const page = await answered(it, [...sent, ...INSIDE]);
    t.equal(page.value("x-guise-refused"), "");
  },
);

t.test(
  "a fault is told a script of an impersonation in the same way, and everybody else's in JSON",
  async (t) => {
    const it = await testServices(t);
    const { cookie } = await impersonate(it);
    const fault = new Fault("upstream-unreachable", "x");
    const of = async (lines: readonly string[]) =>
      answerFaultTo(
        it.services,
        await receive(it, ["GET /x", "Accept: text/html", "Sec-Fetch-Dest: empty", ...lines]),
        fault,
      );
    const agents = await of([...ALICE, cookie]);
    t.match(agents.body, /data-guise-refused="upstream-unreachable"/);
    t.match(valuesOf(agents.headers.flat(), "x-guise-refused"), [/^upstream-unreachable /]);
    const own = await of(NUNO);
    t.match(JSON.parse(own.body), { code: "upstream-unreachable" });
    t.same(valuesOf(own.headers.flat(), "x-guise-refused"), []);
  },
);

t.test("and problem JSON for everything else", async (t) => {
  const it = await testServices(t);
  const { cookie } = await impersonate(it);
  const refused = await answered(it, ["POST /payments/1", ...FETCH, ...ALICE, cookie]);
  t.equal(refused.status, 403);
  t.equal(refused.value("content-type"), "application/problem+json");
  t.equal(refused.value("cache-control"), "no-store");
  t.equal(refused.value("x-content-type-options"), "nosniff");
  const problem = JSON.parse(refused.body);
  t.match(problem, {
    type: "urn:guise:reason:denied",
    title: "This must not be done as somebody else.",
    status: 403,
    detail: "Payments are the customer's own.",
    code: "denied",
    requestId: /^[0-9a-f-]{36}$/,
  });
  t.equal(Object.keys(problem).length, 6);
});

t.test("each kind of decision has its status", async (t) => {
  const it = await testServices(t);
  const { cookie } = await impersonate(it);
  const status = async (head: readonly string[]) => (await answered(it, head)).status;
  t.equal(await status(["GET /site/1", ...INSIDE.slice(0, -1), ...ALICE]), 200, "a question");
  t.equal(await status(["GET /site/1/delete", ...INSIDE, ...ALICE, cookie]), 428);
  t.equal(await status(["GET /site/1/delete", ...FETCH, ...ALICE, cookie]), 428);
  t.equal(await status(["GET /x", ...FETCH, cookie]), 401);
  t.equal(await status(["GET /x", ...FETCH, ...BOB, cookie]), 409);
  t.equal(await status(["GET /x", ...FETCH, ...ALICE, `Cookie: guise=${SECRET}`]), 409);
  it.breakDown(["identity"]);
  t.equal(await status(["GET /x", ...FETCH, ...ALICE, cookie]), 503);
});

t.test("what could not be found out still has the way out on its page", async (t) => {
  for (const broken of ["identity", "store", "users"] as const) {
    const it = await testServices(t);
    const { cookie } = await impersonate(it);
    it.breakDown([broken]);
    it.clock.pass(60_000);
    const refused = await answered(it, ["GET /x", ...INSIDE, ...ALICE, cookie]);
    t.equal(refused.status, 503, broken);
    isOwnPage(t, refused);
    t.match(refused.body, /<form method="post" action="\/\.guise\/stop">/, broken);
  }
});

t.test("a prefetch gets no page and nothing that could be kept", async (t) => {
  const it = await testServices(t);
  const refused = await answered(it, ["GET /site/1", ...CLICK, ...ALICE, "Sec-Purpose: prefetch;prerender"]);
  t.equal(refused.status, 503);
  t.equal(refused.value("cache-control"), "no-store");
  t.match(JSON.parse(refused.body), { code: "ask-start" });
  t.same(refused.setCookies, []);
});

t.test("a question about a start names the owner and carries a token of this agent", async (t) => {
  const it = await testServices(t);
  const asked = await answered(it, ["GET /site/1?tab=2", ...INSIDE.slice(0, -1), ...ALICE]);
  isOwnPage(t, asked);
  t.match(asked.body, /Nuno Almeida/);
  t.match(asked.body, /name="user" value="17"/);
  t.match(asked.body, /name="to" value="\/site\/1\?tab=2"/);
  const token = fieldIn(asked.body, "_csrf");
  t.ok(it.services.forms.read("start", ["alice", "17", ""], token));
  t.notOk(it.services.forms.read("start", ["bob", "17", ""], token));
  t.notOk(it.services.forms.read("start", ["alice", "23", ""], token));
  t.notOk(it.services.forms.read("elevate", ["alice", "17", ""], token));
});

t.test(
  "what a service worker passes on is asked without a token, and leads to the page that has one",
  async (t) => {
    const it = await testServices(t);
    const worker = INSIDE.slice(0, -1).map((line) => line.replace("document", "empty"));
    for (const lines of [worker, [...INSIDE.slice(0, -1), "Service-Worker-Navigation-Preload: true"]]) {
      const asked = await answered(it, ["GET /site/1?tab=2", ...lines, ...ALICE]);
      t.match(asked.body, 'href="/.guise/as/17?to=%2Fsite%2F1%3Ftab%3D2"');
      t.notMatch(asked.body, /_csrf|<form/);
    }
  },
);

t.test("a browser that doesn't say who asks is asked nothing, and told what helps", async (t) => {
  const it = await testServices(t);
  const refused = await answered(it, ["GET /site/1?tab=2", "Accept: text/html,*/*;q=0.8", ...ALICE]);
  isOwnPage(t, refused);
  t.equal(refused.status, 403);
  t.match(refused.body, /browser-unclear[\s\S]*by https, in a current browser/);
  t.notMatch(refused.body, /Nuno|_csrf|<form/);
});

t.test("a Stop form holds nothing, so that it needs nobody", async (t) => {
  const it = await testServices(t);
  const { cookie, secret } = await impersonate(it);
  it.breakDown(["identity", "users"]);
  const refused = await answered(it, ["GET /x", ...CLICK, ...ALICE, cookie]);
  t.match(refused.body, 'action="/.guise/stop"');
  t.notMatch(refused.body, /<input/);
  t.notMatch(refused.body, secret, "the secret itself is never in a page");
});

t.test("signing out of the app leads back where one came from, without the app", async (t) => {
  const it = await testServices(t);
  const { cookie } = await impersonate(it, { returnTo: "/queue" });
  const off = await answered(it, ["GET /logout", ...INSIDE, ...ALICE, cookie]);
  t.match(off, { status: 303, body: "" });
  t.equal(off.value("location"), "/queue");
  t.equal(off.value("cache-control"), "no-store");
  t.equal(off.value("clear-site-data"), '"cache", "storage"');
  t.match(forThisHost(off.setCookies), [/^guise=;/, /^guise-notice=/]);
});

t.test(
  "a script that signs out is told that it was stopped, and its page never goes on as the agent",
  async (t) => {
    const it = await testServices(t);
    const { cookie } = await impersonate(it);
    const off = await answered(it, ["POST /logout", ...FETCH, ...ALICE, cookie]);
    t.equal(off.status, 409);
    t.match(JSON.parse(off.body), { code: "ended-by-logout", status: 409 });
    t.same(off.setCookies, []);
    t.equal(off.value("clear-site-data"), "");
    const after = await answered(it, ["GET /api/me", ...FETCH, ...ALICE, cookie]);
    t.match(JSON.parse(after.body), { code: "ended-by-logout", status: 409 });
  },
);

t.test("nor does the page around a frame that signs out", async (t) => {
  const it = await testServices(t);
  const { cookie } = await impersonate(it);
  const framed = INSIDE.map((line) => line.replace("document", "iframe"));
  const off = await answered(it, ["GET /logout", ...framed, ...ALICE, cookie]);
  t.match(off, { status: 409, body: /You are no longer viewing as[\s\S]*Go on as yourself/ });
  t.same(off.setCookies, []);
});

t.test("cache and storage stay where the config says so", async (t) => {
  const it = await testServices(t, `${YAML}page: { clearSiteData: false }\n`);
  const { cookie } = await impersonate(it);
  const off = await answered(it, ["GET /logout", ...INSIDE, ...ALICE, cookie]);
  t.equal(off.value("clear-site-data"), "");
});

t.test("an end is told with whom one was, and the way on", async (t) => {
  const it = await testServices(t);
  const { cookie } = await impersonate(it);
  it.clock.pass(900_000);
  const over = await answered(it, ["GET /x?y", ...INSIDE, ...ALICE, cookie]);
  t.equal(over.status, 409);
  isOwnPage(t, over);
  t.match(over.body, /ended-idle/);
  t.match(over.body, /You are no longer viewing as <bdi>Nuno Almeida<\/bdi>/);
  t.match(over.body, /href="\/\.guise\/as\/17\?to=%2Fx%3Fy"/);
  t.match(over.body, /action="\/\.guise\/stop"/);
});

t.test("a stolen cookie tells nothing of whose it is", async (t) => {
  const it = await testServices(t);
  const { cookie } = await impersonate(it);
  const over = await answered(it, ["GET /x", ...INSIDE, ...BOB, cookie]);
  t.notMatch(over.body, /Nuno|almeida|\b17\b/i);
});

t.test("no page names an owner whom the agent doesn't impersonate and may not be", async (t) => {
  const it = await testServices(t);
  const { cookie } = await impersonate(it);
  for (const [what, more] of [
    ["a cookie with nothing behind it", [...ALICE, `Cookie: guise=${"A".repeat(43)}`]],
    ["another agent's cookie", [...BOB, cookie]],
    ["a tab that was left open", [...ALICE, "X-Guise-Tab: made-up"]],
  ] as const)
    for (const path of ["/site/5", "/site/2"]) {
      const told = await answered(it, [`GET ${path}`, ...CLICK, ...more]);
      t.equal(told.status, 409, what);
      t.notMatch(told.body, /Root|Mia|mia@|\/as\/|Nuno/, `${what}: ${path}`);
    }
  it.clock.pass(2_000);
  it.breakDown(["store"]);
  const unknown = await answered(it, ["GET /site/5", ...CLICK, ...ALICE, cookie]);
  t.equal(unknown.status, 503);
  t.notMatch(unknown.body, /Root/, "nor while nobody can say who is impersonated");
});

t.test("no answer tells which addresses exist", async (t) => {
  const it = await testServices(t);
  const ownView = async (path: string) => (await committed(it, [`GET ${path}`, ...CLICK, ...ALICE])).decision;
  for (const path of ["/site/5", "/site/6", "/site/99", "/users/nobody", "/inbox"])
    t.match(await ownView(path), { kind: "forward", as: "self" }, path);
});

t.test("a request that is forwarded is never answered", async (t) => {
  const it = await testServices(t);
  const passing = await committed(it, ["GET /x", ...FETCH]);
  t.throws(() => answer(it.services, passing), TypeError);
});

t.test("a fault is told without what only the operator may know", async (t) => {
  const it = await testServices(t);
  for (const code of Object.keys(FAULTS) as FaultCode[]) {
    const fault = new Fault(code, "10.0.0.7:5432 said <hunter2>");
    const json = answerFault(it.services, fault, { id: "r1", page: false, prefix: "/.guise" });
    t.match(JSON.parse(json.body), {
      type: `urn:guise:fault:${code}`,
      code,
      status: FAULTS[code].status,
      requestId: "r1",
    });
    const page = answerFault(it.services, fault, { id: "r1", page: true, prefix: "/.guise" });
    const policy = ["Cross-Origin-Opener-Policy", "same-origin"];
    t.same([page.status, page.headers], [FAULTS[code].status, [...PAGE_HEADERS, policy]]);
    t.match(page.body, "r1");
    t.notMatch(json.body + page.body, /10\.0\.0\.7|hunter2/);
  }
});

t.test("a fault of a request is a page for a navigation, and in the log with all of it", async (t) => {
  const it = await testServices(t);
  const fault = new Fault("upstream-unreachable", "ECONNREFUSED 10.0.0.7");
  const page = answerFaultTo(it.services, await receive(it, ["GET /x", ...CLICK]), fault);
  t.match(page.body, /^<!doctype html>/);
  t.match(JSON.parse(answerFaultTo(it.services, await receive(it, ["GET /x", ...FETCH]), fault).body), {
    code: "upstream-unreachable",
  });
  t.same(it.log.lines, ["warn: The app can not be reached", "warn: The app can not be reached"]);
});
