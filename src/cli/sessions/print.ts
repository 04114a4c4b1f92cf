import { labelOf } from "../../domain/identity.ts";
import { endsAt, type Impersonation, modeAt, recordedEnd } from "../../domain/impersonation.ts";

/** What runs, as JSON shows it; times are ISO 8601. */
export function listed(running: readonly Impersonation[], now: number): readonly object[] {
  return running.map((it) => ({
    id: it.id,
    agent: it.agent,
    effectiveUser: it.effectiveUser,
    mode: modeAt(it, now),
    reason: it.reason,
    ticket: it.ticket,
    startedAt: iso(it.startedAt),
    lastSeenAt: iso(it.lastSeenAt),
    endsAt: iso(endsAt(it)),
  }));
}

/** One line for each impersonation, for people. */
export function runningText(running: readonly Impersonation[], now: number): string {
  if (running.length === 0) return "nothing is running\n";
  const lines = running.map((it) => {
    const people = `${printable(labelOf(it.agent))} as ${printable(labelOf(it.effectiveUser))} (${printable(it.effectiveUser.id)})`;
    const why = [it.ticket, it.reason].flatMap((text) => (text === null ? [] : [printable(text)]));
    const minutes = Math.max(0, Math.ceil((endsAt(it) - now) / 60_000));
    return [it.id, people, modeAt(it, now), `since ${iso(it.startedAt)}`, `${minutes} min left`, ...why].join(
      "  ",
    );
  });
  return `${lines.join("\n")}\n`;
}

/** What became of one. */
export function endedText(id: string, it: Impersonation | null): string {
  const end = recordedEnd(it);
  if (it === null || end === null) return `${id}\n`;
  return `${id}  ${printable(labelOf(it.agent))} as ${printable(labelOf(it.effectiveUser))}  ${end.why}  ${iso(end.at)}\n`;
}

function iso(at: number): string {
  return new Date(at).toISOString();
}

/** People choose their names and reasons; a terminal obeys what it prints. */
function printable(text: string): string {
  return text.replace(/[\p{Cc}\p{Cf}\u2028\u2029]/gu, "?").slice(0, 200);
}
