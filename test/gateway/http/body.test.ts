import { once } from "node:events";
import { createServer, type IncomingMessage } from "node:http";
import type { AddressInfo } from "node:net";
import t, { type Test } from "tap";
import { hasBody, peekBody, readBody } from "../../../src/gateway/http/body.ts";
import { raw } from "../../fixtures/client/raw.ts";
import { call } from "../../fixtures/client/request.ts";

const IDLE = 30_000;

async function rest(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk);
  return Buffer.concat(chunks).toString();
}

/** A request whose body comes as the test sends it. */
async function slow(t: Test, head: string) {
  const server = createServer();
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  t.teardown(() => {
    server.closeAllConnections();
    server.close();
  });
  const line = await raw(t, (server.address() as AddressInfo).port);
  const came = once(server, "request") as Promise<[IncomingMessage]>;
  line.send(`POST / HTTP/1.1\r\nHost: a\r\n${head}\r\n\r\n`);
  const [request] = await came;
  return { line, request };
}

t.test("a request says whether it has a body", async (t) => {
  const has = async (...lines: string[]) => hasBody((await call(["POST /", ...lines])).raw);
  t.equal(await has(), false);
  t.equal(await has("Content-Length: 0"), false);
  t.equal(await has("Content-Length: 3"), true);
  t.equal(await has("Transfer-Encoding: chunked"), true);
});

t.test("a short body is read whole", async (t) => {
  const { raw: request } = await call("POST /", { body: "hello" });
  t.same(await peekBody(request, 5, IDLE), { bytes: Buffer.from("hello"), whole: true });
  const none = await call("POST /");
  t.same(await peekBody(none.raw, 5, IDLE), { bytes: Buffer.alloc(0), whole: true });
});

t.test("a longer one is looked at and put back", async (t) => {
  const { raw: request } = await call("POST /", { body: "hello world" });
  const { bytes, whole } = await peekBody(request, 5, IDLE);
  t.equal(whole, false);
  t.ok(bytes.length > 5);
  t.equal(await rest(request), "hello world");
});

t.test("it waits for what is still to come", async (t) => {
  const { line, request } = await slow(t, "Transfer-Encoding: chunked");
  const reading = readBody(request, 100, IDLE);
  line.send("5\r\nhello\r\n");
  line.send("6\r\n world\r\n");
  line.send("0\r\n\r\n");
  t.equal((await reading).toString(), "hello world");
});

t.test("a body that stops on its way is given up", async (t) => {
  const { request } = await slow(t, "Content-Length: 10");
  await t.rejects(readBody(request, 100, 1), { code: "request-timeout" });
});

t.test("a client that leaves is told from one that is done", async (t) => {
  const { line, request } = await slow(t, "Content-Length: 10");
  request.on("error", () => undefined);
  const reading = readBody(request, 100, IDLE);
  line.send("hel");
  line.reset();
  await t.rejects(reading, { code: "bad-request" });
});

t.test("a body that is too long to keep is refused", async (t) => {
  const { raw: request } = await call("POST /", { body: "hello world" });
  await t.rejects(readBody(request, 5, IDLE), { code: "too-large" });
});
