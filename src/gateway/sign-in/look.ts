import { Fault } from "../../errors.ts";
import type { AppSession } from "../../sessions/app-sessions.ts";
import type { Seen, StepReport } from "../../signin/sign-in.ts";
import { cookieScope } from "../intake/cookie-scope.ts";
import type { Services } from "../services/services.ts";
import { printOf, saidOn } from "../services/trust.ts";
import { type Asking, believe, connectionFor, endUnused, tellFailed, trustOf, valuesOf } from "./obtain.ts";

/** Whom the app sees, by a look that began at `after` (monotonic, ms) or later; one look for all who want one. Throws a Fault `sign-in-failed` where it can't be asked. */
export async function look(
  services: Services,
  asking: Asking,
  session: AppSession,
  after: number,
): Promise<Seen> {
  const trust = trustOf(services, asking);
  for (;;) {
    const going = trust.look;
    if (going !== null && going.startedAt >= after) return await going.seen;
    if (going === null) {
      const startedAt = services.clock.monotonic();
      const seen = lookNow(services, asking, session, startedAt).finally(() => {
        if (trust.look?.seen === seen) trust.look = null;
      });
      trust.look = { startedAt, seen };
      return await seen;
    }
    // How it ended is told to the request that began it; here it only has to be over.
    await Promise.allSettled([going.seen]);
  }
}

async function lookNow(
  services: Services,
  asking: Asking,
  session: AppSession,
  startedAt: number,
): Promise<Seen> {
  const { committed, impersonation, signIn } = asking;
  const { impersonations } = services;
  const { app } = committed.snapshot.settings;
  const { made, generation } = session;
  if (made === null) return { kind: "nobody", why: "the session was given up", sure: false };
  const trail: StepReport[] = [];
  const said = saidOn(trustOf(services, asking));
  const jar = await impersonations.jar(impersonation.id);
  const looked = await signIn.verify(valuesOf(made), jar, connectionFor(services, asking), (it) =>
    trail.push(it),
  );
  if (looked.lines.length > 0) {
    const scope = { ...cookieScope(committed, impersonation.id), path: looked.path, shown: false };
    await impersonations.receive(impersonation.id, looked.lines, scope, null, generation);
  }
  if (looked.seen.kind === "expected")
    believe(trustOf(services, asking), {
      ...{ generation, lookedAt: startedAt, said },
      cookies: printOf(looked.jar.cookies, app, made.kept),
    });
  return looked.seen;
}

/**
 * Gives up a session by which the app sees another than the effective user: the jar is emptied, what is open is cut, and the session
 * itself is ended. Throws a Fault `sign-in-failed` that says so.
 */
export async function giveUp(
  services: Services,
  asking: Asking,
  session: AppSession,
  why: string,
): Promise<never> {
  const { committed, impersonation } = asking;
  const { app } = committed.snapshot.settings;
  const trust = trustOf(services, asking);
  const { generation, made } = session;
  if (trust.givenUp < generation) {
    trust.givenUp = generation;
    const { cookies } = await services.impersonations.jar(impersonation.id);
    await services.impersonations.appSessions.drop(impersonation.id, app, generation);
    await tellFailed(services, asking, [], why);
    const its = cookies.filter((it) => (it.app ?? null) === app);
    if (made !== null) void endUnused(services, asking, valuesOf(made), its);
    // Not at once: the request that found it out has its own answer.
    setImmediate(() => services.sockets.cutAll(impersonation.id, "sign-in-failed"));
  }
  throw new Fault("sign-in-failed", why);
}
