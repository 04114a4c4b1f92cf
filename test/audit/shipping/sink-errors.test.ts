import { readFile } from "node:fs/promises";
import t from "tap";
import { PROBLEMS, problemOf, problemWord, SinkProblem } from "../../../src/audit/shipping/sink-errors.ts";

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

const coded = (code: string, message = "x") => Object.assign(new Error(message), { code });
const fetching = (cause: unknown) => new TypeError("fetch failed", { cause });

for (const [error, word] of [
  [new Error("OOM command not allowed when used memory > 'maxmemory'."), "OOM"],
  [new Error("ERR The user executing the script can't run this command"), "NOPERM"],
  [new Error("Stream isn't writeable and enableOfflineQueue …"), "not connected"],
  [new Error("not connected within 10000 ms"), "not connected"],
  [new Error("Connection is closed."), "connection lost"],
  [new Error("Command timed out"), "timeout"],
  [new DOMException("The operation was aborted due to timeout", "TimeoutError"), "timeout"],
  [fetching(coded("ECONNREFUSED")), "ECONNREFUSED"],
  [fetching(coded("UND_ERR_SOCKET", "other side closed")), "connection lost"],
  [fetching(coded("UND_ERR_CONNECT_TIMEOUT")), "timeout"],
  [fetching(coded("CERT_HAS_EXPIRED", "certificate has expired")), "TLS"],
  [fetching(coded("UNABLE_TO_VERIFY_LEAF_SIGNATURE")), "TLS"],
  [new SinkProblem("records lost", "Redis has lost records: it is at 4213"), "records lost"],
  [new SinkProblem("HTTP 5xx", "HTTP 599"), "HTTP 5xx"],
  [new Error("Redis has lost records: it is at 4213"), "other"],
  [new Error("SOMEWORD that nobody has heard of"), "other"],
  [new Error("HTTP 299"), "other"],
  [coded("EWEIRD"), "other"],
  ["a text of anybody's", "other"],
] as const)
  t.test(`the label for ${String(error)} is ${word}`, async (t) => t.equal(problemWord(error), word));

t.test("the words of docs/metrics.md are those that there are", async (t) => {
  const page = await readFile(new URL("../../../docs/metrics.md", import.meta.url), "utf8");
  const [, list = ""] = page.split("## Problems of sinks");
  const documented = [...list.matchAll(/^- [^:]+: (.*)$/gm)].flatMap(([, words = ""]) =>
    [...words.matchAll(/`([^`]+)`/g)].map(([, word]) => word),
  );
  t.same(documented.toSorted(), [...PROBLEMS].sort());
});
