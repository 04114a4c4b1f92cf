import { type CookieScope, cookiesFor, receive as takeIn } from "../domain/cookies/cookie-jar.ts";
import { fromScript, join, restore as linesBack, mirror } from "../domain/cookies/cookie-mirror.ts";
import { disown } from "../domain/cookies/cookie-restore.ts";
import type { SessionContext } from "./context.ts";

/** The `Cookie` header for the app. The jar is written only if a script changed something. */
export async function cookies(
  { jars }: SessionContext,
  id: string,
  sent: string | null,
  scope: CookieScope,
): Promise<string | null> {
  const held = await jars.read(id);
  if (held.over) return null;
  if (scope.shown === false) return cookiesFor(held.jar, scope);
  if (fromScript(held.jar, sent, scope) === held.jar) return cookiesFor(held.jar, scope);
  const { jar } = await jars.edit(id, (it) => fromScript(it, sent, scope));
  return cookiesFor(jar, scope);
}

/** Takes the app's lines in and gives the browser's. */
export async function receive(
  { jars }: SessionContext,
  id: string,
  lines: readonly string[],
  of: {
    readonly scope: CookieScope;
    readonly sent: string | null;
    readonly session?: number | null | undefined;
  },
): Promise<readonly string[]> {
  const { scope, sent, session = null } = of;
  let shown: readonly string[] = [];
  const held = await jars.edit(id, (jar, until, { appSessions = [] }) => {
    const now =
      appSessions.find((it) => it.client === undefined && it.app === (scope.app ?? null))?.generation ?? null;
    const filled = session === null || session === now ? takeIn(jar, lines, scope) : jar;
    if (scope.shown === false) return filled;
    const mirrored = mirror(filled, sent, { ...scope, until });
    shown = mirrored.lines;
    return mirrored.jar;
  });
  // An answer that arrives after the end sets no cookie in the browser.
  return held.over ? [] : shown;
}

/**
 * The same for the first document of another host that the impersonation covers, whose cookies in the browser are the agent's own
 * so far: as at the start.
 */
export async function arrive(
  { jars }: SessionContext,
  id: string,
  lines: readonly string[],
  scope: CookieScope,
  sent: string | null,
): Promise<readonly string[]> {
  let shown: readonly string[] = [];
  const held = await jars.edit(id, (jar, until) => {
    const begun = join(takeIn(jar, lines, scope), sent, scope);
    const mirrored = mirror(begun.jar, sent, { ...scope, until });
    shown = [...begun.lines, ...mirrored.lines];
    return mirrored.jar;
  });
  return held.over ? [] : shown;
}

/** The lines that make the browser the agent's own again. Never throws: without the store they are of what was seen last. */
export async function restore(
  { jars, log }: SessionContext,
  id: string,
  scope: CookieScope,
  sent: string | null,
): Promise<readonly string[]> {
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
}
