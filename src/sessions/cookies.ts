import { type CookieScope, cookiesFor, type Jar, receive as takeIn } from "../domain/cookies/cookie-jar.ts";
import { fromScript, join, restore as linesBack, mirror } from "../domain/cookies/cookie-mirror.ts";
import { disown } from "../domain/cookies/cookie-restore.ts";
import type { SessionContext } from "./context.ts";
import type { HeldJar } from "./jars.ts";

/** `sent` is the browser's `Cookie` header, without ours. What asks the store may throw a Fault `store-unavailable`. */
export interface JarCookies {
  /** The `Cookie` header for the app, after what scripts changed in the browser was taken in; only then the jar is written. */
  cookies(id: string, sent: string | null, scope: CookieScope): Promise<string | null>;
  /**
   * Takes `Set-Cookie` lines of the app in; gives the lines for the browser. `session`: what answers a request of another generation than
   * that of the app's session counts no more.
   */
  receive(
    id: string,
    lines: readonly string[],
    scope: CookieScope,
    sent: string | null,
    session?: number | null,
  ): Promise<readonly string[]>;
  /**
   * The same for the first document of another host that the impersonation covers, whose cookies in the browser are the agent's own
   * so far: as at the start.
   */
  arrive(
    id: string,
    lines: readonly string[],
    scope: CookieScope,
    sent: string | null,
  ): Promise<readonly string[]>;
  /**
   * The lines that restore the agent's own cookies in the browser, also for a while after the end. Never throws: without the store they are made
   * from the jar as this process saw it last.
   */
  restore(id: string, scope: CookieScope, sent: string | null): Promise<readonly string[]>;
}

export function jarCookies({ jars, log }: Pick<SessionContext, "jars" | "log">): JarCookies {
  const taking = async (
    id: string,
    take: (jar: Jar, until: number, held: HeldJar) => ReturnType<typeof mirror>,
  ) => {
    let shown: readonly string[] = [];
    const { over } = await jars.edit(id, (...held) => {
      const { jar, lines } = take(...held);
      shown = lines;
      return jar;
    });
    // An answer that arrives after the end sets no cookie in the browser.
    return over ? [] : shown;
  };
  return {
    async cookies(id, sent, scope) {
      const held = await jars.read(id);
      if (held.over) return null;
      if (scope.shown === false) return cookiesFor(held.jar, scope);
      if (fromScript(held.jar, sent, scope) === held.jar) return cookiesFor(held.jar, scope);
      const { jar } = await jars.edit(id, (it) => fromScript(it, sent, scope));
      return cookiesFor(jar, scope);
    },
    receive: (id, lines, scope, sent, session = null) =>
      taking(id, (jar, until, { appSessions = [] }) => {
        const own = appSessions.find((it) => it.client === undefined && it.app === (scope.app ?? null));
        const counts = session === null || session === own?.generation;
        const filled = counts ? takeIn(jar, lines, scope) : jar;
        return scope.shown === false ? { jar: filled, lines: [] } : mirror(filled, sent, { ...scope, until });
      }),
    arrive: (id, lines, scope, sent) =>
      taking(id, (jar, until) => {
        const begun = join(takeIn(jar, lines, scope), sent, scope);
        const mirrored = mirror(begun.jar, sent, { ...scope, until });
        return { jar: mirrored.jar, lines: [...begun.lines, ...mirrored.lines] };
      }),
    async restore(id, scope, sent) {
      try {
        return linesBack((await jars.read(id)).jar, sent, scope);
      } catch (error) {
        const known = jars.known(id);
        log.warn(
          { err: error, impersonation: id },
          known === null
            ? "mirrored cookies stay in the browser until they expire; only announced ones are taken back"
            : "mirrored cookies are taken back by what was seen last",
        );
        return known === null ? disown(sent, scope).lines : linesBack(known.jar, sent, scope);
      }
    },
  };
}
