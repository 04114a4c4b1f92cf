import { decoded } from "../query-value.ts";
import { type NameReadings, nameReadings } from "./parameter-name.ts";

/** One parameter of a request, decoded once. */
export interface Parameter {
  /** Null: what it is called can't be told, so it may be any. */
  readonly name: string | null;
  readonly readings: NameReadings;
  /** Null: what it says can't be told. */
  readonly value: string | null;
  /** It is written in the one way that every server reads alike. */
  readonly plain: boolean;
}

/** So many are read; of more, what the others say can't be told. Servers have such a limit as well. */
export const MOST_PARAMETERS = 5_000;

const NO_READINGS: NameReadings = { stem: "", path: "", kinds: "" };

/** Stands for all parameters that are not read: it may have any name and any value. */
export const UNREAD: Parameter = Object.freeze(parameter(null, null, false));

export function parameter(name: string | null, value: string | null, plain: boolean): Parameter {
  return {
    name,
    readings: name === null ? NO_READINGS : nameReadings(name),
    value,
    plain: plain && name !== null && value !== null,
  };
}

/**
 * The parameters of a query or an urlencoded form, in every reading: where a `;` parts some, those it parts stand beside the
 * whole. Of what has more than one reading nothing is plain.
 */
export function urlencoded(text: string | null): readonly Parameter[] {
  if (text === null || text === "") return [];
  const found: Parameter[] = [];
  for (const pair of text.split("&", MOST_PARAMETERS + 1)) {
    if (found.length >= MOST_PARAMETERS) return [...found.slice(0, MOST_PARAMETERS), UNREAD];
    if (pair === "") continue;
    const parted = pair.includes(";");
    found.push(pairOf(pair, !parted));
    if (parted) for (const piece of pair.split(";")) if (piece !== "") found.push(pairOf(piece, false));
  }
  return found;
}

function pairOf(pair: string, whole: boolean): Parameter {
  const equals = pair.indexOf("=");
  const written = equals === -1 ? pair : pair.slice(0, equals);
  const value = equals === -1 ? "" : pair.slice(equals + 1);
  const name = nameOf(written);
  const spelled = name !== null && (written === name || written === encoded(name));
  return parameter(name, decoded(value), whole && spelled && equals !== -1 && !/\0/.test(name));
}

/** As forms of browsers are sent. */
function encoded(name: string): string {
  return name.isWellFormed() ? encodeURIComponent(name) : "";
}

/** Null for what some old server makes ASCII of: `%u0061`, and letters in more bytes than they need. */
function nameOf(written: string): string | null {
  if (/%u[0-9a-f]{4}|%c[01]/i.test(written)) return null;
  return decoded(written) ?? latin1(written.replaceAll("+", " "));
}

/** What is no UTF-8 is some older charset, of which ASCII is a part: each escape is a character. */
export function latin1(text: string): string {
  return text.replace(/%([0-9a-f]{2})/gi, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)));
}
