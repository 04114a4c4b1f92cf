import t from "tap";
import { bigBodies } from "../fixtures/gateway/big-bodies.ts";

// `node bench/big-bodies.ts` does this with 2 GB, and without the test runner's own memory in the figure.
t.test("a long body, up or down, is never held: the gateway's memory hardly grows", async (t) => {
  const bodies = await bigBodies();
  t.teardown(() => bodies.close());
  for (const way of ["upload", "download"] as const) {
    const { before, after } = await bodies[way](256 * 1024 ** 2);
    t.ok(after - before < 64 * 1024 ** 2, `${way}: ${before} bytes before, ${after} after`);
  }
});
