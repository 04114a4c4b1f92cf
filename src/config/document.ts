import {
  isAlias,
  isMap,
  isScalar,
  isSeq,
  LineCounter,
  type Node,
  type Pair,
  parseDocument,
  type YAMLError,
} from "yaml";
import { type Complaint, type Problem, writePath } from "./problem.ts";

/** A config file as read: what it says, and where each thing stands. */
interface ConfigDocument {
  readonly value: unknown;
  /** Puts a complaint at its place in the file. What is missing is shown where it should be. */
  locate(complaint: Complaint): Problem;
}

type Reading =
  | { readonly kind: "document"; readonly document: ConfigDocument }
  | { readonly kind: "problems"; readonly problems: readonly Problem[] };

/** Ten thousand routes are about 1 MB. */
const LARGEST = 16 * 1024 * 1024;
const MOST_ALIASES = 100;

/** Reads YAML 1.2 with all its syntax problems at once: double keys, tabs, unknown tags. `file` is what problems call it. */
export function readDocument(bytes: Uint8Array, file: string): Reading {
  const whole = (message: string): Reading => ({
    kind: "problems",
    problems: [{ file, line: 1, column: 1, path: "", message }],
  });
  if (bytes.length > LARGEST) return whole("the file is larger than 16 MB");
  const text = decode(bytes);
  if (text === null) return whole("the file is no UTF-8; save it as UTF-8");
  const lines = new LineCounter();
  const parsed = parseDocument(text, {
    lineCounter: lines,
    prettyErrors: false,
    version: "1.2",
    merge: false,
  });
  const bad = [...parsed.errors, ...parsed.warnings];
  if (bad.length > 0)
    return { kind: "problems", problems: bad.map((error) => syntaxProblem(error, file, lines)) };
  const root = parsed.contents;
  if (root === null) return whole("the file is empty; see routes.config.yaml for an example");
  if (hasCycle(root, new Set())) return whole("an alias stands inside what it repeats");
  const value = expand(() => parsed.toJS({ maxAliasCount: MOST_ALIASES }));
  if (value.kind === "bad") return whole(value.message);
  return {
    kind: "document",
    document: { value: value.value, locate: (it) => locate(root, it, file, lines) },
  };
}

function decode(bytes: Uint8Array): string | null {
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch (error) {
    if (error instanceof TypeError) return null;
    throw error;
  }
}

/** The parser throws a ReferenceError for an alias of nothing, and for a few lines that unfold into gigabytes. */
function expand(make: () => unknown): { kind: "value"; value: unknown } | { kind: "bad"; message: string } {
  try {
    return { kind: "value", value: make() };
  } catch (error) {
    if (!(error instanceof ReferenceError)) throw error;
    const tooMany = error.message.startsWith("Excessive");
    const message = tooMany
      ? `aliases repeat too much; ${MOST_ALIASES} times is the most`
      : "an alias (`*name`) repeats what has no such name (`&name`)";
    return { kind: "bad", message };
  }
}

function syntaxProblem(error: YAMLError, file: string, lines: LineCounter): Problem {
  const { line, col } = lines.linePos(error.pos[0]);
  return { file, line, column: col, path: "", message: syntaxMessage(error) };
}

function syntaxMessage(error: YAMLError): string {
  switch (error.code) {
    case "DUPLICATE_KEY":
      return "this key stands here twice; keep one";
    case "TAB_AS_INDENT":
      return "a tab is no indentation in YAML; use spaces";
    case "MULTIPLE_DOCS":
      return "a config is one document; remove the `---` line";
    case "TAG_RESOLVE_FAILED":
      return "tags (`!…`) have no meaning here; write the plain value";
    default:
      return `this is no YAML: ${error.message.slice(0, 1).toLowerCase()}${error.message.slice(1)}`;
  }
}

function hasCycle(node: unknown, above: Set<string>): boolean {
  if (isAlias(node)) return above.has(node.source);
  if (!isMap(node) && !isSeq(node)) return false;
  const anchor = node.anchor;
  if (anchor !== undefined) above.add(anchor);
  const found = node.items.some((item) =>
    isMap(node) ? hasCycle((item as Pair).value, above) : hasCycle(item, above),
  );
  if (anchor !== undefined) above.delete(anchor);
  return found;
}

function locate(root: Node, complaint: Complaint, file: string, lines: LineCounter): Problem {
  const { path, message, key = false } = complaint;
  let place: unknown = root;
  let offset = offsetOf(root);
  for (const [i, step] of path.entries()) {
    const next = child(place, step);
    if (next === null) break;
    const last = i === path.length - 1;
    offset = (last && key ? offsetOf(next.key) : offsetOf(next.value)) ?? offsetOf(next.key) ?? offset;
    place = next.value;
  }
  const { line, col } = lines.linePos(offset ?? 0);
  return { file, line, column: col, path: writePath(path), message };
}

function child(node: unknown, step: PropertyKey): { readonly key: unknown; readonly value: unknown } | null {
  if (isSeq(node)) {
    const value = node.items[Number(step)];
    return value === undefined ? null : { key: value, value };
  }
  if (!isMap(node)) return null;
  const pair = node.items.find(
    (item) => String(isScalar(item.key) ? item.key.value : item.key) === String(step),
  );
  return pair === undefined ? null : { key: pair.key, value: pair.value };
}

function offsetOf(node: unknown): number | null {
  const range = (node as { readonly range?: readonly number[] | null } | null)?.range;
  return range?.[0] ?? null;
}
