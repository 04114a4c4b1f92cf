import { getEventListeners } from "node:events";
import { createServer } from "node:net";
import { setImmediate } from "node:timers/promises";
import t, { type Test } from "tap";
import { Fault } from "../../../src/errors.ts";
import type { HeadPlan, UpstreamHead } from "../../../src/gateway/http/exchange.ts";
import { httpApp, rawApp, sayingApp } from "../../fixtures/apps/upstream.ts";
import { converse, raw, type Wire } from "../../fixtures/client/raw.ts";
import { type GatewayOptions, gateway } from "../../fixtures/gateway/gateway.ts";

const GET = "GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n";

const OK = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";

const plain = (head: UpstreamHead): HeadPlan => ({ ...head, transform: null });

async function ask(t: Test, origin: string, options: Partial<GatewayOptions> = {}) {
  const gate = await gateway(t, { upstream: { origin }, ...options });
  const text = await converse(t, gate.port, GET);
  return { gate, text, settlement: await gate.ended(1) };
}

t.test("an app that isn't there is 502 with a generic body", async (t) => {
  const server = createServer().listen(0, "127.0.0.1");
  await new Promise((resolve) => server.once("listening", resolve));
  const { port } = server.address() as { port: number };
  await new Promise((resolve) => server.close(resolve));
  for (const origin of [`http://127.0.0.1:${port}`, "http://no-such-name.invalid"]) {
    const { gate, text, settlement } = await ask(t, origin);
    t.match(text, /^HTTP\/1\.1 502 [\s\S]*"code":"upstream-unreachable"/, origin);
    t.notMatch(text, String(port), "the app's address is nobody's business");
    t.same(settlement, { ending: "upstream-unreachable", status: null, requestBytes: 0, responseBytes: 0 });
    t.match(gate.faults[0]?.detail, /ECONNREFUSED|ENOTFOUND|EAI_AGAIN/);
  }
});

t.test("an app that is silent is 504, one that falls silent is cut, an event stream lives", async (t) => {
  const timeouts = { answer: 500, answerIdle: 500 };
  const silent = await ask(t, (await rawApp(t, () => undefined)).origin, { timeouts });
  t.match(silent.text, /^HTTP\/1\.1 504 [\s\S]*"code":"upstream-timeout"/);
  t.equal(silent.settlement.ending, "upstream-timeout");

  const stalled = await ask(
    t,
    (await sayingApp(t, "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf")).origin,
    { timeouts },
  );
  t.match(stalled.text, /half$/);
  t.same(stalled.settlement, { ending: "upstream-timeout", status: 200, requestBytes: 0, responseBytes: 4 });

  const app = await sayingApp(
    t,
    "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n",
  );
  const gate = await gateway(t, { upstream: { origin: app.origin }, timeouts });
  const client = await raw(t, gate.port);
  client.send(GET);
  await client.until("text/event-stream");
  // The other answer is cut by the same limit, so this one has outlived it.
  await converse(
    t,
    (await gateway(t, { upstream: { origin: (await rawApp(t, () => undefined)).origin }, timeouts })).port,
    GET,
  );
  app.peers[0]?.send("7\r\ndata: 1\r\n0\r\n\r\n");
  t.match((await client.closed).text, /7\r\ndata: 1\r\n0\r\n\r\n$/);
});

t.test("when every connection is taken the next one waits, and is told when it waits too long", async (t) => {
  const app = await rawApp(t, () => undefined);
  const gate = await gateway(t, {
    upstream: { origin: app.origin, connections: 1 },
    timeouts: { connect: 1_000, stream: 600_000 },
  });
  const first = await raw(t, gate.port);
  first.send(GET);
  await app.arrived(1);
  t.match(await converse(t, gate.port, GET), /^HTTP\/1\.1 503 [\s\S]*"code":"overloaded"/);
  const third = await raw(t, gate.port);
  third.send(GET);
  app.peers[0]?.send(OK);
  await app.arrived(2);
  app.peers[1]?.send(OK);
  t.match((await third.closed).text, /ok$/);
  t.same(
    gate.settlements.map(({ ending }) => ending),
    ["upstream-unreachable", "success", "success"],
  );
  t.equal(app.requests(), 2, "the one that gave up was never sent");
});

t.test("a signal cuts the exchange on both sides, before the head and after it", async (t) => {
  for (const bytes of ["", "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf"]) {
    const app = await rawApp(t, (peer) => bytes !== "" && peer.send(bytes));
    const cut = new AbortController();
    const gate = await gateway(t, {
      upstream: { origin: app.origin },
      exchange: () => ({ signal: cut.signal }),
    });
    const client = await raw(t, gate.port);
    client.send(GET);
    await app.arrived(1);
    if (bytes !== "") await client.until("half");
    cut.abort();
    await client.closed;
    await app.peers[0]?.closed;
    t.equal((await gate.ended(1)).ending, "revoked");
    t.equal(gate.faults.length, 0);
    await converse(t, gate.port, GET);
    t.equal((await gate.ended(2)).ending, "revoked", "one that is already aborted is not sent");
    t.equal(app.requests(), 1);
  }
});

t.test("a signal that outlives the exchange holds nothing of it", async (t) => {
  const app = await sayingApp(t, OK);
  const { signal } = new AbortController();
  await ask(t, app.origin, { exchange: () => ({ signal }) });
  t.equal(getEventListeners(signal, "abort").length, 0);
});

