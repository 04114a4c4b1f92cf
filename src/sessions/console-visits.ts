import { lru } from "../clients/lru.ts";
import type { AppHost, Credentials } from "./labels.ts";
import { type SealedValuesDeps, sealedValues } from "./sealed-values.ts";

/** The evidence by which an agent is known on the console: that of their request on the app's host. */
interface ConsoleVisit {
  readonly agent: string;
  readonly app: AppHost;
  readonly credentials: Credentials;
  readonly at: number;
}

/** The visits to the console that came over the app's host. Throws a Fault `store-unavailable`. */
export interface ConsoleVisits {
  /** Gives what the browser's cookie is to hold; it opens nothing but the console. `lasts`: ms. */
  open(visit: Omit<ConsoleVisit, "at">, lasts: number): Promise<string>;
  /** As old as `cacheFor` at the most; null where nobody is known by this. */
  read(secret: string): Promise<ConsoleVisit | null>;
}

const MOST = 10_000;

interface ConsoleVisitsDeps extends SealedValuesDeps {
  /** For how long a visit that was read is cached, ms. */
  readonly cacheFor: () => number;
}

export function consoleVisits(deps: ConsoleVisitsDeps): ConsoleVisits {
  const { clock, cacheFor } = deps;
  const visits = sealedValues<ConsoleVisit>(deps, "console");
  const known = lru<ConsoleVisit>(MOST);
  return {
    open: (visit, lasts) => visits.keep({ ...visit, at: clock.now() }, lasts),
    read: async (secret) => {
      const before = known.get(secret, clock.monotonic());
      if (before !== null) return before.value;
      const it = await visits.read(secret);
      if (it !== null) known.set(secret, it, clock.monotonic() + cacheFor());
      return it;
    },
  };
}
