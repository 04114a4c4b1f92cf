import { join } from "node:path";
import { Worker } from "node:worker_threads";
import { Fault } from "../../errors.ts";
import type { Closing, Log } from "../../ports.ts";
import type { Source } from "../journal/source.ts";
import type {
  Answers,
  ArchiveSetup,
  ArchiveStatus,
  Ask,
  Asking,
  Course,
  Loaded,
  Page,
  Told,
} from "./messages.ts";
import type { Visited } from "./parts.ts";
import type { Mark, Picture, Question, RequestIds, Run, View } from "./search.ts";

/**
 * Searches the records: those of the stream if there is one, else those of this machine's journals. Its index is a file
 * that can be deleted at any time. It works in a thread of its own. Calls throw `audit-unavailable` while records
 * can't be read.
 */
export interface Archive extends Closing {
  search(question: Question, limit: number, beyond: Mark | null): Promise<Page>;
  /** The records of the request that an event or a request id belongs to. All but some of its progress, if that is long. */
  request(ids: RequestIds): Promise<Course>;
  runs(question: Question, limit: number): Promise<readonly Run[]>;
  picture(impersonation: string, view: View): Promise<Picture>;
  /** What each of these pages loaded, so many of it as lines. */
  parts(pages: readonly Visited[], limit: number): Promise<readonly Loaded[]>;
  status(): ArchiveStatus;
}

interface ArchiveOptions {
  /** The data folder; the catalog is `audit-index.db` in it. */
  readonly data: string;
  readonly source: Source;
  /** The stream to read instead of the journals. */
  readonly redis: { readonly url: string; readonly stream: string } | null;
  readonly log: Log;
  /** Reading begins after this time or with the first question, so that the gateway starts quickly; ms. */
  readonly patience?: number;
}

/** One message for all that comes within this time, ms: a question says by itself what there is. */
const TELL_EVERY = 250;
/** How long a question may take, ms. */
const TIMEOUT = 10_000;

type Settled = Extract<Told, { readonly id: number }>;

/** Begins nothing before its time, or the first question. */
export function archive(options: ArchiveOptions): Archive {
  return new ThreadedArchive(options);
}

class ThreadedArchive implements Archive {
  readonly #options: ArchiveOptions;
  readonly #waiting = new Map<number, (told: Settled) => void>();
  readonly #timer: NodeJS.Timeout;
  #worker: Worker | null = null;
  #telling: NodeJS.Timeout | null = null;
  #asked = 0;
  #closed = false;
  #status: ArchiveStatus = { behind: true, breaks: 0, problem: null };

  constructor(options: ArchiveOptions) {
    this.#options = options;
    this.#timer = setTimeout(() => this.#thread(), options.patience ?? 3_000).unref();
    options.source.listen(() => {
      if (this.#worker !== null) this.#telling ??= setTimeout(() => this.#written(), TELL_EVERY).unref();
    });
  }

  search: Archive["search"] = (question, limit, beyond) =>
    this.#ask({ what: "search", question, limit, beyond });
  request: Archive["request"] = (ids) => this.#ask({ what: "request", ids });
  runs: Archive["runs"] = (question, limit) => this.#ask({ what: "runs", question, limit });
  picture: Archive["picture"] = (impersonation, view) => this.#ask({ what: "picture", impersonation, view });
  parts: Archive["parts"] = (pages, limit) => this.#ask({ what: "parts", pages, limit });

  status(): ArchiveStatus {
    return this.#status;
  }

  async close(): Promise<void> {
    clearTimeout(this.#timer);
    clearTimeout(this.#telling ?? undefined);
    this.#closed = true;
    const worker = this.#worker;
    if (worker === null) return;
    worker.ref();
    const gone = new Promise((done) => worker.once("exit", done));
    this.#tell({ kind: "close" });
    await gone;
  }

  async #ask<A extends Asking>(asking: A): Promise<Answers[A["what"]]> {
    if (this.#closed) throw new Fault("audit-unavailable", "the gateway stops");
    this.#thread();
    this.#asked += 1;
    const id = this.#asked;
    const settled = new Promise<Settled>((done) => this.#waiting.set(id, done));
    this.#tell({ kind: "ask", id, asking, written: this.#options.source.written() });
    const timer = setTimeout(() => this.#settle({ kind: "failed", id, why: "it took too long" }), TIMEOUT);
    const told = await settled;
    clearTimeout(timer);
    if (told.kind === "failed")
      throw new Fault("audit-unavailable", `records can not be searched: ${told.why}`);
    return told.answer as Answers[A["what"]];
  }

  #written(): void {
    this.#telling = null;
    this.#tell({ kind: "written", written: this.#options.source.written() });
  }

  #tell(ask: Ask): void {
    this.#worker?.postMessage(ask);
  }

  #thread(): void {
    if (this.#worker !== null || this.#closed) return;
    const { data, source, redis } = this.#options;
    const setup: ArchiveSetup = {
      file: join(data, "audit-index.db"),
      folder: source.folder,
      redis,
      written: source.written(),
    };
    const worker = new Worker(new URL("./worker.ts", import.meta.url), { workerData: setup });
    worker.unref();
    worker.on("message", (told: Told) => this.#hear(told));
    worker.on("error", (error) => this.#lost(error));
    worker.on("exit", () => this.#lost(null));
    this.#worker = worker;
  }

  #hear(told: Told): void {
    if (told.kind !== "status") {
      this.#settle(told);
      return;
    }
    const { log } = this.#options;
    const { problem, breaks } = told.status;
    if (problem !== null && problem !== this.#status.problem)
      log.warn({ problem }, "audit: records can not be read for the activity page");
    if (breaks > this.#status.breaks)
      log.error({ breaks }, "audit: records are missing or altered; run `guise audit verify`");
    this.#status = told.status;
  }

  #settle(told: Settled): void {
    this.#waiting.get(told.id)?.(told);
    this.#waiting.delete(told.id);
  }

  /** The thread ended by itself: the next question begins another. */
  #lost(error: unknown): void {
    if (error !== null) this.#options.log.error({ err: error }, "audit: the search for records broke down");
    this.#worker = null;
    for (const id of [...this.#waiting.keys()])
      this.#settle({ kind: "failed", id, why: error === null ? "it ended" : String(error) });
  }
}
