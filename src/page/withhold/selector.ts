/** One condition of a selector on an attribute. */
interface AttributeTest {
  readonly name: string;
  readonly operator: "" | "=" | "^=" | "$=" | "*=" | "~=";
  readonly value: string;
}

/** What an element has to be like, by its own tag alone: that is all that is known of it while a page streams by. */
export interface ElementTest {
  /** null stands for every name. */
  readonly name: string | null;
  readonly attributes: readonly AttributeTest[];
}

const PART =
  /([#.])([\w-]+)|\[\s*([A-Za-z_][\w:.-]*)\s*(?:([~^$*]?=)\s*(?:"([^"]*)"|'([^']*)'|([\w-]+))\s*)?\]/y;
const NAME = /(?:\*|[A-Za-z][A-Za-z0-9-]*)?/y;
/** Longer names of attributes are cut by the reader of pages. */
const LONGEST_NAME = 24;

/** A selector that one tag can be asked for: `input#key`, `.secret`, `input[name=api_key]`, without combinators; null for any other. */
export function readSelector(text: string): ElementTest | null {
  NAME.lastIndex = 0;
  const [name = ""] = NAME.exec(text) ?? [];
  const attributes: AttributeTest[] = [];
  let at = name.length;
  while (at < text.length) {
    PART.lastIndex = at;
    const found = PART.exec(text);
    if (found === null) return null;
    const [whole, sign, short, attribute = "", operator = "", ...values] = found;
    if (sign === "#") attributes.push({ name: "id", operator: "=", value: bytes(short) });
    else if (sign === ".") attributes.push({ name: "class", operator: "~=", value: bytes(short) });
    else {
      const value = values.find((it) => it !== undefined);
      attributes.push({
        name: attribute.toLowerCase().slice(0, LONGEST_NAME),
        operator: operator as AttributeTest["operator"],
        value: bytes(value),
      });
    }
    at += whole.length;
  }
  if (name === "" && attributes.length === 0) return null;
  return { name: name === "" || name === "*" ? null : name.toLowerCase(), attributes };
}

/** `values`: the attributes of the tag by name, as bytes. */
export function isMet(test: ElementTest, name: string, values: ReadonlyMap<string, string>): boolean {
  if (test.name !== null && test.name !== name) return false;
  return test.attributes.every((it) => {
    const value = values.get(it.name);
    return value !== undefined && COMPARE[it.operator](value, it.value);
  });
}

const COMPARE: Readonly<Record<AttributeTest["operator"], (value: string, wanted: string) => boolean>> = {
  "": () => true,
  "=": (value, wanted) => value === wanted,
  "^=": (value, wanted) => wanted !== "" && value.startsWith(wanted),
  "$=": (value, wanted) => wanted !== "" && value.endsWith(wanted),
  "*=": (value, wanted) => wanted !== "" && value.includes(wanted),
  "~=": (value, wanted) => value.split(/\s+/).includes(wanted),
};

/** The bytes of UTF-8, one character each. */
function bytes(text = ""): string {
  return Buffer.from(text).toString("latin1");
}
