import t from "tap";
import { parse } from "yaml";
import { ZodError } from "zod";
import { judgeCase, nameOf } from "../../src/cli/case.ts";
import type { Decision } from "../../src/domain/decision.ts";

const CASE = `
agents: [{ groups: [support], mayBe: { notInGroups: [support, admin] } }]
request: { method: GET, path: /site/1, route: true, navigation: clicked, site: cross-site }
caller: { id: alice, groups: [support] }
owner: { id: nuno, groups: [customer] }
expect: { decision: start, reason: started }
`;

function judged(text: string) {
  return judgeCase(parse(text));
}

t.test("a case says what the judge says, and what was expected", async (t) => {
  const it = judged(CASE);
  t.same(it.said, { decision: "start", reason: "started" });
  t.same(it.expected, it.said);
  t.ok(it.decision.checks.length > 3);
});

t.test("each part of a case changes what is said", async (t) => {
  const said = (from: string | RegExp, to: string) => judged(CASE.replace(from, to)).said.reason;
  t.equal(said("clicked", "untold"), "ask-start");
  t.equal(said("clicked", "prefetched"), "ask-start");
  t.equal(said("clicked", "framed"), "no-owner");
  t.equal(said("route: true", "route: false"), "no-owner");
  t.equal(said(/caller: .*/, "caller: nobody"), "signed-out");
  t.equal(said(/caller: .*/, "caller: unavailable"), "identity-unavailable");
  t.equal(said(/owner: .*/, "owner: failed"), "owner-lookup-failed");
  t.equal(said(/owner: .*/, "owner: none"), "no-owner");
  t.equal(said("agents:", "impersonation: off\nagents:"), "not-agent");
  t.equal(said("groups: [customer]", "viewers: [alice], groups: [customer]"), "viewer");
});

t.test("what runs is told by how long ago, in lengths of time", async (t) => {
  const impersonating = (more: string) =>
    judged(
      `${CASE.replace("cross-site", "same-origin")}impersonating: { as: { id: nuno, groups: [] }, by: { id: alice, groups: [support] }, ${more} }`,
    ).said.reason;
  t.equal(impersonating("startedAgo: 5m, seenAgo: 1m"), "impersonating");
  t.equal(impersonating("startedAgo: 2h, seenAgo: 1m"), "ended-expired");
  t.equal(impersonating("startedAgo: 20m, seenAgo: 16m"), "ended-idle");
  t.equal(impersonating("startedAgo: 5m, seenAgo: 1m, ended: ended-revoked"), "ended-revoked");
  t.equal(impersonating("startedAgo: 5m, seenAgo: 1m, limit: { total: 3m, idle: 1m }"), "ended-expired");
  t.throws(() => impersonating("startedAgo: soon, seenAgo: 1m"), ZodError);
});

t.test("what is no case is said to be none", async (t) => {
  for (const value of [null, 7, {}, { ...parse(CASE), more: 1 }, { ...parse(CASE), caller: "everybody" }])
    t.throws(() => judgeCase(value), ZodError);
});

t.test("each decision has a name of a word or two", async (t) => {
  const name = (body: object) => nameOf(body as Decision);
  t.equal(name({ kind: "forward", as: "self" }), "self");
  t.equal(name({ kind: "forward", as: "effective" }), "effective");
  t.equal(name({ kind: "forward", as: "start" }), "start");
  t.equal(name({ kind: "page", page: "confirm" }), "confirm");
  t.equal(name({ kind: "refuse", status: 403 }), "refuse 403");
  t.equal(name({ kind: "ended", status: 409 }), "ended 409");
  t.equal(name({ kind: "stop" }), "stop");
});
