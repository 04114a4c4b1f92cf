import { type SealedValuesDeps, sealedValues } from "./sealed-values.ts";

/** The people that a confirmation is for. */
interface Asked {
  readonly impersonation: string;
  readonly agent: string;
  readonly effectiveUser: string;
}

/** The one request that is asked about, with all that is needed to do it later. */
export interface Question extends Asked {
  readonly method: string;
  readonly host: string;
  /** Of the page that asked, as the browser calls it. */
  readonly origin: string;
  /** Canonical path and query. */
  readonly url: string;
  /** What the rule asks, without what it says of people; empty where it asks nothing of its own. */
  readonly sentence: string;
  /** The headers (name, value, name, value …) that belong to the body, and those that say which page sent it. */
  readonly headers: readonly string[];
  readonly body: Uint8Array;
}

/** Requests that wait for their agent to say yes. Throws a Fault `store-unavailable`. */
export interface Confirmations {
  /** Gives the name by which this request is done once, within `lasts` ms, after its agent says yes. */
  ask(question: Question, lasts: number): Promise<string>;
  /** The request of that name, if this agent is asked about it and it is still open. */
  read(name: string, agent: string): Promise<Question | null>;
  /** The request of that name, just as it was asked about; null unless it is theirs. Either way it is used up. */
  redeem(name: string, who: Asked): Promise<Question | null>;
}

/** A question as it is sealed. */
type Ticket = Omit<Question, "body"> & { readonly body: string };

export function confirmations(deps: SealedValuesDeps): Confirmations {
  const tickets = sealedValues<Ticket>(deps, "confirmation");
  return {
    ask: (question, lasts) =>
      tickets.keep({ ...question, body: Buffer.from(question.body).toString("base64") }, lasts),
    read: async (name, agent) => {
      const ticket = await tickets.read(name);
      return ticket?.agent === agent ? opened(ticket) : null;
    },
    redeem: async (name, who) => {
      const ticket = await tickets.take(name);
      return ticket !== null && isOf(ticket, who) ? opened(ticket) : null;
    },
  };
}

function opened(ticket: Ticket): Question {
  return { ...ticket, body: Buffer.from(ticket.body, "base64") };
}

function isOf(asked: Asked, who: Asked): boolean {
  const same = asked.impersonation === who.impersonation && asked.agent === who.agent;
  return same && asked.effectiveUser === who.effectiveUser;
}
