/** A process that opens a ledger, says how it stands, records an intent and says how that went; a test makes its disk fail. */
import { Fault } from "../../../src/errors.ts";
import { event } from "../../audit/event.ts";
import { openLedger } from "../../audit/journal-folder.ts";

const say = (text: string) => process.stdout.write(`${text}\n`);
const why = (error: unknown) =>
  error instanceof Fault ? (error.detail ?? error.code) : `no fault: ${error}`;
try {
  const it = await openLedger(process.argv[2] ?? "");
  say(it.counters().journal.state);
  say(await it.record(event()).then(() => "recorded", why));
  await it.close();
} catch (error) {
  say(why(error));
}
