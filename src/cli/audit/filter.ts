import type { Written } from "../../audit/record/parse.ts";
import { AUDIT_ACTIONS } from "../../domain/audit-event.ts";
import { parseDuration, parseTime } from "../../units.ts";
import { BadWords } from "../command.ts";
import type { AuditWords } from "./words.ts";

/** What stands in a record just as it is. */
const PLAIN = /^[\x20-\x7e]+$/;
/** What can be asked for: also what the journal says of itself. */
const ACTIONS = [...AUDIT_ACTIONS, "journal.boot", "journal.adopted", "journal.checkpoint", "journal.closed"];

/** Which records are asked for; `mayBe` tells from the bytes of a line which need not be read at all. */
export interface Filter {
  /** Everything is asked for. */
  readonly all: boolean;
  mayBe(line: Buffer): boolean;
  fits(record: Written): boolean;
}

/** The words `--agent`, `--customer`, `--impersonation`, `--app`, `--action`, `--path`, `--since`, `--until`. Throws `BadWords`. */
export function filterOf(words: AuditWords): Filter {
  const [since, until] = periodOf(words, null);
  const { agent, customer, impersonation, app, action, path } = words;
  if (action !== undefined && !ACTIONS.some((it) => isAction(it, action)))
    throw new BadWords(`--action: ${action} is none; write one of ${ACTIONS.join(", ")}`);
  const needles = [agent, customer, impersonation, app].flatMap((id) =>
    id === undefined || !PLAIN.test(id) ? [] : [Buffer.from(JSON.stringify(id))],
  );
  const asked = [since, until, agent, customer, impersonation, app, action, path];
  return {
    all: asked.every((it) => it === undefined || it === null),
    mayBe: (line) => needles.every((needle) => line.includes(needle)),
    fits: (record) => {
      const { user, event, guise, url } = record;
      const at = Date.parse(record["@timestamp"]);
      return (
        (since === null || at >= since) &&
        (until === null || at < until) &&
        (agent === undefined || user?.id === agent) &&
        (customer === undefined || user?.effective?.id === customer) &&
        (impersonation === undefined || guise.impersonation === impersonation) &&
        (app === undefined || guise.app === app) &&
        (action === undefined || isAction(event.action, action)) &&
        (path === undefined || url?.path?.startsWith(path) === true)
      );
    },
  };
}

/** `impersonation.started`, or just its last word, or its first. */
function isAction(action: string, asked: string): boolean {
  return action === asked || action.endsWith(`.${asked}`) || action.startsWith(`${asked}.`);
}

/** `--since` and `--until`, which is `latest` unless it is said. Throws `BadWords`. */
export function periodOf(
  words: { readonly since?: string | undefined; readonly until?: string | undefined },
  latest: number | null,
): readonly [since: number | null, until: number | null] {
  const since = timeOf(words.since, "since");
  const until = timeOf(words.until, "until") ?? latest;
  if (since !== null && until !== null && until <= since)
    throw new BadWords("--until: nothing can be before it that is not before --since");
  return [since, until];
}

/** Throws a Fault `usage` for what is no time. Null where nothing was said. */
function timeOf(text: string | undefined, name: string): number | null {
  if (text === undefined) return null;
  const ago = parseDuration(text);
  const at = ago === null ? parseTime(text) : Date.now() - ago;
  if (at === null) throw new BadWords(`--${name}: ${text} is no time; write 2026-05-28T20:00Z, or 15m`);
  return at;
}
