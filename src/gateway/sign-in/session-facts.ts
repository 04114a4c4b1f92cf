import { type Impersonation, modeAt } from "../../domain/impersonation.ts";
import type { MadeSession } from "../../sessions/app-sessions.ts";
import type { Committed } from "../request.ts";

/** By which headers of a browser an app may know a session again, and none by which it may know the person at the keyboard. */
const OF_THE_BROWSER: ReadonlySet<string> = new Set(["user-agent", "accept-language"]);

/** How an app is asked for one impersonation, as its browser's requests are made. */
export function askedBy({ site, client, headers }: Committed): MadeSession["by"] {
  const { host, authority, origin, scheme, label } = site;
  const { forwardedFor, forwardedHost } = client;
  const own = headers.filter((_, at) => OF_THE_BROWSER.has((headers[at - (at % 2)] ?? "").toLowerCase()));
  return {
    host,
    authority,
    origin: label?.app.origin ?? origin,
    scheme,
    headers: [
      ...own,
      "X-Forwarded-For",
      forwardedFor,
      "X-Forwarded-Proto",
      scheme,
      "X-Forwarded-Host",
      forwardedHost,
    ],
  };
}

/** What steps may put in of people and reason; what nobody knows is not there. */
export function knownOf(
  committed: Committed,
  impersonation: Impersonation,
): Readonly<Record<string, string>> {
  const { effectiveUser, id, reason, ticket } = impersonation;
  const people = { effectiveUser, trueUser: committed.effects.trueUser };
  const named: [string, string | null][] = Object.entries(people).flatMap(([who, person]) =>
    (["id", "name", "email"] as const).map((it): [string, string | null] => [
      `${who}.${it}`,
      person?.[it] ?? null,
    ]),
  );
  named.push(["impersonation.mode", modeAt(impersonation, committed.at)]);
  named.push(["impersonation.id", id], ["impersonation.reason", reason], ["impersonation.ticket", ticket]);
  return Object.fromEntries(named.filter((it): it is [string, string] => it[1] !== null));
}
