import { type Filter, WITHHELD } from "./filter.ts";

/** Which members of a JSON document are withheld. */
export interface JsonTargets {
  /** Names in lower case, at any depth. */
  readonly names: ReadonlySet<string>;
  /** Pointers as their steps; `*` is any one. */
  readonly pointers: readonly (readonly string[])[];
}

interface Level {
  readonly kind: "object" | "list";
  /** Where in it we are: the name of the member (null: too long to be one that is meant), or the place. */
  step: string | null;
  place: number;
  /** The next text is a name. */
  naming: boolean;
}

const LONGEST_NAME = 4_096;
const ENDS_SCALAR = /[\s,\]}:"[{]/;

type Mode = "between" | "name" | "text" | "scalar";

/** Replaces values of JSON by the names and places of their members. What is no JSON goes through as it is. */
export class JsonFilter implements Filter {
  readonly #targets: JsonTargets;
  readonly #withheld: () => void;
  readonly #levels: Level[] = [];
  #mode: Mode = "between";
  #escaped = false;
  #name = "";
  /** Depth of the value that is withheld: it ends where its level does. null: none is. */
  #hidden: number | null = null;
  /** Whether the character that ended a withheld value belongs to it. */
  #after = false;

  constructor(targets: JsonTargets, withheld: () => void) {
    this.#targets = targets;
    this.#withheld = withheld;
  }

  read(text: string): string {
    let out = "";
    let shownFrom = 0;
    for (let at = 0; at < text.length; at += 1) {
      const hiddenBefore = this.#hidden !== null;
      const mark = this.#step(text[at] ?? "");
      if (mark !== null) {
        // A value begins that is withheld, with the character at `at`.
        out += text.slice(shownFrom, at) + mark;
        this.#withheld();
      }
      if (hiddenBefore && this.#hidden === null) shownFrom = this.#after ? at + 1 : at;
      else if (this.#hidden !== null) shownFrom = at + 1;
    }
    return this.#hidden === null ? out + text.slice(shownFrom) : out;
  }

  end(): string {
    return "";
  }

  /** Takes one character; gives what stands in the place of a value that begins with it. */
  #step(char: string): string | null {
    if (this.#mode === "text" || this.#mode === "name") return this.#inText(char);
    if (this.#mode === "scalar") {
      if (!ENDS_SCALAR.test(char)) return null;
      this.#mode = "between";
      this.#endOfValue(false);
    }
    return this.#between(char);
  }

  #inText(char: string): null {
    const isName = this.#mode === "name";
    if (this.#escaped) this.#escaped = false;
    else if (char === "\\") this.#escaped = true;
    else if (char === '"') {
      this.#mode = "between";
      if (isName) this.#named();
      else this.#endOfValue(true);
      return null;
    }
    if (isName && this.#name.length <= LONGEST_NAME) this.#name += char;
    return null;
  }

  #between(char: string): string | null {
    const level = this.#levels.at(-1);
    if (char === '"') {
      if (level?.kind === "object" && level.naming) {
        this.#mode = "name";
        this.#name = "";
        return null;
      }
      return this.#value("text", `"${WITHHELD}"`);
    }
    if (char === "{" || char === "[") {
      const mark = this.#begins("null");
      this.#levels.push({
        kind: char === "{" ? "object" : "list",
        step: null,
        place: 0,
        naming: char === "{",
      });
      return mark;
    }
    if (char === "}" || char === "]") {
      this.#levels.pop();
      this.#endOfValue(true);
    } else if (char === ",") {
      if (level !== undefined)
        Object.assign(level, { naming: level.kind === "object", place: level.place + 1 });
    } else if (char === ":") {
      if (level !== undefined) level.naming = false;
    } else if (!/\s/.test(char)) return this.#value("scalar", "null");
    return null;
  }

  #named(): void {
    const level = this.#levels.at(-1);
    if (level === undefined) return;
    level.step = this.#name.length > LONGEST_NAME ? null : decodedName(this.#name);
    level.naming = false;
  }

  #value(mode: Mode, mark: string): string | null {
    const begun = this.#begins(mark);
    this.#mode = mode;
    return begun;
  }

  #begins(mark: string): string | null {
    if (this.#hidden !== null || !this.#isMeant()) return null;
    this.#hidden = this.#levels.length;
    return mark;
  }

  #endOfValue(belongs: boolean): void {
    if (this.#hidden === null || this.#levels.length > this.#hidden) return;
    this.#hidden = null;
    this.#after = belongs;
  }

  #isMeant(): boolean {
    const { names, pointers } = this.#targets;
    const level = this.#levels.at(-1);
    if (level === undefined) return false;
    if (level.kind === "object" && level.step !== null && names.has(level.step.toLowerCase())) return true;
    return pointers.some(
      (pointer) =>
        pointer.length === this.#levels.length &&
        pointer.every((wanted, i) => {
          const it = this.#levels[i];
          return wanted === "*" || wanted === (it?.kind === "list" ? String(it.place) : it?.step);
        }),
    );
  }
}

/** As a program reads it: bytes of UTF-8, with escapes. */
function decodedName(written: string): string {
  const text = Buffer.from(written, "latin1").toString("utf8");
  try {
    return String(JSON.parse(`"${text}"`));
  } catch {
    return text;
  }
}
