import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo, Socket } from "node:net";
import t, { type Test } from "tap";
import { guardConnections, serverOptions } from "../../../src/gateway/http-server.ts";
import { sentTarget } from "../../../src/gateway/intake/raw-target.ts";
import { raw, type Wire } from "../../fixtures/client/raw.ts";
import { AS, CLICK, HOST, impersonate, request, send, stand } from "../../fixtures/gateway/attack-stand.ts";
import { snapshotOf } from "../../fixtures/gateway/test-services.ts";

const BASE = `upstream: http://127.0.0.1:1\nidentity: [{ insecureHeader: { name: X-User, from: [127.0.0.1] } }]\n`;

/** A server that says which target it read, how long the body was, and closes nothing. */
async function reading(t: Test, more = "") {
  const { settings } = snapshotOf(BASE + more);
  const server = createServer(serverOptions(settings), (request, response) => {
    const target = sentTarget(request);
    let length = 0;
    request.on("data", (chunk: Buffer) => {
      length += chunk.length;
    });
    request.on("end", () => response.end(Buffer.from(`${request.method} ${target} ${length}!`, "latin1")));
  });
  const faults: string[] = [];
  const sockets: Socket[] = [];
  server.on("connection", (socket) => void sockets.push(socket));
  guardConnections(
    server,
    settings,
    () => "id",
    (fault) => void faults.push(fault.code),
  );
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  t.teardown(() => {
    server.closeAllConnections();
    server.close();
  });
  return { server, sockets, faults, line: await raw(t, (server.address() as AddressInfo).port) };
}

/** Sends each piece as soon as the server has read the one before; resolves with what is said at last. */
async function say(line: Wire, answer: string, ...bytes: readonly string[]): Promise<void> {
  const [last = ""] = bytes.slice(-1);
  for (const piece of bytes.slice(0, -1)) line.send(piece);
  line.send(last);
  await line.until(`\r\n\r\n${answer}!`);
}

t.test("bytes above 127 in a target are read as they were sent, again and again", async (t) => {
  const { line, faults, server } = await reading(t);
  await say(line, "GET /plain 0", "GET /plain HTTP/1.1\r\nHost: a\r\n\r\n");
  await say(line, "GET /caf\xc3\xa9?x=\xff 0", "GET /caf\xc3\xa9?x=\xff HTTP/1.1\r\nHost: a\r\n\r\n");
  await say(line, "GET /again 0", "GET /again HTTP/1.1\r\nHost: a\r\n\r\n");
  await say(line, "POST /\xe9 5", "POST /\xe9 HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\n12", "345");
  await say(line, "GET /%e9\x80 0", "GET /%e9\x80 HTTP/1.1\r\nHo", "st: a\r\n\r\n");
  for (let n = 0; n < 20; n++)
    await say(line, `GET /\xe9${n} 0`, `GET /\xe9${n} HTTP/1.1\r\nHost: a\r\n\r\n`);
  await say(line, "GET /after 0", "GET /after HTTP/1.1\r\nHost: a\r\n\r\n");
  t.same(faults, []);
  const [connections] = await new Promise<[number]>((resolve) =>
    server.getConnections((_error, count) => resolve([count])),
  );
  t.equal(connections, 1, "all on one connection");
});

t.test("behind requests that have no answer yet it waits for its turn", async (t) => {
  const { line, faults } = await reading(t);
  const body = "b".repeat(65_536);
  line.send(
    [
      `POST /first HTTP/1.1\r\nHost: a\r\nContent-Length: ${body.length}\r\n\r\n${body}`,
      "GET /second HTTP/1.1\r\nHost: a\r\n\r\n",
      "GET /\xe9 HTTP/1.1\r\nHost: a\r\n\r\n",
      "POST /\xff HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\n123",
      "GET /last HTTP/1.1\r\nHost: a\r\n\r\n",
    ].join(""),
  );
  const text = await line.until("GET /last 0!");
  const said = ["POST /first 65536!", "GET /second 0!", "GET /\xe9 0!", "POST /\xff 3!", "GET /last 0!"];
  t.same(text.match(/(?:GET|POST) \/[^!]*!/g), said);
  t.same(faults, []);
});

t.test("a client that says no more after it gets its answer", async (t) => {
  const { line, faults } = await reading(t);
  line.send("GET /\xe9 HTTP/1.1\r\nHost: a\r\n\r\n");
  line.socket.end();
  t.match((await line.closed).text, /GET \/\xe9 0!/);
  t.same(faults, []);
});

