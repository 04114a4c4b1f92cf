import type { IncomingMessage } from "node:http";
import t from "tap";
import { requestLineFault } from "../../../src/gateway/intake/request-line.ts";

/** A POST to `url` with one header, as node gives it while its parser reads this packet; `read` bytes came in all. */
function posted(url: string, packet: string, read = packet.length) {
  const parser = { getCurrentBuffer: () => Buffer.from(packet, "latin1") };
  const rawHeaders = ["Host", "a", "Content-Length", "40"];
  const headers = { host: "a", "content-length": "40" };
  const request = { socket: { bytesRead: read, parser }, method: "POST", url, rawHeaders, headers };
  return requestLineFault(request as unknown as IncomingMessage);
}

const FIELDS = "Host: a\r\nContent-Length: 40\r\n\r\n";

t.test(
  "a line with more than one space between two parts is found, also behind another request",
  async (t) => {
    const lines = ["POST  / HTTP/1.1", "POST /  HTTP/1.1", "POST   /   HTTP/1.0"];
    for (const line of lines) {
      t.match(posted("/", `${line}\r\n${FIELDS}`), { code: "bad-request" }, line);
      t.match(
        posted("/", `GET /x HTTP/1.1\r\nHost: a\r\n\r\n${line}\r\n${FIELDS}`),
        { code: "bad-request" },
        line,
      );
    }
    const url = "/a(b)*?c=[d]";
    t.match(posted(url, `POST ${url}  HTTP/1.1\r\n${FIELDS}`), { code: "bad-request" }, url);
  },
);

t.test("a body that has such bytes is a body, wherever the head was cut", async (t) => {
  const bodies = ["and/  or", "POST  it", "/  HTTP/1.1", "x POST  / HTTP/1.1\r\n", "POST  /a HTTP/1.1\r\n"];
  for (const body of bodies)
    for (const rest of [FIELDS, "a\r\nContent-Length: 40\r\n\r\n", "\n\r\n"])
      t.equal(posted("/", rest + body, 400), null, JSON.stringify(rest + body));
});

t.test("what came as it is usually written isn't looked at", async (t) => {
  const head = `POST / HTTP/1.1\r\n${FIELDS}`;
  t.equal(posted("/", "POST  / HTTP/1.1\r\n", head.length), null);
  t.equal(posted("/", "POST  / HTTP/1.1\r\n", head.length + 40), null);
});
