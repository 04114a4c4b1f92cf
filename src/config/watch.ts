import { type FSWatcher, watch as watchFolder } from "node:fs";
import { readFile, realpath } from "node:fs/promises";
import { dirname, resolve } from "node:path";
import { codeOf, isGone } from "../errors.ts";
import { digestOf, type Load } from "./load.ts";

interface WatchOptions {
  /** The digest of what runs now. */
  readonly digest: string;
  /** Reads, checks and compiles the file. */
  load(): Promise<Load>;
  /** A config without a problem: swap it in. */
  accepted(loaded: Extract<Load, { kind: "loaded" }>): void | Promise<void>;
  /** A config with problems: nothing has changed. */
  rejected(rejected: Extract<Load, { kind: "rejected" }>): void | Promise<void>;
  /** Loading or one of these calls threw, which is a bug. Nothing has changed. */
  failed(error: unknown): void;
  /** How long a file must be left alone before it is read, ms. */
  readonly quiet?: number;
  /** How often to look without being told, ms: some network and container file systems tell nothing. */
  readonly every?: number;
}

/** Something that watches a file until it is closed. */
export interface Watch {
  /** Looks now; resolves when all that came of it is done. */
  look(): Promise<void>;
  close(): void;
}

/**
 * Watches a config file and applies each valid edit. It watches the folders of the file and of its link target,
 * because editors replace the file, and Kubernetes replaces a link beside it.
 */
export function watch(file: string, options: WatchOptions): Watch {
  const { quiet = 100, every = 5_000 } = options;
  const watchers = new Map<string, FSWatcher>();
  let seen: string | null = options.digest;
  let timer: NodeJS.Timeout | null = null;
  let work: Promise<void> = Promise.resolve();
  let closed = false;

  async function lookOnce(): Promise<void> {
    if (closed) return;
    await attend(file, watchers, stirred);
    if (closed) return closeAll(watchers);
    const digest = await digestOfFile(file);
    if (digest === seen || closed) return;
    const load = await options.load();
    seen = load.kind === "loaded" ? load.snapshot.digest : load.digest;
    if (closed) return;
    await (load.kind === "loaded" ? options.accepted(load) : options.rejected(load));
  }

  function look(): Promise<void> {
    work = work.then(lookOnce).catch((error: unknown) => options.failed(error));
    return work;
  }

  function stirred(): void {
    if (timer !== null) clearTimeout(timer);
    timer = setTimeout(look, quiet);
  }

  const clock = setInterval(look, every);
  clock.unref();
  void look();
  return {
    look,
    close() {
      closed = true;
      clearInterval(clock);
      if (timer !== null) clearTimeout(timer);
      closeAll(watchers);
    },
  };
}

/** Watches the folders that matter now, and no other. */
async function attend(file: string, watchers: Map<string, FSWatcher>, stirred: () => void): Promise<void> {
  const wanted = new Set([dirname(resolve(file)), dirname((await target(file)) ?? resolve(file))]);
  for (const [folder, watcher] of watchers) {
    if (wanted.has(folder)) continue;
    watcher.close();
    watchers.delete(folder);
  }
  for (const folder of wanted) {
    if (watchers.has(folder)) continue;
    const watcher = openWatcher(folder, stirred);
    if (watcher === null) continue;
    // A folder that goes away ends its watcher; the next look finds what there is then.
    watcher.on("error", () => {
      watcher.close();
      watchers.delete(folder);
    });
    watchers.set(folder, watcher);
  }
}

function closeAll(watchers: Map<string, FSWatcher>): void {
  for (const watcher of watchers.values()) watcher.close();
  watchers.clear();
}

function openWatcher(folder: string, stirred: () => void): FSWatcher | null {
  try {
    return watchFolder(folder, { persistent: false }, stirred);
  } catch (error) {
    if (isMissing(error)) return null;
    throw error;
  }
}

async function target(file: string): Promise<string | null> {
  try {
    return await realpath(file);
  } catch (error) {
    if (isMissing(error)) return null;
    throw error;
  }
}

/** null: there is no file at this moment. */
async function digestOfFile(file: string): Promise<string | null> {
  try {
    return digestOf(await readFile(file));
  } catch (error) {
    if (isMissing(error)) return null;
    throw error;
  }
}

function isMissing(error: unknown): boolean {
  return isGone(error) || codeOf(error) === "ENOTDIR";
}
