import { Transform } from "node:stream";
import type { CookieScope } from "../../domain/cookies/cookie-jar.ts";
import { mirror } from "../../domain/cookies/cookie-mirror.ts";
import type { Impersonation } from "../../domain/impersonation.ts";
import { type RawHeaders, valuesOf, without } from "../../domain/raw-headers.ts";
import { Fault } from "../../errors.ts";
import type { Maybe } from "../../ports.ts";
import type { HeadPlan, UpstreamHead } from "../http/exchange.ts";
import { setsOurs } from "../http/own-cookies.ts";
import { hereCookie, restoredHost } from "../impersonation/start-and-stop.ts";
import { cookieScope } from "../intake/cookie-scope.ts";
import { isFramed } from "../intake/fetch-metadata.ts";
import { impersonatedOpenerPolicy } from "../own-pages/answers.ts";
import type { Signed } from "../request.ts";
import { impersonatedPlan, inTab, isUnseen, noticePlan, saidPlan } from "../response/document.ts";
import { onTheLabel } from "../response/label-headers.ts";
import { telling } from "../response/referrer.ts";
import { publicAddresses } from "../response/response-headers.ts";
import { uncached } from "../response/uncached.ts";
import { withheldPlan } from "../response/withheld.ts";
import type { Services } from "../services/services.ts";
import { confirm } from "../sign-in/confirm.ts";
import { withHandle } from "../sign-in/redirect.ts";
import { clearing, cookieHeaders } from "./answer.ts";
import { watched } from "./authorization.ts";
import { isOwnTab } from "./sign-in.ts";

/** Response headers that would act on the agent's own cookies, caches or pages. */
const NOT_WHILE_IMPERSONATING: ReadonlySet<string> = new Set([
  "set-cookie",
  "set-cookie2",
  "clear-site-data",
  "speculation-rules",
  "service-worker-allowed",
  "x-guise-refused",
]);

/** The response head for the client. In own traffic only addresses, cookies that the app may not set and an echo of our token change. */
export function respond(services: Services, signed: Signed, head: UpstreamHead): Maybe<HeadPlan> {
  const { upstream, cookie, headers: names } = signed.snapshot.settings;
  const led = publicAddresses(head.headers, upstream.origin, signed.site.origin, signed.site.authority);
  const { site } = signed;
  const headers = site.label === null ? led : onTheLabel(led, site.label, site.origin);
  if (signed.effects.impersonation !== null) return impersonating(services, signed, { ...head, headers });
  if (isOwnTab(signed)) services.cards.answered(services, signed, head.headers);
  const kept = without(
    headers,
    (name, value) =>
      isNamed(name, names.assertion) || (isNamed(name, "set-cookie") && setsOurs(value, cookie.name)),
  );
  const probe = probeOf(signed);
  const told = probe === null ? kept : [...kept, PROBE, probe];
  const plan = { status: head.status, message: head.message, headers: told, transform: null };
  if (signed.ownPage !== null && signed.browser.notice === null)
    return saidPlan(services, signed, signed.ownPage, plan);
  if (signed.effects.setCookies.length === 0 && signed.browser.notice === null) return plan;
  const own = { ...plan, headers: [...told, ...ourHeaders(signed)] };
  return signed.browser.notice !== null && inTab(signed, own)?.kind === "page"
    ? noticePlan(services, signed, own)
    : own;
}

const PROBE = "X-Guise-Probe";

/** `guise doctor` asks by it which way a request takes. */
function probeOf({ raw }: Signed): string | null {
  const sent = raw.headers["x-guise-probe"];
  return typeof sent === "string" && /^[0-9a-f]{32}$/.test(sent) ? sent : null;
}

interface Shown {
  readonly signed: Signed;
  /** `Set-Cookie` lines with the cookies that the page's scripts may read. */
  readonly mirrored: readonly string[];
}

async function received(
  services: Services,
  signed: Signed,
  { id }: Impersonation,
  lines: readonly string[],
): Promise<readonly string[]> {
  const scope = cookieScope(signed, id);
  if (lines.length === 0 && !isUnshown(services, signed, id, scope)) return [];
  const session = signed.signIn.session?.generation ?? null;
  return await services.impersonations.receive(id, lines, scope, signed.browser.cookies, session);
}

