import { randomBytes } from "node:crypto";
import type { Snapshot } from "../../config/snapshot.ts";
import { NOTHING_SAID } from "../../domain/consent/said.ts";
import { type Check, REASONS } from "../../domain/decision.ts";
import type { Identity } from "../../domain/identity.ts";
import { advance, type Impersonation, type StartOrder, start } from "../../domain/impersonation.ts";
import type { OwnerFact } from "../../domain/owner.ts";
import { Fault } from "../../errors.ts";
import { cookieNames } from "../../gateway/http/own-cookies.ts";
import { cookieDomain } from "../../gateway/intake/neighbours.ts";
import { judging } from "../../gateway/pipeline.ts";
import type { Judged, Matched, Received } from "../../gateway/request.ts";
import type { Judging } from "../../gateway/services/services.ts";
import { askOwner } from "../../gateway/stages/find-owner.ts";
import { intake } from "../../gateway/stages/intake.ts";
import { match } from "../../gateway/stages/match.ts";
import type { Log, OwnerResolver } from "../../ports.ts";
import { nameOf } from "../case.ts";
import { CLOCK } from "../config.ts";
import { SILENT, warnings } from "../log.ts";
import type { MapTest, TestFile } from "./file.ts";
import { NotRecorded } from "./recording.ts";
import { requestOf } from "./request.ts";

/** One part of what a test expects, and what came. */
interface Difference {
  readonly what: string;
  readonly expected: string;
  readonly got: string;
}

export interface Outcome {
  readonly name: string;
  readonly line: number;
  readonly differences: readonly Difference[];
  /** Why it could not be run; null where it was. */
  readonly broken: string | null;
  readonly said: Said | null;
  /** What the stages logged meanwhile. */
  readonly notes: readonly string[];
}

/** What the gateway would do, in words that a test can expect. */
interface Said {
  readonly owner: string;
  readonly decision: string;
  readonly reason: string;
  readonly route: string;
  readonly rule: string;
  readonly checks: readonly Check[];
}

interface Surroundings {
  readonly snapshot: Snapshot;
  readonly file: TestFile;
}

/** So long an impersonation of a test lasts, ms. */
const TOTAL = 3_600_000;

/** Runs one test: the request goes through the very stages that the server has, up to the decision. */
export async function runTest(test: TestFile["tests"][number], around: Surroundings): Promise<Outcome> {
  const { name: written, line } = test;
  const notes: string[] = [];
  const outcome = { name: written ?? nameFor(test), line, notes };
  try {
    const said = await saidOf(test, around, noting(notes));
    return { ...outcome, differences: differencesOf(test, said, around.file), broken: null, said };
  } catch (error) {
    if (!(error instanceof Fault || error instanceof NotRecorded)) throw error;
    const broken = error instanceof Fault ? error.detail : error.message;
    return { ...outcome, differences: [], broken, said: null };
  }
}

function noting(notes: string[]): Log {
  return warnings((data, message) => {
    notes.push(`${message}: ${String(Reflect.get(data, "detail") ?? Reflect.get(data, "code") ?? "")}`);
  });
}

function nameFor({ open, send, as, viewing, mode }: MapTest): string {
  const viewed = viewing === null ? "" : `, viewing as ${viewing}${mode === undefined ? "" : ` (${mode})`}`;
  return `${open === undefined ? send : `GET ${open}`} as ${as ?? "nobody"}${viewed}`;
}

async function saidOf(test: MapTest, { snapshot, file }: Surroundings, log: Log): Promise<Said> {
  const agent = personIn(file, test.as);
  const customer = personIn(file, test.viewing);
  const asked = { ...withLookup(snapshot, test, file), identity: knowing(agent) };
  const { settings } = snapshot;
  const origin = file.origin ?? settings.publicUrl ?? LOCAL;
  const secret = randomBytes(32).toString("base64url");
  const impersonation = agent === null || customer === null ? null : running(agent, customer, test.mode);
  const cookie = impersonation === null ? null : `${cookieFor(test, origin, snapshot)}=${secret}`;
  const raw = await requestOf(test, { origin, cookie, isolated: settings.isolation !== null });
  const services = looking(asked, log, impersonation);
  const taken = intake(services, raw, false);
  if (taken.kind === "refused") return refused(taken.fault);
  const judged = await judgedOr400(services, taken.received);
  if (judged instanceof Fault) return refused(judged);
  const { id, site, url } = judged;
  const owner =
    judged.owner.page.kind === "not-asked"
      ? await askOwner(log, { id, host: site.host, snapshot: asked }, { path: url.path, query: url.query })
      : judged.owner.page;
  return wordsFor(judged, owner);
}

/** An address with two readings is refused once it is known that somebody is viewed: that is an answer, as at the intake. */
async function judgedOr400(services: Judging, received: Received): Promise<Judged | Fault> {
  try {
    return await judging(services, received);
  } catch (error) {
    if (error instanceof Fault && error.code === "bad-request") return error;
    throw error;
  }
}

/**
 * What the server's intake and index make of an address that somebody opens; null where it has more than one reading. `origin` stands
 * before one that is only a path.
 */
