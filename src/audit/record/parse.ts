import { z } from "zod";

const text = z.string();
/** As `toISOString` writes it. */
const time = text.regex(
  /^\d{4}-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12]\d|3[01])T(?:[01]\d|2[0-3]):[0-5]\d:[0-5]\d(?:\.\d+)?Z$/,
);
const number = z.number();
const texts = z.array(text);

/** What was not known is not there; nothing is ever written as `null`. */
function part<Fields extends z.core.$ZodShape>(fields: Fields) {
  return z.object(fields).partial();
}

const named = { id: text, name: text, email: text, roles: texts };
const person = part(named);
const event = part({
  outcome: text,
  reason: text,
  reference: text,
  start: time,
  end: time,
  /** Nanoseconds. */
  duration: number,
});
const consent = part({
  origin: text,
  cause: text,
  type: text,
  scope: text,
  /** The country or region that the agent works from. */
  location: text,
  /** How long the record is kept, as the customer was told, ms. */
  retention: number,
  /** The longest that a yes may last, ms. */
  longest: number,
  answer_by: time,
  until: time,
  answered_by: text,
  impersonation: text,
});
const ours = part({
  impersonation: text,
  mode: text,
  write_until: time,
  /** Whether a person went to a page by the request; absent in records of version 0.1. */
  navigation: z.boolean(),
  app: text,
  route: text,
  rule: text,
  decision: text,
  consent: consent.extend({ id: text }),
  via: text,
  config: text,
  intent: text,
  ending: text,
  withheld: number,
  checks: texts,
  truncated: texts,
  chain: z.object({ id: text, previous: text, hash: text }),
});
const request = part({
  id: text,
  method: text,
  bytes: number,
  headers: z.record(text, text),
  body: part({ content: text }),
});

/** What of a record is read. Other fields are left out: a later version may write more. */
const schema = part({
  message: text,
  /** `target`: the agent whom somebody did something to. */
  user: part({ ...named, effective: person, target: person }),
  http: part({ request, response: part({ status_code: number, bytes: number }) }),
  url: part({ domain: text, port: number, path: text, query: text }),
  source: part({ ip: text }),
  user_agent: part({ original: text }),
  trace: part({ id: text }),
}).extend({
  "@timestamp": time,
  event: event.extend({ sequence: number, id: text, action: text }),
  guise: ours,
});

/** One of the two people of a record, as it names them. */
export type WrittenPerson = z.infer<typeof person>;
/** A record as it is read back; docs/audit.md says what its fields mean. */
export type Written = z.infer<typeof schema>;

/** Reads a line; null when it is no record, or one whose fields are not what they should be. Says nothing about whether it is as it was written: see `linkOf`. */
export function writtenOf(line: string): Written | null {
  try {
    return schema.safeParse(JSON.parse(line)).data ?? null;
  } catch (error) {
    if (error instanceof SyntaxError) return null;
    throw error;
  }
}
