import type { Jar, JarCookie } from "../domain/cookies/cookie-jar.ts";
import type { Clock, Store } from "../ports.ts";
import type { AppSession, HeldJar, Jars, MadeSession } from "./jars.ts";

export type { AppSession, MadeSession } from "./jars.ts";

/** What becomes of the wish to sign in. `busy`: another gateway does it, until then at the latest. */
type Claim =
  | { readonly kind: "mine"; readonly generation: number }
  | { readonly kind: "busy"; readonly until: number }
  | { readonly kind: "made"; readonly session: AppSession }
  | { readonly kind: "over" };

/** A session of an impersonation that is over, with the cookies by which it is ended. */
export interface Ending {
  readonly session: AppSession & { readonly made: MadeSession };
  readonly cookies: readonly JarCookie[];
  /** The end of its impersonation at the latest, ms. */
  readonly until: number;
}

/** The sessions that sign-ins have made in the apps, beside the jar of each impersonation. Throws a Fault `store-unavailable`. */
export interface AppSessions {
  /** As this process saw it last, without asking anybody; null where there is none, or it has not. */
  known(id: string, app: string | null): AppSession | null;
  read(id: string, app: string | null): Promise<AppSession | null>;
  /** Of all gateways that want to sign in, one may. `instead`: the generation that is no good any more. */
  claim(id: string, app: string | null, until: number, instead: number): Promise<Claim>;
  /** Puts the cookies of a sign-in in the place of the app's others. False: it is over, or another has claimed it since. */
  keep(
    id: string,
    app: string | null,
    generation: number,
    it: { readonly made: MadeSession; readonly cookies: readonly JarCookie[] },
  ): Promise<boolean>;
  /** Empties the app's part of the jar, and lets go of the claim: nobody is signed in there any more. */
  drop(id: string, app: string | null, generation: number): Promise<void>;
  /** Notes that an app may have a session of its own making by now, as this client of our provider. False: the impersonation is over. */
  note(
    id: string,
    of: { readonly app: string | null; readonly client: string },
    made: MadeSession,
  ): Promise<boolean>;
  /** Ids of impersonations that may have sessions left in an app. */
  unended(): Promise<readonly string[]>;
  /** Whether it is over, and which of its sessions are to be ended by the caller, until then. Those that run are left alone unless `ended`. */
  takeEndings(id: string, until: number, ended: boolean): Promise<readonly Ending[]>;
  /** Forgets a session that was ended, or that is given up; without `done` another attempt may be made. */
  settle(id: string, session: AppSession, done: boolean): Promise<void>;
}

const INDEX = "signed-in:";
/** How long what is left of a session is kept after the end of its impersonation at the latest, ms. */
const KEPT = 86_400_000;

export function appSessions(jars: Jars, store: Store, clock: Clock): AppSessions {
  const forgotten = async (id: string, held: HeldJar | null) => {
    if ((held?.appSessions ?? []).length === 0) await store.remove(INDEX + id);
  };
  return {
    known: (id, app) => sessionIn(jars.known(id), app),
    read: async (id, app) => sessionIn(await jars.read(id), app),
    async claim(id, app, until, instead) {
      const now = clock.now();
      let claim: Claim = { kind: "over" };
      // What begins to be made has to be found by the sweep of what is to be ended.
      await store.write(INDEX + id, "1", { version: null, expiresAt: until + KEPT });
      await jars.alter(id, (held) => {
        const next = claimIn(held, app, { now, until, instead });
        claim = next.claim;
        return next.held;
      });
      return claim;
    },
    async keep(id, app, generation, { made, cookies }) {
      let kept = false;
      await jars.alter(id, (held) => {
        const before = sessionIn(held, app);
        kept = !held.over && before?.generation === generation;
        if (!kept || before === null) return held;
        const jar = withCookies(held.jar, app, cookies);
        return withSession({ ...held, jar }, { ...before, claimedUntil: null, made });
      });
      return kept;
    },
    async drop(id, app, generation) {
      await jars.alter(id, (held) => {
        const before = sessionIn(held, app);
        if (held.over || before?.generation !== generation) return held;
        const jar = withCookies(held.jar, app, []);
        return withSession({ ...held, jar }, { ...before, claimedUntil: null, made: null });
      });
    },
    note: (id, of, made) => note(jars, store, id, { ...of, generation: 1, claimedUntil: null, made }),
    unended: async () => (await store.list(INDEX)).map((key) => key.slice(INDEX.length)),
    async takeEndings(id, until, ended) {
      let taken: readonly Ending[] = [];
      const held = await jars.alter(id, (it) => {
        const next = endingsIn(it, clock.now(), until, ended);
        taken = next.taken;
        return next.held;
      });
      if (held === null || held.over) await forgotten(id, held);
      return taken;
    },
    async settle(id, session, done) {
      const held = await jars.alter(id, (it) => {
        const before = it.appSessions?.find((one) => isSame(one, session));
        if (before?.generation !== session.generation) return it;
        return done ? withoutSession(it, before) : withSession(it, { ...before, claimedUntil: null });
      });
      await forgotten(id, held);
    },
  };
}

