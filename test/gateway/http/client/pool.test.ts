import { once } from "node:events";
import type { Socket } from "node:net";
import { setImmediate } from "node:timers/promises";
import t, { type Test } from "tap";
import { bodyOf, echo, httpApp, rawApp } from "../../../fixtures/apps/upstream.ts";
import { converse, raw, type Wire } from "../../../fixtures/client/raw.ts";
import { type GatewayOptions, gateway } from "../../../fixtures/gateway/gateway.ts";

const OK = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";
const KEPT = "GET / HTTP/1.1\r\nHost: a\r\n\r\n";
const LAST = "GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n";

/** An app that answers its first requests on each connection so, and then leaves as `leave` says when another one comes. */
async function stale(t: Test, leave: (peer: Wire) => unknown) {
  return await rawApp(t, async (peer, nth) => {
    peer.send(OK);
    if (nth > 1) return;
    await peer.until(/(HTTP\/1\.1[\s\S]*){2}\r\n\r\n/);
    leave(peer);
  });
}

const LEAVES: Readonly<Record<string, (peer: Wire) => unknown>> = {
  ends: (peer) => peer.socket.end(),
  resets: (peer) => peer.reset(),
};

/** Sends a first request, and then this one on the same connection. */
async function second(t: Test, origin: string, request: string, options: Partial<GatewayOptions>) {
  const gate = await gateway(t, { upstream: { origin }, ...options });
  const client = await raw(t, gate.port);
  client.send(KEPT);
  await client.until(/ok$/);
  const before = client.text().length;
  client.send(request);
  await gate.ended(2);
  return (await client.closed).text.slice(before);
}

const own = { exchange: () => ({ repeatable: true }) };

for (const [how, leave] of Object.entries(LEAVES)) {
  t.test(`an own GET or HEAD on a kept connection that the app just ${how} is sent once more`, async (t) => {
    for (const method of ["GET", "HEAD"]) {
      const app = await stale(t, leave);
      const text = await second(t, app.origin, LAST.replace("GET", method), own);
      t.match(text, /^HTTP\/1\.1 200 OK/, method);
      t.equal(app.peers.length, 2);
      t.equal(app.requests(), 3);
    }
  });

  t.test(`nothing else is sent a second time on one that the app just ${how}`, async (t) => {
    const body = "Content-Length: 3\r\n\r\nabc";
    const requests: [string, string, Partial<GatewayOptions>][] = [
      ["impersonated", LAST, {}],
      ["a POST", LAST.replace("GET", "POST"), own],
      ["a PUT with a body", LAST.replace("GET", "PUT").replace("\r\n\r\n", `\r\n${body}`), own],
      ["a GET with a body", LAST.replace("\r\n\r\n", `\r\n${body}`), own],
      ["a DELETE", LAST.replace("GET", "DELETE"), own],
    ];
    for (const [what, request, options] of requests) {
      const app = await stale(t, leave);
      const text = await second(t, app.origin, request, options);
      t.match(text, /^HTTP\/1\.1 502 /, what);
      t.equal(app.requests(), 2, what);
    }
  });
}

t.test("a GET whose answer had begun, or that had a new connection, is not sent once more", async (t) => {
  const begun = await rawApp(t, async (peer) => {
    peer.send(OK);
    await peer.until(/(HTTP\/1\.1[\s\S]*){2}\r\n\r\n/);
    peer.send("HTTP/1.1 2");
    peer.socket.end();
  });
  t.match(await second(t, begun.origin, LAST, own), /^HTTP\/1\.1 502 /);
  t.equal(begun.requests(), 2);
  const fresh = await rawApp(t, (peer) => peer.socket.end());
  const gate = await gateway(t, { upstream: { origin: fresh.origin }, ...own });
  t.match(await converse(t, gate.port, LAST), /^HTTP\/1\.1 502 /);
  t.equal(fresh.requests(), 1);
});

t.test("a connection is used again by the same client, and by nobody else", async (t) => {
  const app = await httpApp(t, (request, response) => response.end(`port ${request.socket.remotePort}.`));
  const gate = await gateway(t, { upstream: { origin: app.origin } });
  const [one, two] = [await raw(t, gate.port), await raw(t, gate.port)];
  for (let turn = 1; turn <= 3; turn += 1) {
    for (const client of [one, two]) {
      client.send(KEPT);
      await client.until(new RegExp(`(port \\d+\\.[\\s\\S]*){${turn}}`));
    }
  }
  const ports = [one, two].map((client) => new Set(client.text().match(/port \d+/g)));
  t.equal(ports[0]?.size, 1);
  t.equal(ports[1]?.size, 1);
  t.not([...(ports[0] ?? [])][0], [...(ports[1] ?? [])][0]);
});

