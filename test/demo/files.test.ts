import { createHash, randomBytes } from "node:crypto";
import t from "tap";
import { demoFor, signedIn, type Visitor } from "./visitor.ts";

const SIZE = 20 * 1024 * 1024;
const PATH = "/files/export.bin";
const sha256 = (bytes: Uint8Array) => createHash("sha256").update(bytes).digest("hex");

function uploadRaw(visitor: Visitor, bytes: Uint8Array<ArrayBuffer>, token: string): Promise<Response> {
  return visitor.send("/files/upload?name=list.bin", {
    method: "POST",
    body: bytes,
    headers: {
      accept: "application/json",
      "content-type": "application/octet-stream",
      "x-csrf-token": token,
    },
  });
}

t.test("the export has 20 MB, a length, an ETag, and is the same each time", async (t) => {
  const demo = await demoFor(t);
  const nuno = await signedIn(demo.url, "nuno@example.com");
  const first = await nuno.get(PATH);
  t.equal(first.status, 200);
  t.equal(first.headers.get("content-length"), String(SIZE));
  t.match(first.headers.get("content-disposition"), /^attachment/);
  const bytes = await first.bytes();
  t.equal(bytes.length, SIZE);
  t.equal(sha256(bytes), sha256(await (await nuno.get(PATH)).bytes()));

  const etag = first.headers.get("etag") ?? "";
  t.equal((await nuno.get(PATH, { "if-none-match": etag })).status, 304);
  const head = await nuno.send(PATH, { method: "HEAD" });
  t.strictSame([head.status, head.headers.get("content-length")], [200, String(SIZE)]);

  const mia = await signedIn(demo.url, "mia@example.com");
  const other = await mia.get(PATH, { "if-none-match": etag });
  t.equal(other.status, 200, "somebody else's copy is no copy of hers");
  t.not(sha256(await other.bytes()), sha256(bytes));
});

t.test("parts of the export can be asked for", async (t) => {
  const demo = await demoFor(t);
  const nuno = await signedIn(demo.url, "nuno@example.com");
  const whole = await nuno.get(PATH);
  const etag = whole.headers.get("etag") ?? "";
  const bytes = await whole.bytes();
  const cases = [
    ["bytes=0-9", 0, 10],
    ["bytes=65530-65545", 65530, 65546],
    [`bytes=${SIZE - 5}-`, SIZE - 5, SIZE],
    ["bytes=-7", SIZE - 7, SIZE],
    [`bytes=${SIZE - 3}-${SIZE + 100}`, SIZE - 3, SIZE],
  ] as const;
  for (const [range, from, to] of cases) {
    const part = await nuno.get(PATH, { range });
    t.equal(part.status, 206, range);
    t.equal(part.headers.get("content-range"), `bytes ${from}-${to - 1}/${SIZE}`, range);
    t.equal(Buffer.compare(await part.bytes(), bytes.subarray(from, to)), 0, range);
  }
  const beyond = await nuno.get(PATH, { range: `bytes=${SIZE}-` });
  t.strictSame([beyond.status, beyond.headers.get("content-range")], [416, `bytes */${SIZE}`]);
  t.equal((await nuno.get(PATH, { range: "bytes=0-9", "if-range": etag })).status, 206);
  const stale = await nuno.get(PATH, { range: "bytes=0-9", "if-range": '"old"' });
  t.equal(stale.status, 200);
  await stale.body?.cancel();
});

t.test("20 MB can be uploaded as bare bytes; the answer says size and SHA-256", async (t) => {
  const demo = await demoFor(t);
  const nuno = await signedIn(demo.url, "nuno@example.com");
  const bytes = new Uint8Array(randomBytes(SIZE));
  const token = nuno.cookies.get("demo_csrf") ?? "";
  const answer = await uploadRaw(nuno, bytes, token);
  t.equal(answer.status, 200);
  t.strictSame(await answer.json(), { name: "list.bin", size: SIZE, sha256: sha256(bytes) });
  t.equal((await uploadRaw(nuno, bytes.subarray(0, 10), "x")).status, 403, "not without the token");
});

t.test("a form with a file in it can be uploaded too", async (t) => {
  const demo = await demoFor(t);
  const nuno = await signedIn(demo.url, "nuno@example.com");
  const bytes = new Uint8Array(randomBytes(300_000));
  const send = (token: string, accept: string) => {
    const body = new FormData();
    body.set("_token", token);
    body.set("file", new File([bytes], "logo ü.png", { type: "image/png" }));
    return nuno.send("/files/upload", { method: "POST", body, headers: { accept } });
  };
  const token = nuno.cookies.get("demo_csrf") ?? "";
  const answer = await (await send(token, "application/json")).json();
  t.strictSame(answer, { name: "logo ü.png", size: bytes.length, sha256: sha256(bytes) });
  const page = await send(token, "text/html");
  t.strictSame([page.status, page.headers.get("location")], [303, "/files"]);
  t.match(await (await nuno.get("/files")).text(), "300,000 B");
  t.equal((await send("x".repeat(32), "text/html")).status, 403);
});

t.test("a file that is too large is refused", async (t) => {
  const demo = await demoFor(t);
  const nuno = await signedIn(demo.url, "nuno@example.com");
  const answer = await uploadRaw(
    nuno,
    new Uint8Array(64 * 1024 * 1024 + 1),
    nuno.cookies.get("demo_csrf") ?? "",
  );
  t.equal(answer.status, 413);
});
