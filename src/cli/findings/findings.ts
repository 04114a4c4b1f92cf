import { compiledApps } from "../../config/apps.ts";
import type { Examined } from "../../config/load.ts";
import { inOrder, type Problem } from "../../config/problem.ts";
import { examplesAstray, keysNeverAsked } from "./examples.ts";
import { administrators } from "./people.ts";
import { shadedRoutes, shadedRules } from "./shading.ts";

/** The warnings about a valid config: what is probably a mistake, in the order of the file. */
export async function findingsIn({ config, value, load, locate }: Examined): Promise<readonly Problem[]> {
  const { snapshot } = load;
  const apps = compiledApps(config, snapshot);
  const found = [
    ...administrators(config, value, snapshot.policy),
    ...apps.flatMap(shadedRoutes),
    ...apps.flatMap(shadedRules),
    ...keysNeverAsked(apps, value),
    ...(await examplesAstray(apps, snapshot)),
  ];
  return inOrder(found.map(locate));
}
