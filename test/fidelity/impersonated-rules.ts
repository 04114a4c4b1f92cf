import { canonicalUrl } from "../../src/domain/routing/canonical-url.ts";
import { isLookedInto } from "./agent.ts";
import { drop, type Rule, TELLING, takeBeginning, takeProblem } from "./own-rules.ts";
import { valuesOf } from "./reader.ts";

const isUnsafe = (method: string) =>
  !["GET", "HEAD", "OPTIONS", "TRACE", "QUERY", "SEARCH", "PROPFIND", "REPORT"].includes(method);
/** `limits.confirmBody` */
const LOOKED_AT = 1_048_576;
const LIMITS = { url: 16_384, segments: 128, segment: 2_048, encodedSlash: "refuse" } as const;
/** Cookies that the generated clients send of their own, and the generated apps never set. */
const CLIENTS_OWN = /(?:^|;)\s*(?:guise|k|n|z|q|token|theme|flag|sid)=/;
const FOR_CACHES =
  /^(?:cache-control|expires|pragma|age|surrogate-control|surrogate-key|(?:cloudflare-|vercel-)?cdn-cache-control)$/i;
const NOT_FOR_AGENTS = /^(?:set-cookie2?|clear-site-data|speculation-rules|service-worker-allowed)$/i;

/** What differs besides while impersonating, by the ids of the second table in docs/forwarding.md. */
export const IMPERSONATED_RULES: Readonly<Record<string, Rule>> = {
  "one-reading"({ exchange, expected, actual }) {
    const { target } = exchange.request;
    const read = canonicalUrl(target.replace(/^https?:\/\/[^/?#]+/, ""), LIMITS);
    if (read.kind === "canonical") {
      if (expected.request === null || expected.request.target === read.target) return false;
      expected.request.target = read.target;
      return true;
    }
    if (actual.request !== null || actual.answer?.status !== 400) return false;
    expected.request = null;
    return takeProblem(expected, actual);
  },

  "looked-into"({ exchange, expected: { request } }) {
    if (request === null || !isLookedInto(exchange.request) || request.body.length > LOOKED_AT) return false;
    if (request.framing === "length" || valuesOf(request.fields, "content-length").length > 0) return false;
    const { length } = request.body;
    request.framing = length === 0 ? "none" : "length";
    if (length > 0 || !/^(?:GET|HEAD)$/.test(request.method))
      request.fields = [...request.fields, ["Content-Length", String(length)]];
    return true;
  },

  credentials({ expected: { request } }) {
    return drop(request, ([name]) => /^(?:authorization|x-user|x-groups)$/i.test(name));
  },

  cookies({ expected, actual }) {
    const any = drop(expected.request, ([name]) => name.toLowerCase() === "cookie");
    const jar = valuesOf(actual.request?.fields ?? [], "cookie");
    if (jar.length > 1 || jar.some((it) => CLIENTS_OWN.test(it))) return any;
    drop(actual.request, ([name]) => name.toLowerCase() === "cookie");
    const set = valuesOf(actual.answer?.fields ?? [], "set-cookie");
    if (!set.some((it) => /httponly/i.test(it)))
      drop(actual.answer, ([name]) => name.toLowerCase() === "set-cookie");
    return drop(expected.answer, ([name]) => name.toLowerCase() === "set-cookie") || any;
  },

  conditions({ exchange, expected: { request } }) {
    const locks = isUnsafe(exchange.request.method);
    const isPart = valuesOf(exchange.request.fields, "if-range").length > 0;
    return drop(request, ([name, value]) => {
      const lower = name.toLowerCase();
      if (lower === "if-match" || lower === "if-unmodified-since") return !locks;
      if (lower === "if-none-match") return !(locks && value === "*");
      return lower === "if-modified-since" || lower === "if-range" || (lower === "range" && isPart);
    });
  },

  told({ expected, actual }) {
    const said = valuesOf(actual.request?.fields ?? [], "x-guise-impersonation");
    if (expected.request === null || said.length !== 1) return false;
    return drop(
      actual.request,
      ([name]) => name.toLowerCase() === "x-guise-impersonation" || TELLING.has(name.toLowerCase()),
    );
  },

  "not-modified"({ exchange, expected, actual }) {
    if (exchange.answer.status !== 304 || actual.answer?.status !== 502) return false;
    const early = exchange.answer.begin.kind !== "end";
    return takeProblem(expected, actual) && (!early || takeBeginning(expected, actual));
  },

  uncached({ expected: { answer }, actual }) {
    if (answer === null || actual.answer === null || isOurs(answer, actual.answer)) return false;
    drop(answer, ([name]) => FOR_CACHES.test(name));
    answer.fields = [...answer.fields, ["Cache-Control", "private, no-store"]];
    return true;
  },

  "agents-own"({ expected: { answer }, actual }) {
    if (answer === null || actual.answer === null || isOurs(answer, actual.answer)) return false;
    return drop(answer, ([name]) => NOT_FOR_AGENTS.test(name));
  },
};

/** A problem of ours was put in its place already. */
function isOurs(expected: { readonly fields: unknown }, actual: { readonly fields: unknown }): boolean {
  return expected.fields === actual.fields;
}
