import { type Impersonation, recordedEnd } from "../../domain/impersonation.ts";
import { Fault } from "../../errors.ts";
import { inBatches } from "../../gateway/services/batches.ts";
import { endEvent } from "../../gateway/stages/start-and-stop.ts";
import type { Closed } from "../../sessions/end.ts";
import { type CommandIo, command } from "../command.ts";
import { type OpenSessions, openSessions } from "./open.ts";
import { endedText, listed, runningText } from "./print.ts";
import { parseWords, type SessionWords, USAGE } from "./words.ts";

/** `guise sessions`: shows what runs and ends it, on every gateway of the store. Exit code 1 when not all could be done. */
export const sessions = command({
  name: "sessions",
  describe: "list running impersonations, or end them everywhere",
  usage: USAGE,
  read: parseWords,
  run: (words, io) => (words.verb === "list" ? list(words, io) : endSome(words, io)),
});

async function list(words: SessionWords, io: CommandIo): Promise<number> {
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

async function endSome(words: SessionWords, io: CommandIo): Promise<number> {
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

async function chosen(sessions: OpenSessions, { agent }: SessionWords): Promise<readonly Impersonation[]> {
  return agent === null ? await sessions.impersonations.list() : await sessions.impersonations.byAgent(agent);
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
