import fastify from "fastify";
import type { Closing } from "../ports.ts";
import type { Metrics } from "./metrics.ts";

interface AdminParts {
  readonly host: string;
  /** 0 for any free one. */
  readonly port: number;
  readonly metrics: Metrics;
  /** What keeps the gateway from being ready; empty when it is. */
  readonly unready: () => readonly string[];
}

/** `/metrics`, `/livez` and `/readyz`, on a listener of their own so that no request from outside can pass for one of them. */
export async function admin(parts: AdminParts): Promise<{ readonly url: string } & Closing> {
  const server = fastify({ logger: false });
  server.get("/metrics", async (_request, reply) =>
    reply.type(parts.metrics.contentType).send(await parts.metrics.text()),
  );
  server.get("/livez", () => ({ status: "ok" }));
  server.get("/readyz", (_request, reply) => {
    const missing = parts.unready();
    return reply
      .code(missing.length === 0 ? 200 : 503)
      .send({ status: missing.length === 0 ? "ok" : "not ready", missing });
  });
  // Each worker's own, where there are several.
  const url = await server.listen({ host: parts.host, port: parts.port, exclusive: true });
  return { url, close: () => server.close() };
}
