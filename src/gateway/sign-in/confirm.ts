import { headersOf } from "../../clients/finder.ts";
import { isSafe } from "../../domain/method/method.ts";
import { Fault } from "../../errors.ts";
import { seenInstead } from "../../signin/look.ts";
import type { Seen } from "../../signin/sign-in.ts";
import type { UpstreamHead } from "../http/exchange.ts";
import type { Signed } from "../request.ts";
import type { Services } from "../services/services.ts";
import { printOf, saidOn, type Trust } from "../services/trust.ts";
import { giveUp, look } from "./look.ts";
import { type Asking, askingOf, obtain, trustOf } from "./obtain.ts";

/** `again`: nothing of the answer may be shown, and the browser is to ask once more. */
type Confirmation = "shown" | "again";

/** Notes that something goes to the app by which it may see somebody else afterwards. */
export function sending(services: Services, signed: Signed): void {
  const asking = askingOf(signed, signed.signIn.headers);
  if (asking !== null && isUnsafe(signed)) trustOf(services, asking).unsafe.add(signed.id);
}

/** Notes that a request is over, answered or not. */
export function sent(services: Services, signed: Signed): void {
  const asking = askingOf(signed, signed.signIn.headers);
  if (asking === null || !isUnsafe(signed)) return;
  const trust = trustOf(services, asking);
  if (trust.unsafe.delete(signed.id)) trust.doubtedAt = services.clock.monotonic();
}

/** Notes a socket on which a page may say what the app takes for leaving; `said` are the bytes so far. Gives what to call when it is closed. */
export function socketOpened(services: Services, signed: Signed, said: () => number): () => void {
  const asking = askingOf(signed, signed.signIn.headers);
  if (asking === null) return () => undefined;
  const trust = trustOf(services, asking);
  trust.sockets.set(signed.id, said);
  return () => {
    trust.sockets.delete(signed.id);
    if (said() > 0) trust.doubtedAt = services.clock.monotonic();
  };
}

/**
 * Asks whether an answer may be shown: only where the app has named the effective user since the last moment at which that may have
 * changed. Its cookies are in the jar by now. Throws a Fault `sign-in-failed`.
 */
export async function confirm(services: Services, signed: Signed, head: UpstreamHead): Promise<Confirmation> {
  const asking = askingOf(signed, signed.signIn.headers);
  const { session } = signed.signIn;
  if (asking === null || session === null) return "shown";
  const trust = trustOf(services, asking);
  const arrived = services.clock.monotonic();
  if (isUnsafe(signed) || isLed(head)) trust.doubtedAt = arrived;
  trust.unsafe.delete(signed.id);
  const { app, signIn } = signed.snapshot.settings;
  const current = services.impersonations.appSessions.known(asking.impersonation.id, app);
  const isOut = signIn?.isSignedOut(head.status, locationOf(head, signed)) === true;
  if (current !== null && current.generation > session.generation) {
    if (isOut || !isUnsafe(signed)) return again(signed);
    throw new Fault(
      "sign-in-failed",
      "the app was signed in to anew while it had this request, which may have been done",
    );
  }
  if (isOut) return await signedOut(services, signed, asking, await look(services, asking, session, arrived));
  if (!isDoubted(services, asking, trust, signed, arrived)) return "shown";
  const seen = await look(services, asking, session, neededFrom(trust, arrived));
  if (seen.kind === "expected") return "shown";
  const bySteps = signIn?.admitsNobody !== true;
  if (seen.kind === "nobody" && seen.sure && !bySteps) return "shown";
  // An app whose pages are open to guests expires a session without a word.
  if (seen.kind === "nobody" && bySteps && !isUnsafe(signed))
    return await signedOut(services, signed, asking, seen);
  return await giveUp(services, asking, session, `after ${signed.sent} of a page: ${seenInstead(seen)}`);
}

/** The app was asked whom it sees since its answer said that nobody is signed in; if that is so, it is signed in to once more. */
async function signedOut(
  services: Services,
  signed: Signed,
  asking: Asking,
  seen: Seen,
): Promise<Confirmation> {
  const { session } = signed.signIn;
  if (session === null) return "shown";
  const trust = trustOf(services, asking);
  if (seen.kind === "expected") return "shown";
  if (seen.kind === "other") return await giveUp(services, asking, session, seenInstead(seen));
  const request = `${signed.sent} ${signed.url.target}`;
  if (trust.repeated === request && trust.generation === session.generation)
    return await giveUp(services, asking, session, "the app signs this person out again");
  await obtain(services, asking, session.generation);
  trust.repeated = request;
  return again(signed);
}

/** A socket and a request that was kept can't be sent once more by the browser. */
function again({ upgrade, page }: Signed): Confirmation {
  if (upgrade || page.confirming)
    throw new Fault("sign-in-failed", "the app was signed in to anew; try once more");
  return "again";
}

function isDoubted(
  services: Services,
  { impersonation }: Asking,
  trust: Trust,
  signed: Signed,
  arrived: number,
): boolean {
  const { app, signIn } = signed.snapshot.settings;
  if (trust.lookedAt === null || !isQuiet(trust)) return true;
  if (signIn === null || arrived - trust.lookedAt >= signIn.verifyEvery) return true;
  const jar = services.impersonations.knownJar(impersonation.id);
  const kept = signed.signIn.session?.made?.kept ?? [];
  return jar === null || printOf(jar.cookies, app, kept) !== trust.cookies;
}

/** Where only time has passed, a look that is on its way counts too. */
function neededFrom(trust: Trust, arrived: number): number {
  return isQuiet(trust) ? Number.NEGATIVE_INFINITY : arrived;
}

/** Nothing was sent since the last look by which the app may see somebody else. */
function isQuiet(trust: Trust): boolean {
  const { lookedAt, doubtedAt, unsafe, said } = trust;
  return lookedAt !== null && doubtedAt < lookedAt && unsafe.size === 0 && said === saidOn(trust);
}

function isUnsafe({ method, overridden }: Signed): boolean {
  return !isSafe(method) || overridden;
}

/** That is how an app goes on after it has changed who is there, also by a link. */
function isLed({ status }: UpstreamHead): boolean {
  return status >= 300 && status < 400;
}

function locationOf(head: UpstreamHead, { site: { origin, label } }: Signed): string {
  const [location = ""] = headersOf(head, "location");
  const own = [origin, label?.app.origin].find((it) => it !== undefined && location.startsWith(`${it}/`));
  return own === undefined ? location : location.slice(own.length);
}
