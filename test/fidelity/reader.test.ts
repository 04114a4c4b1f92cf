import t from "tap";
import { bodyOf, type Message, Reader, statusOf } from "./reader.ts";

/** All that a reader makes of these bytes, cut into pieces of a length. */
function read(
  text: string,
  { size = 1, method = "GET", side = "answer" as "answer" | "request", broken = false } = {},
) {
  const heads: Message[] = [];
  const faults: string[] = [];
  const reader = new Reader(side === "answer" ? { kind: side, method: () => method } : { kind: side }, {
    head: (it) => heads.push(it),
    fault: (_, why) => faults.push(why),
  });
  const bytes = Buffer.from(text, "latin1");
  for (let at = 0; at < bytes.length; at += size) reader.push(bytes.subarray(at, at + size));
  reader.end(broken);
  return { heads, faults, bodies: heads.map((it) => bodyOf(it).toString("latin1")) };
}

t.test("messages are read the same whatever the pieces that they come in", async (t) => {
  const text =
    "HTTP/1.1 103 Early\r\nLink: <a>\r\n\r\nHTTP/1.1 200 Fa\xe7ade\r\nA:  1 \r\na:\t2\r\nTransfer-Encoding: chunked\r\n\r\n" +
    "3;x=y\r\nabc\r\n2\r\nde\r\n0\r\nX-Sum: 9\r\n\r\nHTTP/1.1 404 \r\nContent-Length: 2\r\n\r\nno";
  for (const size of [1, 2, 3, 7, 1_000]) {
    const { heads, bodies, faults } = read(text, { size });
    t.strictSame(heads.map(statusOf), [103, 200, 404]);
    t.strictSame(bodies, ["", "abcde", "no"]);
    t.strictSame(heads[1]?.fields, [
      ["A", "1"],
      ["a", "2"],
      ["Transfer-Encoding", "chunked"],
    ]);
    t.strictSame(heads[1]?.trailers, [["X-Sum", "9"]]);
    t.equal(heads[1]?.start, "HTTP/1.1 200 Fa\xe7ade");
    t.ok(heads.every((it) => it.complete));
    t.strictSame(faults, []);
  }
});

t.test("a part is never taken for the whole", async (t) => {
  const cut = (text: string, broken = false) => read(text, { broken }).heads[0]?.complete;
  t.equal(cut("HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nab"), false);
  t.equal(cut("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nab\r\n0\r\n"), false);
  t.equal(cut("HTTP/1.1 200 OK\r\n\r\nab", true), false, "the end by a reset");
  t.equal(cut("HTTP/1.1 200 OK\r\n\r\nab"), true, "the end of the connection");
  t.strictSame(read("HTTP/1.1 200 OK\r\nCont").faults, ["cut"]);
  t.match(read("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\n").faults, [/no chunk size/]);
  t.match(read("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nabc\r\n").faults, [/followed by/]);
});

t.test("bare line feeds and folded lines are read, and told", async (t) => {
  const { heads, bodies } = read("HTTP/1.1 200 OK\nA: 1\n  2\nContent-Length: 2\n\nok");
  t.strictSame(heads[0]?.fields, [
    ["A", "1 2"],
    ["Content-Length", "2"],
  ]);
  t.equal(heads[0]?.odd, true);
  t.strictSame(bodies, ["ok"]);
  t.equal(read("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n").heads[0]?.odd, false);
});

t.test("what has no body ends with its head", async (t) => {
  const two = "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n";
  t.equal(read(two + two, { method: "HEAD" }).heads.length, 2);
  t.equal(read("HTTP/1.1 304 Not Modified\r\nContent-Length: 9\r\n\r\n").heads[0]?.complete, true);
  t.strictSame(
    read("POST / HTTP/1.1\r\nHost: a\r\n\r\nGET / HTTP/1.1\r\n\r\n", { side: "request" }).heads.map(
      (it) => it.start,
    ),
    ["POST / HTTP/1.1", "GET / HTTP/1.1"],
  );
});
