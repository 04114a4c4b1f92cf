import { Worker } from "node:worker_threads";
import { unlessAborted } from "../abort.ts";
import {
  type Database,
  type Inspection,
  type Question,
  type Row,
  type SqlValue,
  StatementError,
} from "./database.ts";
import { type FileAddress, nameOf } from "./database-url.ts";

/** What the thread is asked, one at a time. */
export interface ThreadQuestion {
  readonly kind: "rows" | "inspection";
  readonly text: string;
  readonly values: readonly SqlValue[];
  /** How long it may wait for another that writes, ms. */
  readonly timeout: number;
}

export type ThreadAnswer =
  | { readonly kind: "rows"; readonly rows: readonly Row[] }
  | { readonly kind: "inspection"; readonly inspection: Inspection }
  /** `statement`: it is what was asked that is wrong. */
  | { readonly kind: "failed"; readonly why: string; readonly statement: boolean };

interface Waiting {
  readonly asking: ThreadQuestion;
  readonly settle: (answer: ThreadAnswer) => void;
}

/**
 * An SQLite file, opened for reading in a thread of its own when it is first asked. A statement that runs can't be stopped: who
 * waits leaves, and the next is asked when it has ended. So there is never more than one at work.
 */
export class SqliteFile implements Database {
  readonly dialect = "sqlite";
  readonly name: string;
  readonly #file: string;
  readonly #waiting: Waiting[] = [];
  #worker: Worker | null = null;
  #asked: Waiting | null = null;

  constructor(address: FileAddress) {
    this.name = nameOf(address);
    this.#file = address.file;
  }

  async rows(question: Question): Promise<readonly Row[]> {
    return (await this.#ask("rows", question)).rows;
  }

  async inspect(question: Question): Promise<Inspection> {
    return (await this.#ask("inspection", question)).inspection;
  }

  close(): void {
    void this.#worker?.terminate();
    this.#lost("the database is closed");
  }

  async #ask<Asked extends ThreadQuestion["kind"]>(
    kind: Asked,
    { text, values, timeout, signal }: Question,
  ): Promise<Extract<ThreadAnswer, { readonly kind: Asked }>> {
    signal.throwIfAborted();
    const { promise, resolve } = Promise.withResolvers<ThreadAnswer>();
    const one: Waiting = { asking: { kind, text, values, timeout }, settle: resolve };
    this.#waiting.push(one);
    this.#next();
    try {
      const answer = await unlessAborted(promise, signal);
      if (answer.kind !== "failed") return answer as Extract<ThreadAnswer, { readonly kind: Asked }>;
      throw answer.statement ? new StatementError(answer.why) : new Error(answer.why);
    } finally {
      const at = this.#waiting.indexOf(one);
      if (at !== -1) this.#waiting.splice(at, 1);
    }
  }

  #next(): void {
    if (this.#asked !== null) return;
    const one = this.#waiting.shift();
    if (one === undefined) return;
    this.#asked = one;
    const thread = this.#thread();
    thread.ref();
    thread.postMessage(one.asking);
  }

  #thread(): Worker {
    if (this.#worker !== null) return this.#worker;
    const worker = new Worker(new URL("./sqlite-thread.ts", import.meta.url), {
      workerData: { file: this.#file },
    });
    worker.on("message", (answer: ThreadAnswer) => {
      worker.unref();
      this.#asked?.settle(answer);
      this.#asked = null;
      this.#next();
    });
    worker.on("error", (error) => this.#lost(String(error)));
    worker.on("exit", () => this.#worker === worker && this.#lost("its thread ended"));
    this.#worker = worker;
    return worker;
  }

  /** The next question begins another thread. */
  #lost(why: string): void {
    this.#worker = null;
    const waiting = [...(this.#asked === null ? [] : [this.#asked]), ...this.#waiting.splice(0)];
    this.#asked = null;
    for (const { settle } of waiting) settle({ kind: "failed", why, statement: false });
  }
}
