import { Transform } from "node:stream";
import { buffer } from "node:stream/consumers";
import { setImmediate } from "node:timers/promises";
import t from "tap";
import { Sparing } from "../../../src/page/streams/fallback.ts";

/** Holds everything until the chunk that this says yes to, then gives all; fails where it says so. */
function holding(
  until: (chunk: string) => "give" | "fail" | "hold",
  atEnd: "give" | "fail" = "give",
): Transform {
  let held: Buffer[] | null = [];
  return new Transform({
    transform(chunk: Buffer, _, done) {
      const what = held === null ? "give" : until(chunk.toString());
      if (what === "fail") {
        done(new Error("no"));
        return;
      }
      held?.push(chunk);
      if (what === "give") {
        for (const it of held ?? [chunk]) this.push(it.toString().toUpperCase());
        held = null;
      }
      done();
    },
    flush(done) {
      if (atEnd === "fail" && held !== null) done(new Error("no"));
      else {
        for (const it of held ?? []) this.push(it.toString().toUpperCase());
        done();
      }
    },
  });
}

async function through(inner: Transform, chunks: readonly string[]): Promise<string> {
  const stream = new Sparing(inner);
  const feed = async () => {
    for (const chunk of chunks) {
      stream.write(chunk);
      await setImmediate();
    }
    stream.end();
  };
  const [all] = await Promise.all([buffer(stream), feed()]);
  return all.toString();
}

t.test("what works goes through", async (t) => {
  t.equal(
    await through(
      holding((it) => (it === "b" ? "give" : "hold")),
      ["a", "b", "c"],
    ),
    "ABC",
  );
  t.equal(
    await through(
      holding(() => "hold"),
      ["a", "b"],
    ),
    "AB",
  );
  t.equal(
    await through(
      holding(() => "hold"),
      [],
    ),
    "",
  );
});

t.test("what fails before it gave anything leaves the bytes as they came", async (t) => {
  t.equal(
    await through(
      holding((it) => (it === "b" ? "fail" : "hold")),
      ["a", "b", "c", "d"],
    ),
    "abcd",
  );
  t.equal(
    await through(
      holding(() => "fail"),
      ["a"],
    ),
    "a",
  );
  t.equal(
    await through(
      holding(() => "hold", "fail"),
      ["a", "b"],
    ),
    "ab",
  );
  t.equal(
    await through(
      holding(() => "hold", "fail"),
      [],
    ),
    "",
  );
});

t.test("what fails after it gave something is a failure of the whole", async (t) => {
  const inner = new Transform({
    transform(chunk: Buffer, _, done) {
      if (chunk.toString() === "b") done(new Error("late"));
      else done(null, chunk);
    },
  });
  await t.rejects(through(inner, ["a", "b"]), { message: "late" });
});

t.test("it takes no more than is read", async (t) => {
  let taken = 0;
  const inner = new Transform({
    transform(chunk: Buffer, _, done) {
      taken += chunk.length;
      done(null, chunk);
    },
  });
  const stream = new Sparing(inner);
  const piece = Buffer.alloc(64 * 1024);
  let sent = 0;
  while (stream.write(piece) && sent < 64) sent += 1;
  await setImmediate();
  t.ok(taken < 10 * piece.length, `${taken} bytes`);
  const all = buffer(stream);
  stream.end();
  t.equal((await all).length, (sent + 1) * piece.length);
});
