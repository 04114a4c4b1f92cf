import { readdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import t, { type Test } from "tap";
import { audit } from "../../src/cli/audit/audit.ts";
import { event } from "../audit/event.ts";
import { openLedger } from "../audit/journal-folder.ts";
import { runCommand } from "../fixtures/command.ts";
import { afterListing, atEachEnd } from "../fixtures/journal/listing.ts";
import { testFolder } from "../fixtures/test-folder.ts";

const run = (...args: readonly string[]) => runCommand(audit, args);

/** A data folder with a life of several files; `take` deletes some of them, counted from the oldest, 0; -1 is the newest. */
async function made(t: Test, { running = false } = {}) {
  const data = join(testFolder(t), "data");
  const folder = join(data, "audit");
  const it = await openLedger(folder, { segmentBytes: 2_000 });
  for (let n = 0; n < 12; n += 1) await it.record(event({ action: "impersonation.denied" }));
  if (running) t.teardown(() => it.close());
  else await it.close();
  const files = readdirSync(folder)
    .filter((name) => name.endsWith(".jsonl"))
    .sort();
  const take = (...which: readonly number[]) => {
    for (const at of which) rmSync(join(folder, files.at(at) ?? ""));
  };
  const begins = (at: number) => Number(files.at(at)?.split(".")[1]);
  return { data, folder, files, take, begins, producer: it.source.producer };
}

t.test("a file that retention deletes while a command runs is as one that it deleted before", async (t) => {
  for (const [verb, lines] of [
    ["query", /^(?:.*denied.*\n)+$/],
    ["export", /^(?:\{.*\}\n)+$/],
    ["tail", /^(?:.*(?:denied|closed).*\n)+$/],
    ["verify", /note +\S+ begins at \d+\n.*\nwhole, unaltered and in order/],
  ] as const)
    await t.test(verb, async (t) => {
      const { data, folder, take } = await made(t);
      afterListing(t, folder, (times) => {
        if (times === 1) take(0);
      });
      const words = verb === "query" ? ["--action", "denied"] : [];
      t.match(await run(verb, ...words, "--data", data), {
        code: 0,
        out: lines,
        err: /^\S+\.000000000001\.jsonl was deleted by its age while this was read\n$/,
      });
    });
});

t.test("what verify has read may be deleted with what it has not: a life begins behind both", async (t) => {
  const { data, take, begins, producer } = await made(t);
  await atEachEnd(t, (times) => {
    if (times === 1) take(0, 1);
  });
  const { code, out } = await run("verify", "--json", "--data", data);
  t.equal(code, 0);
  t.match(JSON.parse(out), { findings: { length: 0 }, lives: [{ producer, from: begins(2) }] });
});

t.test("a life that is deleted altogether while it is read is not here, and nothing is wrong", async (t) => {
  const { data, folder, files, take, producer } = await made(t);
  const after = await openLedger(folder);
  t.teardown(() => after.close());
  await atEachEnd(t, (times) => {
    if (times === 1) take(...files.keys());
  });
  const { code, out } = await run("verify", "--data", data);
  t.match(out, `note      ${producer} is not here at all`);
  t.equal(code, 0);
});

t.test("what retention would not have deleted is found", async (t) => {
  const cases = [
    { name: "between others", which: 1, running: false, kind: "missing" },
    { name: "at the end of a life", which: -1, running: false, kind: "cut" },
    { name: "at the end of a life that runs", which: -1, running: true, kind: "cut" },
  ];
  for (const { name, which, running, kind } of cases)
    await t.test(name, async (t) => {
      const { data, take, begins, producer } = await made(t, { running });
      await atEachEnd(t, (times) => {
        if (times === 1) take(which);
      });
      const { code, out } = await run("verify", "--json", "--data", data);
      t.equal(code, 1);
      t.match(JSON.parse(out).findings, [{ kind, producer, from: begins(which) }]);
    });
  await t.test("all that a life that runs has", async (t) => {
    const { data, folder, files, take, producer } = await made(t, { running: true });
    afterListing(t, folder, (times) => {
      if (times === 1) take(...files.keys());
    });
    const { code, out } = await run("verify", "--data", data);
    t.match(out, new RegExp(`^cut +${producer} 1–\\d+: deleted while this was read`, "m"));
    t.equal(code, 1);
  });
});

t.test("what another copy still has of what was deleted meanwhile is its older end", async (t) => {
  const { data, files, take, begins, producer } = await made(t);
  const copy = join(data, "copy.jsonl");
  writeFileSync(copy, (await run("export", "--data", data)).out);
  await atEachEnd(t, (times) => {
    // All are read once to be verified; then to be compared.
    if (times === files.length + 1) take(0, 1);
  });
  const { code, out } = await run("verify", "--data", data, "--against", copy);
  t.match(out, `${producer}: 1–${begins(2) - 1}, the older ones, are only there\n`);
  t.notMatch(out, "only-there");
  t.equal(code, 0);
});
