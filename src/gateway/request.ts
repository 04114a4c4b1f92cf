import type { IncomingMessage } from "node:http";
import type { Snapshot } from "../config/snapshot.ts";
import type { Navigation } from "../domain/facts.ts";
import type { Fault } from "../errors.ts";
import type { Evidence } from "../ports.ts";
import type { AppHost, Label } from "../sessions/labels.ts";
import type { RawHeaders } from "./http/exchange.ts";

/** A request as the intake took it in: its address read once, every spelling of our own headers dropped. */
export interface Received {
  readonly raw: IncomingMessage;
  /** The config for the whole life of this request, pinned by the intake. */
  readonly snapshot: Snapshot;
  readonly id: string;
  /** Wall clock and monotonic clock in ms. */
  readonly at: number;
  readonly startedAt: number;
  readonly method: string;
  /** The method as it came, which is also sent to the app. */
  readonly sent: string;
  /** The request target as it came, byte for byte, in any form. */
  readonly came: string;
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
  /** `Host` in lower case without port, and as it was sent. */
  readonly host: string;
  readonly authority: string;
  readonly scheme: "http" | "https";
  /** `https://app.example.com`: what the browser calls us. */
  readonly origin: string;
  /** The sender's headers that go to the app: without the names that we set; of own traffic with the cookies that aren't ours. */
  readonly headers: RawHeaders;
  /** The browser's cookies without ours; null if there are none. */
  readonly cookies: string | null;
  /** What the impersonation cookie holds. */
  readonly secret: string | null;
  /** Other values under the same cookie name; only the store knows which one is ours. */
  readonly rivals: readonly string[];
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
  /** The direct peer, and whether it is one of `trustedProxies`. */
  readonly peer: string;
  readonly trusted: boolean;
  /** The client's address; that of the direct peer unless a trusted proxy names another. */
  readonly ip: string;
  /** What the app gets as `X-Forwarded-For`. */
  readonly forwardedFor: string;
  /** What the app gets as `X-Forwarded-Host`: `Host`, unless a trusted proxy names another. */
  readonly forwardedHost: string;
  /** The request names another method than `sent` (in its query, body or headers); `method` is that one. */
  readonly overridden: boolean;
  /** Its body is the agent's yes to a question of ours. */
  readonly confirming: boolean;
  /** The id of the impersonation under which the page was opened that sends this, as our script marks it. */
  readonly tab: string | null;
  /** `tab` and `confirming` stood in the query of own traffic, where everybody can write them: they count for agents alone. */
  readonly hearsay: boolean;
  /** Our script says that nobody used the page for a while. */
  readonly unattended: boolean;
  readonly navigation: Navigation;
  readonly upgrade: boolean;
  /** It is below the reserved prefix and never goes to the app. */
  readonly ours: boolean;
}

/** Which impersonation the mark names; null for the mark of 0.1.0, which everybody can write: it counts for agents alone. */
export interface MarkerOnly {
  readonly impersonation: string | null;
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
