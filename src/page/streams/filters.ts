import { Transform, type TransformCallback } from "node:stream";

export type Give = (bytes: Buffer) => void;

/** Gets the bytes of a body and gives those that go on. Throws if the body can't go on. */
export interface Filter {
  read(chunk: Buffer, give: Give): void;
  end(give: Give): void;
}

/** One stream for all filters: a stream for each would cost more than most filters do. */
export class Filtered extends Transform {
  readonly #filters: readonly Filter[];
  /** What each filter gives to. */
  readonly #gives: readonly Give[];

  constructor(filters: readonly Filter[]) {
    super();
    this.#filters = filters;
    const out: Give = (bytes) => void this.push(bytes);
    this.#gives = filters.map((_, at) => {
      const next = filters[at + 1];
      return next === undefined ? out : (bytes) => next.read(bytes, this.#gives[at + 1] ?? out);
    });
  }

  /** The same behind one more filter; only as long as nothing has passed. */
  behind(first: Filter): Filtered {
    return new Filtered([first, ...this.#filters]);
  }

  override _transform(chunk: Buffer, _: BufferEncoding, done: TransformCallback): void {
    const [first] = this.#filters;
    if (first === undefined) done(null, chunk);
    else this.#settle(done, () => first.read(chunk, this.#gives[0] ?? nowhere));
  }

  override _flush(done: TransformCallback): void {
    this.#settle(done, () => {
      for (const [at, it] of this.#filters.entries()) it.end(this.#gives[at] ?? nowhere);
    });
  }

  #settle(done: TransformCallback, work: () => void): void {
    try {
      work();
    } catch (error) {
      done(error instanceof Error ? error : new Error(String(error)));
      return;
    }
    done();
  }
}

const nowhere: Give = () => undefined;
