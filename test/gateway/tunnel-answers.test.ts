import { once } from "node:events";
import { createServer } from "node:net";
import t from "tap";
import { Fault } from "../../src/errors.ts";
import { rawApp, sayingApp } from "../fixtures/apps/upstream.ts";
import { SWITCHED, tunnelGateway, upgrading } from "../fixtures/gateway/tunnel-gateway.ts";

t.test("WS-06: the client gets the app's own refusal, as ordinary HTTP", async (t) => {
  const app = await sayingApp(
    t,
    "HTTP/1.1 401 Who Are You\r\nWWW-Authenticate: Bearer\r\nConnection: X-Hop, keep-alive\r\nX-Hop: 1\r\nContent-Length: 6\r\n\r\nsecret",
  );
  const gateway = await tunnelGateway(t, { upstream: app });
  const client = await upgrading(t, gateway.port);
  const { text, reset } = await client.closed;
  t.equal(
    text,
    "HTTP/1.1 401 Who Are You\r\nWWW-Authenticate: Bearer\r\nConnection: close\r\nContent-Length: 6\r\n\r\nsecret",
  );
  t.notOk(reset);
  await app.peers[0]?.closed;
  t.match(await gateway.ended(1), { ending: "success", status: 401, responseBytes: 6 });
});

t.test("a refusal in chunks, or until the connection ends, arrives in chunks and whole", async (t) => {
  const bodies = [
    "HTTP/1.1 404 Not Found\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n3\r\ndef\r\n0\r\n\r\n",
    "HTTP/1.1 404 Not Found\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n6\r\nabcdef\r\n0\r\n\r\n",
    "HTTP/1.1 404 Not Found\r\n\r\nabcdef",
  ];
  for (const said of bodies) {
    const app = await sayingApp(t, said, { close: true });
    const gateway = await tunnelGateway(t, { upstream: app });
    const client = await upgrading(t, gateway.port);
    const { text } = await client.closed;
    t.match(text, /^HTTP\/1\.1 404 Not Found\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n\r\n/);
    t.match(text, /\r\n\r\n(?:3\r\nabc\r\n3\r\ndef|6\r\nabcdef)\r\n0\r\n\r\n$/);
  }
});

t.test("a refusal without a body has none", async (t) => {
  const app = await sayingApp(t, "HTTP/1.1 304 Not Modified\r\nETag: x\r\n\r\n");
  const gateway = await tunnelGateway(t, { upstream: app });
  const client = await upgrading(t, gateway.port);
  t.equal((await client.closed).text, "HTTP/1.1 304 Not Modified\r\nETag: x\r\nConnection: close\r\n\r\n");
});

t.test("a refusal that is cut off is never shown as complete", async (t) => {
  for (const head of ["Content-Length: 10", "Transfer-Encoding: chunked"]) {
    const app = await sayingApp(t, `HTTP/1.1 500 Oops\r\n${head}\r\n\r\n3\r\nabc\r\n`, { close: true });
    const gateway = await tunnelGateway(t, { upstream: app });
    const client = await upgrading(t, gateway.port);
    const { text } = await client.closed;
    t.notMatch(text, /0\r\n\r\n$/, head);
    t.match(await gateway.ended(1), { status: 500, ending: "upstream-truncated" }, head);
  }
});

t.test("an app that falls silent in the middle of a refusal is given up", async (t) => {
  const app = await sayingApp(t, "HTTP/1.1 500 Oops\r\nContent-Length: 10\r\n\r\nabc");
  const gateway = await tunnelGateway(t, { upstream: app, timeouts: { answerIdle: 500 } });
  const client = await upgrading(t, gateway.port);
  await client.closed;
  await app.peers[0]?.closed;
  t.match(await gateway.ended(1), { status: 500, ending: "upstream-timeout", responseBytes: 3 });
});

t.test("an app that never answers: 504, and its connection is closed", async (t) => {
  const app = await rawApp(t, () => undefined);
  const gateway = await tunnelGateway(t, { upstream: app, timeouts: { answer: 50 } });
  const client = await upgrading(t, gateway.port);
  const { text } = await client.closed;
  t.match(text, /^HTTP\/1\.1 504 Gateway Timeout\r\n[\s\S]*upstream-timeout$/);
  await app.peers[0]?.closed;
  t.match(await gateway.ended(1), { ending: "upstream-timeout", status: null });
});

t.test("an app that trickles its answer's head is not waited for longer", async (t) => {
  const app = await rawApp(t, (peer) => peer.send("HTTP/1.1 101 Switching Protocols\r\nX-Slow: "));
  const gateway = await tunnelGateway(t, { upstream: app, timeouts: { answer: 50 } });
  const client = await upgrading(t, gateway.port);
  t.match((await client.closed).text, /^HTTP\/1\.1 504 /);
});

t.test("an app that refuses the connection: 502, and the address is not told", async (t) => {
  const closed = createServer().listen(0, "127.0.0.1");
  await once(closed, "listening");
  const { port } = closed.address() as { port: number };
  closed.close();
  const gateway = await tunnelGateway(t, { upstream: { origin: `http://127.0.0.1:${port}` } });
  const client = await upgrading(t, gateway.port);
  const { text } = await client.closed;
  t.match(text, /^HTTP\/1\.1 502 Bad Gateway\r\n[\s\S]*upstream-unreachable$/);
  t.notMatch(text, String(port));
  t.match(await gateway.ended(1), { ending: "upstream-unreachable", status: null });
});

