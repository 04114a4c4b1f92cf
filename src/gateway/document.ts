import { amendPolicies, amendPolicyHeaders } from "../domain/csp.ts";
import { admit } from "../domain/grant.ts";
import { labelOf } from "../domain/identity.ts";
import { endsAt, type Impersonation, modeAt } from "../domain/impersonation.ts";
import { fillSentence } from "../domain/sentence.ts";
import { Fault } from "../errors.ts";
import { type BannerView, banner, notice } from "../page/banner.ts";
import { chain } from "../page/chain.ts";
import { charsetOf, outgoingContentType } from "../page/charset.ts";
import { cspNeeds } from "../page/client.ts";
import { decoder } from "../page/content-coding.ts";
import type { HostView } from "../page/host.ts";
import { rewriter } from "../page/rewriter.ts";
import { sparing } from "../page/spare.ts";
import type { HeadPlan, RawHeaders } from "./exchange.ts";
import { formSubject } from "./form-subject.ts";
import { isFramed } from "./navigation.ts";
import { cookieNames, setOwnCookie } from "./own-cookies.ts";
import type { Signed } from "./sign.ts";
import { uncached } from "./uncached.ts";
import type { World } from "./world.ts";

/** What would be wrong once the page has been written to: lengths, digests, parts of it. */
const OF_THE_BYTES: ReadonlySet<string> = new Set([
  "content-length",
  "content-encoding",
  "content-md5",
  "digest",
  "content-digest",
  "repr-digest",
  "accept-ranges",
  "etag",
  "last-modified",
]);

/** Whether this answer is shown as a document in the tab itself: what has to carry the banner, or can carry a notice. */
export function isDocument(signed: Signed, plan: HeadPlan): boolean {
  if (!signed.navigation.wantsPage || isFramed(signed.raw.headers)) return false;
  if (plan.status === 204 || plan.status === 304 || isRedirect(plan)) return false;
  const attached = /^\s*attachment\b/i.test(headerOf(plan.headers, "content-disposition") ?? "");
  return !attached && htmlType(plan.headers) !== null;
}

/** The page under the banner. HEAD is answered as GET would be, without a body. */
export function documentPlan(
  world: World,
  signed: Signed,
  impersonation: Impersonation,
  plan: HeadPlan,
): HeadPlan {
  return marked(signed, plan, (view) => banner(bannerView(world, signed, impersonation, view)));
}

/**
 * One's own page with the notice whom one was, shown once and kept by nobody; a page that it can't be written into is
 * shown without.
 */
export function noticePlan(world: World, signed: Signed, plan: HeadPlan): HeadPlan {
  const names = cookieNames(signed.snapshot.settings.cookie.name, signed.scheme);
  const shown = ["Set-Cookie", setOwnCookie(names.notice, null, signed.scheme, null)];
  const text = signed.notice === null ? null : world.forms.open(signed.notice, signed.at);
  const own = { ...plan, headers: [...plan.headers, ...shown] };
  const type = htmlType(plan.headers) ?? "";
  const plain = headerOf(plan.headers, "content-encoding") === null && outgoingContentType(type) === type;
  if (text === null || plan.status === 206 || !plain) return own;
  const once = { ...own, headers: uncached(own.headers) };
  const made = marked(signed, once, (view) => notice({ ...view, effectiveUser: { label: text } }));
  return made.transform === null ? made : { ...made, transform: sparing(made.transform) };
}

