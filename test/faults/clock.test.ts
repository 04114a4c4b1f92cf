import { existsSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import t from "tap";
import { disguised, frontConfig, frontFolder, recordsOf } from "../fixtures/front.ts";
import { journalOf } from "../fixtures/journal.ts";
import { liveApp } from "../fixtures/live-app.ts";
import { ask, CLICK } from "../fixtures/named.ts";
import { serving } from "../fixtures/serving.ts";

const LIBRARY = ["x86_64", "aarch64"]
  .map((machine) => `/usr/lib/${machine}-linux-gnu/faketime/libfaketime.so.1`)
  .find(existsSync);

t.test(
  "row 21: the clock steps by hours and back: nothing is revived, and records stay in order",
  async (t) => {
    if (LIBRARY === undefined) throw new Error("this test needs libfaketime: apt-get install faketime");
    const app = await liveApp(t);
    const { data, config } = frontFolder(
      t,
      frontConfig(app.origin).replace("limit: { total: 8h, idle: 8h }", "limit: { total: 60m, idle: 60m }"),
    );
    const file = join(data, "clock");
    const step = (offset: string) => writeFileSync(file, offset);
    step("+0");
    const it = await serving(t, {
      data,
      config,
      env: {
        LD_PRELOAD: LIBRARY,
        FAKETIME_TIMESTAMP_FILE: file,
        FAKETIME_NO_CACHE: "1",
        FAKETIME_DONT_FAKE_MONOTONIC: "1",
      },
    });
    const inside = (worn: Record<string, string>) => ({ ...CLICK, ...worn, "sec-fetch-site": "same-origin" });
    const first = await disguised(it.url);
    t.match(await ask(`${it.url}/page`, inside(first)), { status: 200, body: /guise-banner/ });

    step("-5s");
    t.match(
      await ask(`${it.url}/page`, inside(first)),
      { status: 200, body: /guise-banner/ },
      "five seconds back",
    );
    step("-2h");
    const early = await ask(`${it.url}/page`, inside(first));
    t.ok(
      early.status === 200 ? early.body.includes("guise-banner") : early.status === 409,
      "never as oneself",
    );
    t.equal((await ask(`${it.url}/page`)).status, 200, "own traffic is served");

    step("+0");
    const second = await disguised(it.url, "2");
    const held = ask(`${it.url}/held`, second);
    await app.holding(1);
    step("+2h");
    app.held[0]?.end("late");
    const late = await held.catch((error: Error) => error);
    t.ok(late instanceof Error || late.status === 200 || late.status === 409, "what was open ends in order");
    const over = await ask(`${it.url}/page`, inside(second));
    t.match(over, { status: 409, body: /ended-(expired|idle)/ }, "two hours later it is over");
    step("+0");
    await wait(1_100);
    t.match(await ask(`${it.url}/page`, inside(second)), { status: 409 }, "and the way back revives nothing");

    const third = await disguised(it.url);
    t.equal((await ask(`${it.url}/page`, inside(third))).status, 200, "a new one begins");
    it.child.kill("SIGTERM");
    t.equal(await it.exited, 0);

    const records = await journalOf(data);
    const [wall, steady] = [
      records.map((record) => Date.parse(record["@timestamp"])),
      records.map((record) => record.guise.monotonic),
    ];
    t.ok(Math.max(...wall) - Math.min(...wall) > 3.9 * 3_600_000, "the wall clock as it was");
    t.same(
      steady.filter((at, n) => n > 0 && at < (steady[n - 1] ?? 0)),
      [],
      "beside a clock that never goes back",
    );
    t.ok((steady.at(-1) ?? 0) - (steady[0] ?? 0) < 120_000);
    const ids = records.map((record) => record.event.id);
    const made = ids.filter((_, n) => records[n]?.event.action.startsWith("impersonation.intent"));
    t.same(made.toSorted(), made, "ids stay in the order in which they were made");
    t.equal(new Set(ids).size, ids.length);
    for (const { event } of recordsOf(data, "impersonation.outcome"))
      t.ok(Number(Reflect.get(event, "duration")) < 60e9, "durations are what they were");
  },
);
