import fc from "fast-check";
import t from "tap";
import { answerHead, requestHeaders } from "../../../src/gateway/http/hop-by-hop-headers.ts";

t.test("HDR-09 what concerns only our connection with the client is not sent on", async (t) => {
  const raw = [
    "Host",
    "a",
    "Connection",
    "keep-alive",
    "Keep-Alive",
    "5",
    "TE",
    "trailers",
    "Trailer",
    "X-Guise-User",
    "Expect",
    "100-continue",
  ];
  const more = [
    "Upgrade",
    "h2c",
    "HTTP2-Settings",
    "x",
    "Proxy-Connection",
    "close",
    "Proxy-Authorization",
    "Basic x",
    "content-length",
    "3",
    "X-Kept",
    "1",
  ];
  t.same(
    requestHeaders([...raw, ...more]),
    ["Host", "a", "content-length", "3", "X-Kept", "1"],
    "framing keeps its place: the transport writes it anew there",
  );
});

t.test("HDR-05 Connection strips what it names, but neither Host, cookies nor framing", async (t) => {
  const raw = [
    "Host",
    "a",
    "Connection",
    "close, X-Hop, Cookie,Host",
    "X-Hop",
    "1",
    "Cookie",
    "a=1",
    "x-HOP",
    "2",
    "connection",
    "x-other",
    "X-Other",
    "3",
    "X-Kept",
    "4",
  ];
  t.same(requestHeaders(raw), ["Host", "a", "Cookie", "a=1", "X-Kept", "4"]);
});

t.test("names that the caller wants gone go in the same pass, asked in lower case", async (t) => {
  const asked: string[] = [];
  const kept = requestHeaders(
    ["X-Guise-User", "evil", "A", "1", "TE", "x"],
    (name) => asked.push(name) > 0 && name.startsWith("x-guise-"),
  );
  t.same(kept, ["A", "1"]);
  t.same(asked, ["x-guise-user", "a"]);
});

t.test("order, spelling and duplicates of everything else stay as they came", async (t) => {
  const name = fc
    .stringMatching(/^[A-Za-z]{1,20}$/)
    .filter((name) => requestHeaders([name, ""]).length === 2);
  const pairs = fc.array(fc.tuple(name, fc.string()), { maxLength: 20 });
  fc.assert(
    fc.property(pairs, (list) => {
      const raw = list.flat();
      return JSON.stringify(requestHeaders(raw)) === JSON.stringify(raw);
    }),
  );
  t.pass();
});

const list = (...text: string[]) => text;

t.test(
  "HDR-06 an answer's hop-by-hop fields, and those that its Connection names, go no further",
  async (t) => {
    const raw = list(
      "Connection",
      "X-Hop, close",
      "X-Hop",
      "1",
      "Keep-Alive",
      "timeout=9",
      "Transfer-Encoding",
      "Chunked",
      "Trailer",
      "X-T",
      "Upgrade",
      "h2c",
      "X-Kept",
      "2",
      "Content-Length",
      "3",
    );
    t.same(answerHead(200, "OK", raw).head, {
      status: 200,
      message: "OK",
      headers: ["X-Kept", "2", "Content-Length", "3"],
    });
  },
);

t.test("an event stream is known by its type", async (t) => {
  t.equal(answerHead(200, "", list("content-type", "Text/Event-Stream; charset=utf-8")).events, true);
  t.equal(answerHead(200, "", list("content-type", "text/html")).events, false);
  t.equal(answerHead(200, "", list("x", "y")).events, false);
});

t.test("values and reason phrase keep their bytes", async (t) => {
  t.same(answerHead(200, "Gr\xc3\xbcn", list("a", "\x80\xff")).head, {
    status: 200,
    message: "Gr\xc3\xbcn",
    headers: ["a", "\x80\xff"],
  });
});
