import { Fault } from "../errors.ts";
import { exportLines, query, tail } from "./audit-query.ts";
import { SOURCE_USAGE } from "./audit-source.ts";
import { verify } from "./audit-verify.ts";
import { parseWords } from "./audit-words.ts";
import type { Command } from "./command.ts";

const USAGE = `guise audit tail    [-n N] [--follow] [--json] [source]
guise audit query   [--user ID] [--as ID] [--impersonation ID] [--action NAME] [--path START]
                    [--since TIME] [--until TIME] [-n N] [--json] [source]
guise audit verify  [--checkpoints FILE] [--key FILE]… [--whole] [--json] [source]
guise audit export  [--since TIME] [--until TIME] [source]

  -n N                at most N records, the newest (default: tail 20, query 1000)
  --follow, -f        go on as records are written
  --user ID           by this person at the keyboard
  --as ID             as this effective user
  --since, --until    a time like 2026-05-28T20:00Z, or how long ago, like 15m, 2h, 7d
  --checkpoints FILE  lines of a log or export with checkpoints that were kept elsewhere
  --key FILE          a public checkpoint key (JWK or PEM); otherwise those in the data folder
  --whole             records and lives that are not here any more are findings as well
  --json              records as they stand, a report as JSON

source, the journals of this machine unless one is named:
${SOURCE_USAGE}`;

const VERBS = { tail, query, verify, export: exportLines };

/** `guise audit`: shows, searches, checks and copies the records. `verify` exits with 1 when it finds something. */
export const audit: Command = {
  name: "audit",
  describe: "show, search, verify or export what was recorded",
  async run(args, io) {
    try {
      const { values, positionals } = parseWords(args);
      if (values.help === true) {
        io.out(USAGE);
        return 0;
      }
      const [verb = "", ...more] = positionals;
      if (!isVerb(verb) || more.length > 0) throw new TypeError("say tail, query, verify or export");
      return await VERBS[verb](values, io);
    } catch (error) {
      if (error instanceof TypeError) {
        io.err(`guise audit: ${error.message}\n${USAGE}`);
        return 2;
      }
      if (!(error instanceof Fault) && !isSystem(error)) throw error;
      io.err(error instanceof Fault ? `${error.detail}\n${error.hint}\n` : `${error.message}\n`);
      return error instanceof Fault && error.code === "usage" ? 2 : 1;
    }
  },
};

function isVerb(text: string): text is keyof typeof VERBS {
  return Object.hasOwn(VERBS, text);
}

/** What the system says about a file or a connection; its message names it. */
function isSystem(error: unknown): error is Error {
  return error instanceof Error && "code" in error && typeof error.code === "string";
}
