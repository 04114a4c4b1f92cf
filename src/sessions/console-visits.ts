import { createHash, randomBytes } from "node:crypto";
import { Fault } from "../errors.ts";
import type { Clock, Store } from "../ports.ts";
import type { AppHost, Credentials } from "./labels.ts";
import { sealFor } from "./seal.ts";

/** How somebody is known on the console: by what they came with on the app's host. */
export interface ConsoleVisit {
  readonly agent: string;
  readonly app: AppHost;
  readonly credentials: Credentials;
  readonly at: number;
}

/** The visits to the console that came over the app's host. Throws a Fault `store-unavailable`. */
export interface ConsoleVisits {
  /** Gives what the browser's cookie is to hold; it opens nothing but the console. `lasts`: ms. */
  open(visit: Omit<ConsoleVisit, "at">, lasts: number): Promise<string>;
  /** At most a second old; null where nobody is known by this. */
  read(secret: string): Promise<ConsoleVisit | null>;
}

export interface ConsoleVisitsDeps {
  readonly store: Store;
  readonly clock: Clock;
  readonly sealKey: Uint8Array;
}

const SECRET = /^[\w-]{43}$/;
const BELIEVED = 1_000;
const MOST = 10_000;

export function consoleVisits({ store, clock, sealKey }: ConsoleVisitsDeps): ConsoleVisits {
  const { seal, open } = sealFor(sealKey, "console");
  const known = new Map<string, { readonly it: ConsoleVisit; readonly until: number }>();
  return {
    open: async (visit, lasts) => {
      const secret = randomBytes(32).toString("base64url");
      const key = keyOf(secret);
      const text = seal(JSON.stringify({ ...visit, at: clock.now() }), key);
      if (!(await store.write(key, text, { version: null, expiresAt: clock.now() + lasts })))
        throw new Fault("store-unavailable", "the secret that was drawn is taken");
      return secret;
    },
    read: async (secret) => {
      if (!SECRET.test(secret)) return null;
      const key = keyOf(secret);
      const before = known.get(key);
      if (before !== undefined && clock.monotonic() < before.until) return before.it;
      const stored = await store.read(key);
      if (stored === null) return null;
      const it = JSON.parse(open(stored.value, key)) as ConsoleVisit;
      if (known.size >= MOST) known.clear();
      known.set(key, { it, until: clock.monotonic() + BELIEVED });
      return it;
    },
  };
}

function keyOf(secret: string): string {
  return `console:${createHash("sha256").update(secret).digest("base64url")}`;
}
