import t from "tap";
import { rawApp, sayingApp } from "../../fixtures/apps/upstream.ts";
import { converse, raw } from "../../fixtures/client/raw.ts";
import { gateway } from "../../fixtures/gateway/gateway.ts";

const GET = "GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n";

/** File names as Latin-1, UTF-8 and Shift_JIS write them. */
const VALUES = ["M\xfcller", "M\xc3\xbcller", "\x83\x65\x83\x58\x83\x67", "\x80\xff", "plain"].map(
  (name) => `attachment; filename="${name}.pdf"`,
);
const NAMES = ["Content-Disposition", "content-disposition", "X-Name"];
const BODIES = {
  "a length before": (line: string) => `Content-Length: 4\r\n${line}\r\nbody`,
  "a length behind": (line: string) => `${line}Content-Length: 4\r\n\r\nbody`,
  "the same twice": (line: string) => `Content-Length: 4\r\n${line}X: 1\r\n${line}\r\nbody`,
  chunks: (line: string) => `${line}Transfer-Encoding: chunked\r\n\r\n4\r\nbody\r\n0\r\n\r\n`,
  "nothing yet": (line: string) => `Content-Length: 4\r\n${line}\r\n`,
};

t.test("the bytes of a header's value reach the client as they came", async (t) => {
  for (const [framing, answer] of Object.entries(BODIES)) {
    for (const value of VALUES) {
      for (const name of NAMES) {
        const line = `${name}: ${value}\r\n`;
        const app = await rawApp(t, (peer) => peer.send(`HTTP/1.1 200 Gr\xfcn\r\n${answer(line)}`));
        const gate = await gateway(t, { upstream: { origin: app.origin } });
        const client = await raw(t, gate.port);
        client.send(GET);
        const text = await client.until("\r\n\r\n");
        t.match(text, "HTTP/1.1 200 Gr\xfcn\r\n", `${framing}, ${name}`);
        t.ok(text.includes(line), `${framing}, ${name}: ${JSON.stringify(text)}`);
        if (framing === "nothing yet") app.peers[0]?.send("body");
        t.match((await client.closed).text, /body(?:\r\n0\r\n\r\n)?$/);
      }
    }
  }
});

t.test("the bytes of a header's value reach the client where there is no body", async (t) => {
  const line = `Content-Disposition: ${VALUES[0]}\r\n`;
  for (const [method, status, length] of [
    ["GET", "200 OK", "0"],
    ["HEAD", "200 OK", "0"],
    ["HEAD", "200 OK", "4"],
    ["GET", "304 Not Modified", "4"],
  ]) {
    const app = await sayingApp(t, `HTTP/1.1 ${status}\r\nContent-Length: ${length}\r\n${line}\r\n`);
    const gate = await gateway(t, { upstream: { origin: app.origin } });
    const text = await converse(t, gate.port, GET.replace("GET", method ?? ""));
    t.ok(text.includes(`Content-Length: ${length}\r\n${line}`), `${method} ${length}: ${text}`);
  }
});

t.test("an answer that says it is compressed may be empty", async (t) => {
  for (const framing of [
    "Content-Length: 0\r\n\r\n",
    "Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    "\r\n",
  ]) {
    const app = await sayingApp(t, `HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\n${framing}`, {
      close: true,
    });
    const gate = await gateway(t, { upstream: { origin: app.origin } });
    const text = await converse(t, gate.port, GET);
    t.match(text, /^HTTP\/1\.1 200 OK\r\nContent-Encoding: gzip\r\n[\s\S]*\r\n\r\n(?:0\r\n\r\n)?$/);
    t.equal((await gate.ended(1)).ending, "success");
  }
});
