import { Listeners } from "../clients/listeners.ts";
import type { CookieScope, Jar } from "../domain/cookies/cookie-jar.ts";
import { begin } from "../domain/cookies/cookie-mirror.ts";
import type { ReasonWord } from "../domain/decision.ts";
import type { LoadedImpersonation } from "../domain/facts.ts";
import {
  type Action,
  advance,
  type Impersonation,
  isOpen,
  type StartOrder,
  start,
} from "../domain/impersonation.ts";
import type { Bulletin, Log } from "../ports.ts";
import { type AppSessions, appSessions } from "./app-sessions.ts";
import { recall } from "./cache.ts";
import { announce, type SessionContext } from "./context.ts";
import { type JarCookies, jarCookies } from "./cookies.ts";
import { asKnown, type Closed, close, missed } from "./end.ts";
import { jars } from "./jars.ts";
import { type Ended, watch } from "./known.ts";
import { keyOfSecret, records } from "./records.ts";
import { sealFor } from "./seal.ts";
import type { SealedValuesDeps } from "./sealed-values.ts";
import { upkeep } from "./sync.ts";

/** A start, with the `Cookie` header that the agent's browser came with, without ours, and what it came for. */
type OpenOrder = StartOrder & { readonly ownCookies: string | null; readonly scope: CookieScope };

/** `secret` is for the browser's cookie: it opens the impersonation, and is kept nowhere. `lines` are for the browser too. */
export interface Opened {
  readonly impersonation: Impersonation;
  readonly secret: string;
  readonly lines: readonly string[];
}

/**
 * The impersonations: which agent views which customer, since when and for how long. Methods that ask the store may throw a Fault
 * `store-unavailable`; those that must always work say that they never throw.
 */
export interface Impersonations extends JarCookies {
  open(order: OpenOrder): Promise<Opened>;
  /**
   * `held` also for some time after the end, with the end in it, and where the record was lost that this process knew; `lost` when
   * there is none. At most a second old.
   */
  recall(secret: string): Promise<LoadedImpersonation>;
  /** What this process saw last behind a secret, for callers that must go on without the store. Asks nobody. */
  known(secret: string): Impersonation | null;
  /** The public id behind a secret, by which it can be restored, also for a day after the record is gone. Never throws. */
  idBehind(secret: string): Promise<string | null>;
  /** Notes in the background that it is in use, now and then. Never throws. */
  touch(id: string, now: number, page?: string | null): void;
  /** Lifts it to write for `duration` ms; null if it is over. */
  elevate(id: string, duration: number, reason: string | null): Promise<Impersonation | null>;
  /** Null if there is nothing to lower. */
  lower(id: string): Promise<Impersonation | null>;
  /** Notes that a step up has run out; null if none has, or another was the first to note it. */
  fallBack(id: string): Promise<Impersonation | null>;
  /** Ends it, on every gateway. Never throws: what can't be stored counts here at once and is stored when that is possible. */
  close(id: string, why: ReasonWord): Promise<Closed>;
  /** All whose end is not recorded, the oldest first; some may have run out by the clock. */
  list(): Promise<readonly Impersonation[]>;
  byAgent(agent: string): Promise<readonly Impersonation[]>;
  /** Ends all; gives those that it was the first to end. */
  endAll(why: ReasonWord): Promise<readonly Impersonation[]>;
  /**
   * Calls the listener once for each that ends, wherever and however: recorded, by the clock, or because its record is gone.
   * The end is always in it. Gives back how to stop listening.
   */
  onEnded(listener: (impersonation: Ended) => void): () => void;
  /**
   * Calls the listener once, on one gateway, for each whose record was gone before its time: its end is stored and has to be
   * recorded. Without a listener such an end is left to the gateways that have one. Gives back how to stop listening.
   */
  onLost(listener: (impersonation: Ended) => void): () => void;
  /** The same as `onEnded` for one that goes on in another mode. */
  onModeChanged(listener: (impersonation: Impersonation) => void): () => void;
  jar(id: string): Promise<Jar>;
  /** The jar as this process saw it last, without asking anybody; null if it has not. */
  knownJar(id: string): Jar | null;
  /** Changes the jar so that no other change is lost, whichever gateway makes it. `edit` may be called more than once. */
  saveJar(id: string, edit: (jar: Jar) => Jar): Promise<Jar>;
  /** The sessions that sign-ins have made in the apps. */
  readonly appSessions: AppSessions;
}

