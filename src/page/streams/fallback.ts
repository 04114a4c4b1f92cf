import { Transform, type TransformCallback } from "node:stream";

/**
 * Sends bytes through `inner`, or unchanged if `inner` fails before its first output: for optional changes of a page.
 * After its first output, `inner` must not lose or reorder bytes.
 */
export class Sparing extends Transform {
  readonly #inner: Transform;
  /** What `inner` took and may still refuse; null once it gave something. */
  #held: Buffer[] | null = [];
  #failed: Error | null = null;

  constructor(inner: Transform) {
    super();
    this.#inner = inner;
    inner.on("data", (chunk: Buffer) => {
      this.#held = null;
      if (!this.push(chunk)) inner.pause();
    });
    inner.on("error", (error) => {
      this.#failed ??= error;
    });
  }

  override _transform(chunk: Buffer, _: BufferEncoding, done: TransformCallback): void {
    if (this.#failed !== null) {
      done(null, chunk);
      return;
    }
    this.#held?.push(chunk);
    this.#inner.write(chunk, (error) => {
      if (error) this.#giveBack(error, done);
      else done();
    });
  }

  override _flush(done: TransformCallback): void {
    if (this.#failed !== null) {
      done();
      return;
    }
    this.#inner.once("end", () => done());
    this.#inner.once("error", (error) => this.#giveBack(error, done));
    this.#inner.end();
  }

  override _read(size: number): void {
    this.#inner.resume();
    super._read(size);
  }

  override _destroy(error: Error | null, done: (error?: Error | null) => void): void {
    this.#inner.destroy();
    done(error);
  }

  #giveBack(error: Error, done: TransformCallback): void {
    this.#failed = error;
    if (this.#held === null) {
      done(error);
      return;
    }
    for (const chunk of this.#held) this.push(chunk);
    this.#held = null;
    done();
  }
}
