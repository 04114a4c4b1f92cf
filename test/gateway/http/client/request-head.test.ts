import t from "tap";
import {
  asksForConnection,
  type RequestFraming,
  requestHead,
} from "../../../../src/gateway/http/client/request-head.ts";

const head = (headers: readonly string[], framing: RequestFraming = "none", method = "GET", target = "/a") =>
  requestHead(method, target, headers, framing).head;

t.test("headers go out in order and spelling, bytes above 127 too", async (t) => {
  t.equal(
    head(["Host", "a", "x-B", "\x80\xff", "x-b", ""]),
    "GET /a HTTP/1.1\r\nHost: a\r\nx-B: \x80\xff\r\nx-b: \r\nConnection: keep-alive\r\n\r\n",
  );
});

t.test("the framing is what the body has, in the place and spelling of the client's", async (t) => {
  t.match(head(["content-LENGTH", "9", "X", "1"], 5), "content-LENGTH: 5\r\nX: 1\r\nConn");
  t.match(head(["X", "1"], 5), "X: 1\r\nContent-Length: 5\r\nConn");
  t.match(
    head(["transfer-encoding", "Chunked", "X", "1"], "chunked"),
    "transfer-encoding: chunked\r\nX: 1\r\nConn",
  );
  t.match(head(["X", "1"], "chunked"), "X: 1\r\nTransfer-Encoding: chunked\r\nConn");
  t.match(head([], 0), "Content-Length: 0\r\n");
  for (const [framing, line] of [
    ["none", "Content-Length"],
    ["chunked", "Content-Length"],
    ["none", "Transfer-Encoding"],
    [3, "Transfer-Encoding"],
  ] as const)
    t.notMatch(
      head([line, line === "Content-Length" ? "3" : "chunked"], framing),
      `${line}: `,
      String(framing),
    );
  t.equal(head(["Content-Length", "3", "Content-Length", "3"], 3).split("Content-Length").length, 2);
});

t.test("what would be another request, or two, is never sent", async (t) => {
  for (const target of ["", "a", "http://other.example/", "*", "/a b", "/a\r\nX: 1", "/\0", "/\u0394"])
    t.throws(() => head([], "none", "GET", target), { code: "bad-request" }, JSON.stringify(target));
  for (const method of ["CONNECT", "", "GE T", "GET\r\n"])
    t.throws(() => head([], "none", method), { code: "bad-method" }, JSON.stringify(method));
  for (const [name, value] of [
    ["X Y", "1"],
    ["", "1"],
    ["X:", "1"],
    ["X", "1\r\nY: 2"],
    ["X", "1\n"],
    ["X", "\0"],
    ["X", "\u0394"],
  ] as const)
    t.throws(() => head([name, value]), { code: "internal" }, JSON.stringify([name, value]));
  t.match(head([], "none", "OPTIONS", "*"), /^OPTIONS \* HTTP/);
  t.match(head([], "none", "GET", "/\xc3\xa9|[]\\"), "GET /\xc3\xa9|[]\\ HTTP");
});

t.test("credentials that count for a connection are known", async (t) => {
  for (const [value, expected] of [
    ["NTLM TlRM", true],
    ["negotiate YII", true],
    ["Basic x", false],
    ["Bearer negotiate", false],
  ] as const) {
    t.equal(requestHead("GET", "/", ["authorization", value], "none").authenticates, expected, value);
    t.equal(asksForConnection(401, ["Www-Authenticate", value]), expected, value);
  }
  t.equal(asksForConnection(200, ["WWW-Authenticate", "NTLM"]), false);
});
