import type { IncomingMessage } from "node:http";
import type { RouteTarget, Snapshot } from "../config/snapshot.ts";
import type { CustomerCard } from "../domain/consent/consent.ts";
import type { Decision } from "../domain/decision.ts";
import type {
  CallerFact,
  ConsentFact,
  LoadedImpersonation,
  Navigation,
  TargetFact,
} from "../domain/facts.ts";
import type { Identity } from "../domain/identity.ts";
import type { Impersonation } from "../domain/impersonation.ts";
import type { OwnerFact } from "../domain/owner.ts";
import type { Rule } from "../domain/policy.ts";
import type { BodyText } from "../domain/routing/conditions/body-parameters.ts";
import type { RouteMatch } from "../domain/routing/route.ts";
import type { Fault } from "../errors.ts";
import type { Evidence } from "../ports.ts";
import type { AppHost, Label } from "../sessions/labels.ts";
import type { RawHeaders } from "./http/exchange.ts";

/*
 * What the stages of pipeline.ts know of a request, in the order in which they find it out: each type is what one stage gives to the
 * next, with one subject more.
 */

/** Where it goes. Of own traffic it is sent on as it came; what is judged has one reading, which is matched, judged, recorded and sent. */
export interface Address {
  /** What goes to the app. Of own traffic the target byte for byte, in origin form; of a judged request its one reading. */
  readonly asSent: string;
  /** Canonical path and query where it is `readable`, else those of `asSent`. */
  readonly target: string;
  readonly path: string;
  readonly query: string | null;
  /** The target has one reading: only then routes and rules may be asked. */
  readonly readable: boolean;
  /** It is for a page of ours or carries an impersonation: it has one reading, or was refused. Everything else is own traffic. */
  readonly judged: boolean;
  /** Why the target has several readings. Refused, unless the cookie by which it is judged only looks like ours. */
  readonly unclear: string | null;
  /** It is below the reserved prefix and never goes to the app. */
  readonly ours: boolean;
}

/** Whose host it came to: the app's, an impersonation's, or the console's. */
export interface Site {
  /** `Host` in lower case without port, and as it was sent. */
  readonly host: string;
  readonly authority: string;
  readonly scheme: "http" | "https";
  /** `https://app.example.com`: what the browser calls us. */
  readonly origin: string;
  /** The host's name before the parent of `isolation.host`; null on the app's own host. */
  readonly hostLabel: string | null;
  /** The label of the host that it came to. `host` and `authority` are those of the app then. */
  readonly label: Label | null;
  /** It came to the origin of `console`, which serves nothing of the app. */
  readonly atConsole: boolean;
  /** On the console: the host of the app that the agent comes from; null where it isn't known. */
  readonly app: AppHost | null;
  /** The evidence of an earlier request by which the caller is known on labels and on the console, where browsers send no other. */
  readonly lent: Evidence | null;
}

/** From where it came, and what the app is told of that. */
export interface Client {
  /** The direct peer, and whether it is one of `trustedProxies`. */
  readonly peer: string;
  readonly trusted: boolean;
  /** The client's address; that of the direct peer unless a trusted proxy names another. */
  readonly ip: string;
  /** What the app gets as `X-Forwarded-For`. */
  readonly forwardedFor: string;
  /** What the app gets as `X-Forwarded-Host`: `Host`, unless a trusted proxy names another. */
  readonly forwardedHost: string;
}

/** What the browser's cookies say, ours and the others. */
export interface Browser {
  /** Those without ours; null if there are none. */
  readonly cookies: string | null;
  /** What the impersonation cookie holds. */
  readonly secret: string | null;
  /** Other values under the same cookie name; only the store knows which one is ours. */
  readonly rivals: readonly string[];
  /** The secret of a sign-in by way of our own pages. */
  readonly signIn: string | null;
  /** It is the browser of somebody who signed in as an agent, now or before. */
  readonly agents: boolean;
  /** The domain whose hosts one impersonation covers, where this host is one of them; null: this host alone. */
  readonly domain: string | null;
  /** The impersonation whose cookies and storage the browser has for this host; null where it isn't known. */
  readonly here: string | null;
  /** It comes, or may come, from a page of another of our hosts on which this browser has an impersonation. */
  readonly neighbour: boolean;
  /** The browser marks an impersonation and sends no secret: another site made it send this, or it has lost the secret. */
  readonly markerOnly: MarkerOnly | null;
  /** Ids of the customers whom this browser has viewed on this host, latest first. */
  readonly viewedBefore: readonly string[];
  /** The notice that the next page shows once. */
  readonly notice: string | null;
}

/** Which impersonation the mark names; null for the mark of 0.1.0, which everybody can write: it counts for agents alone. */
export interface MarkerOnly {
  readonly impersonation: string | null;
}

/** What the page that asks says of itself. */
export interface AskingPage {
  /** The public id of the impersonation under which it was opened, where its script says so. */
  readonly tab: string | null;
  /** `tab` and `confirming` stood in the query of own traffic, where everybody can write them: they count for agents alone. */
  readonly hearsay: boolean;
  /** Its script says that nobody was at the page for a while. */
  readonly unattended: boolean;
  /** Its body is the agent's yes to a question of ours. */
  readonly confirming: boolean;
}

