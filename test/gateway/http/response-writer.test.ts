import { Transform } from "node:stream";
import { setImmediate } from "node:timers/promises";
import t from "tap";
import { Fault } from "../../../src/errors.ts";
import type { HeadPlan, UpstreamHead } from "../../../src/gateway/http/exchange.ts";
import { httpApp, rawApp, sayingApp } from "../../fixtures/apps/upstream.ts";
import { converse, raw } from "../../fixtures/client/raw.ts";
import { gateway } from "../../fixtures/gateway/gateway.ts";

const GET = "GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n";
const without = (head: UpstreamHead, name: string) => {
  const headers: string[] = [];
  for (let at = 0; at + 1 < head.headers.length; at += 2) {
    if (head.headers[at]?.toLowerCase() !== name)
      headers.push(head.headers[at] ?? "", head.headers[at + 1] ?? "");
  }
  return headers;
};
const through =
  (transform: () => Transform) =>
  (head: UpstreamHead): HeadPlan => ({
    ...head,
    headers: without(head, "content-length"),
    transform: transform(),
  });

t.test("a head goes out though no body has come yet, and each event as it comes", async (t) => {
  const app = await rawApp(t, (peer) =>
    peer.send("HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n"),
  );
  const gate = await gateway(t, { upstream: { origin: app.origin } });
  const client = await raw(t, gate.port);
  client.send(GET);
  await client.until("\r\n\r\n");
  for (const event of ["data: 1", "data: 2"]) {
    app.peers[0]?.send(`9\r\n${event}\n\n\r\n`);
    await client.until(event);
  }
  app.peers[0]?.send("0\r\n\r\n");
  t.match((await client.closed).text, /9\r\ndata: 1\n\n\r\n9\r\ndata: 2\n\n\r\n0\r\n\r\n$/);
});

t.test("HEAD, 204 and 304 have no body and keep the length that they speak of", async (t) => {
  for (const [method, status] of [
    ["HEAD", "200 OK"],
    ["GET", "304 Not Modified"],
  ]) {
    const app = await sayingApp(t, `HTTP/1.1 ${status}\r\nETag: "x"\r\nContent-Length: 1234\r\n\r\n`);
    const gate = await gateway(t, { upstream: { origin: app.origin } });
    const text = await converse(t, gate.port, `${method} / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n`);
    t.match(
      text,
      new RegExp(`^HTTP/1.1 ${status}\r\nETag: "x"\r\nContent-Length: 1234\r\n[\\s\\S]*\r\n\r\n$`),
    );
    t.equal((await gate.ended(1)).ending, "success");
  }
  const app = await sayingApp(t, "HTTP/1.1 204 No Content\r\nX-A: 1\r\n\r\n");
  const gate = await gateway(t, { upstream: { origin: app.origin } });
  const text = await converse(t, gate.port, GET);
  t.match(text, /^HTTP\/1\.1 204 No Content\r\nX-A: 1\r\n[\s\S]*\r\n\r\n$/);
  t.notMatch(text, /transfer-encoding|content-length/i);
});

t.test("a HEAD that is answered with a body harms nobody else", async (t) => {
  const app = await rawApp(t, (peer, nth) =>
    peer.send(`HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n${nth === 1 ? "HTTP/" : "fresh"}`),
  );
  const gate = await gateway(t, { upstream: { origin: app.origin, connections: 1 } });
  t.match(await converse(t, gate.port, GET.replace("GET", "HEAD")), /\r\n\r\n$/);
  t.match(await converse(t, gate.port, GET), /fresh$/);
  t.equal(app.peers.length, 2);
});

t.test("an answer is read no faster than the client takes it", async (t) => {
  let sent = 0;
  const chunk = Buffer.alloc(65_536);
  const app = await httpApp(t, (_request, response) => {
    const more = () => {
      do sent += chunk.length;
      while (response.write(chunk));
    };
    response.on("drain", more);
    more();
  });
  const gate = await gateway(t, { upstream: { origin: app.origin } });
  const client = await raw(t, gate.port);
  client.socket.pause();
  client.send(GET);
  let before = -1;
  while (before !== sent || sent === 0) {
    before = sent;
    for (let turn = 0; turn < 200; turn += 1) await setImmediate();
  }
  t.ok(sent < 64_000_000, `${sent} bytes were sent to one who reads nothing`);
  client.socket.destroy();
  t.equal((await gate.ended(1)).ending, "client-aborted");
});

/** Long beside what an app in the same process needs for its next bytes on a busy machine, ms. */
const IDLE = 1_000;

t.test("a client that takes nothing is cut, within the answer and after its end", async (t) => {
  for (const ends of [true, false]) {
    const app = await httpApp(t, (_request, response) => {
      response.write(Buffer.alloc(30_000_000));
      if (ends) response.end();
    });
    const gate = await gateway(t, { upstream: { origin: app.origin }, timeouts: { answerIdle: IDLE } });
    const client = await raw(t, gate.port);
    client.socket.pause();
    client.send(GET);
    t.equal((await gate.ended(1)).ending, "client-aborted");
    client.socket.resume();
    t.ok((await client.closed).text.length < 30_000_000);
  }
});

