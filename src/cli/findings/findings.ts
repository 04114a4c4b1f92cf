import type { Examined } from "../../config/load.ts";
import { inOrder, type Problem } from "../../config/problem.ts";
import { examplesAstray, keysNeverAsked } from "./examples.ts";
import { administrators } from "./people.ts";
import { shadedRoutes, shadedRules } from "./shading.ts";

/** What is hardly meant in a config that is right, in the order of the file. */
export async function findingsIn({ config, value, load, locate }: Examined): Promise<readonly Problem[]> {
  const { snapshot } = load;
  const { routes, rules } = config;
  const found = [
    ...administrators(config, value, snapshot.policy),
    ...shadedRoutes(routes, snapshot.routes),
    ...shadedRules(rules, snapshot.rules),
    ...keysNeverAsked(config, value),
    ...(await examplesAstray(routes, snapshot)),
  ];
  return inOrder(found.map(locate));
}
