import { jsonIn } from "../../text/json-in.ts";
import { MOST_PARAMETERS, type Parameter, parameter } from "./parameters.ts";

const DEEPEST = 64;

/**
 * The values of a JSON text, each under the name that a form would have for it: `user[email]`, `items[0][id]`; an object or a list
 * is one itself. A key that comes twice makes two. Null: the text is no JSON, or too deep or too much to be read.
 */
export function jsonParameters(text: string): readonly Parameter[] | null {
  if (jsonIn(text) === undefined) return null;
  const walk = new Walk(text);
  walk.value("", true, 0);
  return walk.tooMuch ? null : walk.found;
}

/** A text, a bracket, a mark or a word, with the space in front of it, in text that is JSON for sure. */
const TOKEN = /\s*("(?:[^"\\]|\\.)*"|[{}[\],:]|[^\s{}[\],:"]+)/gy;

/** Reads text that is known to be JSON once more, for what `JSON.parse` hides: keys that come twice. */
class Walk {
  readonly found: Parameter[] = [];
  tooMuch = false;
  readonly #text: string;
  #at = 0;

  constructor(text: string) {
    this.#text = text;
  }

  value(name: string, plain: boolean, depth: number): void {
    if (depth > DEEPEST || this.found.length >= MOST_PARAMETERS) this.tooMuch = true;
    if (this.tooMuch) return;
    const token = this.#next();
    if (token !== "{" && token !== "[") {
      this.found.push(parameter(name, scalar(token), plain));
      return;
    }
    if (name !== "") this.found.push(parameter(name, "", false));
    if (token === "{") this.#members(name, plain, depth);
    else this.#elements(name, plain, depth);
  }

  #members(name: string, plain: boolean, depth: number): void {
    for (let token = this.#next(); token !== "}" && !this.tooMuch; token = this.#next()) {
      const key = token === "," ? this.#next() : token;
      const inner = String(JSON.parse(key));
      this.#next();
      this.value(below(name, inner), plain && key === `"${inner}"` && /^[\w-]+$/.test(inner), depth + 1);
    }
  }

  #elements(name: string, plain: boolean, depth: number): void {
    for (let index = 0; !this.tooMuch; index += 1) {
      const before = this.#at;
      const token = this.#next();
      if (token === "]") return;
      if (token !== ",") this.#at = before;
      this.value(below(name, String(index)), plain, depth + 1);
    }
  }

  #next(): string {
    TOKEN.lastIndex = this.#at;
    const token = TOKEN.exec(this.#text)?.[1] ?? "]";
    this.#at = TOKEN.lastIndex;
    return token;
  }
}

function below(name: string, key: string): string {
  return name === "" ? key : `${name}[${key}]`;
}

function scalar(token: string): string {
  return token.startsWith('"') ? String(JSON.parse(token)) : token;
}
