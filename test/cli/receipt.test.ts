import { readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import t, { type Test } from "tap";
import { journalLines } from "../../src/audit/journal/lines.ts";
import { signReceipt, stretchesOf } from "../../src/audit/receipt/receipt.ts";
import { linkOf } from "../../src/audit/record/hash-chain.ts";
import { receipt } from "../../src/cli/receipt.ts";
import { openKeyring } from "../../src/keys/keyring.ts";
import { event } from "../audit/event.ts";
import { clock, memoryLog, openLedger } from "../audit/journal-folder.ts";
import { runCommand } from "../fixtures/command.ts";
import { testFolder } from "../fixtures/test-folder.ts";

const verify = (...args: readonly string[]) => runCommand(receipt, ["verify", ...args]);

/** A data folder with a journal of one access, its receipt, and the public key by itself. */
async function saved(t: Test) {
  const data = testFolder(t);
  const keyring = await openKeyring({ folder: join(data, "keys"), clock, log: memoryLog(), reloadEvery: 0 });
  const it = await openLedger(join(data, "audit"));
  for (let at = 0; at < 3; at += 1) await it.record(event({ action: "impersonation.denied" }));
  await it.close();
  const links = [];
  for await (const { lines } of journalLines(join(data, "audit")))
    for (const line of lines) if (line.includes("imp-1")) links.push(linkOf(line));
  const key = keyring.signer("checkpoint");
  const times = { from: "2026-05-28T20:26:40.123Z", until: "2026-05-28T20:36:40.123Z" };
  const said = await signReceipt(
    {
      ...{ iss: "http://app.example.com", iat: 1, sub: "17", jti: "imp-1" },
      access: { who: "Support", ...times, ticket: "T-42", looked: 0, changed: 0, refused: 3 },
      records: [...stretchesOf(links.filter((link) => link !== null))],
    },
    key,
  );
  const [file, publicKey] = [join(data, "receipt.jws"), join(data, "public.json")];
  await writeFile(file, `${said}\n`);
  await writeFile(publicKey, JSON.stringify(key.jwk));
  return { data, file, publicKey, said };
}

t.test("a receipt is checked with the public key alone, and says what it is of", async (t) => {
  const { file, publicKey } = await saved(t);
  const out =
    /access +imp-1\ncustomer +17\nwho +Support[\s\S]*why +T-42[\s\S]*the records were not looked at\n$/;
  t.match(await verify(file, "--key", publicKey), { code: 0, out });
  const json = JSON.parse((await verify(file, "--key", publicKey, "--json")).out);
  t.match(json, { holds: true, receipt: { jti: "imp-1" }, findings: { length: 0 } });
});

t.test("an altered receipt is found, and so is an altered record", async (t) => {
  const { data, file, said } = await saved(t);
  t.match(await verify(file, "--data", data, "--records"), { code: 0, out: /every record is as it was/ });
  const [name = ""] = (await readdir(join(data, "audit"))).filter((it) => it.endsWith(".jsonl"));
  const journal = join(data, "audit", name);
  const text = await readFile(journal, "utf8");
  await writeFile(journal, text.replace("/site/42", "/site/43"));
  t.match(await verify(file, "--data", data, "--records"), { code: 1, out: /altered, or gone/ });
  t.match(await verify(file, "--data", data), { code: 0 }, "the receipt by itself holds");
  await writeFile(file, said.replace(".", ".A"));
  t.match(await verify(file, "--data", data), { code: 1, out: /signature/ });
});

t.test("words that it doesn't know, and keys that there are none of, are said", async (t) => {
  const { file } = await saved(t);
  for (const args of [["check", file], ["verify"], ["verify", file, file], ["verify", file, "--file", "x"]])
    t.match(await runCommand(receipt, args), { code: 2, err: /guise receipt: say/ });
  t.match(await verify(file, "--data", testFolder(t, { empty: {} })), {
    code: 1,
    err: /no public key is known/,
  });
  t.match(await verify("nowhere", "--data", testFolder(t, { empty: {} })), { code: 1 });
});
