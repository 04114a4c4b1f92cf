import fc from "fast-check";
import type { Teardown } from "../fixtures/client/raw.ts";
import { plans } from "./answers.ts";
import { type Comparison, compare } from "./compare.ts";
import type { Plan } from "./plan.ts";
import { type SiteKind, site } from "./site.ts";

export interface Run {
  /** How many exchanges are compared at least. */
  readonly exchanges: number;
  readonly seed: number;
  readonly comparison: Comparison;
  /** On gateways of these kinds, each its share. */
  readonly sites: readonly SiteKind[];
  /** What is left out, since it is known to differ. */
  readonly leaves?: (plan: Plan) => boolean;
  /** Ends at the first difference as it was found. */
  readonly unshrunk?: boolean;
  /** Compares one plan again: its kind of site, and the path that was printed. */
  readonly again?: { readonly site: SiteKind; readonly path: string };
}

export interface Outcome {
  readonly exchanges: number;
  /** What differs, with all that is needed to see it again; none where nothing does. */
  readonly failures: readonly string[];
}

class Different extends Error {}

/** Connections that one seed gives. */
const ROUND = 25;
/** Several gateways of each kind take their share at the same time; each has a seed of its own. */
const EACH = 2;

export async function run(t: Teardown, options: Run): Promise<Outcome> {
  const kinds = options.again === undefined ? Array(EACH).fill(options.sites).flat() : [options.again.site];
  let exchanges = 0;
  let stopped = false;
  const share = options.exchanges / kinds.length;
  const failures = await Promise.all(
    kinds.map(async (kind: SiteKind, nth) => {
      const stand = await site(t, kind);
      let mine = 0;
      let differs = false;
      const property = fc.asyncProperty(plans, async (plan) => {
        if (options.leaves?.(plan) === true) return;
        const found = await compare(options.comparison, stand, plan);
        differs ||= found.length > 0;
        if (found.length > 0) throw new Different(found.join("\n  "));
        // What makes a difference smaller doesn't count.
        if (!differs) mine += plan.exchanges.length;
      });
      let failed: fc.RunDetails<[Plan]> | null = null;
      const seed = options.again === undefined ? options.seed + nth : options.seed;
      for (let round = 0; failed === null && mine < share && !(stopped && options.unshrunk); round += 1) {
        const details = await fc.check(property, {
          seed: seed + round * 1_000,
          numRuns: options.again === undefined ? ROUND : 1,
          endOnFailure: options.unshrunk === true,
          ...(options.again === undefined ? {} : { path: options.again.path }),
        });
        if (details.failed) {
          failed = details;
          stopped = true;
        }
        if (options.again !== undefined) break;
      }
      exchanges += mine;
      return failed === null ? null : told(failed, kind);
    }),
  );
  return { exchanges, failures: failures.filter((it) => it !== null) };
}

function told(
  { seed, counterexamplePath, counterexample, errorInstance }: fc.RunDetails<[Plan]>,
  kind: SiteKind,
): string {
  const why = errorInstance instanceof Error ? errorInstance.message : String(errorInstance);
  return [
    `--site ${kind} --seed ${seed} --path ${counterexamplePath}`,
    `  ${errorInstance instanceof Different ? why : ((errorInstance as Error)?.stack ?? why)}`,
    JSON.stringify(counterexample?.[0]),
  ].join("\n");
}
