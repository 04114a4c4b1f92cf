import { type Given, TEXT } from "../command.ts";
import { SOURCE_OPTIONS } from "./source.ts";

/** No flag has a default: only what was written is held against what a verb takes. */
export const OPTIONS = {
  ...SOURCE_OPTIONS,
  limit: { type: "string", short: "n" },
  follow: { type: "boolean", short: "f" },
  agent: TEXT,
  customer: TEXT,
  impersonation: TEXT,
  app: TEXT,
  action: TEXT,
  path: TEXT,
  since: TEXT,
  until: TEXT,
  format: TEXT,
  checkpoints: TEXT,
  key: { type: "string", multiple: true },
  against: TEXT,
  whole: { type: "boolean" },
  json: { type: "boolean" },
} as const;

type Word = keyof typeof OPTIONS;

const WHICH = ["agent", "customer", "impersonation", "app", "action", "path", "since", "until"] as const;
const SOURCE = ["data", "file", "redis", "stream"] as const;

/** The words that each command takes: one that it would not look at must not seem to do something. */
const TAKES = {
  tail: [...WHICH, "limit", "follow", "json", ...SOURCE],
  query: [...WHICH, "limit", "json", ...SOURCE],
  export: [...WHICH, "format", ...SOURCE],
  verify: ["checkpoints", "key", "against", "whole", "json", ...SOURCE],
  reship: ["redis", "stream", "data", "json"],
} as const satisfies Record<string, readonly Word[]>;

export type Verb = keyof typeof TAKES;

/** The words behind `guise audit`, as they were written. */
export type AuditWords = Given<typeof OPTIONS>["values"];

/** The verb and its words; a sentence where they can't be read. */
export function parseWords({ values: words, positionals: [verb = "", ...more] }: Given<typeof OPTIONS>) {
  if (words.help) return { verb: "tail", words } as const;
  if (!isVerb(verb) || more.length > 0) return "say tail, query, verify, export or reship";
  const takes: readonly string[] = TAKES[verb];
  const foreign = Object.keys(words).find((word) => !takes.includes(word));
  if (foreign !== undefined)
    return `${verb} takes no ${written(foreign)}, only ${takes.map(written).join(", ")}`;
  if (words.file !== undefined && words.redis !== undefined)
    return "--file or --redis, not both: records are read from one place";
  if (words.stream !== undefined && words.redis === undefined)
    return "--stream is a name in Redis: say --redis VARIABLE, which holds the address";
  return { verb, words };
}

function isVerb(text: string): text is Verb {
  return Object.hasOwn(TAKES, text);
}

function written(word: string): string {
  return word === "limit" ? "-n" : `--${word}`;
}
