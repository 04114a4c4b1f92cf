import { createHash, randomBytes } from "node:crypto";
import { Fault } from "../errors.ts";
import type { Clock, Store } from "../ports.ts";
import { sealFor } from "./seal.ts";

/** The one request that a confirmation is for, and who asks for it. */
export interface Binding {
  readonly impersonation: string;
  readonly agent: string;
  readonly effectiveUser: string;
  readonly method: string;
  /** Canonical path and query. */
  readonly url: string;
  /** `bodyHash` of what it carries. */
  readonly body: string;
}

/** What is kept to do the request later: its body, and the headers (name, value, name, value …) that belong to the body. */
export interface KeptBody {
  readonly headers: readonly string[];
  readonly bytes: Uint8Array;
}

/** A request as it was asked for. `kept` is null if there was no body, or it was too large to keep. */
export interface Confirmed {
  readonly binding: Binding;
  readonly kept: KeptBody | null;
}

/** Requests that wait for their agent to say yes. Throws a Fault `store-unavailable`. */
export interface Confirmations {
  /** Gives a token that does this request once, within two minutes. */
  ask(binding: Binding, kept: KeptBody | null): Promise<string>;
  /** Whether the token is for just this request; either way it is used up. */
  take(token: string, binding: Binding): Promise<boolean>;
  /** The request behind the token, for the page that does it; null unless it is theirs. Either way the token is used up. */
  redeem(
    token: string,
    who: Pick<Binding, "impersonation" | "agent" | "effectiveUser">,
  ): Promise<Confirmed | null>;
}

export interface ConfirmationsDeps {
  readonly store: Store;
  readonly clock: Clock;
  readonly sealKey: Uint8Array;
  /** The largest body that is kept, bytes. */
  readonly maxBody: number;
  /** How long a token is good, ms; two minutes unless given. */
  readonly goodFor?: number;
}

interface Ticket {
  readonly binding: Binding;
  readonly kept: { readonly headers: readonly string[]; readonly bytes: string } | null;
}

const TOKEN = /^[A-Za-z0-9_-]{43}$/;
/** What lies in the place of a ticket that was used. */
const USED = "used";

export function confirmations(deps: ConfirmationsDeps): Confirmations {
  const { store, clock, sealKey, maxBody, goodFor = 120_000 } = deps;
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
    ask: async (binding, kept) => {
      const token = randomBytes(32).toString("base64url");
      const key = keyOf(token) ?? "";
      const small = kept !== null && kept.bytes.byteLength <= maxBody ? kept : null;
      const ticket: Ticket = {
        binding,
        kept: small && { headers: small.headers, bytes: Buffer.from(small.bytes).toString("base64") },
      };
      const life = { version: null, expiresAt: clock.now() + goodFor };
      if (!(await store.write(key, seal(JSON.stringify(ticket), key), life)))
        throw new Fault("store-unavailable", "the token that was drawn is taken");
      return token;
    },
    take: async (token, binding) => {
      const ticket = await use(token);
      return ticket !== null && same(ticket.binding, binding);
    },
    redeem: async (token, who) => {
      const ticket = await use(token);
      if (ticket === null || !same(ticket.binding, { ...ticket.binding, ...who })) return null;
      const { binding, kept } = ticket;
      return { binding, kept: kept && { headers: kept.headers, bytes: Buffer.from(kept.bytes, "base64") } };
    },
  };
}

/** A body as it stands in a binding; null is an empty one. */
export function bodyHash(body: Uint8Array | null): string {
  return createHash("sha256")
    .update(body ?? new Uint8Array())
    .digest("base64url");
}

function keyOf(token: string): string | null {
  return TOKEN.test(token) ? `confirmation:${createHash("sha256").update(token).digest("base64url")}` : null;
}

function same(a: Binding, b: Binding): boolean {
  const people =
    a.impersonation === b.impersonation && a.agent === b.agent && a.effectiveUser === b.effectiveUser;
  return people && a.method === b.method && a.url === b.url && a.body === b.body;
}
