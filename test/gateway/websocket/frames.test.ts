import fc from "fast-check";
import t from "tap";
import {
  atBoundary,
  closeFrame,
  frameCursor,
  isData,
  readFrame,
} from "../../../src/gateway/websocket/frames.ts";
import { frame, framesOf, lengthField } from "../../fixtures/client/tunnel-frames.ts";

/** The indexes at which a frame ends, as the cursor finds them in these chunks. */
function boundaries(chunks: readonly Uint8Array[]): readonly number[] {
  const cursor = frameCursor();
  const found: number[] = [];
  let before = 0;
  for (const chunk of chunks) {
    let at = 0;
    while (at < chunk.length) {
      at = readFrame(cursor, chunk, at);
      if (atBoundary(cursor)) found.push(before + at);
    }
    before += chunk.length;
  }
  return found;
}

function cut(bytes: Buffer, size: number): readonly Buffer[] {
  const chunks: Buffer[] = [];
  for (let at = 0; at < bytes.length; at += size) chunks.push(bytes.subarray(at, at + size));
  return chunks;
}

t.test("a frame ends where its length says, for every size of header", async (t) => {
  for (const size of [0, 1, 125, 126, 127, 65_535, 65_536, 70_000]) {
    for (const masked of [false, true]) {
      const one = frame(Buffer.alloc(size, 0xff), { masked });
      t.same(boundaries([one]), [one.length], `${size} bytes, masked: ${masked}`);
      const two = Buffer.concat([one, frame("x", { masked })]);
      t.same(
        boundaries(cut(two, 1)),
        [one.length, two.length],
        `${size} bytes, one at a time, masked: ${masked}`,
      );
    }
  }
});

t.test("frames end in the same places however the bytes are cut up", async (t) => {
  const oneFrame = fc.record({
    size: fc.oneof(fc.integer({ min: 0, max: 300 }), fc.constantFrom(65_535, 65_536)),
    masked: fc.boolean(),
    opcode: fc.constantFrom(0, 1, 2, 8, 9, 10),
  });
  fc.assert(
    fc.property(
      fc.array(oneFrame, { minLength: 1, maxLength: 6 }),
      fc.integer({ min: 1, max: 5_000 }),
      (list, step) => {
        const frames = list.map((it) => frame(Buffer.alloc(it.size, 0x81), it));
        const ends = frames.map((_, i) => frames.slice(0, i + 1).reduce((sum, it) => sum + it.length, 0));
        t.strictSame(boundaries(cut(Buffer.concat(frames), step)), ends);
      },
    ),
    { numRuns: 60 },
  );
});

t.test("a length of 2^63 and more is taken for what it says and has no end", async (t) => {
  const header = Buffer.from([0x82, 127, 0x80, 0, 0, 0, 0, 0, 0, 0]);
  t.same(boundaries([header, Buffer.alloc(100_000)]), []);
  t.same(boundaries([Buffer.from([0x82, 255, 255, 255, 255, 255, 255, 255, 255, 255]), Buffer.alloc(9)]), []);
});

t.test("a length that is written longer than it has to be is still the length", async (t) => {
  const frame = Buffer.from([0x82, 127, 0, 0, 0, 0, 0, 0, 0, 3, 1, 2, 3]);
  t.same(boundaries([frame]), [13]);
  t.equal(lengthField(3).length, 1);
});

t.test(
  "text, binary, their continuation and what nobody knows yet are data; close, ping, pong are not",
  async (t) => {
    t.same([0x00, 0x01, 0x81, 0x02, 0xc1, 0x03].map(isData), [true, true, true, true, true, true]);
    t.same([0x88, 0x89, 0x8a, 0x8b].map(isData), [false, false, false, false]);
  },
);

t.test("a close frame says its code and text, masked on the way to the app", async (t) => {
  for (const masked of [false, true]) {
    const [one, ...others] = framesOf(closeFrame({ code: 4001, text: "ended-by-agent" }, masked));
    t.same(others, []);
    t.equal(one?.opcode, 8);
    t.equal(one?.masked, masked);
    t.equal(one?.payload.readUInt16BE(0), 4001);
    t.equal(one?.payload.subarray(2).toString(), "ended-by-agent");
  }
});

t.test("a close frame is never longer than a control frame may be", async (t) => {
  const [one] = framesOf(closeFrame({ code: 1001, text: "x".repeat(500) }, false));
  t.equal(one?.payload.length, 125);
});
