import { presetRules } from "../../src/domain/routing/presets.ts";
import { compileRules, type RuleSpec } from "../../src/domain/routing/rule.ts";

/** Prints ns for asking 10 and 1,000 rules, each with the account-security preset behind them. Run: `node bench/micro/rules.ts`. */
const ROUNDS = 500_000;

function rulesOf(count: number): readonly RuleSpec[] {
  const own = Array.from({ length: count }, (_, i): RuleSpec => {
    const rule = { name: `rules[${i}]`, effect: i % 5 === 0 ? "allow" : "deny", sentence: null } as const;
    return { rule, host: null, path: `/area-${i}/:id/delete`, methods: ["POST"] };
  });
  return [...own, ...(presetRules("account-security") ?? [])];
}

const cases: Readonly<Record<string, string>> = {
  miss: "/site/42/pages/settings",
  own: "/area-7/42/delete",
  preset: "/users/password",
  odd: "/Area-7;x=1/42/delete.json/",
};

for (const [name, path] of Object.entries(cases)) {
  const figures = [10, 1_000].map((count) => {
    const { index } = compileRules(rulesOf(count));
    let best = Number.POSITIVE_INFINITY;
    for (let run = 0; run < 3; run++) {
      const began = process.hrtime.bigint();
      for (let i = 0; i < ROUNDS; i++) index.match({ method: "POST", path, host: "app.example" });
      best = Math.min(best, Number(process.hrtime.bigint() - began) / ROUNDS);
    }
    return `${best.toFixed(0).padStart(6)} ns`;
  });
  console.log(`${name.padEnd(7)} 10 rules ${figures[0]}   1,000 rules ${figures[1]}`);
}
