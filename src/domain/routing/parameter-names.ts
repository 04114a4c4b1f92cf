import { urlencoded } from "./conditions/parameters.ts";

/** Distinct names at the most; an app that makes up names has no list of them. */
const MOST = 10_000;
const LONGEST = 200;

/** Names by which apps are told to do something, or to prove that they were asked to by their own page. */
const TELLING =
  /^(?:_?method|action2?|do|doaction|cmd|command|op|oper|operation|task|func|function|step|mode|save|submit|confirm(?:ed)?|delete(?:_.*)?|remove|add|create|update|set(?:_.*)?|close|reopen|approve|reject|reply|send|enable|disable|activate|deactivate|logout|signout|.*(?:nonce|csrf|xsrf|authenticity_token|sesskey|secur(?:ity)?_?token|^token)$)/i;

export interface SeenName {
  readonly name: string;
  /** In how many requests that look. */
  readonly requests: number;
}

/** What a list of requests makes of `reads.query`. */
export interface Proposal {
  readonly query: readonly SeenName[];
  /** Seen, but their names say that they may do something. */
  readonly telling: readonly SeenName[];
  /** Seen less often than was asked for. */
  readonly rare: readonly SeenName[];
  readonly requests: number;
  /** There were more names than are counted. */
  readonly cut: boolean;
}

/** Counts the names of parameters in requests that look. Values are never kept. */
export class ParameterNames {
  readonly #counts = new Map<string, number>();
  #requests = 0;
  #cut = false;

  /** `target` is a path with its query, or a whole address. */
  add(method: string, target: string): void {
    if (method !== "GET" && method !== "HEAD") return;
    this.#requests += 1;
    const mark = target.indexOf("?");
    if (mark < 0) return;
    const [query = ""] = target.slice(mark + 1).split("#", 1);
    const names = urlencoded(query).flatMap(({ name }) =>
      name === null || name === "" ? [] : [kindOf(name)],
    );
    for (const name of new Set(names)) this.#count(name);
  }

  propose(least: number): Proposal {
    const all = [...this.#counts]
      .map(([name, requests]): SeenName => ({ name, requests }))
      .sort((a, b) => b.requests - a.requests || (a.name < b.name ? -1 : 1));
    const telling = all.filter(({ name }) => TELLING.test(name));
    const others = all.filter(({ name }) => !TELLING.test(name));
    return {
      query: others.filter(({ requests }) => requests >= least),
      rare: others.filter(({ requests }) => requests < least),
      telling,
      requests: this.#requests,
      cut: this.#cut,
    };
  }

  #count(name: string): void {
    const known = this.#counts.get(name);
    if (known === undefined && (this.#counts.size >= MOST || name.length > LONGEST)) this.#cut = true;
    else this.#counts.set(name, (known ?? 0) + 1);
  }
}

/** A name with its places in lists left open: `filter[12]` is `filter[*]`. */
function kindOf(name: string): string {
  return name.replace(/\[\d+\]/g, "[*]").replaceAll("**", "*");
}
