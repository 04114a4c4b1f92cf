import { formatCookies, parseCookies } from "./cookie.ts";
import type { CookieScope, Jar } from "./cookie-jar.ts";
import { isScripted, lineOut, mayBeSet } from "./cookie-mirror.ts";

/**
 * The browser's cookies as they will be once the lines of `restore` have arrived: what was mirrored is gone, what it
 * covered is back. This is what a next impersonation has to take for the agent's own.
 */
export function restored(jar: Jar, sent: string | null, scope: CookieScope): string | null {
  const shown = jar.mirrors.filter((it) => (!it.gone || it.own !== null) && mayBeSet(it.cookie, scope));
  const pairs = parseCookies(sent).flatMap((pair, at, all) => {
    const covering = shown.find((it) => it.cookie.name === pair.name);
    if (covering === undefined) return [pair];
    // One is left of the two that there are where the own one has a `Domain`.
    const first = all.findIndex(({ name }) => name === pair.name) === at;
    return covering.own === null || !first ? [] : [{ name: pair.name, value: covering.own }];
  });
  const back = shown.flatMap(({ cookie: { name }, own }) =>
    own === null || pairs.some((pair) => pair.name === name) ? [] : [{ name, value: own }],
  );
  return formatCookies([...pairs, ...back]);
}

/** `Set-Cookie` lines that take something out of a browser, and what it sends once they have arrived. */
interface Left {
  readonly lines: readonly string[];
  readonly sent: string | null;
}

/** What to remove if nothing is known about the jar any more: cookies with announced names are the customer's. `sent` is without ours. */
export function disown(sent: string | null, scope: CookieScope): Left {
  const pairs = parseCookies(sent);
  const names = new Set(pairs.map(({ name }) => name).filter((name) => isScripted(name, scope)));
  if (names.size === 0) return { lines: [], sent };
  const others = pairs.filter(({ name }) => !names.has(name));
  return { lines: [...names].map((name) => lineOut(name, scope)), sent: formatCookies(others) };
}
