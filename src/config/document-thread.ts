/** The thread that reads a large config file: what it says is handed over in pieces, so that taking them over is quick as well. */
import { parentPort, workerData } from "node:worker_threads";
import { readDocument } from "./document.ts";
import type { Complaint, Problem } from "./problem.ts";

/** What may be asked, one after another. */
export type Ask =
  | { readonly kind: "next" }
  | { readonly kind: "locate"; readonly complaints: readonly Complaint[] };

/** A place in the document and what stands there; what stands in a list or map that comes empty follows. */
type Piece = readonly [path: readonly PropertyKey[], value: unknown];

export type Answer =
  | { readonly kind: "pieces"; readonly pieces: readonly Piece[] }
  | { readonly kind: "end" }
  | { readonly kind: "problems"; readonly problems: readonly Problem[] };

/** About how many values are sent at a time. */
const PIECE = 500;

function sizeOf(value: unknown): number {
  if (typeof value !== "object" || value === null) return 1;
  return Object.values(value).reduce<number>((sum, below) => sum + sizeOf(below), 1);
}

/** A value in pieces of which none is much larger than PIECE, the outer before the inner. */
function* piecesOf(path: readonly PropertyKey[], value: unknown): Generator<Piece, void, undefined> {
  if (typeof value !== "object" || value === null || sizeOf(value) <= PIECE) yield [path, value];
  else {
    yield [path, Array.isArray(value) ? [] : {}];
    for (const [key, below] of Object.entries(value))
      yield* piecesOf([...path, Array.isArray(value) ? Number(key) : key], below);
  }
}

function* answers(value: unknown): Generator<Answer, void, undefined> {
  let pieces: Piece[] = [];
  let size = 0;
  for (const piece of piecesOf([], value)) {
    pieces.push(piece);
    size += sizeOf(piece[1]);
    if (size < PIECE) continue;
    yield { kind: "pieces", pieces };
    pieces = [];
    size = 0;
  }
  yield { kind: "pieces", pieces };
}

const { bytes, file } = workerData as { readonly bytes: Uint8Array; readonly file: string };
const reading = readDocument(bytes, file);
const waiting = reading.kind === "document" ? answers(reading.document.value) : null;

parentPort?.on("message", (ask: Ask) => parentPort?.postMessage(answerTo(ask)));

function answerTo(ask: Ask): Answer {
  if (reading.kind === "problems") return reading;
  if (ask.kind === "locate")
    return { kind: "problems", problems: ask.complaints.map((it) => reading.document.locate(it)) };
  return waiting?.next().value ?? { kind: "end" };
}
