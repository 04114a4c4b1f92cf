/** JSON: what the config writes as the body of a webhook, with places such as `{text}` in its texts. */
export type BodyTemplate =
  | string
  | number
  | boolean
  | null
  | readonly BodyTemplate[]
  | { readonly [name: string]: BodyTemplate };

const PLACE = /\{([^{}]*)\}/g;

/** Names between braces that are none of `known`. */
export function unknownIn(body: BodyTemplate, known: readonly string[]): readonly string[] {
  if (typeof body === "string")
    return [...body.matchAll(PLACE)].flatMap(([, name = ""]) => (known.includes(name) ? [] : name));
  if (typeof body !== "object" || body === null) return [];
  return Object.values(body).flatMap((each: BodyTemplate) => unknownIn(each, known));
}

/** The body with its places filled in; each value stays inside of its text, whatever is in it. `value`: null where the name is no place. */
export function filledWith(body: BodyTemplate, value: (name: string) => string | null): BodyTemplate {
  if (typeof body === "string") return body.replaceAll(PLACE, (all, name: string) => value(name) ?? all);
  if (Array.isArray(body)) return body.map((each: BodyTemplate) => filledWith(each, value));
  if (typeof body !== "object" || body === null) return body;
  return Object.fromEntries(Object.entries(body).map(([name, each]) => [name, filledWith(each, value)]));
}
