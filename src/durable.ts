import { open, rename, rm } from "node:fs/promises";
import { dirname } from "node:path";

/** Makes names that were made or removed in the folder durable. */
export async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, "r");
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/**
 * Puts the text in the file's place, for its owner alone: durable when it resolves, and whole or as before, whatever happens
 * in between. `draft` is a path in the same folder that nobody else writes to.
 */
export async function replaceFile(path: string, draft: string, text: string): Promise<void> {
  try {
    const handle = await open(draft, "w", 0o600);
    try {
      await handle.writeFile(text);
      await handle.sync();
    } finally {
      await handle.close();
    }
    await rename(draft, path);
  } catch (error) {
    await rm(draft, { force: true });
    throw error;
  }
  await syncFolder(dirname(path));
}
