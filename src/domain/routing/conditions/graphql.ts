import { wordList } from "../../text/word-list.ts";
import type { BodyParameters } from "./body-parameters.ts";
import type { Parameter } from "./parameters.ts";

export type GraphqlType = "query" | "mutation" | "subscription";

/** What operations a request has. `none`: nothing of GraphQL at all. `unknown`: nobody can tell, so there may be a mutation. */
export type GraphqlFact =
  | { readonly kind: "none" }
  | { readonly kind: "unknown" }
  | { readonly kind: "operations"; readonly types: ReadonlySet<GraphqlType> };

const UNKNOWN: GraphqlFact = { kind: "unknown" };
const NONE: GraphqlFact = { kind: "none" };

/** Parameters that name an operation, or say which text is meant. */
const STEMS: ReadonlySet<string> = new Set(
  wordList(`
  query mutation operationname operations variables extensions id queryid query_id documentid
  document_id doc_id hash sha256hash
`),
);
const KEYS: ReadonlySet<string> = new Set(["query", "operationName", "variables", "extensions"]);

/**
 * The types of all operations that a request may run. They are known only where the one text is there to be read: in a plain JSON
 * body without doubled keys while the address has no parameter of GraphQL's, or in the address of a request without a body.
 */
export function graphqlFact(
  query: readonly Parameter[],
  body: { readonly text: string; readonly read: BodyParameters } | null,
): GraphqlFact {
  const inQuery = query.filter(({ name, readings }) => name === null || STEMS.has(readings.stem));
  if (body === null || body.text === "") return inQuery.length === 0 ? NONE : typesInQuery(inQuery);
  if (inQuery.length > 0 || body.read.kind !== "json") return UNKNOWN;
  if (hasTwice(body.read.parameters)) return UNKNOWN;
  const value: unknown = JSON.parse(body.text);
  const batch: readonly unknown[] = Array.isArray(value) ? value : [value];
  return together(batch.map(typesOf));
}

function typesInQuery(parameters: readonly Parameter[]): GraphqlFact {
  const texts = parameters.filter(({ readings }) => readings.stem === "query");
  const others = parameters.filter(({ name }) => name !== "query" && !KEYS.has(name ?? ""));
  const persisted = parameters.some(
    ({ name, value }) => name === "extensions" && /persisted/i.test(value ?? ""),
  );
  const [text] = texts;
  if (texts.length !== 1 || others.length > 0 || persisted || text?.plain !== true) return UNKNOWN;
  return together([operationTypes(text.value ?? "")]);
}

function hasTwice(parameters: readonly Parameter[]): boolean {
  const names = parameters.map(({ name }) => name?.toLowerCase());
  return new Set(names).size < names.length;
}

function typesOf(value: unknown): ReadonlySet<GraphqlType> | null {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return null;
  const { query, extensions } = value as { readonly query?: unknown; readonly extensions?: unknown };
  const only = Object.keys(value).every((key) => KEYS.has(key));
  if (!only || typeof query !== "string" || /persisted/i.test(JSON.stringify(extensions ?? ""))) return null;
  return operationTypes(query);
}

function together(parts: readonly (ReadonlySet<GraphqlType> | null)[]): GraphqlFact {
  const types = new Set<GraphqlType>();
  for (const part of parts) {
    if (part === null) return UNKNOWN;
    for (const type of part) types.add(type);
  }
  return types.size === 0 ? UNKNOWN : { kind: "operations", types };
}

/** A block text, a text, a comment, a bracket, a word, or one other character. */
const TOKEN = /"""(?:\\"""|[\s\S])*?"""|"(?:\\.|[^"\\\n])*"|#[^\n\r]*|[{}()[\]]|[A-Za-z_]\w*|[^\s,\ufeff]/g;

/** The types of all operations of a document; null for a text that is none, or has none. */
function operationTypes(text: string): ReadonlySet<GraphqlType> | null {
  const types = new Set<GraphqlType>();
  let depth = 0;
  /** Within a definition: from its first word to the end of its selection. */
  let inside: GraphqlType | "fragment" | null = null;
  for (const [token] of text.matchAll(TOKEN)) {
    if (token.startsWith("#")) continue;
    if (token === '"') return null;
    if (/^[{([]$/.test(token)) {
      if (depth === 0 && inside === null) {
        if (token !== "{") return null;
        inside = "query";
      }
      depth += 1;
    } else if (/^[})\]]$/.test(token)) {
      depth -= 1;
      if (depth < 0) return null;
      if (depth > 0 || token !== "}") continue;
      if (inside !== null && inside !== "fragment") types.add(inside);
      inside = null;
    } else if (depth === 0 && inside === null) {
      if (token !== "query" && token !== "mutation" && token !== "subscription" && token !== "fragment")
        return null;
      inside = token;
    }
  }
  return depth === 0 && inside === null && types.size > 0 ? types : null;
}