/** 1, intake: one reading of the request, our own names gone from its headers. */
export interface Received {
  readonly raw: IncomingMessage;
  /** The config and what is made of it, pinned here. */
  readonly snapshot: Snapshot;
  readonly id: string;
  /** Wall clock and monotonic clock in ms. */
  readonly at: number;
  readonly startedAt: number;
  readonly upgrade: boolean;
  /** The method that counts, and as it was sent and is sent on; `overridden`: something asks for another than was sent. */
  readonly method: string;
  readonly sent: string;
  /** The request target as it came, byte for byte, in any form. */
  readonly came: string;
  readonly overridden: boolean;
  /** The sender's headers that go to the app: without the names that we set; of own traffic with the cookies that aren't ours. */
  readonly headers: RawHeaders;
  readonly navigation: Navigation;
  readonly url: Address;
  readonly site: Site;
  readonly client: Client;
  readonly browser: Browser;
  readonly page: AskingPage;
}

export type Intake =
  | { readonly kind: "received"; readonly received: Received }
  | {
      readonly kind: "refused";
      readonly fault: Fault;
      readonly id: string;
      /** The request is complete, and a person in a tab waits for the answer. */
      readonly page: boolean;
    };

/** 2, match: the route that it met. */
export interface Matched extends Received {
  readonly match: {
    readonly route: RouteMatch<RouteTarget> | null;
    /** Its `Referer` names a page of this origin that always runs as the agent; asked of pages while impersonating. */
    readonly fromAsSelf: boolean;
  };
}

/** 3, identify: the person at the keyboard, and which source knew. Unknown, too, where the answer could not matter. */
export interface Identified extends Matched {
  readonly caller: { readonly who: CallerFact; readonly via: string | null };
}

/** 4, load impersonation: what its cookie led to, and the effective user as they are today. */
export interface Recalled extends Identified {
  readonly session: {
    readonly loaded: LoadedImpersonation;
    readonly target: TargetFact;
    /** What that person has said. */
    readonly consent: ConsentFact;
    /** Its cookie only looked like ours: it goes on byte for byte as it came. */
    readonly nobodys: boolean;
  };
}

/** 5, find owner: whom the page belongs to, and whom the page belongs to that an unsafe request came from. */
export interface Owned extends Recalled {
  readonly owner: {
    readonly page: OwnerFact;
    readonly referer: OwnerFact;
    /** What the owner has said, as whom an impersonation might begin. */
    readonly consent: ConsentFact;
  };
}

/** What of a body was read before the decision. */
export interface Content {
  /** It was read whole, and is sent from here; null: it goes on as it comes. */
  readonly body: Buffer | null;
  /** What was read of it, of which there may be more; null where nothing was. */
  readonly beginning: Buffer | null;
  /** The same as rules read it. */
  readonly bodyText: BodyText | null;
  /** The agent has said yes to this very request. */
  readonly confirmed: boolean;
}

/** What the rules say of it, by one of the methods that it may have. */
export interface Ruling {
  readonly rule: Rule | null;
  /** It may change something although its method is one that looks. */
  readonly mayChange: boolean;
}

/** Between 5 and 6: its method and rule are known for good, also where its body has a say. */
export interface Settled extends Owned {
  readonly content: Content;
  readonly ruling: Ruling;
}

/** 6, decide. */
export interface Judged extends Settled {
  readonly decision: Decision;
}

/** What was done because of the decision. */
export interface Effects {
  readonly trueUser: Identity | null;
  /** What the request runs under; null for own traffic. */
  readonly impersonation: Impersonation | null;
  /** The impersonation that it ended. */
  readonly ended: Impersonation | null;
  /** Id of the intent that is on disk; null when nothing goes to the app as somebody else. */
  readonly intent: string | null;
  /** Our own `Set-Cookie` lines. */
  readonly setCookies: readonly string[];
  /** An impersonation was started, switched or ended: what the browser keeps of the page before has to go. */
  readonly changed: boolean;
  /** The token with which the agent says yes to what is asked. */
  readonly confirmation: string | null;
  /** Another host, and the page there, which the request leads to: nothing of it goes to the app from here. */
  readonly leadsTo: string | null;
}

/** 7, commit: its consequences are on record. It may go on (9 to 12), or is answered (8). */
export interface Committed extends Judged {
  readonly effects: Effects;
}

/** 9, sign in: the headers that tell the app who is there. */
export interface Signed extends Committed {
  /** Name, value, name, value …; empty where the app is told nothing. */
  readonly identityHeaders: readonly string[];
  /** What an own page says to its customer, as far as that is known without waiting; null: nothing. */
  readonly card: CustomerCard | null;
}

/** 10, forward: what the app gets. */
export interface Outbound {
  readonly target: string;
  readonly headers: RawHeaders;
}
