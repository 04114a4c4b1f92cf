import { formatCookies, parseCookies } from "./cookie.ts";
import type { Jar } from "./cookie-jar.ts";

/**
 * The browser's cookies as they will be once the lines of `restore` have arrived: what was mirrored is gone, what it
 * covered is back. This is what a next impersonation has to take for the agent's own.
 */
export function restored(jar: Jar, sent: string | null): string | null {
  const shown = jar.mirrors.filter((it) => !it.gone || it.own !== null);
  const pairs = parseCookies(sent).flatMap((pair) => {
    const covering = shown.find((it) => it.cookie.name === pair.name);
    if (covering === undefined) return [pair];
    return covering.own === null ? [] : [{ name: pair.name, value: covering.own }];
  });
  const back = shown.flatMap(({ cookie: { name }, own }) =>
    own === null || pairs.some((pair) => pair.name === name) ? [] : [{ name, value: own }],
  );
  return formatCookies([...pairs, ...back]);
}
