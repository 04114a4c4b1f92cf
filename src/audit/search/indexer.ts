import { setTimeout } from "node:timers/promises";
import { problemOf } from "../shipping/sink-errors.ts";
import type { Catalog } from "./catalog.ts";
import type { Feed } from "./journal-feed.ts";
import type { Answers, ArchiveStatus, Asking, Course, Loaded, Page } from "./messages.ts";
import { partsOf, type Visited } from "./parts.ts";
import { type Match, picture, type Question, type RequestIds, requestOf, runs, search } from "./search.ts";

interface IndexerOptions {
  readonly catalog: Catalog;
  readonly feed: Feed;
  /** Told when the status has changed. */
  readonly changed: (status: ArchiveStatus) => void;
  /** How often it is looked for more without having been told of any, ms. */
  readonly idle?: number;
}

/** How long a question waits for what is being read just now, ms. */
const FRESH = 1_000;
/** Pages that are read again for one page of answers, where records were taken away meanwhile. */
const MOST_PAGES = 20;

/** Reads on and on, and answers in between. */
export class Indexer {
  readonly #options: IndexerOptions;
  readonly #working: Promise<void>;
  #closed = false;
  #status: ArchiveStatus = { behind: true, breaks: -1, problem: null };
  #alarm = Promise.withResolvers<void>();
  /** Called when all is read that was there when they came. */
  #waiting: (() => void)[] = [];

  constructor(options: IndexerOptions) {
    this.#options = options;
    this.#working = this.#work();
  }

  /** There may be more to read. */
  wake(): void {
    this.#alarm.resolve();
    this.#alarm = Promise.withResolvers();
  }

  async answer(asking: Asking): Promise<Answers[keyof Answers]> {
    const { catalog, feed } = this.#options;
    const caughtUp = new Promise<void>((done) => this.#waiting.push(done));
    this.wake();
    await Promise.race([caughtUp, setTimeout(FRESH, undefined, { ref: false })]);
    return await answerTo(catalog, feed, asking);
  }

  async close(): Promise<void> {
    const { catalog, feed } = this.#options;
    this.#closed = true;
    this.wake();
    feed.close();
    await this.#working;
    catalog.close();
  }

  async #work(): Promise<void> {
    while (!this.#closed) {
      const [heard, waiting] = [this.#alarm.promise, this.#waiting.length];
      if (await this.#round()) continue;
      for (const done of this.#waiting.splice(0, waiting)) done();
      await Promise.race([heard, setTimeout(this.#options.idle ?? 1_000, undefined, { ref: false })]);
    }
  }

  async #round(): Promise<boolean> {
    const { catalog, feed } = this.#options;
    try {
      const more = await feed.round();
      this.#say({ behind: more, breaks: catalog.breaks(), problem: null });
      return more;
    } catch (error) {
      this.#say({ ...this.#status, problem: problemOf(error) });
      return false;
    }
  }

  #say(now: ArchiveStatus): void {
    const before = this.#status;
    this.#status = now;
    const same =
      now.behind === before.behind && now.breaks === before.breaks && now.problem === before.problem;
    if (!same) this.#options.changed(now);
  }
}

async function answerTo(catalog: Catalog, feed: Feed, asking: Asking): Promise<Answers[keyof Answers]> {
  switch (asking.what) {
    case "search":
      return await pageOf(catalog, feed, asking);
    case "request":
      return await courseOf(catalog, feed, asking.ids);
    case "parts":
      return await loadedOf(catalog, feed, asking);
    case "runs":
      return runs(catalog, asking.question, asking.limit);
    case "picture":
      return picture(catalog, asking.impersonation, asking.view);
    default:
      return asking satisfies never;
  }
}

async function courseOf(catalog: Catalog, feed: Feed, ids: RequestIds): Promise<Course> {
  const { matches, more } = requestOf(catalog, ids);
  return { lines: (await present(catalog, feed, matches)).map(({ line }) => line), more };
}

async function loadedOf(
  catalog: Catalog,
  feed: Feed,
  { pages, limit }: { pages: readonly Visited[]; limit: number },
): Promise<readonly Loaded[]> {
  const found = pages.map((page) => partsOf(catalog, page, limit));
  // All at once: each question to the stream takes a way there and back.
  const lines = await feed.lines(found.flatMap(({ matches }) => matches));
  let at = 0;
  return found.map(({ matches, count, until }) => {
    const own = lines.slice(at, at + matches.length);
    at += matches.length;
    return { lines: own.filter((line) => line !== null), count, until };
  });
}

async function pageOf(
  catalog: Catalog,
  feed: Feed,
  { question, limit, beyond }: { question: Question; limit: number; beyond: Page["beyond"] },
): Promise<Page> {
  const lines: string[] = [];
  let from = beyond;
  for (let page = 0; page < MOST_PAGES; page += 1) {
    const wanted = limit - lines.length;
    const matches = search(catalog, question, wanted, from);
    for (const { line } of await present(catalog, feed, matches)) lines.push(line);
    const last = matches.at(-1);
    if (last === undefined || matches.length < wanted) return { lines, beyond: null };
    from = { at: last.at, id: last.id };
    if (lines.length === limit) break;
  }
  return { lines, beyond: from };
}

/** Those that are still there; the catalog passes over the others from then on. */
async function present(catalog: Catalog, feed: Feed, matches: readonly Match[]) {
  const lines = await feed.lines(matches);
  return matches.flatMap(({ id }, at) => {
    const line = lines[at] ?? null;
    if (line !== null) return [{ line }];
    catalog.gone(id);
    return [];
  });
}
