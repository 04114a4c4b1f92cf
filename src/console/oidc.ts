import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import { parseCookies } from "../domain/cookies/cookie.ts";
import type { Identity } from "../domain/identity.ts";
import { canonicalUrl } from "../domain/routing/canonical-url.ts";
import { Fault } from "../errors.ts";
import { attemptCookie, cookieNames, setOwnCookie } from "../gateway/http/own-cookies.ts";
import { end, endCookies } from "../gateway/impersonation/start-and-stop.ts";
import { agentMark } from "../gateway/own-pages/agent-mark.ts";
import { readToken, SUBJECTS, tokenFor } from "../gateway/own-pages/form-tokens.ts";
import type { Received } from "../gateway/request.ts";
import type { Services } from "../gateway/services/services.ts";
import { SIGN_IN } from "../gateway/stages/answer.ts";
import type { IdentityProvider } from "../ports.ts";
import { html } from "./html.ts";
import { layout } from "./layout.ts";
import { returnPath } from "./return-path.ts";
import { signInAddress } from "./step-up.ts";
import { field, pageFor, parameter, seeOther, sendPage, type Visitor, visitor } from "./visitor.ts";

/** Longer ones don't fit into the cookie of an attempt to sign in. */
const LONGEST_WAY_BACK = 1_500;

/** `GET oidc/login`, `callback`, `logout` and `signed-out`, `POST oidc/logout` and `backchannel`: how agents sign in and out with their identity provider. */
export function signInPages(fastify: FastifyInstance, services: Services): void {
  fastify.get("/oidc/login", async (_request, reply) => await signInWith(reply));
  fastify.get("/oidc/callback", async (_request, reply) => await signedIn(services, reply));
  fastify.get("/oidc/logout", async (request, reply) => {
    providerOf(request.received);
    return await sendPage(reply, 200, signOutQuestion(await visitor(services, reply)));
  });
  fastify.post("/oidc/logout", async (_request, reply) => await signOutNow(services, reply));
  fastify.get("/oidc/signed-out", async (request, reply) => {
    providerOf(request.received);
    return await sendPage(reply, 200, signedOutPage(request.received, null));
  });
  fastify.post("/oidc/backchannel", async (_request, reply) => await loggedOut(services, reply));
}

/** Pages that are for agents alone: who opens one signs in first. */
const FOR_AGENTS = /^\/(?:start|open|as|as\/[^/]+|t\/[^/]+|go\/[^/]+|elevate|activity|why|over|ordered)$/;

/** Where somebody unknown is led who opens a page of ours for agents; null for everybody and everything else. */
export async function leadToSignIn(services: Services, reply: FastifyReply): Promise<string | null> {
  const { received } = reply.request;
  const { url, sent, navigation, snapshot } = received;
  const address = signInAddress(received);
  const below = url.path.slice(snapshot.settings.prefix.length);
  if (address === null || sent !== "GET" || !navigation.topLevel || !FOR_AGENTS.test(below)) return null;
  const { trueUser } = await visitor(services, reply);
  return trueUser === null ? `${address}?${new URLSearchParams({ to: received.url.target })}` : null;
}

function providerOf({ snapshot, site }: Received): IdentityProvider {
  const { provider } = snapshot.identity;
  if (provider === undefined || site.label !== null)
    throw new Fault("not-found", "the config has no identity provider to sign in with");
  return provider;
}

async function signInWith(reply: FastifyReply): Promise<FastifyReply> {
  const { request } = reply;
  const { received } = request;
  const { site, snapshot } = received;
  const begun = await providerOf(received).begin({
    redirectUri: `${site.origin}${snapshot.settings.prefix}/oidc/callback`,
    to: wayBack(received, parameter(request, "to")),
    stepUp: parameter(request, "step-up") === "1",
  });
  return await sendAway(reply, begun);
}

/** Sends a browser to an identity provider; what it has to bring back is in a cookie of this attempt. */
export async function sendAway(
  reply: FastifyReply,
  { to, state, kept, lasts }: Awaited<ReturnType<IdentityProvider["begin"]>>,
): Promise<FastifyReply> {
  const { site, snapshot } = reply.request.received;
  const name = attemptCookie(snapshot.settings.cookie.name, site.scheme, state);
  reply.header("set-cookie", setOwnCookie(name, kept, site.scheme, Math.ceil(lasts / 1_000)));
  return await seeOther(reply.header("referrer-policy", "no-referrer"), to);
}

/** What it brings back, and the line that takes that cookie off. */
export function broughtBack(request: FastifyRequest) {
  const { raw, site, snapshot, url } = request.received;
  const name = attemptCookie(snapshot.settings.cookie.name, site.scheme, parameter(request, "state") ?? "");
  const kept = parseCookies(raw.headers.cookie ?? null).find((it) => it.name === name)?.value ?? null;
  const clearing = setOwnCookie(name, null, site.scheme, null);
  return { answer: new URL(url.target, site.origin), kept, clearing };
}

