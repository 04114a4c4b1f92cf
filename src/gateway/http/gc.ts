import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";

/** Bytes of long bodies after which their dead chunks are collected. */
const TRAIL = 2 * 1024 ** 2;

/** Bytes after which a body is a long one. */
const LONG = 1024 ** 2;

const collect = collector();
let trail = 0;

/**
 * Told of each chunk of a body that was `bytes` long before it. The chunks of a long body are dead as soon as they are
 * written, but V8, which sees only small objects with memory elsewhere, lets 64 MB of them lie before it looks.
 * A collection of the young costs well under a millisecond; bodies of an everyday length never cause one.
 */
export function passed(chunk: number, bytes: number): void {
  if (bytes < LONG) return;
  trail += chunk;
  if (trail < TRAIL) return;
  trail = 0;
  collect({ type: "minor" });
}

/** Collects garbage after the start: memory that only the start needed, a tenth of all, would stay allocated for hours. */
export function collectStart(): void {
  collect({ type: "major" });
}

function collector(): (options: { readonly type: "minor" | "major" }) => void {
  setFlagsFromString("--expose-gc");
  const found: unknown = runInNewContext("globalThis.gc");
  return typeof found === "function" ? (options) => found(options) : () => undefined;
}
