/**
 * A small part of regular expressions, matched in time that grows with the text alone: an automaton that is in many states at
 * once instead of trying one way after the other. It stands for a whole text, so `^` and `$` say nothing.
 */
export type LinearPattern =
  | { readonly kind: "pattern"; matches(text: string): boolean }
  | { readonly kind: "problem"; readonly message: string };

const LONGEST = 200;
const MOST_STATES = 2_000;
const MOST_DEEP = 20;

type Part =
  | { readonly kind: "one"; readonly is: RegExp }
  | { readonly kind: "row"; readonly parts: readonly Part[] }
  | { readonly kind: "choice"; readonly parts: readonly Part[] }
  /** `most` null: as many as there are. */
  | { readonly kind: "many"; readonly part: Part; readonly least: number; readonly most: number | null };

/** Takes a character, or stands for several states at once. */
interface State {
  readonly is: RegExp | null;
  next: readonly number[];
}

class Unreadable extends Error {}

/** Reads a pattern; never throws. */
export function linearPattern(text: string): LinearPattern {
  try {
    const states: State[] = [{ is: null, next: [] }];
    const start = build(new Reader(text).whole(), 0, states);
    return { kind: "pattern", matches: (value) => run(states, start, value) };
  } catch (error) {
    if (!(error instanceof Unreadable)) throw error;
    return { kind: "problem", message: error.message };
  }
}

class Reader {
  readonly #text: string;
  #at = 0;
  #deep = 0;

  constructor(text: string) {
    if (text.length > LONGEST) throw new Unreadable(`it is longer than ${LONGEST} characters`);
    this.#text = text.replace(/^\^/, "").replace(/(?<!\\)\$$/, "");
  }

  whole(): Part {
    const part = this.#choice();
    if (this.#at < this.#text.length)
      throw new Unreadable("a `)` has no `(` before it; write `\\)` for the character");
    return part;
  }

  #choice(): Part {
    const parts = [this.#row()];
    while (this.#take("|")) parts.push(this.#row());
    return parts.length === 1 && parts[0] !== undefined ? parts[0] : { kind: "choice", parts };
  }

  #row(): Part {
    const parts: Part[] = [];
    for (;;) {
      const next = this.#text[this.#at];
      if (next === undefined || next === "|" || next === ")") return { kind: "row", parts };
      parts.push(this.#counted(this.#one()));
    }
  }

  #counted(part: Part): Part {
    const found = /^(?:[?*+]|\{(\d{1,3})(,(\d{1,3})?)?\})/.exec(this.#text.slice(this.#at));
    if (found === null) return part;
    const [written, first, comma, last] = found;
    this.#at += written.length;
    if (/^[?*+{]/.test(this.#text.slice(this.#at)))
      throw new Unreadable(`\`${written}\` can't be followed by another count`);
    if (written === "?") return { kind: "many", part, least: 0, most: 1 };
    if (first === undefined) return { kind: "many", part, least: written === "+" ? 1 : 0, most: null };
    const least = Number(first);
    const most = comma === undefined ? least : last === undefined ? null : Number(last);
    if (most !== null && most < least) throw new Unreadable(`\`${written}\` counts down`);
    return { kind: "many", part, least, most };
  }

  #one(): Part {
    if (this.#take("(")) return this.#group();
    const found = /^(?:\[(?:[^\]\\]|\\.)*\]|\\[pP]\{\w+(?:=\w+)?\}|\\.|[^\\])/su.exec(
      this.#text.slice(this.#at),
    );
    const [piece] = found ?? [];
    if (piece === undefined || /^[[*+?{}\]^$]$/.test(piece))
      throw new Unreadable(
        `\`${this.#text[this.#at] ?? "\\"}\` can't stand here; write \`\\\` in front of it to mean the character`,
      );
    if (/^\\[1-9bBk]/.test(piece))
      throw new Unreadable(
        `\`${piece}\` is not known here; a value is only compared with itself, from its begin to its end`,
      );
    this.#at += piece.length;
    return { kind: "one", is: characterTest(piece) };
  }

  #group(): Part {
    this.#take("?:");
    if (this.#text[this.#at] === "?") throw new Unreadable("only plain groups are known: `(…)` and `(?:…)`");
    this.#deep += 1;
    if (this.#deep > MOST_DEEP) throw new Unreadable(`groups lie more than ${MOST_DEEP} deep`);
    const part = this.#choice();
    if (!this.#take(")")) throw new Unreadable("a `(` is not closed");
    this.#deep -= 1;
    return part;
  }

  #take(text: string): boolean {
    if (!this.#text.startsWith(text, this.#at)) return false;
    this.#at += text.length;
    return true;
  }
}

/** For one character, so that the runtime's expressions can be used for classes: they have nothing to try twice. */
function characterTest(piece: string): RegExp {
  try {
    return new RegExp(`^${piece === "\\-" ? "-" : piece}$`, "su");
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    throw new Unreadable(`\`${piece}\` can't be read`);
  }
}

/** The state where `part` begins that leads to `next` behind it. */
function build(part: Part, next: number, states: State[]): number {
  switch (part.kind) {
    case "one":
      return add(states, { is: part.is, next: [next] });
    case "row":
      return part.parts.reduceRight((behind, one) => build(one, behind, states), next);
    case "choice":
      return add(states, { is: null, next: part.parts.map((one) => build(one, next, states)) });
    case "many":
      return buildMany(part, next, states);
  }
}

function buildMany(
  { part, least, most }: Extract<Part, { kind: "many" }>,
  next: number,
  states: State[],
): number {
  let start = next;
  if (most === null) {
    start = add(states, { is: null, next: [next] });
    const again = states[start];
    const body = build(part, start, states);
    if (again !== undefined) again.next = [body, next];
  } else {
    for (let n = least; n < most; n++) {
      start = add(states, { is: null, next: [build(part, start, states), next] });
    }
  }
  for (let n = 0; n < least; n++) start = build(part, start, states);
  return start;
}

function add(states: State[], state: State): number {
  if (states.length >= MOST_STATES) throw new Unreadable("it counts too far; write smaller numbers");
  return states.push(state) - 1;
}

function run(states: readonly State[], start: number, text: string): boolean {
  let here = reached(states, [start]);
  for (const character of text) {
    const next: number[] = [];
    for (const at of here) {
      const state = states[at];
      if (state?.is?.test(character) === true) next.push(...state.next);
    }
    if (next.length === 0) return false;
    here = reached(states, next);
  }
  return here.has(0);
}

/** All states that no character lies before. */
function reached(states: readonly State[], from: readonly number[]): ReadonlySet<number> {
  const found = new Set<number>();
  const open = [...from];
  for (let at = open.pop(); at !== undefined; at = open.pop()) {
    if (found.has(at)) continue;
    found.add(at);
    const state = states[at];
    if (state?.is === null) open.push(...state.next);
  }
  return found;
}
