import { setImmediate } from "node:timers/promises";
import t, { type Test } from "tap";
import { watchBodies } from "../../../src/gateway/http/client-abort.ts";
import { rawApp, sayingApp } from "../../fixtures/apps/upstream.ts";
import { converse, raw, type Wire } from "../../fixtures/client/raw.ts";
import { type GatewayOptions, gateway } from "../../fixtures/gateway/gateway.ts";

const GET = "GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n";

const OK = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";

async function ask(t: Test, origin: string, options: Partial<GatewayOptions> = {}) {
  const gate = await gateway(t, { upstream: { origin }, ...options });
  const text = await converse(t, gate.port, GET);
  return { gate, text, settlement: await gate.ended(1) };
}

t.test("what can't be read behind a body takes nothing of the body away", async (t) => {
  const app = await sayingApp(t, OK);
  const gate = await gateway(t, { upstream: { origin: app.origin }, clientError: () => undefined });
  watchBodies(gate.fastify.server);
  const client = await raw(t, gate.port);
  client.send("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n");
  await client.until("ok");
  client.send("3\r\nabc\r\n0\r\n\r\nGET /caf\xe9 HTTP/1.1\r\nHost: a\r\n\r\n");
  const { ending, requestBytes } = await gate.ended(1);
  t.same({ ending, requestBytes }, { ending: "success", requestBytes: 3 });
  await app.peers[0]?.until("3\r\nabc\r\n0\r\n\r\n");
});

t.test("SMUG-05 an answer that can't be read is 502, and its connection isn't used again", async (t) => {
  const answers = {
    garbage: "garbage\r\n\r\n",
    "two lengths": "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\nok",
    "a length and chunks":
      "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n",
    "another transfer coding":
      "HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n",
    "101 unasked": "HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: Upgrade\r\n\r\nbytes",
    "101 without a protocol": "HTTP/1.1 101 Switching Protocols\r\n\r\nbytes",
    "status 000": "HTTP/1.1 000 Zero\r\nContent-Length: 0\r\n\r\n",
    "status 099": "HTTP/1.1 099 Low\r\nContent-Length: 0\r\n\r\n",
    "status 1000": "HTTP/1.1 1000 High\r\nContent-Length: 0\r\n\r\n",
    "a bad header": "HTTP/1.1 200 OK\r\nX Y: 1\r\nContent-Length: 2\r\n\r\nok",
    "a control character": "HTTP/1.1 200 OK\r\nX-Y: a\x01b\r\nContent-Length: 2\r\n\r\nok",
    "endless headers": `HTTP/1.1 200 OK\r\n${"X-Y: 12345678\r\n".repeat(20_000)}`,
  };
  for (const [what, bytes] of Object.entries(answers)) {
    const app = await sayingApp(t, bytes);
    const { text, settlement } = await ask(t, app.origin);
    t.match(text, /^HTTP\/1\.1 502 [\s\S]*"code":"upstream-protocol"/, what);
    t.equal(text.split("HTTP/1.1").length, 2, `${what}: one answer`);
    t.equal(settlement.ending, "upstream-protocol", what);
    await app.peers[0]?.closed;
    t.equal(app.requests(), 1, what);
  }
});

t.test("an app that closes without an answer, or within its head, is 502 and not asked again", async (t) => {
  for (const part of ["", "HTTP/1.1 200 OK\r\nContent-Le"]) {
    for (const leave of [(peer: Wire) => peer.socket.end(), (peer: Wire) => peer.reset()]) {
      const app = await rawApp(t, async (peer) => {
        if (part !== "") peer.send(part);
        await setImmediate();
        leave(peer);
      });
      const { text, settlement } = await ask(t, app.origin);
      t.match(text, /^HTTP\/1\.1 502 [\s\S]*"code":"upstream-protocol"/);
      t.same(settlement, { ending: "upstream-protocol", status: null, requestBytes: 0, responseBytes: 0 });
      t.equal(app.requests(), 1);
    }
  }
});

t.test("hints before the answer are dropped", async (t) => {
  const app = await sayingApp(
    t,
    `HTTP/1.1 102 Processing\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: </x>\r\nSet-Cookie: a=1\r\n\r\n${OK}`,
  );
  const { text } = await ask(t, app.origin);
  t.match(text, /^HTTP\/1\.1 200 OK\r\nContent-Length: 2\r\n/);
  t.notMatch(text, "Set-Cookie");
});

