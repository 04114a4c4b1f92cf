import { once } from "node:events";
import { createServer, type RequestListener } from "node:http";
import type { AddressInfo, Socket } from "node:net";
import { setTimeout } from "node:timers/promises";
import t, { type Test } from "tap";
import type { Fault } from "../../src/errors.ts";
import { guardConnections, serverOptions } from "../../src/gateway/http-server.ts";
import { httpApp } from "../fixtures/apps/upstream.ts";
import { converse, raw } from "../fixtures/client/raw.ts";
import { front } from "../fixtures/gateway/front.ts";
import { snapshotOf } from "../fixtures/gateway/test-services.ts";

const BASE = `upstream: http://127.0.0.1:1\nidentity: [{ insecureHeader: { name: X-User, from: [127.0.0.1] } }]\n`;

async function guarded(
  t: Test,
  more = "",
  listener: RequestListener = (_request, response) => response.end("ok"),
) {
  const { settings } = snapshotOf(BASE + more);
  const reported: (readonly [Fault, string])[] = [];
  const server = createServer(serverOptions(settings), listener);
  let ids = 0;
  guardConnections(
    server,
    settings,
    () => `id-${++ids}`,
    (fault, id) => void reported.push([fault, id]),
  );
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  t.teardown(() => {
    server.closeAllConnections();
    server.close();
  });
  return { server, port: (server.address() as AddressInfo).port, reported };
}

/** Status line and problem of an answer. */
function read(text: string) {
  const at = text.indexOf("\r\n\r\n");
  const [status = ""] = text.split("\r\n");
  const body = text.slice(at + 4);
  t.equal(Number(/Content-Length: (\d+)/.exec(text)?.[1]), Buffer.byteLength(body));
  t.match(text, /\r\nConnection: close\r\n/);
  return { status, problem: JSON.parse(body) as { readonly code: string; readonly requestId: string } };
}

t.test("bytes that are no request are answered with a problem, and the connection is closed", async (t) => {
  const { port, reported } = await guarded(t);
  const cases: readonly (readonly [string, string, string])[] = [
    ["GET / HTP/1.1\r\n\r\n", "400", "bad-request"],
    ["FROB / HTTP/1.1\r\nHost: a\r\n\r\n", "501", "bad-method"],
    ["GET / HTTP/1.1\r\nHost: a\r\nX: a\nb: c\r\n\r\n", "400", "bad-request"],
    ["GET / HTTP/1.1\r\nHost: a\r\nX: a\0b\r\n\r\n", "400", "bad-request"],
    ["GET / HTTP/1.1\r\nHost: a\r\n X: folded\r\n\r\n", "400", "bad-request"],
    [
      "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n",
      "400",
      "bad-request",
    ],
    ["POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n", "400", "bad-request"],
    ["POST / HTTP/1.1\r\nHost: a\r\nContent-Length: +3\r\n\r\n", "400", "bad-request"],
    ["POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding : chunked\r\n\r\n", "400", "bad-request"],
    [`GET / HTTP/1.1\r\nHost: a\r\nCookie: ${"x".repeat(40_000)}\r\n\r\n`, "431", "header-too-large"],
  ];
  for (const [bytes, status, code] of cases) {
    const seen = read(await converse(t, port, bytes));
    t.match(seen, { status: new RegExp(`^HTTP/1\\.1 ${status} `), problem: { code } }, bytes.slice(0, 60));
    t.same(
      [reported.at(-1)?.[0].code, reported.at(-1)?.[1]],
      [code, seen.problem.requestId],
      "the operator finds it by its id",
    );
  }
});

t.test("what was wrong is not told to the client", async (t) => {
  const { port } = await guarded(t);
  t.notMatch(await converse(t, port, "nonsense\r\n\r\n"), /HPE_|llhttp|Parse Error/);
});

t.test("headers may be as long as the config says, and no longer", async (t) => {
  const { port } = await guarded(t, "limits: { headers: 2kB }\n");
  const get = (length: number) =>
    converse(t, port, `GET / HTTP/1.1\r\nHost: a\r\nX: ${"x".repeat(length)}\r\nConnection: close\r\n\r\n`);
  t.match(await get(1_000), /^HTTP\/1\.1 200 /);
  t.match(await get(3_000), /^HTTP\/1\.1 431 /);
});

t.test("headers may be as many as fit", async (t) => {
  const { port } = await guarded(t, "", ({ rawHeaders }, response) =>
    response.end(rawHeaders.slice(-4).join()),
  );
  const head = `GET / HTTP/1.1\r\nHost: a\r\n${"a:\r\n".repeat(4_000)}Connection: close\r\nX-Last: 1\r\n\r\n`;
  t.match(await converse(t, port, head), "\r\n\r\nConnection,close,X-Last,1");
});

