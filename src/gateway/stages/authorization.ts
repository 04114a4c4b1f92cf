import { lru } from "../../clients/lru.ts";
import { foldName } from "../../domain/headers.ts";
import type { Impersonation } from "../../domain/impersonation.ts";
import { authorizationOf, credentialsIn, type Haystack } from "../../domain/page/page-credentials.ts";
import { firstValue } from "../../domain/raw-headers.ts";
import { Fault } from "../../errors.ts";
import { Chain } from "../../page/streams/chain.ts";
import { credentialWatch, watchedBefore } from "../../page/streams/credential-watch.ts";
import { Filtered } from "../../page/streams/filters.ts";
import type { HeadPlan, UpstreamHead } from "../http/exchange.ts";
import type { Signed } from "../request.ts";
import type { Services } from "../services/services.ts";

/**
 * Why an `Authorization` is removed. `browser`: browsers send it by themselves. `agent`: an identity source knows the agent by it.
 * `unknown`: no answer under this impersonation contained it.
 */
type TakenOff = "browser" | "agent" | "unknown";

const MINUTE = 60_000;
const told = lru<true>(1_000);

/** The `Authorization` of an impersonated request if the app gave it to the customer's page, else null. Throws `store-unavailable`. */
export async function pageAuthorization(services: Services, signed: Signed): Promise<string | null> {
  const { effects, headers, snapshot } = signed;
  if (effects.impersonation === null) return null;
  // The browser keeps its own, and the app gets another.
  if (presentsIt(signed)) return null;
  const sent = headers.filter((_, at) => at % 2 === 1 && foldName(headers[at - 1] ?? "") === "authorization");
  const [value] = sent;
  if (value === undefined) return null;
  const it = sent.length > 1 ? ({ kind: "browser" } as const) : authorizationOf(value);
  if (it.kind === "browser") return takenOff(services, signed, "browser");
  const reads = snapshot.settings.identityHeaders.map(foldName).includes("authorization");
  if (reads && (await isAccepted(signed, value))) return takenOff(services, signed, "agent");
  // On a label's host there are only pages of this impersonation.
  if (signed.site.label !== null) return value;
  if (await services.pageCredentials.holds(effects.impersonation, it.credential)) return value;
  return takenOff(services, signed, "unknown");
}

function presentsIt({ signIn: { presented } }: Signed): boolean {
  return presented?.headers.some(([name]) => foldName(name) === "authorization") === true;
}

/** Whether one of our identity sources accepts it. Counts as yes where that can't be found out. */
async function isAccepted({ snapshot, raw, site }: Signed, authorization: string): Promise<boolean> {
  const evidence = {
    headers: { authorization: [authorization] },
    cookies: {},
    peer: raw.socket.remoteAddress ?? "",
    host: site.host,
  };
  try {
    return (await snapshot.identity.identify(evidence)).kind === "known";
  } catch (error) {
    if (!(error instanceof Fault)) throw error;
    return true;
  }
}

/** Counts each, and logs one a minute for an impersonation: scripts ask often. */
function takenOff(services: Services, { effects, url, id, startedAt }: Signed, why: TakenOff): null {
  services.counters.authorizationTakenOff(why);
  const key = `${effects.impersonation?.id} ${why}`;
  if (told.get(key, startedAt) !== null) return null;
  told.set(key, true, startedAt + MINUTE);
  services.log.info(
    { why, impersonation: effects.impersonation?.id, path: url.path, requestId: id },
    "an impersonated request goes on without its Authorization",
  );
  return null;
}

/** The plan of the answer, with a transform that remembers the tokens in it, so that the page may send them. */
export function watched(
  services: Services,
  signed: Signed,
  impersonation: Impersonation,
  head: UpstreamHead,
  plan: HeadPlan,
): HeadPlan {
  const { limits } = signed.snapshot.settings;
  const learn = (values: readonly string[]) =>
    services.pageCredentials.learn(impersonation, values, limits.pageCredentials);
  learn(valuesIn(head));
  const kind = haystackOf(firstValue(head.headers, "content-type") ?? "");
  if (kind === null || signed.sent === "HEAD" || head.status === 204) return plan;
  const codings = firstValue(head.headers, "content-encoding") ?? "";
  const { transform } = plan;
  if (transform instanceof Filtered && codings === "")
    return { ...plan, transform: watchedBefore(transform, { kind, learn }) };
  const watch = credentialWatch({ kind, codings, limits: { decoded: limits.pageDecoded }, learn });
  if (transform === null) return { ...plan, transform: watch, watches: true };
  // The transform of a page runs also where the app's body is empty.
  return { ...plan, transform: new Chain(() => [watch, transform], asItIs, true) };
}

/** Errors come from the page's own transform, as Faults: the watching one makes none. */
function asItIs(error: Error): Error {
  return error;
}

/** null for event streams: their head must not wait for the first event. */
function haystackOf(type: string): Haystack | null {
  const essence = (/^[\t ]*([^\t ;,]*)/.exec(type)?.[1] ?? "").toLowerCase();
  if (
    /^(?:text\/html|application\/xhtml\+xml|(?:text|application)\/(?:x-)?(?:java|ecma)script)$/.test(essence)
  )
    return "markup";
  return /^(?:application\/(?:.*\+)?json|text\/(?:json|plain|xml)|application\/(?:.*\+)?xml)$/.test(essence)
    ? "data"
    : null;
}

/** Headers that have words of the protocol and numbers alone. */
const WITHOUT_VALUES: ReadonlySet<string> = new Set([
  "accept-ranges",
  "cache-control",
  "connection",
  "content-encoding",
  "content-length",
  "content-type",
  "date",
  "keep-alive",
  "transfer-encoding",
  "vary",
]);

/** Headers may have a token too, also in a cookie for scripts, percent-encoded. */
function valuesIn({ headers }: UpstreamHead): readonly string[] {
  const found: string[] = [];
  for (let at = 1; at < headers.length; at += 2) {
    if (WITHOUT_VALUES.has((headers[at - 1] ?? "").toLowerCase())) continue;
    const text = headers[at] ?? "";
    const texts = text.includes("%") ? [text, decoded(text)] : [text];
    for (const it of texts) found.push(...credentialsIn(Buffer.from(it, "latin1"), "data", true).found);
  }
  return found;
}

function decoded(text: string): string {
  return text.replace(/%([0-7][0-9a-f])/gi, (_, code: string) =>
    String.fromCharCode(Number.parseInt(code, 16)),
  );
}
