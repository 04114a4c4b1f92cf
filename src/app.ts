import { resolve } from "node:path";
import { performance } from "node:perf_hooks";
import fastify, { type FastifyInstance } from "fastify";
import { type Evidence, evidence } from "./audit-system.ts";
import { clients } from "./clients/clients.ts";
import { warnOfUnchecked } from "./config/apps.ts";
import { type Holder, holder } from "./config/hold.ts";
import { KINDS } from "./config/kinds.ts";
import { type LoadOptions, load, reload } from "./config/load.ts";
import { formatProblem } from "./config/problem.ts";
import { pages } from "./console/decision-page.ts";
import { consolePlugin } from "./console/plugin.ts";
import { modeAt, runsAt } from "./domain/impersonation.ts";
import { codeOf, Fault } from "./errors.ts";
import { endAppSessions } from "./gateway/background/app-session-ends.ts";
import { checkLookups } from "./gateway/background/check-lookups.ts";
import { recordConfig, watchConfig } from "./gateway/background/config-reload.ts";
import { noteConsentSettings } from "./gateway/background/consent-settings.ts";
import { tendConsents } from "./gateway/background/consents.ts";
import { sweeper } from "./gateway/background/expiry.ts";
import { holdBack } from "./gateway/background/held-back.ts";
import { recheck } from "./gateway/background/revalidate.ts";
import { drain } from "./gateway/background/shutdown.ts";
import { type ConsentServices, consentServices } from "./gateway/consent/consent-services.ts";
import { doneIn } from "./gateway/consent/done-in.ts";
import { collectStart } from "./gateway/http/gc.ts";
import { guardConnections, serverOptions } from "./gateway/http-server.ts";
import { reading, registerGateway } from "./gateway/plugin.ts";
import { diagnostics } from "./gateway/services/diagnostics.ts";
import { formsWith } from "./gateway/services/forms.ts";
import { timeOrderedIds } from "./gateway/services/ids.ts";
import { Sockets } from "./gateway/services/open-connections.ts";
import { rateLimits } from "./gateway/services/rate-limits.ts";
import { refusals } from "./gateway/services/refusals.ts";
import type { Services } from "./gateway/services/services.ts";
import { trusts } from "./gateway/services/trust.ts";
import { unrecorded } from "./gateway/services/unrecorded.ts";
import { upgradeOptions, upgrading } from "./gateway/upgrade.ts";
import { Upstreams } from "./gateway/upstreams.ts";
import { attachUpgrades, UPGRADE_OPTIONS } from "./gateway/websocket/upgrade-listener.ts";
import { tokens } from "./keys/token.ts";
import { clientAssets } from "./page/client.ts";
import type { Bulletin, Clock, Closing, Log, Store, ViewedAccount } from "./ports.ts";
import { blocks } from "./sessions/blocks.ts";
import { codes } from "./sessions/codes.ts";
import { confirmations } from "./sessions/confirmations.ts";
import { consoleVisits } from "./sessions/console-visits.ts";
import { customers } from "./sessions/customers.ts";
import { startLinks } from "./sessions/help/start-links.ts";
import { type Impersonations, openImpersonations } from "./sessions/impersonations.ts";
import { type Labels, labels } from "./sessions/labels.ts";
import { missedLinks } from "./sessions/missed-links.ts";
import { pageCredentials } from "./sessions/page-credentials.ts";
import { signIns } from "./sessions/sign-ins.ts";
import { spentForms } from "./sessions/spent-forms.ts";
import { openBackend } from "./sessions/stores/registry.ts";
import { admin } from "./telemetry/admin.ts";
import { gauges } from "./telemetry/gauges.ts";
import { type Metrics, metrics } from "./telemetry/metrics.ts";
import { openTracing } from "./telemetry/tracing.ts";

