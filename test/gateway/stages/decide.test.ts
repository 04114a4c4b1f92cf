import t from "tap";
import { sayWhyNot } from "../../../src/gateway/audit/not-started.ts";
import { judge } from "../../../src/gateway/stages/decide.ts";
import { SECRET } from "../../fixtures/client/cookies.ts";
import {
  ALICE,
  BOB,
  CLICK,
  FETCH,
  INSIDE,
  impersonate,
  judged,
  NUNO,
  settled,
} from "../../fixtures/gateway/stages.ts";
import { testServices, YAML } from "../../fixtures/gateway/test-services.ts";

t.test("the facts of a request come to the judge as they are", async (t) => {
  const it = await testServices(t);
  const { cookie } = await impersonate(it);
  const words = async (head: readonly string[]) => {
    const { decision } = await judged(it, head);
    return [decision.kind, decision.reason];
  };
  t.same(await words(["GET /site/1", ...CLICK, ...ALICE]), ["forward", "started"]);
  t.same(await words(["GET /site/1", ...CLICK, ...NUNO]), ["forward", "not-agent"]);
  t.same(await words(["GET /site/3", ...CLICK, ...ALICE]), ["forward", "own-page"]);
  t.same(await words(["GET /site/4", ...CLICK, ...ALICE]), ["forward", "viewer"]);
  t.same(await words(["GET /site/5", ...CLICK, ...ALICE]), ["forward", "protected-target"]);
  t.same(await words(["GET /site/6", ...CLICK, ...ALICE]), ["forward", "protected-target"]);
  t.same(await words(["GET /site/1", ...CLICK]), ["forward", "signed-out"]);
  t.same(await words(["GET /site/1", "Accept: text/html,*/*;q=0.8", ...ALICE]), ["page", "ask-start"]);
  t.same(await words(["GET /site/1", ...CLICK, ...ALICE, "Sec-Purpose: prefetch"]), ["refuse", "ask-start"]);
  t.same(await words(["GET /x", ...FETCH, ...ALICE, cookie]), ["forward", "impersonating"]);
  t.same(await words(["POST /x", ...FETCH, ...ALICE, cookie]), ["refuse", "read-only"]);
  t.same(await words(["POST /search", ...FETCH, ...ALICE, cookie]), ["forward", "impersonating"]);
  t.same(await words(["POST /payments/1", ...FETCH, ...ALICE, cookie]), ["refuse", "denied"]);
  t.same(await words(["GET /site/1/delete", ...INSIDE, ...ALICE, cookie]), ["page", "confirm-required"]);
  t.same(await words(["GET /logout", ...INSIDE, ...ALICE, cookie]), ["stop", "ended-by-logout"]);
  t.same(await words(["GET /site/2", ...CLICK, ...ALICE, cookie]), ["forward", "switched"]);
  t.same(await words(["GET /site/3", ...CLICK, ...ALICE, cookie]), ["forward", "own-page"]);
  t.same(await words(["GET /x", ...FETCH, cookie]), ["ended", "signed-out"]);
  t.same(await words(["GET /x", ...FETCH, ...BOB, cookie]), ["ended", "ended-agent-lost-right"]);
  t.same(await words(["GET /x", ...FETCH, ...ALICE, `Cookie: guise=${SECRET}`]), ["ended", "ended-expired"]);
});

t.test("what was confirmed is said by the one who asks", async (t) => {
  const it = await testServices(t, YAML.replace("mode: read\n    elevate: { for: 10m }", "mode: write"));
  const { cookie } = await impersonate(it, { mode: "write" });
  const facts = await settled(it, ["POST /site/1/delete", ...INSIDE, ...ALICE, cookie]);
  t.equal(judge(facts).decision.reason, "confirm-required");
  t.equal(
    judge({ ...facts, content: { ...facts.content, confirmed: true } }).decision.reason,
    "impersonating",
  );
});

t.test("an upgrade and an override are told as such", async (t) => {
  const it = await testServices(t);
  const { cookie } = await impersonate(it);
  const socket = ["GET /site/2", ...CLICK, ...ALICE, cookie, "Connection: Upgrade", "Upgrade: websocket"];
  t.equal(
    (await judged(it, socket, { upgrade: true })).decision.reason,
    "impersonating",
    "no switch by a socket",
  );
  t.equal(
    (await judged(it, ["GET /x", ...ALICE, cookie, "X-HTTP-Method: GET"])).decision.reason,
    "read-only",
  );
});

t.test("an unsafe request from a tab of another impersonation is refused", async (t) => {
  const it = await testServices(t, YAML.replace("mode: read\n    elevate: { for: 10m }", "mode: write"));
  const { cookie } = await impersonate(it, { mode: "write" });
  const post = ["POST /x", ...FETCH, ...ALICE, cookie];
  const from = async (path: string) =>
    (await judged(it, [...post, `Referer: http://app.example.com${path}`])).decision.reason;
  t.equal(await from("/site/2"), "other-tab");
  t.equal(await from("/site/1"), "impersonating");
  t.equal(await from("/inbox"), "impersonating");
});

t.test("a page with a route where nothing was started says why, and is counted", async (t) => {
  const it = await testServices(t);
  const opened = async (head: readonly string[]) => {
    const [before, said] = [it.causes.length, it.log.lines.length];
    sayWhyNot(it.services, await judged(it, head));
    return [it.causes.slice(before), it.log.lines.slice(said)];
  };
  const line = (level: string, reason: string) =>
    `${level}: routes[0] /site/:site{/*rest}: nothing was started: ${reason}`;
  const cases: readonly (readonly [string, readonly string[], string, string])[] = [
    ["GET /site/1", NUNO, "not-agent", "debug"],
    ["GET /site/3", ALICE, "own-page", "debug"],
    ["GET /site/4", ALICE, "viewer", "debug"],
    ["GET /site/5", ALICE, "protected-target", "info"],
    ["GET /site/99", ALICE, "no-owner", "info"],
  ];
  for (const [path, who, reason, level] of cases) {
    t.strictSame(await opened([path, ...CLICK, ...who]), [[`not started ${reason}`], [line(level, reason)]]);
    t.strictSame(await opened([path, ...CLICK, ...who]), [[`not started ${reason}`], []], "the line, once");
  }
});

t.test("what could start nothing anyway says nothing", async (t) => {
  const it = await testServices(t);
  const { cookie } = await impersonate(it);
  for (const head of [
    ["GET /site/1", ...CLICK, ...ALICE],
    ["GET /x", ...CLICK, ...NUNO],
    ["GET /site/1", ...FETCH, ...NUNO],
    ["POST /site/1", ...CLICK, ...NUNO],
    ["GET /site/1", ...INSIDE, ...ALICE, cookie],
    ["GET /site/3", ...CLICK, ...ALICE, cookie],
  ])
    sayWhyNot(it.services, await judged(it, head));
  t.strictSame(it.causes, []);
});
