import type { Test } from "tap";
import { draft } from "../../src/audit/record/format.ts";
import { NO_HASH, seal, type Tip } from "../../src/audit/record/hash-chain.ts";
import type { Sink } from "../../src/audit/shipping/sink.ts";
import type { JournalRecord } from "../../src/ports.ts";
import { event } from "../audit/event.ts";

/** What the suite needs of a kind: a sink of which `gw-1` is the own producer, and the ids of the events that arrived, in order. */
export interface SinkUnderTest {
  readonly sink: Sink;
  arrived(): Promise<readonly string[]>;
}

/** A run of records of one producer. */
export function records(producer: string, count: number): readonly JournalRecord[] {
  let tip: Tip = { sequence: 0, hash: NO_HASH };
  return Array.from({ length: count }, () => {
    const made = seal(draft(event(), { monotonic: 0, redact: (query) => query }), producer, tip);
    tip = made.tip;
    return { producer, sequence: tip.sequence, line: made.line };
  });
}

/** What every audit sink promises. Each case gets a sink of its own with nothing behind it. */
export function auditSinkContract(t: Test, make: (t: Test) => Promise<SinkUnderTest>): void {
  t.test("a producer that was never seen is at 0", async (t) => {
    const { sink } = await make(t);
    t.equal(await sink.position("gw-1"), 0);
  });

  t.test("what was sent has arrived, in order, and the position says so", async (t) => {
    const { sink, arrived } = await make(t);
    const sent = records("gw-1", 5);
    await sink.position("gw-1");
    await sink.send(sent.slice(0, 2));
    await sink.send(sent.slice(2));
    t.equal(await sink.position("gw-1"), 5);
    t.strictSame(
      await arrived(),
      sent.map((record) => JSON.parse(record.line).event.id),
    );
  });

  t.test("what is sent again arrives once", async (t) => {
    const { sink, arrived } = await make(t);
    const sent = records("gw-1", 6);
    await sink.send(sent.slice(0, 4));
    await sink.send(sent.slice(0, 4));
    await sink.send(sent.slice(2));
    t.equal((await arrived()).length, 6);
    t.equal(await sink.position("gw-1"), 6);
  });

  t.test("producers do not get into each other's way", async (t) => {
    const { sink, arrived } = await make(t);
    await sink.send(records("gw-1", 3));
    await sink.send(records("gw-2", 2));
    t.strictSame([await sink.position("gw-1"), await sink.position("gw-2")], [3, 2]);
    t.equal((await arrived()).length, 5);
  });

  t.test("records need not begin at one: older ones may be gone", async (t) => {
    const { sink } = await make(t);
    await sink.send(records("gw-1", 9).slice(6));
    t.equal(await sink.position("gw-1"), 9);
  });

  t.test("sending nothing is nothing", async (t) => {
    const { sink, arrived } = await make(t);
    await sink.send([]);
    t.strictSame(await arrived(), []);
  });
}
