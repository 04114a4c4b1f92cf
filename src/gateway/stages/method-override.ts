import { methodInBody } from "../../domain/body-method.ts";
import { isMethodOverride } from "../../domain/headers.ts";
import { theOneMethod, UNKNOWN_METHOD } from "../../domain/method.ts";
import { peekBody } from "../http/body.ts";
import type { Owned } from "./find-owner.ts";
import { agentOf } from "./identify.ts";

/** How much of a body is looked at for a `_method` at the least; more where more is kept for a confirmation. */
const LOOKED_AT = 65_536;
/** Types that frameworks read fields from; of a POST they do so where there is none. */
const FIELDS = /^\s*(?:multipart\/|application\/x-www-form-urlencoded|application\/(?:[\w.-]+\+)?json)/i;
/** Charsets in which ASCII is ASCII. */
const ASCII = /^(?:utf-?8|us-ascii|ascii|iso-8859-\d+|latin1|windows-125\d)$/i;

/** A request whose method is known for good, also where its body has a say. `body`: it was read and is sent from here. */
export interface Settled extends Owned {
  readonly body: Buffer | null;
  /** What was read of the body, of which there may be more; null where nothing was. */
  readonly beginning: Buffer | null;
  /** What its headers ask for, where that is another method: they don't go on. */
  readonly lostMethod: string | null;
  /** The agent has said yes to this very request. */
  readonly confirmed: boolean;
}

/** Under an impersonation a request is judged by what its `_method` makes of it. Own traffic's bodies are never touched. */
export async function settleMethod(owned: Owned): Promise<Settled> {
  const settled = { ...owned, body: null, beginning: null, lostMethod: null, confirmed: false };
  if (owned.loaded.kind !== "held" || !mayName(owned)) return settled;
  const { limits, timeouts } = owned.snapshot.settings;
  const limit = Math.max(LOOKED_AT, limits.confirmBody);
  const { bytes, whole } = await peekBody(owned.raw, limit, timeouts.requestIdle);
  const read = { ...settled, body: whole ? bytes : null, beginning: bytes };
  const inBody = isDark(owned, bytes, whole) ? UNKNOWN_METHOD : methodInBody(bytes.toString("latin1"));
  const method = inBody === null ? owned.method : bothOf(owned, inBody);
  const inHeaders = methodInHeaders(owned);
  const lostMethod = inHeaders === method ? null : inHeaders;
  if (inBody === null && inHeaders === null) return read;
  const { host, path } = owned;
  const rule = owned.snapshot.rules.match({ host, path, method, agent: agentOf(owned) });
  return { ...read, method, overridden: true, lostMethod, rule };
}

/** Where query and body differ, nobody knows which of them counts for the app. */
function bothOf({ method, overridden }: Owned, inBody: string): string {
  return !overridden || inBody === method ? inBody : UNKNOWN_METHOD;
}

/** Whatever else is sent goes on as it comes: nobody looks for a method in it. But a header may still ask for one. */
function mayName(owned: Owned): boolean {
  const type = owned.raw.headers["content-type"] ?? "";
  return owned.sent === "POST" || FIELDS.test(type) || methodInHeaders(owned) !== null;
}

/** Whether a form of which the app may see more than we do: it goes on beyond what is looked at, or is packed. */
function isDark({ raw, sent }: Owned, bytes: Buffer, whole: boolean): boolean {
  const { "content-type": type = "", "content-encoding": coding = "identity" } = raw.headers;
  if (sent !== "POST" || bytes.length === 0 || (type.trim() !== "" && !FIELDS.test(type))) return false;
  const [, charset = "utf-8"] = /;\s*charset\s*=\s*"?([^\s";]+)/i.exec(type) ?? [];
  return !whole || coding.trim().toLowerCase() !== "identity" || !ASCII.test(charset);
}

/** In any spelling that some server takes for one of them. */
function methodInHeaders({ headers }: Owned): string | null {
  return theOneMethod(headers.filter((_, at) => at % 2 === 1 && isMethodOverride(headers[at - 1] ?? "")));
}
