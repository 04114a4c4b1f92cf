import { createHash } from "node:crypto";
import fc from "fast-check";
import t from "tap";
import { draft } from "../../../src/audit/record/format.ts";
import { linkOf, NO_HASH, seal } from "../../../src/audit/record/hash-chain.ts";
import { event } from "../event.ts";

const context = { monotonic: 1.5, redact: (query: string) => query };
const line = draft(event({ action: "impersonation.intent" }), context);

t.test("a sealed line is the draft with a number and its place in the chain", async (t) => {
  const first = seal(line, "gw-1", { sequence: 0, hash: NO_HASH });
  const second = seal(line, "gw-1", first.tip);
  const read = JSON.parse(second.line);
  t.equal(read.event.sequence, 2);
  t.strictSame(read.guise.chain, { id: "gw-1", previous: first.tip.hash, hash: second.tip.hash });
  const { sequence, ...rest } = read.event;
  t.strictSame({ sequence: 0, ...rest }, JSON.parse(line).event);
});

t.test("anybody can compute the hash with standard tools", async (t) => {
  const { line: sealed, tip } = seal(line, "gw-1", { sequence: 0, hash: NO_HASH });
  const body = sealed.slice(0, sealed.lastIndexOf(',"hash"'));
  t.equal(createHash("sha256").update(body).digest("hex"), tip.hash);
});

t.test("a link is read back as it was sealed", async (t) => {
  const { line: sealed, tip } = seal(line, "gw-1", { sequence: 41, hash: "a".repeat(64) });
  t.strictSame(linkOf(Buffer.from(sealed)), {
    producer: "gw-1",
    sequence: 42,
    previous: "a".repeat(64),
    hash: tip.hash,
  });
});

t.test("which record is thought to stand before a line changes nothing in what the line says", async (t) => {
  const tip = { sequence: 41, hash: "a".repeat(64) };
  const { line: sealed } = seal(line, "gw-1", tip);
  const before = { producer: "gw-1", previous: NO_HASH, ...tip };
  const bytes = Buffer.from(sealed);
  const link = linkOf(bytes);
  t.not(link, null);
  const guesses = {
    right: before,
    "of another life": { ...before, producer: "gw-2" },
    "of a life whose name ends like its": { ...before, producer: "1" },
    "of a life whose name begins like its": { ...before, producer: "gw-" },
    "of a life without a name": { ...before, producer: "" },
    "longer than the line": { ...before, producer: sealed },
    "with another hash": { ...before, hash: "b".repeat(64) },
    "with a hash that is none": { ...before, hash: "" },
  };
  for (const [what, guess] of Object.entries(guesses))
    t.strictSame(linkOf(bytes, bytes.toString("latin1"), guess), link, what);
  const forged = Buffer.from(sealed.replace("gw-1", "gw-2"));
  t.equal(
    linkOf(forged, forged.toString("latin1"), { ...before, producer: "gw-2" }),
    null,
    "and heals nothing",
  );
});

t.test("a line of which any letter was changed, lost or added is no record", async (t) => {
  const { line: sealed } = seal(line, "gw-1", { sequence: 9, hash: NO_HASH });
  fc.assert(
    fc.property(
      fc.nat(sealed.length - 1),
      fc.constantFrom("", "0", "1", "x", '"', "}", "\u0000"),
      (at, letter) => {
        const altered = sealed.slice(0, at) + letter + sealed.slice(at + 1);
        return altered === sealed || linkOf(Buffer.from(altered)) === null;
      },
    ),
    { numRuns: 2_000 },
  );
  t.equal(linkOf(Buffer.from(`${sealed} `)), null);
  t.equal(linkOf(Buffer.from("")), null);
  t.equal(linkOf(Buffer.from("{}")), null);
});
