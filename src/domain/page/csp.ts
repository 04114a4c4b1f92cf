/**
 * What a page needs to load for its banner. Sources are host sources with a path (`app.example.com/.guise/client.js`);
 * `scriptHash` is the `'sha256-…'` of the script, for policies that know no hosts.
 */
export interface CspNeeds {
  readonly script: string;
  readonly scriptHash: string;
  readonly styles: readonly string[];
  readonly connect: readonly string[];
  /** Null: it has no form. */
  readonly formAction: string | null;
  /** The origin that forms of the page are led on to by a redirect; null: none. */
  readonly ledOnTo: string | null;
  /** It draws the page, from an address that holds its own data. */
  readonly draws?: boolean;
}

/** One fetch directive that we need something of, and where a browser looks when it isn't there. */
interface Need {
  readonly directives: readonly [string, ...string[]];
  readonly sources: (list: readonly string[]) => readonly string[];
}

interface Directive {
  readonly name: string;
  readonly sources: readonly string[];
  /** Position among the parts of the policy. */
  readonly index: number;
}

/**
 * The policy with exactly these resources allowed and nothing else changed. What the policy allows already, and what
 * no source can allow (`sandbox`), stays as it is; a directive that was only inherited from `default-src` is written
 * out with the same sources.
 */
function amendCsp(policy: string, needs: CspNeeds): string {
  const parts = policy.split(";");
  const directives = parse(parts);
  const added: string[] = [];
  for (const { directives: chain, sources } of needed(needs)) {
    const governing = chain.map((name) => directives.get(name)).find((directive) => directive !== undefined);
    if (governing === undefined) continue;
    const missing = sources(governing.sources).filter((source) => !allows(governing.sources, source));
    if (missing.length === 0) continue;
    const list = [...governing.sources.filter((source) => !isNone(source)), ...missing].join(" ");
    if (governing.name === "default-src") added.push(`${chain[0]} ${list}`);
    else parts[governing.index] = withSources(parts[governing.index] ?? "", list);
  }
  const amended = parts.join(";");
  if (added.length === 0) return amended;
  return `${amended.trimEnd().replace(/;$/, "")}; ${added.join("; ")}`;
}

/** Amends each policy of each `Content-Security-Policy` header among raw headers; those that only report stay. */
export function amendPolicyHeaders(headers: readonly string[], needs: CspNeeds): readonly string[] {
  return headers.map((value, index) => {
    const name = index % 2 === 1 ? headers[index - 1]?.toLowerCase() : undefined;
    return name === "content-security-policy" ? amendPolicies(value, needs) : value;
  });
}

/** Amends a list of policies with commas between them, as one header or `<meta>` may hold. */
export function amendPolicies(policies: string, needs: CspNeeds): string {
  return policies
    .split(",")
    .map((policy) => amendCsp(policy, needs))
    .join(",");
}

function needed(needs: CspNeeds): readonly Need[] {
  return [
    {
      directives: ["script-src-elem", "script-src", "default-src"],
      // Beside 'strict-dynamic' hosts count for nothing; beside 'unsafe-inline' a hash would switch that off.
      sources: (list) => [has(list, "'strict-dynamic'") ? needs.scriptHash : needs.script],
    },
    { directives: ["style-src-elem", "style-src", "default-src"], sources: () => needs.styles },
    { directives: ["connect-src", "default-src"], sources: () => needs.connect },
    {
      directives: ["form-action"],
      sources: () => [needs.formAction, needs.ledOnTo].filter((it) => it !== null),
    },
    { directives: ["img-src", "default-src"], sources: () => (needs.draws === true ? ["data:"] : []) },
  ];
}

/** The directives by name as browsers see them: of one that comes twice the first counts, one that isn't ASCII never. */
function parse(parts: readonly string[]): ReadonlyMap<string, Directive> {
  const directives = new Map<string, Directive>();
  for (const [index, part] of parts.entries()) {
    const [name = "", ...sources] = part.split(/[\t\n\f\r ]+/).filter((token) => token !== "");
    const key = name.toLowerCase();
    if (key !== "" && isAscii(part) && !directives.has(key))
      directives.set(key, { name: key, sources, index });
  }
  return directives;
}

/** The directive's text with another list of sources; white space around it and the spelling of its name are kept. */
function withSources(part: string, list: string): string {
  const match = /^([\t\n\f\r ]*)([^\t\n\f\r ]+)[\s\S]*?([\t\n\f\r ]*)$/.exec(part);
  return match === null ? part : `${match[1]}${match[2]} ${list}${match[3]}`;
}

function allows(list: readonly string[], source: string): boolean {
  if (list.some((each) => each === source)) return true;
  if (source.startsWith("'") || has(list, "'strict-dynamic'")) return false;
  if (source.endsWith(":")) return false;
  if (source.includes("://")) return has(list, "*");
  return has(list, "'self'") || has(list, "*");
}

function isAscii(text: string): boolean {
  return [...text].every((character) => character <= "\x7f");
}

function has(list: readonly string[], keyword: string): boolean {
  return list.some((source) => source.toLowerCase() === keyword);
}

function isNone(source: string): boolean {
  return source.toLowerCase() === "'none'";
}
