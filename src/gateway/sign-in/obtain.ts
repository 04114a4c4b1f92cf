import { setTimeout as sleep } from "node:timers/promises";
import type { JarCookie } from "../../domain/cookies/cookie-jar.ts";
import type { Impersonation } from "../../domain/impersonation.ts";
import type { Values } from "../../domain/signin/place-text.ts";
import { Fault } from "../../errors.ts";
import type { AppSession, MadeSession } from "../../sessions/app-sessions.ts";
import type { AppConnection, AppSignIn, SignedIn, StepReport } from "../../signin/sign-in.ts";
import { eventOf } from "../audit/audit-event.ts";
import type { Committed } from "../request.ts";
import type { Services } from "../services/services.ts";
import { printOf, saidOn, type Trust } from "../services/trust.ts";
import { appConnection } from "./app-connection.ts";
import { askedBy, knownOf } from "./session-facts.ts";

/** An impersonated request of an app that is signed in to, with the headers that say who is there. */
export interface Asking {
  readonly committed: Committed;
  readonly impersonation: Impersonation;
  readonly signIn: AppSignIn;
  readonly identityHeaders: readonly string[];
}

/** null where nobody is impersonated, or the app has no login that we sign in to. */
export function askingOf(committed: Committed, identityHeaders: readonly string[]): Asking | null {
  const { impersonation } = committed.effects;
  const { signIn } = committed.snapshot.settings;
  return impersonation === null || signIn === null
    ? null
    : { committed, impersonation, signIn, identityHeaders };
}

/** Between two looks at whether another gateway has signed in, ms. */
const POLL = 50;
/** Beside the steps themselves: for the store, and for one look and one end. */
const CLAIMED = 3;

/**
 * The app's session of an impersonation, made if there is none that is newer than `instead`; once, however many ask, on whatever
 * gateway. Throws a Fault `sign-in-failed`.
 */
export async function obtain(services: Services, asking: Asking, instead: number): Promise<AppSession> {
  const trust = trustOf(services, asking);
  for (;;) {
    trust.signingIn ??= once(services, asking, trust, instead).finally(() => {
      trust.signingIn = null;
    });
    const session = await trust.signingIn;
    if (session.generation > instead) return session;
  }
}

export function trustOf(services: Services, { committed, impersonation }: Asking): Trust {
  return services.trusts.of(impersonation.id, committed.snapshot.settings.app);
}

/** The way to the app for a request. */
export function connectionFor(services: Services, { committed, identityHeaders }: Asking): AppConnection {
  return appConnection(committed.snapshot.settings, {
    by: askedBy(committed),
    identityHeaders,
    now: () => services.clock.now(),
    trouble: (err) =>
      services.log.warn({ err, requestId: committed.id }, "a step of a sign-in got no answer"),
  });
}

async function once(services: Services, asking: Asking, trust: Trust, instead: number): Promise<AppSession> {
  const { committed, impersonation, signIn } = asking;
  const { app } = committed.snapshot.settings;
  const { appSessions } = services.impersonations;
  if (trust.failed !== null && services.clock.monotonic() < trust.failed.until) throw trust.failed.fault;
  trust.failed = null;
  for (;;) {
    const until = services.clock.now() + CLAIMED * signIn.within;
    const claim = await appSessions.claim(impersonation.id, app, until, instead);
    if (claim.kind === "mine") return await make(services, asking, trust, claim.generation);
    if (claim.kind === "made") return claim.session;
    if (claim.kind === "over") throw new Fault("sign-in-failed", "the impersonation has ended meanwhile");
    await sleep(POLL);
  }
}

