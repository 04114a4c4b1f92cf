/** Values by name: `effectiveUser.id`, `secret.SERVICE_PASSWORD`, and what was taken from answers under its own name. */
export type Values = ReadonlyMap<string, string>;

const PLACE = /\{([A-Za-z][\w-]*(?:\.[A-Za-z_]\w*)?)\}/g;

/** The names of the places in a text, each once. Braces around anything else are plain text. */
export function placesIn(text: string): readonly string[] {
  return [...new Set(text.matchAll(PLACE).map(([, name = ""]) => name))];
}

/** A text with its places filled in, or the name of the first that has no value. */
type Filling =
  | { readonly kind: "filled"; readonly text: string }
  | { readonly kind: "missing"; readonly name: string };

/** Puts each value in as `encode` writes it; what a value holds is never read as a place. */
export function fill(text: string, values: Values, encode: (value: string) => string): Filling {
  let missing: string | null = null;
  const filled = text.replaceAll(PLACE, (_place, name: string) => {
    const value = values.get(name);
    if (value === undefined) missing ??= name;
    return value === undefined ? "" : encode(value);
  });
  return missing === null ? { kind: "filled", text: filled } : { kind: "missing", name: missing };
}

/** As it is. */
export const plainly = (value: string): string => value;

/** For one segment of a path, or one value of a query. */
export function inAddress(value: string): string {
  return encodeURIComponent(value.toWellFormed()).replaceAll("'", "%27");
}

const TARGET = /^\/[\x21-\x7e]{0,8191}$/;
const DOTS = /^(?:\.|%2e){1,2}$/i;

/** Whether this can be sent as the target of a request as it is, and is read in one way. */
export function isTarget(text: string): boolean {
  const [path = ""] = text.split("?", 1);
  if (!TARGET.test(text) || /[#\\"<>^`{|}]/.test(text) || path.startsWith("//")) return false;
  return !path.split("/").some((segment) => DOTS.test(segment));
}

/** Whether this can be the value of a header. */
export function isHeaderValue(text: string): boolean {
  return /^[\x20-\x7e]*$/.test(text) && text.length <= 16_384;
}
