import type { IncomingMessage, ServerResponse } from "node:http";
import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import { Fault, whyOf } from "../errors.ts";
import type { Maybe } from "../ports.ts";
import { after } from "./after.ts";
import { recordRefusedBeforeDecision, secretOf } from "./audit/refused-before-decision.ts";
import type { Exchange } from "./http/exchange.ts";
import { proxy, registerMethods } from "./http/http-proxy.ts";
import { inTurn } from "./http/in-turn.ts";
import { clearingDoubled } from "./http/own-cookies.ts";
import type { Answer } from "./http/raw-response.ts";
import { dropBody, limitBodyTime, unreadLimits } from "./http/unread-body.ts";
import { askedAtConsole } from "./isolation/console-host.ts";
import { goesOver, isOfOurHosts, locate } from "./isolation/label-host.ts";
import { answer, intake, type Passage, pipeline } from "./pipeline.ts";
import type { Intake, Received } from "./request.ts";
import type { Services } from "./services/services.ts";
import { traceIdOf } from "./services/tracing.ts";
import { answerFault, answerFaultTo } from "./stages/answer.ts";
import { exchangeFor } from "./stages/forward.ts";
import type { Upstreams } from "./upstreams.ts";

/** What is known of a request on its way through node and fastify, which both know nothing but node's own object. */
interface Carried {
  intake: Intake;
  /** As the intake read it, or as a host of ours is located; null for what was refused there. */
  received: Received | null;
  /** What becomes of own traffic that was decided before fastify; null for what isn't decided yet. */
  decided: (() => Passage) | null;
  /** Sends it to the app; null for what the pipeline did not let through. */
  forward: (() => void) | null;
}

type Carrying = IncomingMessage & { carried?: Carried };

declare module "fastify" {
  interface FastifyRequest {
    /** The request as the intake read it, for every one that it took in. */
    received: Received;
  }
}

/** Fastify's `rewriteUrl`: runs the intake before the router reads the request. */
export function reading(services: Services): (raw: IncomingMessage) => string {
  return function rewriteUrl(raw) {
    const { received } = carriedBy(services, raw);
    // The router doesn't read addresses of the app: all of them are one route to it.
    return received?.url.ours === true ? received.url.target : "/";
  };
}

function carriedBy(services: Services, raw: Carrying): Carried {
  if (raw.carried === undefined) {
    const taken = intake(services, raw, false);
    const received = taken.kind === "received" ? taken.received : null;
    raw.carried = { intake: taken, received, decided: null, forward: null };
  }
  return raw.carried;
}

function carried({ raw }: FastifyRequest): Carried {
  const it = (raw as Carrying).carried;
  if (it === undefined) throw new Fault("internal", "a request came in without an intake");
  return it;
}

/**
 * Sends own traffic to the app before fastify makes anything of it: its router, its hooks and its objects are for what is judged, and
 * for pages of ours. What turns out to be answered here goes on to fastify with its passage.
 */
function shortenOwnWay({ server }: FastifyInstance, services: Services, upstreams: Upstreams): void {
  const [handle] = server.listeners("request") as ((
    raw: IncomingMessage,
    response: ServerResponse,
  ) => void)[];
  if (handle === undefined) throw new TypeError("fastify listens to no requests");
  server.removeAllListeners("request");
  server.on("request", (raw: Carrying, response) => {
    // Before it waits: node keeps the raw bytes of a request only until the next ones come.
    const on = carriedBy(services, raw);
    inTurn(raw, response, (waited) => {
      if (waited) comesNow(services, on);
      const { received } = on;
      // Fastify refuses what comes while it closes.
      if (!server.listening || received === null || !isPlainlyOwn(received)) handle(raw, response);
      else goStraight(services, upstreams, { on, response, received }, handle);
    });
  });
}