t.test("an app's connection goes with the client's", async (t) => {
  const app = await rawApp(t, (peer) => peer.send(OK));
  const gate = await gateway(t, { upstream: { origin: app.origin } });
  const client = await raw(t, gate.port);
  client.send(KEPT);
  await client.until(/ok$/);
  client.socket.destroy();
  await app.peers[0]?.closed;
  t.equal(app.peers.length, 1);
});

t.test(
  "a kept connection is closed when it was idle for as long as the config, or the app, says",
  async (t) => {
    for (const [line, upstreamKeepAlive] of [
      ["", 50],
      ["Keep-Alive: timeout=1\r\n", 600_000],
    ] as const) {
      const app = await rawApp(t, (peer) => peer.send(OK.replace("\r\n\r\n", `\r\n${line}\r\n`)));
      const gate = await gateway(t, { upstream: { origin: app.origin }, timeouts: { upstreamKeepAlive } });
      const client = await raw(t, gate.port);
      client.send(KEPT);
      await client.until(/ok$/);
      await app.peers[0]?.closed;
      client.send(KEPT);
      await client.until(/ok[\s\S]*ok$/);
      t.equal(app.peers.length, 2);
    }
  },
);

t.test(
  "behind a proxy, a connection that carried a body or is odd serves nobody else; others do",
  async (t) => {
    const app = await httpApp(t, async (request, response) => {
      await bodyOf(request);
      response.end(`port ${request.socket.remotePort}.`);
    });
    const gate = await gateway(t, {
      upstream: { origin: app.origin },
      exchange: ({ headers }) => ({ person: String(headers["x-person"]) }),
    });
    const proxy = await raw(t, gate.port);
    const ports: string[] = [];
    const ask = async (method: string, person: string, body = "") => {
      const length = body === "" ? "" : `Content-Length: ${body.length}\r\n`;
      proxy.send(`${method} / HTTP/1.1\r\nHost: a\r\nX-Person: ${person}\r\n${length}\r\n${body}`);
      await proxy.until(new RegExp(`(port \\d+\\.[\\s\\S]*){${ports.length + 1}}`));
      ports.push(
        proxy
          .text()
          .match(/port \d+/g)
          ?.at(-1) ?? "",
      );
      return ports.at(-1);
    };
    const first = await ask("GET", "ann");
    t.equal(await ask("GET", "bob"), first, "nothing was sent that could shift an answer");
    t.equal(await ask("POST", "bob", "abc"), first);
    t.equal(await ask("GET", "bob"), first, "his own");
    t.not(await ask("GET", "ann"), first, "not hers any more");
  },
);

t.test("NTLM: who authenticates a connection keeps it, and nobody else gets it", async (t) => {
  const known = new WeakSet<object>();
  const app = await httpApp(t, (request, response) => {
    const said = request.headers.authorization ?? "";
    if (said === "NTLM type3") known.add(request.socket);
    if (request.url === "/plain") response.end("plain");
    else if (known.has(request.socket)) response.end("secret of A.");
    else response.writeHead(401, { "www-authenticate": said === "" ? "NTLM" : "NTLM type2" }).end("who?");
  });
  const gate = await gateway(t, {
    upstream: { origin: app.origin },
    timeouts: { upstreamKeepAlive: 50 },
    exchange: ({ headers }) => ({ person: String(headers["x-person"]) }),
  });
  const a = await raw(t, gate.port);
  const say = (client: Wire, person: string, line = "") =>
    client.send(`GET / HTTP/1.1\r\nHost: a\r\nX-Person: ${person}\r\n${line}\r\n`);
  say(a, "a", "Authorization: NTLM type1\r\n");
  await a.until("type2");
  // One that nobody authenticates is closed by then.
  const connected = once(app.server, "connection");
  const other = await raw(t, gate.port);
  other.send("GET /plain HTTP/1.1\r\nHost: a\r\n\r\n");
  const [socket] = (await connected) as [Socket];
  await once(socket, "close");
  say(a, "a", "Authorization: NTLM type3\r\n");
  await a.until("secret of A");
  say(a, "a");
  await a.until(/(secret of A[\s\S]*){2}/);
  say(a, "b");
  await a.until(/who\?[\s\S]*who\?/);
  t.equal(a.text().match(/secret of A/g)?.length, 2, "another one on the same connection is asked");
  for (let nth = 0; nth < 5; nth += 1) t.match(await converse(t, gate.port, LAST), /^HTTP\/1\.1 401 /);
});

const HANGS: Readonly<Record<string, string>> = {
  "event streams": "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\n",
  "long polls": "",
  "slow downloads": "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf",
};

