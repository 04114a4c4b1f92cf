import { Transform, type TransformCallback } from "node:stream";
import { credentialsIn, type Haystack } from "../../domain/page/page-credentials.ts";
import { type DecoderLimits, decoder } from "./content-coding.ts";
import { type Filter, Filtered, type Give } from "./filters.ts";

interface LookOptions {
  readonly kind: Haystack;
  readonly learn: (values: readonly string[]) => void;
}

interface WatchOptions extends LookOptions {
  /** The body's `Content-Encoding`; what nobody here can decode is not looked at. */
  readonly codings: string;
  readonly limits: DecoderLimits;
}

/** Passes a body on as it is, and tells what in it could be a credential before the client has it. */
export function credentialWatch(options: WatchOptions): Transform {
  let decoding: Transform | null;
  try {
    decoding = decoder(options.codings, options.limits);
  } catch {
    return new Filtered([]);
  }
  return decoding === null
    ? new Filtered([new CredentialFilter(options)])
    : new DecodedWatch(options, decoding);
}

/** The same in front of what is done to a plain body anyway. */
export function watchedBefore(filters: Filtered, options: LookOptions): Filtered {
  return filters.behind(new CredentialFilter(options));
}

const NOTHING = Buffer.alloc(0);

class CredentialFilter implements Filter {
  readonly #options: LookOptions;
  #rest: Buffer = NOTHING;

  constructor(options: LookOptions) {
    this.#options = options;
  }

  read(chunk: Buffer, give: Give): void {
    this.look(chunk, false);
    give(chunk);
  }

  end(): void {
    this.look(NOTHING, true);
  }

  look(piece: Buffer, last: boolean): void {
    const text = this.#rest.length === 0 ? piece : Buffer.concat([this.#rest, piece]);
    const { found, rest } = credentialsIn(text, this.#options.kind, last);
    this.#rest = rest;
    if (found.length > 0) this.#options.learn(found);
  }
}

class DecodedWatch extends Transform {
  readonly #inside: CredentialFilter;
  readonly #decoder: Transform;
  /** It can't be looked at any further. */
  #blind = false;
  /** Goes on behind what the decoder has at the moment. */
  #behind: (() => void) | null = null;

  constructor(options: WatchOptions, decoding: Transform) {
    super();
    this.#inside = new CredentialFilter(options);
    this.#decoder = decoding;
    decoding.on("data", (decoded: Buffer) => this.#inside.look(decoded, false));
    decoding.on("error", () => {
      this.#blind = true;
    });
    decoding.on("close", () => this.#goOn());
  }

  override _transform(chunk: Buffer, _: BufferEncoding, done: TransformCallback): void {
    if (this.#blind) {
      done(null, chunk);
      return;
    }
    this.#behind = () => done(null, chunk);
    // One that fails may not call back, but closes.
    this.#decoder.write(chunk, () => this.#goOn());
  }

  override _flush(done: TransformCallback): void {
    if (this.#blind) {
      done();
      return;
    }
    this.#behind = () => {
      if (!this.#blind) this.#inside.end();
      done();
    };
    this.#decoder.end();
  }

  override _destroy(error: Error | null, done: (error?: Error | null) => void): void {
    this.#decoder.destroy();
    done(error);
  }

  #goOn(): void {
    const behind = this.#behind;
    this.#behind = null;
    behind?.();
  }
}
