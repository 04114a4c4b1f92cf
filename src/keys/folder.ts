import { randomBytes } from "node:crypto";
import { link, mkdir, readdir, readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import { durably, syncFolder } from "../durable.ts";
import { codeOf, isGone } from "../errors.ts";

/** One generation of a secret in the key folder. Times are ms since the epoch. */
export interface Generation {
  readonly name: string;
  readonly number: number;
  readonly createdAt: number;
  /** From when it is used; it is published before, so that everybody has seen it by then. */
  readonly activeFrom: number;
  /** PEM for signing keys, base64url for the data key. */
  readonly secret: string;
}

const FILE = /^([a-z]+)\.(\d{4})\.json$/;

/** All generations of one name, oldest first; none when the folder is not there. Throws on a file that can't be read. */
export async function readGenerations(folder: string, name: string): Promise<readonly Generation[]> {
  const files = (await namesIn(folder)).filter((file) => FILE.exec(file)?.[1] === name).sort();
  return Promise.all(files.map(async (file) => parse(file, await readFile(join(folder, file), "utf8"))));
}

/** Writes the generation for its owner alone, whole or not at all. False: somebody else was faster with this number, and theirs stands. */
export async function createGeneration(folder: string, it: Generation): Promise<boolean> {
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const draft = join(folder, `.draft-${randomBytes(8).toString("hex")}`);
  const { createdAt, activeFrom, secret } = it;
  const text = `${JSON.stringify({ createdAt, activeFrom, secret })}\n`;
  try {
    await durably(draft, "wx", (handle) => handle.writeFile(text));
    await link(draft, join(folder, fileOf(it.name, it.number)));
    await syncFolder(folder);
    return true;
  } catch (error) {
    if (codeOf(error) === "EEXIST") return false;
    throw error;
  } finally {
    await rm(draft, { force: true });
  }
}

export async function removeGeneration(folder: string, it: Generation): Promise<void> {
  await rm(join(folder, fileOf(it.name, it.number)), { force: true });
}

function fileOf(name: string, number: number): string {
  return `${name}.${String(number).padStart(4, "0")}.json`;
}

function parse(file: string, text: string): Generation {
  const [, name = "", number = ""] = FILE.exec(file) ?? [];
  const { createdAt, activeFrom, secret }: Readonly<Record<string, unknown>> = JSON.parse(text) ?? {};
  if (typeof createdAt !== "number" || typeof activeFrom !== "number" || typeof secret !== "string")
    throw new TypeError(`${file} is no key file`);
  return { name, number: Number(number), createdAt, activeFrom, secret };
}

async function namesIn(folder: string): Promise<readonly string[]> {
  try {
    return await readdir(folder);
  } catch (error) {
    if (isGone(error)) return [];
    throw error;
  }
}
