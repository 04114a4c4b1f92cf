import fc from "fast-check";
import t from "tap";
import type { ResponseHead } from "../../../../src/gateway/http/client/response-head.ts";
import { ResponseParser } from "../../../../src/gateway/http/client/response-parser.ts";

interface Read {
  readonly status: number;
  readonly message: string;
  readonly headers: readonly string[];
  readonly body: string;
  /** `open`: more is to come; `again`: complete, and the connection can be used again; `last`: complete, but not that. */
  readonly end: "open" | "again" | "last";
  /** No byte was left over. */
  readonly whole: boolean;
}

/** Reads these pieces as the answer to one request; with `ended`, the app then ends its side. */
function read(pieces: readonly Buffer[], method = "GET", ended = false): Read {
  let head: ResponseHead | null = null;
  let body = "";
  const sink = {
    head: (it: ResponseHead) => {
      head = it;
    },
    data: (bytes: Buffer) => {
      body += bytes.toString("latin1");
    },
  };
  const parser = new ResponseParser(sink, 262_144);
  parser.expect(method);
  const whole = pieces.every((piece) => parser.push(piece));
  if (ended && !parser.complete) parser.finish();
  const { status = 0, message = "", headers = [] } = (head ?? {}) as Partial<ResponseHead>;
  const end = parser.complete ? (parser.tidy ? "again" : "last") : "open";
  return { status, message, headers, body, end, whole };
}

const text = (bytes: string) => [Buffer.from(bytes, "latin1")];
const OK = {
  status: 200,
  message: "OK",
  headers: ["Content-Length", "2"],
  body: "ok",
  end: "again",
  whole: true,
};

t.test("a plain answer is read, and its connection can be used again", async (t) => {
  t.same(read(text("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")), OK);
  t.same(read(text("HTTP/1.0 200 OK\r\nConnection: Keep-Alive\r\nContent-Length: 2\r\n\r\nok")), {
    ...OK,
    headers: ["Connection", "Keep-Alive", "Content-Length", "2"],
  });
  t.match(
    read(text("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2;a=b\r\nok\r\n0\r\nX: 1\r\n\r\n")),
    {
      body: "ok",
      end: "again",
    },
  );
});

t.test("an answer that ends with its connection is the last one on it", async (t) => {
  for (const head of [
    "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\n",
    "HTTP/1.1 200 OK\r\nConnection: X, Close\r\nContent-Length: 2\r\n\r\n",
    "HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\n",
  ])
    t.match(read(text(`${head}ok`)), { body: "ok", end: "last", whole: true }, head);
  const open = "HTTP/1.1 200 OK\r\n\r\nok";
  t.match(read(text(open)), { body: "ok", end: "open" });
  t.match(read(text(open), "GET", true), { body: "ok", end: "last" });
});

const TIDY = { ...OK, end: "last" };
const ODD: Readonly<Record<string, readonly [string, object]>> = {
  "bare line feeds": ["HTTP/1.1 200 OK\nContent-Length: 2\n\nok", TIDY],
  "a bare line feed among others": ["HTTP/1.1 200 OK\r\nContent-Length: 2\n\r\nok", TIDY],
  "an empty line of a bare line feed": ["HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\nok", TIDY],
  "a folded line": [
    "HTTP/1.1 200 OK\r\nX-A: one\r\n\t two\r\n three\r\nContent-Length: 2\r\n\r\nok",
    { ...TIDY, headers: ["X-A", "one two three", "Content-Length", "2"] },
  ],
  "an equal length twice": ["HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 2\r\n\r\nok", TIDY],
  "an equal length in a list": ["HTTP/1.1 200 OK\r\nContent-Length: 2, 2\r\n\r\nok", TIDY],
  "chunks said twice": [
    "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\ntransfer-encoding: Chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n",
    { ...TIDY, headers: ["Transfer-Encoding", "chunked", "transfer-encoding", "Chunked"] },
  ],
  "chunks twice in a list": [
    "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked, chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n",
    { ...TIDY, headers: ["Transfer-Encoding", "chunked, chunked"] },
  ],
  "white space before a colon": ["HTTP/1.1 200 OK\r\nContent-Length : 2\r\n\r\nok", TIDY],
  "an unasked 100": ["HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok", TIDY],
  "empty lines before it": ["\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok", TIDY],
  "chunks with bare line feeds": [
    "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\nok\n0\n\n",
    { ...TIDY, headers: ["Transfer-Encoding", "chunked"] },
  ],
  "chunks with spaces and extensions": [
    "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2  ;a=b\r\nok\r\n0\r\n\r\n",
    { ...TIDY, headers: ["Transfer-Encoding", "chunked"] },
  ],
};

for (const [what, [bytes, expected]] of Object.entries(ODD)) {
  t.test(`${what}: read, and the last on its connection, however it is cut`, async (t) => {
    t.same(read(text(bytes)), expected);
    const cuts = fc.array(fc.nat(bytes.length), { maxLength: 6 });
    fc.assert(
      fc.property(cuts, (at) => {
        const places = [0, ...at.toSorted((a, b) => a - b), bytes.length];
        const pieces = places.slice(1).map((end, n) => Buffer.from(bytes.slice(places[n], end), "latin1"));
        return JSON.stringify(read(pieces)) === JSON.stringify(read(text(bytes)));
      }),
    );
  });
}

