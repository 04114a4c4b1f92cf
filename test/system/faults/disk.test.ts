// Needs: strace
import { spawn } from "node:child_process";
import { fileURLToPath } from "node:url";
import t from "tap";
import { linkOf } from "../../../src/audit/record/hash-chain.ts";
import { edit, killed } from "../../audit/journal/killed.ts";
import { linesOf, recordsIn } from "../../audit/journal-folder.ts";
import { testFolder } from "../../fixtures/test-folder.ts";

/** Runs a program of this folder under strace, which makes one system call fail. Gives what it printed. */
async function injected(name: string, folder: string, inject: string, ...more: readonly string[]) {
  const program = fileURLToPath(new URL(name, import.meta.url));
  const trace = [
    "-f",
    "-qq",
    "-o",
    "/dev/null",
    "-e",
    `trace=${inject.split(":")[0]}`,
    "-e",
    `inject=${inject}`,
  ];
  const tracer = spawn("strace", [...trace, process.execPath, program, folder, ...more], {
    stdio: ["ignore", "pipe", "inherit"],
    // strace counts calls by thread.
    env: { ...process.env, UV_THREADPOOL_SIZE: "1" },
  });
  let said = "";
  for await (const chunk of tracer.stdout) said += chunk;
  return said;
}

t.test(
  "after a failed fdatasync nothing is ever taken again, although the next one would succeed",
  async (t) => {
    const folder = testFolder(t);
    const said = await injected("writer.ts", folder, "fdatasync:error=EIO:when=3");
    t.equal(
      said,
      "1 durable\n2 durable\n3 audit-unavailable failed\n4 audit-unavailable failed\n5 audit-unavailable failed\n",
    );
  },
);

t.test(
  "without space a record is refused whole, and later ones go on where the last whole one ended",
  async (t) => {
    const folder = testFolder(t);
    const said = await injected("writer.ts", folder, "pwrite64:error=ENOSPC:when=3");
    t.equal(said, "1 durable\n2 durable\n3 audit-unavailable full\n4 durable\n5 durable\n");
    const lines = await linesOf(folder);
    t.strictSame(
      lines.map((line) => [linkOf(Buffer.from(line))?.sequence, JSON.parse(line).guise.number]),
      [
        [1, 1],
        [2, 2],
        [3, 4],
        [4, 5],
      ],
    );
  },
);

t.test("a record that there is no space for is written again where room can be made for it", async (t) => {
  const folder = testFolder(t);
  const said = await injected("writer.ts", folder, "pwrite64:error=ENOSPC:when=3..4", "2");
  t.equal(said, "1 durable\n2 durable\n3 durable\n4 durable\n5 durable\n");
  t.strictSame(
    (await linesOf(folder)).map((line) => [
      linkOf(Buffer.from(line))?.sequence,
      JSON.parse(line).guise.number,
    ]),
    [1, 2, 3, 4, 5].map((number) => [number, number]),
  );
  const once = await injected("writer.ts", testFolder(t), "pwrite64:error=ENOSPC:when=3..4", "1");
  t.equal(once, "1 durable\n2 durable\n3 audit-unavailable full\n4 durable\n5 durable\n");
});

t.test("a write of nothing is a failure", async (t) => {
  const said = await injected("writer.ts", testFolder(t), "pwrite64:retval=0:when=2");
  t.match(said, "1 durable\n2 audit-unavailable failed\n3 audit-unavailable failed\n");
});

t.test("a write that fails for any other reason is final", async (t) => {
  const said = await injected("writer.ts", testFolder(t), "pwrite64:error=EIO:when=2");
  t.match(said, "1 durable\n2 audit-unavailable failed\n3 audit-unavailable failed\n");
});

t.test("a file whose name can not be made durable takes nothing", async (t) => {
  const said = await injected("writer.ts", testFolder(t), "fsync:error=ENOSPC:when=1");
  t.match(said, "1 audit-unavailable failed\n2 audit-unavailable failed\n");
});

t.test("after a failed fdatasync impersonation is refused, and the process is told", async (t) => {
  const said = await injected("failing.ts", testFolder(t), "fdatasync:error=EIO:when=3");
  t.equal(said, "recorded\ntold: audit-unavailable\naudit-unavailable\naudit-unavailable\nfailed\n");
});

t.test("a life is not taken over before the cut of its tail is durable", async (t) => {
  const folder = await killed(t, [1]);
  await edit(folder, (lines) => lines.splice(2, 1, '{"@timestamp":"2026'));
  t.match(await injected("opener.ts", folder, "fsync:error=EIO:when=1"), /can not be taken over: EIO.*fsync/);
  t.match(await injected("opener.ts", folder, "fsync:error=EIO:when=9"), "open\nrecorded\n");
});

t.test(
  "where there is no space at the start it goes on nevertheless, and begins when there is",
  async (t) => {
    const folder = testFolder(t);
    t.equal(await injected("opener.ts", folder, "pwrite64:error=ENOSPC:when=1"), "full\nrecorded\n");
    const actions = (await recordsIn(folder)).map((record) => record.event.action);
    t.strictSame(actions, ["journal.boot", "impersonation.intent", "journal.closed"]);
  },
);
