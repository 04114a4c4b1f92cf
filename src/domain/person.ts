import type { Identity } from "./identity.ts";
import type { Owner } from "./owner.ts";
import { type Pointer, valueAt, writePointer } from "./pointer.ts";

/** Where the facts of a person stand in a JSON document. */
export interface PersonMapping {
  readonly id: Pointer;
  readonly name: Pointer;
  readonly email: Pointer;
  readonly groups: Pointer;
  readonly language?: Pointer;
  readonly approvers?: Pointer;
}

export interface OwnerMapping extends PersonMapping {
  readonly viewers: Pointer;
}

/**
 * What a document says of a person. `none`: that there is nobody (a null, an empty text, 0 or false as the id, as
 * apps say it of guests). `bad`: something that can't be taken for a person; `why` holds no value of the document.
 */
export type Reading<T> =
  | { readonly kind: "read"; readonly value: T }
  | { readonly kind: "none" }
  | { readonly kind: "bad"; readonly why: string };

const ID = /^[\x21-\x7e](?:[\x20-\x7e]{0,254}[\x21-\x7e])?$/;
const LONGEST_TEXT = 320;
const MOST_GROUPS = 1_000;

/** 1 to 256 printable ASCII characters with no space at either end: goes into a header, a token and a log line as it is. */
export function isId(text: string): boolean {
  return ID.test(text);
}

/** Text that is safe in one line: no control characters, no half characters, 320 units long at most. */
export function isLine(text: string): boolean {
  return text.length <= LONGEST_TEXT && text.isWellFormed() && !/[\p{Cc}\u2028\u2029]/u.test(text);
}

/** A JSON document read as a person. Facts that are absent are null, never guessed. */
export function readPerson(document: unknown, mapping: PersonMapping): Reading<Identity> {
  const raw = valueAt(document, mapping.id);
  if (isNobody(raw)) return { kind: "none" };
  const id = idFrom(raw);
  if (id === null) return bad(mapping.id, raw === undefined ? "is not there" : "is no plain id");
  const name = lineAt(document, mapping.name);
  if (name.kind === "bad") return name;
  const email = lineAt(document, mapping.email);
  if (email.kind === "bad") return email;
  const groups = groupsAt(document, mapping.groups);
  if (groups.kind === "bad") return groups;
  const language = mapping.language === undefined ? null : lineAt(document, mapping.language);
  const approvers = mapping.approvers === undefined ? null : idsAt(document, mapping.approvers);
  if (typeof approvers === "string") return bad(mapping.approvers ?? [], approvers);
  const facts = { id, name: name.value, email: email.value, groups: groups.value };
  return { kind: "read", value: { ...facts, ...moreOf(language, approvers) } };
}

/** Optional facts. An unreadable language is ignored, since no right depends on it. */
function moreOf(
  language: Part<string | null> | null,
  approvers: readonly string[] | null,
): Pick<Identity, "language" | "approvers"> {
  const said = language?.kind === "read" ? language.value : null;
  return { ...(said === null ? {} : { language: said }), ...(approvers === null ? {} : { approvers }) };
}

/** A JSON document read as an owner: a bare id, or an object with more. */
export function readOwner(document: unknown, mapping: OwnerMapping): Reading<Owner> {
  if (document === null) return { kind: "none" };
  if (typeof document === "string" || typeof document === "number") {
    const id = idFrom(document);
    return id === null ? bad([], "is no plain id") : { kind: "read", value: ownerOf(id) };
  }
  const person = readPerson(document, mapping);
  if (person.kind !== "read") return person;
  const viewers = idsAt(document, mapping.viewers) ?? [];
  if (typeof viewers === "string") return bad(mapping.viewers, viewers);
  return { kind: "read", value: { ...person.value, viewers } };
}

/** Null: there is no list. A text says what is wrong with it. */
function idsAt(document: unknown, pointer: Pointer): readonly string[] | null | string {
  const list = valueAt(document, pointer) ?? null;
  if (list === null) return null;
  if (!Array.isArray(list)) return "is no list";
  const ids = list.flatMap((it) => idFrom(it) ?? []);
  return ids.length === list.length ? ids : "holds what is no plain id";
}

/** An owner of whom only the id is known. */
export function ownerOf(id: string): Owner {
  return { id, name: null, email: null, groups: null, viewers: [] };
}

function isNobody(value: unknown): boolean {
  return value === null || value === "" || value === 0 || value === false;
}

function idFrom(value: unknown): string | null {
  const text = typeof value === "number" && Number.isSafeInteger(value) ? String(value) : value;
  return typeof text === "string" && isId(text) ? text : null;
}

type Part<T> = { readonly kind: "read"; readonly value: T } | { readonly kind: "bad"; readonly why: string };

// Decoration only, so a value of another type (a `false` where PHP has nothing) counts as absent.
function lineAt(document: unknown, pointer: Pointer): Part<string | null> {
  const value = valueAt(document, pointer);
  if (typeof value !== "string" || value.trim() === "") return { kind: "read", value: null };
  return isLine(value)
    ? { kind: "read", value }
    : bad(pointer, "holds control characters or is longer than 320 characters");
}

// Groups carry rights: one that can't be read must not vanish, or "not an admin" would hold for an admin.
function groupsAt(document: unknown, pointer: Pointer): Part<readonly string[] | null> {
  const value = valueAt(document, pointer) ?? null;
  if (value === null) return { kind: "read", value: null };
  if (typeof value === "string" && /[,;]/.test(value))
    return bad(pointer, "is one text with several groups in it; send a list");
  const list: readonly unknown[] = Array.isArray(value) ? value : value === "" ? [] : [value];
  if (list.length > MOST_GROUPS) return bad(pointer, "has more than 1000 entries");
  const groups: string[] = [];
  for (const entry of list) {
    const group = typeof entry === "number" && Number.isSafeInteger(entry) ? String(entry) : entry;
    if (typeof group !== "string" || group === "" || !isLine(group))
      return bad(pointer, "is no list of plain texts");
    groups.push(group);
  }
  return { kind: "read", value: groups };
}

function bad(pointer: Pointer, what: string): { readonly kind: "bad"; readonly why: string } {
  return { kind: "bad", why: `${pointer.length === 0 ? "the answer" : writePointer(pointer)} ${what}` };
}
