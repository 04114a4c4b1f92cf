import type { Transform } from "node:stream";
import { textsFor } from "../../domain/consent/texts.ts";
import { emptyJar } from "../../domain/cookies/cookie-jar.ts";
import { narrowed } from "../../domain/cookies/cookie-mirror.ts";
import { admit } from "../../domain/grant.ts";
import { type Identity, labelOf } from "../../domain/identity.ts";
import { endsAt, type Impersonation, modeAt, writesUntil } from "../../domain/impersonation.ts";
import { amendPolicies, amendPolicyHeaders, type CspNeeds } from "../../domain/page/csp.ts";
import { type Shown, shownAs } from "../../domain/page/shown.ts";
import { firstValue, type RawHeaders, without } from "../../domain/raw-headers.ts";
import { Fault } from "../../errors.ts";
import { type BannerView, banner, card, notice, titleMark } from "../../page/banner.ts";
import { cspNeeds } from "../../page/client.ts";
import { helpNeeds, helpScript } from "../../page/help/help.ts";
import type { HostView, Syntax } from "../../page/host-element.ts";
import { charsetOf, outgoingContentType } from "../../page/html/charset.ts";
import { rewriter } from "../../page/rewriter.ts";
import { Chain } from "../../page/streams/chain.ts";
import { decoder } from "../../page/streams/content-coding.ts";
import { Sparing } from "../../page/streams/fallback.ts";
import { Picture } from "../../page/streams/svg-page.ts";
import { wordsFor } from "../../page/words/words.ts";
import { begunBy, placeOf } from "../facts.ts";
import type { HeadPlan } from "../http/exchange.ts";
import { cookieNames, setOwnCookie } from "../http/own-cookies.ts";
import { isFramed } from "../intake/fetch-metadata.ts";
import { cardToken } from "../own-pages/form-tokens.ts";
import type { OwnPage, Signed } from "../request.ts";
import type { Services } from "../services/services.ts";
import { traceIdOf } from "../services/tracing.ts";
import { inPolicy } from "./label-headers.ts";
import { uncached } from "./uncached.ts";
import { OF_THE_BYTES, withholderFor } from "./withheld.ts";

/** Removed, so that no browser revalidates its copy of another person's page. */
const DOCUMENT_VALIDATORS = ["etag", "last-modified"];

/** What is wrong once the banner is inserted. */
const OF_OTHER_BYTES = [...OF_THE_BYTES, ...DOCUMENT_VALIDATORS];

type Page = Extract<Shown, { readonly kind: "page" }>;

/** What the tab shows of this answer; null if it is for a frame or a script, or isn't shown. */
export function inTab(signed: Signed, plan: Pick<HeadPlan, "status" | "headers">): Shown | null {
  if (!signed.navigation.wantsPage || isFramed(signed.raw.headers)) return null;
  if (plan.status === 204 || plan.status === 304 || isRedirect(plan)) return null;
  return shownAs(plan.headers);
}

/** Whether this start is answered by a download or by nothing, so that the agent wouldn't see that an impersonation began. */
export function isUnseen(signed: Signed, answer: Pick<HeadPlan, "status" | "headers">): boolean {
  if (begunBy(signed) === null || isRedirect(answer)) return false;
  return answer.status === 204 || answer.status === 205 || shownAs(answer.headers).kind === "saved";
}

/** The plan of an impersonated answer: a document gets the banner, and nothing else can be shown as a document. */
export function impersonatedPlan(
  services: Services,
  signed: Signed,
  impersonation: Impersonation,
  plan: HeadPlan,
): HeadPlan {
  const shown = inTab(signed, plan);
  const insert = (view: HostView) => banner(bannerView(services, signed, impersonation, view));
  const title = titleMark(shownPerson(impersonation.effectiveUser));
  const fresh = signed.navigation.wantsPage
    ? { ...plan, headers: withoutNamed(plan.headers, DOCUMENT_VALIDATORS) }
    : plan;
  if (shown === null) return isFramed(signed.raw.headers) ? framedPlan(fresh) : fresh;
  if (shown.kind === "page") return marked(signed, fresh, shown, insert, { title });
  if (shown.kind === "drawing") return picturePlan(signed, fresh, insert);
  return unmarkedPlan(fresh, shown);
}

/** A framed document has no banner, so only pages of the same origin, which have one, may frame it. */
function framedPlan(plan: HeadPlan): HeadPlan {
  return { ...plan, headers: [...plan.headers, "Content-Security-Policy", "frame-ancestors 'self'"] };
}

/** Keeps browsers from guessing that it is a document. */
function unmarkedPlan(plan: HeadPlan, shown: Exclude<Shown, Page | { readonly kind: "drawing" }>): HeadPlan {
  const kept = withoutNamed(plan.headers, ["x-content-type-options"]);
  const headers = [...kept, "X-Content-Type-Options", "nosniff"];
  if (shown.kind === "source")
    return { ...plan, headers: [...withoutNamed(headers, ["content-type"]), "Content-Type", shown.type] };
  return { ...plan, headers: shown.kind === "saved" ? withAttachment(headers) : headers };
}

