import { plain } from "../plain.ts";
import { escapeHtml } from "../text/escape-html.ts";
import type { Cause, Consent } from "./consent.ts";
import { doneText, ENGLISH, filled, momentText, spanText, type Texts, whoText } from "./texts.ts";

/** What a mail to a customer tells. Times are ms since the epoch; texts may be anybody's and of any length. */
export interface LetterFacts
  extends Pick<Consent, "who" | "location" | "reason" | "ticket" | "type" | "scope" | "retention"> {
  readonly kind: keyof Texts["words"]["subjects"];
  /** Whose account it is, where somebody else is told; null: the account of the one who is told. */
  readonly customer: string | null;
  readonly cause: Cause | null;
  /** When it began; null where it has not. */
  readonly from: number | null;
  readonly until: number;
  readonly answerBy: number | null;
  /** The longest that may be granted, ms. */
  readonly longest: number | null;
  /** How much was looked at and changed; null where that is not known, or nothing is over. */
  readonly done: { readonly looked: number; readonly changed: number } | null;
}

export interface Letter {
  readonly subject: string;
  readonly text: string;
  readonly html: string;
}

/** The facts of an ask, or of a broken glass. */
export function factsOf(it: Consent): LetterFacts {
  const { who, location, cause, reason, ticket, type, scope, retention, longest, answerBy } = it;
  const said = { who, location, cause, reason, ticket, type, scope, retention };
  const broken = it.origin === "break-glass";
  return {
    kind: broken ? "broken" : "asked",
    ...said,
    customer: null,
    from: null,
    until: it.until ?? answerBy + longest,
    answerBy: broken ? null : answerBy,
    longest,
    done: null,
  };
}

/** One term and what stands to it, for mails and pages alike; what is not known is left out. */
export function factRows(
  facts: LetterFacts,
  texts: Texts = ENGLISH,
): readonly (readonly [term: string, text: string])[] {
  const { language, words } = texts;
  const { facts: terms } = words;
  const moment = (at: number) => momentText(at, language);
  const span = (ms: number) => spanText(ms, language);
  const rows: readonly (readonly [string, string | null])[] = [
    [terms.who, whoText(facts.who, texts)],
    [terms.location, facts.location === null ? null : plain(facts.location, 100)],
    [terms.cause, facts.cause === null ? null : words.causes[facts.cause]],
    [terms.reason, facts.reason === null ? null : plain(facts.reason, 500)],
    [terms.ticket, facts.ticket === null ? null : plain(facts.ticket, 200)],
    [terms.type, words.types[facts.type]],
    [terms.scope, facts.scope ?? terms.whole],
    [terms.from, facts.from === null ? null : moment(facts.from)],
    [terms.until, facts.answerBy === null ? moment(facts.until) : null],
    [terms.longest, facts.answerBy === null || facts.longest === null ? null : span(facts.longest)],
    [terms.answerBy, facts.answerBy === null ? null : moment(facts.answerBy)],
    [terms.done, facts.done === null ? null : doneText(facts.done, texts)],
    [terms.retention, facts.retention === null ? null : span(facts.retention)],
  ];
  return rows.flatMap(([term, text]) => (text === null || text === "" ? [] : [[term, text] as const]));
}

/** The mail, with one link to a page of ours. */
export function letterOf(facts: LetterFacts, page: string, texts: Texts = ENGLISH): Letter {
  const { language, direction, words } = texts;
  const who = whoText(facts.who, texts);
  const asksForMore = facts.kind === "asked" && facts.type === "write";
  const names = { who, customer: plain(facts.customer ?? "", 100) };
  const lead = filled(asksForMore ? words.leads.askedWrite : words.leads[facts.kind], names);
  const rows = factRows(facts, texts);
  const subject = filled(words.subjects[facts.kind], names);
  const button = words.links[LINKS[facts.kind]];
  const lines = rows.map(([term, text]) => `${term}: ${text}`);
  const text = `${lead}\n\n${lines.join("\n")}\n\n${button}: ${page}\n`;
  const [start, end] = direction === "rtl" ? ["right", "left"] : ["left", "right"];
  const cells = rows.map(
    ([term, said]) =>
      `<tr><th align="${start}" valign="top" style="padding:4px 0;padding-${end}:16px;font-weight:600">${escaped(term)}</th><td style="padding:4px 0"><bdi>${escaped(said)}</bdi></td></tr>`,
  );
  const html = `<!doctype html><html lang="${language}" dir="${direction}"><head><meta charset="utf-8"><meta name="color-scheme" content="light dark"><title>${escaped(subject)}</title></head><body dir="${direction}" style="font:16px/1.5 system-ui,sans-serif;max-width:36em;margin:24px auto;padding:0 16px"><h1 style="font-size:20px">${escaped(subject)}</h1><p>${escaped(lead)}</p><table role="presentation" cellpadding="0" cellspacing="0">${cells.join("")}</table><p style="margin:24px 0"><a href="${escaped(page)}" style="background:#5b2ed8;color:#fff;padding:12px 20px;border-radius:8px;text-decoration:none;display:inline-block">${escaped(button)}</a></p></body></html>`;
  return { subject, text, html };
}

/** What the link of each kind of mail leads to. */
const LINKS: Readonly<Record<LetterFacts["kind"], keyof Texts["words"]["links"]>> = {
  asked: "answer",
  askedFor: "answer",
  broken: "end",
  started: "end",
  brokenFor: "doing",
  startedFor: "doing",
  ended: "done",
  endedFor: "done",
  changed: "allowed",
};

/** Nothing of a mail stands between single quotes. */
function escaped(text: string): string {
  return escapeHtml(text, /[&<>"]/g);
}
