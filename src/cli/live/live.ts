import { dirname, resolve } from "node:path";
import { compiledApps } from "../../config/apps.ts";
import type { Examined, LoadOptions } from "../../config/load.ts";
import { writePath } from "../../config/problem.ts";
import type { Settings } from "../../config/snapshot.ts";
import { whyOf } from "../../errors.ts";
import { lookupReports } from "../../gateway/background/check-lookups.ts";
import type { Finding } from "../../ports.ts";
import { type Asked, askLookup } from "./lookups.ts";
import { askRedis } from "./redis.ts";
import { askUpstream } from "./upstream.ts";

/** What one part of the config answered. */
export interface Answer extends Asked {
  /** Where the config has it. */
  readonly name: string;
  readonly ms: number;
}

type Deps = LoadOptions["deps"];
type Question = readonly [name: string, ask: () => Promise<readonly Asked[]>];

const LONGEST = 10_000;
/** Kinds of owner lookups that ask somebody. */
const ASKING: ReadonlySet<string> = new Set(["http", "sql", "redis", "first"]);

/** Asks everything that a config names once, side by side, and gives what came, in the order of the file. */
export async function askAll(examined: Examined, deps: Deps, file: string): Promise<readonly Answer[]> {
  const questions = [
    ...upstreamsOf(examined),
    ...identityOf(examined, deps, file),
    ...providerOf(examined),
    ...lookupsOf(examined),
    ...storesOf(examined, deps),
  ];
  const answers = await Promise.all(questions.map(answersTo));
  return answers.flat();
}

/** `owners.site           /site/42: owner 17 (3 ms)`. */
export function lineFor({ name, ok, says, ms }: Answer): string {
  return `${ok ? "ok    " : "failed"}  ${name.padEnd(20)}  ${says} (${ms.toFixed(0)} ms)`;
}

async function answersTo([name, ask]: Question): Promise<readonly Answer[]> {
  const began = performance.now();
  const since = () => performance.now() - began;
  try {
    return (await ask()).map((it) => ({ name, ...it, ms: since() }));
  } catch (error) {
    const says = whyOf(error);
    return [{ name, ok: false, says, ms: since() }];
  }
}

function upstreamsOf({ config, load }: Examined): readonly Question[] {
  return compiledApps(config, load.snapshot).map(({ at, origin, snapshot: { settings } }) => [
    writePath([...at, "upstream"]),
    () => askApp(settings, origin),
  ]);
}

async function askApp(settings: Settings, origin: string): Promise<readonly Asked[]> {
  const { status, server } = await askUpstream(settings, origin);
  const by = server === null ? "" : ` from ${server}`;
  return [{ ok: status < 500, says: `${settings.upstream.origin}: ${status}${by}` }];
}

function identityOf({ config, load }: Examined, deps: Deps, file: string): readonly Question[] {
  const made = { ...deps, secret: load.parts.secret, directory: dirname(resolve(file)) };
  return config.identity.flatMap((entry, i): readonly Question[] => {
    const source = entry.create(made);
    const { check } = source;
    if (check === undefined) return [];
    return [
      [`identity[${i}].${entry.kind}`, async () => (await check(AbortSignal.timeout(LONGEST))).map(askedOf)],
    ];
  });
}

function providerOf({ load }: Examined): readonly Question[] {
  const { provider } = load.snapshot;
  if (provider === null) return [];
  return [
    ["provider.upstream", async () => (await provider.check(AbortSignal.timeout(LONGEST))).map(askedOf)],
  ];
}

function askedOf({ kind, says }: Finding): Asked {
  return { ok: kind !== "problem", says };
}

function lookupsOf({ config, load }: Examined): readonly Question[] {
  const { snapshot } = load;
  const named = Object.entries(config.owners).map(([name, { kind }]) => [name, kind] as const);
  const apps = compiledApps(config, snapshot);
  const inline = apps.flatMap(({ at, routes }) =>
    routes.flatMap(({ owner }, i) =>
      owner?.kind === "inline" ? [[writePath([...at, "routes", i, "owner"]), owner.entry.kind] as const] : [],
    ),
  );
  const reports = lookupReports(snapshot);
  const reported = async (name: string): Promise<readonly Asked[]> => {
    const report = (await reports).find((it) => it.name === name);
    if (report === undefined) return [];
    const { unavailable, findings } = report;
    return unavailable === null ? findings.map(askedOf) : [{ ok: false, says: unavailable }];
  };
  const owners = [...named, ...inline]
    .filter(([, kind]) => ASKING.has(kind))
    .map(([name]): Question => {
      const called = Object.hasOwn(config.owners, name) ? `owners.${name}` : name;
      return [
        called,
        async () => [...(await reported(`owners.${name}`)), ...(await askLookup(name, apps, snapshot))],
      ];
    });
  const { users } = snapshot;
  if (users === null || config.users?.kind === "map") return owners;
  const ask = async () => {
    const found = await reported("users");
    const person = await users.find("0");
    const says = `the made-up person 0: ${person === null ? "nobody" : (person.name ?? person.id)}`;
    return [...found, { ok: true, says }];
  };
  return [...owners, ["users", ask]];
}

function storesOf({ load }: Examined, deps: Deps): readonly Question[] {
  const { store, audit, data, secret } = load.parts;
  const redis = (name: string, urlOf: () => Promise<string | null>): Question => [
    name,
    async () => {
      const url = await urlOf();
      return url === null ? [] : [{ ok: true, says: await askRedis(url) }];
    },
  ];
  const questions: Question[] = [];
  if (store?.kind === "redis") {
    // Only the backend itself knows which of its options is the address.
    const urlOf = async () => {
      const backend = store.create({ clock: deps.clock, log: deps.log, secret, data });
      await backend.close();
      return backend.redisUrl;
    };
    questions.push(redis("store", urlOf));
  }
  const stream = audit.redis;
  if (stream !== null) questions.push(redis("audit.redis", async () => secret(stream)));
  const untold = { ok: true, says: "not asked: whatever it is sent is an event for it" };
  for (const i of audit.webhooks.keys()) questions.push([`audit.webhooks[${i}]`, async () => [untold]]);
  return questions;
}
