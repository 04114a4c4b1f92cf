import type { z } from "zod";
import type { ConfigDocument } from "./document.ts";
import { type JsonSchema, jsonSchema, keysAt } from "./jsonschema.ts";
import { inOrder, type Problem } from "./problem.ts";
import { complaintsOf, speakPlainly } from "./wording.ts";

export type Validation<T> =
  | { readonly kind: "valid"; readonly value: T }
  | { readonly kind: "problems"; readonly problems: readonly Problem[] };

/** Holds a document against the schema; all problems at once, each at its place. */
export function validate<T>(document: ConfigDocument, schema: z.ZodType<T>): Validation<T> {
  speakPlainly();
  const read = schema.safeParse(document.value);
  if (read.success) return { kind: "valid", value: read.data };
  const known = schemaOnce(schema);
  const complaints = complaintsOf(read.error.issues, {
    keysAt: (path) => keysAt(known(), path),
    valueAt: (path) => valueAt(document.value, path),
  });
  return { kind: "problems", problems: inOrder(complaints.map((complaint) => document.locate(complaint))) };
}

/** Only needed once a key is unknown. */
function schemaOnce(schema: z.ZodType): () => JsonSchema {
  let made: JsonSchema | null = null;
  return () => {
    made ??= jsonSchema(schema);
    return made;
  };
}

function valueAt(root: unknown, path: readonly PropertyKey[]): unknown {
  return path.reduce<unknown>((value, step) => {
    if (typeof value !== "object" || value === null) return undefined;
    return Object.hasOwn(value, step) ? Reflect.get(value, step) : undefined;
  }, root);
}
