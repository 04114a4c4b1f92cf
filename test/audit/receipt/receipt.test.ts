import { generateKeyPairSync } from "node:crypto";
import fc from "fast-check";
import { CompactSign } from "jose";
import t, { type Test } from "tap";
import { journalLines } from "../../../src/audit/journal/lines.ts";
import { against } from "../../../src/audit/receipt/against.ts";
import { readReceipt, signReceipt, stretchesOf } from "../../../src/audit/receipt/receipt.ts";
import { type Link, linkOf, seal } from "../../../src/audit/record/hash-chain.ts";
import { writtenOf } from "../../../src/audit/record/parse.ts";
import { testFolder } from "../../fixtures/test-folder.ts";
import { event } from "../event.ts";
import { openLedger } from "../journal-folder.ts";

const pair = generateKeyPairSync("ed25519");
const KEY = { kid: "k1", privateKey: pair.privateKey };
const KEYS = new Map([["k1", pair.publicKey]]);

/** The journals of two lives, in which an access lies among another one, and its receipt. */
async function journals(t: Test) {
  const folder = testFolder(t);
  const others = { id: "imp-2", mode: "read", reason: null, ticket: null } as const;
  for (const life of [1, 2]) {
    const it = await openLedger(folder);
    for (let at = 0; at < 6; at += 1) {
      const intent = event(at % 3 === life % 3 ? { impersonation: others } : {});
      await it.record(intent);
      await it.record(event({ ...intent, action: "impersonation.outcome", intent: intent.id }));
    }
    await it.close();
  }
  const files: { readonly producer: string; readonly lines: readonly Buffer[] }[] = [];
  for await (const { producer, lines } of journalLines(folder))
    files.push({ producer: producer ?? "", lines: [...lines] });
  const links = files.flatMap(({ lines }) =>
    lines.flatMap((line) => {
      const mine = writtenOf(line.toString())?.guise.impersonation === "imp-1";
      return mine ? (linkOf(line) as Link) : [];
    }),
  );
  const times = { from: "2026-05-28T20:26:40.123Z", until: "2026-05-28T20:36:40.123Z" };
  const receipt = {
    ...{ iss: "http://app.example.com", iat: 1_780_000_000, sub: "17", jti: "imp-1" },
    access: { who: "Support", ...times, looked: 4, changed: 0, refused: 0 },
    records: [...stretchesOf(links)],
  };
  return { files, receipt, text: await signReceipt(receipt, KEY) };
}

type Files = Awaited<ReturnType<typeof journals>>["files"];

function findingsOf(receipt: Parameters<typeof against>[0], files: Files, copies = false) {
  const it = against(receipt, { copies });
  for (const { producer, lines } of files) for (const line of lines) it.line(line, producer);
  return it.findings();
}

t.test("a receipt holds against the journals that it was made of, with its public key alone", async (t) => {
  const { files, receipt, text } = await journals(t);
  t.equal(receipt.records.length, 2, "a stretch for each life");
  t.same(await readReceipt(text, KEYS), { kind: "signed", receipt, kid: "k1" });
  t.same(findingsOf(receipt, files), []);
  t.same(findingsOf(receipt, [...files, ...files], true), [], "in a stream each may come twice");
  t.not(findingsOf(receipt, [...files, ...files]).length, 0, "in journals none does");
});

t.test("a receipt that counts other records, or has the digest of others, doesn't hold", async (t) => {
  const { files, receipt } = await journals(t);
  const [one, ...more] = receipt.records;
  if (one === undefined) throw new Error("the receipt has no records");
  const OTHERS = `${one.producer}: the records of this access are others than those of the receipt`;
  for (const wrong of [
    { ...one, count: one.count + 1 },
    { ...one, count: one.count - 1 },
    { ...one, digest: one.digest.replace(/^./, (it) => (it === "0" ? "1" : "0")) },
  ])
    t.same(findingsOf({ ...receipt, records: [wrong, ...more] }, files), [OTHERS]);
});

