import type { Identity } from "../../domain/identity.ts";
import { type Impersonation, modeAt } from "../../domain/impersonation.ts";
import type { MadeSession } from "../../sessions/app-sessions.ts";
import { forwardingHeaders } from "../facts.ts";
import type { Committed } from "../request.ts";

/** By which headers of a browser an app may know a session again, and none by which it may know the person at the keyboard. */
const OF_THE_BROWSER: ReadonlySet<string> = new Set(["user-agent", "accept-language"]);

/** How an app is asked for one impersonation, as its browser's requests are made. */
export function askedBy(committed: Committed): MadeSession["by"] {
  const { headers } = committed;
  const { host, authority, origin, scheme, label } = committed.site;
  const own = headers.filter((_, at) => OF_THE_BROWSER.has((headers[at - (at % 2)] ?? "").toLowerCase()));
  return {
    host,
    authority,
    origin: label?.app.origin ?? origin,
    scheme,
    headers: [...own, ...forwardingHeaders(committed)],
  };
}

/** The same of a running one. */
export function knownOf(committed: Committed, it: Impersonation): Readonly<Record<string, string>> {
  const { trueUser } = committed.effects;
  return factsOf({ ...it, trueUser, mode: modeAt(it, committed.at) });
}

/** What steps may put in of people and reason; what nobody knows is not there. */
export function factsOf(
  it: Pick<Impersonation, "id" | "effectiveUser" | "mode" | "reason" | "ticket"> & {
    readonly trueUser: Identity | null;
  },
): Readonly<Record<string, string>> {
  const { effectiveUser, trueUser, id, mode, reason, ticket } = it;
  const named: [string, string | null][] = Object.entries({ effectiveUser, trueUser }).flatMap(
    ([who, person]) =>
      (["id", "name", "email"] as const).map((fact): [string, string | null] => [
        `${who}.${fact}`,
        person?.[fact] ?? null,
      ]),
  );
  named.push(["impersonation.mode", mode], ["impersonation.id", id]);
  named.push(["impersonation.reason", reason], ["impersonation.ticket", ticket]);
  return Object.fromEntries(named.filter((one): one is [string, string] => one[1] !== null));
}