t.test(
  "what respond throws, or rejects with, is what the client is told, and the app is let go",
  async (t) => {
    const fault = new Fault("page-unmarkable", "no body");
    const answers: GatewayOptions["respond"][] = [
      () => {
        throw fault;
      },
      () => Promise.reject(fault),
    ];
    for (const respond of answers) {
      const app = await rawApp(t, (peer) => peer.send("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf"));
      const { text, settlement } = await ask(t, app.origin, respond === undefined ? {} : { respond });
      t.match(text, /^HTTP\/1\.1 502 [\s\S]*"code":"page-unmarkable"/);
      t.same(settlement, { ending: "failure", status: 200, requestBytes: 0, responseBytes: 0 });
      await app.peers[0]?.closed;
    }
  },
);

t.test("an answer waits for a respond that takes its time, whole", async (t) => {
  for (const bytes of [
    OK,
    "HTTP/1.1 200 OK\r\n\r\nok",
    "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n",
  ]) {
    const app = await sayingApp(t, bytes, { close: true });
    const respond = async (head: UpstreamHead) => {
      for (let turn = 0; turn < 5; turn += 1) await setImmediate();
      return plain(head);
    };
    const { text, settlement } = await ask(t, app.origin, { respond });
    t.match(text, /^HTTP\/1\.1 200 OK[\s\S]*\r\nok(\r\n0\r\n\r\n)?$/);
    t.same(settlement, { ending: "success", status: 200, requestBytes: 0, responseBytes: 2 });
    const gate = await gateway(t, { upstream: { origin: app.origin }, respond });
    t.match(await converse(t, gate.port, GET.replace("GET", "HEAD")), /^HTTP\/1\.1 200 OK[\s\S]*\r\n\r\n$/);
  }
});

t.test(
  "UP-03 a client that leaves takes the app's work with it: before the head, within the body, while respond decides",
  async (t) => {
    const half = "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf";
    const cases: [string, GatewayOptions["respond"]][] = [
      ["", plain],
      [half, plain],
      [half, () => new Promise(() => undefined)],
    ];
    for (const [bytes, respond] of cases) {
      for (const leave of [(client: Wire) => client.socket.destroy(), (client: Wire) => client.reset()]) {
        const app = await rawApp(t, (peer) => bytes !== "" && peer.send(bytes));
        const gate = await gateway(t, {
          upstream: { origin: app.origin },
          ...(respond === undefined ? {} : { respond }),
        });
        const client = await raw(t, gate.port);
        client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
        await app.arrived(1);
        if (respond === plain && bytes !== "") await client.until("half");
        leave(client);
        await app.peers[0]?.closed;
        t.equal((await gate.ended(1)).ending, "client-aborted");
        t.equal(gate.faults.length, 0);
      }
    }
  },
);

t.test(
  "a kept connection that the app closes is not taken for the next request, and nothing is sent twice",
  async (t) => {
    const app = await rawApp(t, (peer) => {
      peer.send(OK);
      peer.socket.end();
    });
    const gate = await gateway(t, { upstream: { origin: app.origin, connections: 1 } });
    for (let turn = 1; turn <= 50; turn += 1) {
      const text = await converse(t, gate.port, GET);
      t.match(text, /^HTTP\/1\.1 (200|502) /);
      t.ok(app.requests() <= turn);
    }
    t.equal(gate.settlements.length, 50);
  },
);

t.test("every exchange settles exactly once and is sent at most once, whatever both sides do", async (t) => {
  const random = seeded(7);
  const pick = <T>(list: readonly T[]): T => list[Math.floor(random() * list.length)] as T;
  const app = await rawApp(t, async (peer) => {
    const bytes = pick([
      OK,
      OK,
      "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhalf",
      "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n",
      "rubbish\r\n\r\n",
      "HTTP/1.1 200",
    ]);
    const leave = pick([() => undefined, () => peer.socket.end(), () => peer.reset()]);
    if (random() < 0.5) await setImmediate();
    peer.send(bytes);
    if (random() < 0.5) await setImmediate();
    leave();
  });
  const gate = await gateway(t, {
    upstream: { origin: app.origin, connections: 8 },
    timeouts: { answer: 300, answerIdle: 100, connect: 400 },
  });
  const total = 200;
  let asked = 0;
  async function client(): Promise<void> {
    while (asked < total) {
      asked += 1;
      const line = await raw(t, gate.port);
      line.send(
        pick([
          GET,
          "POST / HTTP/1.1\r\nHost: a\r\nConnection: close\r\nContent-Length: 3\r\n\r\nabc",
          "PUT / HTTP/1.1\r\nHost: a\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n",
        ]),
      );
      const turns = Math.floor(random() * 12);
      if (turns < 6) for (let turn = 0; turn < turns; turn += 1) await setImmediate();
      if (turns < 6) line.socket.destroy();
      await line.closed;
    }
  }
  await Promise.all([client(), client(), client(), client()]);
  await gate.fastify.close();
  t.ok(gate.settlements.length <= total);
  t.ok(
    app.requests() <= gate.settlements.length,
    `${app.requests()} sent, ${gate.settlements.length} settled`,
  );
  t.equal(gate.settlements.length, gate.begun());
});

t.test("the app's own server gets requests that it can keep its connection for", async (t) => {
  const app = await httpApp(t, (_request, response) => response.end("ok"));
  const gate = await gateway(t, { upstream: { origin: app.origin, connections: 2 } });
  const client = await raw(t, gate.port);
  for (let turn = 1; turn <= 5; turn += 1) {
    client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
    await client.until(new RegExp(`(ok[\\s\\S]*){${turn}}`));
  }
  t.equal(new Set(app.seen.map(({ socket }) => socket.remotePort)).size, 1);
});

function seeded(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 4_294_967_296;
  };
}
