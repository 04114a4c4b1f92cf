import { createHash } from "node:crypto";
import { lru } from "../clients/lru.ts";
import type { ToldReason } from "../domain/told.ts";
import type { Clock, Log, Store } from "../ports.ts";
import { change } from "./compare-and-set.ts";
import { sealFor } from "./seal.ts";

/** A link that an agent opened and that started nothing. */
export interface MissedLink {
  /** Milliseconds since the epoch. */
  readonly at: number;
  /** Host, path and, where it is recorded at all, the query. */
  readonly address: string;
  readonly reason: ToldReason;
}

/** The last of them of each agent, over all gateways of the store, for a day. */
export interface MissedLinks {
  /** Keeps one in the background. Never throws; one that can't be kept is left out. */
  note(agent: string, link: MissedLink): void;
  /** The newest first. Throws a Fault `store-unavailable`. */
  of(agent: string): Promise<readonly MissedLink[]>;
}

export interface MissedLinksDeps {
  readonly store: Store;
  readonly clock: Clock;
  readonly log: Log;
  readonly sealKey: Uint8Array;
}

const DAY = 86_400_000;
/** Of one agent. */
const MOST = 10;
/** Own traffic must not wait, and must not cost the store what it is worth: of one agent, one is kept a second at the most. */
const EVERY = 1_000;
const PACED = 1_000;

export function missedLinks({ store, clock, log, sealKey }: MissedLinksDeps): MissedLinks {
  const { seal, open } = sealFor(sealKey, "missed links");
  const noted = lru<true>(PACED);
  const keep = async (agent: string, link: MissedLink): Promise<void> => {
    const key = keyOf(agent);
    const write = (links: readonly MissedLink[]) => seal(JSON.stringify(links), key);
    const expiresAt = () => clock.now() + DAY;
    if ((await store.read(key)) === null)
      await store.write(key, write([]), { version: null, expiresAt: expiresAt() });
    const read = (text: string) => JSON.parse(open(text, key)) as readonly MissedLink[];
    await change({ store, key, read, write, expiresAt }, (before) => [link, ...before].slice(0, MOST));
  };
  return {
    note(agent, link) {
      const now = clock.monotonic();
      if (noted.get(agent, now) !== null) return;
      noted.set(agent, true, now + EVERY);
      keep(agent, link).catch((error: unknown) =>
        log.debug({ err: error }, "a link that started nothing could not be kept for its agent"),
      );
    },
    async of(agent) {
      const key = keyOf(agent);
      const stored = await store.read(key);
      if (stored === null) return [];
      const links = JSON.parse(open(stored.value, key)) as readonly MissedLink[];
      return links.filter(({ at }) => clock.now() - at < DAY);
    },
  };
}

function keyOf(agent: string): string {
  return `missed:${createHash("sha256").update(agent).digest("base64url")}`;
}
