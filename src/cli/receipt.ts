import { readFile } from "node:fs/promises";
import { against } from "../audit/receipt/against.ts";
import { type Receipt, readReceipt } from "../audit/receipt/receipt.ts";
import { Fault } from "../errors.ts";
import { checkpointKeys } from "./audit/keys.ts";
import { linesOf, SOURCE_OPTIONS, SOURCE_USAGE } from "./audit/source.ts";
import { type CommandIo, command, FLAG, unreadable } from "./command.ts";

const USAGE = `guise receipt verify FILE [--key FILE]… [--json] [--records [source]]

  FILE          a receipt, as a customer saved it on /.guise/access
  --key FILE    a public checkpoint key (JWK or PEM); otherwise those in the data folder
  --records     compare it with the records, too: each one of the access has to be there as it was
  --json        what it says and what was found, as JSON

source, the journals of this machine unless one is named:
${SOURCE_USAGE}`;

const OPTIONS = {
  ...SOURCE_OPTIONS,
  key: { type: "string", multiple: true },
  records: FLAG,
  json: FLAG,
} as const;

/** `guise receipt`: checks what a customer can show of an access. Exits with 1 where it, or a record, is not as it was. */
export const receipt = command({
  name: "receipt",
  describe: "check a customer's receipt of an access",
  usage: USAGE,
  options: OPTIONS,
  read: ({ values, positionals: [verb, file, ...more] }) => {
    if (values.help) return { ...values, path: "" };
    if (verb !== "verify" || file === undefined || more.length > 0) return "say verify and one file";
    if (values.file !== undefined && values.redis !== undefined) return "--file or --redis, not both";
    if (!values.records && (values.file ?? values.redis ?? values.stream) !== undefined)
      return "say --records where records are to be read";
    return { ...values, path: file };
  },
  run: async (words, io) => {
    const keys = await checkpointKeys(words, io);
    if (keys.size === 0)
      throw new Fault("key-unreadable", "no public key is known: say --key FILE, or --data DIR");
    const text = await readFile(words.path, "utf8").catch(unreadable("the receipt can not be read"));
    const read = await readReceipt(text.trim(), keys);
    if (read.kind === "wrong") {
      io.out(words.json ? `${JSON.stringify({ holds: false, findings: [read.why] })}\n` : `${read.why}\n`);
      return 1;
    }
    const findings = words.records ? await compared(read.receipt, words, io) : [];
    const holds = findings.length === 0;
    if (words.json)
      io.out(`${JSON.stringify({ holds, kid: read.kid, receipt: read.receipt, findings }, null, 2)}\n`);
    else io.out(textFor(read.receipt, findings, words.records));
    return holds ? 0 : 1;
  },
});

type Words = Parameters<typeof linesOf>[0];

async function compared(it: Receipt, words: Words, io: CommandIo): Promise<readonly string[]> {
  const journals = words.file === undefined && words.redis === undefined;
  const records = against(it, { copies: !journals });
  for await (const { producer, lines } of linesOf(words, io))
    for (const line of lines) records.line(line, producer);
  return records.findings();
}

function textFor(
  { sub, jti, access, records }: Receipt,
  findings: readonly string[],
  looked: boolean,
): string {
  const count = records.reduce((sum, it) => sum + it.count, 0);
  const rows = [
    ["access", jti],
    ["customer", sub],
    ["who", access.who],
    ["from", access.from],
    ["until", access.until],
    ["why", [access.ticket, access.reason].filter((it) => it !== undefined).join(": ")],
    ["looked, changed, refused", `${access.looked}, ${access.changed}, ${access.refused}`],
    ["records", `${count}, of ${records.length} producers`],
  ].filter(([, text]) => text !== "");
  const said = rows.map(([term = "", text = ""]) => `${term.padEnd(26)}${text}\n`).join("");
  if (findings.length > 0) return `${said}${findings.map((it) => `${it}\n`).join("")}`;
  return `${said}${looked ? "signed, and every record is as it was\n" : "signed; the records were not looked at\n"}`;
}
