import { pipeline, Transform, type TransformCallback } from "node:stream";

type Open = (first: Buffer) => readonly [Transform, ...Transform[]];

/**
 * Several streams as one, with one backpressure and one end. They are made when the first bytes are there to look at;
 * an empty body needs none, unless `alsoEmpty` says that something is written into it. Whatever goes wrong in one of them ends the whole with what `asFault` makes of it.
 */
export class Chain extends Transform {
  readonly #open: Open;
  readonly #asFault: (error: Error) => Error;
  readonly #alsoEmpty: boolean;
  #ends: { readonly first: Transform; readonly last: Transform } | null = null;

  constructor(open: Open, asFault: (error: Error) => Error, alsoEmpty = false) {
    super();
    this.#open = open;
    this.#asFault = asFault;
    this.#alsoEmpty = alsoEmpty;
  }

  override _transform(chunk: Buffer, _: BufferEncoding, done: TransformCallback): void {
    this.#ends ??= this.#connect(chunk);
    this.#ends.first.write(chunk, (error) => done(error ? this.#asFault(error) : null));
  }

  override _flush(done: TransformCallback): void {
    if (this.#alsoEmpty) this.#ends ??= this.#connect(Buffer.alloc(0));
    if (this.#ends === null) {
      done();
      return;
    }
    this.#ends.last.once("end", () => done());
    this.#ends.first.end();
  }

  override _read(size: number): void {
    this.#ends?.last.resume();
    super._read(size);
  }

  override _destroy(error: Error | null, done: (error?: Error | null) => void): void {
    this.#ends?.first.destroy();
    this.#ends?.last.destroy();
    done(error);
  }

  #connect(first: Buffer): { readonly first: Transform; readonly last: Transform } {
    const stages = this.#open(first);
    const last = stages.at(-1) ?? stages[0];
    last.on("data", (chunk: Buffer) => {
      if (!this.push(chunk)) last.pause();
    });
    const failed = (error: NodeJS.ErrnoException | null) => {
      if (error) this.destroy(this.#asFault(error));
    };
    if (stages.length === 1) last.once("error", failed);
    else pipeline([...stages], failed);
    return { first: stages[0], last };
  }
}
