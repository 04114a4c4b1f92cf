import { CLOSED } from "../record/field-scan.ts";
import { type Link, linkOf } from "../record/hash-chain.ts";
import { openProducers, openSegment, type Segment, segmentsIn } from "./segments.ts";

/** No record is longer. */
const WINDOW = 256 * 1024;

/** Records of a folder of journals that are the last of their file and have no line end, although nobody writes there any more. */
export async function unendedIn(folder: string): Promise<readonly Link[]> {
  const segments = await segmentsIn(folder);
  const running = new Set(await openProducers(folder));
  const found: Link[] = [];
  for (const [at, segment] of segments.entries()) {
    const { producer } = segment;
    const rest = await restOf(segment);
    const link = linkOf(rest);
    if (link === null) continue;
    // What a life that may still run writes just now has no end yet; nothing comes after its goodbye.
    const last = segments[at + 1]?.producer !== producer;
    if (!last || !running.has(producer) || rest.includes(CLOSED)) found.push(link);
  }
  return found;
}

/** What stands after the last line end; only the end of it where it is long. */
async function restOf(segment: Segment): Promise<Buffer> {
  const handle = await openSegment(segment);
  // Deleted since: it has been read, or was passed over.
  if (handle === null) return Buffer.alloc(0);
  try {
    const { size } = await handle.stat();
    // Nearly all files end as they should: a byte tells it.
    for (const length of [Math.min(1, size), Math.min(WINDOW, size)]) {
      const { buffer, bytesRead } = await handle.read(Buffer.alloc(length), 0, length, size - length);
      const bytes = buffer.subarray(0, bytesRead);
      const end = bytes.lastIndexOf(0x0a);
      if (end >= 0 || length === WINDOW || length === size) return bytes.subarray(end + 1);
    }
    return Buffer.alloc(0);
  } finally {
    await handle.close();
  }
}
