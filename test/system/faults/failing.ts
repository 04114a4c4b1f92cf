/** A process that records three intents and says how each went; a test makes its third fdatasync fail. */
import { Fault } from "../../../src/errors.ts";
import { event } from "../../audit/event.ts";
import { openLedger } from "../../audit/journal-folder.ts";

const say = (text: string) => process.stdout.write(`${text}\n`);
const it = await openLedger(process.argv[2] ?? "", { failed: (fault) => say(`told: ${fault.code}`) });
for (let at = 0; at < 3; at += 1) {
  const said = await it.record(event()).then(
    () => "recorded",
    (error: unknown) => (error instanceof Fault ? error.code : String(error)),
  );
  say(said);
}
say(it.counters().journal.state);
await it.close();
