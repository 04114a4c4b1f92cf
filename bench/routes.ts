import { compileRoutes, type RouteSpec } from "../src/domain/route.ts";

/** Prints ns a match for 10, 1,000 and 10,000 routes, and what the most cost against the fewest. Run: `node bench/routes.ts`. */
const COUNTS = [10, 1_000, 10_000];
const ROUNDS = 1_000_000;
const PROBES = 64;

function routesOf(count: number): readonly RouteSpec<number>[] {
  return Array.from({ length: count }, (_, i) => {
    const path = [`/area-${i}/list`, `/team-${i}/item/:item`, `/docs-${i}{/*rest}`][i % 3] ?? "/";
    return { host: null, path, target: i, name: `routes[${i}]` };
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

function time(count: number, kind: string): number {
  const { finder } = compileRoutes(routesOf(count));
  const paths = kinds[kind]?.(count) ?? [];
  let best = Number.POSITIVE_INFINITY;
  for (let run = 0; run < 5; run++) {
    let hits = 0;
    const began = process.hrtime.bigint();
    for (let i = 0; i < ROUNDS; i++)
      if (finder.match("app.example", paths[i % PROBES] ?? "/") !== null) hits++;
    best = Math.min(best, Number(process.hrtime.bigint() - began) / ROUNDS);
    if (hits > 0 === (kind === "miss")) throw new Error(`${kind}: ${hits} hits`);
  }
  return best;
}

console.log(`kind      ${COUNTS.map((count) => String(count).padStart(8)).join("")}   last/first`);
for (const kind of Object.keys(kinds)) {
  const figures = COUNTS.map((count) => time(count, kind));
  const ratio = (figures[figures.length - 1] ?? 0) / (figures[0] ?? 1);
  console.log(
    `${kind.padEnd(10)}${figures.map((ns) => ns.toFixed(0).padStart(8)).join("")}   ${ratio.toFixed(2)}`,
  );
}
