import type { CompiledApp } from "../../config/apps.ts";
import { writePath } from "../../config/problem.ts";
import type { Config } from "../../config/schema.ts";
import type { Snapshot } from "../../config/snapshot.ts";
import type { OwnerFact } from "../../domain/owner.ts";
import { samplePaths } from "../../domain/routing/samples.ts";
import type { Matched } from "../../gateway/request.ts";
import { askOwner } from "../../gateway/stages/find-owner.ts";
import { warnings } from "../log.ts";
import { meets } from "../test/run.ts";

/** What one address got. */
export interface Asked {
  readonly ok: boolean;
  readonly says: string;
}

/** Values that stand for a param where a route has no example: most grammars take one of them. */
const MADE_UP = ["0", "guise-check", "00000000-0000-0000-0000-000000000000", "check@example.com"];

/** Asks a lookup about the examples of its routes, or where they have none, about an address that is made up. */
export async function askLookup(
  name: string,
  apps: readonly CompiledApp[],
  snapshot: Snapshot,
): Promise<readonly Asked[]> {
  const own = apps.flatMap((app) => routesAsking(name, app));
  const asked: Asked[] = [];
  for (const { route, origin } of own)
    for (const address of route.examples) {
      const met = await meets(snapshot, address, origin);
      if (asks(met, name)) asked.push(await ask(met, address));
    }
  if (asked.length > 0) return asked;
  const met = await madeUp(name, own, snapshot);
  if (met !== null) return [await ask(met, `the made-up ${met.url.path}`)];
  const says = own.length === 0 ? "not asked: no route uses it" : "not asked: give a route of it `examples`";
  return [{ ok: true, says }];
}

interface Asking {
  readonly route: Config["routes"][number];
  readonly origin: string;
}

function routesAsking(name: string, { at, routes, origin }: CompiledApp): readonly Asking[] {
  return routes.flatMap((route, i) => {
    const { owner } = route;
    const asked = owner?.kind === "named" ? owner.name : writePath([...at, "routes", i, "owner"]);
    return asked === name ? [{ route, origin }] : [];
  });
}

function asks(met: Awaited<ReturnType<typeof meets>>, name: string): met is Matched {
  return met !== null && met !== "no-app" && met.match.route?.target.owner === name;
}

async function madeUp(name: string, own: readonly Asking[], snapshot: Snapshot): Promise<Matched | null> {
  for (const { route, origin } of own.filter((it) => it.route.host === null))
    for (const value of MADE_UP)
      for (const sample of samplePaths(route.path, value)) {
        const met = await meets(snapshot, sample, origin);
        if (asks(met, name) && isLookedUp(met)) return met;
      }
  return null;
}

function isLookedUp({ match }: Matched): boolean {
  if (match.route === null) return false;
  const { target, params } = match.route;
  return target.params.every(
    (param) => params[param] === undefined || target.grammar.read(params[param]) !== null,
  );
}

async function ask({ id, site, snapshot, url }: Matched, what: string): Promise<Asked> {
  const notes: string[] = [];
  const log = warnings((data) => void notes.push(String(Reflect.get(data, "detail"))));
  const fact = await askOwner(log, { id, host: site.host, snapshot }, { path: url.path, query: url.query });
  if (fact.kind === "failed") return { ok: false, says: `${what}: ${notes.join("; ")}` };
  return { ok: true, says: `${what}: ${wordsFor(fact)}` };
}

function wordsFor(fact: OwnerFact): string {
  if (fact.kind !== "found") return "nobody";
  const { id, groups } = fact.owner;
  const unlisted = fact.unlisted === true ? ", who is not in `users`" : "";
  return `owner ${id}, groups ${groups === null ? "not known" : `[${groups.join(", ")}]`}${unlisted}`;
}