/** A request that waited for others of its connection is judged by the time at which its turn comes. */
function comesNow({ clock }: Services, on: Carried): void {
  if (on.received === null) return;
  on.received = { ...on.received, at: clock.now(), startedAt: clock.monotonic() };
  on.intake = { kind: "received", received: on.received };
}

function isPlainlyOwn(received: Received): boolean {
  const { raw, url, browser } = received;
  return browser.secret === null && !url.ours && raw.headers.upgrade === undefined && !isOfOurHosts(received);
}

interface Arrived {
  readonly on: Carried;
  readonly response: ServerResponse;
  readonly received: Received;
}

function goStraight(
  services: Services,
  upstreams: Upstreams,
  { on, response, received }: Arrived,
  handle: (raw: IncomingMessage, response: ServerResponse) => void,
): void {
  const { raw } = received;
  const leave = (decided: () => Passage): void => {
    on.decided = decided;
    handle(raw, response);
  };
  const broken = (error: unknown): void =>
    leave(() => {
      throw error;
    });
  const send = (exchange: Exchange): void => upstreams.sending(exchange, received.snapshot.settings)();
  const go = (passage: Passage): Maybe<void> =>
    passage.kind === "forward"
      ? after(exchangeFor(services, passage, { request: raw, response }), send)
      : leave(() => passage);
  try {
    const gone = after(pipeline(services, received), go);
    if (gone instanceof Promise) gone.catch(broken);
  } catch (error) {
    broken(error);
  }
}

/** Registers the pipeline as a hook in front of every route, and the app as the route for everything that isn't ours. */
export async function registerGateway(
  fastify: FastifyInstance,
  services: Services,
  upstreams: Upstreams,
): Promise<void> {
  fastify.decorateRequest("received", {
    getter(this: FastifyRequest) {
      return (this.raw as Carrying).carried?.received as Received;
    },
    setter(this: FastifyRequest, it: Received) {
      carried(this).received = it;
    },
  });
  fastify.addHook("onRequest", async function receive(request, reply) {
    const on = carried(request);
    const taken = on.intake;
    if (taken.kind === "refused") return await refuseAtIntake(services, request, reply, taken);
    // Node loses the bytes that follow an upgrade which isn't made, so this connection takes no other request.
    if (request.raw.headers.upgrade !== undefined) reply.raw.shouldKeepAlive = false;
    if (isOfOurHosts(taken.received)) {
      const located = await locate(services, taken.received);
      if (located.kind === "answered") {
        notForwarded(services, request, reply);
        return await send(reply, located.answer);
      }
      request.received = located.received;
    }
    if (!taken.received.url.ours) return await admitRequest(services, upstreams, request, reply);
    notForwarded(services, request, reply);
    return undefined;
  });
  // Runs for every answer that isn't the app's, also the console's.
  fastify.addHook("onSend", async function bodyLeft(request, reply) {
    const limits = unreadLimits(services.config.current().settings);
    dropBody({ request: request.raw, response: reply.raw }, limits);
  });
  fastify.setErrorHandler(async function faults(error, request, reply) {
    const fault = error instanceof Fault ? error : asFault(error);
    if (fault.code === "internal")
      services.log.error({ err: error, requestId: request.received?.id }, "the gateway broke");
    notForwarded(services, request, reply);
    const at = atOf(services, request);
    if (fault.code === "forbidden")
      recordRefusedBeforeDecision(services, request.raw, { fault, id: at.id, address: request.originalUrl });
    return await send(reply, answerFault(services, fault, at));
  });
  registerMethods(fastify);
  shortenOwnWay(fastify, services, upstreams);
  await fastify.register(proxy, { forward });
}

function forward(request: FastifyRequest): void {
  const { forward: send } = carried(request);
  if (send === null) throw new Fault("internal", "a request reached the proxy without passing the pipeline");
  send();
}

