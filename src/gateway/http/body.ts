import type { IncomingMessage } from "node:http";
import { Fault } from "../../errors.ts";

/** The beginning of a request's body. `whole`: there is no more of it, and the request can't be read again. */
interface Peek {
  readonly bytes: Buffer;
  readonly whole: boolean;
}

/** Whether the client sends a body. */
export function hasBody({ headers }: Pick<IncomingMessage, "headers">): boolean {
  return headers["transfer-encoding"] !== undefined || (headers["content-length"] ?? "0") !== "0";
}

/**
 * Reads up to `limit` bytes of a client's body, or all of it. What goes beyond is put back, so that it can still be
 * streamed. Throws `request-timeout` when nothing comes for `idle` ms, or it takes ten times as long, and `bad-request` when
 * the client leaves.
 */
export async function peekBody(raw: IncomingMessage, limit: number, idle: number): Promise<Peek> {
  if (!hasBody(raw)) return { bytes: Buffer.alloc(0), whole: true };
  const chunks: Buffer[] = [];
  let length = 0;
  const late = AbortSignal.timeout(10 * idle);
  while (length <= limit) {
    const chunk: Buffer | null = raw.read();
    if (chunk !== null) {
      chunks.push(chunk);
      length += chunk.length;
    } else if (raw.complete && raw.readableLength === 0) {
      return { bytes: Buffer.concat(chunks), whole: true };
    } else {
      if (late.aborted) throw new Fault("request-timeout", "the body came too slowly");
      await more(raw, idle);
    }
  }
  const bytes = Buffer.concat(chunks);
  raw.unshift(bytes);
  return { bytes, whole: false };
}

/** Reads a whole body. Throws `too-large` when it is longer than `limit` bytes. */
export async function readBody(raw: IncomingMessage, limit: number, idle: number): Promise<Buffer> {
  const { bytes, whole } = await peekBody(raw, limit, idle);
  if (!whole)
    throw new Fault("too-large", `the body is longer than the ${limit} bytes of \`limits.confirmBody\``);
  return bytes;
}

/** Waits until there is something to read, or the end. */
function more(raw: IncomingMessage, idle: number): Promise<void> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => done(new Fault("request-timeout", "the body stopped on its way")), idle);
    const readable = () => done(null);
    const gone = () =>
      done(raw.complete ? null : new Fault("bad-request", "the client left in the middle of its body"));
    function done(fault: Fault | null): void {
      clearTimeout(timer);
      raw.off("readable", readable).off("end", readable).off("close", gone).off("error", gone);
      if (fault === null) resolve();
      else reject(fault);
    }
    raw.once("readable", readable).once("end", readable).once("close", gone).once("error", gone);
  });
}