/** Makes it a download, with the file name that the app gave. */
function withAttachment(headers: RawHeaders): RawHeaders {
  const said = firstValue(headers, "content-disposition") ?? "";
  const name = said.includes(";") ? said.slice(said.indexOf(";")) : "";
  return [...withoutNamed(headers, ["content-disposition"]), "Content-Disposition", `attachment${name}`];
}

/** Replaces an SVG document by a page with the banner that shows it as a picture. The app's policy goes: a picture needs none. */
function picturePlan(signed: Signed, plan: HeadPlan, insert: (view: HostView) => string): HeadPlan {
  const view = hostView(signed, "html");
  const policy = amendPolicies("default-src 'none'; img-src data:", cspNeeds(view));
  const headers = [
    ...withoutNamed(plan.headers, [...OF_OTHER_BYTES, "content-type", "content-security-policy"]),
    ...["Content-Type", "text/html; charset=utf-8", "Content-Security-Policy", policy],
  ];
  if (signed.sent === "HEAD") return { ...plan, headers, transform: null };
  return { ...plan, headers, transform: decoded(signed, plan, new Picture(insert(view))) };
}

/** One's own page with the notice whom one was, shown once and kept by nobody; a page that it can't be written into is shown without. */
export function noticePlan(services: Services, signed: Signed, plan: HeadPlan): HeadPlan {
  const { browser, site, snapshot } = signed;
  const names = cookieNames(snapshot.settings.cookie.name, site.scheme, browser.domain);
  const shown = ["Set-Cookie", setOwnCookie(names.notice, null, site.scheme, null, browser.domain)];
  const text = signed.browser.notice === null ? null : services.forms.open(signed.browser.notice, signed.at);
  const own = { ...plan, headers: [...plan.headers, ...shown] };
  const page = writable(signed, plan);
  if (text === null || page === null) return own;
  const once = { ...own, headers: uncached(own.headers) };
  return spared(marked(signed, once, page, (view) => notice({ ...view, effectiveUser: { label: text } })));
}

/** One's own page of an answer, if it can be written into with all other bytes as they are. */
function writable(signed: Signed, { status, headers }: HeadPlan): Page | null {
  const page = inTab(signed, { status, headers });
  if (status === 206 || page?.kind !== "page" || firstValue(headers, "content-encoding") !== null)
    return null;
  return outgoingContentType(page.type) === page.type ? page : null;
}

function spared(plan: HeadPlan): HeadPlan {
  return plan.transform === null ? plan : { ...plan, transform: new Sparing(plan.transform) };
}

/**
 * One's own page with what is to be said to its customer, and the button by which they ask for help; a page that it can't be written into
 * is shown without.
 */
export function saidPlan(
  services: Services,
  signed: Signed,
  { card: it, help }: OwnPage,
  plan: HeadPlan,
): HeadPlan {
  const page = writable(signed, plan);
  if (page === null) return plan;
  const { settings } = signed.snapshot;
  const asking = help ? settings.help : null;
  const once = it === null ? plan : { ...plan, headers: uncached(plan.headers) };
  const needsOf = (view: HostView) => [
    ...(it === null ? [] : [cspNeeds(view)]),
    ...(asking === null ? [] : [helpNeeds(view, asking.screenshot)]),
  ];
  const insert = (view: HostView) => {
    const button = asking === null ? "" : helpScript(view, asking);
    if (it === null) return button;
    const texts = textsFor(it.language, signed.raw.headers["accept-language"], settings.access.language);
    const token = cardToken(services, it);
    return `${card({ ...view, changed: false, card: it, texts, token })}${button}`;
  };
  return spared(marked(signed, once, page, insert, { needsOf }));
}

/** What the title begins with, and what the page's policy has to allow, where that isn't the banner alone. */
interface Inserting {
  readonly title?: string | null;
  readonly needsOf?: ((view: HostView) => readonly CspNeeds[]) | null;
}

