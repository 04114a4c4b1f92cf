import { compileRoutes, type RouteSpec } from "../src/domain/routing/route.ts";

/**
 * Prints ns a match for 10, 1,000 and 10,000 routes, the lower quartile of alternating rounds, and what the most cost against the fewest;
 * then the same for routes that take any case of letters, asked in capitals, and for routes of one path that the query tells apart. Rounds
 * are short and timed by the clock on the wall: some kernels count processor time in steps of 4 ms, and a busy machine leaves the lower
 * quartile of short rounds alone.
 * Run: `node bench/routes.ts`, or `node bench/routes.ts "by query"` for one of the three.
 */
const COUNTS = [10, 1_000, 10_000];
const ROUNDS = 81;
/** Few enough that other processes seldom come between. */
const MATCHES = 8_000;
const PROBES = 64;

interface Address {
  readonly path: string;
  readonly query: string | null;
}

function byPath(count: number, caseSensitive: boolean): readonly RouteSpec<number>[] {
  return Array.from({ length: count }, (_, i) => {
    const path = [`/area-${i}/list`, `/team-${i}/item/:item`, `/docs-${i}{/*rest}`][i % 3] ?? "/";
    return { host: null, path, target: i, name: `routes[${i}]`, caseSensitive };
  });
}

/** All of one path, as an app with a front controller has them. */
function byQuery(count: number): readonly RouteSpec<number>[] {
  return Array.from({ length: count }, (_, i) => {
    const page = { name: "page", test: { kind: "is", values: ["site"] } } as const;
    const one = { name: "section", test: { kind: "is", values: [`s${i}`] } } as const;
    const bound = { name: i % 3 === 2 ? `key${i}` : "id", test: { kind: "param", param: "site" } } as const;
    const query =
      [
        [page, one],
        [page, one, bound],
        [bound, page],
      ][i % 3] ?? [];
    return { host: null, path: "/index.php", query, target: i, name: `routes[${i}]` };
  });
}

/** As many addresses for any number of routes, spread over those of one kind. */
function probes(count: number, rest: number, make: (i: number) => string): readonly Address[] {
  const ofKind = Math.floor(count / 3);
  return Array.from({ length: PROBES }, (_, i) => {
    const [path = "/", query = null] = make(((i * 997) % ofKind) * 3 + rest).split("?");
    return { path, query };
  });
}

type Kinds = Readonly<Record<string, (count: number) => readonly Address[]>>;

const PATHS: Kinds = {
  static: (count) => probes(count, 0, (i) => `/area-${i}/list`),
  param: (count) => probes(count, 1, (i) => `/team-${i}/item/4711`),
  wildcard: (count) => probes(count, 2, (i) => `/docs-${i}/a/b/c`),
  miss: (count) => probes(count, 0, (i) => `/nowhere-${i}/x`),
};
const QUERIES: Kinds = {
  exact: (count) => probes(count, 0, (i) => `/index.php?page=site&section=s${i}&x=1`),
  bound: (count) => probes(count, 1, (i) => `/index.php?page=site&section=s${i}&id=4711`),
  name: (count) => probes(count, 2, (i) => `/index.php?page=site&key${i}=4711`),
  miss: (count) => probes(count, 0, (i) => `/index.php?page=site&section=none${i}`),
};

type Finder = ReturnType<typeof compileRoutes<number>>["finder"];

/** One round, ns a match; `misses`: nothing may be found. */
function once(finder: Finder, asked: readonly Address[], misses: boolean): number {
  let hits = 0;
  const began = performance.now();
  for (let i = 0; i < MATCHES; i++) {
    const address = asked[i % PROBES];
    if (finder.match("app.example", address?.path ?? "/", address?.query) !== null) hits++;
  }
  const took = performance.now() - began;
  if (hits !== (misses ? 0 : MATCHES)) throw new Error(`${hits} hits of ${MATCHES}`);
  return (took * 1e6) / MATCHES;
}

measure("as written", (count) => byPath(count, true), PATHS);
const capitals = Object.entries(PATHS).map(([kind, make]): [string, Kinds[string]] => [
  kind,
  (count) => make(count).map(({ path, query }) => ({ path: path.toUpperCase(), query })),
]);
measure("any case", (count) => byPath(count, false), Object.fromEntries(capitals));
measure("by query", byQuery, QUERIES);

function measure(
  title: string,
  routesOf: (count: number) => readonly RouteSpec<number>[],
  kinds: Kinds,
): void {
  if (process.argv[2] !== undefined && process.argv[2] !== title) return;
  const finders = COUNTS.map((count) => compileRoutes(routesOf(count)).finder);
  console.log(`${title.padEnd(10)}${COUNTS.map((count) => String(count).padStart(8)).join("")}   last/first`);
  for (const [kind, addressesOf] of Object.entries(kinds)) {
    const asked = COUNTS.map(addressesOf);
    const rounds: number[][] = COUNTS.map(() => []);
    // In turn, so that a busy machine slows all of them.
    for (let round = 0; round < ROUNDS; round++)
      finders.forEach((finder, i) => void rounds[i]?.push(once(finder, asked[i] ?? [], kind === "miss")));
    const typical = rounds.map(lowerQuartile);
    const ratio = (typical[typical.length - 1] ?? 0) / (typical[0] ?? 1);
    console.log(
      `${kind.padEnd(10)}${typical.map((ns) => ns.toFixed(0).padStart(8)).join("")}   ${ratio.toFixed(2)}`,
    );
  }
}

function lowerQuartile(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[values.length >> 2] ?? 0;
}
