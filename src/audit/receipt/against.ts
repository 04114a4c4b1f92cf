import { createHash, type Hash } from "node:crypto";
import { linkOf } from "../record/hash-chain.ts";
import { writtenOf } from "../record/parse.ts";
import type { Receipt, Stretch } from "./receipt.ts";

/** Compares a receipt with records, line by line in their order. `copies`: a record may come twice, as in a stream. */
export function against(receipt: Receipt, { copies }: { readonly copies: boolean }) {
  const watched = receipt.records.map((it) => watch(it, receipt.jti, copies));
  return {
    /** `producer`: in whose file the line stands; null where lines of several are mixed. */
    line: (line: Buffer, producer: string | null): void => {
      const link = linkOf(line);
      for (const it of watched) it.line(line, link, producer);
    },
    /** What is wrong, in words; empty: all records of the access are there as they were. */
    findings: (): readonly string[] => watched.flatMap((it) => it.findings()),
  };
}

/** Follows the chain from the first record of a stretch to the last one: whatever is altered between them breaks it. */
function watch({ producer, first, last, count, digest }: Stretch, access: string, copies: boolean) {
  const found = new Set<string>();
  const hashes: Hash = createHash("sha256");
  let next = first.sequence;
  let previous = "";
  let own = 0;
  const within = () => next > first.sequence && next <= last.sequence;
  return {
    line: (line: Buffer, link: ReturnType<typeof linkOf>, of: string | null): void => {
      if (link === null) {
        if (of === producer && within()) found.add(`${producer} ${next}: there is a line that is no record`);
        return;
      }
      if (link.producer !== producer) return;
      const { sequence, hash } = link;
      if (sequence < first.sequence || sequence > last.sequence) return;
      if (sequence < next) {
        if (!copies) found.add(`${producer} ${sequence}: it stands there twice`);
        return;
      }
      if (sequence > next) found.add(`${producer} ${next}: it is altered, or gone`);
      else if (sequence > first.sequence && link.previous !== previous)
        found.add(`${producer} ${sequence}: the record before it is another one`);
      [next, previous] = [sequence + 1, hash];
      if (sequence === first.sequence && hash !== first.hash)
        found.add(`${producer} ${sequence}: it is another record than the receipt's first`);
      if (sequence === last.sequence && hash !== last.hash)
        found.add(`${producer} ${sequence}: it is another record than the receipt's last`);
      if (!isOf(line, access)) return;
      own += 1;
      hashes.update(hash);
    },
    findings: (): readonly string[] => {
      if (next <= last.sequence) found.add(`${producer} ${next}: it is altered, or gone`);
      else if (own !== count || hashes.copy().digest("hex") !== digest)
        found.add(`${producer}: the records of this access are others than those of the receipt`);
      return [...found];
    },
  };
}

function isOf(line: Buffer, access: string): boolean {
  return line.includes(access) && writtenOf(line.toString("utf8"))?.guise.impersonation === access;
}
