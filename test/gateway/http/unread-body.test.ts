import { once } from "node:events";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import t, { type Test } from "tap";
import { dropBody, limitBodyTime } from "../../../src/gateway/http/unread-body.ts";
import { guardConnections, serverOptions } from "../../../src/gateway/http-server.ts";
import { raw } from "../../fixtures/client/raw.ts";
import { snapshotOf } from "../../fixtures/gateway/test-services.ts";

type UnreadLimits = Parameters<typeof dropBody>[1];

const WITHIN = 50;
const { settings } = snapshotOf(
  "upstream: http://127.0.0.1:1\nidentity: [{ insecureHeader: { name: X-User, from: [127.0.0.1] } }]\n",
);
const LIMITS: UnreadLimits = { drain: 4_000_000, requestIdle: 60_000, linger: 60_000 };

/** A server whose every answer is one of ours. */
async function answering(
  t: Test,
  answer: (request: IncomingMessage, response: ServerResponse) => unknown,
  limits: Partial<UnreadLimits> = {},
) {
  const paths: string[] = [];
  const bounds = { ...LIMITS, ...limits };
  const server = createServer(serverOptions(settings), (request, response) => {
    paths.push(request.url ?? "");
    limitBodyTime(server, { request, response }, bounds);
    const { writeHead } = response;
    response.writeHead = function left(...args: readonly unknown[]) {
      dropBody({ request, response }, bounds);
      return Reflect.apply(writeHead, this, args);
    };
    answer(request, response);
  });
  guardConnections(
    server,
    settings,
    () => "id",
    () => undefined,
  );
  // As the proxy has it: the reader of a body asks the client for it.
  server.on("checkContinue", (request, response) => server.emit("request", request, response));
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  t.teardown(() => {
    server.closeAllConnections();
    server.close();
  });
  const { port } = server.address() as AddressInfo;
  return { client: await raw(t, port), paths };
}

const POST = "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nab";
const NEXT = "GET /next HTTP/1.1\r\nHost: a\r\n\r\n";

const refused = (_request: IncomingMessage, response: ServerResponse) => {
  response.writeHead(403).end("no");
};

/** As the pipeline does that looks for a method in the body: some of it is read, and put back. */
const lookedAt = async (request: IncomingMessage, response: ServerResponse) => {
  let beginning = request.read() as Buffer | null;
  while (beginning === null && request.method === "POST") {
    await once(request, "readable");
    beginning = request.read();
  }
  if (beginning !== null) request.unshift(beginning);
  refused(request, response);
};

t.test("DOS-01 a body that a page of ours waits for is 408 when it comes too slowly", async (t) => {
  const { client } = await answering(t, (request) => void request.resume(), { requestIdle: WITHIN });
  client.send(POST);
  t.match((await client.closed).text, /^HTTP\/1\.1 408 [\s\S]*"code":"request-timeout"/);
});

t.test("DOS-01 behind an answer it costs the connection, and nothing more is said", async (t) => {
  const { client } = await answering(t, refused, { requestIdle: WITHIN });
  client.send(POST);
  await once(client.socket, "end");
  client.socket.end();
  const { text, reset } = await client.closed;
  t.match(text, /^HTTP\/1\.1 403 [\s\S]*no\r\n/);
  t.notMatch(text, /408/);
  t.notOk(reset);
});

t.test("a body that is there in time, and a request without one, are left alone", async (t) => {
  const { client } = await answering(t, (request, response) => {
    request.resume().on("end", () => response.writeHead(200).end("done"));
  });
  client.send(`${POST}cde`);
  await client.until("done");
  client.send(NEXT);
  await client.until(/done[\s\S]*done/);
  client.socket.end();
  t.match((await client.closed).text, /^HTTP\/1\.1 200 [\s\S]*HTTP\/1\.1 200 /);
});

for (const [how, answer] of [
  ["nobody looked at", refused],
  ["somebody looked at the beginning of", lookedAt],
] as const) {
  for (const size of [100, 100_000, 1_300_000, 3_900_000]) {
    t.test(`the next request is read behind a body of ${size} bytes that ${how}`, async (t) => {
      const { client, paths } = await answering(t, answer);
      client.send(`POST /first HTTP/1.1\r\nHost: a\r\nContent-Length: ${size}\r\n\r\n`);
      client.send(Buffer.alloc(size, 97));
      client.send(NEXT);
      await client.until(/403[\s\S]*403[\s\S]*no/);
      t.same(paths, ["/first", "/next"]);
      t.notMatch(client.text(), /close/);
    });

    t.test(`and so it is behind ${size} bytes in chunks that ${how}`, async (t) => {
      const { client, paths } = await answering(t, answer);
      client.send("POST /first HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n");
      client.send(`${size.toString(16)}\r\n${"a".repeat(size)}\r\n0\r\n\r\n`);
      client.send(NEXT);
      await client.until(/403[\s\S]*403[\s\S]*no/);
      t.same(paths, ["/first", "/next"]);
    });
  }

  t.test(`a body over the limit that ${how} costs the connection, but not the answer`, async (t) => {
    const { client, paths } = await answering(t, answer);
    const size = 6_000_000;
    client.send(`POST /first HTTP/1.1\r\nHost: a\r\nContent-Length: ${size}\r\n\r\n`);
    client.send(Buffer.alloc(size, 97));
    client.send(NEXT);
    await once(client.socket, "end");
    client.socket.end();
    const { text, reset } = await client.closed;
    t.match(text, /^HTTP\/1\.1 403 [\s\S]*Connection: close[\s\S]*no/);
    t.notOk(reset, "all of it was taken");
    t.same(paths, ["/first"], "what stands behind it is nobody's request");
  });

  t.test(`chunks over the limit that ${how} cost the connection, but not the answer`, async (t) => {
    const { client, paths } = await answering(t, answer);
    client.send("POST /first HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n");
    const size = 6_000_000;
    client.send(`${size.toString(16)}\r\n${"a".repeat(size)}\r\n0\r\n\r\n${NEXT}`);
    await once(client.socket, "end");
    client.socket.end();
    const { text, reset } = await client.closed;
    t.match(text, /^HTTP\/1\.1 403 [\s\S]*no/);
    t.notMatch(text, /403[\s\S]*403/);
    t.notOk(reset);
    t.same(paths, ["/first"]);
  });
}

t.test("a client that never ends is let go", async (t) => {
  const { client } = await answering(t, refused, { drain: 10, linger: WITHIN });
  client.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 100\r\n\r\nab");
  t.match((await client.closed).text, /^HTTP\/1\.1 403 [\s\S]*no/);
});

t.test(
  "a client that still waits to be asked for its body gets the last answer of its connection",
  async (t) => {
    const { client } = await answering(t, refused);
    client.send("POST / HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 5\r\n\r\n");
    await once(client.socket, "end");
    t.match(client.text(), /^HTTP\/1\.1 403 [\s\S]*Connection: close[\s\S]*no/);
  },
);
