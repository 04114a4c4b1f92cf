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
import type { RawHeaders } from "../domain/raw-headers.ts";
import type { BodyText } from "../domain/routing/conditions/body-parameters.ts";
import type { RouteMatch } from "../domain/routing/route.ts";
import type { Fault } from "../errors.ts";
import type { Evidence, Maybe } from "../ports.ts";
import type { AppSession } from "../sessions/app-sessions.ts";
import type { AppHost, Label } from "../sessions/labels.ts";
import type { Presented } from "../signin/sign-in.ts";
import type { HeadPlan, Settlement, UpstreamHead } from "./http/exchange.ts";
import type { Trace } from "./services/tracing.ts";

/*
 * What the stages of pipeline.ts know of a request, in the order in which they find it out: each type is what one stage gives to the
 * next, with one subject more.
 */

/** The request's address. Own traffic is sent on as it came; a judged request has one reading, which is matched, judged, recorded and sent. */
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

/** The host that it came to: the app's, a label's, or the console's. */
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

/** Where the request came from, and what the app is told of that. */
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

/** The browser's cookies, ours and the others. */
export interface Browser {
  /** Those without ours; null if there are none. */
  readonly cookies: string | null;
  /** The value of the impersonation cookie. */
  readonly secret: string | null;
  /** Other values under the same cookie name; only the store knows which one is ours. */
  readonly rivals: readonly string[];
  /** The secret of a sign-in with an identity provider on our own pages. */
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

/** The marks of the page that sends this. */
export interface AskingPage {
  /** The id of the impersonation under which the page was opened, as our script marks it. */
  readonly tab: string | null;
  /** `tab` and `confirming` stood in the query of own traffic, where everybody can write them: they count for agents alone. */
  readonly hearsay: boolean;
  /** Our script says that nobody used the page for a while. */
  readonly unattended: boolean;
  /** Its body, or the code in its address, is the agent's yes to a question of ours. */
  readonly confirming: boolean;
  /** That code, of a yes that was given on the console. */
  readonly ordered: string | null;
}

/** 1, intake: the request read once, every spelling of our own headers dropped. */
export interface Received {
  readonly raw: IncomingMessage;
  /** The config for the whole life of this request, pinned by the intake. */
  readonly snapshot: Snapshot;
  readonly id: string;
  /** Wall clock and monotonic clock in ms. */
  readonly at: number;
  readonly startedAt: number;
  readonly upgrade: boolean;
  /** The method that counts, and `sent`, the one that came and goes to the app; `overridden`: the request names another than `sent`. */
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
  /** Its span; null where nothing is traced, and for all traffic of people who aren't agents. */
  readonly trace: Trace | null;
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

/** 2, match: its route. */
export interface Matched extends Received {
  readonly match: {
    readonly route: RouteMatch<RouteTarget> | null;
    /** Its `Referer` names a page of this origin that always runs as the agent; asked of pages while impersonating. */
    readonly fromAsSelf: boolean;
  };
}

/** 3, identify: the true user, and which source knew them. Unknown also where the answer can't matter. */
export interface Identified extends Matched {
  readonly caller: { readonly who: CallerFact; readonly via: string | null };
}

/** 4, load impersonation: what its cookie led to, and the effective user as the directory has them today. */
export interface Recalled extends Identified {
  readonly session: {
    readonly loaded: LoadedImpersonation;
    readonly target: TargetFact;
    /** The consent of the effective user. */
    readonly consent: ConsentFact;
    /** Its cookie only looks like ours: it goes on byte for byte as it came. */
    readonly nobodys: boolean;
  };
}

/** 5, find owner: the owner of the page, and of the page that an unsafe request came from. */
export interface Owned extends Recalled {
  readonly owner: {
    readonly page: OwnerFact;
    readonly referer: OwnerFact;
    /** The consent of the owner, who a start would be as. */
    readonly consent: ConsentFact;
  };
}

/** The part of the body that was read before the decision. */
export interface Content {
  /** The whole body, if it was read and is sent from here; null: it is passed on as it comes. */
  readonly body: Buffer | null;
  /** The part that was read; null where nothing was. */
  readonly beginning: Buffer | null;
  /** The same, as rules read it. */
  readonly bodyText: BodyText | null;
  /** The agent has said yes to this very request. */
  readonly confirmed: boolean;
}

/** What the rules say of it under one method. */
export interface Ruling {
  readonly rule: Rule | null;
  /** It may change something although its method is a safe one. */
  readonly mayChange: boolean;
}

/** Between 5 and 6: its final method and rule, after its body was read where that matters. */
export interface Settled extends Owned {
  readonly content: Content;
  readonly ruling: Ruling;
}

/** 6, decide. */
export interface Judged extends Settled {
  readonly decision: Decision;
}

/** The effects of the decision, which are done. */
export interface Effects {
  readonly trueUser: Identity | null;
  /** The one that the request runs under; null for own traffic. */
  readonly impersonation: Impersonation | null;
  /** The impersonation that it ended. */
  readonly ended: Impersonation | null;
  /** Id of the intent, which is on disk; null unless the request goes to the app under an impersonation. */
  readonly intent: string | null;
  /** Our own `Set-Cookie` lines. */
  readonly setCookies: readonly string[];
  /** An impersonation was started, switched or ended: the browser's caches have to be cleared. */
  readonly changed: boolean;
  /** The name of the question that the agent is asked. */
  readonly confirmation: string | null;
  /** The address on another host that the request is redirected to; then nothing goes to the app. */
  readonly leadsTo: string | null;
}

/** 7, commit: its effects are done and recorded. It goes on (9 to 12) or is answered (8). */
export interface Committed extends Judged {
  readonly effects: Effects;
}

/** What tells the app of both people. */
interface SignIn {
  /** Name, value, name, value …; empty where the app is told of nobody. */
  readonly headers: readonly string[];
  /** The app's own session as the effective user; null where it has none that we make. */
  readonly session: AppSession | null;
  /** What goes with the request in the place of what the browser sent. */
  readonly presented: Presented | null;
}

/** What is written into one's own page. */
export interface OwnPage {
  /** What it says to its customer, as far as that is known without waiting; null: nothing. */
  readonly card: CustomerCard | null;
  /** It gets the button by which one asks for help. */
  readonly help: boolean;
}

/** 9, sign in. */
export interface Signed extends Committed {
  readonly signIn: SignIn;
  /** Null where nothing is written into it. */
  readonly ownPage: OwnPage | null;
  /** How many values of the answer were withheld so far. */
  readonly withheld: { count: number };
}

/** 10, forward: what the app gets. */
export interface Outbound {
  readonly target: string;
  readonly headers: RawHeaders;
}

/** A request that goes to the app, with the stages that are left of its way: the transport and the tunnel go them alike. */
export interface Forwarding {
  readonly signed: Signed;
  /** 10, forward. */
  outbound(): Maybe<Outbound>;
  /** 11, respond: what the client gets for the app's head. */
  respond(head: UpstreamHead): Maybe<HeadPlan>;
  /** 12, settle: once, when it has ended. */
  settle(settlement: Settlement): void;
}
