import { Transform } from "node:stream";
import {
  createBrotliDecompress,
  createGunzip,
  createInflate,
  createInflateRaw,
  createZstdDecompress,
} from "node:zlib";
import { Fault } from "../../errors.ts";
import { Chain } from "./chain.ts";

export interface DecoderLimits {
  /** Decoded bytes at the most, after each of stacked codings. */
  readonly decoded: number;
}

const DEPTH = 2;

const DECODERS: Readonly<Record<string, (first: Buffer) => Transform>> = {
  gzip: () => createGunzip(),
  "x-gzip": () => createGunzip(),
  deflate,
  br: () => createBrotliDecompress(),
  zstd: () => createZstdDecompress(),
};

/**
 * Decodes a body that came with this `Content-Encoding`; null where it needs no decoding. Throws a Fault
 * `page-unmarkable` for a coding nobody knows and for too many on top of each other. The stream fails with the same
 * when more comes out than the limit allows, and with `upstream-protocol` when the bytes aren't what they claim to be.
 */
export function decoder(codings: string, limits: DecoderLimits): Transform | null {
  const names = codings
    .toLowerCase()
    .split(",")
    .map((name) => name.trim())
    .filter((name) => name !== "" && name !== "identity");
  if (names.length > DEPTH)
    throw new Fault("page-unmarkable", `more than ${DEPTH} content codings: ${codings}`);
  const stages = names.reverse().map((name) => stage(name, limits, codings));
  const [outer, inner] = stages;
  if (outer === undefined) return null;
  return inner === undefined
    ? outer
    : new Chain(
        () => [outer, inner],
        (error) => asFault(error, codings),
      );
}

function stage(name: string, limits: DecoderLimits, codings: string): Transform {
  const make = Object.hasOwn(DECODERS, name) ? DECODERS[name] : undefined;
  if (make === undefined) throw new Fault("page-unmarkable", `unknown content coding: ${name}`);
  return new Chain(
    (first) => [make(first), meter(limits.decoded)],
    (error) => asFault(error, codings),
  );
}

function asFault(error: Error, codings: string): Fault {
  if (error instanceof Fault) return error;
  return new Fault("upstream-protocol", `the body is no ${codings}: ${error.message}`, { cause: error });
}

function meter(limit: number): Transform {
  let total = 0;
  return new Transform({
    transform(chunk: Buffer, _, done) {
      total += chunk.length;
      if (total <= limit) done(null, chunk);
      else done(new Fault("page-unmarkable", `more than ${limit} bytes when decoded`));
    },
  });
}

/** What is called deflate is zlib (RFC 9110) or, from some servers, raw; no raw stream begins with zlib's method 8. */
function deflate(first: Buffer): Transform {
  return ((first[0] ?? 0) & 0x0f) === 8 ? createInflate() : createInflateRaw();
}
