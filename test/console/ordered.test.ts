import t from "tap";
import { openConsole } from "../fixtures/client/console.ts";
import { ALICE, BOB, CLICK } from "../fixtures/gateway/stages.ts";
import { type TestServices, testServices, YAML } from "../fixtures/gateway/test-services.ts";

/** A code for what Alice said on the console: to view the app as Nuno. */
function said(it: TestServices, reason: string | null) {
  const people = { agent: "alice", user: "17", ticket: null };
  const places = { origin: "http://app.example.com", to: "/site/1", from: "/" };
  return it.services.codes.issue({ kind: "start", ...people, ...places, reason }, 30_000);
}

t.test(
  "what was said on the console is done once, for its agent, if the config still has it so",
  async (t) => {
    const it = await testServices(
      t,
      YAML.replace("    mode: read\n", "    mode: read\n    reason: required\n"),
    );
    const ask = await openConsole(t, it);
    const bring = async (code: string, who: readonly string[] = ALICE) =>
      (await ask([`GET /.guise/ordered?code=${code}`, ...CLICK, ...who])).status;
    t.equal(await bring(await said(it, null)), 403, "a reason is required by now");
    t.equal(await bring(await said(it, "bug"), BOB), 403, "somebody else's");
    t.same(await it.impersonations.list(), []);
    const code = await said(it, "bug");
    t.equal(await bring(code), 303);
    t.equal(await bring(code), 403, "it was used");
    t.match(await it.impersonations.list(), [{ effectiveUser: { id: "17" }, reason: "bug" }]);
  },
);
