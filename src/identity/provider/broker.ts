import { randomBytes } from "node:crypto";
import { AuthorizationResponseError } from "openid-client";
import { Fault } from "../../errors.ts";
import { issuerOf } from "../oidc/issuer.ts";
import { attemptIn, refused, sendAway, takeBack } from "../oidc/round-trip.ts";
import type { IdentityDeps } from "../source.ts";
import { type Account, accountOf, textsOf } from "./account.ts";
import type { ProviderOptions } from "./provider-options.ts";

/** How `upstream` answered for one request of an app: who it is, or why it isn't said. */
type Brokered =
  | {
      readonly account: Account;
      readonly login: {
        readonly accountId: string;
        readonly acr?: string;
        readonly amr?: string[];
        readonly ts?: number;
      };
    }
  | { readonly error: string };

/** A request of an app, and where its answer comes back to. */
interface Order {
  readonly uid: string;
  readonly redirectUri: string;
  readonly params: Readonly<Record<string, unknown>>;
}

/** What an app may say about the sign-in, and is passed on as it is. */
const PASSED = ["prompt", "acr_values", "login_hint", "ui_locales"];
/** What the provider may say instead of who it is, and the app is told. */
const ANSWERS =
  /^(?:access_denied|login_required|interaction_required|consent_required|account_selection_required|unmet_authentication_requirements|temporarily_unavailable)$/;
const MINUTE = 60_000;

/** Asks `upstream` for an app, in its words, and brings back the answer. */
export function broker(options: ProviderOptions, deps: IdentityDeps) {
  const upstream = options.upstream;
  const issuer = issuerOf(upstream, deps);
  const store = deps.signIns.kept;
  return {
    check: issuer.check,
    begin: async ({ uid, redirectUri, params }: Order) => {
      const age = Number(params.max_age ?? Number.NaN);
      const maxAge = Number.isInteger(age) && age >= 0 ? age : null;
      const errand = { redirectUri, to: uid, maxAge, more: textsOf(params, PASSED) };
      return await sendAway(upstream, issuer, deps, errand);
    },
    finish: async (answer: URL, kept: string | null) => {
      const { to: uid } = attemptIn(deps, kept);
      const ticket = randomBytes(32).toString("base64url");
      const result = await brokered(answer, kept);
      const life = { version: null, expiresAt: deps.clock.now() + MINUTE };
      await store.write(keyOf(ticket, uid), JSON.stringify(result), life);
      return { uid, ticket };
    },
    /** What came back, once, for the request that it is for. */
    take: async (ticket: string, uid: string): Promise<Brokered> => {
      const key = keyOf(ticket, uid);
      const stored = await store.read(key);
      if (stored === null || !(await deps.signIns.once(key, deps.clock.now() + MINUTE)))
        throw refused("what the provider said is for another request, or was taken");
      await store.remove(key);
      return JSON.parse(stored.value) as Brokered;
    },
  };

  async function brokered(answer: URL, kept: string | null): Promise<Brokered> {
    try {
      const { claims } = await takeBack(upstream, issuer, deps, { answer, kept });
      const account = accountOf(upstream.user, claims);
      if (account === null) throw refused("the claims name nobody");
      const { acr, amr, auth_time: at } = claims;
      const login = {
        accountId: account.sub,
        ...(typeof acr === "string" ? { acr } : {}),
        ...(Array.isArray(amr) ? { amr: amr.filter((it) => typeof it === "string") } : {}),
        ...(typeof at === "number" ? { ts: at } : {}),
      };
      return { account, login };
    } catch (error) {
      const cause = error instanceof Fault ? error.cause : error;
      if (cause instanceof AuthorizationResponseError)
        return { error: ANSWERS.test(cause.error) ? cause.error : "access_denied" };
      throw error;
    }
  }
}

function keyOf(ticket: string, uid: string): string {
  return `op-login:${Buffer.from(`${uid} ${ticket}`).toString("base64url")}`;
}
