import { readFile } from "node:fs/promises";
import { z } from "zod";
import { readDocument } from "../../config/document.ts";
import { formatProblem, inOrder, type Problem } from "../../config/problem.ts";
import { validate } from "../../config/validate.ts";
import type { Identity } from "../../domain/identity.ts";
import { finish } from "../../domain/steps.ts";
import { codeOf, Fault } from "../../errors.ts";
import { personFacts, personId } from "../../people.ts";

const person = personFacts.extend({ id: personId });

const send = z.string().regex(/^[A-Z][A-Z-]{0,31} \S+$/, {
  error: "write a method and an address, like POST /payments",
});

const text = z.union([z.string(), z.number(), z.boolean()]).transform(String);

const expected = z
  .strictObject({
    owner: z
      .union([z.string(), z.int().min(0).transform(String)])
      .optional()
      .describe("Whose page it is: a name of `people`, an id, `none`, or `failed`."),
    decision: z
      .string()
      .min(1)
      .optional()
      .describe("What happens: `start`, `self`, `effective`, `confirm`, `refuse`, `refuse 403` …"),
    reason: z.string().min(1).optional().describe("The reason word of docs/reasons.md."),
    route: z.string().min(1).optional().describe("The pattern of the route that it meets, or `none`."),
    rule: z.string().min(1).optional().describe("The rule that it meets: `rules[2]`, or `none`."),
  })
  .refine((it) => Object.keys(it).length > 0, {
    error: "write what is expected: `owner`, `decision`, `reason`, `route` or `rule`",
  });

const one = z
  .strictObject({
    name: z.string().min(1).optional().describe("What is tested, in words."),
    open: z.string().min(1).optional().describe("An address that a person opens in a tab, by a click."),
    send: send.optional().describe("A request of a page of the app: `POST /payments`."),
    form: z.record(z.string(), text).optional().describe("The fields of the form that is sent."),
    json: z.unknown().optional().describe("What the page's script sends as JSON."),
    headers: z
      .record(z.string().regex(/^[A-Za-z0-9-]+$/), z.string())
      .optional()
      .describe("Further request headers."),
    from: z
      .enum(["outside", "app", "typed"])
      .optional()
      .describe("Where the link stood; `app` while viewing as somebody else, else `outside`."),
    page: z.string().startsWith("/").optional().describe("The page of the app that sends it."),
    as: z.string().nullable().default(null).describe("The person at the keyboard; nobody if left out."),
    viewing: z.string().nullable().default(null).describe("As whom they view the app already."),
    mode: z.enum(["read", "write"]).optional().describe("In which mode; that of the grant if left out."),
    lookup: z
      .union([z.enum(["none", "failed"]), z.strictObject({ owner: z.string() })])
      .optional()
      .describe("What the owner lookup says in this test, instead of asking it."),
    expect: expected.describe("What is expected; every part that is written must hold."),
  })
  .superRefine((it, context) => {
    const say = (message: string) => context.addIssue({ code: "custom", message, input: it });
    if ((it.open === undefined) === (it.send === undefined)) say("write either `open` or `send`");
    if (it.open !== undefined && (it.form !== undefined || it.json !== undefined))
      say("a page that is opened has no body; write `send: POST …`");
    if (it.form !== undefined && it.json !== undefined) say("write either `form` or `json`");
    if (it.viewing !== null && it.as === null) say("say who is viewing, in `as`");
    if (it.mode !== undefined && it.viewing === null)
      say("a mode is that of an impersonation; write `viewing`");
  });

const schema = z.strictObject({
  origin: z
    .url({ protocol: /^https?$/ })
    .transform((url) => new URL(url).origin)
    .optional()
    .describe("What stands before addresses that are paths; `publicUrl` of the config if left out."),
  people: z.record(z.string(), person).default({}).describe("Who appears in the tests, by name."),
  tests: z.array(one).min(1).describe("The tests, in order."),
});

/** One test as written. */
export type MapTest = z.output<typeof one>;

export interface TestFile {
  readonly origin: string | undefined;
  readonly people: ReadonlyMap<string, Identity>;
  readonly tests: readonly (MapTest & { readonly line: number })[];
}

/** Reads a file of tests. Throws a Fault that names all its problems, each with its line. */
export async function readTestFile(path: string): Promise<TestFile> {
  const reading = readDocument(await bytesOf(path), path);
  if (reading.kind === "problems") throw refusal(reading.problems);
  const { value, locate } = reading.document;
  const read = finish(validate(value, schema));
  if (read.kind === "complaints") throw refusal(read.complaints.map(locate));
  const { origin, people, tests } = read.value;
  const strangers = tests.flatMap((it, i) =>
    (["as", "viewing"] as const)
      .filter((key) => it[key] !== null && !Object.hasOwn(people, it[key] ?? ""))
      .map((key) => locate({ path: ["tests", i, key], message: `\`${it[key]}\` is no name in \`people\`` })),
  );
  if (strangers.length > 0) throw refusal(strangers);
  return {
    origin,
    people: new Map(Object.entries(people)),
    tests: tests.map((it, i) => ({ ...it, line: locate({ path: ["tests", i], message: "" }).line })),
  };
}

async function bytesOf(path: string): Promise<Uint8Array> {
  try {
    return await readFile(path);
  } catch (cause) {
    const why = codeOf(cause) || String(cause);
    throw new Fault("usage", `${path} can not be read (${why}); name a file of tests, see docs/test.md`, {
      cause,
    });
  }
}

function refusal(problems: readonly Problem[]): Fault {
  return new Fault("usage", inOrder(problems).map(formatProblem).join("\n"));
}
