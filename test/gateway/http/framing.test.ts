import t from "tap";
import { framingFault, framingOf } from "../../../src/gateway/http/framing.ts";
import { sayingApp } from "../../fixtures/apps/upstream.ts";
import { converse } from "../../fixtures/client/raw.ts";
import { gateway } from "../../fixtures/gateway/gateway.ts";

const request = (headers: Record<string, string>, httpVersion = "1.1") => ({ headers, httpVersion });

t.test("SMUG-02 framing that has two readings is refused", async (t) => {
  for (const coding of [
    "gzip, chunked",
    ",chunked",
    "chunked,",
    "chunked, chunked",
    "identity",
    "xchunked",
    "chunked;a=b",
    "",
  ]) {
    t.equal(
      framingFault(request({ "transfer-encoding": coding }))?.code,
      "bad-request",
      `Transfer-Encoding: ${coding}`,
    );
  }
  for (const length of ["010", "00", "+3", "-1", "3,3", "3 3", "0x3", "1e3", "9007199254740992", ""]) {
    t.equal(
      framingFault(request({ "content-length": length }))?.code,
      "bad-request",
      `Content-Length: ${length}`,
    );
  }
  t.equal(
    framingFault(request({ "content-length": "3", "transfer-encoding": "chunked" }))?.code,
    "bad-request",
  );
  t.equal(framingFault(request({ "transfer-encoding": "chunked" }, "1.0"))?.code, "bad-request");
});

t.test("SMUG-01 only the versions that are spoken here are read", async (t) => {
  for (const version of ["0.9", "1.2", "2.0"])
    t.equal(framingFault(request({}, version))?.code, "bad-request", version);
  for (const version of ["1.0", "1.1"]) t.equal(framingFault(request({}, version)), null, version);
});

t.test("framing with one reading is let through", async (t) => {
  t.equal(framingFault(request({})), null);
  t.equal(framingFault(request({ "content-length": "0" })), null);
  t.equal(framingFault(request({ "content-length": "9007199254740991" })), null);
  t.equal(framingFault(request({ "transfer-encoding": "Chunked" })), null);
  t.equal(framingFault(request({ "content-length": "3" }, "1.0")), null);
});

t.test("a body is none, of a length, or chunked", async (t) => {
  t.equal(framingOf(request({})), "none");
  t.equal(framingOf(request({ "content-length": "0" })), 0);
  t.equal(framingOf(request({ "content-length": "12" })), 12);
  t.equal(framingOf(request({ "transfer-encoding": "chunked" })), "chunked");
});

t.test("SMUG-01, SMUG-02 nothing malformed reaches the app through a socket", async (t) => {
  const app = await sayingApp(t, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
  const gate = await gateway(t, { upstream: { origin: app.origin } });
  const heads = [
    "Content-Length: 3\r\nTransfer-Encoding: chunked",
    "Content-Length: 3\r\nContent-Length: 3",
    "Content-Length: 3\r\nContent-Length: 4",
    "Content-Length: +3",
    "Content-Length: 03",
    "Content-Length: 3, 3",
    "Content-Length : 3",
    "Transfer-Encoding : chunked",
    "Transfer-Encoding: xchunked",
    "Transfer-Encoding: gzip, chunked",
    "Transfer-Encoding: ,chunked",
    "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked",
    "Transfer-Encoding: chunked\r\n X-Folded: 1",
    "X-A: a\rb",
    "X-A: a\x00b",
    "X-A: 1\nX-B: 2",
  ];
  for (const head of heads) {
    const text = await converse(
      t,
      gate.port,
      `POST / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n${head}\r\n\r\n0\r\n\r\n`,
    );
    t.match(text, /^HTTP\/1\.1 400 /, JSON.stringify(head));
  }
  t.match(
    await converse(t, gate.port, "POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"),
    /^HTTP\/1\.1 400 /,
  );
  t.equal(app.peers.length, 0);
});