t.test("a client that takes answers but never reads them is cut when they are all there, too", async (t) => {
  const app = await httpApp(t, (_request, response) => response.end(Buffer.alloc(200_000)));
  const gate = await gateway(t, { upstream: { origin: app.origin }, timeouts: { answerIdle: IDLE } });
  const client = await raw(t, gate.port);
  client.socket.pause();
  client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n".repeat(200));
  let turn = 1;
  while ((await gate.ended(turn)).ending === "success") turn += 1;
  t.equal(gate.settlements[turn - 1]?.ending, "client-aborted");
  client.socket.destroy();
});

t.test("a transform sees every byte, and the client what it makes of them", async (t) => {
  const app = await rawApp(t, (peer) => peer.send("HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nabc"));
  const upper = () =>
    new Transform({
      transform: (chunk: Buffer, _encoding, done) => done(null, chunk.toString().toUpperCase()),
      flush: (done) => done(null, "!"),
    });
  const gate = await gateway(t, { upstream: { origin: app.origin }, respond: through(upper) });
  const client = await raw(t, gate.port);
  client.send(GET);
  await client.until("ABC");
  app.peers[0]?.send("def");
  t.match((await client.closed).text, /3\r\nABC\r\n4\r\nDEF!\r\n0\r\n\r\n$/);
  t.same(await gate.ended(1), { ending: "success", status: 200, requestBytes: 0, responseBytes: 7 });
});

t.test("a long answer goes through a slow transform to a slow client whole", async (t) => {
  const bytes = Buffer.alloc(3_000_000, "x");
  const app = await httpApp(t, (_request, response) => response.end(bytes));
  const slow = () =>
    new Transform({
      highWaterMark: 1_000,
      transform: (chunk: Buffer, _encoding, done) => void setImmediate().then(() => done(null, chunk)),
    });
  const gate = await gateway(t, { upstream: { origin: app.origin }, respond: through(slow) });
  const client = await raw(t, gate.port);
  client.send(GET);
  client.socket.pause();
  await setImmediate();
  client.socket.resume();
  const { text } = await client.closed;
  t.equal(text.match(/x/g)?.length, bytes.length + (text.split("\r\n\r\n")[0]?.match(/x/g)?.length ?? 0));
  t.match(await gate.ended(1), { ending: "success", responseBytes: bytes.length });
});

t.test(
  "a transform that fails before its first byte can still be told to the client; after it, the answer is cut",
  async (t) => {
    const app = await rawApp(t, (peer) => peer.send("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nabc"));
    const fault = new Fault("page-unmarkable", "no body");
    const early = await gateway(t, {
      upstream: { origin: app.origin },
      respond: through(() => new Transform({ transform: (_chunk, _encoding, done) => done(fault) })),
    });
    t.match(await converse(t, early.port, GET), /^HTTP\/1\.1 502 [\s\S]*"code":"page-unmarkable"/);
    t.same(await early.ended(1), { ending: "failure", status: 200, requestBytes: 0, responseBytes: 0 });
    await app.peers[0]?.closed;

    let turn = 0;
    const late = await gateway(t, {
      upstream: { origin: app.origin },
      respond: through(
        () =>
          new Transform({
            transform: (chunk, _encoding, done) => (turn++ === 0 ? done(null, chunk) : done(fault)),
          }),
      ),
    });
    const client = await raw(t, late.port);
    client.send(GET);
    await client.until("abc");
    app.peers[1]?.send("def");
    t.notMatch((await client.closed).text, "\r\n0\r\n\r\n");
    t.same(await late.ended(1), { ending: "failure", status: 200, requestBytes: 0, responseBytes: 3 });
  },
);

t.test(
  "an app that breaks off within a transform's first bytes is told as a page, not shown as one",
  async (t) => {
    const app = await sayingApp(t, "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nabc", { close: true });
    const keeping = () => new Transform({ transform: (_chunk, _encoding, done) => done() });
    const gate = await gateway(t, { upstream: { origin: app.origin }, respond: through(keeping) });
    t.match(await converse(t, gate.port, GET), /^HTTP\/1\.1 502 [\s\S]*"code":"upstream-protocol"/);
  },
);

t.test("a head that can't be written is 502", async (t) => {
  const app = await sayingApp(t, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
  const bad = [
    (head: UpstreamHead): HeadPlan => ({ ...head, headers: ["X-A", "a\nb"], transform: null }),
    (head: UpstreamHead): HeadPlan => ({ ...head, message: "a\nb", transform: null }),
    (head: UpstreamHead): HeadPlan => ({
      ...head,
      message: "a\nb",
      transform: new Transform({ transform: (chunk, _e, done) => done(null, chunk) }),
    }),
  ];
  for (const respond of bad) {
    const gate = await gateway(t, { upstream: { origin: app.origin }, respond });
    t.match(await converse(t, gate.port, GET), /^HTTP\/1\.1 502 Bad Gateway\r\n/);
    t.equal((await gate.ended(1)).ending, "upstream-protocol");
  }
});

t.test("trailers are not passed on", async (t) => {
  const app = await sayingApp(
    t,
    "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nTrailer: X-Guise-User\r\n\r\n2\r\nok\r\n0\r\nX-Guise-User: evil\r\n\r\n",
  );
  const gate = await gateway(t, { upstream: { origin: app.origin } });
  const text = await converse(
    t,
    gate.port,
    "GET / HTTP/1.1\r\nHost: a\r\nTE: trailers\r\nConnection: close, TE\r\n\r\n",
  );
  t.match(text, /2\r\nok\r\n0\r\n\r\n$/);
  t.notMatch(text, /guise/i);
});
