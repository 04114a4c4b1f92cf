import { anyCase } from "../pattern.ts";
import { folded } from "../query-value.ts";

/**
 * What servers make of the name of a parameter: `stem` is the loosest reading of the name alone (`a.b[c]` is `a_b`), `path` the
 * one that sees structure in it (`a.b.c`), `kinds` that without places in lists (`items[0][id]` is `items.id`).
 */
export interface NameReadings {
  readonly stem: string;
  readonly path: string;
  readonly kinds: string;
}

export function nameReadings(name: string): NameReadings {
  const [seen = ""] = name.split("\0", 1);
  const written = seen.trim().split(/[[\].]+/);
  const parts = written.filter((part) => part !== "").map(folded);
  const kinds = parts.filter((part) => !/^\d+$/.test(part)).join(".");
  return { stem: folded(name), path: parts.join("."), kinds };
}

/** Names that a condition means: one, or with `*` for any text, all that fit. */
export interface NamePattern {
  /** Whether some server may take a name of a request for one that is meant. */
  meets(readings: NameReadings): boolean;
  /** Whether the name is one that is meant, to the letter. */
  is(name: string): boolean;
}

/** Reads a name as a condition writes it: `action`, `user[email]`, `user.email`, `*password*`. */
export function namePattern(written: string): NamePattern {
  if (written.includes("*")) return globPattern(written);
  const wanted = nameReadings(written);
  const structured = wanted.path.includes(".");
  const bracketed = bracketedName(written);
  return {
    meets: (name) =>
      structured ? name.path === wanted.path || name.kinds === wanted.kinds : name.stem === wanted.stem,
    is: (name) => name === written || name === bracketed,
  };
}

/** `user.email` as a form writes it, and as fields of JSON are called here: `user[email]`. */
function bracketedName(name: string): string {
  const [first = "", ...rest] = name.split(".");
  return first + rest.map((part) => `[${part}]`).join("");
}

function globPattern(written: string): NamePattern {
  const exact = written.split("*");
  const loose = exact.map((part) =>
    anyCase(part)
      .replace(/[[\].]+/g, ".")
      .replace(/[ -]/g, "_"),
  );
  return {
    meets: ({ stem, path, kinds }) => [stem, path, kinds].some((name) => fits(loose, name)),
    is: (name) => fits(exact, name),
  };
}

/** Whether a text is these pieces with anything between them; takes the first place of each, so it never goes back. */
function fits(pieces: readonly string[], text: string): boolean {
  const [first = "", ...rest] = pieces;
  const last = rest.pop() ?? "";
  if (!text.startsWith(first) || !text.endsWith(last)) return false;
  let at = first.length;
  for (const piece of rest) {
    const found = text.indexOf(piece, at);
    if (found === -1) return false;
    at = found + piece.length;
  }
  return at <= text.length - last.length;
}
