import { z } from "zod";
import type { Kind } from "./ports.ts";

/** A kind as the registry of its folder lists it. Its schema is for a whole entry, with the kind's own key in it. */
export type AnyKind<Deps, Made> = Kind<z.ZodType, unknown, Deps, Made>;

/** The same kind; `finish` turns what it makes into what the folder needs. */
export function finishing<Deps, Raw, Made>(finish: (made: Raw, deps: Deps) => Made) {
  return ({ create, ...kind }: AnyKind<Deps, Raw>): AnyKind<Deps, Made> => ({
    ...kind,
    create: (options, deps) => finish(create(options, deps), deps),
  });
}

/** An entry of the config, checked: which kind it is, and how to make it. */
export interface Entry<Deps, Made> {
  readonly kind: string;
  create(deps: Deps): Made;
}

/**
 * The schema of an entry that is one of several kinds, told apart by the key that it has: `{ param: user }`, `{ map: … }`.
 * Problems are those of the kind that was meant, with paths inside it. Editors get the schemas of all kinds.
 */
export function kindEntry<Deps, Made>(kinds: readonly AnyKind<Deps, Made>[], what: string) {
  const names = kinds.map((kind) => kind.name);
  const help = `write ${what} as one of: ${names.map((name) => `{ ${name}: … }`).join(", ")}`;
  return z
    .unknown()
    .transform((value, context): Entry<Deps, Made> => {
      const meant = isObject(value) ? kinds.filter((kind) => Object.hasOwn(value, kind.name)) : [];
      const [kind] = meant;
      if (kind === undefined || meant.length > 1) {
        const unknown = isObject(value) && meant.length === 0;
        if (unknown)
          context.addIssue({
            code: "unrecognized_keys",
            keys: Object.keys(value),
            input: value,
            message: help,
          });
        else context.addIssue({ code: "custom", input: value, message: help });
        return z.NEVER;
      }
      const read = kind.schema.safeParse(value);
      if (read.success) return { kind: kind.name, create: (deps) => kind.create(read.data, deps) };
      for (const issue of read.error.issues) context.issues.push({ ...issue, input: value } as never);
      return z.NEVER;
    })
    .meta({ anyOf: kinds.map(schemaFor) });
}

/** The `error` of a record whose keys have a form of their own; zod alone says only that a key is invalid. */
export function keyHelp(help: string): (issue: { readonly code?: string | undefined }) => string | undefined {
  return ({ code }) => (code === "invalid_key" ? help : undefined);
}

/** Whether a value of the config file, not checked yet, has keys. */
export function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** The value of a key in the config file, not checked yet. */
export function fieldOf(value: unknown, key: string): unknown {
  return isObject(value) && Object.hasOwn(value, key) ? value[key] : undefined;
}

function schemaFor<Deps, Made>(kind: AnyKind<Deps, Made>): object {
  const { $schema: _, ...schema } = z.toJSONSchema(kind.schema, { io: "input" });
  return { ...schema, description: kind.describe };
}
