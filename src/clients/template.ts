import { z } from "zod";

/** An address with places in braces, checked: `http://app/sites/{site}/owner?of={query.user}`. */
interface Template {
  /** Names of the places, each once, in order. */
  readonly names: readonly string[];
  readonly text: string;
  /** The address with every value encoded for where it stands; null when a value is missing or can't stand there. */
  render(values: Readonly<Record<string, string>>): string | null;
}

const PLACE = /\{([A-Za-z_$][\w$]*|query\.[\w-]+)\}/g;
const DOTS = /^(?:\.|%2e){1,2}$/i;

/** Reads a template, or says what is wrong with it. Only path and values of the query may have places. */
export function readTemplate(text: string): Template | string {
  const parts = /^(https?:\/\/[^/?#]*)([^?#]*)(\?[^#]*)?(#.*)?$/s.exec(text);
  if (parts === null) return "write a whole address that begins with http:// or https://";
  const [, origin = "", path = "", query = "", fragment = ""] = parts;
  if (origin.includes("{")) return "scheme, host and port can not have places; write them out";
  if (fragment !== "") return "a service never sees what stands behind #; leave it out";
  if (query.split(/[?&]/).some((pair) => /[{}]/.test(pair.split("=")[0] ?? "")))
    return "in a query only values can have places, as in ?id={id}";
  if (/[{}]/.test((path + query).replaceAll(PLACE, "")))
    return "write places as {name}, each with a plain name";
  const problem = urlProblem(text.replaceAll(PLACE, "x"));
  if (problem !== null) return problem;
  const names = [...new Set(text.matchAll(PLACE).map(([, name = ""]) => name))];
  return { names, text, render: (values) => render({ origin, path, query }, names, values) };
}

/** What is wrong with an address that we are to ask; null if nothing is. */
export function urlProblem(text: string): string | null {
  if (!URL.canParse(text)) return "write a whole address, like http://127.0.0.1:8001/api/me";
  const url = new URL(text);
  if (url.protocol !== "http:" && url.protocol !== "https:") return "write an http or https address";
  if (url.username !== "" || url.password !== "") return "an address in the config must not hold a password";
  if (url.hash !== "") return "a service never sees what stands behind #; leave it out";
  return null;
}

/** An address in the config that is asked as it is. */
export const httpUrl = z.string().superRefine((text, context) => {
  const message = urlProblem(text);
  if (message !== null) context.addIssue({ code: "custom", message, input: text });
});

/** A template in the config that has no other places than `allowed`; null allows any. */
export function urlTemplate(allowed: readonly string[] | null) {
  return z.string().transform((text, context): Template => {
    const read = readTemplate(text);
    const message = typeof read === "string" ? read : strangePlace(read, allowed);
    if (typeof read !== "string" && message === null) return read;
    context.addIssue({ code: "custom", message: message ?? "", input: text });
    return z.NEVER;
  });
}

function strangePlace(template: Template, allowed: readonly string[] | null): string | null {
  const strange = allowed === null ? undefined : template.names.find((name) => !allowed.includes(name));
  if (strange === undefined) return null;
  return `nothing can be put in for {${strange}}; there is ${(allowed ?? []).map((name) => `{${name}}`).join(", ")}`;
}

function render(
  parts: { readonly origin: string; readonly path: string; readonly query: string },
  names: readonly string[],
  values: Readonly<Record<string, string>>,
): string | null {
  const encoded = new Map<string, string>();
  for (const name of names) {
    const value = Object.hasOwn(values, name) ? values[name] : undefined;
    if (value === undefined || value === "" || !value.isWellFormed()) return null;
    encoded.set(name, encodeURIComponent(value).replaceAll("'", "%27"));
  }
  const fill = (text: string) => text.replaceAll(PLACE, (_place, name: string) => encoded.get(name) ?? "");
  const path = fill(parts.path);
  // `.` and `..` would lead to another folder, and dots can't be encoded.
  if (path.split("/").some((segment) => DOTS.test(segment))) return null;
  return parts.origin + path + fill(parts.query);
}
