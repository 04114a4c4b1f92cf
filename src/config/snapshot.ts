import type { BodyTemplate } from "../domain/help/body-template.ts";
import type { Policy } from "../domain/policy.ts";
import type { UrlLimits } from "../domain/routing/canonical-url.ts";
import type { IdGrammar } from "../domain/routing/id-grammar.ts";
import type { Finder, RouteMatch } from "../domain/routing/route.ts";
import type { RuleIndex } from "../domain/routing/rule.ts";
import type { IdentitySource, OpenIdProvider, OwnerResolver, Users } from "../ports.ts";
import type { AppSignIn, SessionEnd } from "../signin/sign-in.ts";
import type { HeaderRules } from "./header-rules.ts";
import type { Config } from "./schema.ts";

/** A part of the checked config, deeply read-only. */
type Fixed<T> = T extends ReadonlySet<unknown> | ((...given: never) => unknown)
  ? T
  : { readonly [Key in keyof T]: Fixed<T[Key]> };
type Section<Name extends keyof Config> = Fixed<NonNullable<Config[Name]>>;

/** People by id, and by the groups that they are in. */
export type Named = Section<"administrators">;

/**
 * The plain values of the config, with every default filled in. Times in ms, sizes in bytes. What isn't explained here is in the
 * schema, below `sections/`.
 */
export interface Settings
  extends Fixed<
    Pick<
      Config,
      | "trustedProxies"
      | "cookie"
      | "goingOver"
      | "timeouts"
      | "limits"
      | "page"
      | "thresholds"
      | "administrators"
    >
  > {
  /** The name of the app that they are of; null where the file has one alone. */
  readonly app: string | null;
  /** Whether the config says at which hosts the app is. */
  readonly named: boolean;
  readonly upstream: Omit<Section<"upstream">, "url" | "ca"> & {
    /** `http://127.0.0.1:8001`: scheme, host and port, no path. */
    readonly origin: string;
    /** PEM of the authority to trust besides the system's; null for the system's alone. */
    readonly ca: string | null;
  };
  /** The same where connections to the app may be shared: of all that they are opened and kept by. */
  readonly connectionKey: string;
  /** How the app is signed in to; null: it reads our headers. */
  readonly signIn: AppSignIn | null;
  /** `https://app.example.com`: what browsers call the app; null: told from each request. */
  readonly publicUrl: string | null;
  /** `/.guise`, without a slash at the end. */
  readonly prefix: string;
  readonly headers: Section<"headers"> & { readonly when: "always" | "impersonating" };
  /** What becomes of a client's headers: `headers` and `trustedProxies`, compiled. */
  readonly headerRules: HeaderRules;
  /** How an address that is judged may be: of `limits`, and `encodedSlash`. */
  readonly urlLimits: UrlLimits;
  /** Lower-case names of the headers that identity sources read (`cf-access-jwt-assertion`); never sent under an impersonation. */
  readonly identityHeaders: readonly string[];
  /** Names of the cookies that identity sources read; no cookie of a customer's is laid over them in the browser. */
  readonly identityCookies: readonly string[];
  readonly token: Section<"token"> & { readonly audience: string };
  /** How customers are told and asked, `url` with what is secret in it; null: on their page alone. */
  readonly mail: (Omit<Section<"mail">, "smtp"> & { readonly url: string }) | null;
  /** How customers ask for help; null: not by way of us. */
  readonly help:
    | (Omit<Section<"help">, "mail" | "webhooks" | "redis"> & { readonly outlets: readonly HelpOutlet[] })
    | null;
  /** Buttons in a helpdesk; null: there is none. `origins`: who may frame the page. */
  readonly helpdesk: {
    readonly helpscout: { readonly secret: string } | null;
    readonly embed: { readonly origins: readonly string[] } | null;
  };
  /** What programs may do; `expires` is ms since the epoch, and `agents` null for every agent. */
  readonly api: Omit<Section<"api">, "tokens"> & {
    readonly tokens: readonly (Omit<Section<"api">["tokens"][number], "agents"> & {
      readonly agents: readonly string[] | null;
    })[];
  };
  /** The customer's own page. */
  readonly access: Omit<Section<"access">, "page"> & { readonly page: boolean };
  /** `parent`: each impersonation has a host of its own below it; null: it is shown on the app's own. */
  readonly isolation: Section<"isolation">["host"] | null;
  /** Where the gateway's own pages are; null: on the app's hosts. `app`: the app's host, for somebody who opens the console without a link from the app. */
  readonly console:
    | (Omit<Section<"console">, "app"> & { readonly host: string; readonly app: string | null })
    | null;
  readonly audit: Pick<Section<"audit">, "stream" | "mode" | "capture" | "readers">;
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
      readonly body: BodyTemplate | null;
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
