// Shows /metrics of the admin port, which is on loopback, outside the pod; nothing else of it.
import { createServer, get } from "node:http";

const { GUISE_ADMIN_PORT = "9464", METRICS_PORT = "9465", METRICS_HOST = "0.0.0.0" } = process.env;

createServer((request, response) => {
  if (request.method !== "GET" || request.url !== "/metrics") {
    response.writeHead(404).end();
    return;
  }
  const asked = get(
    { host: "127.0.0.1", port: GUISE_ADMIN_PORT, path: "/metrics", timeout: 5_000 },
    (answer) => {
      response.writeHead(answer.statusCode ?? 502, {
        "content-type": answer.headers["content-type"] ?? "text/plain",
      });
      answer.pipe(response);
    },
  );
  asked.on("timeout", () => asked.destroy(new Error("no answer")));
  asked.on("error", () => (response.headersSent ? response.destroy() : response.writeHead(503).end()));
}).listen(Number(METRICS_PORT), METRICS_HOST, () => {
  process.stdout.write(`metrics are shown on port ${METRICS_PORT}\n`);
});
