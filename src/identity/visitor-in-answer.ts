import { type Finder, theOnly } from "../clients/finder.ts";
import { type HttpAnswer, jsonOf } from "../clients/http.ts";
import type { Identity } from "../domain/identity.ts";
import { type Reading, readPerson } from "../domain/person.ts";
import { type Pointer, valueAt } from "../domain/pointer.ts";

/** Where the facts of a person stand in an answer: in JSON by pointers, in a page by what finds them. */
interface FactPlaces {
  readonly id: Finder;
  readonly name?: Finder | undefined;
  readonly email?: Finder | undefined;
  readonly groups?: Finder | undefined;
}

const MAPPING = { id: ["id"], name: ["name"], email: ["email"], groups: ["groups"] };

/** Whom an answer names. Throws an Error where that can't be told: it is no JSON, or it names two people. */
export function personIn(answer: HttpAnswer, places: FactPlaces): Reading<Identity> {
  const { id, name, email, groups } = places;
  const found = [id, name, email, groups].some((it) => it !== undefined && it.pointer === undefined);
  if (!found) return readPerson(jsonOf(answer), mappingOf(places));
  const whole = { headers: headersOf(answer), body: answer.body };
  const at = (pointer: Pointer) => valueAt(jsonOf(answer), pointer);
  const first = (it: Finder | undefined) => {
    if (it?.pointer !== undefined) return at(it.pointer);
    return it?.find(whole)[0]?.trim() ?? null;
  };
  const all = (it: Finder | undefined) => {
    if (it?.pointer !== undefined) return at(it.pointer);
    return it?.find(whole).map((text) => text.trim()) ?? null;
  };
  // In a page, that there is no id is how it speaks to guests.
  const only = id.pointer === undefined ? theOnly(id, whole) : at(id.pointer);
  return readPerson({ id: only, name: first(name), email: first(email), groups: all(groups) }, MAPPING);
}

function mappingOf({ id, name, email, groups }: FactPlaces): typeof MAPPING {
  const of = (it: Finder | undefined, otherwise: string[]) => [...(it?.pointer ?? otherwise)];
  return {
    id: of(id, MAPPING.id),
    name: of(name, MAPPING.name),
    email: of(email, MAPPING.email),
    groups: of(groups, MAPPING.groups),
  };
}

function headersOf({ headers }: HttpAnswer): readonly string[] {
  return Object.entries(headers).flatMap(([name, value]) =>
    (typeof value === "string" ? [value] : (value ?? [])).flatMap((one) => [name, one]),
  );
}
