import { readFile, stat } from "node:fs/promises";
import { createGeneration, type Generation, readGenerations, removeGeneration } from "./folder.ts";
import { generatePem, type Purpose, parseKey, type SigningKey } from "./material.ts";

/** A signing key with its times. Times are ms since the epoch. */
export interface DatedKey extends SigningKey {
  readonly createdAt: number;
  readonly activeFrom: number;
}

/** Reads all keys of one purpose, oldest first, and makes the first one where there is none. */
export async function openSeries(
  folder: string,
  purpose: Purpose,
  now: number,
): Promise<readonly DatedKey[]> {
  const there = await readGenerations(folder, purpose);
  if (there.length > 0) return await datedAll(there, purpose);
  const secret = generatePem(purpose);
  await createGeneration(folder, { name: purpose, number: 1, createdAt: now, activeFrom: now, secret });
  // Read back: another process may have been faster, and its key is the one that counts.
  return await datedAll(await readGenerations(folder, purpose), purpose);
}

/** Adds a key that signs from `activeFrom` on; keys that were replaced more than `keepFor` ago are deleted. */
export async function rotateSeries(
  folder: string,
  purpose: Purpose,
  {
    now,
    activeFrom,
    keepFor,
  }: { readonly now: number; readonly activeFrom: number; readonly keepFor: number },
): Promise<void> {
  const there = await readGenerations(folder, purpose);
  const [number, secret] = [(there.at(-1)?.number ?? 0) + 1, generatePem(purpose)];
  await createGeneration(folder, { name: purpose, number, createdAt: now, activeFrom, secret });
  for (const [at, it] of there.entries()) {
    const successor = there[at + 1];
    if (successor !== undefined && successor.activeFrom + keepFor < now) await removeGeneration(folder, it);
  }
}

/** Keys that somebody else keeps: the first file signs, the others are only published. Oldest first. */
export async function readFiles(files: readonly string[], purpose: Purpose): Promise<readonly DatedKey[]> {
  const keys = await Promise.all(
    files.map(async (file) => {
      const [text, { mtimeMs }] = await Promise.all([readFile(file, "utf8"), stat(file)]);
      return { ...(await parseKey(text, purpose)), createdAt: Math.floor(mtimeMs), activeFrom: 0 };
    }),
  );
  return keys.reverse();
}

/** The key that signs now: the newest whose time has come. */
export function signerAt(keys: readonly DatedKey[], now: number): DatedKey | null {
  return keys.findLast((key) => key.activeFrom <= now) ?? keys[0] ?? null;
}

/** The keys that a verifier should know now: the signer, those to come, and those replaced less than `keepFor` ago. */
export function publishedAt(keys: readonly DatedKey[], now: number, keepFor: number): readonly DatedKey[] {
  return keys.filter((_, at) => {
    const successor = keys[at + 1];
    return successor === undefined || successor.activeFrom === 0 || successor.activeFrom + keepFor > now;
  });
}

async function datedAll(generations: readonly Generation[], purpose: Purpose): Promise<readonly DatedKey[]> {
  return await Promise.all(
    generations.map(async ({ secret, createdAt, activeFrom }) => {
      return { ...(await parseKey(secret, purpose)), createdAt, activeFrom };
    }),
  );
}
