import { parseCookies } from "../domain/cookies/cookie.ts";
import type { CallerFact } from "../domain/facts.ts";
import { Fault } from "../errors.ts";
import type { Evidence, Identification, Maybe, Unrecognised } from "../ports.ts";
import { after } from "./after.ts";
import type { Identified, Received } from "./request.ts";
import type { Judging } from "./services/services.ts";
import { traced } from "./services/tracing.ts";

type Found = Identified["caller"];

/** The caller of a request whose identity isn't needed, or whom no source knows. */
export const UNKNOWN_CALLER: Found = { who: { kind: "unknown" }, via: null };
const LOOKUP = { what: "identity", name: null } as const;

/** Asks the identity sources in order who sends a request. If one fails, the answer is `unavailable`, and the next one is not asked. */
export function callerOf(services: Judging, received: Received): Maybe<Found> {
  try {
    const asked = received.snapshot.identity.identify(evidence(received));
    const answer = traced(received.trace, LOOKUP, asked, ({ kind }) => kind);
    const found = after(answer, (it) => told(services, received, it));
    return found instanceof Promise
      ? found.catch((error: unknown) => unavailable(services, received, error))
      : found;
  } catch (error) {
    return unavailable(services, received, error);
  }
}

function told(services: Judging, received: Received, answer: Identification): Found {
  if (answer.kind === "known") return { who: callerFact(answer), via: answer.via };
  for (const it of answer.why) sayWhy(services, received, it);
  return UNKNOWN_CALLER;
}

function callerFact({ identity, strongUntil }: Extract<Identification, { kind: "known" }>): CallerFact {
  return strongUntil === undefined ? { kind: "known", identity } : { kind: "known", identity, strongUntil };
}

/** Says why nobody is known: behind a source that is set up wrongly everybody is a guest, and nothing else shows it. */
function sayWhy(services: Judging, { id }: Received, { source, cause, got, level }: Unrecognised): void {
  services.counters.unrecognised(source, cause);
  const message = `identity ${source}: the caller is not known: ${got}`;
  const line = { key: `${source} ${cause}`, level, message, data: { source, cause, requestId: id } };
  services.diagnostics.say(line, services.clock.monotonic());
}

function unavailable(services: Judging, received: Received, error: unknown): Found {
  if (!(error instanceof Fault))
    services.log.error({ err: error, requestId: received.id }, "an identity source broke");
  else
    services.log.warn(
      { code: error.code, detail: error.detail, requestId: received.id },
      "identity unavailable",
    );
  return { who: { kind: "unavailable" }, via: null };
}

/** Cookies are read only if a source looks at them. */
function evidence(received: Received): Evidence {
  // On a label's host the evidence is that of the app's host.
  if (received.site.lent !== null) return received.site.lent;
  let cookies: Record<string, string> | null = null;
  return {
    // Each value by itself: `headers` joins repeated ones, and so mixes those of a client and a proxy.
    headers: received.raw.headersDistinct,
    peer: received.raw.socket.remoteAddress ?? "",
    host: received.site.host,
    signIn: received.browser.signIn,
    request: {
      method: received.sent,
      target: received.came,
      origin: received.site.origin,
      ours: received.url.ours,
    },
    get cookies() {
      cookies ??= cookiesOf(received.browser.cookies);
      return cookies;
    },
  };
}

/** The first cookie of a name counts, as with most servers. */
function cookiesOf(header: string | null): Record<string, string> {
  const cookies: Record<string, string> = Object.create(null);
  for (const { name, value } of parseCookies(header)) cookies[name] ??= value;
  return cookies;
}