t.test("a receipt of another key, kind or shape is none", async (t) => {
  const { receipt, text } = await journals(t);
  const stranger = generateKeyPairSync("ed25519");
  t.match(await readReceipt(text, new Map([["k1", stranger.publicKey]])), { kind: "wrong" });
  t.match(await readReceipt(text, new Map([["k2", pair.publicKey]])), { why: /names the key k1/ });
  const sign = async (payload: object, typ: string) =>
    await new CompactSign(Buffer.from(JSON.stringify(payload)))
      .setProtectedHeader({ alg: "EdDSA", kid: "k1", typ })
      .sign(pair.privateKey);
  t.match(await readReceipt(await sign(receipt, "JWT"), KEYS), { why: /no receipt/ });
  t.match(await readReceipt(await sign({ sub: "17" }, "guise-receipt+jws"), KEYS), { why: /says not/ });
});

t.test("a chain that was sealed anew behind an altered record is found", async (t) => {
  const { files, receipt } = await journals(t);
  const [{ producer, lines } = { producer: "", lines: [] }, ...rest] = files;
  const at = lines.findIndex(
    (line) => linkOf(line)?.sequence === (receipt.records[0]?.first.sequence ?? 0) + 1,
  );
  let tip = linkOf(lines[at - 1] ?? Buffer.alloc(0)) as { sequence: number; hash: string };
  const forged = lines.slice(at).map((line) => {
    const text = line.toString().replace("/site/42", "/site/43");
    const draft = `${text.slice(0, text.indexOf(',"chain":'))}}}`.replace(/"sequence":\d+/, '"sequence":0');
    const sealed = seal(draft, producer, tip);
    tip = sealed.tip;
    return Buffer.from(sealed.line);
  });
  t.ok(
    forged.every((line) => linkOf(line) !== null),
    "each of them is a good record by itself",
  );
  const found = findingsOf(receipt, [{ producer, lines: [...lines.slice(0, at), ...forged] }, ...rest]);
  t.match(found.join("\n"), /another record than the receipt's last/);
});

t.test("of 10,000 edits of a receipt or of its records each one is found", async (t) => {
  const { files, receipt, text } = await journals(t);
  const inside = files.flatMap(({ producer, lines }, file) => {
    const of = receipt.records.find((it) => it.producer === producer);
    return lines.flatMap((line, at) => {
      const { sequence = 0 } = linkOf(line) ?? {};
      return of && sequence >= of.first.sequence && sequence <= of.last.sequence ? [{ file, at }] : [];
    });
  });
  const edit = fc.record({
    where: fc.nat(),
    byte: fc.nat(),
    to: fc.nat({ max: 255 }),
    how: fc.nat({ max: 3 }),
  });
  const edited = (bytes: Buffer, { byte, to, how }: { byte: number; to: number; how: number }): Buffer => {
    const at = byte % bytes.length;
    const put = Buffer.from([bytes[at] === to ? to ^ 1 : to]);
    if (how === 0) return Buffer.concat([bytes.subarray(0, at), bytes.subarray(at + 1)]);
    if (how === 1) return Buffer.concat([bytes.subarray(0, at), put, bytes.subarray(at)]);
    return Buffer.concat([bytes.subarray(0, at), put, bytes.subarray(at + 1)]);
  };
  const ofRecords = fc.property(edit, (it) => {
    const { file, at } = inside[it.where % inside.length] ?? { file: 0, at: 0 };
    const changed = files.map((each, index) => {
      if (index !== file) return each;
      const line = each.lines[at] ?? Buffer.alloc(0);
      // Every fourth takes a whole record away.
      const instead = it.how === 3 ? [] : [edited(line, it)];
      return { ...each, lines: [...each.lines.slice(0, at), ...instead, ...each.lines.slice(at + 1)] };
    });
    return findingsOf(receipt, changed).length > 0;
  });
  const ofText = fc.asyncProperty(edit, async (it) => {
    const changed = edited(Buffer.from(text), it).toString("latin1");
    return changed === text || (await readReceipt(changed, KEYS)).kind === "wrong";
  });
  const runs = { numRuns: 5_000 };
  t.equal(fc.check(ofRecords, runs).failed, false, "5,000 of records");
  t.equal((await fc.check(ofText, runs)).failed, false, "5,000 of the receipt");
});
