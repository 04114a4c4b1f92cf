/** Fields of one body at the most, and how deep they may lie. */
const MOST = 200;
const DEEPEST = 8;

/**
 * The fields of a body as urlencoded text: a form's as they were sent, a JSON object's as `address[city]=Paris`; null for
 * bodies of any other kind, and for JSON that can't be read.
 */
export function formFields(contentType: string, text: string): string | null {
  if (/^\s*application\/x-www-form-urlencoded/i.test(contentType)) return text;
  if (!/^\s*application\/(?:[\w.-]+\+)?json\b/i.test(contentType)) return null;
  try {
    const pairs: string[] = [];
    flatten("", JSON.parse(text), 0, pairs);
    return pairs.join("&");
  } catch (error) {
    if (error instanceof SyntaxError) return null;
    throw error;
  }
}

function flatten(name: string, value: unknown, depth: number, pairs: string[]): void {
  if (pairs.length >= MOST) return;
  if (typeof value !== "object" || value === null) {
    pairs.push(`${encodeURIComponent(name)}=${encodeURIComponent(String(value).toWellFormed())}`);
    return;
  }
  if (depth >= DEEPEST) return;
  for (const [key, inner] of Object.entries(value)) {
    const below = key.toWellFormed();
    flatten(name === "" ? below : `${name}[${below}]`, inner, depth + 1, pairs);
  }
}
