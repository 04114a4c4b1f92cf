import type { HelpBody } from "../domain/help/help.ts";
import type { Language } from "../domain/language.ts";
import type { Policy } from "../domain/policy.ts";
import type { UrlLimits } from "../domain/routing/canonical-url.ts";
import type { IdGrammar } from "../domain/routing/id-grammar.ts";
import type { Finder, RouteMatch } from "../domain/routing/route.ts";
import type { RuleIndex } from "../domain/routing/rule.ts";
import type { Withholding } from "../page/withhold/withholding.ts";
import type { IdentitySource, OpenIdProvider, OwnerResolver, Users } from "../ports.ts";
import type { AppSignIn, SessionEnd } from "../signin/sign-in.ts";
import type { HeaderRules } from "./header-rules.ts";

/** People by id, and by the groups that they are in. */
export interface Named {
  readonly users: readonly string[];
  readonly groups: readonly string[];
}

/** The plain values of the config, with every default filled in. Times in ms, sizes in bytes. */
export interface Settings {
  /** The name of the app that they are of; null where the file has one alone. */
  readonly app: string | null;
  /** Whether the config says at which hosts the app is. */
  readonly named: boolean;
  readonly upstream: {
    /** `http://127.0.0.1:8001`: scheme, host and port, no path. */
    readonly origin: string;
    /** Path of a unix socket to connect to instead of the origin's host; null for TCP. */
    readonly socket: string | null;
    /** Which `Host` the app gets: the client's, or its own. */
    readonly host: "client" | "upstream";
    /** PEM of the authority to trust besides the system's; null for the system's alone. */
    readonly ca: string | null;
    readonly insecureSkipVerify: boolean;
    /** Short requests to the app at the same time. */
    readonly connections: number;
    /** Whether `%2F` in a path that is judged is let through as it is. */
    readonly encodedSlash: "refuse" | "keep";
  };
  /** The same where connections to the app may be shared: of all that they are opened and kept by. */
  readonly connectionKey: string;
  /** How the app is signed in to; null: it reads our headers. */
  readonly signIn: AppSignIn | null;
  /** `https://app.example.com`: what browsers call the app; null: told from each request. */
  readonly publicUrl: string | null;
  /** Addresses and CIDR ranges whose forwarding metadata counts. */
  readonly trustedProxies: readonly string[];
  /** `/.guise`, without a slash at the end. */
  readonly prefix: string;
  readonly headers: {
    readonly when: "always" | "impersonating";
    /** Whether the unsigned headers are sent beside the assertion. */
    readonly plain: boolean;
    readonly assertion: string;
    readonly user: string;
    readonly trueUser: string;
    readonly impersonation: string;
    /** Further names under which the app is told of the effective user; null: it isn't told. */
    readonly email: string | null;
    readonly name: string | null;
    readonly groups: string | null;
    /** Identity headers of other products that go on with own traffic, and from whom. */
    readonly pass: readonly { readonly names: readonly string[]; readonly from: readonly string[] }[];
    /** What becomes of a client's header under one of these names. */
    readonly forged: "drop" | "refuse";
    /** Further inbound names to drop. */
    readonly drop: readonly string[];
  };
  /** What becomes of a client's headers: `headers` and `trustedProxies`, compiled. */
  readonly headerRules: HeaderRules;
  /** How an address that is judged may be: of `limits`, and `encodedSlash`. */
  readonly urlLimits: UrlLimits;
  /** Lower-case names of the headers that identity sources read (`cf-access-jwt-assertion`); never sent under an impersonation. */
  readonly identityHeaders: readonly string[];
  /** Names of the cookies that identity sources read; no cookie of a customer's is laid over them in the browser. */
  readonly identityCookies: readonly string[];
  readonly token: { readonly issuer: string; readonly audience: string; readonly lifetime: number };
  /** `domain`: one impersonation covers all hosts below it; null: the one host. `keep`, `wayBack`: ms. */
  readonly cookie: {
    readonly name: string;
    readonly domain: string | null;
    readonly keep: number;
    readonly wayBack: number;
  };
  /** How customers are told and asked; null: on their page alone. */
  readonly mail: {
    /** With what is secret in it. */
    readonly url: string;
    readonly from: string;
    readonly replyTo: string | null;
    readonly keep: number;
  } | null;
  /** How customers ask for help; null: not by way of us. Times in ms, sizes in bytes. */
  readonly help: {
    readonly outlets: readonly HelpOutlet[];
    readonly categories: readonly string[];
    readonly screenshot: boolean;
    readonly screenshotSize: number;
    readonly perMinute: number;
    readonly deliverFor: number;
    readonly keep: number;
  } | null;
  /** Buttons in a helpdesk; null: there is none. `origins`: who may frame the page. */
  readonly helpdesk: {
    readonly helpscout: { readonly secret: string } | null;
    readonly embed: { readonly origins: readonly string[] } | null;
  };
  /** What programs may do; times in ms, `expires` since the epoch. */
  readonly api: {
    readonly tokens: readonly {
      readonly name: string;
      /** `sha256:` and 64 hex digits. */
      readonly hash: string;
      readonly rights: readonly ("start" | "consent")[];
      /** Null: every agent. */
      readonly agents: readonly string[] | null;
      readonly expires: number;
    }[];
    readonly linkLasts: number;
  };
  /** The customer's own page; times in ms. */
  readonly access: {
    /** What customers read where nothing else says it. */
    readonly language: Language;
    /** What those may whom the directory names as somebody's approvers. */
    readonly approvers: "off" | "see" | "answer";
    readonly page: boolean;
    readonly optOut: boolean;
    /** The lengths of time that customers choose from. */
    readonly offer: readonly number[];
    readonly codeLasts: number;
    readonly codeTries: number;
    /** How long, and of how many sessions, it counts whose they are. */
    readonly cardKnownFor: number;
    readonly cardSessions: number;
    /** Of one access at the most. */
    readonly receiptRecords: number;
    /** Of asks and answers that are over. */
    readonly keep: number;
    /** What customers are told of the record; null: nothing. */
    readonly recordsKept: number | null;
  };
  /** `parent`: each impersonation has a host of its own below it; null: it is shown on the app's own. */
  readonly isolation: {
    readonly parent: string;
    readonly remember: number;
    readonly cacheFor: number;
  } | null;
  /** Where the gateway's own pages are; null: on the app's hosts. `app`: the app's host, for somebody who opens the console without a link from the app. */
  readonly console: {
    readonly origin: string;
    readonly host: string;
    readonly app: string | null;
    readonly session: number;
    readonly cacheFor: number;
    /** The app's own hosts don't lead to the gateway. */
    readonly beside: boolean;
  } | null;
  /** From the app's host to another one of ours, ms. */
  readonly goingOver: { readonly nonce: number; readonly code: number; readonly again: number };
  readonly timeouts: {
    /** To open a connection to the app. */
    readonly connect: number;
    /** From the last request byte to the head of the app's answer. */
    readonly answer: number;
    /** Between two chunks of the app's body. */
    readonly answerIdle: number;
    /** A kept-alive connection to the app between two requests. */
    readonly upstreamKeepAlive: number;
    /** After which an exchange counts as one that lasts. */
    readonly stream: number;
    /** For a client to send its headers. */
    readonly requestHeaders: number;
    /** Between two chunks of the client's body. */
    readonly requestIdle: number;
    /** An idle WebSocket. */
    readonly socketIdle: number;
    /** One owner, user or identity lookup. */
    readonly lookup: number;
    /** A kept-alive client connection between two requests. */
    readonly keepAlive: number;
    /** For a client to read the last answer of a connection that is closed in the middle of its body. */
    readonly linger: number;
    /** Open requests at shutdown. */
    readonly drain: number;
    /** To send the form of a page of the gateway's own. */
    readonly form: number;
    /** For which a link that started nothing is kept for its agent. */
    readonly missedLink: number;
    /** To say yes to what a rule asks about; for which its page may lie open; for the notice after Stop; after an impersonation's time. */
    readonly confirm: number;
    /** To say that a form which was refused for its mode is to be sent after a step up. */
    readonly kept: number;
    readonly leftOpen: number;
    readonly notice: number;
    readonly ended: number;
  };
  readonly limits: {
    /** Bytes of a request target that is judged. */
    readonly url: number;
    readonly segments: number;
    /** Bytes of one path segment. */
    readonly segment: number;
    /** Bytes of all request headers. */
    readonly headers: number;
    /** Open client connections. */
    readonly connections: number;
    /** Exchanges that last: of everybody, and of one client address. */
    readonly streams: number;
    readonly streamsPerClient: number;
    /** Pages of what runs that keep themselves up to date. */
    readonly consoleStreams: number;
    /** Bytes of all headers of the app's answer. */
    readonly answerHeaders: number;
    /** Bytes a second that a client's body must come with; 0 for any. */
    readonly uploadRate: number;
    /** Bytes of a body that goes nowhere which are thrown away, so that its connection lives on. */
    readonly drain: number;
    /** Bytes of a page's head that are searched for the place of the banner. */
    readonly pageHead: number;
    /** Decoded bytes of a compressed page. */
    readonly pageDecoded: number;
    /** Body bytes of a request that may be confirmed and repeated. */
    readonly confirmBody: number;
    /** Values of the app's answers that are remembered of one impersonation. */
    readonly pageCredentials: number;
    /** Requests in flight for one impersonation. */
    readonly perImpersonation: number;
    /** Requests of one impersonation, and starts of one agent, in a minute. */
    readonly perMinute: number;
    /** Starts of one agent in an hour that a link alone makes. */
    readonly startsPerHour: number;
    /** Links that started nothing which are kept of one agent, and of them in a minute. */
    readonly missedLinks: number;
    readonly missedLinksPerMinute: number;
    /** Refusals on record in a minute: of one person without an impersonation, and of one client address. */
    readonly refusalsPerMinute: number;
  };
  readonly page: {
    readonly banner: {
      readonly position: "top" | "bottom";
      readonly name: string;
      /** `#5b2ed8`; null: none of its own. */
      readonly colour: string | null;
    };
    readonly disable: readonly string[];
    readonly logout: readonly string[];
    /** Values that are replaced; null: none. */
    readonly withhold: Withholding | null;
    /** Whether start, switch and stop clear the browser's cache and storage. */
    readonly clearSiteData: boolean;
    /** Names of cookies that the app's own scripts set for its server; a `*` at the end stands for any rest. */
    readonly scriptCookies: readonly string[];
  };
  /** What is told of although it is allowed; null: never. */
  readonly thresholds: {
    readonly customersPerHour: number | null;
    readonly agentsPerDay: number | null;
    /** Times of the day in a time zone, `22:00`. */
    readonly night: { readonly from: string; readonly to: string; readonly zone: string } | null;
    readonly breakGlass: boolean;
  };
  /** Who may end what others are doing. */
  readonly administrators: Named;
  readonly audit: {
    readonly stream: string;
    readonly mode: "strict" | "blocking" | "batch";
    /** What is kept of a request besides its address; header names in lower case. */
    readonly capture: {
      readonly headers: readonly string[];
      readonly query: boolean;
      readonly body: "none" | "fields";
    };
    /** Whose people may see what others did. */
    readonly readers: {
      readonly groups: readonly string[];
      readonly leads: readonly { readonly groups: readonly string[]; readonly agents: Named }[];
    };
  };
}

