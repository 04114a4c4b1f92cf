import { CHANGED, type Mark, type Question, REFUSED } from "../../audit/search/search.ts";
import { AUDIT_ACTIONS, type AuditAction } from "../../domain/audit-event.ts";
import { REASON_WORDS, type ReasonWord } from "../../domain/decision.ts";
import { isAppMark } from "../../gateway/isolation/console-host.ts";
import { parseTime } from "../../units.ts";
import type { Looking } from "./looking.ts";

/** What a page of records was asked for. Times are ms; `until` is not included. */
export interface Asked {
  readonly agent: string | null;
  readonly customer: string | null;
  readonly ticket: string | null;
  readonly word: ReasonWord | null;
  readonly action: AuditAction | typeof REFUSED | typeof CHANGED | null;
  readonly impersonation: string | null;
  /** Every record, also what pages load. */
  readonly all: boolean;
  /** One of several apps. */
  readonly app: string | null;
  readonly since: number | null;
  readonly until: number | null;
  readonly beyond: Mark | null;
}

const LONGEST = 256;
const DAY = 86_400_000;

/** Reads the parameters of a page; what can't be read counts as not asked for. */
export function askedBy(parameter: (name: string) => string | null): Asked {
  const text = (name: string) => parameter(name)?.trim().slice(0, LONGEST) || null;
  const action = text("action");
  return {
    agent: text("agent"),
    customer: text("customer"),
    ticket: text("ticket"),
    word: REASON_WORDS.find((it) => it === text("word")) ?? null,
    all: parameter("show") === "all",
    action:
      [REFUSED, CHANGED, ...AUDIT_ACTIONS].find((it): it is Asked["action"] & string => it === action) ??
      null,
    impersonation: text("impersonation"),
    // The way to the console names the app's host by the same parameter.
    app: isAppMark(parameter("app") ?? "") ? null : text("app"),
    since: parseTime(parameter("from") ?? ""),
    until: parseTime(parameter("to") ?? ""),
    beyond: markOf(parameter("beyond")),
  };
}

/** The question to the archive; those who may see only their own actions ask for no more. */
export function questionOf({ sight }: Looking, asked: Asked): Question {
  const { agent, customer, ticket, word, action, impersonation, app, since, until } = asked;
  return {
    within: sight.kind === "all" ? null : sight.of,
    agent,
    customer,
    ticket,
    word,
    pages: !asked.all,
    action,
    impersonation,
    app,
    since,
    until,
  };
}

/** The parameters of a page that is asked for the same, but for what is said; null leaves one out. */
export function linkTo(
  path: string,
  asked: Asked,
  more: Readonly<Partial<Record<keyof Asked, string | number | boolean | null>>> = {},
): string {
  const all = { ...asked, beyond: null, ...more };
  const query = new URLSearchParams();
  for (const [name, value] of Object.entries(all)) {
    if (value === null || value === false) continue;
    if (name === "since") query.set("from", fieldOf(Number(value)));
    else if (name === "until") query.set("to", fieldOf(Number(value)));
    else if (name === "all") query.set("show", "all");
    else query.set(name, String(value));
  }
  const text = query.toString();
  return text === "" ? path : `${path}?${text}`;
}

/** A time as a field of a form has it: `2026-05-28T20:26:40.123`, UTC. */
export function fieldOf(at: number): string {
  return new Date(at)
    .toISOString()
    .slice(0, -1)
    .replace(/(?::00)?\.000$/, "");
}

/** A mark as a parameter. */
export function markText({ at, id }: Mark): string {
  return `${at}-${id}`;
}

/** Midnight before, and after, in UTC. */
export function dayOf(at: number): { readonly from: number; readonly to: number } {
  const from = Math.floor(at / DAY) * DAY;
  return { from, to: from + DAY };
}

function markOf(text: string | null): Mark | null {
  const [, at, id] = /^(\d{1,15})-(\d{1,15})$/.exec(text ?? "") ?? [];
  return at === undefined || id === undefined ? null : { at: Number(at), id: Number(id) };
}
