import type { FastifyInstance } from "fastify";
import type { Services } from "../services/services.ts";
import type { Upstreams } from "../upstreams.ts";

const LOOK_EVERY = 50;

/**
 * Stops accepting. Closes sockets (1001) and event streams, which have no end of their own; every other open request may finish, and is cut
 * after `within` ms.
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
  // A client that keeps an idle connection would keep the process running.
  const idle = setInterval(() => server.server.closeIdleConnections(), LOOK_EVERY);
  await closed;
  clearInterval(idle);
  clearTimeout(timer);
}
