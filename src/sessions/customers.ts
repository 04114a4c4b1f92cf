import { changeFrom } from "./compare-and-set.ts";
import { digest, sealedJson } from "./seal.ts";
import type { SealedValuesDeps } from "./sealed-values.ts";

/** One more start, by ids. `most` null: it isn't limited, and doesn't count. */
interface Wanted {
  readonly agent: string;
  readonly customer: string;
  readonly most: number | null;
}

/** How many different people each agent was within a day, over all gateways of the store. Throws a Fault `store-unavailable`. */
export interface Customers {
  /** Counts a start, unless it would be one person too many; the same person once more never is. */
  admits(wanted: Wanted): Promise<boolean>;
  /** Counts a start whatever its limit, and gives as how many different people this agent began within an hour, and by how many agents this customer was within a day. */
  begun(
    start: Omit<Wanted, "most">,
  ): Promise<{ readonly customersWithinHour: number; readonly agentsWithinDay: number }>;
  /** The same without counting it, for what has still to be confirmed elsewhere. */
  wouldAdmit(wanted: Wanted): Promise<boolean>;
}

const HOUR = 3_600_000;
const DAY = 86_400_000;
/** More of them are not told apart. */
const MOST = 10_001;

/** When each of them was begun last, by the hash of their id. */
type Begun = Readonly<Record<string, number>>;

export function customers({ store, clock, sealKey }: SealedValuesDeps): Customers {
  const all = sealedJson<Begun>(store, sealKey, "customers");
  return {
    async wouldAdmit({ agent, customer, most }) {
      if (most === null) return true;
      const begun = await all.read(`customers:${digest(agent)}`);
      return withOneMore(begun?.value ?? {}, digest(customer), most, clock.now()) !== null;
    },
    async begun({ agent, customer }) {
      const now = clock.now();
      const note = async (key: string, who: string, within: number) => {
        let count = 0;
        await changeFrom(
          {},
          all.at(key, () => now + within),
          (before) => {
            const recent = Object.entries(before).filter(([other, at]) => other !== who && now - at < within);
            count = recent.length + 1;
            return { ...Object.fromEntries(recent.slice(-MOST)), [who]: now };
          },
        );
        return count;
      };
      return {
        customersWithinHour: await note(`begun-by:${digest(agent)}`, digest(customer), HOUR),
        agentsWithinDay: await note(`begun-as:${digest(customer)}`, digest(agent), DAY),
      };
    },
    async admits({ agent, customer, most }) {
      if (most === null) return true;
      const there = all.at(`customers:${digest(agent)}`, () => clock.now() + DAY);
      let admitted = false;
      await changeFrom({}, there, (before) => {
        const after = withOneMore(before, digest(customer), most, clock.now());
        admitted = after !== null;
        return after ?? before;
      });
      return admitted;
    },
  };
}

/** Null if there are too many. */
function withOneMore(begun: Begun, customer: string, most: number, now: number): Begun | null {
  const recent = Object.entries(begun).filter(([who, at]) => who !== customer && now - at < DAY);
  return recent.length >= most ? null : { ...Object.fromEntries(recent), [customer]: now };
}
