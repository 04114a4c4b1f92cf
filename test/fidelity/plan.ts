import { brotliCompressSync, constants, gzipSync } from "node:zlib";
import { type Field, valuesOf } from "./reader.ts";

/** How a sequence of bytes is cut into writes. */
export interface Writes {
  /** Where it is cut, each a part of its length. */
  readonly cuts: readonly number[];
  /** The head leaves before anything of the body does. */
  readonly headFirst: boolean;
  /** What happens between two writes; `turns`: each piece of the body waits until the other side has the one before. */
  readonly pause: "none" | "immediate" | "millisecond" | "turns";
}

export interface Body {
  readonly kind: "none" | "length" | "chunked";
  readonly size: number;
  /** Which bytes it has. */
  readonly salt: number;
  /** Where a chunked body is cut into chunks, each a part of its length. */
  readonly chunks: readonly number[];
  readonly extension: string;
  readonly trailers: readonly Field[];
}

/** What a client sends. Texts are latin1. */
export interface RequestPlan {
  readonly method: string;
  readonly target: string;
  readonly version: "1.0" | "1.1";
  /** All header lines in order but those of the framing, which stand at `framingAt`. */
  readonly fields: readonly Field[];
  readonly framingAt: number;
  readonly body: Body;
  /** It waits for `100 Continue`, or an answer, before it sends its body. */
  readonly expects: boolean;
  readonly writes: Writes;
}

/** When an app begins to answer: once it has the request, its head, or a part of its body. */
export type Begin =
  | { readonly kind: "end" }
  | { readonly kind: "head" }
  | { readonly kind: "bytes"; readonly part: number };

/** What an app does behind its answer: `drop` closes without having said so, `cut` in the middle. */
export type Ending =
  | { readonly kind: "keep" }
  | { readonly kind: "close" }
  | { readonly kind: "drop" }
  | { readonly kind: "cut"; readonly part: number; readonly how: "end" | "reset" };

/** What an app answers. */
export interface AnswerPlan {
  readonly begin: Begin;
  readonly interim: readonly { readonly status: number; readonly fields: readonly Field[] }[];
  readonly version: "1.0" | "1.1";
  readonly status: number;
  readonly reason: string;
  readonly fields: readonly Field[];
  readonly framingAt: number;
  /** `none` of kind means that its end is the end of the connection. */
  readonly body: Body;
  readonly coding: "none" | "gzip" | "br";
  readonly lines: "\r\n" | "\n";
  readonly writes: Writes;
  readonly ending: Ending;
}

/** What the app says to the gateway about the caller of these requests, where it is asked. */
export interface WhoPlan {
  readonly answer: "known" | "guest" | "error" | "closed";
  readonly delay: "none" | "immediate" | "millisecond" | "long";
}

/** One connection: its requests with their answers. */
export interface Plan {
  /** All requests leave before the first answer is read. */
  readonly pipelined: boolean;
  /** The client ends its side behind its last request, and still reads. */
  readonly halfCloses: boolean;
  readonly who: WhoPlan;
  readonly exchanges: readonly { readonly request: RequestPlan; readonly answer: AnswerPlan }[];
}

const LONGEST = 4 * 1024 ** 2;
const noise = makeNoise();

/** Every body is a part of the same noise, so that a long one costs nothing. */
function makeNoise(): Buffer {
  const bytes = Buffer.alloc(LONGEST + 1_024);
  let state = 88_172_645;
  for (let at = 0; at < bytes.length; at += 4) {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    bytes.writeInt32LE(state, at);
  }
  return bytes;
}

export function bytesOf({ size, salt }: Pick<Body, "size" | "salt">): Buffer {
  return noise.subarray(salt, salt + size);
}

/** The body of an answer as it is on the wire but for its chunks. */
export function answerBytes({ body, coding }: Pick<AnswerPlan, "body" | "coding">): Buffer {
  const bytes = bytesOf(body);
  if (coding === "none" || body.size === 0) return bytes;
  return coding === "gzip"
    ? gzipSync(bytes, { level: 1 })
    : brotliCompressSync(bytes.subarray(0, 65_536), { params: { [constants.BROTLI_PARAM_QUALITY]: 1 } });
}

/** Bytes on the wire, cut into pieces of which each knows how many bytes of the body have been sent with it. */
export interface Piece {
  readonly bytes: Buffer;
  readonly sent: number;
}

function positions(parts: readonly number[], length: number): readonly number[] {
  const at = parts.map((part) => Math.min(length, Math.floor(part * (length + 1))));
  return [...new Set(at)].filter((it) => it > 0 && it < length).sort((a, b) => a - b);
}

