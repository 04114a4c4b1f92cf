import { readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import t, { type Test } from "tap";
import { audit } from "../../../src/cli/audit/audit.ts";
import { openKeyring } from "../../../src/keys/keyring.ts";
import { event } from "../../audit/event.ts";
import { clock, memoryLog, openLedger } from "../../audit/journal-folder.ts";
import { runCommand } from "../../fixtures/command.ts";
import { testFolder } from "../../fixtures/test-folder.ts";

const verify = (...args: readonly string[]) => runCommand(audit, ["verify", ...args]);

/** A data folder with three lives that are over, their files in order, and the log that they wrote. */
async function lives(t: Test) {
  const data = testFolder(t);
  const log = memoryLog();
  const keyring = await openKeyring({ folder: join(data, "keys"), clock, log, reloadEvery: 0 });
  const files: string[] = [];
  const names: string[] = [];
  for (let n = 0; n < 3; n += 1) {
    const it = await openLedger(join(data, "audit"), { log, checkpoint: () => keyring.signer("checkpoint") });
    await it.record(event({ action: "impersonation.denied" }));
    await it.close();
    names.push(it.source.producer);
    files.push(join(data, "audit", `${it.source.producer}.000000000001.jsonl`));
  }
  const kept = join(data, "gateway.log");
  const lines = log.lines.map((line) => JSON.stringify({ level: 30, msg: line.message, ...line.data }));
  await writeFile(kept, `${lines.join("\n")}\n`);
  return { data, kept, files, names };
}

t.test("a life that was deleted by its age is a note, also beside the checkpoints of a log", async (t) => {
  const { data, kept, files, names } = await lives(t);
  const words = ["--data", data, "--checkpoints", kept];
  t.match(await verify(...words), { code: 0, out: /^whole/ });
  await rm(files[0] ?? "");
  const note = new RegExp(
    `^note +${names[0]} is not here at all: a checkpoint attests it up to 2, 2.*\nwhole`,
  );
  t.match(await verify(...words), { code: 0, out: note });
  t.match(await verify(...words, "--whole"), {
    code: 1,
    out: /^gone +\S+ is not here at all: .*\nsomething/,
  });
  t.match(JSON.parse((await verify(...words, "--json")).out), { aged: [{ producer: names[0], to: 2 }] });
});

t.test(
  "what was laid aside when a life was taken over is a note, and nothing of one that closed cleanly is",
  async (t) => {
    const { data, files, names } = await lives(t);
    const lines = (await readFile(files[0] ?? "", "utf8")).split("\n");
    const zeros = "\0".repeat(lines[1]?.length ?? 0);
    const takenOver = async (text: string) => {
      await writeFile(files[0] ?? "", text);
      await writeFile(join(data, "audit", `${names[0]}.lock`), "");
      await (await openLedger(join(data, "audit"), { log: memoryLog() })).close();
      return await verify("--data", data);
    };
    t.match(lines.at(-2), "journal.closed");
    const altered = await takenOver([lines[0], zeros, ...lines.slice(2)].join("\n"));
    t.match(altered, { code: 1, out: new RegExp(`^(damaged|missing) +${names[0]} `, "m") });
    const torn = await takenOver([lines[0], zeros, ...lines.slice(2, -2), ""].join("\n"));
    const note = new RegExp(
      `^note +${names[0]}: what stood behind a hole in its end was laid aside as ${names[0]}\\.`,
      "m",
    );
    t.match(torn, { out: note });
  },
);

t.test("a life that was taken away between others is a finding", async (t) => {
  const { data, kept, files } = await lives(t);
  await rm(files[1] ?? "");
  t.match(await verify("--data", data, "--checkpoints", kept), {
    code: 1,
    out: /^cut +\S+ 1–2: an external checkpoint/,
  });
});

t.test("a line without an end, and one without anything in it, are found in a journal", async (t) => {
  const { data, files } = await lives(t);
  const [file = ""] = files;
  const text = await readFile(file, "utf8");
  await writeFile(file, text.slice(0, -1));
  t.match(await verify("--data", data), { code: 1, out: /^damaged +\S+ 4: its line has no end\n/ });
  await writeFile(file, text.replaceAll("\n", "\n\n"));
  t.match(await verify("--data", data), { code: 1, out: /^damaged / });
  await writeFile(file, text);
  t.match(await verify("--data", data), { code: 0 });
});