export interface AppOptions {
  /** Path of the config. */
  readonly config: string;
  /** 0 for any free one. */
  readonly port: number;
  readonly host: string;
  readonly adminPort: number;
  /** The data folder instead of the config's; null for that. */
  readonly data: string | null;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly log: Log;
  /** Where checkpoints are logged, whatever `log` leaves out; `log` unless given. */
  readonly witness?: Pick<Log, "info">;
  /** False for a worker whose gateway has warned of this config already; true unless given. */
  readonly warnsOfConfig?: boolean;
}

/** A running gateway. */
export interface App extends Closing {
  readonly url: string;
  readonly adminUrl: string;
  /** Reads the config file and the keys again; resolves when an edit is in effect or rejected. */
  reload(): Promise<void>;
  /** Open requests get `within` ms to finish; `timeouts.drain` unless given. */
  close(within?: number): Promise<void>;
  /** Resolves when nothing can be recorded any more. The process should then close this and exit with an error. */
  readonly failed: Promise<Fault>;
}

const CLOCK: Clock = { now: () => Date.now(), monotonic: () => performance.now() };
const SWEEP_EVERY = 15_000;
/** How often the blocks and the switch of administrators are read again, in case a message was missed, ms. */
const HELD_EVERY = 5_000;
/** How long ended labels are remembered if `isolation` was removed from the config, ms. */
const REMEMBERED = 86_400_000;
const newId = timeOrderedIds(CLOCK.now);

/** Builds a gateway: everything once, in order. If it throws, nothing is left running; the Fault says what to do. */
export async function app(options: AppOptions): Promise<App> {
  const opened: Closing[] = [];
  try {
    return await build(options, opened);
  } catch (error) {
    await closeAll(opened, options.log);
    throw error;
  }
}

type Keep = <T extends Closing>(it: T) => T;

async function build(options: AppOptions, opened: Closing[]): Promise<App> {
  const { log } = options;
  const keep: Keep = (it) => {
    opened.push(it);
    return it;
  };
  const rooms = await openRooms(options, keep);
  const { services, held, records } = rooms;
  const way = keep(
    new Upstreams((error) => log.error({ err: error }, "a way to the app could not be closed")),
  );
  const sweeping = keep(sweeper(services, SWEEP_EVERY));
  const ending = keep(endAppSessions(services, SWEEP_EVERY));
  const holding = keep(holdBack(services, held, { every: HELD_EVERY, switchedOff: () => sweeping.sweep() }));
  await holding.look();
  const rechecking = keep(recheck(services));
  keep(tendConsents(services, SWEEP_EVERY));
  const server = await serve(services, way, records);
  let patience: number | null = null;
  keep({ close: () => drain(server, services, way, patience ?? held.current().settings.timeouts.drain) });
  const watching = watchConfig(services, {
    ...rooms,
    file: options.config,
    keepApps: (apps) => way.keep(apps),
    switchedOff: () => sweeping.sweep(),
    changed: async () => void (await Promise.all([rechecking.check(), noteConsentSettings(services)])),
  });
  keep({ close: async () => watching.close() });
  const { unready } = records;
  const { adminPort, host, port } = options;
  const front = keep(
    await listening("127.0.0.1", adminPort, (where) => admin({ ...where, metrics: rooms.counters, unready })),
  );
  const url = await listening(host, port, (where) => server.listen(where));
  await recordConfig(services, "config.loaded", null);
  void checkLookups(held.current(), log);
  void noteConsentSettings(services);
  // What began while impersonation was on ends here if it is off by now.
  await sweeping.sweep();
  void ending.sweep();
  collectStart();
  return {
    url,
    adminUrl: front.url,
    failed: records.failed,
    reload: async () => void (await Promise.all([watching.look(), records.keyring.reload()])),
    close(within) {
      patience = within ?? null;
      return closeAll(opened, log);
    },
  };
}

