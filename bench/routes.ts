import { compileRoutes, type RouteSpec } from "../src/domain/routing/route.ts";

/**
 * Prints ns a match for 10, 1,000 and 10,000 routes, and what the most cost against the fewest; then the same for routes that take any
 * case of letters, asked in capitals. Run: `node bench/routes.ts`.
 */
const COUNTS = [10, 1_000, 10_000];
const ROUNDS = 100_000;
const PROBES = 64;

function routesOf(count: number, caseSensitive: boolean): readonly RouteSpec<number>[] {
  return Array.from({ length: count }, (_, i) => {
    const path = [`/area-${i}/list`, `/team-${i}/item/:item`, `/docs-${i}{/*rest}`][i % 3] ?? "/";
    return { host: null, path, target: i, name: `routes[${i}]`, caseSensitive };
  });
}

/** As many addresses for any number of routes, spread over those of one kind. */
function probes(count: number, rest: number, make: (i: number) => string): readonly string[] {
  const ofKind = Math.floor(count / 3);
  return Array.from({ length: PROBES }, (_, i) => make(((i * 997) % ofKind) * 3 + rest));
}

const kinds: Readonly<Record<string, (count: number) => readonly string[]>> = {
  static: (count) => probes(count, 0, (i) => `/area-${i}/list`),
  param: (count) => probes(count, 1, (i) => `/team-${i}/item/4711`),
  wildcard: (count) => probes(count, 2, (i) => `/docs-${i}/a/b/c`),
  miss: (count) => probes(count, 0, (i) => `/nowhere-${i}/x`),
};

type Finder = ReturnType<typeof compileRoutes<number>>["finder"];

function once(finder: Finder, paths: readonly string[], misses: boolean): number {
  let hits = 0;
  const began = process.hrtime.bigint();
  for (let i = 0; i < ROUNDS; i++) if (finder.match("app.example", paths[i % PROBES] ?? "/") !== null) hits++;
  const ns = Number(process.hrtime.bigint() - began) / ROUNDS;
  if (hits !== (misses ? 0 : ROUNDS)) throw new Error(`${hits} hits of ${ROUNDS}`);
  return ns;
}

for (const caseSensitive of [true, false]) measure(caseSensitive);

function measure(caseSensitive: boolean): void {
  const finders = COUNTS.map((count) => compileRoutes(routesOf(count, caseSensitive)).finder);
  const asked = (paths: readonly string[]) =>
    caseSensitive ? paths : paths.map((path) => path.toUpperCase());
  console.log(
    `${caseSensitive ? "as written" : "any case  "}${COUNTS.map((count) => String(count).padStart(8)).join("")}   last/first`,
  );
  for (const [kind, pathsOf] of Object.entries(kinds)) {
    const best = COUNTS.map(() => Number.POSITIVE_INFINITY);
    // In turn, so that a busy machine slows all of them.
    for (let run = 0; run < 20; run++) {
      COUNTS.forEach((count, i) => {
        const finder = finders[i];
        if (finder !== undefined)
          best[i] = Math.min(best[i] ?? 0, once(finder, asked(pathsOf(count)), kind === "miss"));
      });
    }
    const ratio = (best[best.length - 1] ?? 0) / (best[0] ?? 1);
    console.log(
      `${kind.padEnd(10)}${best.map((ns) => ns.toFixed(0).padStart(8)).join("")}   ${ratio.toFixed(2)}`,
    );
  }
}
