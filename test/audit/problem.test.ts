import t from "tap";
import { problemOf } from "../../src/audit/problem.ts";

t.test("problems have the name that an operator searches for", async (t) => {
  const coded = Object.assign(new Error("connect ECONNREFUSED 127.0.0.1:1"), { code: "ECONNREFUSED" });
  t.equal(problemOf(new Error("READONLY You can't write against a read only replica.")), "READONLY");
  t.equal(problemOf(new Error("MISCONF Redis is configured to save RDB snapshots")), "MISCONF");
  t.equal(problemOf(new Error("ERR The user executing the script can't run this command")), "NOPERM");
  t.equal(problemOf(coded), "ECONNREFUSED");
  t.equal(problemOf(new Error("Command timed out")), "Command timed out");
  t.equal(problemOf(new Error("Stream isn't writeable and enableOfflineQueue …")), "not connected");
  t.equal(problemOf(new Error("HTTP 503")), "HTTP 503");
  t.equal(problemOf("x"), "x");
});