function slices(bytes: Buffer, parts: readonly number[]): readonly Buffer[] {
  const at = [0, ...positions(parts, bytes.length), bytes.length];
  return at.slice(1).map((end, nth) => bytes.subarray(at[nth], end));
}

/** The body on the wire, in pieces that end where a chunk does. */
export function framed(body: Body, bytes: Buffer): readonly Piece[] {
  if (bytes.length === 0 && body.kind !== "chunked") return [];
  let sent = 0;
  const pieces: Piece[] = [];
  for (const slice of slices(bytes, body.chunks)) {
    sent += slice.length;
    if (body.kind !== "chunked") pieces.push({ bytes: slice, sent });
    else if (slice.length > 0) {
      const size = Buffer.from(`${slice.length.toString(16)}${body.extension}\r\n`, "latin1");
      pieces.push({ bytes: Buffer.concat([size, slice, Buffer.from("\r\n")]), sent });
    }
  }
  if (body.kind !== "chunked") return pieces;
  const trailers = body.trailers.map(([name, value]) => `${name}: ${value}\r\n`).join("");
  return [...pieces, { bytes: Buffer.from(`0\r\n${trailers}\r\n`, "latin1"), sent }];
}

function framingFields(body: Body, length: number, isRequest: boolean): readonly Field[] {
  if (body.kind === "chunked")
    return [
      ...(body.trailers.length > 0
        ? [["Trailer", body.trailers.map(([name]) => name).join(", ")] as const]
        : []),
      ["Transfer-Encoding", "chunked"],
      // As an app says it that has a framework around it which says it, too.
      ...(!isRequest && body.salt % 20 === 0 ? [["transfer-encoding", "Chunked"] as const] : []),
    ];
  if (body.kind === "length") return [[isRequest ? "content-length" : "Content-Length", String(length)]];
  return [];
}

function headOf(
  start: string,
  fields: readonly Field[],
  framing: readonly Field[],
  at: number,
  line = "\r\n",
): Buffer {
  const all = [...fields.slice(0, at), ...framing, ...fields.slice(at)];
  const lines = all.map(([name, value]) => `${name}:${value === "" ? "" : ` ${value}`}`);
  return Buffer.from(`${[start, ...lines].join(line)}${line}${line}`, "latin1");
}

export function requestHead(plan: RequestPlan): Buffer {
  const { method, target, version, fields, framingAt, body } = plan;
  const framing = framingFields(body, body.size, true);
  return headOf(`${method} ${target} HTTP/${version}`, fields, framing, framingAt);
}

export function interimHeads({ interim }: AnswerPlan): Buffer {
  return Buffer.concat(
    interim.map(({ status, fields }) => headOf(`HTTP/1.1 ${status} Interim`, fields, [], 0)),
  );
}

/** Whether an answer to this method has a body at all. */
export function hasBody(method: string, { status }: Pick<AnswerPlan, "status">): boolean {
  return method !== "HEAD" && status !== 204 && status !== 304;
}

/** Whether a client says that nothing comes behind this request. */
export function asksToClose({ version, fields }: RequestPlan): boolean {
  const said = valuesOf(fields, "connection").join(",").toLowerCase();
  return version === "1.0" ? !/\bkeep-alive\b/.test(said) : /\bclose\b/.test(said);
}

/** Whether the app ends the connection behind its answer, whatever is still to come there. */
export function closesBehind({ request, answer }: Plan["exchanges"][number]): boolean {
  const unframed = hasBody(request.method, answer) && answer.body.kind === "none";
  return answer.ending.kind !== "keep" || unframed || answer.version === "1.0" || asksToClose(request);
}

export function answerHead(plan: AnswerPlan, method: string, length: number): Buffer {
  const { version, status, reason, fields, framingAt, body, ending, lines } = plan;
  const framing = status === 204 ? [] : framingFields(body, length, false);
  const closes = ending.kind === "close" || (hasBody(method, plan) && body.kind === "none");
  const connection: readonly Field[] = closes ? [["Connection", "close"]] : [];
  return headOf(`HTTP/${version} ${status} ${reason}`, [...connection, ...fields], framing, framingAt, lines);
}

/** Cuts what is to be written as `writes` says. */
export function written(head: Buffer, body: readonly Piece[], writes: Writes): readonly Piece[] {
  const first = { bytes: head, sent: 0 };
  if (writes.pause === "turns") return [first, ...body];
  const all = Buffer.concat(body.map((it) => it.bytes));
  const parts = writes.headFirst ? [head, all] : [Buffer.concat([head, all])];
  return parts
    .flatMap((bytes) => slices(bytes, writes.cuts))
    .filter((bytes) => bytes.length > 0)
    .map((bytes) => ({ bytes, sent: 0 }));
}
