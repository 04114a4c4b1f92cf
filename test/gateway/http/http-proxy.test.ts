import formbody from "@fastify/formbody";
import Fastify from "fastify";
import t from "tap";
import { Fault } from "../../../src/errors.ts";
import type { Exchange } from "../../../src/gateway/http/exchange.ts";
import { proxy, proxyOptions, registerMethods } from "../../../src/gateway/http/http-proxy.ts";
import { transport } from "../../../src/gateway/http/transport.ts";
import { echo, httpApp } from "../../fixtures/apps/upstream.ts";
import { converse } from "../../fixtures/client/raw.ts";
import { gateway, LIMITS, TIMEOUTS } from "../../fixtures/gateway/gateway.ts";

const TYPES = [
  "application/json",
  "text/plain",
  "application/x-www-form-urlencoded",
  "multipart/form-data; boundary=x",
  ";;;",
  "garbage",
  "",
  "a/b; ;;=",
  "text/ html",
  "é/x",
  "undefined",
];

t.test("a body of any type goes through, or of none, however long and whatever is in it", async (t) => {
  const app = await httpApp(t, echo);
  const gate = await gateway(t, { upstream: { origin: app.origin } });
  const bodies = ["{not json", "a=1&__proto__=2", "x".repeat(2_000_000)];
  for (const type of [null, ...TYPES]) {
    for (const body of bodies) {
      for (const method of ["POST", "DELETE", "OPTIONS", "QUERY", "PROPFIND"]) {
        const header = type === null ? "" : `Content-Type: ${type}\r\n`;
        const text = await converse(
          t,
          gate.port,
          `${method} / HTTP/1.1\r\nHost: a\r\n${header}Connection: close\r\nContent-Length: ${body.length}\r\n\r\n${body}`,
        );
        t.ok(
          text.startsWith("HTTP/1.1 200 OK\r\n") && text.endsWith(body),
          `${method} ${type}: ${text.slice(0, 300)}`,
        );
      }
    }
  }
  t.same(
    [...new Set(app.seen.map(({ headers }) => headers["content-type"] ?? null))].sort(),
    [null, ...TYPES].sort(),
  );
});

t.test("body parsers of the surroundings don't read what is to be forwarded", async (t) => {
  const app = await httpApp(t, echo);
  const fastify = Fastify();
  const carrier = transport({
    upstream: { origin: app.origin, socket: null, ca: null, insecureSkipVerify: false, connections: 2 },
    timeouts: TIMEOUTS,
    limits: LIMITS,
  });
  t.teardown(() => Promise.all([fastify.close(), carrier.close()]));
  registerMethods(fastify);
  await fastify.register(formbody);
  const exchangeOf = (
    request: { readonly raw: Exchange["client"]["request"] },
    reply: { readonly raw: Exchange["client"]["response"] },
  ): Exchange => ({
    method: "POST",
    target: "/",
    headers: ["Host", "a"],
    client: { request: request.raw, response: reply.raw },
    body: null,
    respond: (head) => ({ ...head, transform: null }),
    failed: () => undefined,
    settled: () => undefined,
    signal: null,
  });
  await fastify.register(proxy, { forward: (request, reply) => carrier.send(exchangeOf(request, reply)) });
  fastify.post("/own", (request) => ({ parsed: request.body }));
  const sent = {
    method: "POST",
    headers: { "content-type": "application/x-www-form-urlencoded" },
    body: "a=1",
  };
  await fastify.listen({ port: 0, host: "127.0.0.1" });
  const origin = fastify.listeningOrigin;
  t.equal(await (await fetch(`${origin}/app`, sent)).text(), "a=1");
  t.same(
    await (await fetch(`${origin}/own`, sent)).json(),
    { parsed: { a: "1" } },
    "and those of one's own routes still do",
  );
});

t.test("what decides a request may throw, and fastify's error handler hears of it", async (t) => {
  const app = await httpApp(t, echo);
  const gate = await gateway(t, {
    upstream: { origin: app.origin },
    exchange: () => {
      throw new Fault("bad-request", "two readings");
    },
  });
  t.match(
    await converse(t, gate.port, "GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"),
    /^HTTP\/1\.1 400 /,
  );
  t.equal(app.seen.length, 0);
});

t.test("no address of a client reaches the parts that would read it otherwise", async (t) => {
  const app = await httpApp(t, (request, response) => response.end(request.url));
  const gate = await gateway(t, { upstream: { origin: app.origin } });
  for (const target of [
    "/a//b",
    "/a/./b",
    "/%2e%2e/b",
    "/a%2fb",
    "/a;x/..;/b",
    "/a?b=//c&d=%zz",
    "/a|b",
    "/?",
    "/\\a",
  ]) {
    const text = await converse(
      t,
      gate.port,
      `GET ${target} HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n`,
    );
    t.ok(text.endsWith(`\r\n\r\n${target}`), `${target}: ${text}`);
  }
});

t.test("the options leave the app's address to the transport", async (t) => {
  const options = proxyOptions(() => t.fail("not asked"));
  t.equal(options.upstream, "http://app.invalid");
  t.equal(options.websocket, false);
  t.notOk(options.httpMethods?.includes("CONNECT"));
});
