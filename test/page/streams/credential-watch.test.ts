import { brotliCompressSync, deflateSync, gzipSync, zstdCompressSync } from "node:zlib";
import t from "tap";
import { credentialWatch } from "../../../src/page/streams/credential-watch.ts";

type WatchOptions = Parameters<typeof credentialWatch>[0];

const JWT = "eyJhbGciOiJFUzI1NiJ9.eyJzdWIiOiIxNyJ9.q83vEjRWeJCrze8SNFZ4kA";
const BODY = Buffer.from(JSON.stringify({ rows: Array(2_000).fill("some words"), token: JWT, after: "ü" }));

/** What came out, and what was learnt before the last byte of it did. */
async function through(body: Buffer, size: number, options: Partial<WatchOptions> = {}) {
  const learnt: string[] = [];
  const watch = credentialWatch({
    kind: "data",
    codings: "",
    limits: { decoded: 1_000_000 },
    learn: (values) => learnt.push(...values),
    ...options,
  });
  const out: Buffer[] = [];
  const read = (async () => {
    for await (const chunk of watch) out.push(chunk as Buffer);
  })();
  for (let at = 0; at < body.length; at += size) watch.write(body.subarray(at, at + size));
  watch.end();
  await read;
  return { out: Buffer.concat(out), learnt };
}

t.test("a body goes through byte for byte, and what is in it is learnt, wherever it is cut", async (t) => {
  for (const size of [1, 7, 1_000, BODY.length]) {
    const { out, learnt } = await through(BODY, size);
    t.ok(out.equals(BODY), `in pieces of ${size}`);
    t.ok(learnt.includes(JWT));
  }
});

const CODED = {
  gzip: gzipSync(BODY),
  deflate: deflateSync(BODY),
  br: brotliCompressSync(BODY),
  zstd: zstdCompressSync(BODY),
  "gzip, br": brotliCompressSync(gzipSync(BODY)),
};

for (const [codings, coded] of Object.entries(CODED))
  t.test(`a body in ${codings} stays in it, and is read`, async (t) => {
    for (const size of [1, 100, coded.length]) {
      const { out, learnt } = await through(coded, size, { codings });
      t.ok(out.equals(coded), `in pieces of ${size}`);
      t.ok(learnt.includes(JWT));
    }
  });

t.test("what can't be decoded goes through as it is", async (t) => {
  const cut = CODED.gzip.subarray(0, -20);
  const broken = Buffer.concat([CODED.gzip.subarray(0, 30), Buffer.alloc(50_000, 7)]);
  for (const [codings, body] of [
    ["dcb", BODY],
    ["gzip, gzip, gzip", BODY],
    ["gzip", BODY],
    ["gzip", cut],
    ["gzip", broken],
    ["gzip", Buffer.alloc(0)],
  ] as const)
    t.ok((await through(body, 1_000, { codings })).out.equals(body), codings);
  const small = await through(CODED.gzip, 100, { codings: "gzip", limits: { decoded: 10 } });
  t.ok(small.out.equals(CODED.gzip), "nor what is too large");
});
