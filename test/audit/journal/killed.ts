import { cp, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Test } from "tap";
import { event } from "../event.ts";
import { openLedger } from "../journal-folder.ts";

/** A folder as a process leaves it that is killed after it recorded groups of so many intents. */
export async function killed(t: Test, groups: readonly number[]): Promise<string> {
  const root = await mkdtemp(join(tmpdir(), "guise-killed-"));
  t.teardown(() => rm(root, { recursive: true }));
  const it = await openLedger(join(root, "alive"));
  for (const group of groups) await Promise.all(Array.from({ length: group }, () => it.record(event())));
  await cp(join(root, "alive"), join(root, "left"), { recursive: true });
  await it.close();
  return join(root, "left");
}

export const namesIn = async (folder: string, end: string) =>
  (await readdir(folder)).filter((name) => name.endsWith(end));

export async function fileIn(folder: string): Promise<string> {
  const [name = ""] = await namesIn(folder, ".jsonl");
  return join(folder, name);
}

/** Changes the lines of the only file of a folder. */
export async function edit(folder: string, change: (lines: string[]) => void): Promise<readonly string[]> {
  const path = await fileIn(folder);
  const lines = (await readFile(path, "utf8")).split("\n");
  change(lines);
  await writeFile(path, lines.join("\n"));
  return lines;
}
