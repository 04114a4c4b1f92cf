import { type Impersonation, recordedEnd } from "../../domain/impersonation.ts";
import { Fault } from "../../errors.ts";
import { endEvent } from "../../gateway/impersonation/start-and-stop.ts";
import { inBatches } from "../../gateway/services/batches.ts";
import type { Closed } from "../../sessions/end.ts";
import { CONFIG, type CommandIo, command, FLAG, type Given, TEXT, USUAL_CONFIG } from "../command.ts";
import { type OpenSessions, openSessions } from "./open.ts";
import { endedText, listed, runningText } from "./print.ts";

const USAGE = `guise sessions list    [--agent ID] [--json] [-c FILE] [--data DIR]
guise sessions end ID… [--json] [-c FILE] [--data DIR]
guise sessions end-all [--agent ID] [--json] [-c FILE] [--data DIR]

  --agent ID         only those of this person at the keyboard
  --json             as JSON
  -c, --config FILE  the config, which names the store (default: routes.config.yaml, or GUISE_CONFIG)
  --data DIR         the data folder (default: the config's \`data\`, or GUISE_DATA)

An end counts on every gateway of the store within a second, open sockets and event streams included, and is on record.
So that nobody begins anew, write \`impersonation: off\` into the config first. Run this as the user of the gateway.
`;

const OPTIONS = { agent: TEXT, json: FLAG, config: CONFIG, data: TEXT };

/** `guise sessions`: shows what runs and ends it, on every gateway of the store. Exit code 1 when not all could be done. */
export const sessions = command({
  name: "sessions",
  describe: "list running impersonations, or end them everywhere",
  usage: USAGE,
  options: OPTIONS,
  read,
  run: (words, io) => (words.verb === "list" ? list(words, io) : endSome(words, io)),
});

type Words = Exclude<ReturnType<typeof read>, string>;

function read({
  values,
  env,
  positionals: [verb = values.help ? "list" : "", ...ids],
}: Given<typeof OPTIONS>) {
  if (verb !== "list" && verb !== "end" && verb !== "end-all") return "say list, end or end-all";
  if (verb === "end" && ids.length === 0 && !values.help) return "say which: guise sessions end ID";
  if (verb !== "end" && ids.length > 0) return `${verb} takes no ids`;
  if (verb === "end" && values.agent !== undefined) return "end takes ids; end-all takes --agent";
  return {
    ...values,
    verb,
    ids,
    config: values.config ?? env.GUISE_CONFIG ?? USUAL_CONFIG,
    data: values.data ?? env.GUISE_DATA ?? null,
  };
}

async function list(words: Words, io: CommandIo): Promise<number> {
  const sessions = await openSessions(words, io, { recording: false });
  try {
    const running = await chosen(sessions, words);
    const now = sessions.clock.now();
    io.out(
      words.json
        ? `${JSON.stringify({ sessions: listed(running, now) }, null, 2)}\n`
        : runningText(running, now),
    );
    return 0;
  } finally {
    await sessions.close();
  }
}

async function endSome(words: Words, io: CommandIo): Promise<number> {
  const sessions = await openSessions(words, io, { recording: true });
  try {
    const running = words.verb === "end-all" ? await chosen(sessions, words) : [];
    const ids = words.verb === "end-all" ? running.map((it) => it.id) : words.ids;
    const ends: End[] = [];
    await inBatches(ids, WIDTH, async (id) => void ends.push(await endOne(sessions, id)));
    const failed = ends.filter((it) => it.problem !== null);
    if (words.json) io.out(`${JSON.stringify({ ended: ends.map(asJson) }, null, 2)}\n`);
    else
      for (const it of ends.filter((end) => end.problem === null)) io.out(endedText(it.id, it.impersonation));
    for (const it of failed) io.err(`${it.id}: ${it.problem}\n`);
    if (ids.length === 0 && !words.json) io.out("nothing is running\n");
    return failed.length === 0 ? 0 : 1;
  } finally {
    await sessions.close();
  }
}

/** Ends at a time: one is a handful of questions to the store. */
const WIDTH = 32;

interface End {
  readonly id: string;
  readonly impersonation: Impersonation | null;
  /** What could not be done; null when it is ended, and on record. */
  readonly problem: string | null;
}

async function endOne(sessions: OpenSessions, id: string): Promise<End> {
  const closed = await sessions.impersonations.close(id, "ended-revoked");
  const { impersonation, first } = closed;
  const problem = problemOf(closed);
  if (problem !== null || impersonation === null || !first) return { id, impersonation, problem };
  try {
    await sessions.record(endEvent(sessions, null, impersonation));
    return { id, impersonation, problem: null };
  } catch (error) {
    const why = error instanceof Fault ? error.detail : String(error);
    return { id, impersonation, problem: `it is ended, but that could not be recorded: ${why}` };
  }
}

/** An end that the store did not take is kept for later, and this process ends before then: so it counts as not done. */
function problemOf({ first, impersonation }: Closed): string | null {
  if (impersonation !== null) return null;
  return first ? "the store could not be reached; nothing was ended" : "there is no such impersonation";
}

async function chosen(sessions: OpenSessions, { agent }: Words): Promise<readonly Impersonation[]> {
  return agent === undefined
    ? await sessions.impersonations.list()
    : await sessions.impersonations.byAgent(agent);
}

function asJson({ id, impersonation, problem }: End): object {
  const end = recordedEnd(impersonation);
  return {
    id,
    why: end?.why ?? null,
    endedAt: end === null ? null : new Date(end.at).toISOString(),
    problem,
  };
}