t.test("a line whose beginning is gone is never taken for another", async (t) => {
  for (const pieces of [
    ["UN", "LOCK /\xe9 HTTP/1.1"],
    ["G", "ET /\xe9 HTTP/1.1"],
    ["GET /a", "/\xe9 HTTP/1.1"],
  ]) {
    const { sockets, line, faults } = await reading(t);
    const plain = "GET /plain HTTP/1.1\r\nHost: a\r\n\r\n";
    line.send(plain);
    await line.until("GET /plain 0!");
    const [connection] = sockets;
    line.send(pieces[0] ?? "");
    while (connection !== undefined && connection.bytesRead < plain.length + (pieces[0] ?? "").length)
      await new Promise((resolve) => setImmediate(resolve));
    line.send(`${pieces[1]}\r\nHost: a\r\n\r\n`);
    t.match((await line.closed).text, /HTTP\/1\.1 400 /, pieces.join(" | "));
    t.equal(faults.length, 1);
  }
});

t.test("they are read behind a body, whatever it ends with", async (t) => {
  const { line, faults } = await reading(t);
  const post = (body: string) =>
    `POST /a HTTP/1.1\r\nHost: a\r\nContent-Length: ${body.length}\r\n\r\n${body}`;
  for (const body of ["x", "a b", "GET /", "X", "{\n}", "PUT /\xe9 HTTP/1.1\r\nA", "y".repeat(65_536)]) {
    const at = line.text().length;
    line.send(`${post(body)}PUT /\xe9 HTTP/1.1\r\nHost: a\r\n\r\n`);
    await line.until(new RegExp(`^[\\s\\S]{${at},}POST /a ${body.length}![\\s\\S]*PUT /\xe9 0!`));
  }
  t.same(faults, []);
  line.send(`${post("UN")}LOCK /\xe9 HTTP/1.1\r\nHost: a\r\n\r\n`);
  const { text } = await line.closed;
  t.match(text, /HTTP\/1\.1 400 /, "but not where it could be the end of another method");
  t.equal(faults.length, 1);
});

t.test("what else is wrong with a request line is refused as ever", async (t) => {
  const odd = [
    "GET /a\xe9\x01 HTTP/1.1",
    "GET /\xe9 b HTTP/1.1",
    "GET \xe9/a HTTP/1.1",
    "GET /a\xe9 HTP/1.1",
    "G\xe9T /a HTTP/1.1",
    "FROB /\xe9 HTTP/1.1",
    "GET /\xe9 HTTP/1.1\nHost: a",
  ];
  for (const bytes of odd) {
    const { line, faults } = await reading(t);
    line.send(`${bytes}\r\nHost: a\r\n\r\n`);
    const { text } = await line.closed;
    t.match(text, /^HTTP\/1\.1 (?:400|501) /, JSON.stringify(bytes));
    t.equal(faults.length, 1);
  }
});

t.test("on a connection that was read again, time and headers are limited as before", async (t) => {
  const slow = await reading(t, "timeouts: { requestHeaders: 1s }\n");
  await say(slow.line, "GET /\xe9 0", "GET /\xe9 HTTP/1.1\r\nHost: a\r\n\r\n");
  slow.line.send("GET /\xe9 HTTP/1.1\r\nHost: a\r\nX-Slow");
  const { text } = await slow.line.closed;
  t.match(text, /HTTP\/1\.1 408 /);
  t.same(slow.faults, ["request-timeout"], "and nobody is told twice");
  const long = await reading(t, "limits: { headers: 2kB }\n");
  long.line.send(`GET /\xe9 HTTP/1.1\r\nHost: a\r\nX: ${"x".repeat(3_000)}\r\n\r\n`);
  t.match((await long.line.closed).text, /^HTTP\/1\.1 431 /);
});

t.test("own traffic has its bytes, and what is judged the one reading of them", async (t) => {
  const it = await stand(t);
  const cookie = await impersonate(t, it);
  const asked = async (target: string, fields: readonly string[]) => {
    const { status } = await send(t, it.port, request(`GET ${target}`, fields));
    return [status, it.app.arrived.at(-1)?.target];
  };
  t.same(await asked("/caf\xc3\xa9?q=\xe9", []), [200, "/caf\xc3\xa9?q=\xe9"]);
  t.same(await asked("/caf\xc3\xa9?q=\xe9", [...AS.alice, cookie]), [200, "/caf%C3%A9?q=%E9"]);
  t.same(await asked("/\xe9", []), [200, "/\xe9"], "Latin-1");
  const before = it.app.arrived.length;
  t.equal((await asked("/\xe9", [...AS.alice, cookie]))[0], 400, "which is no UTF-8");
  t.equal(it.app.arrived.length, before);
  const started = await send(t, it.port, request("GET /site/1/\xc3\xa9", [...CLICK, ...AS.alice]));
  t.match(started.head, /^Set-Cookie: guise=/m, "a route matches it");
  t.equal(it.app.arrived.at(-1)?.target, "/site/1/%C3%A9");
  const socket = [
    "Connection: Upgrade",
    "Upgrade: websocket",
    `Origin: http://${HOST}`,
    "Sec-WebSocket-Version: 13",
    "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
  ];
  t.same(await asked("/live/\xc3\xa9", socket), [101, "/live/\xc3\xa9"], "an upgrade as well");
});