t.test("a status line needs no phrase, and its bytes stay", async (t) => {
  t.match(read(text("HTTP/1.1 200\r\nContent-Length: 0\r\n\r\n")), { message: "", end: "again" });
  t.match(read(text("HTTP/1.1 200 Gr\xfcn \xc3\xbc\r\nX-B: \x80\xff\r\nContent-Length: 0\r\n\r\n")), {
    message: "Gr\xfcn \xc3\xbc",
    headers: ["X-B", "\x80\xff", "Content-Length", "0"],
    end: "again",
  });
});

t.test("hints before the answer are read over", async (t) => {
  const hints = "HTTP/1.1 102 Processing\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\n";
  t.same(read(text(`${hints}HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok`)), OK);
});

t.test("what can have no body has none, whatever length it speaks of", async (t) => {
  t.match(read(text("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n"), "HEAD"), { body: "", end: "again" });
  t.match(read(text("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"), "HEAD"), {
    body: "",
    end: "again",
  });
  for (const status of [204, 304])
    t.match(read(text(`HTTP/1.1 ${status} X\r\nContent-Length: 9\r\n\r\n`)), { body: "", end: "again" });
});

t.test("SMUG-05 bytes behind an answer are left over", async (t) => {
  for (const head of ["HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok", "HTTP/1.1 204 No\r\n\r\n"]) {
    t.equal(read(text(`${head}HTTP/1.1 200 Evil\r\n\r\n`)).whole, false);
    t.equal(read([...text(head), ...text("x")]).whole, false);
  }
  t.equal(read(text("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"), "HEAD").whole, false);
});

t.test("SMUG-05 what has two readings, or none, is refused", async (t) => {
  const status = "HTTP/1.1 200 OK\r\n";
  for (const bytes of [
    `${status}Content-Length: 2\r\nContent-Length: 3\r\n\r\nok`,
    `${status}Content-Length: 2, 3\r\n\r\nok`,
    `${status}Content-Length: +2\r\n\r\nok`,
    `${status}Content-Length: 02\r\n\r\nok`,
    `${status}Content-Length: 0x2\r\n\r\nok`,
    `${status}Content-Length:\r\n\r\nok`,
    `${status}Content-Length: 99999999999999999\r\n\r\nok`,
    `${status}Content-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n`,
    `${status}Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n`,
    `${status}Transfer-Encoding: chunked, gzip\r\n\r\n0\r\n\r\n`,
    `${status}Transfer-Encoding: chunked,\r\n\r\n0\r\n\r\n`,
    `${status}Transfer-Encoding: chunked chunked\r\n\r\n0\r\n\r\n`,
    `${status}Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n\r\n0\r\n\r\n`,
    "HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked, chunked\r\n\r\n0\r\n\r\n",
    `${status}Transfer-Encoding: identity\r\n\r\nok`,
    `${status}Transfer-Encoding:\r\n\r\nok`,
    "HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    "HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\n\r\n",
    "HTTP/2.0 200 OK\r\nContent-Length: 0\r\n\r\n",
    "HTTP/1.2 200 OK\r\nContent-Length: 0\r\n\r\n",
    "RTSP/1.0 200 OK\r\nContent-Length: 0\r\n\r\n",
    "ICY 200 OK\r\n\r\n",
    "http/1.1 200 OK\r\n\r\n",
    "HTTP/1.1 099 Low\r\n\r\n",
    "HTTP/1.1 1000 High\r\n\r\n",
    "HTTP/1.1 20 Short\r\n\r\n",
    "HTTP/1.1  200 Spaces\r\n\r\n",
    "HTTP/1.1 200 O\x01K\r\n\r\n",
    `${status} X: folded before there is a line\r\n\r\n`,
    `${status}X Y: 1\r\n\r\n`,
    `${status}no colon\r\n\r\n`,
    `${status}: no name\r\n\r\n`,
    `${status}X: a\x01b\r\n\r\n`,
    `${status}X: a\0b\r\n\r\n`,
    `${status}X: a\rb\r\n\r\n`,
    `${status}Transfer-Encoding: chunked\r\n\r\nzz\r\n`,
    `${status}Transfer-Encoding: chunked\r\n\r\n-1\r\n`,
    `${status}Transfer-Encoding: chunked\r\n\r\n2\r\nokay\r\n0\r\n\r\n`,
    `${status}Transfer-Encoding: chunked\r\n\r\n12345678901234\r\n`,
    `${status}Transfer-Encoding: chunked\r\n\r\n1;${"x".repeat(20_000)}`,
    `${status}${"X-Y: 12345678\r\n".repeat(20_000)}`,
    "SSH-2.0-OpenSSH_9.6\r\n",
  ])
    t.throws(() => read(text(bytes)), { code: "MALFORMED_RESPONSE" }, JSON.stringify(bytes.slice(0, 80)));
});

t.test("an answer that is cut is never whole", async (t) => {
  for (const bytes of [
    "HTTP/1.1 200 OK\r\nContent-Le",
    "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhalf",
    "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nhalf\r\n",
    "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nhalf\r\n0\r\n",
    "HTTP/1.1 103 Early Hints\r\n\r\n",
  ])
    t.throws(() => read(text(bytes), "GET", true), { code: "ANSWER_CUT" }, JSON.stringify(bytes));
});

t.test("heads of 64 kB and more are read", async (t) => {
  const line = `X-Policy: ${"p".repeat(10_000)}\r\n`;
  const { headers } = read(text(`HTTP/1.1 200 OK\r\n${line.repeat(20)}Content-Length: 0\r\n\r\n`));
  t.equal(headers.length, 42);
});
