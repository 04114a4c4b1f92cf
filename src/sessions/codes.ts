import type { MadeSession } from "./app-sessions.ts";
import type { AppHost, Credentials } from "./labels.ts";
import { type SealedValuesDeps, sealedValues } from "./sealed-values.ts";

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

/** It leads a browser to the provider, whom the answer of an impersonation has sent there for just this. */
export interface AuthorizePass {
  readonly kind: "authorize";
  readonly agent: string;
  readonly impersonation: string;
  readonly secret: string;
  readonly until: number;
  /** The label on whose host the app asked. */
  readonly label: string | null;
  /** The app that asked, and what the end of its session will need. */
  readonly app: string | null;
  readonly made: MadeSession;
  /** The query of the app's request. */
  readonly asked: string;
}

/** What an agent said on a page of the console, for one host of the app, or a label's, to do. */
export type Order = { readonly agent: string; readonly origin: string; readonly to: string } & (
  | {
      readonly kind: "start";
      readonly user: string;
      readonly reason: string | null;
      readonly ticket: string | null;
      /** Where Stop is to lead back to. */
      readonly from: string;
    }
  | {
      readonly kind: "elevate";
      readonly impersonation: string;
      readonly reason: string | null;
      /** The name of a request that waits to be sent then. */
      readonly kept?: string;
    }
  /** `question` is the name of the request that waits for it. */
  | { readonly kind: "confirm"; readonly question: string }
);

type Pass = LabelPass | ConsolePass | AuthorizePass | Order;

/** What one of our hosts hands to another by way of the browser. Throws a Fault `store-unavailable`. */
export interface Codes {
  /** Gives a code that is good once, for `lasts` ms. */
  issue(pass: Pass, lasts: number): Promise<string>;
  /** What the code is for; null for what is none, was used or is too old. Either way it is used up. */
  redeem(code: string): Promise<Pass | null>;
}

export function codes(deps: SealedValuesDeps): Codes {
  const { keep, take } = sealedValues<Pass>(deps, "code");
  return { issue: keep, redeem: take };
}
