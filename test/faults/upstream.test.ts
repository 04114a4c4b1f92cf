import { readFile, writeFile } from "node:fs/promises";
import { createServer, type Server } from "node:http";
import t, { type Test } from "tap";
import { rawApp } from "../fixtures/apps/upstream.ts";
import { ask, CLICK } from "../fixtures/client/named.ts";
import { converse, raw, type Wire } from "../fixtures/client/raw.ts";
import { type Front, front, impersonating, lines, recordsOf } from "../fixtures/gateway/front.ts";
import { freePort } from "../fixtures/servers/port.ts";

const OK = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Type: text/plain\r\n\r\nok";

/** An app of bytes whose answer to `/broken…` is the test's; everything else is well. */
async function brokenApp(t: Test, script: (peer: Wire) => unknown) {
  return await rawApp(t, async (peer) => {
    for (let seen = 0; ; ) {
      const next = new RegExp(`^[\\s\\S]{${seen}}[\\s\\S]*\\r\\n\\r\\n`);
      const text = await peer.until(next).catch(() => null);
      if (text === null) return;
      if (text.slice(seen).includes(" /broken")) return await script(peer);
      seen = text.length;
      peer.send(OK);
    }
  });
}

/** Alice's impersonation, and an agent of requests that speaks as her customer. */
async function impersonated(it: Front) {
  const headers = await impersonating(it.url);
  return {
    headers,
    page: (path: string) =>
      ask(`${it.url}${path}`, { ...CLICK, ...headers, "sec-fetch-site": "same-origin" }),
    script: (path: string) => ask(`${it.url}${path}`, headers),
  };
}

async function listening(t: Test, port: number): Promise<Server> {
  const app = createServer((_request, response) => response.end("back"));
  await new Promise<void>((resolve) => app.listen(port, "127.0.0.1", resolve));
  t.teardown(() => app.close());
  return app;
}

/** The outcomes of requests for this path, when the gateway is closed. */
async function outcomesOf(it: Front, path: string) {
  await it.close();
  return recordsOf(it.data, "impersonation.outcome").filter((line) => line.url?.path === path);
}

t.test(
  "row 13: an app that refuses is a 502 that tells nothing of it, and back, it is as before",
  async (t) => {
    const port = await freePort();
    const it = await front(t, `http://127.0.0.1:${port}`);
    const first = await listening(t, port);
    const alice = await impersonated(it);
    first.closeAllConnections();
    await new Promise((resolve) => first.close(resolve));
    const [page, script, own] = [
      await alice.page("/away"),
      await alice.script("/away"),
      await ask(`${it.url}/away`),
    ];
    for (const answer of [page, script, own]) {
      t.equal(answer.status, 502);
      t.notMatch(answer.body, new RegExp(`${port}|ECONNREFUSED|127\\.0\\.0\\.1`));
    }
    t.match(page.body, /<h1>The app can not be reached<\/h1>/);
    t.match(JSON.parse(script.body), { code: "upstream-unreachable", requestId: /.{36}/ });
    const app = await listening(t, port);
    t.match(await alice.script("/back"), { status: 200, body: "back" });
    t.match(await ask(`${it.url}/back`), { status: 200, body: "back" });
    app.closeAllConnections();
    const outcomes = await outcomesOf(it, "/away");
    t.equal(outcomes.length, 2, "of the impersonated ones");
    for (const line of outcomes)
      t.match(line, { event: { outcome: "failure" }, guise: { ending: "upstream-unreachable" } });
  },
);

t.test("row 13: an app whose name nobody knows is a 502 as well", async (t) => {
  const port = await freePort();
  const it = await front(t, `http://127.0.0.1:${port}`);
  await listening(t, port);
  const alice = await impersonated(it);
  const text = await readFile(it.config, "utf8");
  await writeFile(it.config, text.replace(`http://127.0.0.1:${port}`, "http://app.invalid:8001"));
  await it.gateway.reload();
  const answer = await alice.script("/away");
  t.match(JSON.parse(answer.body), { status: 502, code: "upstream-unreachable" });
  t.notMatch(answer.body, /app\.invalid|ENOTFOUND|EAI_AGAIN/);
  t.equal((await ask(`${it.url}/.guise/stop`, alice.headers)).status, 200, "our own pages are there");
  t.match(await outcomesOf(it, "/away"), [{ guise: { ending: "upstream-unreachable" } }]);
});

const QUICK = "timeouts: { answer: 300ms, answerIdle: 300ms, connect: 300ms }\n";

t.test(
  "row 14: an app that says nothing is 504 at the limit, and its place is free for the next",
  async (t) => {
    const app = await brokenApp(t, () => undefined);
    const it = await front(t, `{ url: "${app.origin}", connections: 2 }`, QUICK);
    const alice = await impersonated(it);
    for (let n = 0; n < 3; n += 1) {
      const answer = await alice.script("/broken");
      t.match(JSON.parse(answer.body), { status: 504, code: "upstream-timeout" });
      t.equal((await alice.script("/fine")).status, 200);
    }
    t.equal((await ask(`${it.url}/broken`)).status, 504);
    const outcomes = await outcomesOf(it, "/broken");
    t.equal(outcomes.length, 3);
    for (const line of outcomes) t.match(line, { guise: { ending: "upstream-timeout" } });
  },
);

