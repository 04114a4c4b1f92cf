import { once } from "node:events";
import { Worker } from "node:worker_threads";
import { readDocument } from "./document.ts";
import type { Answer, Ask } from "./document-thread.ts";
import type { Complaint, Problem } from "./problem.ts";

/** A config file that was read in a thread of its own. */
interface DocumentAside {
  readonly value: unknown;
  /** Puts complaints at their places in the file. */
  locate(complaints: readonly Complaint[]): Promise<readonly Problem[]>;
  close(): Promise<void>;
}

type ReadingAside =
  | { readonly kind: "document"; readonly document: DocumentAside }
  | { readonly kind: "problems"; readonly problems: readonly Problem[] };

/** A file of this size is read within a few milliseconds; a thread takes longer to begin. */
const SMALL = 16 * 1024;

/** Reads a config file without blocking the event loop: a large file is read in a thread of its own. */
export async function readAside(bytes: Uint8Array, file: string, small = SMALL): Promise<ReadingAside> {
  if (bytes.length > small) return readInThread(bytes, file);
  const reading = readDocument(bytes, file);
  if (reading.kind === "problems") return reading;
  const { value, locate } = reading.document;
  const document = {
    value,
    locate: async (complaints: readonly Complaint[]) => complaints.map(locate),
    close: async () => undefined,
  };
  return { kind: "document", document };
}

async function readInThread(bytes: Uint8Array, file: string): Promise<ReadingAside> {
  const thread = new Worker(new URL("./document-thread.ts", import.meta.url), {
    workerData: { bytes, file },
  });
  const close = async () => void (await thread.terminate());
  const ask = async (what: Ask): Promise<Answer> => {
    thread.postMessage(what);
    // Rejects with what ended the thread, if something does.
    const [answer] = await once(thread, "message");
    return answer;
  };
  try {
    const root: { value?: unknown } = {};
    for (;;) {
      const answer = await ask({ kind: "next" });
      if (answer.kind === "problems") {
        await close();
        return answer;
      }
      if (answer.kind === "end") break;
      for (const [path, value] of answer.pieces) put(root, ["value", ...path], value);
    }
    const locate = async (complaints: readonly Complaint[]) => {
      const answer = await ask({ kind: "locate", complaints });
      if (answer.kind !== "problems") throw new Error("the thread answered something else");
      return answer.problems;
    };
    return { kind: "document", document: { value: root.value, locate, close } };
  } catch (error) {
    await close();
    throw error;
  }
}

function put(root: object, path: readonly PropertyKey[], value: unknown): void {
  const last = path.at(-1) ?? "";
  const at = path.slice(0, -1).reduce<object>((here, step) => Reflect.get(here, step), root);
  // Not by assignment: a key of a file may be called `__proto__`.
  Object.defineProperty(at, last, { value, writable: true, enumerable: true, configurable: true });
}
