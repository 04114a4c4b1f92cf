import type { FastifyInstance } from "fastify";
import type { Services } from "../services/services.ts";
import type { Upstreams } from "../upstreams.ts";

const LOOK_EVERY = 50;

/**
 * Takes nothing new. Sockets are told to go (1001) and event streams end, since nobody can wait for their end; every other
 * open request may finish, and is cut after `within` ms.
 */
export async function drain(
  server: FastifyInstance,
  services: Services,
  upstreams: Upstreams,
  within: number,
): Promise<void> {
  const closed = server.close();
  services.sockets.cutTunnels("going-away");
  upstreams.endStreams();
  const timer = setTimeout(() => {
    services.sockets.cutImpersonated("going-away");
    server.server.closeAllConnections();
  }, within);
  // A client that keeps its connection after its last answer would keep the process for as long.
  const idle = setInterval(() => server.server.closeIdleConnections(), LOOK_EVERY);
  await closed;
  clearInterval(idle);
  clearTimeout(timer);
}
