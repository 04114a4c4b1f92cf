import { type FileHandle, open, rename, rm } from "node:fs/promises";
import { dirname } from "node:path";

/** Makes it durable that files were created in, or removed from, the folder. */
export async function syncFolder(folder: string): Promise<void> {
  await using handle = await open(folder, "r");
  await handle.sync();
}

/** Opens the file, for its owner alone if it is new; what `change` does with it is durable when this resolves. */
export async function durably(
  path: string,
  flags: "w" | "wx" | "r+",
  change: (handle: FileHandle) => Promise<void>,
): Promise<void> {
  await using handle = await open(path, flags, 0o600);
  await change(handle);
  await handle.sync();
}

/**
 * Puts the text in the file's place, for its owner alone: durable when it resolves, and whole or as before, whatever happens
 * in between. `draft` is a path in the same folder that nobody else writes to.
 */
export async function replaceFile(path: string, draft: string, text: string): Promise<void> {
  try {
    await durably(draft, "w", (handle) => handle.writeFile(text));
    await rename(draft, path);
  } catch (error) {
    await rm(draft, { force: true });
    throw error;
  }
  await syncFolder(dirname(path));
}
