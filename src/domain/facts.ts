import { type CustomerSaid, NOTHING_SAID } from "./consent/said.ts";
import type { Visit } from "./decision.ts";
import type { Identity } from "./identity.ts";
import type { Impersonation } from "./impersonation.ts";
import type { OwnerFact } from "./owner.ts";
import type { Place, Rule } from "./policy.ts";

/** How a browser describes the request; `unknown` where it sends no Fetch Metadata. */
export interface Navigation {
  /** A top-level GET for a document, as far as the headers say. */
  readonly topLevel: boolean;
  /** True only with `Sec-Fetch-User: ?1`. */
  readonly byUser: boolean;
  readonly site: "same-origin" | "same-site" | "cross-site" | "none" | "unknown";
  /** Prefetch or prerender by `Sec-Purpose` and its older kin. */
  readonly speculative: boolean;
  /** A script visits a whole page in the place of the browser; null for every other request. */
  readonly visit: Visit | null;
  /** A person will see the answer, so a refusal is a page. */
  readonly wantsPage: boolean;
  /** A browser fetches the script of a service worker, which would stay in it longer than any impersonation. */
  readonly serviceWorker: boolean;
}

/** What the judge knows about the request itself. */
export interface RequestFacts {
  /** The method that counts: what an override makes of it. */
  readonly method: string;
  readonly overridden: boolean;
  /** Its address or its GraphQL operation may change something, also with a safe method. */
  readonly mayChange: boolean;
  readonly navigation: Navigation;
  /** Null for a page of ours, which is no part of the app. */
  readonly place: Place | null;
  /** The route has an owner to look up; its pattern for the record. */
  readonly route: string | null;
  /** The page always runs as the agent; no impersonation covers it. */
  readonly asSelf: boolean;
  /** The `Referer` names such a page of this origin, which a script of any page here can forge. Asked while impersonating only. */
  readonly fromAsSelf: boolean;
  readonly rule: Rule | null;
  /** This very request was confirmed by its agent and may be done once. */
  readonly confirmed: boolean;
  /** The impersonation under which the page was opened that asks; null where its script did not say. */
  readonly tab: string | null;
  /**
   * Only a browser in which somebody is viewed sends it: it answers a question of ours, asks whether there is one, or another site made it
   * send this without the cookie that says whom.
   */
  readonly sentOnlyWhileImpersonating: boolean;
  /** That, or `tab`, stood in the query, where anybody can write it: it counts only for agents. */
  readonly hearsay: boolean;
  /** Ids of the customers whom this browser has viewed on this host before: their pages may still be open in it. */
  readonly viewedBefore: readonly string[];
  /** It comes, or may come, from a page of another of our hosts on which this browser has an impersonation. */
  readonly neighbour: boolean;
  /** It is the browser of somebody who was signed in as an agent, and there is a page of ours where they can do that. */
  readonly signsIn: boolean;
}

/** The navigation of a link on another site that a person clicked: such a navigation can start an impersonation by itself. */
export const CLICKED: Navigation = {
  topLevel: true,
  byUser: true,
  site: "cross-site",
  speculative: false,
  visit: null,
  wantsPage: true,
  serviceWorker: false,
};

/** The session facts of somebody who impersonates nobody and clicks a link. */
export function unstarted(
  known: Pick<SessionFacts, "caller" | "owner" | "ownerConsent" | "now">,
): SessionFacts {
  return {
    loaded: { kind: "none" },
    target: { kind: "recorded" },
    refererOwner: { kind: "not-asked" },
    consent: UNASKED,
    ...known,
  };
}

/** The request facts of such a click, changed by `more`. Nothing in them points to an impersonation. */
export function click(more: Partial<RequestFacts>): RequestFacts {
  return {
    method: "GET",
    overridden: false,
    mayChange: false,
    navigation: CLICKED,
    place: null,
    route: null,
    asSelf: false,
    fromAsSelf: false,
    rule: null,
    confirmed: false,
    tab: null,
    sentOnlyWhileImpersonating: false,
    hearsay: false,
    viewedBefore: [],
    neighbour: false,
    signsIn: false,
    ...more,
  };
}

export type CallerFact =
  | {
      readonly kind: "known";
      readonly identity: Identity;
      /** Until when what they showed of themselves is enough for a step up; absent where it never is. */
      readonly strongUntil?: number;
    }
  | { readonly kind: "unknown" }
  | { readonly kind: "unavailable" };

/** What the impersonation cookie opened. `lost`: there is no record behind it; `forSure`: the cookie is certainly ours. */
export type LoadedImpersonation =
  | { readonly kind: "none" }
  | { readonly kind: "found"; readonly impersonation: Impersonation }
  | { readonly kind: "lost"; readonly forSure?: true }
  | { readonly kind: "unavailable" };

/** `recorded`: no directory to ask, what was known at the start counts. `gone`: the directory has no such person. */
export type TargetFact =
  | { readonly kind: "recorded" }
  | { readonly kind: "known"; readonly identity: Identity }
  | { readonly kind: "gone" }
  | { readonly kind: "unavailable" };

/** What a customer was asked and has said. */
export type ConsentFact =
  | { readonly kind: "known"; readonly said: CustomerSaid }
  | { readonly kind: "unavailable" };

/** Nobody was asked anything, or it can't matter. */
export const UNASKED: ConsentFact = Object.freeze({ kind: "known", said: NOTHING_SAID });

/** What the judge knows about the people and about earlier requests. */
export interface SessionFacts {
  readonly caller: CallerFact;
  readonly loaded: LoadedImpersonation;
  /** The owner of the page that is asked for. */
  readonly owner: OwnerFact;
  /** The customer as the directory describes them now. */
  readonly target: TargetFact;
  /** Whom the page belongs to that a same-origin `Referer` names; asked for unsafe requests under an impersonation, and after one for forms. */
  readonly refererOwner: OwnerFact;
  /** What the customer of the impersonation has said. */
  readonly consent: ConsentFact;
  /** And the owner of the page, as whom an impersonation might begin. */
  readonly ownerConsent: ConsentFact;
  /** Milliseconds since the epoch. */
  readonly now: number;
}