/** The page with what is inserted. HEAD is answered as GET would be, without a body. */
function marked(
  signed: Signed,
  plan: HeadPlan,
  { syntax, type }: Page,
  insert: (view: HostView) => string,
  { title = null, needsOf = null }: Inserting = {},
): HeadPlan {
  const view = hostView(signed, syntax);
  const { console } = signed.snapshot.settings;
  // What a rule wants confirmed is asked there.
  const ledOnTo = signed.effects.impersonation === null ? null : (console?.origin ?? null);
  const needs = needsOf?.(view) ?? [cspNeeds({ ...view, ledOnTo })];
  const kept = withoutNamed(plan.headers, [...OF_OTHER_BYTES, "content-type"]);
  const amended = [...needs.reduce(amendPolicyHeaders, kept), "Content-Type", outgoingContentType(type)];
  const headers = [...amended, "Accept-Ranges", "none"];
  if (signed.sent === "HEAD") return { ...plan, headers, transform: null };
  const write = rewriter({
    insert: insert(view),
    title,
    syntax,
    charset: charsetOf(type),
    // Of one's own page every byte stays the app's.
    transcode: signed.effects.impersonation !== null,
    pageHead: signed.snapshot.settings.limits.pageHead,
    amendMeta: (policy) => {
      const { site } = signed;
      const led = site.label === null ? policy : inPolicy(policy, site.label.app, site.origin);
      return needs.reduce(amendPolicies, led);
    },
  });
  return { ...plan, headers, transform: decoded(signed, plan, write) };
}

/** `write` behind what undoes the coding that the answer came with, and what replaces values that are withheld. */
function decoded(signed: Signed, plan: HeadPlan, write: Transform): Transform {
  const { pageDecoded } = signed.snapshot.settings.limits;
  const coding = decoder(firstValue(plan.headers, "content-encoding") ?? "", { decoded: pageDecoded });
  const withhold = withholderFor(signed, firstValue(plan.headers, "content-type") ?? "");
  const [first = write, ...more] = [coding, withhold, write].filter((it) => it !== null);
  return more.length === 0 ? first : new Chain(() => [first, ...more], unmarkable, true);
}

function shownPerson(person: Identity): BannerView["effectiveUser"] {
  return { id: person.id, label: labelOf(person), email: person.email };
}

function bannerView(
  services: Services,
  signed: Signed,
  impersonation: Impersonation,
  view: HostView,
): BannerView {
  const { settings, policy } = signed.snapshot;
  const admission = admit(policy, impersonation.agent, impersonation.effectiveUser, placeOf(signed));
  const now = services.clock.now();
  const mode = modeAt(impersonation, now);
  return {
    ...view,
    trueUser: { id: impersonation.agent.id, label: labelOf(impersonation.agent) },
    effectiveUser: shownPerson(impersonation.effectiveUser),
    impersonation: impersonation.id,
    mode,
    reason: impersonation.reason,
    ticket: impersonation.ticket,
    agreement: agreementOf(signed, impersonation),
    trace: traceIdOf(signed),
    endsAt: endsAt(impersonation),
    until: impersonation.expiresAt,
    idleFor: impersonation.idleFor,
    now,
    canElevate: mode === "read" && admission.kind === "granted" && admission.grant.elevateFor !== null,
    writeUntil: writesUntil(impersonation, now),
    app: signed.site.label?.app.origin ?? null,
    beside: signed.snapshot.settings.console?.beside === true,
    here: signed.url.target,
    cookies: narrowed(services.impersonations.knownJar(impersonation.id) ?? emptyJar(null), signed.site.host),
    disable: settings.page.disable,
    logout: settings.page.logout,
  };
}

/** Whose yes it runs by, and until when; or that it is an emergency. */
function agreementOf({ session, owner }: Signed, { consent }: Impersonation): BannerView["agreement"] {
  if (!consent) return null;
  const facts = [session.consent, owner.consent];
  const all = facts.flatMap((it) => (it.kind === "known" ? it.said.consents : []));
  const known = all.find(({ id }) => id === consent.id);
  const by = known?.origin === "approval" ? "second" : "customer";
  return { by: consent.breakGlass ? "emergency" : by, until: known?.until ?? null };
}

/** How the banner names the gateway: by the host that the browser knows. */
function hostView(signed: Signed, syntax: Syntax): HostView {
  const { prefix, page } = signed.snapshot.settings;
  const authority = signed.site.origin.slice(signed.site.origin.indexOf("//") + 2);
  return {
    authority,
    prefix,
    position: page.banner.position,
    words: wordsFor(signed.raw.headers["accept-language"]),
    brand: page.banner,
    syntax,
    changed: page.clearSiteData && (signed.effects.changed || signed.effects.impersonation === null),
  };
}

/** Browsers follow these, and show what else comes with a `Location`. */
const FOLLOWED: ReadonlySet<number> = new Set([301, 302, 303, 307, 308]);

function isRedirect({ status, headers }: Pick<HeadPlan, "status" | "headers">): boolean {
  return FOLLOWED.has(status) && (firstValue(headers, "location") ?? "").trim() !== "";
}

function withoutNamed(headers: RawHeaders, names: readonly string[]): RawHeaders {
  return without(headers, (name) => names.includes(name.toLowerCase()));
}

/** Whatever goes wrong while a page is decoded and written to means that it can't be shown. */
function unmarkable(error: Error): Fault {
  return error instanceof Fault ? error : new Fault("page-unmarkable", error.message, { cause: error });
}
