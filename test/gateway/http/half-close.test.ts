import { once } from "node:events";
import t, { type Test } from "tap";
import { httpApp, type RawApp, rawApp } from "../../fixtures/apps/upstream.ts";
import { raw, type Wire } from "../../fixtures/client/raw.ts";
import { gateway } from "../../fixtures/gateway/gateway.ts";

/** Answers a request that says so only when its client has ended its side. */
async function patientApp(t: Test, answer: string, behind: (peer: Wire) => void): Promise<RawApp> {
  const app = await rawApp(t, async (peer) => {
    if (!peer.socket.readableEnded) await once(peer.socket, "end");
    peer.send(answer);
    behind(peer);
  });
  Object.assign(app.server, { allowHalfOpen: true });
  return app;
}

const answered = (text: string) => (text.match(/\r\n\r\nhello/g) ?? []).length;
const HELLO = "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello";

const REQUESTS = {
  "HTTP/1.0": "GET / HTTP/1.0\r\n\r\n",
  "HTTP/1.1": "GET / HTTP/1.1\r\nHost: a\r\n\r\n",
  "the last on its connection": "GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n",
  "a body": "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabc",
  "a body in chunks": "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n",
  "two behind each other": "GET /1 HTTP/1.1\r\nHost: a\r\n\r\nGET /2 HTTP/1.1\r\nHost: a\r\n\r\n",
} as const;

t.test(
  "a client that ends its side behind its requests gets their answers, and the app hears of it",
  async (t) => {
    for (const [name, bytes] of Object.entries(REQUESTS)) {
      for (const kept of [true, false]) {
        const app = await patientApp(t, HELLO, (peer) => {
          if (!kept) peer.socket.end();
        });
        const { port, ended } = await gateway(t, { upstream: { origin: app.origin } });
        const client = await raw(t, port);
        client.socket.allowHalfOpen = true;
        client.socket.end(bytes);
        await once(client.socket, "end");
        client.socket.destroy();
        const wanted = name.startsWith("two") ? 2 : 1;
        t.equal(answered((await client.closed).text), wanted, name);
        t.equal((await ended(wanted)).ending, "success");
        t.equal(app.peers.length, wanted, "no connection that was ended carries another request");
      }
    }
  },
);

t.test("a long answer comes whole, also what the app makes of it after the client's end", async (t) => {
  const piece = "x".repeat(100_000);
  const app = await patientApp(
    t,
    `HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n${piece}`,
    async (peer) => {
      for (let nth = 1; nth < 10; nth += 1) {
        if (!peer.socket.write(piece)) await once(peer.socket, "drain");
      }
    },
  );
  const { port } = await gateway(t, { upstream: { origin: app.origin } });
  const client = await raw(t, port);
  client.socket.allowHalfOpen = true;
  client.socket.end(REQUESTS["HTTP/1.0"]);
  await once(client.socket, "end");
  t.equal(client.text().split("\r\n\r\n")[1]?.length, 1_000_000);
});

t.test(
  "an app that stops when its client ends its side says nothing, and that is no fault of it",
  async (t) => {
    for (const begins of [false, true]) {
      const app = await httpApp(t, (_request, response) => {
        if (begins) response.write("half");
      });
      const { port, ended, faults } = await gateway(t, { upstream: { origin: app.origin } });
      const client = await raw(t, port);
      client.socket.allowHalfOpen = true;
      client.send(REQUESTS["HTTP/1.1"]);
      if (begins) await client.until("half");
      else await once(app.server, "request");
      client.socket.end();
      t.match((await client.closed).text, begins ? /half\r\n$/ : /^$/);
      t.equal((await ended(1)).ending, "client-aborted");
      t.same(faults, []);
    }
  },
);

t.test("forty requests behind each other, and an end, are no leak", async (t) => {
  const warnings: Error[] = [];
  const warned = (warning: Error) => void warnings.push(warning);
  process.on("warning", warned);
  t.teardown(() => process.off("warning", warned));
  const app = await httpApp(t, (_request, response) => setImmediate(() => response.end("hello")));
  const { port, ended } = await gateway(t, { upstream: { origin: app.origin } });
  const client = await raw(t, port);
  client.socket.allowHalfOpen = true;
  client.send(REQUESTS["HTTP/1.1"].repeat(40));
  await ended(40);
  client.socket.end();
  t.equal(answered((await client.closed).text), 40);
  t.same(warnings, []);
});

t.test("whose exchange can be cut has left: an agent's browser ends both sides", async (t) => {
  const app = await rawApp(t, () => undefined);
  Object.assign(app.server, { allowHalfOpen: true });
  const { signal } = new AbortController();
  const { port, ended, close } = await gateway(t, {
    upstream: { origin: app.origin },
    exchange: () => ({ signal }),
    before: async ({ url, raw: { socket } }) => {
      if (url === "/early" && !socket.readableEnded) await once(socket, "end");
    },
  });
  const client = await raw(t, port);
  client.socket.allowHalfOpen = true;
  client.send(REQUESTS["HTTP/1.1"]);
  await app.arrived(1);
  client.socket.end();
  t.equal((await client.closed).text, "");
  t.equal((await ended(1)).ending, "client-aborted");
  const early = await raw(t, port);
  early.socket.allowHalfOpen = true;
  early.socket.end("GET /early HTTP/1.1\r\nHost: a\r\n\r\n");
  t.equal((await early.closed).text, "");
  t.equal((await ended(2)).ending, "client-aborted");
  t.equal(app.requests(), 1, "one that has left before is not sent");
  await close();
});

t.test(
  "a client that has left, whose app goes on, is told from one that reads by the first bytes for it",
  async (t) => {
    const app = await patientApp(t, "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\n", (peer) => {
      const ticks = setInterval(() => peer.send("data: tick\n\n"), 5);
      peer.socket.once("close", () => clearInterval(ticks));
    });
    const { port, ended } = await gateway(t, { upstream: { origin: app.origin } });
    const client = await raw(t, port);
    client.send(REQUESTS["HTTP/1.1"]);
    await app.arrived(1);
    client.socket.destroy();
    t.equal((await ended(1)).ending, "client-aborted");
    await app.peers[0]?.closed;
  },
);
