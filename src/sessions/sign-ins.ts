import { hkdfSync, randomBytes } from "node:crypto";
import { Fault } from "../errors.ts";
import type { Clock, SignIn, SignIns, Store } from "../ports.ts";
import { change } from "./compare-and-set.ts";
import { digest, type Seal, type SealedJson, sealedJson, sealFor } from "./seal.ts";

/** They are asked for when the config is read, which says where the store is. */
interface LateSignIns extends SignIns {
  keepIn(store: Store, sealKey: Uint8Array, viewed?: SignIns["viewed"]): void;
}

interface Place {
  readonly store: Store;
  readonly all: SealedJson<SignIn>;
  readonly seal: Seal;
  readonly sealKey: Uint8Array;
  readonly viewed: SignIns["viewed"];
}

const SECRET = /^[\w-]{43}$/;
const TRANSIT = "sign-in on its way";

/** For commands that only look and have no store: nobody is signed in. */
export function signIns(clock: Clock): LateSignIns {
  let place: Place | null = null;
  const there = (): Place => {
    if (place === null) throw new Fault("store-unavailable", "sign-ins are kept by a running gateway alone");
    return place;
  };
  return {
    keepIn: (store, sealKey, viewed = async () => null) => {
      const all = sealedJson<SignIn>(store, sealKey, "sign-in");
      place = { viewed, store, all, sealKey, seal: sealFor(sealKey, "sign-in") };
    },
    open: (signIn) => open(there(), signIn),
    read: async (secret) => {
      if (place === null || !SECRET.test(secret)) return null;
      return await read(place, keyOf(secret), clock);
    },
    edit: async (secret, edit) => {
      const done = await change(
        there().all.at(keyOf(secret), (it) => it.expiresAt),
        edit,
      );
      return done === null ? null : { changed: done.after !== done.before };
    },
    close: async (secret) => (SECRET.test(secret) ? await close(there(), keyOf(secret), clock) : null),
    closeAll: async (of) => {
      const prefix = `${"subject" in of ? bySubject(of.issuer, of.subject) : bySession(of.issuer, of.session)}.`;
      const keys = (await there().store.list(prefix)).map((key) => `sign-in:${key.slice(prefix.length)}`);
      const closed = await Promise.all(keys.map((key) => close(there(), key, clock)));
      return closed.filter((it) => it !== null);
    },
    seal: (text) => there().seal.seal(text, TRANSIT),
    unseal: (text) => {
      try {
        return there().seal.open(text, TRANSIT);
      } catch {
        return null;
      }
    },
    once: (name, expiresAt) =>
      there().store.write(`sign-in-once:${digest(name)}`, "1", { version: null, expiresAt }),
    kept: sealedStore(there),
    viewed: async (secret) => await there().viewed(secret),
    secretFor: (use) =>
      Buffer.from(hkdfSync("sha256", there().sealKey, "guise sign-ins", use, 32)).toString("base64url"),
  };
}

/** A store that holds what it is given sealed, each value under its own key. */
function sealedStore(there: () => Place): Store {
  return {
    read: async (key) => {
      const { store, seal } = there();
      const stored = await store.read(key);
      return stored === null ? null : { ...stored, value: seal.open(stored.value, key) };
    },
    write: async (key, value, options) => {
      const { store, seal } = there();
      return await store.write(key, seal.seal(value, key), options);
    },
    remove: async (key) => await there().store.remove(key),
    list: async (prefix) => await there().store.list(prefix),
  };
}

async function open(place: Place, signIn: SignIn): Promise<string> {
  const secret = randomBytes(32).toString("base64url");
  const key = keyOf(secret);
  const life = { version: null, expiresAt: signIn.expiresAt };
  for (const index of indexesOf(signIn, key)) await place.store.write(index, "1", life);
  if (!(await place.all.write(key, signIn, life)))
    throw new Fault("store-unavailable", "the secret that was drawn is taken");
  return secret;
}

async function read(place: Place, key: string, clock: Clock): Promise<SignIn | null> {
  const it = await place.all.read(key);
  return it === null || it.value.expiresAt <= clock.now() ? null : it.value;
}

/** One caller alone gets it: the others find it gone. */
async function close(place: Place, key: string, clock: Clock): Promise<SignIn | null> {
  const it = await read(place, key, clock);
  await place.store.remove(key);
  for (const index of it === null ? [] : indexesOf(it, key)) await place.store.remove(index);
  return it;
}

function indexesOf({ issuer, subject, session }: SignIn, key: string): readonly string[] {
  const name = key.slice("sign-in:".length);
  const own = `${bySubject(issuer, subject)}.${name}`;
  return session === null ? [own] : [own, `${bySession(issuer, session)}.${name}`];
}

function bySubject(issuer: string, subject: string): string {
  return `sign-ins:${digest(JSON.stringify([issuer, "sub", subject]))}`;
}

function bySession(issuer: string, session: string): string {
  return `sign-ins:${digest(JSON.stringify([issuer, "sid", session]))}`;
}

function keyOf(secret: string): string {
  return `sign-in:${digest(secret)}`;
}
