const WORD = /^[A-Za-z]{1,20}$/;

/**
 * The method that a framework may make of a body with a `_method` field in it (urlencoded, multipart or JSON); null where it
 * has none. `UNKNOWN` where there is one that can't be read: nobody may guess what it becomes.
 */
export function methodInBody(contentType: string, text: string): string | null {
  if (!/_method|%5fmethod|_m%65thod|\\u005fmethod/i.test(text)) return null;
  const values = /json/i.test(contentType)
    ? inJson(text)
    : /multipart/i.test(contentType)
      ? inParts(text)
      : inFields(text);
  const value = values.at(-1);
  if (value === undefined) return /json/i.test(contentType) ? null : "UNKNOWN";
  return WORD.test(value) ? value.toUpperCase() : "UNKNOWN";
}

function inFields(text: string): readonly string[] {
  return new URLSearchParams(text).getAll("_method");
}

function inParts(text: string): readonly string[] {
  const part = /\bname\s*=\s*"?_method"?[^\r\n]*\r?\n(?:[^\r\n]+\r?\n)*\r?\n([^\r\n]*)/gi;
  return [...text.matchAll(part)].map((it) => it[1] ?? "");
}

function inJson(text: string): readonly string[] {
  try {
    const value: unknown = JSON.parse(text);
    const method = typeof value === "object" && value !== null ? Reflect.get(value, "_method") : undefined;
    return method === undefined ? [] : [String(method)];
  } catch {
    return ["?"];
  }
}