/** Where requests for help go. `name` is how the config calls it: `mail`, `webhooks[0]`, `redis`. */
export type HelpOutlet =
  | { readonly kind: "mail"; readonly name: string; readonly to: string }
  | {
      readonly kind: "webhook";
      readonly name: string;
      readonly url: string;
      readonly secret: string | null;
      readonly headers: Readonly<Record<string, string>>;
      /** Null: our own message. */
      readonly body: HelpBody | null;
      readonly timeout: number;
    }
  | { readonly kind: "redis"; readonly name: string; readonly url: string; readonly stream: string };

/** One route as compiled: its pattern for the record and the resolver to ask. */
export interface RouteTarget {
  /** `routes[3]`, as problems call it. */
  readonly name: string;
  readonly pattern: string;
  readonly owner: string;
  /** The page always runs as the agent; then nobody is asked whose it is. */
  readonly asSelf: boolean;
  /** One's own page has the button by which one asks for help. */
  readonly help: boolean;
  /** Names of the params that are one segment each; only these are ever looked up, what `*rest` caught is not. */
  readonly params: readonly string[];
  /** What those params must look like before anybody is asked. */
  readonly grammar: IdGrammar;
}

export interface RouteFinder {
  match(host: string, path: string, query: string | null): RouteMatch<RouteTarget> | null;
}

/** The apps of a file that has several, each with the config as it has it. */
export interface Apps {
  /** By host and path the app's place in `all`. */
  readonly finder: Finder<number>;
  readonly all: readonly Snapshot[];
}

/** The OpenID provider, and by client how its sessions are signed out of an app that has no back channel. */
export interface AppsProvider extends OpenIdProvider {
  readonly ends: ReadonlyMap<string, SessionEnd>;
}

/**
 * A whole, checked config, compiled, as one app has it: its `settings`, `routes` and `rules` are that app's, the rest is everybody's.
 * A request pins one at the intake (`appAt`) and sees no other.
 */
export interface Snapshot {
  /** `sha256:` and 64 hex digits of the file's bytes. */
  readonly digest: string;
  readonly settings: Settings;
  readonly policy: Policy;
  readonly routes: RouteFinder;
  readonly rules: RuleIndex;
  /** All sources in order, as one. */
  readonly identity: IdentitySource;
  /** The provider that apps sign people in with; null: there is none. */
  readonly provider: AppsProvider | null;
  readonly owners: ReadonlyMap<string, OwnerResolver>;
  readonly users: Users | null;
  /** null: the file has one app. */
  readonly apps: Apps | null;
}
