import { once } from "node:events";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import t, { type Test } from "tap";
import { hurry } from "../../../src/gateway/http/hurry.ts";
import { guardConnections, serverOptions } from "../../../src/gateway/http-server.ts";
import { raw } from "../../fixtures/raw.ts";
import { snapshotOf } from "../../fixtures/world.ts";

const WITHIN = 50;
const { settings } = snapshotOf(
  "upstream: http://127.0.0.1:1\nidentity: [{ insecureHeader: { name: X-User, from: [127.0.0.1] } }]\n",
);

/** A server that hurries every request along. */
async function hurried(t: Test, answer: (request: IncomingMessage, response: ServerResponse) => void) {
  const server = createServer(serverOptions(settings), (request, response) => {
    hurry(server, { raw: request, response }, WITHIN);
    answer(request, response);
  });
  guardConnections(
    server,
    settings,
    () => "id",
    () => undefined,
  );
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  t.teardown(() => {
    server.closeAllConnections();
    server.close();
  });
  return await raw(t, (server.address() as AddressInfo).port);
}

const POST = "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nab";

t.test("DOS-01 a body that a page of ours waits for is 408 when it comes too slowly", async (t) => {
  const client = await hurried(t, (request) => void request.resume());
  client.send(POST);
  t.match((await client.closed).text, /^HTTP\/1\.1 408 [\s\S]*"code":"request-timeout"/);
});

t.test("DOS-01 behind an answer it costs the connection, and nothing more is said", async (t) => {
  const client = await hurried(t, (_request, response) => response.end("no"));
  client.send(POST);
  const { text } = await client.closed;
  t.match(text, /^HTTP\/1\.1 200 [\s\S]*no$/);
  t.notMatch(text, /408/);
});

t.test("a body that is there in time, and a request without one, are left alone", async (t) => {
  const client = await hurried(t, (request, response) => {
    request.resume().on("end", () => setTimeout(() => response.end("done"), 3 * WITHIN));
  });
  client.send(`${POST}cde`);
  await client.until("done");
  client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
  await client.until(/done[\s\S]*done/);
  client.socket.end();
  t.match((await client.closed).text, /^HTTP\/1\.1 200 [\s\S]*HTTP\/1\.1 200 /);
});
