import { Transform, type TransformCallback } from "node:stream";

/** So many bytes are whole in base64. */
const WHOLE = 3;

/** Puts a drawing as a picture into a page of its own, under `insert`: browsers run no script of a picture and load nothing for it. */
export class Picture extends Transform {
  readonly #insert: string;
  #begun = false;
  #rest: Buffer = Buffer.alloc(0);

  constructor(insert: string) {
    super();
    this.#insert = insert;
  }

  override _transform(chunk: Buffer, _: BufferEncoding, done: TransformCallback): void {
    this.#begin();
    const bytes = Buffer.concat([this.#rest, chunk]);
    const whole = bytes.length - (bytes.length % WHOLE);
    this.#rest = bytes.subarray(whole);
    done(null, bytes.toString("base64", 0, whole));
  }

  override _flush(done: TransformCallback): void {
    this.#begin();
    done(null, `${this.#rest.toString("base64")}">\n`);
  }

  #begin(): void {
    if (this.#begun) return;
    this.#begun = true;
    this.push(
      `<!doctype html><html lang="en"><title>Picture</title><body>${this.#insert}<img alt="The picture at this address" src="data:image/svg+xml;base64,`,
    );
  }
}
