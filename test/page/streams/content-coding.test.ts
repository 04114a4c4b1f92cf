import { once } from "node:events";
import { Readable, type Transform, Writable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { brotliCompressSync, deflateRawSync, deflateSync, gzipSync, zstdCompressSync } from "node:zlib";
import fc from "fast-check";
import t from "tap";
import { decoder } from "../../../src/page/streams/content-coding.ts";

const LIMITS = { decoded: 1 << 20 };
const HTML = Buffer.from("<!doctype html><title>a</title><p>".repeat(500));

function made(codings: string, limits = LIMITS): Transform {
  const transform = decoder(codings, limits);
  if (transform === null) throw new Error(`no decoder for ${codings}`);
  return transform;
}

async function through(pieces: Iterable<Buffer>, transform: Transform): Promise<Buffer> {
  const out: Buffer[] = [];
  const sink = new Writable({
    highWaterMark: 1,
    write(chunk: Buffer, _, done) {
      out.push(chunk);
      setImmediate(done);
    },
  });
  await pipeline(Readable.from(pieces), transform, sink);
  return Buffer.concat(out);
}

function* cut(bytes: Buffer, size: number): Iterable<Buffer> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}

const CODED: readonly (readonly [string, Buffer])[] = [
  ["gzip", gzipSync(HTML)],
  ["x-gzip", gzipSync(HTML)],
  ["deflate", deflateSync(HTML)],
  ["deflate", deflateRawSync(HTML)],
  ["deflate", deflateRawSync(HTML, { level: 0 })],
  ["br", brotliCompressSync(HTML)],
  ["zstd", zstdCompressSync(HTML)],
  ["GZip , identity", gzipSync(HTML)],
  ["gzip, br", brotliCompressSync(gzipSync(HTML))],
  ["deflate, zstd", zstdCompressSync(deflateRawSync(HTML))],
];

for (const [codings, bytes] of CODED) {
  t.test(`${codings} is decoded, however it is cut`, async (t) => {
    for (const size of [1, 7, 1 << 16]) {
      const out = await through(cut(bytes, size), made(codings));
      t.ok(out.equals(HTML), `in pieces of ${size}`);
    }
  });
}

t.test("nothing and identity need no decoding", async (t) => {
  t.equal(decoder("", LIMITS), null);
  t.equal(decoder(" identity ,", LIMITS), null);
});

t.test("an empty body is empty, whatever it is called", async (t) => {
  t.equal((await through([], made("gzip, br"))).length, 0);
});

for (const codings of ["compress", "gzip, sdch", "gzip, gzip, gzip", "__proto__"]) {
  t.test(`${codings} is refused before a byte is read`, async (t) => {
    t.throws(() => decoder(codings, LIMITS), { code: "page-unmarkable" });
  });
}

t.test("a bomb ends at the limit, also when it is packed twice", async (t) => {
  const bomb = gzipSync(Buffer.alloc(64 << 20));
  await t.rejects(through([bomb], made("gzip")), { code: "page-unmarkable" });
  await t.rejects(through([gzipSync(bomb)], made("gzip, gzip")), { code: "page-unmarkable" });
});

t.test("what isn't coded as it says fails as a fault of the app", async (t) => {
  for (const codings of ["gzip", "deflate", "br", "zstd", "gzip, gzip"]) {
    await t.rejects(through([Buffer.from("<p>plain</p>".repeat(100))], made(codings)), {
      code: "upstream-protocol",
    });
  }
  for (const [codings, bytes] of CODED) {
    const cutOff = bytes.subarray(0, bytes.length - 20);
    await t.rejects(through([cutOff], made(codings)), { code: "upstream-protocol" }, `${codings}, cut off`);
  }
});

t.test("what is decoded goes out before the end comes in", async (t) => {
  const transform = made("gzip");
  const packed = gzipSync(
    Buffer.concat([HTML, Buffer.from(Array.from({ length: 9000 }, (_, i) => (i * i) & 255))]),
  );
  const data = once(transform, "data");
  transform.write(packed.subarray(0, packed.length - 20));
  const [first] = await data;
  t.ok(HTML.subarray(0, 100).equals(first.subarray(0, 100)));
  transform.destroy();
  await once(transform, "close");
  t.ok(transform.destroyed, "and it can be given up");
});

t.test("a reader that stops makes the writer stop", async (t) => {
  const transform = made("gzip", { decoded: 1 << 30 });
  const packed = gzipSync(Buffer.alloc(32 << 20));
  let taken = false;
  transform.write(packed, () => {
    taken = true;
  });
  await once(transform, "readable");
  for (let turn = 0; turn < 50; turn += 1) await new Promise(setImmediate);
  t.equal(taken, false);
  t.ok(transform.readableLength < 1 << 20, "little waits to be read");
  transform.destroy();
});

t.test("any bytes come back as they were", async (t) => {
  const property = fc.asyncProperty(
    fc.uint8Array({ maxLength: 5000 }),
    fc.constantFrom("gzip", "deflate", "br", "zstd"),
    fc.integer({ min: 1, max: 600 }),
    async (bytes, coding, size) => {
      const pack = { gzip: gzipSync, deflate: deflateSync, br: brotliCompressSync, zstd: zstdCompressSync }[
        coding
      ];
      if (pack === undefined) throw new Error(coding);
      const out = await through(cut(pack(bytes), size), made(coding));
      if (!out.equals(bytes)) throw new Error("other bytes");
    },
  );
  await fc.assert(property, { numRuns: 200 });
  t.pass("for every coding");
});
