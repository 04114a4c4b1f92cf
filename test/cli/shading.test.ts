import fc from "fast-check";
import t from "tap";
import { shadedRoutes, shadedRules } from "../../src/cli/findings/shading.ts";
import { KINDS } from "../../src/config/kinds.ts";
import { configSchema } from "../../src/config/schema.ts";
import { routesOf, rulesOf } from "../../src/config/tables.ts";
import { finish } from "../../src/domain/steps.ts";

/** Few names, so that patterns meet each other and their addresses. */
const NAME = fc.constantFrom("a", "b", "a.json", "A", "x-1");
const WRITTEN = fc.constantFrom("a", "b", ":p", ":p.json", "x-:p", "*p", "A");
const METHODS = ["GET", "HEAD", "POST", "DELETE", "MKCOL"] as const;
const HOST = fc.constantFrom(null, "h.example", ":team.example");

const pattern = fc
  .array(WRITTEN, { minLength: 0, maxLength: 3 })
  .chain((parts) => fc.tuple(fc.constant(parts), fc.boolean()))
  .map(([parts, open]) => {
    const named = parts.map((part, i) => part.replace("p", `p${i}`));
    return `/${named.join("/")}${open && named.length > 0 ? "{/*rest}" : ""}`;
  });
const address = fc.array(NAME, { maxLength: 4 }).map((parts) => `/${parts.join("/")}`);
const host = fc.constantFrom("h.example", "k.example", "other");

const config = configSchema(KINDS);
const read = (part: object) =>
  config.parse({
    upstream: "http://127.0.0.1:1",
    identity: [{ demo: { users: [{ id: "1" }] } }],
    ...part,
  });

const rule = fc.record({
  path: pattern,
  host: HOST,
  methods: fc.option(fc.subarray([...METHODS], { minLength: 1 }), { nil: null }),
  effect: fc.constantFrom({ allow: true }, { deny: true }, { stop: true }),
});

t.test("no request ever meets a rule that is said never to match", async (t) => {
  let named = 0;
  fc.assert(
    fc.property(
      fc.array(rule, { minLength: 2, maxLength: 5 }),
      fc.array(fc.tuple(host, address, fc.constantFrom(...METHODS)), { minLength: 40, maxLength: 40 }),
      (written, requests) => {
        const { rules } = read({ rules: written.map(({ effect, ...where }) => ({ ...where, ...effect })) });
        const { rules: index, complaints } = rulesOf({ rules });
        fc.pre(complaints.length === 0);
        const found = shadedRules({ at: [], rules, snapshot: { rules: index } });
        const shaded = new Set(found.map(({ path }) => `rules[${String(path[1])}]`));
        named += shaded.size;
        const met = requests.map(([host, path, method]) => index.match({ host, path, method })?.name ?? "");
        return !met.some((name) => shaded.has(name));
      },
    ),
    { numRuns: 500, seed: 13 },
  );
  t.ok(named > 50, "many rules are said never to match");
});

t.test("no address ever meets a route that is said never to be met", async (t) => {
  let named = 0;
  fc.assert(
    fc.property(
      fc.array(fc.record({ path: pattern, host: HOST, caseSensitive: fc.boolean() }), {
        minLength: 2,
        maxLength: 6,
      }),
      fc.array(fc.tuple(host, address), { minLength: 40, maxLength: 40 }),
      (written, addresses) => {
        const { routes } = read({ routes: written.map((where) => ({ ...where, owner: "none" })) });
        const { routes: finder, complaints } = finish(routesOf({ owners: {}, routes }));
        fc.pre(complaints.length === 0);
        const found = shadedRoutes({ at: [], routes, snapshot: { routes: finder } });
        const shaded = new Set(found.map(({ path }) => `routes[${String(path[1])}]`));
        named += shaded.size;
        return !addresses.some(([host, path]) =>
          shaded.has(finder.match(host, path, null)?.target.name ?? ""),
        );
      },
    ),
    { numRuns: 1_500, seed: 13 },
  );
  t.ok(named > 10, "some routes are said never to be met");
});
