import { METHODS } from "node:http";
import t from "tap";
import { bodyOf, httpApp, rawApp, sayingApp } from "../../fixtures/apps/upstream.ts";
import { converse, raw } from "../../fixtures/client/raw.ts";
import { gateway } from "../../fixtures/gateway/gateway.ts";

const OK = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";

t.test(
  "a request reaches the app as the exchange says, and its answer the client as the app says",
  async (t) => {
    const app = await sayingApp(
      t,
      "HTTP/1.1 200 Fine\r\nX-One: 1\r\nContent-Length: 5\r\nset-cookie: a=1\r\nSet-Cookie: b=2\r\nx-one: 2\r\n\r\nhello",
    );
    const gate = await gateway(t, { upstream: { origin: app.origin }, headers: ["X-Ours", "yes"] });
    const text = await converse(
      t,
      gate.port,
      "GET /a?b=%20c HTTP/1.1\r\nHost: app.example\r\nX-Two: 1\r\nx-two: 2\r\nConnection: close\r\n\r\n",
    );
    t.match(
      text,
      /^HTTP\/1\.1 200 Fine\r\nX-One: 1\r\nContent-Length: 5\r\nset-cookie: a=1\r\nSet-Cookie: b=2\r\nx-one: 2\r\n/,
    );
    t.match(text, /\r\n\r\nhello$/);
    t.equal(
      app.peers[0]?.text(),
      "GET /a?b=%20c HTTP/1.1\r\nHost: app.example\r\nX-Two: 1\r\nx-two: 2\r\nX-Ours: yes\r\nConnection: keep-alive\r\n\r\n",
    );
    t.same(await gate.ended(1), { ending: "success", status: 200, requestBytes: 0, responseBytes: 5 });
  },
);

t.test("every method goes through, with a body and without", async (t) => {
  const app = await httpApp(t, async (request, response) => {
    const body = await bodyOf(request);
    response.setHeader("x-method", request.method ?? "");
    response.end(body);
  });
  const gate = await gateway(t, { upstream: { origin: app.origin } });
  for (const method of METHODS.filter((method) => method !== "CONNECT")) {
    for (const framing of [
      "",
      "Content-Length: 4\r\n\r\nbody",
      "Transfer-Encoding: chunked\r\n\r\n4\r\nbody\r\n0\r\n\r\n",
    ]) {
      const text = await converse(
        t,
        gate.port,
        `${method} /x HTTP/1.1\r\nHost: a\r\nConnection: close\r\n${framing || "\r\n"}`,
      );
      const body =
        method === "HEAD" || framing === "" ? "" : /chunked/.test(text) ? "4\r\nbody\r\n0\r\n\r\n" : "body";
      t.match(text, new RegExp(`^HTTP/1.1 200 OK\r\nx-method: ${method}\r\n`), `${method} ${framing}`);
      t.ok(
        text.endsWith(
          `\r\n\r\n${body === "" && /chunked/.test(text) && method !== "HEAD" ? "0\r\n\r\n" : body}`,
        ),
        `${method} ${framing}: ${text}`,
      );
    }
  }
  t.equal(gate.faults.length, 0);
});

t.test("an answer of bytes above 127 keeps every byte, in headers and reason alike", async (t) => {
  const app = await sayingApp(
    t,
    "HTTP/1.1 200 Gr\xc3\xbcn\r\nX-Bytes: \x80\xff\xe9\r\nContent-Length: 2\r\n\r\nok",
  );
  const gate = await gateway(t, { upstream: { origin: app.origin } });
  const text = await converse(
    t,
    gate.port,
    "GET / HTTP/1.1\r\nHost: a\r\nX-Up: \x80\xe9\xff\r\nConnection: close\r\n\r\n",
  );
  t.match(text, /^HTTP\/1\.1 200 Gr\xc3\xbcn\r\nX-Bytes: \x80\xff\xe9\r\n/);
  t.match(app.peers[0]?.text(), /X-Up: \x80\xe9\xff\r\n/);
});

