import { Transform, type TransformCallback } from "node:stream";
import { credentialsIn, type Haystack } from "../../domain/page/page-credentials.ts";
import { type DecoderLimits, decoder } from "./content-coding.ts";

interface WatchOptions {
  readonly kind: Haystack;
  /** The body's `Content-Encoding`; what nobody here can decode is not looked at. */
  readonly codings: string;
  readonly limits: DecoderLimits;
  readonly learn: (values: readonly string[]) => void;
}

/** Passes a body on as it is, and tells what in it could be a credential before the client has it. */
export function credentialWatch(options: WatchOptions): Transform {
  return new CredentialWatch(options);
}

class CredentialWatch extends Transform {
  readonly #options: WatchOptions;
  readonly #decoder: Transform | null;
  #rest = "";
  /** It can't be looked at any further. */
  #blind = false;
  /** Goes on behind what the decoder has at the moment. */
  #behind: (() => void) | null = null;

  constructor(options: WatchOptions) {
    super();
    this.#options = options;
    this.#decoder = this.#decoderOf(options);
    this.#decoder?.on("data", (decoded: Buffer) => this.#look(decoded.toString("latin1"), false));
    this.#decoder?.on("error", () => {
      this.#blind = true;
    });
    this.#decoder?.on("close", () => this.#goOn());
  }

  override _transform(chunk: Buffer, _: BufferEncoding, done: TransformCallback): void {
    if (this.#decoder !== null && !this.#blind) {
      this.#behind = () => done(null, chunk);
      // One that fails may not call back, but closes.
      this.#decoder.write(chunk, () => this.#goOn());
      return;
    }
    if (!this.#blind) this.#look(chunk.toString("latin1"), false);
    done(null, chunk);
  }

  override _flush(done: TransformCallback): void {
    const last = () => {
      if (!this.#blind) this.#look("", true);
      done();
    };
    if (this.#decoder === null || this.#blind) last();
    else {
      this.#behind = last;
      this.#decoder.end();
    }
  }

  override _destroy(error: Error | null, done: (error?: Error | null) => void): void {
    this.#decoder?.destroy();
    done(error);
  }

  #goOn(): void {
    const behind = this.#behind;
    this.#behind = null;
    behind?.();
  }

  #decoderOf({ codings, limits }: WatchOptions): Transform | null {
    try {
      return decoder(codings, limits);
    } catch {
      this.#blind = true;
      return null;
    }
  }

  #look(text: string, last: boolean): void {
    const { found, rest } = credentialsIn(this.#rest + text, this.#options.kind, last);
    this.#rest = rest;
    if (found.length > 0) this.#options.learn(found);
  }
}