async function note(jars: Jars, store: Store, id: string, session: AppSession): Promise<boolean> {
  const { until } = await jars.read(id);
  // What may be made from now on has to be found by the sweep of what is to be ended.
  await store.write(INDEX + id, "1", { version: null, expiresAt: until + KEPT });
  let noted = false;
  await jars.alter(id, (held) => {
    noted = !held.over;
    return noted ? withSession(held, session) : held;
  });
  return noted;
}

function sessionIn(held: HeldJar | null, app: string | null): AppSession | null {
  return held?.appSessions?.find((it) => isSame(it, { app })) ?? null;
}

function isSame(one: Pick<AppSession, "app" | "client">, other: Pick<AppSession, "app" | "client">): boolean {
  return one.app === other.app && one.client === other.client;
}

function withSession(held: HeldJar, session: AppSession): HeldJar {
  const others = (held.appSessions ?? []).filter((it) => !isSame(it, session));
  return { ...held, appSessions: [...others, session] };
}

function withoutSession(held: HeldJar, session: AppSession): HeldJar {
  const others = (held.appSessions ?? []).filter((it) => !isSame(it, session));
  const { left, ...rest } = { ...held, appSessions: others };
  const still = (left ?? []).filter((it) => others.some(({ app }) => app === (it.app ?? null)));
  return still.length === 0 ? rest : { ...rest, left: still };
}

function withCookies(jar: Jar, app: string | null, cookies: readonly JarCookie[]): Jar {
  return { ...jar, cookies: [...jar.cookies.filter((it) => (it.app ?? null) !== app), ...cookies] };
}

function claimIn(
  held: HeldJar,
  app: string | null,
  { now, until, instead }: { readonly now: number; readonly until: number; readonly instead: number },
): { readonly held: HeldJar; readonly claim: Claim } {
  if (held.over) return { held, claim: { kind: "over" } };
  const before = sessionIn(held, app) ?? { app, generation: 0, claimedUntil: null, made: null };
  const { made, generation, claimedUntil } = before;
  if (claimedUntil !== null && claimedUntil > now)
    return { held, claim: { kind: "busy", until: claimedUntil } };
  if (made !== null && generation > instead) return { held, claim: { kind: "made", session: before } };
  const session = { ...before, generation: generation + 1, claimedUntil: until, made: null };
  return {
    held: withSession({ ...held, jar: withCookies(held.jar, app, []) }, session),
    claim: { kind: "mine", generation: session.generation },
  };
}

function endingsIn(
  held: HeldJar,
  now: number,
  until: number,
  ended: boolean,
): { readonly held: HeldJar; readonly taken: readonly Ending[] } {
  if (!held.over && !ended && held.until > now) return { held, taken: [] };
  const taken: Ending[] = [];
  let after = held;
  for (const session of held.appSessions ?? []) {
    const { app, made, claimedUntil } = session;
    if (claimedUntil !== null && claimedUntil > now) continue;
    if (made === null) {
      after = withoutSession(after, session);
      continue;
    }
    const cookies = (held.over ? (held.left ?? []) : held.jar.cookies).filter(
      (it) => (it.app ?? null) === app,
    );
    taken.push({ session: { ...session, made }, cookies, until: held.until });
    after = withSession(after, { ...session, claimedUntil: until });
  }
  return { held: after, taken };
}
