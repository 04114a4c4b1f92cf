import { z } from "zod";

/** A JSON schema, as far as this room reads it. */
export interface JsonSchema {
  readonly type?: string | readonly string[];
  readonly description?: string;
  readonly default?: unknown;
  readonly enum?: readonly unknown[];
  readonly const?: unknown;
  readonly pattern?: string;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly properties?: Readonly<Record<string, JsonSchema>>;
  readonly required?: readonly string[];
  readonly additionalProperties?: JsonSchema | boolean;
  readonly items?: JsonSchema;
  readonly anyOf?: readonly JsonSchema[];
  readonly oneOf?: readonly JsonSchema[];
  readonly allOf?: readonly JsonSchema[];
}

/** The schema for editors: what may be written, with every description and default. */
export function jsonSchema(schema: z.ZodType): JsonSchema {
  return z.toJSONSchema(schema, { io: "input", unrepresentable: "any", reused: "inline" }) as JsonSchema;
}

/** The keys that may stand in the object at a path, of all forms that it can have. */
export function keysAt(schema: JsonSchema, path: readonly PropertyKey[]): readonly string[] {
  const found = path.reduce<readonly JsonSchema[]>(
    (schemas, step) => schemas.flatMap((one) => below(one, step)),
    formsOf(schema),
  );
  return [...new Set(found.flatMap((one) => Object.keys(one.properties ?? {})))];
}

/** A schema and all that it may be instead. */
export function formsOf(schema: JsonSchema): readonly JsonSchema[] {
  const others = [...(schema.anyOf ?? []), ...(schema.oneOf ?? []), ...(schema.allOf ?? [])];
  return [schema, ...others.flatMap(formsOf)];
}

function below(schema: JsonSchema, step: PropertyKey): readonly JsonSchema[] {
  if (typeof step === "number") return schema.items === undefined ? [] : formsOf(schema.items);
  const properties = schema.properties ?? {};
  const key = String(step);
  const property = Object.hasOwn(properties, key) ? properties[key] : schema.additionalProperties;
  return typeof property === "object" ? formsOf(property) : [];
}
