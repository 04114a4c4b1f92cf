import { z } from "zod";
import type { Dialect } from "./database-url.ts";

/** A statement as a driver gets it: places are placeholders, `order` says which value each of them is. */
interface Rendered {
  readonly text: string;
  readonly order: readonly string[];
}

/** A select with places, checked: `select user_id from sites where id = {site}`. */
export interface Statement {
  /** Names of the places, each once, in order; `$1` and `$2` for those that were written so. */
  readonly names: readonly string[];
  /** For one kind of server. Values are bound, never written into the text. */
  render(dialect: Dialect): Rendered;
}

interface Place {
  readonly place: string;
}

const PIECE =
  /'(?:[^']|'')*'|"(?:[^"]|"")*"|`[^`]*`|\{([A-Za-z_$][\w$]*|query\.[\w-]+)\}|\$([1-9]\d?)(?![\w$])|--|\/\*|[;$'"`]/g;
const IN_QUOTES = /\{(?:[A-Za-z_$][\w$]*|query\.[\w-]+)\}|\$[1-9](?!\d)/;

/** Reads a statement, or says what is wrong with it. */
export function readStatement(written: string): Statement | string {
  const text = written.trim().replace(/;$/, "").trimEnd();
  if (!/^(?:select|with)\b/i.test(text)) return "write one select";
  const pieces: (string | Place)[] = [];
  let from = 0;
  for (const found of text.matchAll(PIECE)) {
    const [piece, named, numbered] = found;
    const problem = problemOf(piece);
    if (problem !== null) return problem;
    const place = named ?? (numbered === undefined ? undefined : `$${numbered}`);
    if (place === undefined) continue;
    pieces.push(text.slice(from, found.index), { place });
    from = found.index + piece.length;
  }
  pieces.push(text.slice(from));
  const names = [...new Set(pieces.flatMap((piece) => (typeof piece === "string" ? [] : [piece.place])))];
  return { names, render: (dialect) => render(pieces, names, dialect) };
}

/** A statement in the config. `problem` says what else is wrong with its places, null if nothing is. */
export function statement(problem: (names: readonly string[]) => string | null) {
  return z.string({ error: "write one select" }).transform((text, context): Statement => {
    const read = readStatement(text);
    const message = typeof read === "string" ? read : problem(read.names);
    if (typeof read !== "string" && message === null) return read;
    context.addIssue({ code: "custom", message: message ?? "", input: text });
    return z.NEVER;
  });
}

function problemOf(piece: string): string | null {
  switch (piece) {
    case "--":
    case "/*":
      return "leave out comments; YAML has its own, behind #";
    case ";":
      return "write one statement, without `;` in it";
    case "$":
      return "a place is written {name} or $1, and text in plain quotes";
    case "'":
    case '"':
    case "`":
      return "a quote is not closed";
  }
  if (!/^['"`]/.test(piece)) return null;
  if (/\\['"`]?$|\\['"]/.test(piece.slice(0, -1))) return "a quote in a text is written twice, as in 'it''s'";
  const place = IN_QUOTES.exec(piece)?.[0];
  return place === undefined ? null : `${place} in quotes would be text; write it without them`;
}

function render(pieces: readonly (string | Place)[], names: readonly string[], dialect: Dialect): Rendered {
  const order: string[] = [];
  const text = pieces.map((piece) => {
    if (typeof piece === "string") return piece;
    if (dialect === "mysql") order.push(piece.place);
    const at = names.indexOf(piece.place) + 1;
    return dialect === "mysql" ? "?" : dialect === "postgres" ? `$${at}` : `?${at}`;
  });
  return { text: text.join(""), order: dialect === "mysql" ? order : names };
}
