import { z } from "zod";
import type { Clients } from "../clients/clients.ts";
import type { SecretReader } from "../clients/secret.ts";
import { providerSchema } from "../identity/provider/provider-options.ts";
import { type AnyKind, kindEntry } from "../kinds.ts";
import type { KnownResolver } from "../owners/registry.ts";
import type { Clock, IdentitySource, Log, SignIns, Users } from "../ports.ts";
import type { StoreBackend, StoreDeps } from "../sessions/stores/store.ts";
import type { AppSignIn, SignInDeps } from "../signin/sign-in.ts";
import { endSteps } from "../signin/steps-schema.ts";
import { administrators, agent } from "./sections/agents.ts";
import { api } from "./sections/api.ts";
import { app, place, signIn } from "./sections/apps.ts";
import { audit } from "./sections/audit.ts";
import { reads } from "./sections/conditions.ts";
import { access } from "./sections/consent.ts";
import { help } from "./sections/help.ts";
import { helpdesk } from "./sections/helpdesk.ts";
import { consoleOrigin, goingOver, isolation } from "./sections/hosts.ts";
import { keys } from "./sections/keys.ts";
import { mail } from "./sections/mail.ts";
import { page } from "./sections/page.ts";
import { route, rule } from "./sections/routes.ts";
import { cookie, headers, limits, prefix, timeouts, token, trustedProxies } from "./sections/server.ts";
import { thresholds } from "./sections/thresholds.ts";
import { origin, upstream } from "./sections/upstream.ts";
import { orNull } from "./sections/values.ts";

/** What the rooms' kinds may use when they are made. */
export interface RoomDeps extends Clients {
  readonly clock: Clock;
  readonly log: Log;
  readonly secret: SecretReader;
  readonly signIns: SignIns;
  /** Where relative paths start: the folder of the config file. */
  readonly directory: string;
}

/** The kinds that each room offers; the config's words for them come from here. */
export interface Kinds {
  readonly identity: readonly AnyKind<RoomDeps, IdentitySource>[];
  readonly owners: readonly AnyKind<RoomDeps, KnownResolver>[];
  readonly users: readonly AnyKind<RoomDeps, Users>[];
  readonly stores: readonly AnyKind<StoreDeps, StoreBackend>[];
  readonly signIn: readonly AnyKind<SignInDeps, AppSignIn>[];
}

/** The whole file, checked, with every default filled in. */
export type Config = z.output<ReturnType<typeof configSchema>>;

/** The schemas of single entries, for telling more about a file that is wrong elsewhere. */
export function entrySchemas(kinds: Kinds) {
  return { agent, rule, place, route: route(kinds.owners), owner: kindEntry(kinds.owners, "an owner") };
}

const NAME = /^[A-Za-z][A-Za-z0-9_-]{0,63}$/;

/** The schema of the whole file; every key has its description, which the docs and editors show. */
export function configSchema(kinds: Kinds) {
  return z.strictObject({
    upstream: upstream
      .optional()
      .describe(
        "The app behind the gateway: its address, or an object with `url` and more. Several stand in `apps` instead.",
      ),
    apps: z
      .record(name, app(kinds.owners, kinds.signIn))
      .optional()
      .describe("Several apps, by host and path, instead of `upstream`."),
    publicUrl: orNull(origin).describe(
      "What browsers call the app, like https://app.example.com; told from each request if left out.",
    ),
    impersonation: z
      .enum(["on", "off"])
      .default("on")
      .describe("`off` ends all impersonation at once; the app goes on as if the gateway weren't there."),
    ...peopleAndPages(kinds),
    access,
    mail,
    help,
    helpdesk,
    api,
    signIn: signIn(kinds.signIn),
    page,
    headers,
    token,
    cookie,
    isolation,
    console: consoleOrigin,
    provider: providerSchema(endSteps).optional(),
    goingOver,
    store: kindEntry(kinds.stores, "`store`")
      .optional()
      .describe("Where running impersonations are kept; on this machine, in `data`, if left out."),
    audit,
    keys,
    data: z
      .string()
      .min(1)
      .default("data")
      .describe(
        "The folder for keys, journal and embedded store; a relative one starts at the config's folder.",
      ),
    trustedProxies,
    prefix,
    timeouts,
    limits,
  });
}

const name = z.string().regex(NAME, { error: "write a name of letters, digits, dashes and underscores" });

function peopleAndPages(kinds: Kinds) {
  return {
    identity: z
      .array(kindEntry(kinds.identity, "an identity source"))
      .min(1)
      .describe(
        "Who is at the keyboard. Tried in order; the first source that knows the caller says who it is.",
      ),
    agents: z.array(agent).default([]).describe("Who may be whom. The first entry that fits counts."),
    administrators,
    thresholds,
    owners: z
      .record(name, kindEntry(kinds.owners, "an owner"))
      .default({})
      .describe("Named lookups that tell whom a page belongs to."),
    routes: z
      .array(route(kinds.owners))
      .default([])
      .describe("Which addresses belong to whom. The most specific one counts, whatever their order."),
    rules: z
      .array(rule)
      .default([])
      .describe(
        "What may be done while impersonating. The first one that fits counts; without one, looking is allowed.",
      ),
    reads,
    users: kindEntry(kinds.users, "`users`")
      .optional()
      .describe("Where names, e-mail addresses and groups of the app's people can be looked up."),
  };
}