interface ImpersonationsDeps extends SealedValuesDeps {
  readonly bulletin: Bulletin;
  readonly log: Log;
  /** How long a record is kept after the end of its total time, so that the browser can be told why, ms; 10 minutes unless given. */
  readonly keepFor?: number;
  /** How long what the browser needs to be itself again is kept after that end, ms; a day unless given. */
  readonly wayBackFor?: number;
  /** How long a recalled fact is believed, ms; 1000 unless given. */
  readonly cacheFor?: number;
  /** How often the clock and the store are compared with what is known, ms; 1000 unless given. */
  readonly checkEvery?: number;
}

/** The impersonations of a store, with what is done beside them. */
interface OpenImpersonations extends Impersonations {
  /** Does at once what is done every second. Never throws. */
  check(): Promise<void>;
  /** Stops working, after one more attempt to store the ends that could not be stored yet. Ends nothing. */
  shut(): Promise<void>;
}

/** The impersonations of one store. */
export function openImpersonations(deps: ImpersonationsDeps): OpenImpersonations {
  const context = contextOf(deps);
  const touching = toucher(context);
  const keeping = upkeep(context, deps.checkEvery ?? 1_000, touching.due);
  return {
    open: (order) => open(context, order),
    recall: async (secret) => {
      const fact = await context.recall.ask(secret);
      if (fact.kind === "found")
        return { kind: "found", impersonation: asKnown(context, fact.impersonation) };
      const impersonation = await missed(context, keyOfSecret(secret) ?? "");
      return impersonation === null ? fact : { kind: "found", impersonation };
    },
    known: (secret) => knownBehind(context, secret),
    idBehind: (secret) => idBehind(context, secret),
    touch: touching.touch,
    elevate: (id, lasts, reason) => change(context, id, { kind: "elevate", lasts, reason }),
    lower: (id) => change(context, id, { kind: "lower" }),
    fallBack: (id) => change(context, id, { kind: "fall-back" }),
    close: (id, why) => close(context, id, why),
    list: () => running(context),
    byAgent: async (agent) => (await running(context)).filter((it) => it.agent.id === agent),
    endAll: async (why) => {
      const ended: Impersonation[] = [];
      for (const it of await running(context)) {
        const { first, impersonation } = await close(context, it.id, why);
        if (first) ended.push(impersonation ?? it);
      }
      return ended;
    },
    onEnded: (listener) => context.watch.onEnded(listener),
    onLost: (listener) => context.onLost.add(listener),
    onModeChanged: (listener) => context.watch.onModeChanged(listener),
    jar: async (id) => (await context.jars.read(id)).jar,
    knownJar: (id) => context.jars.known(id)?.jar ?? null,
    saveJar: async (id, edit) => (await context.jars.edit(id, edit)).jar,
    ...jarCookies(context),
    appSessions: appSessions(context.jars, deps.store, deps.clock),
    check: () => keeping.check(),
    shut: () => keeping.close(),
  };
}

function knownBehind(context: SessionContext, secret: string): Impersonation | null {
  const key = keyOfSecret(secret);
  return context.watch.all().find((each) => each.key === key)?.it ?? null;
}

async function idBehind(context: SessionContext, secret: string): Promise<string | null> {
  const key = keyOfSecret(secret);
  const known = knownBehind(context, secret);
  if (key === null || known !== null) return known?.id ?? null;
  try {
    return await context.records.idBehind(key);
  } catch (error) {
    context.log.warn({ err: error }, "it can not be asked whose cookies are in a browser");
    return null;
  }
}

