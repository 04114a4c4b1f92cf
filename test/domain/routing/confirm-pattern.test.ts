import t from "tap";
import { confirmPatterns } from "../../../src/domain/routing/confirm-pattern.ts";
import type { RuleSpec } from "../../../src/domain/routing/rule.ts";

function spec(
  more: Partial<RuleSpec> & { readonly effect?: "confirm" | "deny"; readonly sentence?: string | null },
): RuleSpec {
  const { effect = "confirm", sentence = "Sure?", ...rest } = more;
  return {
    rule: { name: "rules[0]", effect, sentence },
    host: null,
    path: "/site/:site/delete",
    methods: null,
    ...rest,
  };
}

t.test("a confirm rule is a pattern for each of its methods", async (t) => {
  const found = confirmPatterns([spec({ methods: ["POST", "DELETE"] })]);
  t.same(
    found.map((it) => it.method),
    ["POST", "DELETE"],
  );
  t.equal(confirmPatterns([spec({})]).length, 5);
  for (const { source, sentence } of found) {
    t.equal(sentence, "Sure?");
    const pattern = new RegExp(source, "i");
    for (const path of ["/site/1/delete", "/site/1/delete/", "/SITE/x/delete/more"]) t.match(path, pattern);
    for (const path of ["/site/1", "/site/1/deleted", "/x/site/1/delete"]) t.notMatch(path, pattern, path);
  }
});

t.test("other rules, and those without a path or sentence, are none", async (t) => {
  t.same(
    confirmPatterns([spec({ effect: "deny" }), spec({ path: null, host: "a.b" }), spec({ sentence: null })]),
    [],
  );
});
