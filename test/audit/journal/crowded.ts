/**
 * A process that appends records, each in a file of its own, and says how each went: without a descriptor left, with one
 * (enough for the first file, not for its folder), with all, and without one again.
 */
import { closeSync, openSync } from "node:fs";
import { Journal } from "../../../src/audit/journal/journal.ts";
import { mark } from "../../../src/audit/journal/journal-records.ts";
import { Fault } from "../../../src/errors.ts";

const clock = { now: () => Date.now(), monotonic: () => performance.now() };
const it = new Journal({
  folder: process.argv[2] ?? "",
  producer: "gw",
  segmentBytes: 1,
  segmentAge: 1e9,
  clock,
});
const taken: number[] = [];

function takeAll(): void {
  try {
    for (;;) taken.push(openSync("/dev/null", "r"));
  } catch (error) {
    if (!(error instanceof Error && "code" in error && error.code === "EMFILE")) throw error;
  }
}

function free(some: number): void {
  for (const descriptor of taken.splice(0, some)) closeSync(descriptor);
}

async function append(number: number): Promise<void> {
  const said = await it.append(mark("journal.boot", { at: 1, monotonic: 1 }, { number })).then(
    () => "durable",
    (error: unknown) => (error instanceof Fault ? error.code : String(error)),
  );
  process.stdout.write(`${number} ${said} ${it.state()}\n`);
}

takeAll();
await append(1);
free(1);
await append(2);
free(taken.length);
await append(3);
await append(4);
takeAll();
await append(5);
free(taken.length);
await append(6);