/** A path of the app, or a page of ours but for these. */
function wayBack(received: Received, wanted: string | null): string {
  const { settings } = received.snapshot;
  const first = received.site.atConsole ? `${settings.prefix}/start` : "/";
  if (wanted === null || wanted.length > LONGEST_WAY_BACK) return first;
  const url = canonicalUrl(wanted.replace(/[^ -~]+/g, encodeURIComponent), settings.urlLimits);
  const ours = url.kind === "canonical" && FOR_AGENTS.test(url.path.slice(settings.prefix.length));
  if (url.kind === "canonical" && ours && url.path.startsWith(`${settings.prefix}/`)) return url.target;
  return received.site.atConsole ? first : returnPath(received, wanted);
}

async function signedIn(services: Services, reply: FastifyReply): Promise<FastifyReply> {
  const { request } = reply;
  const { received } = request;
  const { site, browser, snapshot } = received;
  const provider = providerOf(received);
  const { answer, kept, clearing } = broughtBack(request);
  const { secret, lasts, identity, to } = await provider.finish(answer, kept);
  // Whatever this browser was signed in by before counts no more.
  if (browser.signIn !== null) await provider.signOut(browser.signIn, site.origin);
  services.log.info(
    { trueUser: identity.id, requestId: received.id, ip: received.client.ip },
    "an agent signed in",
  );
  const names = cookieNames(snapshot.settings.cookie.name, site.scheme, browser.domain);
  const own = [
    clearing,
    setOwnCookie(names.signIn, secret, site.scheme, Math.ceil(lasts / 1_000), browser.domain),
    ...agentMark(services, received, identity),
  ];
  for (const line of own) reply.header("set-cookie", line);
  return await seeOther(reply.header("referrer-policy", "no-referrer"), to);
}

function signOutQuestion(who: Visitor): string {
  const { services, trueUser, received } = who;
  if (trueUser === null || received.browser.signIn === null) return signedOutPage(received, null);
  const token = tokenFor(services, received, "sign-out", SUBJECTS["sign-out"](trueUser));
  const body = html`<section class="card">
<h1>Sign out?</h1>
<p class="lead">You stop viewing the app as anybody else, in every browser, and are signed out with your identity provider where it can do that.</p>
<div class="actions"><form method="post" action="${received.snapshot.settings.prefix}/oidc/logout"><input type="hidden" name="_csrf" value="${token}"><button>Sign out</button></form></div>
</section>`;
  return pageFor(who, { title: "Sign out", body });
}

async function signOutNow(services: Services, reply: FastifyReply): Promise<FastifyReply> {
  const { request } = reply;
  const { received } = request;
  const provider = providerOf(received);
  const who = await visitor(services, reply);
  const { trueUser, anyImpersonation } = who;
  if (trueUser === null || received.browser.signIn === null)
    return await sendPage(reply, 200, signedOutPage(received, null));
  readToken(services, "sign-out", SUBJECTS["sign-out"](trueUser), field(request, "_csrf"));
  const { site, browser, snapshot } = received;
  const { prefix, cookie, page } = snapshot.settings;
  const { to } = await provider.signOut(received.browser.signIn, `${site.origin}${prefix}/oidc/signed-out`);
  await endAll(services, [trueUser]);
  const names = cookieNames(cookie.name, site.scheme, browser.domain);
  for (const name of [names.signIn, names.agent])
    reply.header("set-cookie", setOwnCookie(name, null, site.scheme, null, browser.domain));
  if (received.browser.secret !== null && !received.site.atConsole) {
    for (const line of await endCookies(services, received, anyImpersonation))
      reply.header("set-cookie", line);
    if (page.clearSiteData) reply.header("clear-site-data", '"cache", "storage"');
  }
  // Not a redirect: where a form leads to in the end, a page's policy has to name, and the provider is known to nobody but itself.
  if (to !== null) reply.header("refresh", `0; url=${to}`);
  return await sendPage(reply, 200, signedOutPage(received, to));
}

function signedOutPage(received: Received, to: string | null): string {
  const { prefix } = received.snapshot.settings;
  const body = html`<section class="card">
<h1>You are signed out</h1>
<p class="lead">${to === null ? "You view the app as nobody else any more." : "You are signed out here, and go on to your identity provider now."}</p>
<div class="actions">${to === null ? html`<a class="button" href="${prefix}${SIGN_IN}">Sign in</a>` : html`<a class="button" href="${to}">Go on</a>`}</div>
</section>`;
  return layout({ title: "Signed out", prefix, body });
}

/** The provider itself says that somebody is signed out (OpenID Connect Back-Channel Logout). */
async function loggedOut(services: Services, reply: FastifyReply): Promise<FastifyReply> {
  const { request } = reply;
  const provider = providerOf(request.received);
  reply.header("cache-control", "no-store");
  try {
    await endAll(services, await provider.loggedOut(field(request, "logout_token") ?? ""));
    return await reply.code(200).send("");
  } catch (error) {
    if (!(error instanceof Fault) || error.code !== "sign-in-refused") throw error;
    services.log.warn({ detail: error.detail, ip: request.received.client.ip }, "a logout token was refused");
    return await reply.code(400).type("application/json").send({ error: "invalid_request" });
  }
}

/** All that these people are of others ends, in every browser: a sign-out means to stop. */
async function endAll(services: Services, agents: readonly Identity[]): Promise<void> {
  for (const { id } of agents)
    for (const running of await services.impersonations.byAgent(id))
      await end(services, null, running, "ended-by-logout");
}
