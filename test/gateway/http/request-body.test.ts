import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { Readable } from "node:stream";
import { setImmediate } from "node:timers/promises";
import t from "tap";
import { bodyOf, echo, httpApp, rawApp } from "../../fixtures/apps/upstream.ts";
import { converse, raw, type Wire } from "../../fixtures/client/raw.ts";
import { gateway } from "../../fixtures/gateway/gateway.ts";

const OK = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";
const POST = "POST / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n";

t.test("a body keeps the framing it came with", async (t) => {
  const app = await httpApp(t, echo);
  const gate = await gateway(t, { upstream: { origin: app.origin } });
  await converse(t, gate.port, `${POST}Content-Length: 3\r\n\r\nabc`);
  await converse(t, gate.port, `${POST}Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n`);
  await converse(t, gate.port, `${POST}Content-Length: 0\r\n\r\n`);
  await converse(t, gate.port, `${POST}\r\n`);
  await converse(t, gate.port, `${POST.replace("POST", "GET")}Content-Length: 0\r\n\r\n`);
  const framings = app.seen.map(({ headers }) => [
    headers["content-length"] ?? null,
    headers["transfer-encoding"] ?? null,
  ]);
  t.same(framings, [
    ["3", null],
    [null, "chunked"],
    ["0", null],
    [null, null],
    ["0", null],
  ]);
  await gate.ended(5);
  t.same(
    gate.settlements.map(({ requestBytes }) => requestBytes),
    [3, 3, 0, 0, 0],
  );
});

t.test("a body goes out as it comes, not when it is complete", async (t) => {
  for (const head of ["Content-Length: 6", "Content-Length: 100000", "Transfer-Encoding: chunked"]) {
    const app = await rawApp(t, () => undefined);
    const gate = await gateway(t, { upstream: { origin: app.origin } });
    const client = await raw(t, gate.port);
    client.send(`${POST}${head}\r\n\r\n${head.includes("chunked") ? "3\r\nabc\r\n" : "abc"}`);
    await app.arrived(1);
    await app.peers[0]?.until("abc");
    t.notMatch(app.peers[0]?.text(), "def", head);
    client.send(head.includes("chunked") ? "3\r\ndef\r\n0\r\n\r\n" : "def");
    await app.peers[0]?.until("def");
  }
});

t.test("every byte of a long body arrives, at the pace of the app", async (t) => {
  const bytes = randomBytes(8_000_000);
  const app = await httpApp(t, async (request, response) => {
    await setImmediate();
    response.end(String(bytes.equals(await bodyOf(request))));
  });
  const gate = await gateway(t, { upstream: { origin: app.origin } });
  const client = await raw(t, gate.port);
  client.send(`${POST}Content-Length: ${bytes.length}\r\n\r\n`);
  client.send(bytes);
  t.match((await client.closed).text, /true$/);
  t.equal((await gate.ended(1)).requestBytes, bytes.length);
});

t.test(
  "SMUG-03 a chunk that can't be read ends the request that was on its way, and is told as what it is",
  async (t) => {
    for (const broken of ["zz\r\n", "3\r\nabcdef\r\n", "3;\x00\r\nabc\r\n", "-1\r\n"]) {
      const app = await rawApp(t, () => undefined);
      const gate = await gateway(t, { upstream: { origin: app.origin } });
      const client = await raw(t, gate.port);
      client.send(`${POST}Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n`);
      await app.arrived(1);
      await app.peers[0]?.until("abc");
      client.send(broken);
      t.match((await client.closed).text, /^HTTP\/1\.1 400 /, JSON.stringify(broken));
      const { text } = (await app.peers[0]?.closed) ?? { text: "" };
      t.notMatch(text, "\r\n0\r\n\r\n", "the app doesn't take it for the whole");
      t.match(await gate.ended(1), { ending: "client-framing-error", status: null });
      t.equal(gate.settlements.length, 1);
    }
  },
);

