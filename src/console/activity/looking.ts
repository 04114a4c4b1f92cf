import type { Archive } from "../../audit/search/archive.ts";
import type { Identity } from "../../domain/identity.ts";
import type { Sight } from "../roles.ts";
import type { Visitor } from "../visitor.ts";

/** What a page of records is made of. */
export interface Looking {
  readonly who: Visitor & { readonly trueUser: Identity };
  readonly sight: Exclude<Sight, { readonly kind: "none" }>;
  readonly archive: Archive;
  readonly now: number;
}
