import { wordList } from "../text/word-list.ts";

/** A name of CSS: letters, digits, dashes, underscores, what lies outside ASCII, and escapes; a digit is never the first. */
const CHARACTER = String.raw`[\w\u0080-\uffff-]|\\[0-9a-fA-F]{1,6}\s?|\\[^\n0-9a-fA-F]`;
const FIRST = String.raw`[A-Za-z_\u0080-\uffff]|\\[0-9a-fA-F]{1,6}\s?|\\[^\n0-9a-fA-F]`;
const NAME = `(?:--|-?(?:${FIRST}))(?:${CHARACTER})*`;
const STRING = String.raw`"(?:[^"\\\n]|\\[^])*"|'(?:[^'\\\n]|\\[^])*'`;

const SPACE = /\s*/y;
const COMBINATOR = /\s*[>+~]\s*|\s+/y;
const COMMA = /\s*,\s*/y;
const TYPE = new RegExp(`(?:\\*?\\|)?(?:${NAME}|\\*)`, "y");
const ID_OR_CLASS = new RegExp(`[#.]${NAME}`, "y");
const ATTRIBUTE = new RegExp(
  `\\[\\s*(?:\\*?\\|)?${NAME}\\s*(?:[~|^$*]?=\\s*(?:${NAME}|${STRING})\\s*(?:[iIsS]\\s*)?)?\\]`,
  "y",
);
const UNQUOTED = /\[[^\]"'=]*[~|^$*]?=[^\]"']*\]/y;
const PSEUDO_ELEMENT = new RegExp(
  `::?(?:before|after|first-letter|first-line)(?!${CHARACTER})|::${NAME}`,
  "y",
);
const PSEUDO_CLASS = new RegExp(`:(${NAME})(\\()?`, "y");
const ARGUMENT = new RegExp(`(?:[^()"']|${STRING})*\\)`, "y");

/** Pseudo-classes that stand alone. */
const PLAIN = new Set(
  wordList(`active any-link autofill checked default defined disabled empty enabled first-child first-of-type focus focus-visible focus-within
  fullscreen future hover host in-range indeterminate invalid last-child last-of-type link modal muted only-child only-of-type open optional
  out-of-range past paused picture-in-picture placeholder-shown playing popover-open read-only read-write required root scope seeking
  stalled target user-invalid user-valid valid visited volume-locked buffering`),
);
/** Those whose brackets hold selectors, and those with something else in them. */
const OF_SELECTORS = new Set(["is", "not", "where", "has", "host", "host-context"]);
const OF_OTHERS = new Set(wordList("dir lang nth-child nth-last-child nth-last-of-type nth-of-type state"));

/**
 * What is wrong with a list of CSS selectors that stand for elements of a page; null for one that browsers understand. Where they forgive
 * (an open bracket at the end, nonsense within `:is()`) it is wrong here: then something else is meant than they find.
 */
export function selectorProblem(text: string): string | null {
  const reader = new Reader(text);
  return reader.list(false) ?? (reader.ended() ? null : `nothing is understood from \`${reader.rest()}\` on`);
}

class Reader {
  readonly #text: string;
  #at = 0;

  constructor(text: string) {
    this.#text = text;
  }

  ended(): boolean {
    return this.#at >= this.#text.length;
  }

  rest(): string {
    return this.#text.slice(this.#at, this.#at + 40);
  }

  /** `relative`: each may begin with a combinator, as in `:has(> a)`. */
  list(relative: boolean): string | null {
    do {
      const problem = this.#complex(relative);
      if (problem !== null) return problem;
    } while (this.#take(COMMA) !== null);
    this.#take(SPACE);
    return null;
  }

  #complex(relative: boolean): string | null {
    this.#take(SPACE);
    if (relative) this.#take(COMBINATOR);
    for (;;) {
      const problem = this.#compound();
      if (problem !== null) return problem;
      const before = this.#at;
      const combinator = this.#take(COMBINATOR);
      if (combinator === null) return null;
      // Space behind the last one, or before a comma, joins nothing.
      if (combinator.trim() === "" && (this.ended() || ",)".includes(this.#text[this.#at] ?? ""))) {
        this.#at = before;
        return null;
      }
    }
  }

  #compound(): string | null {
    const begun = this.#at;
    this.#take(TYPE);
    for (;;) {
      if (this.#take(ID_OR_CLASS) !== null || this.#take(ATTRIBUTE) !== null) continue;
      const drawn = this.#take(PSEUDO_ELEMENT);
      if (drawn !== null) return `\`${drawn}\` is drawn by the browser and is no element of the page`;
      const pseudo = this.#pseudoClass();
      if (pseudo === "none") break;
      if (pseudo !== null) return pseudo;
    }
    if (this.#take(UNQUOTED) !== null)
      return "a value in square brackets that is no plain name stands in quotes, like [href='/logout']";
    if (this.#at > begun) return null;
    return this.ended()
      ? "something is missing at its end"
      : `nothing is understood from \`${this.rest()}\` on`;
  }

  /** `none`: there is no such one here. */
  #pseudoClass(): string | null | "none" {
    PSEUDO_CLASS.lastIndex = this.#at;
    const [found, written = "", bracket] = PSEUDO_CLASS.exec(this.#text) ?? [];
    if (found === undefined) return "none";
    this.#at += found.length;
    const name = written.toLowerCase();
    if (name.startsWith("-")) return bracket === undefined || this.#take(ARGUMENT) !== null ? null : UNCLOSED;
    if (bracket === undefined) return PLAIN.has(name) ? null : unknownPseudo(written);
    if (OF_OTHERS.has(name)) return this.#take(ARGUMENT) === null ? UNCLOSED : null;
    if (!OF_SELECTORS.has(name)) return unknownPseudo(written);
    return this.list(name === "has") ?? (this.#take(/\)/y) === null ? UNCLOSED : null);
  }

  #take(what: RegExp): string | null {
    what.lastIndex = this.#at;
    const found = what.exec(this.#text)?.[0] ?? null;
    if (found !== null) this.#at += found.length;
    return found;
  }
}

const UNCLOSED = "a bracket is not closed";

function unknownPseudo(name: string): string {
  return `\`:${name}\` is no pseudo-class of CSS`;
}