function contextOf(deps: ImpersonationsDeps): SessionContext {
  const { store, bulletin, clock, log, sealKey } = deps;
  const { keepFor = 600_000, wayBackFor = 86_400_000, cacheFor = 1_000 } = deps;
  const known = watch(clock);
  const kept = records({ store, log, keepFor, wayBackFor, sealKey });
  return {
    clock,
    log,
    bulletin,
    records: kept,
    jars: jars({ store, clock, keepFor, wayBackFor, seal: sealFor(sealKey, "jar") }),
    recall: recall({ records: kept, clock, cacheFor, read: (entry) => known.observe(entry, false) }),
    watch: known,
    pendingEnds: new Map(),
    unrecorded: new Set(),
    onLost: new Listeners(),
    keepFor,
  };
}

async function open(context: SessionContext, order: OpenOrder): Promise<Opened> {
  const { ownCookies, scope, ...rest } = order;
  const impersonation = start(rest);
  const { jar, lines } = begin(ownCookies, scope);
  await context.jars.create(impersonation, jar);
  const { entry, secret } = await context.records.create(impersonation);
  context.recall.know(entry);
  context.watch.observe(entry, false);
  return { impersonation, secret, lines };
}

/** Changes a running one and tells all gateways; null if it is over. */
async function change(context: SessionContext, id: string, action: Action): Promise<Impersonation | null> {
  const done = await context.records.change(id, (it) =>
    context.pendingEnds.has(id) ? it : advance(it, action, context.clock.now()),
  );
  if (done === null || !done.changed) return null;
  await announce(context, done.entry);
  return done.entry.it;
}

async function running(context: SessionContext): Promise<readonly Impersonation[]> {
  const all = (await context.records.list()).map((it) => asKnown(context, it));
  return all.filter(isOpen).toSorted((a, b) => a.startedAt - b.startedAt);
}

/** ms. */
const USE_EVERY = 15_000;
const PAGES_EVERY = 3_000;

/**
 * Use is written every fifteen seconds at most, or ten times within the idle limit where that is short; which page was opened last every
 * three, and the last one then.
 */
function toucher(context: SessionContext) {
  const written = new Map<string, number>();
  /** When a page was written last, and those that wait. */
  const pages = new Map<string, number>();
  const waiting = new Map<string, { readonly now: number; readonly page: string }>();
  const write = (id: string, now: number, page: string | null) => {
    written.set(id, now);
    context.records
      .change(id, (it) => advance(it, { kind: "touch", page }, now))
      .then((done) => {
        if (done === null) return;
        context.recall.know(done.entry);
        context.watch.observe(done.entry, false);
      })
      .catch((error: unknown) => {
        written.delete(id);
        context.log.warn(
          { err: error, impersonation: id },
          "use could not be noted; it may end as idle early",
        );
      });
  };
  const writePage = (id: string, now: number, page: string) => {
    pages.set(id, now);
    waiting.delete(id);
    write(id, now, page);
  };
  return {
    /** `page`: the path of a page that was opened; null where something else was used. */
    touch: (id: string, now: number, page: string | null = null): void => {
      const known = context.watch.get(id);
      if (known === null || known.over) return;
      if (page !== null && page !== (waiting.get(id)?.page ?? known.it.page)) {
        if (now - (pages.get(id) ?? Number.NEGATIVE_INFINITY) >= PAGES_EVERY) writePage(id, now, page);
        else waiting.set(id, { now, page });
        return;
      }
      const last = Math.max(written.get(id) ?? 0, known.it.lastSeenAt);
      if (now - last >= Math.min(USE_EVERY, known.it.idleFor / 10)) write(id, now, null);
    },
    /** Writes the pages whose time has come. */
    due: (): void => {
      const now = context.clock.now();
      for (const [id, at] of pages) {
        if (now - at < PAGES_EVERY) continue;
        const next = waiting.get(id);
        if (next === undefined) pages.delete(id);
        else writePage(id, next.now, next.page);
      }
      for (const id of written.keys()) if (context.watch.get(id)?.over !== false) written.delete(id);
    },
  };
}
