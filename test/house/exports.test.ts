import t from "tap";
import { filesBelow, type SourceFile, target } from "./source.ts";

/** Where an import of src counts; that a test alone needs something makes it no part of the program. */
const PROGRAM = ["src", "demo", "scripts", "bench"];

/** Exported for tests alone, each with why it can't be asked through what is exported anyway. */
const FOR_TESTS: Readonly<Record<string, string>> = {
  "src/audit/journal/checkpoint.ts signCheckpoint": "verify is tried with checkpoints of any key and number",
  "src/audit/journal/segments.ts segmentPath": "tests write segments as a gateway that crashed leaves them",
  "src/audit/shipping/sink-errors.ts problemWord": "a table of every error that a driver throws",
  "src/clients/sql/statement.ts readStatement": "a table of statements, without a config around each",
  "src/clients/template.ts readTemplate": "a table of addresses, without a config around each",
  "src/config/load.ts loadBytes": "a config that stands in the test, not in a file",
  "src/domain/headers.ts FORWARDED_HEADERS": "that each name of the list is folded",
  "src/domain/headers.ts IDENTITY_HEADERS": "that each name of the list is folded",
  "src/domain/target.ts fromOutside": "a table of navigations",
  "src/gateway/http/http-proxy.ts proxyOptions": "what the library must be told, without a server",
  "src/gateway/intake/same-origin.ts isSameOrigin":
    "the stricter of two answers; every caller asks the milder one",
  "src/gateway/own-pages/guard.ts accessTo": "a table of the closed list",
  "src/gateway/stages/answer.ts PAGE_HEADERS": "that every page of ours has them",
  "src/gateway/stages/find-owner.ts ownerOf": "what each failure of a lookup becomes",
  "src/gateway/stages/invariants.ts brokenInvariants": "a table of requests that must not leave",
  "src/gateway/websocket/upgrade-listener.ts wantsWebSocket": "a table of handshakes",
  "src/domain/consent/consent.ts TRANSITIONS": "the table that the properties go by",
  "src/domain/impersonation.ts TRANSITIONS": "the table that the properties go by",
  "src/owners/registry.ts finish": "a resolver that fails in ways that no kind does",
  "src/users/registry.ts finish": "a directory that fails in ways that no kind does",
  "src/sessions/stores/redis.ts redisBackend": "a store with a beat and timeout of the test's own",
  "src/sessions/stores/sqlite.ts sqliteBackend": "a store with a poll of the test's own",
};

t.test("everything that a file exports is imported by the program, or listed", async (t) => {
  const used = new Set(PROGRAM.flatMap((folder) => filesBelow(folder).flatMap(importedNames)));
  const exported = filesBelow("src").flatMap(exportedNames);
  t.ok(exported.length > 500, "there are exports to look at");
  const unused = exported.filter((it) => !used.has(it) && !used.has(`${it.split(" ")[0]} *`));
  t.same(unused.toSorted(), Object.keys(FOR_TESTS).toSorted());
});

/** `src/domain/decide.ts decide`, for each name. */
function exportedNames({ path, text }: SourceFile): readonly string[] {
  const names = text.matchAll(
    /^export (?:declare |async |abstract )*(?:const|let|function\*?|class|interface|type|enum) ([\w$]+)/gm,
  );
  return [...names].map(([, name]) => `${path} ${name}`);
}

/** The same for what a file imports; `*` for all of it. */
function importedNames(file: SourceFile): readonly string[] {
  const clauses = file.text.matchAll(
    /^(?:import|export)\s+(?:type\s+)?(\*[^;"']*?|\{[^}]*\})\s+from\s+"(\.[^"]+)"/gm,
  );
  const called = file.text.matchAll(/\bimport\("(\.[^"]+)"\)|new URL\("(\.[^"]+\.ts)", import\.meta\.url\)/g);
  const whole = [...called].map(([, path, url]) => `${target(file, path ?? url ?? "")} *`);
  return whole.concat(
    [...clauses].flatMap(([, clause = "", path = ""]) =>
      clause.startsWith("*")
        ? [`${target(file, path)} *`]
        : [...clause.matchAll(/(?:type\s+)?([\w$]+)(?:\s+as\s+[\w$]+)?\s*[,}]/g)].map(
            ([, name]) => `${target(file, path)} ${name}`,
          ),
    ),
  );
}
