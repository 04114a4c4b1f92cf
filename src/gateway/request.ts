import type { IncomingMessage } from "node:http";
import type { Snapshot } from "../config/snapshot.ts";
import type { Navigation } from "../domain/facts.ts";
import type { Fault } from "../errors.ts";
import type { Evidence } from "../ports.ts";
import type { AppHost, Label } from "../sessions/labels.ts";
import type { RawHeaders } from "./http/exchange.ts";

/** A request as the door let it in: one reading of its address, our own names gone from its headers. */
export interface Received {
  readonly raw: IncomingMessage;
  /** The world that this request lives in, pinned here. */
  readonly snapshot: Snapshot;
  readonly id: string;
  /** Wall clock and monotonic clock in ms. */
  readonly at: number;
  readonly startedAt: number;
  readonly method: string;
  /** The method as it was sent, and is sent on. */
  readonly sent: string;
  /** The target byte for byte, in whatever form. */
  readonly came: string;
  /** What is sent on where nobody is impersonated: the target byte for byte, in origin form. Of what is judged, its one reading. */
  readonly asSent: string;
  /** Canonical path and query where it is `readable`, else those of `asSent`; both apart. */
  readonly target: string;
  readonly path: string;
  readonly query: string | null;
  /** It has one reading: only then routes and rules may be asked. */
  readonly readable: boolean;
  /** It is for us, or says that somebody is impersonated: it is read in one way, or was refused. Everything else is own traffic. */
  readonly judged: boolean;
  /** Why it has no one reading, where that is refused unless the cookie by which it is judged only looks like ours. */
  readonly unclear: string | null;
  /** `Host` in lower case without port, and as it was sent. */
  readonly host: string;
  readonly authority: string;
  readonly scheme: "http" | "https";
  /** `https://app.example.com`: what the browser calls us. */
  readonly origin: string;
  /** What goes on to the app as the sender's own: no managed name, and of own traffic the cookies without ours in their place. */
  readonly headers: RawHeaders;
  /** The browser's cookies without ours; null if there are none. */
  readonly cookies: string | null;
  /** What the impersonation cookie holds. */
  readonly secret: string | null;
  /** What came under its name besides: which of them is ours, only the store knows. */
  readonly rivals: readonly string[];
  /** What stands before the parent of `isolation.host` in the host's name; null: it is the app's own host. */
  readonly hostLabel: string | null;
  /** The label on whose host it came, and which it belongs to. `host` and `authority` are those of the app then. */
  readonly label: Label | null;
  /** It is for the origin of `console`, where nothing of the app's is. */
  readonly atConsole: boolean;
  /** There, the app's host that somebody comes from; null where nobody said. */
  readonly app: AppHost | null;
  /** By what the caller is known where it isn't by what came with the request: on labels, and on the console. */
  readonly lent: Evidence | null;
  /** The secret of a sign-in by way of our own pages. */
  readonly signIn: string | null;
  /** It is the browser of somebody who signed in as an agent, now or before. */
  readonly agents: boolean;
  /** The domain whose hosts one impersonation covers, where this host is one of them; null: this host alone. */
  readonly domain: string | null;
  /** The impersonation whose cookies and storage the browser has for this host; null where nobody said. */
  readonly here: string | null;
  /** It comes from a page of another of our hosts where this browser is somebody else, or may come from one. */
  readonly neighbour: boolean;
  /** The browser says that somebody is viewed in it, and keeps the secret back: another site made it send this, or it has lost it. */
  readonly markerOnly: MarkerOnly | null;
  /** Ids of the customers whom this browser has viewed on this host, the latest first. */
  readonly viewedBefore: readonly string[];
  /** The notice that waits to be shown once. */
  readonly notice: string | null;
  /** The direct peer, and whether the config trusts what it says of how a request came. */
  readonly peer: string;
  readonly trusted: boolean;
  /** The client's address; that of the direct peer unless a trusted proxy names another. */
  readonly ip: string;
  /** What the app gets as `X-Forwarded-For`. */
  readonly forwardedFor: string;
  /** And as `X-Forwarded-Host`: `Host`, unless a trusted proxy names another. */
  readonly forwardedHost: string;
  /** Something asks for another method than was sent; `method` is what may become of it. */
  readonly overridden: boolean;
  /** It brings the agent's yes to a question of ours, instead of a body of its own. */
  readonly confirming: boolean;
  /** The public id of the impersonation under which the page was opened that asks, where its script says so. */
  readonly tab: string | null;
  /** `tab` and `confirming` were said in the query of own traffic, where everybody can write them: they count for agents alone. */
  readonly hearsay: boolean;
  /** That script says that nobody was at the page for a while. */
  readonly unattended: boolean;
  readonly navigation: Navigation;
  readonly upgrade: boolean;
  /** Below the reserved prefix: never goes to the app. */
  readonly ours: boolean;
}

/** Which impersonation it says; null where a version before set the mark, which everybody can write: it counts for agents alone. */
export interface MarkerOnly {
  readonly impersonation: string | null;
}

export type Intake =
  | { readonly kind: "received"; readonly received: Received }
  | {
      readonly kind: "refused";
      readonly fault: Fault;
      readonly id: string;
      /** It is whole, and a person in a tab waits for the answer. */
      readonly page: boolean;
    };
