import type { Archive } from "../../audit/search/archive.ts";
import { ANY_RECORD, type Question } from "../../audit/search/search.ts";
import { plain } from "../../domain/plain.ts";
import { Fault } from "../../errors.ts";
import { type Html, html } from "../html.ts";
import { moment } from "../moment.ts";
import { recordsOf, someone } from "./rows.ts";

const DAY = 86_400_000;
const MOST = 5;

/** A strip with what was worth a look within a day, as far as the asker may see it; none where there was nothing, or records can't be read. */
export async function notable(
  archive: Archive,
  { within, now, prefix }: Pick<Question, "within"> & { readonly now: number; readonly prefix: string },
): Promise<Html | null> {
  const question = { ...ANY_RECORD, within, action: "threshold.passed", since: now - DAY };
  try {
    const { lines } = await archive.search(question, MOST, null);
    const records = recordsOf(lines);
    if (records.length === 0) return null;
    return html`<section class="note notable" aria-labelledby="notable"><h2 id="notable">Worth a look, within a day</h2><ul>${records.map(
      ({ user, guise, message, "@timestamp": at }) =>
        html`<li>${moment(at)} <a href="${prefix}/activity?impersonation=${encodeURIComponent(guise.impersonation ?? "")}">${someone(user)} as ${someone(user?.effective)}</a>: ${plain(message?.split(": ")[1] ?? "", 200)}</li>`,
    )}</ul><p><a href="${prefix}/activity?action=threshold.passed">All of them</a></p></section>`;
  } catch (error) {
    if (error instanceof Fault && error.code === "audit-unavailable") return null;
    throw error;
  }
}
