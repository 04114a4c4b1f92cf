import { type IncomingMessage, METHODS, type Server } from "node:http";
import httpProxy, { type FastifyHttpProxyOptions } from "@fastify/http-proxy";
import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import { watchBodies } from "./client-abort.ts";
import type { Exchange } from "./exchange.ts";
import { EXCHANGE, type Transport } from "./transport.ts";

/** What is forwarded: every method that node can parse, but CONNECT, which asks for a tunnel. */
const FORWARDED = METHODS.filter((method) => method !== "CONNECT");

/** Gives the exchange of a request, which was decided before; throwing goes to fastify's error handler. */
type ExchangeOf = (request: FastifyRequest, reply: FastifyReply) => Exchange;

type Carrying = IncomingMessage & { [EXCHANGE]?: Exchange };

/** Makes fastify know every method; call it on the root, once. Those it didn't know get no body parser, since none is wanted. */
export function registerMethods(fastify: FastifyInstance): void {
  for (const method of FORWARDED) {
    if (!fastify.supportedMethods.includes(method)) fastify.addHttpMethod(method, { hasBody: false });
  }
}

/**
 * Forwards everything that no other route takes. A scope of its own: no body parser of the surroundings reads a body that is
 * to be streamed, no limit of theirs holds for it, and no `Content-Type` is refused that the app may understand.
 */
export async function proxy(
  fastify: FastifyInstance,
  options: { readonly transport: Pick<Transport, "request">; readonly exchangeOf: ExchangeOf },
): Promise<void> {
  continueWhenRead(fastify.server);
  watchBodies(fastify.server);
  fastify.removeAllContentTypeParsers();
  fastify.addHook("onRequest", (request, _reply, done) => {
    hideOddContentType(request);
    done();
  });
  await fastify.register(httpProxy, proxyOptions(options.transport, options.exchangeOf));
}

/** The options that make @fastify/http-proxy hand everything to the transport and touch neither address nor answer. */
export function proxyOptions(
  transport: Pick<Transport, "request">,
  exchangeOf: ExchangeOf,
): FastifyHttpProxyOptions & { readonly websocket: false } {
  return {
    // Never connected to: the transport knows where the app is.
    upstream: "http://app.invalid",
    undici: transport as NonNullable<FastifyHttpProxyOptions["undici"]>,
    httpMethods: FORWARDED,
    websocket: false,
    disableRequestLogging: true,
    internalRewriteLocationHeader: false,
    preRewrite: () => "/",
    handler: (request, reply, destination, options) => {
      (request.raw as Carrying)[EXCHANGE] = exchangeOf(request, reply);
      reply.from(destination, options);
      reply.hijack();
    },
    replyOptions: {
      retryDelay: () => null,
      rewriteRequestHeaders: ({ raw }) => ({ [EXCHANGE]: (raw as Carrying)[EXCHANGE] }),
    },
  };
}

/** `100 Continue` is sent when somebody begins to read the body, so that one who is refused doesn't upload first. */
function continueWhenRead(server: Server): void {
  server.on("checkContinue", (request, response) => {
    request.on("newListener", function read(event: string | symbol) {
      if (event !== "data" && event !== "readable") return;
      request.removeListener("newListener", read);
      if (!response.headersSent) response.writeContinue();
    });
    server.emit("request", request, response);
  });
}

const MEDIA_TYPE = /^\s*[\w!#$%&'*+.^`|~-]+\/[\w!#$%&'*+.^`|~-]+\s*(?:;|$)/;
const OCTETS = { "content-type": "application/octet-stream" };

/** Fastify answers 415 to a type that it can't read; only fastify's view of the headers is changed, not `request.raw`. */
function hideOddContentType(request: FastifyRequest): void {
  const type = request.raw.headers["content-type"];
  if (type === undefined ? request.method === "QUERY" : !MEDIA_TYPE.test(type)) request.headers = OCTETS;
}
