import type { Log } from "../ports.ts";

const nothing = () => undefined;

/** Where a command says itself what went wrong. */
export const SILENT: Log = { debug: nothing, info: nothing, warn: nothing, error: nothing };

/** Warnings and errors, for `say`. */
export function warnings(say: (data: object, message: string) => void): Log {
  return { ...SILENT, warn: say, error: say };
}