t.test(
  "SMUG-03 however the connection of a malformed body is closed, its request ends at once and nothing more is said on it",
  async (t) => {
    const app = await rawApp(t, () => undefined);
    const gate = await gateway(t, {
      upstream: { origin: app.origin },
      clientError: (_error, socket) => void socket.write("HTTP/1.1 400 Bad\r\n\r\n"),
    });
    const client = await raw(t, gate.port);
    client.send(`${POST}Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n`);
    await app.arrived(1);
    await app.peers[0]?.until("abc");
    client.send("zz\r\n");
    await app.peers[0]?.closed;
    t.match(await gate.ended(1), { ending: "client-framing-error", status: null, requestBytes: 3 });
    t.equal(await client.until("400"), "HTTP/1.1 400 Bad\r\n\r\n");
    client.socket.destroy();
  },
);

t.test("UP-03 a client that leaves within its upload takes the app's request with it", async (t) => {
  const leaves = [
    (client: Wire) => client.socket.destroy(),
    (client: Wire) => client.reset(),
    (client: Wire) => client.socket.end(),
  ];
  for (const head of ["Content-Length: 6", "Content-Length: 100000", "Transfer-Encoding: chunked"]) {
    for (const leave of leaves) {
      const app = await rawApp(t, () => undefined);
      const gate = await gateway(t, { upstream: { origin: app.origin } });
      const client = await raw(t, gate.port);
      client.send(`${POST}${head}\r\n\r\n${head.includes("chunked") ? "3\r\nabc\r\n" : "abc"}`);
      await app.arrived(1);
      await app.peers[0]?.until("abc");
      leave(client);
      const { text } = (await app.peers[0]?.closed) ?? { text: "" };
      t.notMatch(text, "\r\n0\r\n\r\n");
      t.match(await gate.ended(1), { ending: "client-aborted", requestBytes: 3 });
    }
  }
});

t.test("a client whose upload stalls is 408, and the app's request ends", async (t) => {
  const app = await rawApp(t, () => undefined);
  const gate = await gateway(t, { upstream: { origin: app.origin }, timeouts: { requestIdle: 500 } });
  const client = await raw(t, gate.port);
  client.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 6\r\n\r\nabc");
  t.match(
    (await client.closed).text,
    /^HTTP\/1\.1 408 [\s\S]*connection: close[\s\S]*"code":"request-timeout"/i,
  );
  await app.peers[0]?.closed;
  t.match(await gate.ended(1), { ending: "client-aborted", requestBytes: 3 });
});

t.test("DOS-01 a client that sends a byte now and then is 408, and the app's request ends", async (t) => {
  const app = await rawApp(t, () => undefined);
  const gate = await gateway(t, {
    upstream: { origin: app.origin },
    timeouts: { requestIdle: 300 },
    limits: { uploadRate: 1_000 },
  });
  const client = await raw(t, gate.port);
  client.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 100000\r\n\r\n");
  const dribble = setInterval(() => client.send("x"), 20);
  t.teardown(() => clearInterval(dribble));
  const { text } = await client.closed;
  clearInterval(dribble);
  t.match(text, /^HTTP\/1\.1 408 [\s\S]*"code":"request-timeout"/);
  t.match(await gate.ended(1), { ending: "client-aborted" });
  t.match(gate.faults[0]?.detail, /limits\.uploadRate/);
});

t.test("an upload that the app is slow to take may be as slow as the app", async (t) => {
  const app = await httpApp(t, async (request, response) => {
    let bytes = 0;
    for await (const chunk of request) {
      bytes += (chunk as Buffer).length;
      if (bytes < 600_000) await new Promise((resolve) => setTimeout(resolve, 60));
    }
    response.end(String(bytes));
  });
  const gate = await gateway(t, {
    upstream: { origin: app.origin },
    timeouts: { requestIdle: 1_000 },
    limits: { uploadRate: 20_000_000 },
  });
  const client = await raw(t, gate.port);
  client.send(`${POST}Content-Length: 4000000\r\n\r\n`);
  client.send(randomBytes(4_000_000));
  t.match((await client.closed).text, /4000000$/);
});

t.test("an app that answers before the body is there is heard, and the client may finish", async (t) => {
  const app = await rawApp(t, (peer) => {
    peer.send("HTTP/1.1 413 Too Large\r\nConnection: close\r\nContent-Length: 3\r\n\r\nno!");
    peer.socket.end();
  });
  const gate = await gateway(t, { upstream: { origin: app.origin } });
  const client = await raw(t, gate.port);
  client.send("POST /1 HTTP/1.1\r\nHost: a\r\nContent-Length: 200000\r\n\r\n");
  client.send("x".repeat(100_000));
  await client.until("no!");
  t.match(await gate.ended(1), { ending: "success", status: 413 });
  client.send("x".repeat(100_000));
  client.send("POST /2 HTTP/1.1\r\nHost: a\r\nConnection: close\r\nContent-Length: 1\r\n\r\ny");
  t.equal((await client.closed).text.split("HTTP/1.1 413").length, 3);
});

