import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { writePieces } from "./pace.ts";
import { asksToClose, bytesOf, framed, requestHead, written } from "./plan.ts";
import { type Message, Reader, statusOf, valuesOf } from "./reader.ts";
import type { Sight } from "./scripted-app.ts";

/** One connection of a client, and the exchanges whose answers it waits for. */
interface Line {
  readonly socket: Socket;
  readonly waiting: number[];
  ended: boolean;
}

/** Does what the plan says a client does, until it has an answer to everything, or none can come any more. */
export async function converse(port: number, sight: Sight): Promise<void> {
  const { plan } = sight;
  let line: Line | null = null;
  try {
    if (plan.pipelined) {
      line = await open(port, sight);
      for (const nth of plan.exchanges.keys()) await send(line, sight, nth);
      for (const nth of plan.exchanges.keys()) await answered(line, sight, nth);
      await closed(line, sight, plan.exchanges.length - 1);
      return;
    }
    for (const nth of plan.exchanges.keys()) {
      line ??= await open(port, sight);
      const sent = send(line, sight, nth);
      await Promise.all([sent, answered(line, sight, nth)]);
      if (!(await closed(line, sight, nth))) continue;
      line.socket.destroy();
      line = null;
    }
  } finally {
    sight.over = true;
    line?.socket.destroy();
    sight.news.tell();
  }
}

async function open(port: number, sight: Sight): Promise<Line> {
  const socket = connect({ port, host: "127.0.0.1", allowHalfOpen: true, noDelay: true });
  const line: Line = { socket, waiting: [], ended: false };
  const gone = () => {
    line.ended = true;
    sight.news.tell();
  };
  const method = () => sight.plan.exchanges[line.waiting[0] ?? -1]?.request.method ?? "GET";
  const reader = new Reader(
    { kind: "answer", method },
    {
      head: (message) => begun(line, sight, message),
      data: () => sight.news.tell(),
      complete: (message) => complete(line, sight, message),
      fault: () => sight.news.tell(),
    },
  );
  socket.on("data", (chunk: Buffer) => reader.push(chunk));
  // A reset tells of itself by an error alone.
  socket.on("error", () => {
    reader.end(true);
    gone();
  });
  socket.on("end", () => {
    reader.end(false);
    gone();
  });
  socket.on("close", () => {
    reader.end(true);
    gone();
  });
  await once(socket, "connect");
  return line;
}

const isInterim = (message: Message) =>
  statusOf(message) >= 100 && statusOf(message) < 200 && statusOf(message) !== 101;

function begun(line: Line, sight: Sight, message: Message): void {
  const nth = line.waiting[0];
  if (nth === undefined) sight.strays.push(message);
  else if (isInterim(message)) sight.interim[nth]?.push(message);
  else sight.received.set(nth, message);
  sight.news.tell();
}

function complete(line: Line, sight: Sight, message: Message): void {
  if (!isInterim(message)) {
    const nth = line.waiting.shift();
    if (nth !== undefined) sight.answers[nth] = message;
  }
  sight.news.tell();
}

async function send(line: Line, sight: Sight, nth: number): Promise<void> {
  const request = sight.plan.exchanges[nth]?.request;
  if (request === undefined) throw new RangeError(`there is no exchange ${nth}`);
  line.waiting.push(nth);
  sight.sending = nth;
  const body = request.body.kind === "none" ? [] : framed(request.body, bytesOf(request.body));
  const over = () => line.ended || line.socket.destroyed || sight.answers[nth] !== undefined;
  const had = (bytes: number) =>
    sight.news.until(
      () => over() || sight.received.has(nth) || (sight.arrived.get(nth)?.length ?? 0) >= bytes,
    );
  const { pause } = request.writes;
  if (!request.expects || body.length === 0) {
    await writePieces(line.socket, written(requestHead(request), body, request.writes), pause, had);
    if (sight.plan.halfCloses && nth === sight.plan.exchanges.length - 1) line.socket.end();
    return;
  }
  const { writes } = request;
  await writePieces(
    line.socket,
    written(requestHead(request), [], { ...writes, headFirst: true }),
    pause,
    had,
  );
  const told = () => (sight.interim[nth] ?? []).some((it) => statusOf(it) === 100);
  await sight.news.until(() => over() || told() || sight.received.has(nth));
  if (told()) await writePieces(line.socket, written(Buffer.alloc(0), body, writes), pause, had);
}

async function answered(line: Line, sight: Sight, nth: number): Promise<void> {
  await sight.news.until(() => sight.answers[nth] !== undefined || line.ended || line.socket.destroyed);
}

/** Whether this connection is over behind this answer; waits until it is, where it is said to be. */
async function closed(line: Line, sight: Sight, nth: number): Promise<boolean> {
  const exchange = sight.plan.exchanges[nth];
  const answer = sight.answers[nth];
  if (exchange === undefined || answer === undefined || answer === null || line.ended) return true;
  const unsent = exchange.request.expects && !(sight.interim[nth] ?? []).some((it) => statusOf(it) === 100);
  if (unsent && exchange.request.body.kind !== "none") return true;
  if (saysItStays(answer) || (!asksToClose(exchange.request) && !saysItCloses(answer))) return false;
  await sight.news.until(() => line.ended);
  return true;
}

function saysItStays({ fields }: Message): boolean {
  const said = valuesOf(fields, "connection").join(",").toLowerCase();
  return /\bkeep-alive\b/.test(said) && !/\bclose\b/.test(said);
}

function saysItCloses({ start, fields }: Message): boolean {
  const said = valuesOf(fields, "connection").join(",").toLowerCase();
  return start.startsWith("HTTP/1.0") ? !/\bkeep-alive\b/.test(said) : /\bclose\b/.test(said);
}
