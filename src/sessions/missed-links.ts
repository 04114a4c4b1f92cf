import { lru } from "../clients/lru.ts";
import type { ToldReason } from "../domain/told.ts";
import type { Log } from "../ports.ts";
import { changeFrom } from "./compare-and-set.ts";
import { digest, sealedJson } from "./seal.ts";
import type { SealedValuesDeps } from "./sealed-values.ts";

/** A link that an agent opened and that started nothing. */
export interface MissedLink {
  /** Milliseconds since the epoch. */
  readonly at: number;
  /** Host, path and, where it is recorded at all, the query. */
  readonly address: string;
  readonly reason: ToldReason;
}

/** How many of them are kept of one agent, and for how many ms. */
interface Kept {
  readonly most: number;
  readonly perMinute: number;
  readonly lasts: number;
}

/** The last of them of each agent, over all gateways of the store. */
export interface MissedLinks {
  /** Keeps one in the background. Never throws; one that can't be kept is left out. */
  note(agent: string, link: MissedLink, kept: Kept): void;
  /** The newest first. Throws a Fault `store-unavailable`. */
  of(agent: string, kept: Pick<Kept, "lasts">): Promise<readonly MissedLink[]>;
}

interface MissedLinksDeps extends SealedValuesDeps {
  readonly log: Log;
}

const MINUTE = 60_000;
/** Agents whose last one is remembered, so that own traffic seldom costs the store a write. */
const PACED = 1_000;

export function missedLinks({ store, clock, log, sealKey }: MissedLinksDeps): MissedLinks {
  const all = sealedJson<readonly MissedLink[]>(store, sealKey, "missed links");
  const noted = lru<true>(PACED);
  const keep = async (agent: string, link: MissedLink, { most, lasts }: Kept): Promise<void> => {
    const there = all.at(keyOf(agent), () => clock.now() + lasts);
    await changeFrom([], there, (before) => [link, ...before].slice(0, most));
  };
  return {
    note(agent, link, kept) {
      const now = clock.monotonic();
      if (noted.get(agent, now) !== null) return;
      noted.set(agent, true, now + MINUTE / kept.perMinute);
      keep(agent, link, kept).catch((error: unknown) =>
        log.debug({ err: error }, "a link that started nothing could not be kept for its agent"),
      );
    },
    async of(agent, { lasts }) {
      const links = (await all.read(keyOf(agent)))?.value ?? [];
      return links.filter(({ at }) => clock.now() - at < lasts);
    },
  };
}

function keyOf(agent: string): string {
  return `missed:${digest(agent)}`;
}
