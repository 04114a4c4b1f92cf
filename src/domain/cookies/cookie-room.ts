import type { CookiePair } from "./cookie.ts";
import { type CookieScope, type Jar, type JarCookie, sameCookie } from "./cookie-jar.ts";

/** What a pair takes of a `Cookie` header, with `=` and `; `. */
function bytesOf({ name, value }: CookiePair): number {
  return name.length + value.length + 3;
}

/**
 * Those of the readable cookies that the browser can be shown so that all it then sends stays within the scope's room: with too
 * many its requests would be too large to be read, Stop among them. Those that it has already come first; what finds no room
 * goes to the app all the same. `pairs` is what the browser sent.
 */
export function withRoom(
  readable: readonly JarCookie[],
  { mirrors }: Jar,
  pairs: readonly CookiePair[],
  { room }: CookieScope,
): readonly JarCookie[] {
  if (room === undefined) return readable;
  const shown = mirrors.filter((it) => !it.gone).map((it) => it.cookie);
  const own = pairs.filter((pair) => !shown.some((it) => it.name === pair.name && it.value === pair.value));
  let left = own.reduce((rest, pair) => rest - bytesOf(pair), room);
  const isShown = (cookie: JarCookie) => shown.some((it) => sameCookie(it, cookie));
  const fits = (cookie: JarCookie) => {
    if (bytesOf(cookie) > left) return false;
    left -= bytesOf(cookie);
    return true;
  };
  const [before, after] = [readable.filter(isShown), readable.filter((it) => !isShown(it))];
  return [...before, ...after].filter(fits);
}
