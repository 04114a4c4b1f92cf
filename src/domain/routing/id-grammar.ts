import { linearPattern } from "./linear-pattern.ts";

/** What a param must look like before anybody is asked about it, and the one spelling in which they are asked. */
export interface IdGrammar {
  /** The value as it is looked up; null for one that never is. */
  read(value: string): string | null;
}

const LONGEST = 256;
const UUID = /^([0-9a-f]{8})-?([0-9a-f]{4})-?([0-9a-f]{4})-?([0-9a-f]{4})-?([0-9a-f]{12})$/;

/** The grammars that have a name. */
export const ID_GRAMMARS = {
  plain: fitting((value) => /^[A-Za-z0-9_-]{1,128}$/.test(value)),
  number: fitting((value) => /^\d{1,20}$/.test(value)),
  uuid: { read: readUuid },
  slug: fitting((value) => /^[A-Za-z0-9._~-]{1,128}$/.test(value)),
  unicode: fitting((value) => /^[\p{L}\p{M}\p{N}._~-]{1,128}$/u.test(value)),
  email: fitting((value) => /^[^\s@%\\/]{1,64}@[A-Za-z0-9.-]{1,190}$/.test(value)),
} as const satisfies Record<string, IdGrammar>;

/** A grammar by its name or as a pattern of one's own; a text says what is wrong with it. */
export function idGrammar(written: string): IdGrammar | string {
  if (Object.hasOwn(ID_GRAMMARS, written)) return ID_GRAMMARS[written as keyof typeof ID_GRAMMARS];
  const pattern = linearPattern(written);
  if (pattern.kind === "problem") return pattern.message;
  return fitting((value) => pattern.matches(value));
}

/** Escapes, controls, backslashes and dot segments stay out whatever a grammar says, and so does what Unicode writes in two ways. */
function fitting(fits: (value: string) => boolean): IdGrammar {
  return { read: (value) => (isHarmless(value) && fits(value) ? value : null) };
}

function isHarmless(value: string): boolean {
  return (
    value !== "" &&
    value.length <= LONGEST &&
    !/[%\p{Cc}\\]/u.test(value) &&
    value !== "." &&
    value !== ".." &&
    value.isWellFormed() &&
    value === value.normalize("NFC")
  );
}

/** With all hyphens or with none, in either case. */
function readUuid(value: string): string | null {
  const lower = value.toLowerCase();
  const parts = UUID.exec(lower)?.slice(1).join("-");
  return parts === lower || parts?.replaceAll("-", "") === lower ? parts : null;
}
