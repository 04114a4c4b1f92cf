import type { FastifyInstance } from "fastify";
import type { World } from "../services/services.ts";
import type { Ways } from "../upstreams.ts";

const LOOK_EVERY = 50;

/**
 * Takes nothing new. Sockets are told to go (1001) and event streams end, since nobody can wait for their end; every other
 * open request may finish, and is cut after `within` ms.
 */
export async function drain(
  server: FastifyInstance,
  world: World,
  ways: Ways,
  within: number,
): Promise<void> {
  const closed = server.close();
  world.sockets.cutTunnels("going-away");
  ways.endStreams();
  const timer = setTimeout(() => {
    world.sockets.cutWorn("going-away");
    server.server.closeAllConnections();
  }, within);
  // A client that keeps its connection after its last answer would keep the process for as long.
  const idle = setInterval(() => server.server.closeIdleConnections(), LOOK_EVERY);
  await closed;
  clearInterval(idle);
  clearTimeout(timer);
}
