// The yardstick: @fastify/http-proxy as it comes.
import httpProxy from "@fastify/http-proxy";
import fastify from "fastify";

const server = fastify({ logger: false });
await server.register(httpProxy, {
  upstream: `http://127.0.0.1:${process.env.UPSTREAM}`,
  disableRequestLogging: true,
});
await server.listen({ host: "127.0.0.1", port: Number(process.env.PORT) });
