import type { Identity } from "./identity.ts";
import type { IdGrammar } from "./routing/id-grammar.ts";

/** Whom a resource belongs to. `viewers` may see it as themselves, so an agent among them needs no impersonation. */
export interface Owner extends Identity {
  readonly viewers: readonly string[];
}

/**
 * One question to a resolver. `params` are in the order of the pattern, and one that is no plain id is empty.
 * `key` is the same for the same params; only plain ones are ever in it.
 */
export interface OwnerLookup {
  /** The name of the resolver in the config, or whatever else tells it from the others. */
  readonly resolver: string;
  readonly params: Readonly<Record<string, string>>;
  /** Canonical, as is the query, which is null without a `?`. */
  readonly path: string;
  readonly query: string | null;
  readonly host: string;
  /** What a value of the query must look like to be looked up. */
  readonly ids: IdGrammar;
  readonly key: string;
}

/** The answer of an owner lookup. `failed` (it could not be asked) is never treated as `none` (there is no owner). */
export type OwnerFact =
  | { readonly kind: "not-asked" }
  | { readonly kind: "none" }
  /** `unlisted`: there is a directory, and it does not have this person. */
  | { readonly kind: "found"; readonly owner: Owner; readonly unlisted?: true }
  | { readonly kind: "failed"; readonly code: string };
