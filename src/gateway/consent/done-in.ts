import type { Archive } from "../../audit/search/archive.ts";
import { ANY_RECORD } from "../../audit/search/search.ts";
import type { LetterFacts } from "../../domain/consent/letters.ts";
import { Fault } from "../../errors.ts";
import type { Log } from "../../ports.ts";

/** How much was looked at and changed in one access; null where records can't be read just now, or there are none. */
export async function doneIn(
  archive: Pick<Archive, "runs">,
  impersonation: string,
  log: Log,
): Promise<LetterFacts["done"]> {
  try {
    const [run] = await archive.runs({ ...ANY_RECORD, impersonation }, 1);
    return run === undefined ? null : { looked: run.looked, changed: run.changed };
  } catch (error) {
    if (!(error instanceof Fault)) throw error;
    log.warn(
      { detail: error.detail, impersonation },
      "a notice goes out without what was done in the access",
    );
    return null;
  }
}
