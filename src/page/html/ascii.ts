export const BANG = 0x21;
export const DOUBLE = 0x22;
export const SINGLE = 0x27;
export const DASH = 0x2d;
export const SLASH = 0x2f;
export const LESS = 0x3c;
export const EQUALS = 0x3d;
export const GREATER = 0x3e;
export const QUESTION = 0x3f;

/** White space as HTML has it; a carriage return counts as the line feed that it becomes. */
export function isSpace(byte: number): boolean {
  return byte === 0x20 || byte === 0x0a || byte === 0x0d || byte === 0x09 || byte === 0x0c;
}

export function isAlpha(byte: number): boolean {
  const letter = byte | 0x20;
  return letter >= 0x61 && letter <= 0x7a;
}

/** White space, `/` and `>` end the name of a tag or of an attribute. */
export function endsName(byte: number): boolean {
  return byte === GREATER || byte === SLASH || isSpace(byte);
}

/** The byte as a character, an ASCII capital as its small letter. */
export function lower(byte: number): string {
  return String.fromCharCode(byte >= 0x41 && byte <= 0x5a ? byte | 0x20 : byte);
}
