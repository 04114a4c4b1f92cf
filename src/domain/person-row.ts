import type { Identity } from "./identity.ts";
import type { Owner } from "./owner.ts";
import { type OwnerMapping, type Reading, readOwner, readPerson } from "./person.ts";
import { jsonIn } from "./text/json-in.ts";

/** A row of a database by the names of its columns. */
type Row = Readonly<Record<string, unknown>>;

/** The columns that say who it is: one of them is there. */
export const ID_COLUMNS = ["user_id", "id"] as const;
/** The columns that say more. */
export const FACT_COLUMNS = ["name", "email", "groups", "language", "approvers"] as const;

const MAPPING: OwnerMapping = {
  id: ["id"],
  name: ["name"],
  email: ["email"],
  groups: ["groups"],
  language: ["language"],
  approvers: ["approvers"],
  viewers: ["viewers"],
};

/** Rows as an owner: one row, or several of the same person with a group or a viewer each. No row is nobody. */
export function readOwnerRows(rows: readonly Row[]): Reading<Owner> {
  const people = peopleIn(rows);
  if (typeof people === "string") return { kind: "bad", why: people };
  const [one, ...others] = people.values();
  if (one === undefined) return { kind: "none" };
  return others.length > 0
    ? { kind: "bad", why: "its rows are of different people" }
    : readOwner(one, MAPPING);
}

/** Rows as people, in the order of the rows. */
export function readPeopleRows(rows: readonly Row[]): readonly Reading<Identity>[] {
  const people = peopleIn(rows);
  if (typeof people === "string") return [{ kind: "bad", why: people }];
  return [...people.values()].map((one) => readPerson(one, MAPPING));
}

/** Documents by id, or what is wrong. */
function peopleIn(rows: readonly Row[]): ReadonlyMap<string, Row> | string {
  const people = new Map<string, Row>();
  for (const row of rows) {
    const column = ID_COLUMNS.find((name) => Object.hasOwn(row, name));
    if (column === undefined) return "it gives no column `user_id` or `id`";
    const id = row[column];
    const groups = listOf(row.groups, "groups");
    const viewers = listOf(row.viewers, "viewers");
    if (typeof groups === "string") return groups;
    if (typeof viewers === "string") return viewers;
    const approvers = listOf(row.approvers, "approvers");
    if (typeof approvers === "string") return approvers;
    const key = JSON.stringify(id);
    const known = people.get(key);
    people.set(key, {
      // Databases give 0 as a text where their numbers are large.
      id: id === "0" ? 0 : id,
      name: known?.name ?? row.name,
      email: known?.email ?? row.email,
      groups: joined(known?.groups, groups),
      viewers: joined(known?.viewers, viewers),
      language: known?.language ?? row.language,
      approvers: joined(known?.approvers, approvers),
    });
  }
  return people;
}

function joined(known: unknown, more: readonly unknown[] | null): readonly unknown[] | null {
  if (!Array.isArray(known)) return more;
  return more === null ? known : [...new Set([...known, ...more])];
}

/** A list in a column: an array, a JSON array as text, or texts between commas; a text says what is wrong. Null where nothing is known. */
function listOf(value: unknown, column: string): readonly unknown[] | null | string {
  if (value === null || value === undefined) return null;
  // A join that finds nothing makes a list of one null.
  if (Array.isArray(value)) return value.filter((it) => it !== null);
  if (typeof value !== "string") return typeof value === "number" ? [value] : `\`${column}\` is no list`;
  const text = value.trim();
  if (text.startsWith("{")) return `\`${column}\` is an array of a type of its own; write ${column}::text[]`;
  if (!text.startsWith("[")) return text.split(",").flatMap((it) => it.trim() || []);
  const list = jsonIn(text);
  return Array.isArray(list) ? list.filter((it) => it !== null) : `\`${column}\` is no list in JSON`;
}
