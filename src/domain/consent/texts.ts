import type { Cause } from "./consent.ts";

/**
 * What customers read, in one language: one value, so that another language is another file. Names and words of people are put in by the
 * code that shows them.
 */
export const ENGLISH = {
  language: "en",
  causes: {
    "customer-initiated-support": "You asked for help",
    "provider-initiated-service": "Our own service work",
    "provider-initiated-review": "A review of ours",
    "third-party-data-request": "A request by somebody else, like a court",
    "response-to-production-alert": "An alert in production",
  } satisfies Record<Cause, string>,
  types: { read: "look, and change nothing", write: "look, and change things" },
  wishes: {
    read: "look at your account",
    write: "look at your account and change things",
  },
  facts: {
    who: "Who",
    location: "Works from",
    cause: "What for",
    reason: "Why",
    ticket: "Ticket",
    type: "They may",
    scope: "Where",
    from: "From",
    until: "Until",
    longest: "For at most",
    answerBy: "Answer by",
    done: "What was done",
    retention: "Records are kept",
    whole: "in the whole app",
  },
  letters: {
    asked: {
      subject: (who: string) => `${who} asks to look at your account`,
      lead: (who: string, wish: string) =>
        `${who} asks whether they may ${wish}. Nothing is shown to them unless you say yes. Opening the page answers nothing: there are buttons on it.`,
      button: "Answer",
    },
    broken: {
      subject: (who: string) => `${who} goes into your account in an emergency`,
      lead: (who: string) =>
        `${who} goes into your account without having asked you, because of an emergency. Everything that they do is on record, and you can see it and end it.`,
      button: "See and end it",
    },
    started: {
      subject: (who: string) => `${who} is looking at your account`,
      lead: (who: string) =>
        `${who} has begun to look at your account. You can see it and end it at any time.`,
      button: "See and end it",
    },
    ended: {
      subject: (who: string) => `${who} no longer looks at your account`,
      lead: (who: string) => `${who} has looked at your account, and that is over.`,
      button: "See what was done",
    },
    changed: {
      subject: () => "How your account may be looked at has changed",
      lead: () =>
        "The settings have changed by which support asks you, or tells you, before they look at your account. What you have allowed still counts, and you can take it back.",
      button: "See what you have allowed",
    },
  },
  cards: {
    asks: {
      label: "somebody asks to look at your account",
      sentence: (since: string) => `asks to look at your account, since ${since}.`,
      button: "See and answer",
    },
    views: {
      label: "somebody is looking at your account",
      sentence: (since: string) => `is looking at your account, since ${since}.`,
      button: "See and end it",
    },
  },
  looked: (count: number) =>
    count === 1 ? "one page was looked at" : `${count} pages, or parts of them, were looked at`,
  changed: (count: number) =>
    count === 1 ? "one change was made" : `${count === 0 ? "no" : count} changes were made`,
} as const;

export type Texts = typeof ENGLISH;

const UNITS = [
  [86_400_000, "day"],
  [3_600_000, "hour"],
  [60_000, "minute"],
] as const;

/** `24 hours`, `7 days`, `30 minutes`. */
export function spanText(ms: number): string {
  for (const [unit, word] of UNITS) {
    // One day is said as hours, as people say it who ask for one.
    if (ms >= (word === "day" ? 2 : 1) * unit && ms % unit === 0) return counted(ms / unit, word);
  }
  return counted(Math.max(1, Math.round(ms / 60_000)), "minute");
}

function counted(count: number, word: string): string {
  return `${count} ${word}${count === 1 ? "" : "s"}`;
}

const MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

/** `28 May 2026 20:26 UTC`. */
export function momentText(at: number): string {
  const day = new Date(at);
  const date = `${day.getUTCDate()} ${MONTHS[day.getUTCMonth()] ?? ""} ${day.getUTCFullYear()}`;
  return `${date} ${day.toISOString().slice(11, 16)} UTC`;
}
