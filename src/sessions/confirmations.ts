import { createHash, randomBytes } from "node:crypto";
import { Fault } from "../errors.ts";
import type { Clock, Store } from "../ports.ts";
import { sealFor } from "./seal.ts";

/** The people that a confirmation is for. */
export interface Asked {
  readonly impersonation: string;
  readonly agent: string;
  readonly effectiveUser: string;
}

/** The one request that is asked about, with all that is needed to do it later. */
export interface Question extends Asked {
  readonly method: string;
  readonly host: string;
  /** Canonical path and query. */
  readonly url: string;
  /** What the rule asks, without what it says of people; empty where it asks nothing of its own. */
  readonly sentence: string;
  /** The headers (name, value, name, value …) that belong to the body. */
  readonly headers: readonly string[];
  readonly body: Uint8Array;
}

/** Requests that wait for their agent to say yes. Throws a Fault `store-unavailable`. */
export interface Confirmations {
  /** Gives the name by which this request is done once, within two minutes, by whoever may say yes to it. */
  ask(question: Question): Promise<string>;
  /** The request of that name, if it is theirs and still open. */
  read(name: string, who: Asked): Promise<Question | null>;
  /** The request of that name, just as it was asked about; null unless it is theirs. Either way it is used up. */
  redeem(name: string, who: Asked): Promise<Question | null>;
}

export interface ConfirmationsDeps {
  readonly store: Store;
  readonly clock: Clock;
  readonly sealKey: Uint8Array;
  /** How long a token is good, ms; two minutes unless given. */
  readonly goodFor?: number;
}

/** A question as it is sealed. */
type Ticket = Omit<Question, "body"> & { readonly body: string };

const TOKEN = /^[A-Za-z0-9_-]{43}$/;
/** What lies in the place of a ticket that was used. */
const USED = "used";

export function confirmations(deps: ConfirmationsDeps): Confirmations {
  const { store, clock, sealKey, goodFor = 120_000 } = deps;
  const { seal, open } = sealFor(sealKey, "confirmation");
  const use = async (token: string): Promise<Ticket | null> => {
    const key = keyOf(token);
    const stored = key === null ? null : await store.read(key);
    if (key === null || stored === null || stored.value === USED) return null;
    const ticket = JSON.parse(open(stored.value, key)) as Ticket;
    // Of many who come with the same token, the one whose write counts has it.
    const mine = await store.write(key, USED, { version: stored.version, expiresAt: clock.now() + goodFor });
    return mine ? ticket : null;
  };
  return {
    read: async (name, who) => {
      const key = keyOf(name);
      const stored = key === null ? null : await store.read(key);
      if (key === null || stored === null || stored.value === USED) return null;
      return theirs(JSON.parse(open(stored.value, key)) as Ticket, who);
    },
    ask: async (question) => {
      const token = randomBytes(32).toString("base64url");
      const key = keyOf(token) ?? "";
      const ticket: Ticket = { ...question, body: Buffer.from(question.body).toString("base64") };
      const life = { version: null, expiresAt: clock.now() + goodFor };
      if (!(await store.write(key, seal(JSON.stringify(ticket), key), life)))
        throw new Fault("store-unavailable", "the token that was drawn is taken");
      return token;
    },
    redeem: async (name, who) => theirs(await use(name), who),
  };
}

function theirs(ticket: Ticket | null, who: Asked): Question | null {
  return ticket !== null && isOf(ticket, who)
    ? { ...ticket, body: Buffer.from(ticket.body, "base64") }
    : null;
}

function keyOf(token: string): string | null {
  return TOKEN.test(token) ? `confirmation:${createHash("sha256").update(token).digest("base64url")}` : null;
}

function isOf(asked: Asked, who: Asked): boolean {
  const same = asked.impersonation === who.impersonation && asked.agent === who.agent;
  return same && asked.effectiveUser === who.effectiveUser;
}
