import type { FastifyInstance } from "fastify";
import type { Ways } from "./ways.ts";
import type { World } from "./world.ts";

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
  await closed;
  clearTimeout(timer);
}
