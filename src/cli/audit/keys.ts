import type { KeyObject } from "node:crypto";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { whyOf } from "../../errors.ts";
import { readGenerations } from "../../keys/folder.ts";
import { publicKeyOf } from "../../keys/material.ts";
import { BadWords, type CommandIo } from "../command.ts";
import { dataFolder } from "./source.ts";

interface KeyWords {
  readonly key?: readonly string[] | undefined;
  readonly data?: string | undefined;
}

/** Public keys by id: those that are named, else those of the data folder. */
export async function checkpointKeys(
  words: KeyWords,
  io: CommandIo,
): Promise<ReadonlyMap<string, KeyObject>> {
  if (words.key !== undefined) {
    return new Map(await Promise.all(words.key.map(keyIn)));
  }
  const kept = await readGenerations(join(dataFolder(words, io), "keys"), "checkpoint");
  return new Map(await Promise.all(kept.map(({ secret }) => publicKeyOf(secret, "checkpoint"))));
}

async function keyIn(file: string): Promise<readonly [string, KeyObject]> {
  const text = await readFile(file, "utf8");
  try {
    return await publicKeyOf(text, "checkpoint");
  } catch (error) {
    throw new BadWords(`${file}: this is no public key, as JWK or PEM: ${whyOf(error)}`, {
      cause: error,
    });
  }
}