t.test("a client that sends its headers too slowly is told so", async (t) => {
  const { port, reported } = await guarded(t, "timeouts: { requestHeaders: 1s }\n");
  const { status, problem } = read(await converse(t, port, "GET / HTTP/1.1\r\nHost: a\r\nX-Slow"));
  t.match(status, / 408 /);
  t.equal(problem.code, "request-timeout");
  t.equal(reported.length, 1);
});

t.test("nothing is written behind an answer that has begun", async (t) => {
  const { port, reported } = await guarded(t, "", (_request, response) => {
    response.writeHead(200, { "content-type": "text/plain" });
    response.write("part");
  });
  const line = await raw(t, port);
  line.send("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n");
  await line.until("part");
  line.send("zz\r\nbroken");
  const { text } = await line.closed;
  t.notMatch(text, /HTTP\/1\.1 400|problem/);
  t.same(reported, []);
});

const POST = "POST /slow HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabc";
/** What can't be read behind a whole request: bytes beyond its length, a next one that is none, or breaks off. */
const BEHIND = {
  "bytes too many": "\xc3\xa9",
  "no request": "FROB / HTTP/1.1\r\n\r\n",
  "a half": "GET / HT",
};

t.test("what can't be read takes nothing of the answer to the request before it", async (t) => {
  for (const [what, bytes] of Object.entries(BEHIND)) {
    for (const begins of [false, true]) {
      const release = Promise.withResolvers<void>();
      const app = await httpApp(t, async (_request, response) => {
        if (begins) response.write("begin ");
        await release.promise;
        response.end("answered");
      });
      // It answers a client that has ended its side.
      Object.assign(app.server, { httpAllowHalfOpen: true });
      const { port } = await front(t, app.origin);
      const line = await raw(t, port);
      line.socket.allowHalfOpen = true;
      const ended = once(line.socket, "end");
      line.send(POST);
      await (begins ? line.until("begin ") : once(app.server, "request"));
      // A half is known as one when nothing more comes.
      if (what === "a half") line.socket.end(bytes, "latin1");
      else line.send(bytes);
      // So that the gateway has them before the answer; either way the answer comes first.
      await setTimeout(50);
      release.resolve();
      await ended;
      t.match(
        line.text(),
        /^HTTP\/1\.1 200 [\s\S]*answered[\s\S]*HTTP\/1\.1 (?:400|501) /,
        `${what}, ${begins}`,
      );
      line.socket.destroy();
    }
  }
});

t.test(
  "a body that can't be read is refused when it is its turn, and the app never has it whole",
  async (t) => {
    const release = Promise.withResolvers<void>();
    const whole: (string | undefined)[] = [];
    const app = await httpApp(t, async (request, response) => {
      request.resume().once("end", () => whole.push(request.url));
      if (request.url !== "/slow") return;
      await release.promise;
      response.end("answered");
    });
    const { port } = await front(t, app.origin);
    const line = await raw(t, port);
    const came = once(app.server, "request");
    line.send(`${POST}POST /bad HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n`);
    await came;
    release.resolve();
    const { text } = await line.closed;
    t.match(text, /^HTTP\/1\.1 200 [\s\S]*answeredHTTP\/1\.1 400 /);
    t.equal(text.match(/HTTP\/1\.1 /g)?.length, 2);
    t.same(whole, ["/slow"]);
  },
);

t.test("a head that takes too long takes nothing of the answer before it", async (t) => {
  const late = Promise.withResolvers<void>();
  const { port, server } = await guarded(t, "timeouts: { requestHeaders: 100ms }\n", (_request, response) => {
    void late.promise.then(() => response.end("late"));
  });
  server.once("clientError", () => late.resolve());
  const text = await converse(t, port, `${POST}GET / HTTP/1.1\r\n`);
  t.match(text, /^HTTP\/1\.1 200 [\s\S]*lateHTTP\/1\.1 408 /);
});

t.test("a client that resets is let go without a word", async (t) => {
  const { port, reported, server } = await guarded(t);
  const connecting = once(server, "connection");
  const line = await raw(t, port);
  const [socket] = (await connecting) as [Socket];
  line.reset();
  await new Promise((resolve) => socket.once("close", resolve));
  t.same(reported, []);
});

t.test("more connections than the config allows are dropped", async (t) => {
  const { port, server } = await guarded(t, "limits: { connections: 2 }\n");
  const [a, b] = [await raw(t, port), await raw(t, port)];
  const dropped = once(server, "drop");
  const third = await raw(t, port);
  await dropped;
  t.equal((await third.closed).text, "");
  for (const line of [a, b]) {
    line.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
    t.match(await line.until("ok"), /^HTTP\/1\.1 200 /);
  }
});

t.test("the strict parser is on, and a long upload is not cut for its length", async (t) => {
  const options = serverOptions(
    snapshotOf(`${BASE}timeouts: { keepAlive: 7s, requestHeaders: 3s }\n`).settings,
  );
  t.match(options, {
    insecureHTTPParser: false,
    requestTimeout: 0,
    keepAliveTimeout: 7_000,
    headersTimeout: 3_000,
  });
});