/** Listens. A port that another process has, or that needs root, is a Fault that names it. */
async function listening<T>(
  host: string,
  port: number,
  listen: (where: { readonly host: string; readonly port: number }) => Promise<T>,
): Promise<T> {
  try {
    return await listen({ host, port });
  } catch (cause) {
    const known: Readonly<Record<string, string>> = {
      EADDRINUSE: `${host}:${port} is taken`,
      EACCES: `${host}:${port} may not be listened on`,
      EADDRNOTAVAIL: `${host} is no address of this machine (--host or GUISE_HOST)`,
    };
    const why = known[codeOf(cause)];
    throw why === undefined ? cause : new Fault("port-taken", why, { cause });
  }
}

/** Loads the config and opens what it names: keys, journal, store, services. Nothing is served yet. */
async function openRooms(options: AppOptions, keep: Keep) {
  const { log } = options;
  const { tracing } = keep(await openTracing(options.env, log));
  const { borrowed } = keep(clients(log));
  const signedIn = signIns(CLOCK);
  const deps = { clock: CLOCK, log, ...borrowed, signIns: signedIn };
  const loading: LoadOptions = { kinds: KINDS, deps, env: options.env };
  const first = await load(options.config, loading);
  if (first.kind === "rejected")
    throw new Fault("config-invalid", first.problems.map(formatProblem).join("\n"));
  const { parts, snapshot } = first;
  if (options.warnsOfConfig !== false) warnOfUnchecked(snapshot, log);
  const data = options.data === null ? parts.data : resolve(options.data);
  const held = holder(snapshot);
  const backend = keep(await openBackend(parts.store, { clock: CLOCK, log, secret: parts.secret, data }));
  const { store, bulletin, redisUrl } = backend;
  const places = { data, redisUrl, log, witness: options.witness };
  const records = keep(await evidence({ ...places, held, start: parts, clock: CLOCK, newId }));
  const { keyring } = records;
  const impersonations = openImpersonations({
    ...backend,
    clock: CLOCK,
    log,
    sealKey: keyring.derive("jar"),
    wayBackFor: held.current().settings.cookie.wayBack,
    keepFor: held.current().settings.timeouts.ended,
  });
  keep({ close: () => impersonations.shut() });
  signedIn.keepIn(store, keyring.derive("sign-in"), (secret) => viewedBy(impersonations, secret));
  const counters = metrics();
  const kept = keptIn(store, bulletin, { held, records, log });
  impersonations.onEnded(({ id }) => endHosts(kept.labels, id, log));
  const said = keep(saidWith(store, bulletin, { held, records, log }));
  const own = { held, records, counters, tracing, log, said };
  const services = servicesOf({ ...own, ...kept, impersonations });
  gauges(counters, { ...services, records });
  return { ...own, services, written: parts.written, load: () => reload(options.config, loading) };
}

/** Both people of a running impersonation. */
async function viewedBy(
  impersonations: Pick<Impersonations, "recall">,
  secret: string,
): Promise<ViewedAccount | null> {
  const it = await impersonations.recall(secret);
  return it.kind === "found" && runsAt(it.impersonation, CLOCK.now()) ? it.impersonation : null;
}

interface Around {
  readonly held: Holder;
  readonly records: Evidence;
  readonly log: Log;
}

/** What is stored about agents and about our own hosts, besides impersonations. */
function keptIn(store: Store, bulletin: Bulletin, { held, records: { keyring }, log }: Around) {
  const settings = () => held.current().settings;
  const sealed = (use: string) => ({ store, bulletin, clock: CLOCK, log, sealKey: keyring.derive(use) });
  const ofHosts = sealed("label");
  return {
    blocks: blocks(sealed("blocks")),
    customers: customers(sealed("customers")),
    missedLinks: missedLinks(sealed("missed links")),
    spentForms: spentForms(store),
    startLinks: startLinks(sealed("start links")),
    confirmations: confirmations(sealed("confirmation")),
    pageCredentials: pageCredentials(sealed("page credentials")),
    labels: labels({
      ...ofHosts,
      remember: () => settings().isolation?.remember ?? REMEMBERED,
      cacheFor: () => settings().isolation?.cacheFor ?? 0,
    }),
    codes: codes(ofHosts),
    consoleVisits: consoleVisits({ ...ofHosts, cacheFor: () => settings().console?.cacheFor ?? 0 }),
  };
}