t.test("a kept-alive client is answered in order, also when it pipelines", async (t) => {
  const app = await httpApp(t, (request, response) => response.end(request.url));
  const gate = await gateway(t, { upstream: { origin: app.origin } });
  const text = await converse(
    t,
    gate.port,
    "GET /1 HTTP/1.1\r\nHost: a\r\n\r\nGET /2 HTTP/1.1\r\nHost: a\r\n\r\nGET /3 HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n",
  );
  t.match(text, /\/1[\s\S]*\/2[\s\S]*\/3/);
  await gate.ended(3);
  t.same(
    gate.settlements.map(({ ending }) => ending),
    ["success", "success", "success"],
  );
});

t.test("one exchange is one request, whatever the app answers", async (t) => {
  for (const status of [301, 307, 401, 408, 425, 429, 503]) {
    const app = await sayingApp(
      t,
      `HTTP/1.1 ${status} No\r\nRetry-After: 1\r\nLocation: /again\r\nContent-Length: 0\r\n\r\n`,
    );
    const gate = await gateway(t, { upstream: { origin: app.origin } });
    const text = await converse(t, gate.port, "GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
    t.match(text, `HTTP/1.1 ${status} No\r\n`);
    t.equal(app.requests(), 1, String(status));
  }
});

t.test("odd statuses pass", async (t) => {
  for (const status of [200, 299, 418, 599, 600, 999]) {
    const app = await sayingApp(t, `HTTP/1.1 ${status} Odd\r\nContent-Length: 2\r\n\r\nok`);
    const gate = await gateway(t, { upstream: { origin: app.origin } });
    t.match(
      await converse(t, gate.port, "GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"),
      `HTTP/1.1 ${status} Odd\r\n`,
    );
  }
});

t.test("ranges and conditions are the app's business", async (t) => {
  const app = await sayingApp(
    t,
    'HTTP/1.1 206 Partial Content\r\nContent-Range: bytes 1-2/5\r\nContent-Length: 2\r\nETag: "x"\r\n\r\nel',
  );
  const gate = await gateway(t, { upstream: { origin: app.origin } });
  const text = await converse(
    t,
    gate.port,
    'GET / HTTP/1.1\r\nHost: a\r\nRange: bytes=1-2\r\nIf-None-Match: "x"\r\nConnection: close\r\n\r\n',
  );
  t.match(
    text,
    /^HTTP\/1\.1 206 Partial Content\r\nContent-Range: bytes 1-2\/5\r\nContent-Length: 2\r\nETag: "x"\r\n[\s\S]*\r\n\r\nel$/,
  );
  t.match(app.peers[0]?.text(), /Range: bytes=1-2\r\nIf-None-Match: "x"\r\n/);
});

t.test("a body that the exchange brings goes out instead of the client's", async (t) => {
  const app = await sayingApp(t, OK);
  const gate = await gateway(t, {
    upstream: { origin: app.origin },
    exchange: () => ({ body: Buffer.from("confirmed"), method: "POST", target: "/then" }),
  });
  await converse(t, gate.port, "GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
  t.match(
    app.peers[0]?.text(),
    /^POST \/then HTTP\/1\.1\r\n[\s\S]*Content-Length: 9\r\n[\s\S]*\r\n\r\nconfirmed$/,
  );
  t.same(await gate.ended(1), { ending: "success", status: 200, requestBytes: 9, responseBytes: 2 });
});

t.test("what is no request to the app is never sent", async (t) => {
  const app = await sayingApp(t, OK);
  const gate = await gateway(t, {
    upstream: { origin: app.origin },
    exchange: (request) => ({
      target: request.headers["x-target"] as string,
      method: request.headers["x-method"] as string,
    }),
  });
  for (const [method, target] of [
    ["GET", "http://other.example/"],
    ["GET", "*"],
    ["CONNECT", "/"],
  ]) {
    const text = await converse(
      t,
      gate.port,
      `GET / HTTP/1.1\r\nHost: a\r\nX-Target: ${target}\r\nX-Method: ${method}\r\nConnection: close\r\n\r\n`,
    );
    t.match(text, /^HTTP\/1\.1 (400|501) /, `${method} ${target}`);
  }
  t.equal(app.peers.length, 0);
});

t.test("a transport that is closed waits for what is in flight", async (t) => {
  const app = await rawApp(t, () => undefined);
  const gate = await gateway(t, { upstream: { origin: app.origin } });
  const client = await raw(t, gate.port);
  client.send("GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
  await app.arrived(1);
  const closing = gate.transport.close();
  app.peers[0]?.send(OK);
  t.match((await client.closed).text, /ok$/);
  await closing;
});