/** Whether a sign-in has put something into the jar that the page's scripts are to see. */
function isUnshown(
  services: Services,
  { signIn: { session }, browser }: Signed,
  id: string,
  scope: CookieScope,
): boolean {
  if (session === null || scope.shown === false) return false;
  const jar = services.impersonations.knownJar(id);
  return jar !== null && mirror(jar, browser.cookies, scope).lines.length > 0;
}

/** The first document on another covered host, where the browser's cookies, caches and storage are still the agent's. */
async function arriving(
  services: Services,
  signed: Signed,
  { id }: Impersonation,
  lines: readonly string[],
): Promise<Shown> {
  const before = await restoredHost(services, signed, id);
  const mirrored = await services.impersonations.arrive(id, lines, cookieScope(signed), before.cookies);
  const setCookies = [...signed.effects.setCookies, ...before.setCookies, hereCookie(services, signed, id)];
  const browser = { ...signed.browser, here: id };
  return {
    signed: { ...signed, browser, effects: { ...signed.effects, setCookies, changed: true } },
    mirrored,
  };
}

async function impersonating(services: Services, asked: Signed, head: UpstreamHead): Promise<HeadPlan> {
  const { effects } = asked;
  if (effects.impersonation === null) throw new TypeError("an impersonated answer without an impersonation");
  // No validators were sent, so a 304 would have the browser show its copy of another person's page.
  if (head.status === 304)
    throw new Fault("upstream-protocol", "the app says 304 to a request without a validator");
  const unseen = isUnseen(asked, head);
  const lines = unseen ? [] : valuesOf(head.headers, "set-cookie");
  const arrives = asked.browser.domain !== null && asked.browser.here !== effects.impersonation.id;
  // The jar is written before the head goes out: the next request may follow at once.
  const { signed, mirrored } =
    arrives && asked.navigation.wantsPage && !unseen
      ? await arriving(services, asked, effects.impersonation, lines)
      : { signed: asked, mirrored: await received(services, asked, effects.impersonation, lines) };
  if ((await confirm(services, asked, head)) === "again") return onceMore(signed);
  const { assertion } = signed.snapshot.settings.headers;
  const led = await withHandle(services, signed, effects.impersonation, head);
  const kept = without(
    led,
    (name) => NOT_WHILE_IMPERSONATING.has(name.toLowerCase()) || isNamed(name, assertion),
  );
  const headers = [...cutOff(signed, telling(uncached(kept))), ...(unseen ? [] : ourHeaders(signed))];
  for (const line of mirrored) headers.push("Set-Cookie", line);
  const plan = { status: head.status, message: head.message, headers, transform: null };
  return watched(
    services,
    signed,
    effects.impersonation,
    head,
    withheldPlan(signed, impersonatedPlan(services, signed, effects.impersonation, plan)),
  );
}

/** The browser sends it once more, and that is another request; of this answer nothing is shown. */
function onceMore({ url: { target } }: Signed): HeadPlan {
  const headers = ["Location", target, "Cache-Control", "no-store", "Content-Length", "0"];
  const transform = new Transform({ transform: (_chunk, _encoding, done) => done() });
  return { status: 307, message: "Temporary Redirect", headers, transform };
}

/**
 * Adds the opener policy that keeps an impersonated document from a handle on pages of ours or the agent's. Not for a document without an
 * origin: it has no handle, and browsers don't show one with such a policy.
 */
function cutOff({ navigation, raw }: Signed, headers: RawHeaders): RawHeaders {
  if (!navigation.wantsPage || isFramed(raw.headers)) return headers;
  if (valuesOf(headers, "content-security-policy").some((it) => /(?:^|[;,])\s*sandbox\b/i.test(it)))
    return headers;
  const policy = "Cross-Origin-Opener-Policy";
  return [
    ...without(headers, (name) => isNamed(name, policy)),
    policy,
    impersonatedOpenerPolicy(raw.headers),
  ];
}

function ourHeaders(signed: Signed): RawHeaders {
  return [...cookieHeaders(signed), ...clearing(signed)].flat();
}

function isNamed(name: string, wanted: string): boolean {
  return name.length === wanted.length && name.toLowerCase() === wanted.toLowerCase();
}
