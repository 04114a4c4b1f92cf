import { once } from "node:events";
import { writeFileSync } from "node:fs";
import { createServer, get } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import t, { type Test } from "tap";
import { compile } from "../../src/config/compile.ts";
import { KINDS } from "../../src/config/kinds.ts";
import { load, reload } from "../../src/config/load.ts";
import { formatProblem } from "../../src/config/problem.ts";
import { salvage } from "../../src/config/salvage.ts";
import { configSchema } from "../../src/config/schema.ts";
import { inSlices } from "../../src/config/slices.ts";
import { validate } from "../../src/config/validate.ts";
import { finish, type Steps } from "../../src/domain/steps.ts";
import { loadOptions, MINIMAL } from "../fixtures/gateway/config.ts";
import { testFolder } from "../fixtures/test-folder.ts";

const COUNT = 2_000;

/** A config of so many routes; `edit` writes one of them otherwise. */
function many(edit: (n: number) => string | null = () => null): string {
  const routes = Array.from(
    { length: COUNT },
    (_, n) => `  - ${edit(n) ?? `{ path: "/part-${n % 100}/page-${n}/:site{/*rest}", owner: site }`}`,
  );
  return `${MINIMAL}owners:\n  site: { map: { "1": "17" } }\nroutes:\n${routes.join("\n")}\n`;
}

/** What both ways of loading give for a file with this text. */
async function both(t: Test, text: string) {
  const file = join(testFolder(t), "routes.config.yaml");
  writeFileSync(file, text);
  return [await load(file, loadOptions()), await reload(file, loadOptions())] as const;
}

t.test("a large file that is read aside, in pieces and in slices, is the same config", async (t) => {
  const [atOnce, sliced] = await both(t, many());
  if (atOnce.kind !== "loaded" || sliced.kind !== "loaded") throw new Error("both load");
  t.same(sliced.summary, atOnce.summary);
  t.equal(sliced.summary.routes, COUNT);
  t.equal(sliced.snapshot.digest, atOnce.snapshot.digest);
  t.equal(sliced.parts.written, atOnce.parts.written);
  for (const n of [0, 49, 50, 51, 1_777, COUNT - 1]) {
    const path = `/part-${n % 100}/page-${n}/1/rest`;
    t.same(sliced.snapshot.routes.match("a", path, null), atOnce.snapshot.routes.match("a", path, null));
    t.equal(sliced.snapshot.routes.match("a", path, null)?.params.site, "1");
  }
});

t.test("and has the same problems, each at its place", async (t) => {
  const wrong: Readonly<Record<number, string>> = {
    0: `{ path: "site", owner: site }`,
    50: `{ path: "/a-50", ownr: site }`,
    1234: `{ path: "/a/:x", owner: nobody }`,
    2999: `{ path: "/part-0/page-0/:other{/*rest}", owner: site }`,
  };
  for (const texts of [
    many((n) => wrong[n] ?? null),
    many((n) => (n > 50 ? (wrong[n] ?? null) : null)),
    `${many()}rules: [{ allow: true }]\nbanner: 1\n`,
    `${many()}\t- x`,
  ]) {
    const [atOnce, sliced] = await both(t, texts);
    if (atOnce.kind !== "rejected" || sliced.kind !== "rejected") throw new Error("neither loads");
    t.ok(atOnce.problems.length > 0);
    t.same(sliced.problems.map(formatProblem), atOnce.problems.map(formatProblem));
    t.equal(sliced.digest, atOnce.digest);
  }
});

t.test("a request is answered before the work beside it is done", async (t) => {
  const server = createServer((_request, response) => response.end()).listen(0, "127.0.0.1");
  t.teardown(() => server.close());
  await once(server, "listening");
  let answered = 0;
  const ask = () =>
    get({ port: (server.address() as AddressInfo).port, host: "127.0.0.1", agent: false }, (response) => {
      answered += 1;
      response.resume();
    });
  // Work that ends only once requests were answered meanwhile: done at one go it would never end.
  function* untilAnswered(): Steps<string> {
    for (let n = 1; n <= 3; n += 1) {
      ask();
      while (answered < n) yield;
    }
    return "done";
  }
  t.equal(await inSlices(untilAnswered()), "done");
  t.equal(answered, 3);
});

function stepsOf(work: Steps<unknown>): number {
  let steps = 0;
  while (work.next().done !== true) steps += 1;
  return steps;
}

t.test("no step of it is more than a route, or fifty in the schema", async (t) => {
  const routes = Array.from({ length: COUNT }, (_, n) => ({ path: `/p-${n}/:site`, owner: "site" }));
  const value = {
    upstream: "http://127.0.0.1:8001",
    identity: [{ insecureHeader: { name: "X-User", from: ["127.0.0.1"] } }],
    owners: { site: { map: { 1: "17" } } },
    routes,
  };
  const schema = configSchema(KINDS);
  t.ok(stepsOf(validate(value, schema)) >= COUNT / 50);
  t.ok(stepsOf(salvage(value, KINDS)) >= COUNT);
  const checked = finish(validate(value, schema));
  if (checked.kind !== "valid") throw new Error("it is valid");
  const deps = { ...loadOptions().deps, directory: ".", secret: () => "" };
  const options = { digest: "", evidence: { identity: [], cookies: [] }, deps } as never;
  t.ok(stepsOf(compile(checked.value, options)) >= 2 * COUNT);
});
