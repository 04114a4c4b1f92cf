import { open } from "node:fs/promises";
import { openProducers, segmentsIn } from "./folder.ts";
import type { Verifier } from "./verify.ts";

const CHUNK = 1024 * 1024;

/** Feeds all journals of a folder to the verifier, each producer's files in their order. */
export async function verifyFolder(folder: string, verifier: Verifier): Promise<void> {
  const running = new Set(await openProducers(folder));
  for (const { path, producer } of await segmentsIn(folder)) {
    // What stands after the last line end of a life that may still run is being written just now.
    await eachLine(path, (line, whole) => {
      if (whole || !running.has(producer)) verifier.line(line, producer);
    });
  }
}

/** Feeds one file of lines of any producers, such as an export. */
export async function verifyFile(path: string, verifier: Verifier): Promise<void> {
  await eachLine(path, (line) => verifier.line(line, "?"));
}

/** Calls with each line's bytes, which are good until the call returns; `whole` is false for a last one without end. */
async function eachLine(path: string, take: (line: Buffer, whole: boolean) => void): Promise<void> {
  const handle = await open(path, "r");
  try {
    let rest: Buffer = Buffer.alloc(0);
    for (;;) {
      const buffer = Buffer.allocUnsafe(rest.length + CHUNK);
      rest.copy(buffer);
      const { bytesRead } = await handle.read(buffer, rest.length, CHUNK);
      const bytes = buffer.subarray(0, rest.length + bytesRead);
      let start = 0;
      for (let end = bytes.indexOf(0x0a); end >= 0; end = bytes.indexOf(0x0a, start)) {
        take(bytes.subarray(start, end), true);
        start = end + 1;
      }
      rest = bytes.subarray(start);
      if (bytesRead === 0) break;
    }
    if (rest.length > 0) take(rest, false);
  } finally {
    await handle.close();
  }
}