function marked(signed: Signed, plan: HeadPlan, insert: (view: HostView) => string): HeadPlan {
  const { limits } = signed.snapshot.settings;
  const type = htmlType(plan.headers) ?? "";
  const view = hostView(signed, type);
  const needs = cspNeeds(view);
  const kept = plan.headers.filter(
    (_, at) => !OF_THE_BYTES.has((plan.headers[at - (at % 2)] ?? "").toLowerCase()),
  );
  const headers = withType(amendPolicyHeaders(kept, needs), outgoingContentType(type));
  if (signed.sent === "HEAD") return { ...plan, headers, transform: null };
  const write = rewriter({
    insert: insert(view),
    syntax: view.syntax,
    charset: charsetOf(type),
    pageHead: limits.pageHead,
    amendMeta: (policy) => amendPolicies(policy, needs),
  });
  const coding = decoder(headerOf(plan.headers, "content-encoding") ?? "", { decoded: limits.pageDecoded });
  return { ...plan, headers, transform: coding === null ? write : chain(() => [coding, write], unmarkable) };
}

function bannerView(world: World, signed: Signed, impersonation: Impersonation, view: HostView): BannerView {
  const { settings, policy, confirming } = signed.snapshot;
  const admission = admit(policy, impersonation.agent, impersonation.effectiveUser);
  const now = world.clock.now();
  const mode = modeAt(impersonation, now);
  return {
    ...view,
    trueUser: { id: impersonation.agent.id, label: labelOf(impersonation.agent) },
    effectiveUser: {
      id: impersonation.effectiveUser.id,
      label: labelOf(impersonation.effectiveUser),
      email: impersonation.effectiveUser.email,
    },
    impersonation: impersonation.id,
    mode,
    reason: impersonation.reason,
    ticket: impersonation.ticket,
    endsAt: endsAt(impersonation),
    now,
    csrf: world.forms.token(formSubject(signed, impersonation.agent), now),
    canElevate: mode === "read" && admission.kind === "granted" && admission.grant.elevateFor !== null,
    canLower: mode === "write" && impersonation.mode === "read",
    here: signed.target,
    disable: settings.page.disable,
    logout: settings.page.logout,
    confirm: confirming.map(({ method, source, sentence }) => [
      method,
      source,
      fillSentence(sentence, { trueUser: impersonation.agent, effectiveUser: impersonation.effectiveUser }),
    ]),
  };
}

/** How the banner names the gateway: by the host that the browser knows. */
function hostView(signed: Signed, type: string): HostView {
  const { prefix, page } = signed.snapshot.settings;
  const authority = signed.origin.slice(signed.origin.indexOf("//") + 2);
  return {
    authority,
    prefix,
    position: page.banner.position,
    syntax: /xhtml\+xml/i.test(type) ? "xml" : "html",
    changed: page.clearSiteData && (signed.changed || signed.impersonation === null),
  };
}

/** Browsers follow these, and show what else comes with a `Location`. */
const FOLLOWED: ReadonlySet<number> = new Set([301, 302, 303, 307, 308]);

function isRedirect({ status, headers }: HeadPlan): boolean {
  return FOLLOWED.has(status) && (headerOf(headers, "location") ?? "").trim() !== "";
}

/** Of several types browsers take the last that they know, so one that is HTML is enough. */
function htmlType(headers: RawHeaders): string | null {
  const types = headers.filter((_, at) => at % 2 === 1 && headers[at - 1]?.toLowerCase() === "content-type");
  const isHtml = (type: string) => /^\s*(?:text\/html|application\/xhtml\+xml)\s*(?:;|$)/i.test(type);
  return types.flatMap((type) => type.split(",")).findLast(isHtml) ?? null;
}

function withType(headers: RawHeaders, type: string): RawHeaders {
  return headers.map((part, at) =>
    at % 2 === 1 && headers[at - 1]?.toLowerCase() === "content-type" ? type : part,
  );
}

function headerOf(headers: RawHeaders, name: string): string | null {
  for (let at = 0; at + 1 < headers.length; at += 2) {
    if (headers[at]?.toLowerCase() === name) return headers[at + 1] ?? null;
  }
  return null;
}

/** Whatever goes wrong while a page is decoded and written to means that it can't be shown. */
function unmarkable(error: Error): Fault {
  return error instanceof Fault ? error : new Fault("page-unmarkable", error.message, { cause: error });
}