for (const [what, answer] of Object.entries(HANGS)) {
  t.test(`70 ${what} leave room for everybody else`, async (t) => {
    const app = await httpApp(t, (request, response) => {
      if (request.url !== "/long") response.end("ok");
      else if (answer !== "") response.socket?.write(answer);
    });
    const gate = await gateway(t, {
      upstream: { origin: app.origin, connections: 8 },
      timeouts: { stream: 20 },
    });
    for (let nth = 0; nth < 70; nth += 1) (await raw(t, gate.port)).send(KEPT.replace("/", "/long"));
    while (app.seen.length < 70) await once(app.server, "request");
    for (let nth = 0; nth < 10; nth += 1) t.match(await converse(t, gate.port, LAST), /^HTTP\/1\.1 200 /);
    t.equal(gate.faults.length, 0);
  });

  t.test(`only who has too many ${what} gets the 503`, async (t) => {
    const app = await httpApp(t, (request, response) => {
      if (request.url !== "/long") response.end("ok");
      else if (answer !== "") response.socket?.write(answer);
    });
    const gate = await gateway(t, {
      upstream: { origin: app.origin },
      // Far beyond what a short one takes, also on a machine that is busy with other things.
      timeouts: { stream: 1_000 },
      limits: { streams: 5, streamsPerClient: 3 },
      exchange: ({ headers }) => ({ address: String(headers["x-address"]) }),
    });
    const open = async (address: string) => {
      const client = await raw(t, gate.port);
      client.send(`GET /long HTTP/1.1\r\nHost: a\r\nX-Address: ${address}\r\n\r\n`);
      return client;
    };
    const full = async (client: Wire) => {
      // A download that is over the limit has begun: it is cut.
      if (what === "slow downloads") await client.closed;
      else t.match(await client.until("overloaded"), /^HTTP\/1\.1 503 /);
    };
    for (let nth = 0; nth < 3; nth += 1) await open("one");
    while (app.seen.length < 3) await once(app.server, "request");
    await full(await open("one"));
    const others = [await open("two"), await open("two")];
    while (app.seen.length < 6) await once(app.server, "request");
    await full(await open("three"));
    t.match(await converse(t, gate.port, LAST), /^HTTP\/1\.1 200 /, "short ones go on");
    for (const { socket } of others) socket.destroy();
    await gate.ended(5);
    const again = await open("three");
    while (app.seen.length < 9) await once(app.server, "request");
    t.notMatch(again.text(), "503", "there is room again");
  });
}

t.test("one client waits behind itself, not others behind it", async (t) => {
  const app = await rawApp(t, (peer) => {
    if (peer.text().includes("/short")) peer.send(OK);
  });
  const gate = await gateway(t, {
    upstream: { origin: app.origin, connections: 4 },
    timeouts: { stream: 600_000 },
    exchange: ({ headers }) => ({ address: String(headers["x-address"]) }),
  });
  for (let nth = 0; nth < 20; nth += 1) (await raw(t, gate.port)).send(KEPT);
  await app.arrived(2);
  const other = LAST.replace("/", "/short").replace("\r\n\r\n", "\r\nX-Address: other\r\n\r\n");
  for (let nth = 0; nth < 5; nth += 1) t.match(await converse(t, gate.port, other), /^HTTP\/1\.1 200 /);
  t.equal(app.peers.length, 7, "two of the busy one, and one each");
});

t.test(
  "an early answer reaches the client always, though the app closes in the middle of the upload",
  async (t) => {
    const app = await rawApp(t, async (peer) => {
      await peer.until(/x{20000}/);
      peer.send("HTTP/1.1 413 Too Large\r\nConnection: close\r\nContent-Length: 3\r\n\r\nno!");
      // With bytes unread, which makes it a reset.
      peer.socket.pause();
      await setImmediate();
      peer.socket.destroy();
    });
    const gate = await gateway(t, { upstream: { origin: app.origin } });
    for (let turn = 0; turn < 50; turn += 1) {
      const client = await raw(t, gate.port);
      client.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1000000\r\n\r\n");
      for (let nth = 0; nth < 10; nth += 1) {
        client.send("x".repeat(100_000));
        await setImmediate();
      }
      t.match(await client.until(/\r\n\r\n\w/), /^HTTP\/1\.1 413 /);
      client.socket.destroy();
    }
    t.equal(gate.faults.length, 0);
  },
);

