import { emptyJar, type Jar, type JarCookie } from "../domain/cookies/cookie-jar.ts";
import { remainsOf } from "../domain/cookies/cookie-mirror.ts";
import type { Impersonation } from "../domain/impersonation.ts";
import { setBounded } from "../domain/remembering.ts";
import type { Clock, Store } from "../ports.ts";
import { change } from "./compare-and-set.ts";
import { turns } from "./mutex.ts";
import type { Seal } from "./seal.ts";

/** A session in an app that a sign-in has made for an impersonation. It is the newest of `generation` so many. */
export interface AppSession {
  /** null where there is one app. */
  readonly app: string | null;
  /** As which client of our OpenID provider the app made it; left out where steps did. */
  readonly client?: string;
  readonly generation: number;
  /** Until when a gateway makes or ends it, ms; null: nobody does. */
  readonly claimedUntil: number | null;
  /** null: there is none at the moment. */
  readonly made: MadeSession | null;
}

export interface MadeSession {
  readonly at: number;
  /** Names of the cookies that it made. */
  readonly kept: readonly string[];
  /** What the sign-in took from the app's answers. */
  readonly values: Readonly<Record<string, string>>;
  /** How the app was asked: it may know a session again by that. */
  readonly by: {
    readonly host: string;
    readonly authority: string;
    readonly origin: string;
    readonly scheme: "http" | "https";
    readonly headers: readonly string[];
  };
  /** The people and the reason, by which steps are filled in. */
  readonly known: Readonly<Record<string, string>>;
}

/** A jar with what else has to be known of it. `over`: its impersonation has ended, it takes nothing more. */
export interface HeldJar {
  readonly jar: Jar;
  readonly over: boolean;
  /** The end of its impersonation at the latest, ms. */
  readonly until: number;
  readonly appSessions?: readonly AppSession[];
  /** Once it is over: the cookies by which those sessions are still to be ended, and by which nobody is shown anything. */
  readonly left?: readonly JarCookie[];
}

interface JarsOptions {
  readonly store: Store;
  readonly seal: Seal;
  readonly clock: Clock;
  /** How long a jar is kept after the latest possible end of its impersonation, ms. */
  readonly keepFor: number;
  /** The same for what the browser needs to be itself again, ms. */
  readonly wayBackFor: number;
}

/** The cookie jars in the store, each sealed for its impersonation. */
export interface Jars {
  create(it: Impersonation, jar: Jar): Promise<void>;
  /** Where there is none any more, one that is over, with what this process knows of the way back. */
  read(id: string): Promise<HeldJar>;
  /** As this process saw it last, without asking anybody; null if it has not. */
  known(id: string): HeldJar | null;
  /** Changes it so that no other change is lost; what is over stays as it is. `edit` may be called more than once. */
  edit(id: string, edit: (jar: Jar, until: number, held: HeldJar) => Jar): Promise<HeldJar>;
  /** The same of all that is known of it, also once it is over; null where there is none any more. */
  alter(id: string, edit: (held: HeldJar) => HeldJar): Promise<HeldJar | null>;
  /** Destroys the customer's cookies; what the browser needs to be itself again is kept for a while. */
  finish(id: string): Promise<void>;
  /** Destroys what this process remembers of the customer's: another has finished it. */
  strip(id: string): void;
  /** Lets go of what this process remembers of it. */
  forget(id: string): void;
}

const GONE: HeldJar = Object.freeze({ jar: emptyJar(null), over: true, until: 0 });
const REMEMBERED = 1_000;

export function jars(options: JarsOptions): Jars {
  const { store, clock, keepFor, wayBackFor } = options;
  const envelope = envelopes(options.seal);
  // Changes by one gateway are made one after the other, so that only gateways compete with each other.
  const inTurn = turns();
  const kept = ({ over, appSessions = [] }: HeldJar) =>
    over || appSessions.length > 0 ? wayBackFor : keepFor;
  const changing = (id: string) => ({
    store,
    key: keyOf(id),
    read: (text: string) => envelope.open(id, text),
    write: (held: HeldJar) => envelope.close(id, held),
    expiresAt: (held: HeldJar) => Math.max(clock.now(), held.until) + kept(held),
  });
  return {
    create: async (it, jar) => {
      const text = envelope.close(it.id, { jar, over: false, until: it.expiresAt });
      await store.write(keyOf(it.id), text, { version: null, expiresAt: it.expiresAt + keepFor });
    },
    read: async (id) => {
      const stored = await store.read(keyOf(id));
      if (stored !== null) return envelope.open(id, stored.value);
      // If the store has lost the jar, what this process knows is enough to restore the browser.
      const known = envelope.known(id);
      return known === null || known.until + wayBackFor <= clock.now() ? GONE : finished(known);
    },
    known: (id) => envelope.known(id),
    edit: (id, edit) =>
      inTurn(id, async () => {
        const changed = await change(changing(id), (held) => {
          const jar = held.over ? held.jar : edit(held.jar, held.until, held);
          return jar === held.jar ? held : { ...held, jar };
        });
        return changed?.after ?? GONE;
      }),
    alter: (id, edit) => inTurn(id, async () => (await change(changing(id), edit))?.after ?? null),
    finish: (id) =>
      inTurn(id, async () => {
        const changed = await change(changing(id), finished);
        if (changed === null) envelope.strip(id);
        if (changed?.after.jar.mirrors.length !== 0 || changed.after.left !== undefined) return;
        await store.remove(keyOf(id));
        envelope.forget(id);
      }),
    strip: envelope.strip,
    forget: envelope.forget,
  };
}

function finished(held: HeldJar): HeldJar {
  if (held.over) return held;
  const over = { ...held, jar: remainsOf(held.jar), over: true };
  const alive = (held.appSessions ?? []).filter(({ made }) => made !== null);
  if (alive.length === 0) return over;
  const left = held.jar.cookies.filter((it) => alive.some(({ app }) => app === (it.app ?? null)));
  return { ...over, left };
}

/** Opens and closes jars; a text that was just opened or closed is not opened again. */
function envelopes(seal: Seal) {
  const opened = new Map<string, { readonly text: string; readonly held: HeldJar }>();
  const remember = (id: string, text: string, held: HeldJar) => {
    setBounded(opened, REMEMBERED, id, { text, held });
  };
  return {
    open: (id: string, text: string): HeldJar => {
      const known = opened.get(id);
      if (known?.text === text) return known.held;
      const held = JSON.parse(seal.open(text, keyOf(id))) as HeldJar;
      remember(id, text, held);
      return held;
    },
    close: (id: string, held: HeldJar) => {
      const text = seal.seal(JSON.stringify(held), keyOf(id));
      remember(id, text, held);
      return text;
    },
    known: (id: string) => opened.get(id)?.held ?? null,
    strip: (id: string) => {
      const known = opened.get(id);
      // Of no text: what lies in the store is read again.
      if (known !== undefined) opened.set(id, { text: "", held: finished(known.held) });
    },
    forget: (id: string) => void opened.delete(id),
  };
}

function keyOf(id: string): string {
  return `jar:${id}`;
}
