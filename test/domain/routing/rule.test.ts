import fc from "fast-check";
import t from "tap";
import type { EffectName } from "../../../src/domain/policy.ts";
import { compileRules, type RuleSpec } from "../../../src/domain/routing/rule.ts";

interface Written {
  readonly path?: string;
  readonly host?: string;
  readonly methods?: readonly string[];
  readonly effect?: EffectName;
  readonly below?: boolean;
}

function compile(...written: readonly Written[]) {
  return compileRules(
    written.map((rule, i): RuleSpec => {
      const { path = null, host = null, methods = null, effect = "deny", below = true } = rule;
      return { rule: { name: `rules[${i}]`, effect, sentence: null }, path, host, methods, below };
    }),
  );
}

function met(rules: readonly Written[], asked: string, host = "app.example"): string | null {
  const [method = "", path = ""] = asked.split(" ");
  const { index, problems } = compile(...rules);
  if (problems.length > 0) throw new Error(problems[0]?.message);
  return index.match({ method, path, host })?.name ?? null;
}

const deny: readonly (readonly [path: string, asked: string, holds: boolean])[] = [
  ["/admin", "GET /admin", true],
  ["/admin", "GET /admin/", true],
  ["/admin", "GET /admin/users/7", true],
  ["/admin", "GET /ADMIN/x", true],
  ["/Admin", "GET /admin", true],
  ["/admin", "GET /admin;a=b/x", true],
  ["/admin", "GET /;x/admin", true],
  ["/admin", "GET /admin%3Bx", true],
  ["/admin", "GET /admin.", true],
  ["/admin", "GET /admin.json", true],
  ["/admin", "GET /admin%20", true],
  ["/admin", "GET /admin.json;x=1/", true],
  ["/admin", "GET /administration", false],
  ["/admin", "GET /x/admin", false],
  ["/admin.json", "GET /admin.json", true],
  ["/admin.json", "GET /admin", false],
  ["/CAFÉ", "GET /caf%C3%A9", true],
  ["/site/:site/delete", "POST /site/42/delete/now", true],
  ["/site/:site/delete", "POST /site/42", false],
  ["/payments{/*rest}", "POST /payments", true],
  ["/*any/delete", "POST /a/b/delete/c/d", true],
  ["/", "GET /", true],
  ["/", "GET /a", false],
];

for (const [path, asked, holds] of deny) {
  t.test(`deny ${path} ${holds ? "holds" : "does not hold"} for ${asked}`, async (t) => {
    t.equal(met([{ path }], asked), holds ? "rules[0]" : null);
  });
}

const allow: readonly (readonly [path: string, asked: string, holds: boolean])[] = [
  ["/search", "POST /search", true],
  ["/search", "POST /search/", true],
  ["/search", "POST /Search", false],
  ["/search", "POST /search/x", false],
  ["/search", "POST /search;x", false],
  ["/search", "POST /search.json", false],
  ["/:page", "POST /search;x", true],
  ["/:page", "POST /;x", false],
  ["/export.csv", "POST /export.csv", true],
  ["/export.csv", "POST /export.csv;x", false],
  ["/files/:name.csv", "POST /files/a.csv", true],
  ["/search{/*rest}", "POST /search/a/b", true],
];

for (const [path, asked, holds] of allow) {
  t.test(`allow ${path} ${holds ? "holds" : "does not hold"} for ${asked}`, async (t) => {
    t.equal(met([{ path, effect: "allow" }], asked), holds ? "rules[0]" : null);
  });
}

t.test("the first rule wins, whatever its effect and how special it is", async (t) => {
  const rules: readonly Written[] = [
    { path: "/a/b", effect: "allow" },
    { path: "/a", effect: "deny" },
    { path: "/a/c", effect: "allow" },
    { path: "/a/b", effect: "stop" },
  ];
  t.equal(met(rules, "GET /a/b"), "rules[0]");
  t.equal(met(rules, "GET /a/B"), "rules[1]");
  t.equal(met(rules, "GET /a/c"), "rules[1]");
});

t.test("methods narrow a rule, and GET means HEAD too", async (t) => {
  const rules: readonly Written[] = [
    { path: "/a", methods: ["POST"] },
    { path: "/a", methods: ["GET"] },
  ];
  t.equal(met(rules, "POST /a"), "rules[0]");
  t.equal(met(rules, "HEAD /a"), "rules[1]");
  t.equal(met(rules, "DELETE /a"), null);
});

t.test("a host narrows a rule; a host alone is every path of it", async (t) => {
  const rules: readonly Written[] = [{ path: "/a", host: ":team.example" }, { host: "pay.example.com" }];
  t.equal(met(rules, "GET /a", "acme.example"), "rules[0]");
  t.equal(met(rules, "GET /a", "app.other"), null);
  t.equal(met(rules, "GET /", "pay.example.com"), "rules[1]");
  t.equal(met(rules, "GET /x/y", "pay.example.com"), "rules[1]");
});

t.test("a restriction may be told not to cover what lies below", async (t) => {
  t.equal(met([{ path: "/users", below: false }], "DELETE /Users.json"), "rules[0]");
  t.equal(met([{ path: "/users", below: false }], "DELETE /users/7"), null);
});

t.test("problems name the rule; the others work", async (t) => {
  const { index, problems } = compile({ path: "/a//b" }, { path: "/b", host: "a b" }, { path: "/c" });
  t.same(
    problems.map((problem) => problem.name),
    ["rules[0]", "rules[1]"],
  );
  t.equal(index.match({ method: "GET", path: "/c", host: "" })?.name, "rules[2]");
});

t.test("the index finds what trying each rule in turn finds", async (t) => {
  const part = fc.constantFrom("/a", "/B", "/:p", "/f-:q", "/x.js", "{/a}", "/*w");
  const rule = fc.record({
    path: fc.array(part, { minLength: 1, maxLength: 3 }).map((parts) => parts.join("")),
    effect: fc.constantFrom<EffectName>("allow", "deny", "confirm"),
    methods: fc.constantFrom(["GET"], ["POST"], ["GET", "POST"]),
    below: fc.boolean(),
  });
  const path = fc
    .array(fc.constantFrom("/a", "/A", "/b", "/f-1", "/x.js", "/a;v", "/a.json"), { minLength: 1 })
    .map((parts) => parts.join(""));
  fc.assert(
    fc.property(fc.array(rule, { maxLength: 8 }), path, (rules, asked) => {
      const whole = compile(...rules);
      if (whole.problems.length > 0) return true;
      const request = { method: "POST", path: asked, host: "" };
      const one = rules.findIndex((single) => compile(single).index.match(request) !== null);
      return (whole.index.match(request)?.name ?? "rules[-1]") === `rules[${one}]`;
    }),
    { numRuns: 3000 },
  );
  t.pass("holds");
});