t.test("a client that goes on sending to an app that has answered is cut in the end", async (t) => {
  const app = await rawApp(t, (peer) => peer.send("HTTP/1.1 413 Too Large\r\nContent-Length: 3\r\n\r\nno!"));
  const gate = await gateway(t, { upstream: { origin: app.origin }, timeouts: { requestIdle: 500 } });
  const client = await raw(t, gate.port);
  client.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 200000\r\n\r\nx");
  t.match((await client.closed).text, /no!$/);
  t.equal(gate.settlements.length, 1);
});

t.test("an app that stops reading an upload is 504", async (t) => {
  const app = await rawApp(t, (peer) => peer.socket.pause());
  const gate = await gateway(t, { upstream: { origin: app.origin }, timeouts: { answer: 200 } });
  const client = await raw(t, gate.port);
  client.send(`${POST}Content-Length: 100000000\r\n\r\n`);
  const body = Readable.from(Array.from({ length: 100 }, () => Buffer.alloc(1_000_000)));
  body.pipe(client.socket);
  await client.until("504");
  t.match(await gate.ended(1), { ending: "upstream-timeout" });
  t.ok(
    gate.settlements[0] !== undefined && gate.settlements[0].requestBytes < 20_000_000,
    "it was not read into memory",
  );
  body.unpipe();
  client.socket.destroy();
});

t.test("HDR-09 Expect: 100-continue is answered when the body is wanted, and not sent on", async (t) => {
  const app = await rawApp(t, async (peer) => {
    await peer.until("abc");
    peer.send(OK);
  });
  const gate = await gateway(t, { upstream: { origin: app.origin } });
  const client = await raw(t, gate.port);
  client.send(`${POST}Expect: 100-continue\r\nContent-Length: 3\r\n\r\n`);
  t.equal(await client.until("\r\n\r\n"), "HTTP/1.1 100 Continue\r\n\r\n");
  client.send("abc");
  t.match((await client.closed).text, /^HTTP\/1\.1 100 Continue\r\n\r\nHTTP\/1\.1 200 OK[\s\S]*ok$/);
  t.notMatch(app.peers[0]?.text(), /expect/i);
});

t.test("who is refused is not asked for the body", async (t) => {
  const app = await rawApp(t, () => undefined);
  const gate = await gateway(t, { upstream: { origin: app.origin }, exchange: () => ({ target: "*" }) });
  const client = await raw(t, gate.port);
  client.send("POST / HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 3\r\n\r\n");
  const { text } = await client.closed;
  t.match(text, /^HTTP\/1\.1 400 [\s\S]*Connection: close/);
});

t.test(
  "a body that is here with its headers is sent in one piece, on a connection that is kept",
  async (t) => {
    const app = await httpApp(t, echo);
    const gate = await gateway(t, { upstream: { origin: app.origin } });
    const client = await raw(t, gate.port);
    for (let turn = 1; turn <= 3; turn += 1) {
      client.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabc");
      await client.until(new RegExp(`(abc[\\s\\S]*){${turn}}`));
    }
    t.equal(new Set(app.seen.map(({ socket }) => socket.remotePort)).size, 1);
  },
);

t.test("uploads that crawl leave connections for everybody else", async (t) => {
  const app = await httpApp(t, echo);
  const gate = await gateway(t, {
    upstream: { origin: app.origin, connections: 4 },
    timeouts: { stream: 20 },
  });
  for (let nth = 0; nth < 70; nth += 1) {
    const crawler = await raw(t, gate.port);
    crawler.send(`${POST}Content-Length: 1000\r\n\r\nx`);
  }
  while (app.seen.length < 70) await once(app.server, "request");
  t.match(
    await converse(t, gate.port, "GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"),
    /^HTTP\/1\.1 200 /,
  );
  t.match(await converse(t, gate.port, `${POST}Content-Length: 3\r\n\r\nabc`), /abc$/);
});
