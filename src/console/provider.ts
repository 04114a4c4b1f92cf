import type { FastifyInstance, FastifyReply } from "fastify";
import { runsAt } from "../domain/impersonation.ts";
import { labelOrigin } from "../domain/routing/label-host.ts";
import { Fault } from "../errors.ts";
import { eventOf } from "../gateway/audit/audit-event.ts";
import { recordDenied } from "../gateway/audit/denials.ts";
import { callerOf } from "../gateway/caller.ts";
import { initiatorOf } from "../gateway/intake/neighbours.ts";
import { labelIn } from "../gateway/isolation/label-of.ts";
import type { Received } from "../gateway/request.ts";
import type { Services } from "../gateway/services/services.ts";
import { HANDLE } from "../gateway/sign-in/redirect.ts";
import type { OpenIdProvider } from "../ports.ts";
import type { AuthorizePass } from "../sessions/codes.ts";
import { broughtBack, sendAway } from "./oidc.ts";
import { parameter, seeOther } from "./visitor.ts";

/**
 * What the library answers, as it spells it. It takes other spellings, too, which would be other routes here: so nothing else goes to it.
 * Apps themselves ask these.
 */
const OF_APPS = [
  [["GET", "HEAD", "OPTIONS"], "/.well-known/openid-configuration"],
  [["GET", "HEAD", "OPTIONS"], "/.well-known/oauth-authorization-server"],
  [["GET", "HEAD", "OPTIONS"], "/jwks"],
  [["POST", "OPTIONS"], "/token"],
  [["POST", "OPTIONS"], "/token/revocation"],
  [["GET", "POST", "OPTIONS"], "/me"],
] as const;
/** And browsers these. */
const OF_BROWSERS = [
  ["GET", "/auth/:uid"],
  ["GET", "/session/end"],
  ["POST", "/session/end/confirm"],
  ["GET", "/session/end/success"],
] as const;

/** `op/*`: the OpenID provider that apps sign people in with. Its own addresses are answered by the library; the rest is how it knows people. */
export async function providerPages(console: FastifyInstance, services: Services): Promise<void> {
  await console.register(async function openIdProvider(fastify) {
    // The library reads the bodies itself.
    fastify.removeAllContentTypeParsers();
    fastify.addContentTypeParser("*", (_request, _payload, done) => done(null));
    fastify.get("/op/auth", async (_request, reply) => await authorize(services, reply));
    fastify.get("/op/login/:uid", async (_request, reply) => await logIn(services, reply));
    fastify.get("/op/callback", async (_request, reply) => await loggedIn(services, reply));
    for (const [method, path] of OF_BROWSERS)
      fastify.route({
        method,
        url: `/op${path}`,
        handler: async (request, reply) => {
          await refuseViewed(services, request.received);
          return await byLibrary(reply);
        },
      });
    for (const [methods, path] of OF_APPS)
      fastify.route({
        method: [...methods],
        url: `/op${path}`,
        handler: async (_request, reply) => await byLibrary(reply),
      });
  });
}

/** Where somebody is viewed, nothing that the browser asks is the agent's own: what it says would count for the customer. */
async function refuseViewed(services: Services, received: Received): Promise<void> {
  const secret = received.browser.secret ?? (await secretOfLabel(services, received));
  const viewed = await recordDenied(services, received, "account-linking", secret);
  if (viewed || received.browser.neighbour)
    throw new Fault("account-linking", "the provider was asked by nothing that this impersonation answered");
}

/** Of the impersonation on whose host the page is that sends this. */
async function secretOfLabel(services: Services, received: Received): Promise<string | null> {
  const from = received.browser.neighbour ? initiatorOf(received.raw.headers) : null;
  const name = from === null ? null : labelIn(received, from.host);
  const label = name === null ? null : await services.labels.read(name);
  return label?.kind === "open" ? label.secret : null;
}

function providerOf({ snapshot, site }: Received): OpenIdProvider {
  const { provider } = snapshot;
  if (provider === null || site.label !== null || site.origin !== provider.origin)
    throw new Fault("not-found", "there is no OpenID provider on this host");
  return provider;
}

