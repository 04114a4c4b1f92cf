import { parseArgs } from "node:util";
import { BadWords } from "../command.ts";
import { SOURCE_OPTIONS } from "./source.ts";

const OPTIONS = {
  ...SOURCE_OPTIONS,
  limit: { type: "string", short: "n" },
  follow: { type: "boolean", short: "f" },
  agent: { type: "string" },
  customer: { type: "string" },
  impersonation: { type: "string" },
  app: { type: "string" },
  action: { type: "string" },
  path: { type: "string" },
  since: { type: "string" },
  until: { type: "string" },
  format: { type: "string" },
  checkpoints: { type: "string" },
  key: { type: "string", multiple: true },
  against: { type: "string" },
  whole: { type: "boolean" },
  json: { type: "boolean" },
  help: { type: "boolean", short: "h" },
} as const;

type Word = Exclude<keyof typeof OPTIONS, "help">;

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
export type AuditWords = ReturnType<typeof parsed>["values"];

interface Asked {
  readonly help: boolean;
  readonly verb: Verb;
  readonly words: AuditWords;
}

/** The command and its words. Throws `BadWords`. */
export function parseWords(args: readonly string[]): Asked {
  const { values, positionals } = parsed(args);
  const { help = false } = values;
  if (help) return { help, verb: "tail", words: values };
  const [verb = "", ...more] = positionals;
  if (!isVerb(verb) || more.length > 0) throw new BadWords("say tail, query, verify, export or reship");
  const takes: readonly string[] = TAKES[verb];
  const foreign = Object.keys(values).find((word) => !takes.includes(word));
  if (foreign !== undefined)
    throw new BadWords(`${verb} takes no ${written(foreign)}, only ${takes.map(written).join(", ")}`);
  if (values.file !== undefined && values.redis !== undefined)
    throw new BadWords("--file or --redis, not both: records are read from one place");
  if (values.stream !== undefined && values.redis === undefined)
    throw new BadWords("--stream is a name in Redis: say --redis VARIABLE, which holds the address");
  return { help, verb, words: values };
}

function parsed(args: readonly string[]) {
  return parseArgs({ args: [...args], allowPositionals: true, options: OPTIONS });
}

function isVerb(text: string): text is Verb {
  return Object.hasOwn(TAKES, text);
}

function written(word: string): string {
  return word === "limit" ? "-n" : `--${word}`;
}
