/** A JSON pointer (RFC 6901) as its decoded steps; no steps point at the whole document. */
export type Pointer = readonly string[];

const WRITTEN = /^(?:\/(?:[^~/]|~[01])*)*$/;
const INDEX = /^(?:0|[1-9]\d{0,8})$/;

/** `/user/id` as its steps; null where the text is no pointer. */
export function parsePointer(text: string): Pointer | null {
  if (!WRITTEN.test(text)) return null;
  return text
    .split("/")
    .slice(1)
    .map((step) => step.replaceAll("~1", "/").replaceAll("~0", "~"));
}

/** The steps as they are written, for messages. */
export function writePointer(pointer: Pointer): string {
  return pointer.map((step) => `/${step.replaceAll("~", "~0").replaceAll("/", "~1")}`).join("");
}

/** The value at a JSON pointer; null also if a null is on the way, undefined if there is no such place. Reads only own properties. */
export function valueAt(document: unknown, pointer: Pointer): unknown {
  let here = document;
  for (const step of pointer) {
    if (here === null) return null;
    if (Array.isArray(here)) here = INDEX.test(step) ? here[Number(step)] : undefined;
    else if (typeof here === "object" && Object.hasOwn(here, step)) here = Reflect.get(here, step);
    else return undefined;
  }
  return here;
}