/** The request as the library reads it: below its own address, on its own host. */
async function lent(
  reply: FastifyReply,
  answer: (provider: OpenIdProvider) => Promise<void>,
): Promise<FastifyReply> {
  const { raw, received } = reply.request;
  const provider = providerOf(received);
  const { url, site } = received;
  const { pathname, host } = new URL(provider.issuer);
  Object.assign(raw, { originalUrl: url.target, url: url.target.slice(pathname.length) || "/" });
  Object.assign(raw.headers, { host, "x-forwarded-proto": site.scheme, "x-forwarded-host": host });
  reply.hijack();
  await answer(provider);
  return reply;
}

async function byLibrary(reply: FastifyReply): Promise<FastifyReply> {
  return await lent(reply, (provider) => provider.handle(reply.request.raw, reply.raw));
}

/**
 * An app asks who is there. Where this impersonation's own answer has sent the browser (it has the handle), that is the customer; where
 * somebody is viewed and none has, nobody is named: the agent's own account would be tied to the customer's.
 */
async function authorize(services: Services, reply: FastifyReply): Promise<FastifyReply> {
  const { received } = reply.request;
  const provider = providerOf(received);
  const handle = parameter(reply.request, HANDLE);
  if (handle === null) {
    await refuseViewed(services, received);
    return await byLibrary(reply);
  }
  const asked = new URLSearchParams(received.url.query ?? "");
  asked.delete(HANDLE);
  const pass = await services.codes.redeem(handle);
  if (pass?.kind !== "authorize" || pass.asked !== asked.toString())
    throw new Fault("account-linking", "the handle is old, was used, or is for another request");
  const { who } = await callerOf(services, received);
  const loaded = await services.impersonations.recall(pass.secret);
  const runs = loaded.kind === "found" && runsAt(loaded.impersonation, services.clock.now());
  if (!runs || who.kind !== "known" || who.identity.id !== pass.agent)
    throw new Fault("account-linking", "the impersonation is over, or another agent's");
  const to = await provider.authorizeViewed(asked, pass);
  if (to === null) throw new Fault("account-linking", "the app may not ask for this");
  await noteSession(services, received, pass, asked.get("client_id") ?? "");
  const { isolation } = received.snapshot.settings;
  const onLabel = pass.label !== null && isolation !== null && to.origin === received.site.origin;
  const origin = onLabel ? labelOrigin(pass.label, isolation.parent, received.site.origin) : to.origin;
  reply.header("referrer-policy", "no-referrer");
  return await seeOther(reply, `${origin}${to.pathname}${to.search}`);
}

/** The app may have a session of the customer's from now on: it is on record, and known to what ends it. */
async function noteSession(
  services: Services,
  received: Received,
  { impersonation: id, secret, app, made }: AuthorizePass,
  client: string,
): Promise<void> {
  const loaded = await services.impersonations.recall(secret);
  const impersonation = loaded.kind === "found" ? loaded.impersonation : null;
  await services.ledger.record(
    eventOf(services, received, {
      action: "sign-in.performed",
      outcome: "success",
      trueUser: impersonation?.agent ?? null,
      effectiveUser: impersonation?.effectiveUser ?? null,
      impersonation,
      detail: `OpenID Connect, ${client}`,
    }),
  );
  if (!(await services.impersonations.appSessions.note(id, { app, client }, made)))
    throw new Fault("account-linking", "the impersonation is over");
}

/** People sign in with the real provider; what it said comes back to the same request of the app. */
async function logIn(services: Services, reply: FastifyReply): Promise<FastifyReply> {
  const { request } = reply;
  const { received } = request;
  await refuseViewed(services, received);
  const ticket = parameter(request, "ticket");
  if (ticket !== null)
    return await lent(reply, (provider) => provider.completeLogin(request.raw, reply.raw, ticket));
  const provider = providerOf(received);
  return await sendAway(
    reply,
    await provider.beginLogin(request.raw, reply.raw, `${provider.issuer}/callback`),
  );
}

async function loggedIn(services: Services, reply: FastifyReply): Promise<FastifyReply> {
  const { request } = reply;
  const { received } = request;
  await refuseViewed(services, received);
  const provider = providerOf(received);
  const { answer, kept, clearing } = broughtBack(request);
  const { uid, ticket } = await provider.finishLogin(answer, kept);
  reply.header("set-cookie", clearing);
  return await seeOther(
    reply.header("referrer-policy", "no-referrer"),
    `${provider.issuer}/login/${uid}?ticket=${ticket}`,
  );
}