async function make(
  services: Services,
  asking: Asking,
  trust: Trust,
  generation: number,
): Promise<AppSession> {
  const { committed, impersonation, signIn } = asking;
  const { app } = committed.snapshot.settings;
  const { appSessions } = services.impersonations;
  const connection = connectionFor(services, asking);
  const known = knownOf(committed, impersonation);
  const trail: StepReport[] = [];
  const lookedAt = services.clock.monotonic();
  const said = saidOn(trust);
  try {
    const done = await signIn.perform(new Map(Object.entries(known)), connection, (step) => trail.push(step));
    const { values, kept: named } = done;
    const made = { at: services.clock.now(), values, kept: named, by: askedBy(committed), known };
    const kept = await orEnded(services, asking, done, async () => {
      if (!signIn.admitsNobody) await services.ledger.record(signInEvent(services, asking, trail, null));
      return await appSessions.keep(impersonation.id, app, generation, { made, cookies: done.cookies });
    });
    if (!kept) throw new Fault("sign-in-failed", "the impersonation has ended meanwhile");
    if (!signIn.admitsNobody)
      believe(trust, { generation, lookedAt, said, cookies: printOf(done.cookies, app, made.kept) });
    return { app, generation, claimedUntil: null, made };
  } catch (error) {
    await appSessions
      .drop(impersonation.id, app, generation)
      .catch((err: unknown) =>
        services.log.warn({ err }, "a claim to sign in could not be given back; it runs out"),
      );
    if (!(error instanceof Fault) || error.code !== "sign-in-failed") throw error;
    trust.failed = { until: services.clock.monotonic() + signIn.retryAfter, fault: error };
    await tellFailed(services, asking, trail, error.detail);
    throw error;
  }
}

/** A session that can't be kept, or not be put on record, is one that nobody may be shown. */
async function orEnded(
  services: Services,
  asking: Asking,
  { values, cookies }: SignedIn,
  keep: () => Promise<boolean>,
): Promise<boolean> {
  const end = () => endUnused(services, asking, new Map(Object.entries(values)), cookies);
  try {
    const kept = await keep();
    if (!kept) await end();
    return kept;
  } catch (error) {
    await end();
    throw error;
  }
}

/** Ends a session by which nobody is shown anything any more. Never throws: why it is so is told anyway. */
export async function endUnused(
  services: Services,
  asking: Asking,
  values: Values,
  cookies: readonly JarCookie[],
): Promise<void> {
  try {
    await asking.signIn.end(values, cookies, connectionFor(services, asking), () => undefined);
  } catch (err) {
    services.log.warn(
      { err, requestId: asking.committed.id },
      "a session in the app that nobody uses could not be ended",
    );
  }
}

/** Notes a look that found the effective user. */
export function believe(
  trust: Trust,
  looked: Pick<Trust, "generation" | "lookedAt" | "said" | "cookies">,
): void {
  if (looked.generation > trust.generation) trust.doubtedAt = Number.NEGATIVE_INFINITY;
  Object.assign(trust, looked);
}

/** Puts a failed sign-in on record. Never throws: it is the failure that is told. */
export async function tellFailed(
  services: Services,
  asking: Asking,
  trail: readonly StepReport[],
  why: string,
): Promise<void> {
  services.log.warn({ requestId: asking.committed.id, why }, "an app could not be signed in to");
  await services.unrecorded.write(services, signInEvent(services, asking, trail, why), "a failed sign-in");
}

/** The steps that were taken, with the status of each, for the record. */
export function trailText(trail: readonly StepReport[]): string {
  return trail.map(({ step, status }) => `${step} ${status ?? "-"}`).join(", ");
}

function signInEvent(services: Services, asking: Asking, trail: readonly StepReport[], why: string | null) {
  const { committed, impersonation } = asking;
  const steps = trailText(trail);
  return eventOf(services, committed, {
    action: why === null ? "sign-in.performed" : "sign-in.failed",
    outcome: why === null ? "success" : "failure",
    trueUser: committed.effects.trueUser,
    effectiveUser: impersonation.effectiveUser,
    impersonation,
    detail: why === null ? steps : steps === "" ? why : `${why} (${steps})`,
  });
}

/** What the steps of a session are filled in with. */
export function valuesOf({ known, values }: MadeSession): ReadonlyMap<string, string> {
  return new Map([...Object.entries(known), ...Object.entries(values)]);
}
