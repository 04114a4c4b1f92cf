import { type BodyParameters, type BodyText, bodyParameters } from "./body-parameters.ts";
import { type GraphqlFact, type GraphqlType, graphqlFact } from "./graphql.ts";
import { type NamePattern, namePattern } from "./parameter-name.ts";
import { type Parameter, parameter, urlencoded } from "./parameters.ts";
import { mayPass, type NamedTest, passes, type ValueTest } from "./value-test.ts";

/** What a rule asks of a request besides host, path and method. Everything that is written must hold. */
export interface Conditions {
  readonly query: readonly NamedTest[];
  readonly header: readonly NamedTest[];
  /** The app's parameters wherever they come. To allow something, they must be those of a form. */
  readonly form: readonly NamedTest[];
  /** The same; to allow something, they must be those of a JSON body. */
  readonly json: readonly NamedTest[];
  readonly graphql: readonly GraphqlType[] | null;
}

/** What conditions are asked about. */
interface Asked {
  readonly query: string | null;
  /** Names and values in turn. */
  readonly headers: readonly string[];
  /** Null: there is none, or nobody has looked at it. */
  readonly body: BodyText | null;
}

const SOURCES = ["query", "header", "form", "json"] as const;
type Source = (typeof SOURCES)[number];

interface Test {
  readonly source: Source;
  readonly name: NamePattern;
  readonly test: ValueTest;
}

/** Conditions, ready to be asked. */
export interface CompiledConditions {
  /** To allow something: every test holds in the only reading that there is. */
  hold(said: Said): boolean;
  /** To take something away: every test holds in some reading. */
  mayHold(said: Said): boolean;
  /** Whether the body has to be looked at, where there is one. */
  readonly body: { readonly toAllow: boolean; readonly toRestrict: boolean };
  readonly graphql: boolean;
}

export function compileConditions(conditions: Conditions): CompiledConditions {
  const { query, form, json, graphql } = conditions;
  const tests = SOURCES.flatMap((source) => conditions[source].map((it) => testOf(source, it)));
  const inBody = form.length > 0 || json.length > 0 || graphql !== null;
  return {
    hold: (said) => tests.every((it) => holds(it, said)) && (graphql === null || allAre(said, graphql)),
    mayHold: (said) =>
      tests.every((it) => mayBeSo(it, said)) && (graphql === null || someMayBe(said, graphql)),
    body: { toAllow: inBody || query.length > 0, toRestrict: inBody },
    graphql: graphql !== null,
  };
}

/** What a request says, read when it is first asked. */
export class Said {
  readonly #asked: Asked;
  #query: readonly Parameter[] | null = null;
  #headers: readonly Parameter[] | null = null;
  #body: BodyParameters | null = null;
  #graphql: GraphqlFact | null = null;

  constructor(asked: Asked) {
    this.#asked = asked;
  }

  get query(): readonly Parameter[] {
    this.#query ??= urlencoded(this.#asked.query);
    return this.#query;
  }

  get headers(): readonly Parameter[] {
    this.#headers ??= headerLines(this.#asked.headers);
    return this.#headers;
  }

  get body(): BodyParameters {
    this.#body ??= bodyParameters(this.#asked.body);
    return this.#body;
  }

  get graphql(): GraphqlFact {
    const { body } = this.#asked;
    this.#graphql ??= graphqlFact(this.query, body === null ? null : { text: body.text, read: this.body });
    return this.#graphql;
  }
}

function testOf(source: Source, { name, test }: NamedTest): Test {
  return { source, name: namePattern(source === "header" ? name.toLowerCase() : name), test };
}

/** In lower case, as HTTP compares them. CGI takes dashes and underscores for the same. */
function headerLines(headers: readonly string[]): readonly Parameter[] {
  return headers.flatMap((name, at) =>
    at % 2 === 0 ? [parameter(name.toLowerCase(), headers[at + 1] ?? "", true)] : [],
  );
}

/** All in which some server may see what is meant, and whether more may be there. */
function met({ source, name }: Test, said: Said): { readonly found: readonly Parameter[]; dark: boolean } {
  const all = source === "header" ? said.headers : source === "query" ? said.query : everywhere(said);
  const dark = source === "form" || source === "json" ? said.body.dark : false;
  return { found: all.filter((it) => it.name === null || name.meets(it.readings)), dark };
}

function everywhere(said: Said): readonly Parameter[] {
  return said.body.parameters.length === 0 ? said.query : [...said.query, ...said.body.parameters];
}

function holds(it: Test, said: Said): boolean {
  const { found, dark } = met(it.source === "query" ? { ...it, source: "form" } : it, said);
  if (dark) return false;
  if (it.test.kind === "absent") return found.length === 0;
  if ((it.source === "form" || it.source === "json") && said.body.kind !== it.source) return false;
  const names = new Set(found.map(({ name }) => name));
  if (found.length === 0 || names.size < found.length) return false;
  const own =
    it.source === "query" ? said.query : it.source === "header" ? said.headers : said.body.parameters;
  return found.every(
    (field) =>
      field.plain &&
      own.includes(field) &&
      it.name.is(field.name ?? "") &&
      passes(it.test, field.value ?? ""),
  );
}

function mayBeSo(it: Test, said: Said): boolean {
  const { found, dark } = met(it, said);
  if (dark) return true;
  if (it.test.kind !== "absent")
    return found.some(({ name, value }) => name === null || value === null || mayPass(it.test, value));
  const [only, ...others] = found;
  return only === undefined || others.length > 0 || !only.plain || !it.name.is(only.name ?? "");
}

function allAre({ graphql }: Said, wanted: readonly GraphqlType[]): boolean {
  return graphql.kind === "operations" && [...graphql.types].every((type) => wanted.includes(type));
}

function someMayBe({ graphql }: Said, wanted: readonly GraphqlType[]): boolean {
  if (graphql.kind === "none") return false;
  return graphql.kind === "unknown" || wanted.some((type) => graphql.types.has(type));
}
