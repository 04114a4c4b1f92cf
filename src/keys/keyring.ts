import { hkdfSync, randomBytes } from "node:crypto";
import { readFile } from "node:fs/promises";
import { asFault, Fault } from "../errors.ts";
import type { Clock, Closing, Log } from "../ports.ts";
import { createGeneration, readGenerations } from "./folder.ts";
import type { PublicJwk, Purpose } from "./material.ts";
import { type DatedKey, openSeries, publishedAt, readFiles, rotateSeries, signerAt } from "./series.ts";

const WEEK = 7 * 24 * 3_600_000;
const MINUTE = 60_000;

interface KeyringOptions {
  /** `data/keys`; keys that no file is given for are kept here, readable by their owner alone. */
  readonly folder: string;
  /** Files with keys that somebody else keeps (PEM or JWK): the first signs, the others are only published. */
  readonly files?: { readonly [P in Purpose]?: readonly string[] } & { readonly data?: string };
  readonly clock: Clock;
  readonly log: Log;
  /** How long a replaced key of tokens stays published, ms. Default a week; those of checkpoints stay for ever. */
  readonly keepFor?: number;
  /** How long a new key is published before it signs, ms. Default five minutes. */
  readonly lead?: number;
  /** Told when a key is found that was not there before: rotated here, by the command, or in a file. */
  readonly rotated?: (purpose: Purpose, kid: string) => void;
  /** How often the files are read again, ms; 0 for never. Default a minute. */
  readonly reloadEvery?: number;
}

/** All keys of one gateway. What is asked for often is answered at once, from memory. */
export interface Keyring extends Closing {
  signer(purpose: Purpose): DatedKey;
  /** The keys that a verifier should know now, oldest first. */
  published(purpose: Purpose): readonly DatedKey[];
  /** The JSON of `/.guise/jwks.json`: public keys of the token, nothing else. */
  jwks(): { readonly keys: readonly PublicJwk[] };
  /** 32 secret bytes for one use, always the same for the same use; another use tells nothing about them. */
  derive(use: string): Buffer;
  /** Adds a new key and gives its id. It signs after the lead, or at once with `atOnce`. */
  rotate(purpose: Purpose, options?: { readonly atOnce?: boolean }): Promise<string>;
  /** Reads all files again; a file that can't be read changes nothing and is logged. */
  reload(): Promise<void>;
}

/** Opens the keys and makes those that aren't there. Throws `key-unreadable`. */
export async function openKeyring(options: KeyringOptions): Promise<Keyring> {
  const { clock, log, reloadEvery = MINUTE } = options;
  const root = await orFault("data", () => openData(options));
  let keys: Readonly<Record<Purpose, readonly DatedKey[]>> = {
    token: await orFault("token", () => openPurpose(options, "token")),
    checkpoint: await orFault("checkpoint", () => openPurpose(options, "checkpoint")),
  };
  const reload = async (): Promise<void> => {
    for (const purpose of ["token", "checkpoint"] as const) {
      try {
        const found = await openPurpose(options, purpose);
        const before = new Set(keys[purpose].map((key) => key.kid));
        keys = { ...keys, [purpose]: merged(keys[purpose], found, clock.now()) };
        for (const { kid } of keys[purpose]) if (!before.has(kid)) options.rotated?.(purpose, kid);
      } catch (error) {
        log.error({ err: error, purpose }, "keys: can not be read again, the old ones stay in use");
      }
    }
  };
  const timer = reloadEvery > 0 ? setInterval(() => void reload(), reloadEvery).unref() : null;
  const published = (purpose: Purpose) => publishedAt(keys[purpose], clock.now(), keptFor(options, purpose));
  return {
    signer: (purpose) => needed(signerAt(keys[purpose], clock.now()), purpose),
    published,
    jwks: () => ({ keys: published("token").map((key) => key.jwk) }),
    derive: (use) => Buffer.from(hkdfSync("sha256", root, "guise", use, 32)),
    rotate: async (purpose, { atOnce = false } = {}) => {
      await rotateKept(options, purpose, atOnce);
      await reload();
      return needed(keys[purpose].at(-1) ?? null, purpose).kid;
    },
    reload,
    close: async () => {
      if (timer !== null) clearInterval(timer);
    },
  };
}

/** The secret that everything private to this gateway is derived from. */
async function openData({ folder, files, clock }: KeyringOptions): Promise<Buffer> {
  if (files?.data !== undefined) {
    const secret = Buffer.from((await readFile(files.data, "utf8")).trim());
    if (secret.length < 32) throw new TypeError(`${files.data} needs at least 32 characters`);
    return secret;
  }
  const there = await readGenerations(folder, "data");
  if (there.length === 0) {
    const now = clock.now();
    const secret = randomBytes(32).toString("base64url");
    await createGeneration(folder, { name: "data", number: 1, createdAt: now, activeFrom: now, secret });
  }
  const secret = (await readGenerations(folder, "data")).at(-1)?.secret ?? "";
  return Buffer.from(secret, "base64url");
}

function openPurpose(options: KeyringOptions, purpose: Purpose): Promise<readonly DatedKey[]> {
  const files = options.files?.[purpose];
  return files === undefined
    ? openSeries(options.folder, purpose, options.clock.now())
    : readFiles(files, purpose);
}

async function rotateKept(options: KeyringOptions, purpose: Purpose, atOnce: boolean): Promise<void> {
  if (options.files?.[purpose] !== undefined) {
    throw new Fault("usage", `the ${purpose} key is kept in a file of yours: write the new key there`);
  }
  const now = options.clock.now();
  const { lead = 5 * MINUTE } = options;
  const keepFor = keptFor(options, purpose);
  await rotateSeries(options.folder, purpose, { now, activeFrom: atOnce ? now : now + lead, keepFor });
}

/** A token is over in minutes; what a checkpoint attests has to be checked for as long as there are records. */
function keptFor({ keepFor = WEEK }: KeyringOptions, purpose: Purpose): number {
  return purpose === "checkpoint" ? Number.POSITIVE_INFINITY : keepFor;
}

/** A signer that was replaced in a file of somebody else's is gone from there: it stays published from here. */
function merged(before: readonly DatedKey[], found: readonly DatedKey[], now: number): readonly DatedKey[] {
  const known = new Map(before.map((key) => [key.kid, key]));
  const kids = new Set(found.map((key) => key.kid));
  const gone = before.filter((key) => !kids.has(key.kid));
  const dated = found.map(
    (key) => known.get(key.kid) ?? (key.activeFrom === 0 ? { ...key, activeFrom: now } : key),
  );
  return [...gone, ...dated];
}

function needed(key: DatedKey | null, purpose: Purpose): DatedKey {
  if (key === null) throw new Fault("key-unreadable", `there is no ${purpose} key`);
  return key;
}

async function orFault<T>(what: string, open: () => Promise<T>): Promise<T> {
  try {
    return await open();
  } catch (error) {
    throw asFault("key-unreadable", `the ${what} key can not be read or made`, error);
  }
}
