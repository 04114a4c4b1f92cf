import { isMethodOverride } from "../../domain/headers.ts";
import { methodInBody } from "../../domain/method/body-method.ts";
import { theOneMethod, UNKNOWN_METHOD } from "../../domain/method/method.ts";
import type { RawHeaders } from "../../domain/raw-headers.ts";
import { ASCII_CHARSET } from "../../domain/routing/conditions/body-parameters.ts";
import type { Maybe } from "../../ports.ts";
import { trueUserOf } from "../facts.ts";
import { hasBody, peekBody } from "../http/body.ts";
import type { Content, Owned, Settled } from "../request.ts";
import { bodyText, ruled, ruleRequest, UNRULED } from "./rule-request.ts";

/** Bytes of a body that are read for a `_method`; more where a confirmation keeps more. */
const LOOKED_AT = 65_536;
/** Types that frameworks read fields from; of a POST also where there is no type. */
const FIELDS = /^\s*(?:multipart\/|application\/x-www-form-urlencoded|application\/(?:[\w.-]+\+)?json)/i;

export const UNREAD: Content = Object.freeze({
  body: null,
  beginning: null,
  bodyText: null,
  confirmed: false,
});

/**
 * Asks the rules, once all is known that they may ask for. Under an impersonation a request is judged by its `_method`, and by its body
 * where a rule of its address asks about that. The bodies of own traffic are never touched.
 */
export function settleMethod(owned: Owned): Maybe<Settled> {
  if (owned.browser.secret === null || !owned.url.readable)
    return { ...owned, content: UNREAD, ruling: UNRULED };
  return settledBy(owned);
}

async function settledBy(owned: Owned): Promise<Settled> {
  const settled = { ...owned, content: UNREAD };
  const { settings, rules } = owned.snapshot;
  const unread = ruleRequest(owned, null, trueUserOf(owned));
  const asked = hasBody(owned.raw) && rules.asksBody(unread);
  if (owned.session.loaded.kind !== "found" || (!asked && !mayName(owned)))
    return { ...settled, ruling: ruled(rules, unread) };
  const limit = Math.max(LOOKED_AT, settings.limits.confirmBody);
  const { bytes, whole } = await peekBody(owned.raw, limit, settings.timeouts.requestIdle);
  const text = asked ? bodyText(bytes, whole, owned.headers) : null;
  const content = { body: whole ? bytes : null, beginning: bytes, bodyText: text, confirmed: false };
  const read = { ...owned, content };
  const inBody = isDark(owned, bytes, whole) ? UNKNOWN_METHOD : methodInBody(bytes.toString("latin1"));
  const inQuery = owned.overridden ? owned.method : null;
  const named = methodOfAll(inQuery, inBody, methodInHeaders(owned.headers));
  if (named === null && !asked) return { ...read, ruling: ruled(rules, unread) };
  const method = named ?? owned.method;
  const ruling = ruled(rules, ruleRequest({ ...owned, method }, text, trueUserOf(owned)));
  return { ...read, method, overridden: named !== null, ruling };
}

/** The method is unknown where query, body and headers differ: any of them may count for the app. */
function methodOfAll(...places: readonly (string | null)[]): string | null {
  const [method = null, ...others] = places.filter((it) => it !== null);
  return others.some((it) => it !== method) ? UNKNOWN_METHOD : method;
}

/** The same for a request that is only described; null: nothing in it names a method. */
export function methodTold(inQuery: string | null, body: string | null, headers: RawHeaders): string | null {
  return methodOfAll(inQuery, body === null ? null : methodInBody(body), methodInHeaders(headers));
}

/** Whether a body may name a method; a header may do so with any body. */
function mayName(owned: Owned): boolean {
  const type = owned.raw.headers["content-type"] ?? "";
  return owned.sent === "POST" || FIELDS.test(type) || methodInHeaders(owned.headers) !== null;
}

/** Whether the app may find another method in a form than is found here: it is longer, compressed, or in another charset. */
function isDark({ raw, sent }: Owned, bytes: Buffer, whole: boolean): boolean {
  const { "content-type": type = "", "content-encoding": coding = "identity" } = raw.headers;
  if (sent !== "POST" || bytes.length === 0 || (type.trim() !== "" && !FIELDS.test(type))) return false;
  const [, charset = "utf-8"] = /;\s*charset\s*=\s*"?([^\s";]+)/i.exec(type) ?? [];
  return !whole || coding.trim().toLowerCase() !== "identity" || !ASCII_CHARSET.test(charset);
}

/** The method that headers ask for, in any spelling that some server takes for one of them. */
function methodInHeaders(headers: RawHeaders): string | null {
  return theOneMethod(headers.filter((_, at) => at % 2 === 1 && isMethodOverride(headers[at - 1] ?? "")));
}
