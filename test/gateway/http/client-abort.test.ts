import { once } from "node:events";
import { createServer, type IncomingMessage } from "node:http";
import type { AddressInfo } from "node:net";
import t, { type Test } from "tap";
import { clientEnding, cutOff, watchBodies, whenMalformed } from "../../../src/gateway/http/client-abort.ts";
import { raw } from "../../fixtures/client/raw.ts";

async function upload(t: Test, head: string) {
  const server = createServer();
  server.on("clientError", (error, socket) => socket.destroy(error));
  watchBodies(server);
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  t.teardown(() => {
    server.close();
    server.closeAllConnections();
  });
  const client = await raw(t, (server.address() as AddressInfo).port);
  client.send(head);
  const [request] = (await once(server, "request")) as [IncomingMessage];
  return { client, request };
}

const CHUNKED = "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n";

t.test("a body that can't be read is told at once, and found on the connection", async (t) => {
  const { client, request } = await upload(t, CHUNKED);
  const told = new Promise<void>((resolve) => whenMalformed(request.socket, resolve));
  client.send("zz\r\n");
  await told;
  await new Promise((resolve) => request.socket.once("close", resolve));
  t.equal(clientEnding(request), "client-framing-error");
});

t.test("a client that leaves is not taken for one that can't be read", async (t) => {
  for (const leave of ["end", "destroy", "resetAndDestroy"] as const) {
    const { client, request } = await upload(t, CHUNKED);
    whenMalformed(request.socket, () => t.fail("told of a malformed body"));
    client.socket[leave]();
    await new Promise((resolve) => request.socket.once("close", resolve));
    t.equal(clientEnding(request), "client-aborted", leave);
  }
});

t.test("a cut is seen as one: HTTP/1.0, which knows no other end than a close, gets a reset", async (t) => {
  for (const [version, reset] of [
    ["1.0", true],
    ["1.1", false],
  ] as const) {
    const { client, request } = await upload(t, `GET / HTTP/${version}\r\nHost: a\r\n\r\n`);
    cutOff(request);
    t.equal((await client.closed).reset, reset, version);
  }
});
