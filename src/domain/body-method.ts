import { methodInFields, methodNamed, namesMethod, UNKNOWN_METHOD } from "./method.ts";

/**
 * The method that a framework may make of a body with a `_method` field in it; null where it has none. The body is read as a
 * form, as parts and as JSON, whatever its type says: which of two types counts is the app's own matter. `UNKNOWN_METHOD`
 * where nobody can tell.
 */
export function methodInBody(text: string): string | null {
  const readings = [methodInFields(text), inParts(text), inJson(text)];
  const [method = null, ...others] = readings.filter((it) => it !== null);
  return others.some((it) => it !== method) ? UNKNOWN_METHOD : method;
}

/** Headers of one part at the most. */
const PART_HEAD = 8;

/** Of several parts the last counts, as everywhere. */
function inParts(text: string): string | null {
  const lines = text.split(/\r?\n/);
  let found: string | null = null;
  for (const [at, line] of lines.entries()) {
    const [, quoted, bare] = /\bname\s*=\s*(?:"([^"]*)"|([^\s;"]+))/i.exec(line) ?? [];
    if (!namesMethod(quoted ?? bare ?? "")) continue;
    const empty = lines.indexOf("", at + 1);
    if (empty !== -1 && empty - at <= PART_HEAD) found = methodNamed(lines[empty + 1] ?? "");
  }
  return found;
}

function inJson(text: string): string | null {
  if (!/^\s*\{/.test(text) || !/_method|\\u00(?:5f|6d|65|74|68|6f|64)/i.test(text)) return null;
  try {
    const method: unknown = Reflect.get(JSON.parse(text), "_method");
    return method === undefined ? null : methodNamed(String(method));
  } catch (error) {
    if (error instanceof SyntaxError) return UNKNOWN_METHOD;
    throw error;
  }
}