export async function meets(
  snapshot: Snapshot,
  address: string,
  origin: string,
): Promise<Matched | "no-app" | null> {
  const raw = await requestOf(openingOf(address), { origin, cookie: null, isolated: false });
  const taken = intake(looking(snapshot, SILENT, null), raw, false);
  if (taken.kind === "refused") return taken.fault.code === "no-app" ? "no-app" : null;
  return taken.received.url.readable ? match(taken.received) : null;
}

function openingOf(open: string): MapTest {
  return { open, as: null, viewing: null, expect: {} };
}

/** Where nothing says what browsers call the app. */
const LOCAL = "http://localhost";

function wordsFor(judged: Judged, owner: OwnerFact): Said {
  const {
    decision,
    match: { route },
    ruling,
  } = judged;
  return {
    owner: owner.kind === "found" ? owner.owner.id : owner.kind,
    decision: nameOf(decision),
    reason: decision.reason,
    route: route?.target.pattern ?? "none",
    rule: ruling.rule?.name ?? "none",
    checks: decision.checks,
  };
}

function refused({ status, code, detail }: Fault): Said {
  const checks = [{ name: "the request has one reading", passed: false, saw: detail }];
  return { owner: "none", decision: `refuse ${status}`, reason: code, route: "none", rule: "none", checks };
}

function differencesOf({ expect }: MapTest, said: Said, file: TestFile): readonly Difference[] {
  const parts = [
    ["owner", expect.owner === undefined ? undefined : (file.people.get(expect.owner)?.id ?? expect.owner)],
    ["decision", expect.decision],
    ["reason", expect.reason],
    ["route", expect.route],
    ["rule", expect.rule],
  ] as const;
  return parts.flatMap(([what, expected]) => {
    if (expected === undefined || fits(said[what], expected)) return [];
    return [{ what, expected: shown(what, expected), got: shown(what, said[what]) }];
  });
}

/** `refuse` stands for `refuse 403` too. */
function fits(got: string, expected: string): boolean {
  return got === expected || got.startsWith(`${expected} `);
}

function shown(what: string, word: string): string {
  const sentence =
    what === "reason" && Object.hasOwn(REASONS, word) ? REASONS[word as keyof typeof REASONS] : null;
  return sentence === null ? word : `${word} (${sentence})`;
}

function personIn(file: TestFile, name: string | null): Identity | null {
  return name === null ? null : (file.people.get(name) ?? null);
}

function knowing(identity: Identity | null): Snapshot["identity"] {
  return {
    identify: () =>
      identity === null ? { kind: "unknown", why: [] } : { kind: "known", identity, via: "test" },
  };
}

/** What the test itself says of the lookup stands for every lookup. */
function withLookup(snapshot: Snapshot, { lookup }: MapTest, file: TestFile): Snapshot {
  if (lookup === undefined) return snapshot;
  const resolver: OwnerResolver = {
    resolve: async () => {
      if (lookup === "failed") throw new Fault("owner-lookup-failed", "the test says so");
      if (lookup === "none") return null;
      const known = personIn(file, lookup.owner);
      return { ...(known ?? { id: lookup.owner, name: null, email: null, groups: null }), viewers: [] };
    },
  };
  return { ...snapshot, owners: new Map([...snapshot.owners.keys()].map((name) => [name, resolver])) };
}

type Begun = Pick<StartOrder, "id" | "agent" | "effectiveUser" | "mode" | "total" | "idle" | "now">;

/** An impersonation that began just now, and went up to write where `then` says so. */
export function begunNow(order: Begun, then: "read" | "write" | undefined): Impersonation {
  const begun = start({ ...order, reason: null, ticket: null, returnTo: "/" });
  return then === "write"
    ? advance(begun, { kind: "elevate", lasts: order.total, reason: null }, order.now)
    : begun;
}

/** The stages take from it what its grant doesn't give. */
function running(agent: Identity, effectiveUser: Identity, mode: MapTest["mode"]): Impersonation {
  const first = mode === undefined ? "write" : "read";
  const lasts = { total: TOTAL, idle: TOTAL, now: Date.now() };
  return begunNow({ id: "test", agent, effectiveUser, mode: first, ...lasts }, mode);
}

/** Under the name that browsers know it by on this host. */
function cookieFor({ open, send }: MapTest, origin: string, { settings }: Snapshot): string {
  const url = new URL(open ?? send?.split(" ")[1] ?? "/", origin);
  const secure = new URL(settings.publicUrl ?? url).protocol === "https:";
  return cookieNames(settings.cookie.name, secure ? "https" : "http", cookieDomain(settings, url.hostname))
    .secret;
}

/** All that the stages up to the decision ask, with one impersonation and no browser that was here before. */
function looking(snapshot: Snapshot, log: Log, impersonation: Impersonation | null): Judging {
  return {
    log,
    clock: CLOCK,
    config: { current: () => snapshot },
    diagnostics: { say: () => undefined },
    counters: { unrecognised: () => undefined },
    tracing: null,
    impersonations: {
      recall: async () => (impersonation === null ? { kind: "none" } : { kind: "found", impersonation }),
    },
    consents: { of: () => NOTHING_SAID },
    confirmations: { redeem: async () => null },
    codes: { redeem: async () => null },
    forms: { read: () => null, open: () => null, marked: () => null },
  };
}
