import { appNames } from "../../config/apps.ts";
import type { Settings } from "../../config/snapshot.ts";
import type { Identity } from "../../domain/identity.ts";
import { whyOf } from "../../errors.ts";
import type { Closing } from "../../ports.ts";
import type { Ending, MadeSession } from "../../sessions/app-sessions.ts";
import type { AppConnection, Report, SessionEnd, StepReport } from "../../signin/sign-in.ts";
import { eventOf } from "../audit/audit-event.ts";
import { inBatches } from "../services/batches.ts";
import type { Services } from "../services/services.ts";
import { appConnection } from "../sign-in/app-connection.ts";
import { trailText, valuesOf } from "../sign-in/obtain.ts";

interface AppSessionEnds extends Closing {
  /** Ends what is left of impersonations that are over; also of those that ended while no gateway ran. Never throws. */
  sweep(): Promise<void>;
}

/** Impersonations whose sessions are ended at a time. */
const WIDTH = 8;
/** For one attempt, before another gateway may make one, ms. */
const CLAIMED = 60_000;

/** Signs the sessions of impersonations out of their apps: as soon as one ends, and again every while where that failed. */
export function endAppSessions(services: Services, every: number): AppSessionEnds {
  const work = new Set<Promise<void>>();
  /** When the end of each was tried first, by this process. */
  const first = new Map<string, number>();
  const begin = (task: Promise<void>): Promise<void> => {
    const watched: Promise<void> = task
      .catch((error: unknown) =>
        services.log.warn({ err: error }, "sessions in the apps could not be ended; it will be tried again"),
      )
      .finally(() => work.delete(watched));
    work.add(watched);
    return watched;
  };
  const sweepOnce = async () => {
    const ids = await services.impersonations.appSessions.unended();
    for (const id of first.keys()) if (!ids.includes(id)) first.delete(id);
    await inBatches(ids, WIDTH, (id) => begin(endThose(services, id, false, first)));
  };
  const leave = services.impersonations.onEnded(({ id }) => void begin(endThose(services, id, true, first)));
  const timer = setInterval(() => begin(sweepOnce()), every).unref();
  return {
    sweep: () => begin(sweepOnce()),
    async close() {
      clearInterval(timer);
      leave();
      await Promise.all(work);
    },
  };
}

async function endThose(
  services: Services,
  id: string,
  ended: boolean,
  first: Map<string, number>,
): Promise<void> {
  const { appSessions } = services.impersonations;
  const endings = await appSessions.takeEndings(id, services.clock.now() + CLAIMED, ended);
  for (const ending of endings) {
    const began = first.get(id) ?? services.clock.monotonic();
    first.set(id, began);
    const done = await endOne(services, id, ending, services.clock.monotonic() - began);
    await appSessions.settle(id, ending.session, done);
  }
}

/** Whether there is nothing more to do about it. */
async function endOne(services: Services, id: string, ending: Ending, tried: number): Promise<boolean> {
  const { session } = ending;
  const settings = settingsOf(services, session.app);
  const by = settings === null ? null : sessionEndOf(services, settings, session.client);
  if (settings === null || by === null) {
    await tell(services, id, ending, [], "the app, or how it is signed in to, is gone from the config");
    return true;
  }
  if (!by.endsSessions) return true;
  const trail: StepReport[] = [];
  const connection = appConnection(settings, {
    by: session.made.by,
    identityHeaders: [],
    now: () => services.clock.now(),
    trouble: (err) => services.log.warn({ err, impersonation: id }, "a step of an end got no answer"),
  });
  try {
    await by.end(id, ending, connection, (step) => trail.push(step));
    await tell(services, id, ending, trail, null);
    return true;
  } catch (error) {
    const why = whyOf(error);
    const over = tried >= by.endWithin;
    services.log.warn({ impersonation: id, why, again: !over }, "a session in the app could not be ended");
    if (over) await tell(services, id, ending, trail, why);
    return over;
  }
}

interface EndsOne extends Pick<SessionEnd, "endsSessions" | "endWithin"> {
  end(id: string, ending: Ending, app: AppConnection, report: Report): Promise<void>;
}

/** By what a session is ended: the steps of the app's sign-in, or as the client of our provider as which the app has made it. */
function sessionEndOf(
  { config }: Services,
  { signIn }: Settings,
  client: string | undefined,
): EndsOne | null {
  const { provider } = config.current();
  const steps = client === undefined ? signIn : provider?.ends.get(client);
  if (steps === null || steps === undefined) return null;
  const { endWithin } = steps;
  const bySteps: EndsOne = {
    endsSessions: steps.endsSessions,
    endWithin,
    end: (_id, { session, cookies }, app, report) => steps.end(valuesOf(session.made), cookies, app, report),
  };
  if (client === undefined || provider?.hasBackChannel(client) !== true) return bySteps;
  return {
    endsSessions: true,
    endWithin,
    end: async (id, _ending, _app, report) => {
      const status = await provider.signOut(client, id);
      report({ step: "back-channel logout", status, cookies: [], taken: [], problem: null });
    },
  };
}

function settingsOf({ config }: Services, app: string | null): Settings | null {
  const snapshot = config.current();
  const at = appNames(snapshot).indexOf(app);
  const own = snapshot.apps === null ? snapshot : snapshot.apps.all[at];
  return at < 0 ? null : (own?.settings ?? null);
}

async function tell(
  services: Services,
  id: string,
  { session: { made, app } }: Ending,
  trail: readonly StepReport[],
  why: string | null,
): Promise<void> {
  const steps = trailText(trail);
  const { known } = made;
  const event = eventOf(services, null, {
    action: "sign-in.ended",
    outcome: why === null ? "success" : "failure",
    trueUser: personIn(known, "trueUser"),
    effectiveUser: personIn(known, "effectiveUser"),
    impersonation: null,
    detail: [why, steps].filter((it) => it !== null && it !== "").join(": "),
  });
  const impersonation = {
    id,
    mode: known["impersonation.mode"] === "write" ? "write" : "read",
    reason: known["impersonation.reason"] ?? null,
    ticket: known["impersonation.ticket"] ?? null,
  } as const;
  const whole = { ...event, impersonation, ...(app === null ? {} : { app }) };
  await services.unrecorded.write(services, whole, "the end of a session in an app");
}

function personIn(known: MadeSession["known"], who: string): Identity | null {
  const id = known[`${who}.id`];
  if (id === undefined) return null;
  return { id, name: known[`${who}.name`] ?? null, email: known[`${who}.email`] ?? null, groups: null };
}
