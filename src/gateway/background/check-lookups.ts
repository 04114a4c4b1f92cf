import type { Snapshot } from "../../config/snapshot.ts";
import { Fault } from "../../errors.ts";
import type { Finding, Log } from "../../ports.ts";

/** Whether one lookup answers; `name` is its key in the config. */
interface LookupReport {
  readonly name: string;
  /** Why it could not be asked; null when it answered. */
  readonly unavailable: string | null;
  readonly findings: readonly Finding[];
}

const LONGEST = 10_000;

/** Asks every owner lookup and `users` once, at the same time, whether they can answer. */
export async function lookupReports(snapshot: Snapshot): Promise<readonly LookupReport[]> {
  const owners = [...snapshot.owners].map(([name, it]) => [`owners.${name}`, it] as const);
  const sources = snapshot.users === null ? owners : [...owners, ["users", snapshot.users] as const];
  const asked = sources.map(async ([name, source]): Promise<LookupReport | null> => {
    if (source.check === undefined) return null;
    try {
      return { name, unavailable: null, findings: await source.check(AbortSignal.timeout(LONGEST)) };
    } catch (error) {
      if (!(error instanceof Fault)) throw error;
      return { name, unavailable: error.detail, findings: [] };
    }
  });
  return (await Promise.all(asked)).filter((it) => it !== null);
}

/** Checks the lookups of a new config and logs what is wrong with them. Nobody waits for it. */
export async function checkLookups(snapshot: Snapshot, log: Log): Promise<void> {
  try {
    for (const { name, unavailable, findings } of await lookupReports(snapshot)) {
      if (unavailable !== null)
        log.warn({ lookup: name, detail: unavailable }, "a lookup can not answer for now");
      for (const { kind, says } of findings)
        if (kind === "problem")
          log.error({ lookup: name, detail: says }, "a lookup can never answer like this");
        else if (kind === "hint") log.info({ lookup: name, detail: says }, "a lookup could be better");
    }
  } catch (err) {
    log.error({ err }, "the lookups could not be checked");
  }
}