/** The consents of customers: what they were asked and what they answered. */
function saidWith(store: Store, bulletin: Bulletin, { held, records, log }: Around): ConsentServices {
  const { ledger, keyring, archive, redact } = records;
  const sealKey = keyring.derive("consents");
  const done = (access: string) => doneIn(archive, access, log);
  const parts = { store, bulletin, clock: CLOCK, log, newId, config: held, ledger, sealKey };
  return consentServices({ ...parts, done, redact });
}

function endHosts(labels: Labels, impersonation: string, log: Log): void {
  labels
    .end(impersonation)
    .catch((err: unknown) =>
      log.warn({ err, impersonation }, "the hosts of an impersonation could not be ended; they run out"),
    );
}

interface ServiceParts
  extends Around,
    ReturnType<typeof keptIn>,
    Pick<Services, "impersonations" | "tracing"> {
  readonly said: ConsentServices;
  readonly counters: Metrics;
}

function servicesOf(parts: ServiceParts): Services {
  const { held, records, said, ...kept } = parts;
  const { impersonations } = kept;
  const open = new Sockets();
  const believed = trusts();
  impersonations.onEnded(({ id }) => believed.forget(id));
  impersonations.onEnded(({ id, end }) => open.cut(id, end.why));
  impersonations.onModeChanged((it) => modeAt(it, CLOCK.now()) === "read" && open.cutLifted(it.id));
  return {
    clock: CLOCK,
    config: held,
    ...kept,
    ...said,
    trusts: believed,
    ledger: records.ledger,
    unrecorded: unrecorded(),
    tokens: tokens(records.keyring, CLOCK),
    forms: formsWith(records.keyring.derive("forms"), () => held.current().settings.timeouts.notice),
    pages,
    sockets: open,
    rateLimits: rateLimits(),
    refusals: refusals(),
    diagnostics: diagnostics(kept.log),
    newId,
  };
}

async function serve(
  services: Services,
  way: Upstreams,
  { keyring, archive }: Evidence,
): Promise<FastifyInstance> {
  const { settings } = services.config.current();
  const server = fastify({
    logger: false,
    rewriteUrl: reading(services),
    http: { ...serverOptions(settings), ...UPGRADE_OPTIONS },
    // Fastify would answer before `guardConnections` does.
    clientErrorHandler: () => undefined,
    bodyLimit: 64 * 1024,
    forceCloseConnections: "idle",
    exposeHeadRoutes: false,
    // Ids are up to 128 characters; an address that names a longer one still gets the page that says so.
    routerOptions: { maxParamLength: 256 },
  });
  guardConnections(server.server, settings, services.newId, (fault, id) =>
    services.log.info(
      { code: fault.code, detail: fault.detail, requestId: id },
      "a request could not be read",
    ),
  );
  const parts = {
    jwks: () => keyring.jwks(),
    assets: [...clientAssets()].map(([name, { type, body }]) => ({ name, type, body })),
    archive,
    receiptKey: () => keyring.signer("checkpoint"),
  };
  await registerGateway(server, services, way);
  await server.register(consolePlugin(services, parts), {
    prefix: settings.prefix,
  });
  attachUpgrades(
    server.server,
    upgrading(services, ({ snapshot }) => way.tunnel(snapshot.settings)),
    upgradeOptions(services),
  );
  return server;
}

/** Closes all in the reverse order of opening. An error of one is logged and doesn't keep the others open. */
async function closeAll(opened: Closing[], log: Log): Promise<void> {
  for (const it of opened.splice(0).toReversed()) {
    try {
      await it.close();
    } catch (error) {
      log.error({ err: error }, "a part of the gateway could not be closed");
    }
  }
}