t.test(
  "row 14: an app that stops in the middle is cut off, and its place is free for the next",
  async (t) => {
    const app = await brokenApp(t, (peer) =>
      peer.send("HTTP/1.1 200 OK\r\nContent-Length: 100\r\nContent-Type: text/plain\r\n\r\nhalf"),
    );
    const it = await front(t, `{ url: "${app.origin}", connections: 2 }`, QUICK);
    const alice = await impersonated(it);
    for (let n = 0; n < 3; n += 1) {
      await t.rejects(alice.script("/broken"), { message: /aborted/ });
      t.equal((await alice.script("/fine")).status, 200);
    }
    const outcomes = await outcomesOf(it, "/broken");
    for (const line of outcomes)
      t.match(line, {
        guise: { ending: "upstream-timeout" },
        http: { response: { status_code: 200, bytes: 4 } },
      });
    t.equal(outcomes.length, 3);
  },
);

const HALVES: readonly (readonly [name: string, bytes: string])[] = [
  ["of a length", "Content-Length: 100\r\n\r\nhalf"],
  ["of chunks", "Transfer-Encoding: chunked\r\n\r\n4\r\nhalf\r\n"],
];

for (const [name, bytes] of HALVES) {
  for (const leave of ["end", "resetAndDestroy"] as const) {
    t.test(`row 15: half an answer ${name} never looks whole (${leave})`, async (t) => {
      const app = await brokenApp(t, (peer) => {
        peer.send(`HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n${bytes}`);
        // What is written has to be read before a reset takes it away.
        setTimeout(() => peer.socket[leave](), 100);
      });
      const it = await front(t, app.origin);
      const alice = await impersonated(it);
      const request = `GET /broken HTTP/1.1\r\nHost: localhost:${it.port}\r\n`;
      const [seen, own] = [
        await converse(t, it.port, `${request}${lines(alice.headers)}\r\n`),
        await converse(t, it.port, `${request}\r\n`),
      ];
      for (const text of [seen, own]) {
        t.match(text, /^HTTP\/1\.1 200 [\s\S]*half/);
        t.notMatch(text, /\r\n0\r\n\r\n$/);
      }
      t.equal((await alice.script("/fine")).status, 200);
      t.match(await outcomesOf(it, "/broken"), [
        {
          event: { outcome: "failure" },
          http: { response: { status_code: 200, bytes: 4 } },
          guise: { ending: "upstream-truncated" },
        },
      ]);
    });
  }
}

const GARBAGE: readonly (readonly [name: string, bytes: string])[] = [
  ["no HTTP", "SSH-2.0-OpenSSH_9.6\r\n"],
  ["two lengths", "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\nabc"],
  [
    "a length and chunks",
    "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
  ],
  ["a header with a zero", "HTTP/1.1 200 OK\r\nX-A: \0\r\nContent-Length: 0\r\n\r\n"],
  [
    "a switch nobody asked for",
    "HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\n",
  ],
];

t.test("row 16: what can't be read is 502, and its connection is never used again", async (t) => {
  for (const [name, bytes] of GARBAGE) {
    const app = await brokenApp(t, (peer) => peer.send(bytes));
    const it = await front(t, app.origin);
    const alice = await impersonated(it);
    const answer = await alice.script("/broken");
    t.match(JSON.parse(answer.body), { status: 502, code: "upstream-protocol" }, name);
    const before = app.peers.length;
    t.equal((await alice.script("/fine")).status, 200, name);
    t.equal(app.peers.length, before + 1, "on a connection of its own");
    t.equal((await ask(`${it.url}/broken`)).status, 502, name);
    t.match(await outcomesOf(it, "/broken"), [{ guise: { ending: "upstream-protocol" } }], name);
  }
});

t.test("row 16: a second answer is never taken for that of another request", async (t) => {
  const app = await brokenApp(t, (peer) =>
    peer.send(`${OK}HTTP/1.1 200 OK\r\nContent-Length: 6\r\nContent-Type: text/plain\r\n\r\nplanted`),
  );
  const it = await front(t, app.origin);
  const alice = await impersonated(it);
  t.match(await alice.script("/broken"), { status: 200, body: "ok" });
  for (let n = 0; n < 5; n += 1) {
    const [loaded, own] = await Promise.all([alice.script("/fine"), ask(`${it.url}/fine`)]);
    t.same([loaded.body, own.body], ["ok", "ok"]);
  }
  const probe = await raw(t, it.port);
  probe.send(`GET /fine HTTP/1.1\r\nHost: localhost:${it.port}\r\nConnection: close\r\n\r\n`);
  t.notMatch((await probe.closed).text, /planted/);
});
