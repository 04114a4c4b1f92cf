import { dirname } from "node:path";
import t from "tap";
import { filesBelow, target } from "./source.ts";

const FLOORS: Readonly<Record<string, number>> = {
  domain: 0,
  "errors.ts": 1,
  "ports.ts": 1,
  "units.ts": 1,
  "durable.ts": 1,
  "kinds.ts": 1,
  "people.ts": 1,
  clients: 2,
  identity: 3,
  owners: 3,
  users: 3,
  sessions: 3,
  signin: 3,
  audit: 3,
  keys: 3,
  page: 3,
  config: 4,
  gateway: 5,
  console: 5,
  telemetry: 5,
  // A landing below app.ts, which builds it.
  "audit-system.ts": 5.5,
  "app.ts": 6,
  cli: 7,
  "main.ts": 8,
};

/** One door per dependency: which room may import which package. */
const PACKAGES: Readonly<Record<string, readonly string[]>> = {
  domain: ["path-to-regexp"],
  "errors.ts": [],
  "ports.ts": [],
  "units.ts": ["zod"],
  "durable.ts": [],
  "kinds.ts": ["zod"],
  "people.ts": ["zod"],
  clients: [
    "undici",
    "ioredis",
    "pg",
    "mysql2",
    "nodemailer",
    "zod",
    "parse5",
    "parse5-htmlparser2-tree-adapter",
    "css-select",
    "re2js",
  ],
  identity: ["zod", "jose", "openid-client", "oidc-provider"],
  owners: ["zod"],
  users: ["zod"],
  sessions: ["zod"],
  signin: ["zod"],
  audit: ["zod", "jose"],
  keys: ["jose"],
  page: [],
  config: ["zod", "yaml"],
  gateway: ["fastify", "@fastify/http-proxy"],
  console: ["fastify", "@fastify/formbody"],
  telemetry: [
    "fastify",
    "prom-client",
    "@opentelemetry/api",
    "@opentelemetry/exporter-trace-otlp-http",
    "@opentelemetry/exporter-trace-otlp-proto",
    "@opentelemetry/resources",
    "@opentelemetry/sdk-trace",
  ],
  "audit-system.ts": [],
  "app.ts": ["fastify"],
  cli: ["pino", "yaml", "zod"],
  "main.ts": [],
};

const placeOf = (path: string): string => {
  const [, second = "", third] = path.split("/");
  return third === undefined ? second : second;
};

t.test("every file of src/ stands on a floor", async (t) => {
  const lost = filesBelow("src").filter((file) => FLOORS[placeOf(file.path)] === undefined);
  t.same(
    lost.map((file) => file.path),
    [],
  );
});

t.test("imports go down, or stay in their room", async (t) => {
  const wrong: string[] = [];
  let seen = 0;
  for (const file of filesBelow("src")) {
    for (const specifier of file.imports.filter((it) => it.startsWith("."))) {
      seen += 1;
      const [from, to] = [placeOf(file.path), placeOf(target(file, specifier))];
      if (from === to) continue;
      const [above, below] = [FLOORS[from] ?? -1, FLOORS[to] ?? 99];
      // Floor 5 is one hall: the console shows what the gateway decides. Rooms on floor 3 have no doors to each other.
      const hall = above === 5 && below === 5;
      const base = above === 1 && below === 1;
      if (below > above || (below === above && !hall && !base)) wrong.push(`${file.path} → ${specifier}`);
    }
  }
  t.ok(seen > 50, "there are imports to look at");
  t.same(wrong, []);
});

t.test("packages come in by their own door", async (t) => {
  const wrong: string[] = [];
  for (const file of filesBelow("src")) {
    for (const specifier of file.imports.filter((it) => !it.startsWith(".") && !it.startsWith("node:"))) {
      const name = specifier.startsWith("@")
        ? specifier.split("/").slice(0, 2).join("/")
        : (specifier.split("/")[0] ?? "");
      if (!(PACKAGES[placeOf(file.path)] ?? []).includes(name)) wrong.push(`${file.path} → ${name}`);
    }
  }
  t.same(wrong, []);
});

t.test("no import goes in a circle", async (t) => {
  const files = filesBelow("src");
  const edges = new Map(
    files.map((file) => [
      file.path,
      file.imports.filter((it) => it.startsWith(".")).map((it) => target(file, it)),
    ]),
  );
  const done = new Set<string>();
  const circles: string[] = [];
  const visit = (path: string, way: readonly string[]): void => {
    if (way.includes(path)) {
      circles.push([...way.slice(way.indexOf(path)), path].join(" → "));
      return;
    }
    if (done.has(path)) return;
    for (const next of edges.get(path) ?? []) visit(next, [...way, path]);
    done.add(path);
  };
  for (const file of files) visit(file.path, []);
  t.same(circles, []);
});

t.test("domain/ is pure: no runtime, no waiting, no clock, no chance", async (t) => {
  const wrong: string[] = [];
  for (const file of filesBelow("src/domain")) {
    const code = file.text.replace(/\/\*[\s\S]*?\*\/|\/\/[^\n]*/g, "");
    for (const word of [
      /\bnode:/,
      /\bawait\b/,
      /\basync\b/,
      /\bDate\.now\b/,
      /\bnew Date\(\)/,
      /\bMath\.random\b/,
      /\bprocess\./,
      /\bperformance\b/,
    ]) {
      if (word.test(code)) wrong.push(`${file.path}: ${word.source}`);
    }
  }
  t.same(wrong, []);
});

t.test("fastify is seen on floor 5 and in app.ts alone", async (t) => {
  const seen = filesBelow("src").filter((file) =>
    file.imports.some((it) => it === "fastify" || it.startsWith("@fastify/")),
  );
  t.ok(seen.length > 0);
  t.same(
    seen
      .filter((file) => FLOORS[placeOf(file.path)] !== 5 && file.path !== "src/app.ts")
      .map((file) => dirname(file.path)),
    [],
  );
});