t.test("bytes after an answer are nobody's answer", async (t) => {
  const app = await rawApp(t, (peer, nth) =>
    peer.send(nth === 1 ? `${OK}HTTP/1.1 200 Evil\r\nContent-Length: 4\r\n\r\nevil` : OK),
  );
  const gate = await gateway(t, { upstream: { origin: app.origin, connections: 1 } });
  for (const _ of [1, 2]) t.match(await converse(t, gate.port, GET), /^HTTP\/1\.1 200 OK[\s\S]*ok$/);
  t.equal(app.peers.length, 2);
});

t.test("invariant 22: an answer that breaks off never looks whole", async (t) => {
  const length = "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf";
  const chunked = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nhalf\r\n";
  const toTheEnd = "HTTP/1.1 200 OK\r\nConnection: close\r\n\r\nhalf";
  const end = (peer: Wire) => peer.socket.end();
  const reset = (peer: Wire) => peer.reset();
  const cases: [string, string, (peer: Wire) => unknown][] = [
    ["a length, ended", length, end],
    ["a length, reset", length, reset],
    ["chunks, ended", chunked, end],
    ["chunks, reset", chunked, reset],
    ["no length, reset", toTheEnd, reset],
  ];
  for (const [what, bytes, leave] of cases) {
    for (const version of ["1.1", "1.0"]) {
      const app = await rawApp(t, (peer) => peer.send(bytes));
      const gate = await gateway(t, { upstream: { origin: app.origin } });
      const client = await raw(t, gate.port);
      client.send(`GET / HTTP/${version}\r\nHost: a\r\n\r\n`);
      await client.until("half");
      const peer = app.peers[0];
      if (peer !== undefined) leave(peer);
      const { text, reset: broken } = await client.closed;
      t.notMatch(text, "\r\n0\r\n\r\n", `${what}: no last chunk`);
      t.ok(/Content-Length: 100|chunked/.test(text) || broken, `${what}, HTTP/${version}: seen to be cut`);
      t.same(
        await gate.ended(1),
        { ending: "upstream-truncated", status: 200, requestBytes: 0, responseBytes: 4 },
        what,
      );
    }
  }
});

t.test("an answer that breaks off takes none of those before it on its connection", async (t) => {
  const first = Promise.withResolvers<Wire>();
  const app = await rawApp(t, (peer) => {
    if (peer.text().startsWith("GET /1 ")) first.resolve(peer);
    else {
      peer.send("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf");
      peer.socket.end();
    }
  });
  const gate = await gateway(t, { upstream: { origin: app.origin } });
  const client = await raw(t, gate.port);
  client.send("GET /1 HTTP/1.1\r\nHost: a\r\n\r\nGET /2 HTTP/1.1\r\nHost: a\r\n\r\n");
  t.equal((await gate.ended(1)).ending, "upstream-truncated");
  (await first.promise).send(OK);
  t.match(
    (await client.closed).text,
    /^HTTP\/1\.1 200 [\s\S]*ok(?:HTTP\/1\.1 200 [\s\S]*Content-Length: 100\r\n[\s\S]*half)$/,
  );
});

t.test("an answer without a length that ends with its connection is whole", async (t) => {
  const app = await sayingApp(t, "HTTP/1.1 200 OK\r\n\r\nall of it", { close: true });
  const { text, settlement } = await ask(t, app.origin);
  t.match(text, /\r\n9\r\nall of it\r\n0\r\n\r\n$/);
  t.equal(settlement.ending, "success");
});

t.test("a chunk that can't be read cuts the answer", async (t) => {
  const app = await rawApp(t, (peer) =>
    peer.send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nhalf\r\n"),
  );
  const gate = await gateway(t, { upstream: { origin: app.origin } });
  const client = await raw(t, gate.port);
  client.send(GET);
  await client.until("half");
  app.peers[0]?.send("zz\r\n");
  t.notMatch((await client.closed).text, "\r\n0\r\n\r\n");
  t.equal((await gate.ended(1)).ending, "upstream-protocol");
});
