import { Listeners } from "../clients/listeners.ts";
import type { Bulletin, Log } from "../ports.ts";
import { changeFrom } from "./compare-and-set.ts";
import { sealedJson } from "./seal.ts";
import type { SealedValuesDeps } from "./sealed-values.ts";

/** An agent who may begin nothing, and go on with nothing, until a time. Times are ms. */
export interface Block {
  readonly agent: string;
  readonly agentName: string;
  /** The name of the administrator who said so. */
  readonly by: string;
  readonly at: number;
  readonly until: number;
  readonly why: string | null;
}

/** What administrators have set for all gateways of a store, besides the config. */
export interface Held {
  /** Impersonation is switched off, since when and by whom; null: it is not. */
  readonly off: { readonly by: string; readonly at: number } | null;
  /** Those that count still. */
  readonly blocks: readonly Block[];
}

/** The agents who are kept from impersonating, and the switch that keeps everybody from it. Throws a Fault `store-unavailable`. */
export interface Blocks {
  held(): Promise<Held>;
  block(block: Block): Promise<void>;
  /** Null if this agent wasn't blocked. */
  unblock(agent: string): Promise<Block | null>;
  /** False: it was so already. */
  switchTo(off: Held["off"]): Promise<boolean>;
  /** Calls the listener after each change, by whichever gateway, and whenever one may have been missed. */
  onChanged(listener: () => void): () => void;
}

interface BlocksDeps extends SealedValuesDeps {
  readonly bulletin: Bulletin;
  readonly log: Log;
}

const KEY = "blocks:all";
const NOTHING: Held = { off: null, blocks: [] };
/** The switch is kept until it is turned back. */
const FOR_GOOD = 3_650 * 86_400_000;

export function blocks({ store, bulletin, clock, log, sealKey }: BlocksDeps): Blocks {
  const stored = sealedJson<Held>(store, sealKey, "blocks");
  const listeners = new Listeners<[]>();
  bulletin.listen((key) => (key === KEY || key === null) && listeners.tell());
  const live = ({ off, blocks: all }: Held): Held => ({
    off,
    blocks: all.filter(({ until }) => until > clock.now()),
  });
  const change = async (edit: (before: Held) => Held): Promise<Held> => {
    const there = stored.at(KEY, () => clock.now() + FOR_GOOD);
    const { before } = await changeFrom(NOTHING, there, edit);
    await bulletin.tell(KEY).catch((error: unknown) => {
      log.warn({ err: error }, "other gateways will see a block, or the switch, a moment later");
    });
    listeners.tell();
    return live(before);
  };
  return {
    held: async () => live((await stored.read(KEY))?.value ?? NOTHING),
    block: async (block) => {
      await change((before) => {
        const others = live(before).blocks.filter(({ agent }) => agent !== block.agent);
        return { ...before, blocks: [...others, block] };
      });
    },
    unblock: async (agent) => {
      const without = (held: Held) => held.blocks.filter((it) => it.agent !== agent);
      const before = await change((held) => ({ ...held, blocks: without(held) }));
      return before.blocks.find((it) => it.agent === agent) ?? null;
    },
    switchTo: async (off) => {
      const before = await change((held) =>
        (held.off === null) === (off === null) ? held : { ...held, off },
      );
      return (before.off === null) !== (off === null);
    },
    onChanged: (listener) => listeners.add(listener),
  };
}
