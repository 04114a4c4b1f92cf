// A library as it comes, but for an agent that keeps connections: PEER=http-proxy or http-proxy-3.
import { Agent, createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { createRequire } from "node:module";

interface Library {
  createProxyServer(options: object): {
    web(request: IncomingMessage, response: ServerResponse): void;
    on(
      event: "error",
      heard: (error: Error, request: IncomingMessage, response: ServerResponse) => void,
    ): void;
  };
}

const require = createRequire(import.meta.url);
const path =
  process.env.PEER === "http-proxy" ? require.resolve("http-proxy") : require.resolve("http-proxy-3");
const { createProxyServer } = require(path) as Library;
const proxy = createProxyServer({
  target: `http://127.0.0.1:${process.env.UPSTREAM}`,
  agent: new Agent({ keepAlive: true }),
});
proxy.on("error", (_error, _request, response) => response.destroy());
createServer((request, response) => proxy.web(request, response)).listen(
  Number(process.env.PORT),
  "127.0.0.1",
);