async function admitRequest(
  services: Services,
  upstreams: Upstreams,
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<FastifyReply | undefined> {
  const { received } = request;
  const { settings } = received.snapshot;
  const on = carried(request);
  if (received.browser.secret !== null)
    services.rateLimits.take(received.browser.secret, settings.limits.perImpersonation, reply.raw);
  const passage = on.decided?.() ?? (await pipeline(services, received));
  if (passage.kind !== "forward") notForwarded(services, request, reply);
  if (passage.kind === "answer") {
    const { committed } = passage;
    const led = goesOver(services, committed) ?? askedAtConsole(services, committed);
    return await send(reply, led ?? answer(services, committed));
  }
  if (passage.kind === "caught") return await send(reply, passage.answer);
  if (passage.kind === "fault") {
    const { cookie } = settings;
    const isUnread = passage.fault.code === "bad-request";
    if (isUnread && received.url.unclear !== null) {
      const { id, navigation } = received;
      const refused = { kind: "refused", fault: passage.fault, id, page: navigation.wantsPage } as const;
      return await refuseAtIntake(services, request, reply, refused);
    }
    const doubled = received.browser.rivals.length > 0 && isUnread;
    const cleared = doubled ? clearingDoubled(request.raw.headers.cookie, cookie.name, cookie.domain) : [];
    for (const line of cleared) reply.header("set-cookie", line);
    return await send(reply, answerFaultTo(services, received, passage.fault));
  }
  const exchange = await exchangeFor(services, passage, { request: request.raw, response: reply.raw });
  on.forward = upstreams.sending(exchange, settings);
  return undefined;
}

/** An upload that is answered here: the rest of its body gets less time than one that goes to the app. */
function notForwarded(services: Services, { raw, server }: FastifyRequest, reply: FastifyReply): void {
  const limits = unreadLimits(services.config.current().settings);
  limitBodyTime(server.server, { request: raw, response: reply.raw }, limits);
}

async function refuseAtIntake(
  services: Services,
  request: FastifyRequest,
  reply: FastifyReply,
  { fault, id, page }: Extract<Intake, { readonly kind: "refused" }>,
): Promise<FastifyReply> {
  services.log.info({ code: fault.code, detail: fault.detail, requestId: id }, "refused at the door");
  recordRefusedBeforeDecision(services, request.raw, { fault, id, address: request.originalUrl });
  const { prefix, cookie } = services.config.current().settings;
  reply.header("connection", "close");
  const cleared = clearingDoubled(request.raw.headers.cookie, cookie.name, cookie.domain);
  for (const line of cleared) reply.header("set-cookie", line);
  const impersonating = cleared.length === 0 && secretOf(request.raw.headers.cookie, cookie.name) !== null;
  const traceId = traceIdOf({ raw: request.raw, trace: null });
  const at = { id, page, prefix, impersonating, headers: {}, traceId };
  return await send(reply, answerFault(services, fault, at));
}

async function send(reply: FastifyReply, it: Answer): Promise<FastifyReply> {
  reply.code(it.status);
  for (const [name, value] of it.headers) reply.header(name, value);
  return reply.send(it.body);
}

function atOf(services: Services, request: FastifyRequest): Parameters<typeof answerFault>[2] {
  const received = request.received as Received | undefined;
  const { prefix } = (received?.snapshot ?? services.config.current()).settings;
  return {
    id: received?.id ?? String(request.id),
    page: received?.navigation.wantsPage ?? false,
    prefix,
    impersonating: (received?.browser.secret ?? null) !== null,
    headers: request.raw.headers,
    traceId: traceIdOf({ raw: request.raw, trace: received?.trace ?? null }),
  };
}

/** Errors that fastify itself found are the client's; every other one is ours. */
function asFault(error: unknown): Fault {
  const status = (error as { statusCode?: number }).statusCode ?? 500;
  const message = whyOf(error);
  if (status === 413) return new Fault("too-large", message, { cause: error });
  return new Fault(status >= 400 && status < 500 ? "bad-request" : "internal", message, { cause: error });
}
