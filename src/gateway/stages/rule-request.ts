import { isUtf8 } from "node:buffer";
import type { Identity } from "../../domain/identity.ts";
import { type RawHeaders, valuesOf } from "../../domain/raw-headers.ts";
import type { BodyText } from "../../domain/routing/conditions/body-parameters.ts";
import type { RuleIndex, RuleRequest } from "../../domain/routing/rule.ts";
import type { Received, Ruling } from "../request.ts";

export const UNRULED: Ruling = Object.freeze({ rule: null, mayChange: false });

/** The parts of a request that rules ask about. */
type Asking = Pick<Received, "site" | "url" | "headers" | "method">;

/** `body` null: there is none, or it wasn't read; `agent` null: nobody is known. */
export function ruleRequest(of: Asking, body: BodyText | null, agent: Identity | null): RuleRequest {
  const { site, url, headers, method } = of;
  return { host: site.host, path: url.path, query: url.query, headers, method, body, agent };
}

export function ruled(rules: RuleIndex, request: RuleRequest): Ruling {
  return { rule: rules.match(request), mayChange: rules.mayChange(request) };
}

/** Bytes of a body as conditions read them. */
export function bodyText(bytes: Buffer, whole: boolean, headers: RawHeaders): BodyText {
  const utf8 = isUtf8(bytes);
  return {
    text: bytes.toString(utf8 ? "utf8" : "latin1"),
    utf8,
    whole,
    types: valuesOf(headers, "content-type"),
    codings: valuesOf(headers, "content-encoding"),
  };
}
