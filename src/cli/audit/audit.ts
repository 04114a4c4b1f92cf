import { type CommandIo, command } from "../command.ts";
import { exportLines } from "./export.ts";
import { query, tail } from "./query.ts";
import { reship } from "./reship.ts";
import { SOURCE_USAGE } from "./source.ts";
import { verify } from "./verify.ts";
import { type AuditWords, OPTIONS, parseWords, type Verb } from "./words.ts";

const USAGE = `guise audit tail    [which] [-n N] [--follow] [--json] [source]
guise audit query   [which] [-n N] [--json] [source]
guise audit export  [which] [--format ecs|ocsf|csv] [source]
guise audit verify  [--checkpoints FILE] [--key FILE]… [--against PLACE] [--whole] [--json] [source]
guise audit reship  --redis VARIABLE [--stream NAME] [--data DIR] [--json]

which, all unless they are said:
  --agent ID          by this person at the keyboard
  --customer ID       as this person
  --impersonation ID  in this impersonation
  --app NAME          of requests to this one of several apps
  --action NAME       like impersonation.denied, denied, or consent
  --path START        of addresses that begin so
  --since, --until    a time like 2026-05-28T20:00Z, or how long ago, like 15m, 2h, 7d

  -n N                at most N records, the newest (default: tail 20, query 1000)
  --follow, -f        go on as records are written
  --json              records as they stand, a report as JSON
  --format NAME       ecs: lines as they stand, which can be verified; ocsf: one JSON object a line; csv: a table
  --checkpoints FILE  lines of a log or export with checkpoints that were kept outside the journal
  --key FILE          a public checkpoint key (JWK or PEM); otherwise those in the data folder
  --against PLACE     another copy of the same records, which has to be the same: a file of lines, or a folder of journals
  --whole             records and lives that are not here any more are findings as well

source, the journals of this machine unless one is named:
${SOURCE_USAGE}`;

const VERBS: Readonly<Record<Verb, (words: AuditWords, io: CommandIo) => Promise<number>>> = {
  tail,
  query,
  verify,
  export: exportLines,
  reship,
};

/** `guise audit`: shows, searches, checks and copies the records. `verify` exits with 1 when it finds something. */
export const audit = command({
  name: "audit",
  describe: "show, search, verify, export or send again what was recorded",
  usage: USAGE,
  options: OPTIONS,
  read: parseWords,
  async run({ verb, words }, io) {
    try {
      return await VERBS[verb](words, io);
    } catch (error) {
      if (!isSystem(error)) throw error;
      io.err(`${error.message}\n`);
      return 1;
    }
  },
});

/** What the system says about a file or a connection; its message names it. */
function isSystem(error: unknown): error is Error {
  return error instanceof Error && "syscall" in error;
}
