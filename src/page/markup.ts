/** All characters that are not safe in text, in a quoted attribute and in every charset of the web; `\` and `~` are among them. */
const UNSAFE = /[^A-Za-z0-9 !#$%()*+,\-./:;=?@[\]^_{|}]/gu;

/** A text as ASCII HTML and XML, for between tags and between quotes. */
export function escaped(value: string): string {
  return value.replace(UNSAFE, (character) => {
    const code = character.codePointAt(0) ?? 0xfffd;
    return `&#${code >= 0xd800 && code <= 0xdfff ? 0xfffd : code};`;
  });
}

/** A value as JSON for an attribute. */
export function json(value: unknown): string {
  return escaped(JSON.stringify(value));
}
