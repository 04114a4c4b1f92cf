import t from "tap";
import { formSubject } from "../../src/gateway/form-subject.ts";
import { receive } from "../fixtures/stages.ts";
import { testWorld } from "../fixtures/world.ts";

t.test("a form is bound to the impersonation where there is one, else to the person", async (t) => {
  const it = await testWorld(t);
  const alice = { id: "alice", name: null, email: null, groups: null };
  const worn = await receive(it, ["GET /", "Cookie: guise=S"]);
  const bare = await receive(it, ["GET /"]);
  t.equal(formSubject(worn, alice), "S");
  t.equal(formSubject(worn, null), "S", "so Stop needs nobody");
  t.equal(formSubject(bare, alice), "alice");
  t.equal(formSubject(bare, null), "");
});
