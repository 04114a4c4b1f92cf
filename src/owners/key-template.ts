import { z } from "zod";

/** A key with places in braces: `site:{site}:owner`. Braces around anything else are the key's own. */
export interface KeyTemplate {
  readonly names: readonly string[];
  /** Null when a value is missing, or could be taken for more than its own part of the key. */
  render(valueAt: (name: string) => string | null): string | null;
}

const PLACE = /\{([A-Za-z_$][\w$]*|query\.[\w-]+)\}/;

/** A key in the config. */
export const keyTemplate = z
  .string()
  .min(1)
  .transform((text, context): KeyTemplate => {
    const [first = "", ...rest] = text.split(PLACE);
    const parts = rest.flatMap((name, at) => (at % 2 === 0 ? [{ name, behind: rest[at + 1] ?? "" }] : []));
    if (parts.slice(0, -1).every(({ behind }) => behind !== "")) return templateOf(first, parts);
    context.addIssue({
      code: "custom",
      message: "two places stand side by side; put text between them",
      input: text,
    });
    return z.NEVER;
  });

interface Part {
  readonly name: string;
  /** The text up to the next place. */
  readonly behind: string;
}

function templateOf(first: string, parts: readonly Part[]): KeyTemplate {
  return {
    names: [...new Set(parts.map(({ name }) => name))],
    render(valueAt) {
      let key = first;
      for (const { name, behind } of parts) {
        const value = valueAt(name);
        // Else `a:b` and `c` would make the same key as `a` and `b:c`.
        if (value === null || (behind !== "" && value.includes(behind.slice(0, 1)))) return null;
        key += value + behind;
      }
      return key;
    },
  };
}
