import { createHash, randomBytes } from "node:crypto";
import { Fault } from "../errors.ts";
import type { Clock, Store } from "../ports.ts";
import type { AppHost, Credentials } from "./labels.ts";
import { sealFor } from "./seal.ts";

/** It leads one browser, which has the nonce, onto one label. */
export interface LabelPass {
  readonly kind: "label";
  readonly label: string;
  readonly agent: string;
  /** SHA-256 of the nonce, base64url. */
  readonly nonce: string;
  readonly to: string;
}

/** It leads one browser, which has the nonce, onto the console, with what its person came with on the app's host. */
export interface ConsolePass {
  readonly kind: "console";
  readonly agent: string;
  readonly nonce: string;
  readonly to: string;
  readonly app: AppHost;
  readonly credentials: Credentials;
}

/** What an agent said on a page of the console, for one host of the app to do. */
export type Order = { readonly agent: string; readonly origin: string; readonly to: string } & (
  | {
      readonly kind: "start";
      readonly user: string;
      readonly reason: string | null;
      readonly ticket: string | null;
      /** Where Stop is to lead back to. */
      readonly from: string;
    }
  | { readonly kind: "elevate"; readonly impersonation: string; readonly reason: string | null }
);

export type Pass = LabelPass | ConsolePass | Order;

/** What one of our hosts hands to another by way of the browser. Throws a Fault `store-unavailable`. */
export interface Codes {
  /** Gives a code that is good once, for `lasts` ms. */
  issue(pass: Pass, lasts: number): Promise<string>;
  /** What the code is for; null for what is none, was used or is too old. Either way it is used up. */
  redeem(code: string): Promise<Pass | null>;
}

export interface CodesDeps {
  readonly store: Store;
  readonly clock: Clock;
  readonly sealKey: Uint8Array;
}

const CODE = /^[\w-]{43}$/;
const USED = "used";
/** As long as any code can be good, ms: so long it is remembered that one was used. */
const LONGEST = 300_000;

/** Kept under their hash, and used up by the first who brings one. */
export function codes({ store, clock, sealKey }: CodesDeps): Codes {
  const { seal, open } = sealFor(sealKey, "code");
  return {
    issue: async (pass, lasts) => {
      const code = randomBytes(32).toString("base64url");
      const key = keyOf(code);
      const life = { version: null, expiresAt: clock.now() + lasts };
      if (!(await store.write(key, seal(JSON.stringify(pass), key), life)))
        throw new Fault("store-unavailable", "the code that was drawn is taken");
      return code;
    },
    redeem: async (code) => {
      if (!CODE.test(code)) return null;
      const key = keyOf(code);
      const stored = await store.read(key);
      if (stored === null || stored.value === USED) return null;
      // Of many who come with the same code, the one whose write counts has it.
      const life = { version: stored.version, expiresAt: clock.now() + LONGEST };
      return (await store.write(key, USED, life)) ? (JSON.parse(open(stored.value, key)) as Pass) : null;
    },
  };
}

function keyOf(code: string): string {
  return `code:${createHash("sha256").update(code).digest("base64url")}`;
}
