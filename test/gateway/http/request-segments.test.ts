import { createHash } from "node:crypto";
import type { IncomingMessage } from "node:http";
import { setImmediate } from "node:timers/promises";
import t, { type Test } from "tap";
import { bodyOf, httpApp } from "../../fixtures/apps/upstream.ts";
import { raw } from "../../fixtures/client/raw.ts";
import { gateway } from "../../fixtures/gateway/gateway.ts";

/** Bytes of which no two pieces are alike. */
function bytesOf(length: number): Buffer {
  const blocks = Array.from({ length: Math.ceil(length / 32) }, (_, n) =>
    createHash("sha256").update(String(n)).digest(),
  );
  return Buffer.concat(blocks).subarray(0, length);
}

/** An app that says what body it got. */
function digesting(t: Test) {
  return httpApp(t, async (request, response) => {
    const body = await bodyOf(request);
    const length = request.headers["content-length"] ?? "chunked";
    response.end(`${body.length} of ${length} ${createHash("sha256").update(body).digest("hex")}`);
  });
}

const said = (body: Buffer, framing: string) =>
  `${body.length} of ${framing} ${createHash("sha256").update(body).digest("hex")}`;

/** Node has read all of it. */
async function whole({ raw: request }: { readonly raw: IncomingMessage }): Promise<void> {
  while (!request.complete) await setImmediate();
}

const WAITS = { "at once": async () => undefined, "when the whole body is there": whole };
const SIZES = [1, 1_448, 4_344, 16_384, 16_385, 65_499, 65_500, 65_536, 65_537, 200_000];
/** Node's parser stops reading of a request that nobody reads when this much waits. */
const BUFFERED = 65_536;

for (const [when, before] of Object.entries(WAITS)) {
  t.test(`a body arrives whole, whatever its size and its pieces, if it is sent on ${when}`, async (t) => {
    const app = await digesting(t);
    const gate = await gateway(t, { upstream: { origin: app.origin }, before });
    for (const size of SIZES) {
      if (before === whole && size >= BUFFERED) continue;
      for (const piece of [1_448, 4_096, 70_000, size]) {
        const body = bytesOf(size);
        const client = await raw(t, gate.port);
        client.socket.setNoDelay(true);
        client.send(`POST /save HTTP/1.1\r\nHost: a\r\nConnection: close\r\nContent-Length: ${size}\r\n\r\n`);
        for (let at = 0; at < size; at += piece) {
          client.send(body.subarray(at, at + piece));
          await setImmediate();
        }
        const { text } = await client.closed;
        t.ok(text.endsWith(said(body, String(size))), `${size} bytes in pieces of ${piece}: ${text}`);
      }
    }
  });
}

t.test("a body in one write with its head arrives whole", async (t) => {
  const app = await digesting(t);
  const gate = await gateway(t, { upstream: { origin: app.origin } });
  for (const size of SIZES) {
    const body = bytesOf(size);
    const client = await raw(t, gate.port);
    const head = `POST /save HTTP/1.1\r\nHost: a\r\nConnection: close\r\nContent-Length: ${size}\r\n\r\n`;
    client.send(Buffer.concat([Buffer.from(head), body]));
    const { text } = await client.closed;
    t.ok(text.endsWith(said(body, String(size))), `${size} bytes: ${text}`);
  }
});

t.test("a body in chunks arrives whole, whatever the chunks", async (t) => {
  const app = await digesting(t);
  const gate = await gateway(t, { upstream: { origin: app.origin }, before: whole });
  for (const piece of [1, 1_448, 20_000]) {
    const body = bytesOf(20_000);
    const client = await raw(t, gate.port);
    client.send("POST /save HTTP/1.1\r\nHost: a\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n\r\n");
    for (let at = 0; at < body.length; at += piece) {
      const part = body.subarray(at, at + piece);
      client.send(Buffer.concat([Buffer.from(`${part.length.toString(16)}\r\n`), part, Buffer.from("\r\n")]));
    }
    client.send("0\r\n\r\n");
    const { text } = await client.closed;
    t.ok(text.endsWith(said(body, "chunked")), `chunks of ${piece}: ${text}`);
  }
});