t.test("SMUG-05: answers that can't be read are 502", async (t) => {
  const answers = {
    "no HTTP": "SSH-2.0-OpenSSH_9.2\r\n\r\n",
    "cut head": null,
    "two lengths": "HTTP/1.1 403 No\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab",
    "length and chunks":
      "HTTP/1.1 403 No\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    "another coding": "HTTP/1.1 403 No\r\nTransfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n",
    "a head without end": `HTTP/1.1 101 Switching Protocols\r\nX-Big: ${"x".repeat(70_000)}\r\n\r\n`,
    "a switch to something else": SWITCHED.replace("websocket", "h2c"),
    "a switch without a protocol": "HTTP/1.1 101 Switching Protocols\r\n\r\n",
    "a line that ends in LF": SWITCHED.replace("websocket\r\n", "websocket\n X: y\r\n"),
  };
  for (const [name, said] of Object.entries(answers)) {
    const app = await rawApp(t, (peer) => {
      if (said === null) peer.socket.end("HTTP/1.1 101 Switch");
      else peer.send(said);
    });
    const gateway = await tunnelGateway(t, { upstream: app });
    const client = await upgrading(t, gateway.port);
    t.match((await client.closed).text, /^HTTP\/1\.1 502 [\s\S]*upstream-protocol$/, name);
    await app.peers[0]?.closed;
    t.match(await gateway.ended(1), { ending: "upstream-protocol" }, name);
  }
});

t.test("what is said before the answer is not passed on", async (t) => {
  const app = await rawApp(t, (peer) =>
    peer.send(`HTTP/1.1 103 Early Hints\r\nLink: </a.css>\r\n\r\n${SWITCHED}`),
  );
  const gateway = await tunnelGateway(t, { upstream: app });
  const client = await upgrading(t, gateway.port);
  t.match(await client.until("\r\n\r\n"), /^HTTP\/1\.1 101 /);
});

t.test("the app is asked once, whatever it answers", async (t) => {
  for (const status of ["503 Service Unavailable", "302 Found", "408 Request Timeout"]) {
    const app = await sayingApp(
      t,
      `HTTP/1.1 ${status}\r\nRetry-After: 0\r\nLocation: /live\r\nContent-Length: 0\r\n\r\n`,
    );
    const gateway = await tunnelGateway(t, { upstream: app });
    const client = await upgrading(t, gateway.port);
    t.ok((await client.closed).text.startsWith(`HTTP/1.1 ${status}\r\n`));
    t.equal(app.requests(), 1);
  }
});

t.test("a respond that throws or rejects: the client gets the fault, the app is let go", async (t) => {
  const faults = [
    () => {
      throw new Fault("store-unavailable", "no jar");
    },
    () => Promise.reject(new Fault("store-unavailable", "no jar")),
  ];
  for (const said of [SWITCHED, "HTTP/1.1 403 No\r\nContent-Length: 2\r\n\r\nno"]) {
    for (const respond of faults) {
      const app = await sayingApp(t, said);
      const gateway = await tunnelGateway(t, { upstream: app, order: () => ({ respond }) });
      const client = await upgrading(t, gateway.port);
      t.match((await client.closed).text, /^HTTP\/1\.1 503 [\s\S]*store-unavailable$/);
      await app.peers[0]?.closed;
      t.match(await gateway.ended(1), { ending: "failure", status: null });
    }
  }
});

t.test("headers that would break a head are no answer", async (t) => {
  for (const said of [SWITCHED, "HTTP/1.1 403 No\r\nContent-Length: 2\r\n\r\nno"]) {
    const app = await sayingApp(t, said);
    const gateway = await tunnelGateway(t, {
      upstream: app,
      order: () => ({ respond: () => ["Set-Cookie", "a=1\r\nX-Evil: 1"] }),
    });
    const client = await upgrading(t, gateway.port);
    const { text } = await client.closed;
    t.match(text, /^HTTP\/1\.1 500 [\s\S]*internal$/);
    t.notMatch(text, "X-Evil");
    await app.peers[0]?.closed;
  }
});

t.test("an order that can't be sent is the gateway's fault, and nothing reaches the app", async (t) => {
  const app = await rawApp(t, () => undefined);
  const gateway = await tunnelGateway(t, {
    upstream: app,
    order: () => ({ headers: ["X-Name", "a\r\nb: c"] }),
  });
  const client = await upgrading(t, gateway.port);
  t.match((await client.closed).text, /^HTTP\/1\.1 500 [\s\S]*internal$/);
  t.equal(app.requests(), 0);
});

t.test("UP-03: a client that leaves before the answer takes the app's connection with it", async (t) => {
  for (const leave of ["reset", "end"] as const) {
    const app = await rawApp(t, () => undefined);
    const gateway = await tunnelGateway(t, { upstream: app });
    const client = await upgrading(t, gateway.port);
    await app.arrived(1);
    if (leave === "reset") client.reset();
    else client.socket.end();
    await app.peers[0]?.closed;
    t.match(await gateway.ended(1), { ending: "client-aborted", status: null }, leave);
    t.same(gateway.faults, []);
  }
});

t.test("a client that leaves while respond thinks is settled once", async (t) => {
  const app = await rawApp(t, (peer) => peer.send(SWITCHED));
  let go: () => void = () => undefined;
  let thinking: () => void = () => undefined;
  const asked = new Promise<void>((resolve) => {
    thinking = resolve;
  });
  const gateway = await tunnelGateway(t, {
    upstream: app,
    order: () => ({
      respond: (head) => {
        thinking();
        return new Promise((resolve) => {
          go = () => resolve(head.headers);
        });
      },
    }),
  });
  const client = await upgrading(t, gateway.port);
  await asked;
  client.reset();
  await app.peers[0]?.closed;
  await gateway.ended(1);
  go();
  t.match(gateway.settlements, [{ ending: "client-aborted", status: null }]);
  t.equal(gateway.settlements.length, 1);
});
