/**
 * A process that appends five records one after another and says how each went; a test makes its disk fail. Its second
 * argument says how often room can be made.
 */
import { Journal } from "../../../src/audit/journal/journal.ts";
import { mark } from "../../../src/audit/journal/journal-records.ts";
import { Fault } from "../../../src/errors.ts";

const clock = { now: () => Date.now(), monotonic: () => performance.now() };
let room = Number(process.argv[3] ?? 0);
const it = new Journal({
  folder: process.argv[2] ?? "",
  producer: "gw",
  segmentBytes: 1e6,
  segmentAge: 1e9,
  clock,
  makeRoom: async (bytes) => {
    room -= 1;
    return bytes > 0 && room >= 0;
  },
});
for (let number = 1; number <= 5; number += 1) {
  const said = await it.append(mark("journal.boot", { at: 1, monotonic: 1 }, { number })).then(
    () => "durable",
    (error: unknown) => `${error instanceof Fault ? error.code : error} ${it.state()}`,
  );
  process.stdout.write(`${number} ${said}\n`);
}
