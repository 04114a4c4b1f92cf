/** Headers as they are sent: name, value, name, value …, in order, with duplicates and in the sender's spelling. */
export type RawHeaders = readonly string[];

/** All values of a name, which is given in lower case. */
export function valuesOf(headers: RawHeaders, name: string): readonly string[] {
  return headers.filter((_, at) => at % 2 === 1 && headers[at - 1]?.toLowerCase() === name);
}

/** The first value of this name; null where there is none. */
export function firstValue(headers: readonly string[], name: string): string | null {
  for (let at = 0; at + 1 < headers.length; at += 2)
    if (headers[at]?.toLowerCase() === name) return headers[at + 1] ?? null;
  return null;
}

/** The headers without those for which `goes` is true; the same list if there are none. */
export function without(
  headers: readonly string[],
  goes: (name: string, value: string) => boolean,
): readonly string[] {
  const gone = (at: number) => goes(headers[at] ?? "", headers[at + 1] ?? "");
  let any = false;
  for (let at = 0; at < headers.length && !any; at += 2) any = gone(at);
  return any ? headers.filter((_, at) => !gone(at - (at % 2))) : headers;
}
