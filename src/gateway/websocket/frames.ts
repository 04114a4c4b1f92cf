import { randomFillSync } from "node:crypto";

/**
 * Where one direction of a WebSocket stands (RFC 6455 5.2). Only headers are looked at; payloads are counted, never
 * unmasked or inflated. Changed by `readFrame` alone.
 */
export interface FrameCursor {
  /** Header bytes of the present frame seen so far; 0 between frames and inside a payload. */
  header: number;
  /** How long this header is, known from its second byte on. */
  headerSize: number;
  /** Payload bytes still to come; while the header is read, what is known of the length. */
  payload: number;
}

export function frameCursor(): FrameCursor {
  return { header: 0, headerSize: 2, payload: 0 };
}

/** Whether the next byte is the first of a frame, so that a frame of our own may stand here. */
export function atBoundary(cursor: FrameCursor): boolean {
  return cursor.header === 0 && cursor.payload === 0;
}

/**
 * Reads on from `at` to the end of the present frame, or of the chunk; gives the index behind it. A length beyond
 * 2^53 loses its last digits, and is never reached.
 */
export function readFrame(cursor: FrameCursor, chunk: Uint8Array, at: number): number {
  if (cursor.header === 0 && cursor.payload > 0) return readPayload(cursor, chunk, at);
  for (let next = at; next < chunk.length; next += 1) {
    if (readHeaderByte(cursor, chunk[next] ?? 0)) return readPayload(cursor, chunk, next + 1);
  }
  return chunk.length;
}

function readPayload(cursor: FrameCursor, chunk: Uint8Array, at: number): number {
  const taken = Math.min(cursor.payload, chunk.length - at);
  cursor.payload -= taken;
  return at + taken;
}

/** True when that was the last byte of the header. */
function readHeaderByte(cursor: FrameCursor, byte: number): boolean {
  const index = cursor.header;
  cursor.header += 1;
  if (index === 0) {
    cursor.headerSize = 2;
    return false;
  }
  const masked = index === 1 ? byte >> 7 : 0;
  if (index === 1) {
    const short = byte & 0x7f;
    cursor.payload = short < 126 ? short : 0;
    cursor.headerSize = 2 + extendedLength(short) + masked * 4;
  } else if (index < 2 + lengthBytes(cursor.headerSize)) {
    cursor.payload = cursor.payload * 256 + byte;
  }
  if (cursor.header < cursor.headerSize) return false;
  cursor.header = 0;
  return true;
}

function extendedLength(short: number): 0 | 2 | 8 {
  if (short < 126) return 0;
  return short === 126 ? 2 : 8;
}

/** A header is 2, 4 or 10 bytes, and 4 more with a mask: each size has one length of length. */
function lengthBytes(headerSize: number): 0 | 2 | 8 {
  if (headerSize === 4 || headerSize === 8) return 2;
  return headerSize >= 10 ? 8 : 0;
}

/** Whether a frame that begins with this byte carries data; close, ping and pong do not (RFC 6455 5.5). */
export function isData(firstByte: number): boolean {
  return (firstByte & 0x08) === 0;
}

/** What a WebSocket is told when we end it. */
export interface Parting {
  readonly code: number;
  /** At most 123 bytes. */
  readonly text: string;
}

/** A whole close frame. Those that go to the app are masked, as from any client. */
export function closeFrame({ code, text }: Parting, masked: boolean): Buffer {
  const reason = Buffer.from(text).subarray(0, 123);
  const frame = Buffer.alloc((masked ? 6 : 2) + 2 + reason.length);
  frame[0] = 0x88;
  frame[1] = (masked ? 0x80 : 0) | (2 + reason.length);
  const start = frame.length - reason.length - 2;
  frame.writeUInt16BE(code, start);
  frame.set(reason, start + 2);
  if (masked) mask(frame, start);
  return frame;
}

/** The four bytes before `start` become the mask of all that follows. */
function mask(frame: Buffer, start: number): void {
  randomFillSync(frame, start - 4, 4);
  for (let at = start; at < frame.length; at += 1) {
    frame[at] = (frame[at] ?? 0) ^ (frame[start - 4 + ((at - start) % 4)] ?? 0);
  }
}
