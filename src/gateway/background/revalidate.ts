import type { Closing } from "../../ports.ts";
import { end } from "../impersonation/start-and-stop.ts";
import { inBatches } from "../services/batches.ts";
import type { Open, Standing } from "../services/open-connections.ts";
import type { Services } from "../services/services.ts";

/** How long an open request may go on while its right can't be checked, ms. */
const UNKNOWN_FOR = 45_000;

/** Checks open impersonated requests again and again. */
interface Recheck extends Closing {
  /** Checks all of them now. Never rejects. */
  check(): Promise<void>;
}

/** How many are checked at a time: each check may ask the app. */
const WIDTH = 32;

/**
 * Checks open sockets and streams, since they make no new request that would be judged. With these times nothing stays open for longer than
 * a minute after the right to it was lost, also when that can't be checked.
 */
export function recheck(
  services: Services,
  { every }: { readonly every: number } = { every: 15_000 },
): Recheck {
  const goodAt = new WeakMap<Open, number>();
  let work: Promise<void> | null = null;

  async function about(open: Open): Promise<void> {
    const asked = services.clock.monotonic();
    const since = goodAt.get(open) ?? asked;
    goodAt.set(open, since);
    const standing = await asking(services, open);
    if (standing.kind === "good") goodAt.set(open, asked);
    else if (standing.kind === "ended") await finish(services, open, standing);
    else if (asked - since >= UNKNOWN_FOR) services.sockets.cutOne(open, standing.why);
  }

  function check(): Promise<void> {
    work ??= inBatches(services.sockets.impersonated(), WIDTH, about)
      .catch((error: unknown) =>
        services.log.error({ err: error }, "not everything open could be asked about"),
      )
      .finally(() => {
        work = null;
      });
    return work;
  }

  const timer = setInterval(check, every).unref();
  return {
    check,
    async close() {
      clearInterval(timer);
      await work;
    },
  };
}

/** An error while asking counts as no answer. */
async function asking(services: Services, open: Open): Promise<Standing> {
  try {
    return open.ask === null ? { kind: "good" } : await open.ask();
  } catch (error) {
    services.log.error({ err: error }, "it could not be asked whether a socket may go on");
    return { kind: "unknown", why: "identity-unavailable" };
  }
}

/** Ends the impersonation, if its agent opened the socket; else cuts only this socket. */
async function finish(
  services: Services,
  open: Open,
  { why, impersonation }: Extract<Standing, { readonly kind: "ended" }>,
): Promise<void> {
  if (impersonation === null) services.sockets.cutOne(open, why);
  else await end(services, null, impersonation, why);
}
