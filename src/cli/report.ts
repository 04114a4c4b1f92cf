import { join } from "node:path";
import { unendedIn } from "../audit/journal/lines.ts";
import { linkOf } from "../audit/record/hash-chain.ts";
import { writtenOf } from "../audit/record/parse.ts";
import { gathering } from "../audit/report/evidence.ts";
import { STANDARDS } from "../audit/report/standards.ts";
import { FORMS, type JournalState } from "../audit/report/written.ts";
import { Verifier, type VerifyReport } from "../audit/verify/verify.ts";
import { periodOf } from "./audit/filter.ts";
import { checkpointKeys } from "./audit/keys.ts";
import { dataFolder, linesOf, SOURCE_OPTIONS, SOURCE_USAGE } from "./audit/source.ts";
import { checkpointsIn } from "./audit/verify.ts";
import { BadWords, type CommandIo, command, TEXT } from "./command.ts";

const NAMES = Object.keys(STANDARDS).join("|");
/** What auditors take of a period, mostly. */
const USUAL_SAMPLE = 25;

const USAGE = `guise report --standard ${NAMES} --since TIME [--until TIME] [--format text|csv|json] [--sample N] [--key FILE]… [--checkpoints FILE] [source]

  --standard NAME   what the figures are for
  --since, --until  the period: a time (2026-05-28T20:00Z), or how long ago (90d); until now unless said
  --format NAME     text (default), csv or json; each figure has the records that it was counted from
  --sample N        accesses that are listed for soc2 (default: ${USUAL_SAMPLE})
  --key FILE        a public checkpoint key (JWK or PEM); otherwise those in the data folder
  --checkpoints FILE  checkpoints that a log or an export kept elsewhere: what they attest has to be here

source, the journals of this machine unless one is named:
${SOURCE_USAGE}`;

const OPTIONS = {
  ...SOURCE_OPTIONS,
  standard: TEXT,
  since: TEXT,
  until: TEXT,
  format: { type: "string", default: "text" },
  sample: { type: "string", default: String(USUAL_SAMPLE) },
  key: { type: "string", multiple: true },
  checkpoints: TEXT,
} as const;

/** `guise report`: the evidence of a period that a standard asks for. Exits with 1 where the records are not as they were written. */
export const report = command({
  name: "report",
  describe: "say what a standard asks of a period's records",
  usage: USAGE,
  options: OPTIONS,
  positionals: false,
  read: ({ values }) => {
    if (values.help) return { ...values, standard: "", since: "" };
    const { standard = "", since, format, sample } = values;
    if (!Object.hasOwn(STANDARDS, standard)) return `--standard: write one of ${NAMES}`;
    if (since === undefined) return "--since: say when the period begins";
    if (!Object.hasOwn(FORMS, format)) return "--format: write text, csv or json";
    if (!/^[1-9]\d{0,5}$/.test(sample)) return "--sample: write a number";
    if (values.file !== undefined && values.redis !== undefined) return "--file or --redis, not both";
    return { ...values, standard, since };
  },
  run: async (words, io) => {
    const now = Date.now();
    const [since = 0, until = now] = periodOf(words, now).map((at) => at ?? undefined);
    const gathered = gathering();
    const journal = await journalState(words, io, gathered);
    const findings = STANDARDS[words.standard]?.(gathered.evidence({ since, until }), Number(words.sample));
    if (findings === undefined) throw new BadWords(`--standard: write one of ${NAMES}`);
    const period = { since: new Date(since).toISOString(), until: new Date(until).toISOString() };
    io.out(FORMS[words.format]?.({ standard: words.standard, ...period, journal, ...findings }) ?? "");
    return journal.holds === false || journal.records === 0 ? 1 : 0;
  },
});

type Words = Parameters<typeof linesOf>[0] &
  Parameters<typeof checkpointKeys>[0] & { readonly checkpoints?: string | undefined };

/** Reads all records once: whether they are as they were written, and what they say. */
async function journalState(
  words: Words,
  io: CommandIo,
  gathered: ReturnType<typeof gathering>,
): Promise<JournalState> {
  const keys = await checkpointKeys(words, io);
  const journals = words.file === undefined && words.redis === undefined;
  const attested = words.checkpoints === undefined ? [] : await checkpointsIn(words.checkpoints);
  const seen = new Verifier({ keys: keys.size === 0 ? null : keys, attested, copies: !journals });
  for await (const { producer, lines, gone } of linesOf(words, io)) {
    for (const line of lines) {
      seen.line(line, producer);
      const link = linkOf(line);
      const record = link === null ? null : writtenOf(line.toString("utf8"));
      if (link !== null && record !== null) gathered.record(record, link);
    }
    if (gone?.aged === true) seen.forget(gone.producer);
  }
  if (journals) for (const link of await unendedIn(join(dataFolder(words, io), "audit"))) seen.unended(link);
  return stateOf(seen.report(), keys.size > 0);
}

function stateOf(found: VerifyReport, signed: boolean): JournalState {
  const { records, lives, checkpoints, findings, more, absent } = found;
  const lines = findings.map(
    ({ kind, producer, from, to, detail }) =>
      `${kind} ${producer} ${from === to ? from : `${from}-${to}`}: ${detail}`,
  );
  const late = lives.filter(({ from }) => from > 1).map((it) => `${it.producer} begins at ${it.from}`);
  return {
    holds: lines.length > 0 ? false : signed ? true : null,
    ...{ records, lives: lives.length, checkpoints },
    findings: more > 0 ? [...lines, `and ${more} more`] : lines,
    notes: [...late, ...absent.map((producer) => `${producer} is not here at all`)],
  };
}
