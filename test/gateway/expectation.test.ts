import t from "tap";
import { converse } from "../fixtures/client/raw.ts";
import { stand } from "../fixtures/gateway/attack-stand.ts";

t.test("an expectation that nobody meets ends its connection, and nothing behind it is read", async (t) => {
  const it = await stand(t);
  const behind = "GET /behind HTTP/1.1\r\nHost: app.example\r\n\r\n";
  const head = (lines: string) => `POST /x HTTP/1.1\r\nHost: app.example\r\nExpect: wonders\r\n${lines}\r\n`;
  for (const bytes of [
    head(`Content-Length: ${behind.length}\r\n`) + behind,
    head("Content-Length: 0\r\n") + behind,
    head("Transfer-Encoding: chunked\r\n") + behind,
  ]) {
    const text = await converse(t, it.port, bytes);
    t.match(text, /^HTTP\/1\.1 417 [\s\S]*Connection: close/i);
    t.notMatch(text.slice(10), "HTTP/1.1 2");
  }
  t.same(it.app.arrived, []);
});

t.test("nor is anything read behind what the parser refuses", async (t) => {
  const it = await stand(t);
  for (const broken of [
    "GET /x HTTP/1.1\r\nHost app.example\r\n\r\n",
    "GET /x HTTP/1.1\r\nA\u0000: b\r\n\r\n",
  ]) {
    const text = await converse(t, it.port, `${broken}GET /behind HTTP/1.1\r\nHost: app.example\r\n\r\n`);
    t.match(text, /^HTTP\/1\.1 4\d\d [\s\S]*Connection: close/i);
    t.notMatch(text.slice(10), "HTTP/1.1 2");
  }
  t.same(it.app.arrived, []);
});