t.test("an app that answers early and reads on gets every byte", async (t) => {
  for (const framing of ["length", "chunks"]) {
    const got = Promise.withResolvers<number>();
    const app = await httpApp(t, async (request, response) => {
      response.end("early");
      got.resolve((await bodyOf(request)).length);
    });
    const gate = await gateway(t, { upstream: { origin: app.origin } });
    const client = await raw(t, gate.port);
    const size = 1_000_000;
    client.send(
      `POST / HTTP/1.1\r\nHost: a\r\n${framing === "length" ? `Content-Length: ${size}` : "Transfer-Encoding: chunked"}\r\n\r\n`,
    );
    await client.until("early");
    const bytes = "x".repeat(size);
    client.send(framing === "length" ? bytes : `${size.toString(16)}\r\n${bytes}\r\n0\r\n\r\n`);
    t.equal(await got.promise, size, framing);
    t.match(await gate.ended(1), { ending: "success", requestBytes: size });
    client.send(KEPT);
    await client.until(/early[\s\S]*early/);
    t.equal(new Set(app.seen.map(({ socket }) => socket.remotePort)).size, 1, "on the same connection");
  }
});

t.test("an odd early answer takes no byte of the upload either", async (t) => {
  const app = await rawApp(t, (peer) => peer.send("HTTP/1.1 200 OK\nContent-Length: 5\n\nearly"));
  const gate = await gateway(t, { upstream: { origin: app.origin } });
  const client = await raw(t, gate.port);
  client.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 6\r\n\r\nabc");
  await client.until("early");
  client.send("def");
  t.match((await app.peers[0]?.closed)?.text, /abcdef$/);
  t.match(await gate.ended(1), { ending: "success", requestBytes: 6 });
});

t.test("a client that leaves after an early answer takes the rest of its upload with it", async (t) => {
  const app = await rawApp(t, (peer) => peer.send(OK));
  const gate = await gateway(t, { upstream: { origin: app.origin } });
  const client = await raw(t, gate.port);
  client.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 100\r\n\r\nx");
  await client.until(/ok$/);
  client.socket.destroy();
  await app.peers[0]?.closed;
  t.equal((await gate.ended(1)).ending, "client-aborted");
});

t.test("a client that leaves behind the end of its upload takes nothing of it away", async (t) => {
  for (const size of [1, 100, 100_000]) {
    const app = await rawApp(t, (peer) => peer.send(OK));
    const gate = await gateway(t, { upstream: { origin: app.origin } });
    const client = await raw(t, gate.port);
    client.send(`POST / HTTP/1.1\r\nHost: a\r\nContent-Length: ${size}\r\n\r\n`);
    await client.until(/ok$/);
    client.socket.end(`${"x".repeat(size - 1)}y`);
    t.match(await gate.ended(1), { ending: "success", requestBytes: size });
    client.socket.destroy();
    await app.peers[0]?.until(/y$/);
    t.equal(app.peers[0]?.text().split("\r\n\r\n")[1]?.length, size, `${size} bytes`);
  }
});

t.test("hints don't put off the limit for an answer", async (t) => {
  const app = await rawApp(t, (peer) => {
    const timer = setInterval(() => peer.send("HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\n"), 20);
    void peer.closed.then(() => clearInterval(timer));
  });
  const gate = await gateway(t, { upstream: { origin: app.origin }, timeouts: { answer: 200 } });
  t.match(await converse(t, gate.port, LAST), /^HTTP\/1\.1 504 /);
});

t.test("odd but readable HTTP passes in a tidy form, on a connection that isn't used again", async (t) => {
  const answers = {
    "bare line feeds": "HTTP/1.1 200 OK\nX: 1\nContent-Length: 2\n\nok",
    "a folded line": "HTTP/1.1 200 OK\r\nX:\r\n 1\r\nContent-Length: 2\r\n\r\nok",
    "equal lengths": "HTTP/1.1 200 OK\r\nX: 1\r\nContent-Length: 2\r\nContent-Length: 2\r\n\r\nok",
    "an unasked 100": "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nX: 1\r\nContent-Length: 2\r\n\r\nok",
  };
  for (const [what, answer] of Object.entries(answers)) {
    const app = await rawApp(t, (peer) => peer.send(answer));
    const gate = await gateway(t, { upstream: { origin: app.origin } });
    const client = await raw(t, gate.port);
    for (const turn of [1, 2]) {
      client.send(KEPT);
      await client.until(new RegExp(`(\r\n\r\nok[\\s\\S]*){${turn}}$`));
    }
    t.match(client.text(), /^HTTP\/1\.1 200 OK\r\nX: ?\s?1\r\nContent-Length: 2\r\n/, what);
    t.equal(app.peers.length, 2, what);
  }
});

t.test("a body that the client has not sent whole is not whole at the app", async (t) => {
  const app = await httpApp(t, echo);
  const gate = await gateway(t, { upstream: { origin: app.origin } });
  const client = await raw(t, gate.port);
  client.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 100\r\n\r\nhalf");
  const [request] = await once(app.server, "request");
  client.socket.end();
  await t.rejects(bodyOf(request as AsyncIterable<Buffer>));
});
