import { METHODS, type Server } from "node:http";
import httpProxy, { type FastifyHttpProxyOptions } from "@fastify/http-proxy";
import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import { watchBodies } from "./client-abort.ts";

/** What is forwarded: every method that node can parse, but CONNECT, which asks for a tunnel. */
const FORWARDED = METHODS.filter((method) => method !== "CONNECT");

/** Sends a request that was let through to the app; throwing goes to fastify's error handler. */
type Forward = (request: FastifyRequest, reply: FastifyReply) => void;

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
  { forward }: { readonly forward: Forward },
): Promise<void> {
  continueWhenRead(fastify.server);
  watchBodies(fastify.server);
  keepHalfOpen(fastify.server);
  fastify.removeAllContentTypeParsers();
  fastify.addHook("onRequest", (request, _reply, done) => {
    hideOddContentType(request);
    done();
  });
  await fastify.register(httpProxy, proxyOptions(forward));
}

/** The options that make @fastify/http-proxy hand everything to the transport and touch neither address nor answer. */
export function proxyOptions(forward: Forward): FastifyHttpProxyOptions & { readonly websocket: false } {
  return {
    // Never connected to: the transport knows where the app is.
    upstream: "http://app.invalid",
    httpMethods: FORWARDED,
    websocket: false,
    disableRequestLogging: true,
    internalRewriteLocationHeader: false,
    preRewrite: () => "/",
    handler: (request, reply) => {
      forward(request, reply);
      reply.hijack();
    },
  };
}

/** Sends `100 Continue` when the body is first read, so that a client that is refused doesn't upload first. */
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

/** A client that ends its side behind its request still reads the answer; node would end ours at once. It has no public option for that. */
function keepHalfOpen(server: Server): void {
  Reflect.set(server, "httpAllowHalfOpen", true);
  // Each of its requests listens for that end, and a client may send many one behind the other.
  server.on("connection", (socket) => void socket.setMaxListeners(0));
}

const MEDIA_TYPE = /^\s*[\w!#$%&'*+.^`|~-]+\/[\w!#$%&'*+.^`|~-]+\s*(?:;|$)/;
const OCTETS = { "content-type": "application/octet-stream" };

/** Fastify answers 415 to a type that it can't read; only fastify's view of the headers is changed, not `request.raw`. */
function hideOddContentType(request: FastifyRequest): void {
  const type = request.raw.headers["content-type"];
  if (type === undefined ? request.method === "QUERY" : !MEDIA_TYPE.test(type)) request.headers = OCTETS;
}
