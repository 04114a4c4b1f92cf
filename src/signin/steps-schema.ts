import { z } from "zod";
import { finder } from "../clients/finder.ts";
import { secretSource } from "../clients/secret.ts";
import type { NamedTest } from "../domain/routing/conditions/value-test.ts";
import { placesIn } from "../domain/signin/place-text.ts";
import { keyHelp } from "../kinds.ts";
import { duration, size } from "../units.ts";
import type { LeaveAddress } from "./sign-in.ts";
import { address, beginning, headerTexts, type Step, status, stepList } from "./step-schema.ts";

const MINUTE = 60_000;

/** What is known of each impersonation; of a place without a value the step that has it fails. */
const KNOWN = [
  ...["effectiveUser", "trueUser"].flatMap((who) => ["id", "name", "email"].map((it) => `${who}.${it}`)),
  ...["id", "mode", "reason", "ticket"].map((it) => `impersonation.${it}`),
];

export function upTo(fallback: string, least: number, most: number, describe: string) {
  return duration
    .refine((ms) => ms >= least && ms <= most, {
      error: `write a length of time from ${least}ms to ${most / MINUTE}m`,
    })
    .prefault(fallback)
    .describe(describe);
}

/** How long an answer of the app may be. */
export const answerSize = size
  .refine((n) => n >= 1_024 && n <= 16 * 1_048_576, { error: "write a size from 1kB to 16MB" })
  .prefault("1MB");

const cookieNames = z.string().regex(/^[!#$%&'+.^_`|~0-9A-Za-z-]+\*?$/, {
  error: "write the name of a cookie; a `*` may stand at its end",
});

const pattern = z.string().startsWith("/", { error: "write a path pattern, like /impersonate/stop" });
const says = z
  .record(z.string().min(1).max(200), z.union([z.literal(true), z.string()]))
  .transform((named): readonly NamedTest[] =>
    Object.entries(named).map(([name, value]) => ({
      name,
      test: value === true ? { kind: "there" } : { kind: "is", values: [value] },
    })),
  );
const leaving = z
  .union(
    [
      pattern.transform((path): LeaveAddress => ({ path, conditions: null })),
      z
        .strictObject({
          path: pattern.describe("Its path, with `:name` for one segment."),
          query: says.default([]).describe("What its query must say, by name; `true` is any value."),
          form: says.default([]).describe("What its form must say."),
        })
        .transform(({ path, query, form }): LeaveAddress => {
          const asks = query.length + form.length > 0;
          return { path, conditions: asks ? { query, form, header: [], json: [], graphql: null } : null };
        }),
    ],
    { error: "write a path pattern, or an object with `path` and what `query` or `form` must say" },
  )
  .describe("An address by which the app goes back to the account that logged in as somebody.");

export const verify = z
  .strictObject({
    get: address.describe("An address of the app whose answer says who is signed in."),
    id: finder.describe(
      "Where it says so: a JSON pointer like `/id`, or an object with `css`, `header` or `regex`.",
    ),
    is: z
      .string()
      .min(1)
      .default("{effectiveUser.id}")
      .describe("What must stand there: the id, or what else the app calls its people by."),
    headers: headerTexts.default({}).describe("Further headers."),
  })
  .describe("How the app is asked whom it sees; it must name the effective user before anything is shown.");

export type VerifyOptions = z.output<typeof verify>;

const signedOut = z
  .strictObject({
    status: z.array(status).default([401]).describe("Statuses of such an answer."),
    location: beginning
      .nullable()
      .default(null)
      .describe("Where an answer leads to that is one, whatever its status: `/login*`."),
  })
  .prefault({})
  .describe(
    "How the app says that a session is over. Then it is asked whom it sees, and signed in to once more.",
  );

const refresh = z
  .strictObject({
    method: z
      .string()
      .regex(/^[A-Z]{3,10}$/, { error: "write a method in capital letters" })
      .default("POST")
      .describe("By which method."),
    path: pattern.describe("Where the page asks."),
    answer: z
      .json()
      .describe("What it gets, as JSON. No value that was taken stands in it: the browser would keep it."),
  })
  .describe("A request by which a page renews the token that it holds; it never reaches the app.");

/** The whole of `signIn` for an app that is signed in to by steps. */
export const stepsSchema = z
  .strictObject({
    steps: stepList(30)
      .min(1, { error: "write at least one step, like `- post: /login`" })
      .describe("The requests that make a session of the app's own for the effective user, in order."),
    verify,
    keep: z
      .array(cookieNames)
      .optional()
      .describe(
        "The cookies of the steps that stay in the jar; a `*` at the end is any ending. Left out: all. Demanded where a step uses a secret, so that no cookie of a service account stays.",
      ),
    leave: z
      .array(leaving)
      .optional()
      .describe(
        'The app\'s own addresses for leaving a "log in as"; they mean Stop and never reach it. Demanded where a step uses a secret; `[]` says that there are none.',
      ),
    signedOut,
    end: stepList(10).describe(
      "The requests that sign the session out of the app at stop, switch, expiry and revocation; `[]` leaves it to run out.",
    ),
    secrets: z
      .record(z.string().regex(/^[A-Z][A-Z0-9_]{0,63}$/), secretSource, {
        error: keyHelp("write a name in capital letters, like SERVICE_PASSWORD"),
      })
      .default({})
      .describe(
        "Credentials of a service account, by the names by which steps put them in: `{secret.SERVICE_PASSWORD}`.",
      ),
    present: headerTexts
      .default({})
      .describe(
        "For an app whose pages hold a token: headers that go with each request as the customer, in the place of the browser's own, which it keeps.",
      ),
    presentQuery: z
      .record(z.string().min(1).max(100), z.string().min(1))
      .default({})
      .describe(
        "The same for parameters of an address, where it has them: WebSockets and event streams can send no header.",
      ),
    refresh: z
      .array(refresh)
      .default([])
      .describe(
        "With `present`: addresses by which a page renews its token; the gateway answers in the app's place.",
      ),
    verifyEvery: upTo(
      "30s",
      0,
      10 * MINUTE,
      "How often the app is asked whom it sees; `0s` before each answer.",
    ),
    timeout: upTo("5s", 1, MINUTE, "For the answer to one step."),
    within: upTo("15s", 1, 5 * MINUTE, "For a whole sign-in."),
    retryAfter: upTo("5s", 0, 10 * MINUTE, "After which a sign-in that failed is tried anew."),
    endWithin: upTo(
      "10m",
      0,
      24 * 60 * MINUTE,
      "For how long the end of a session is tried where the app can't be reached.",
    ),
    answerSize: answerSize.describe("Of the answer to one step."),
  })
  .superRefine((it, context) => {
    // A step that is wrong by itself is no step.
    if (![...it.steps, ...it.end].every((step) => step?.name !== undefined)) return;
    for (const { path, message } of complaintsAbout(it))
      context.addIssue({ code: "custom", path: [...path], message, input: it });
  });

export type StepsOptions = z.output<typeof stepsSchema>;

interface Complaint {
  readonly path: readonly PropertyKey[];
  readonly message: string;
}

type Written = Pick<
  StepsOptions,
  "steps" | "end" | "verify" | "keep" | "leave" | "secrets" | "present" | "presentQuery"
>;

function complaintsAbout(it: Written): readonly Complaint[] {
  const found: Complaint[] = [];
  const names = new Set([...KNOWN, ...Object.keys(it.secrets).map((name) => `secret.${name}`)]);
  const look = (text: string, path: readonly PropertyKey[]) => {
    for (const name of placesIn(text))
      if (!names.has(name)) found.push({ path, message: unknownPlace(name, names) });
  };
  for (const list of ["steps", "end"] as const) found.push(...complaintsAboutSteps(it[list], [list], names));
  look(it.verify.get, ["verify", "get"]);
  look(it.verify.is, ["verify", "is"]);
  for (const [name, text] of Object.entries(it.verify.headers)) look(text, ["verify", "headers", name]);
  for (const key of ["present", "presentQuery"] as const)
    for (const [name, text] of Object.entries(it[key])) look(text, [key, name]);
  const others = it.steps.some((step) =>
    textsOf(step).some(([, text]) => placesIn(text).some((name) => name.startsWith("secret."))),
  );
  if (others && it.keep === undefined) found.push({ path: ["keep"], message: NO_KEEP });
  if (others && it.leave === undefined) found.push({ path: ["leave"], message: NO_LEAVE });
  return found;
}

/** What is wrong with a list of steps in a row. `names` gets what they take. */
function complaintsAboutSteps(
  steps: readonly Step[],
  at: readonly PropertyKey[],
  names: Set<string>,
): readonly Complaint[] {
  const found: Complaint[] = [];
  for (const [i, step] of steps.entries()) {
    for (const [where, text] of textsOf(step))
      for (const name of placesIn(text))
        if (!names.has(name)) found.push({ path: [...at, i, ...where], message: unknownPlace(name, names) });
    if (placesIn(step.address).some((name) => name.startsWith("secret.")))
      found.push({ path: [...at, i, step.method.toLowerCase()], message: SECRET_IN_ADDRESS });
    for (const [name] of step.take) names.add(name);
  }
  return found;
}

/** Requests that sign a session out of an app which made it by itself. */
export const endSteps = stepList(10)
  .superRefine((steps, context) => {
    if (!steps.every((step) => step?.name !== undefined)) return;
    for (const { path, message } of complaintsAboutSteps(steps, [], new Set(KNOWN)))
      context.addIssue({ code: "custom", path: [...path], message, input: steps });
  })
  .default([])
  .describe(
    "Where it has no `backChannel`: the requests that sign the customer out of it at the end of an impersonation, with the cookies of that one; `[]` leaves its session to run out.",
  );

const SECRET_IN_ADDRESS =
  "a secret in an address stands in the app's log; put it into `form`, `json`, `headers` or `basic`";
const NO_KEEP =
  "is missing: a step uses a secret, so name the cookies that are the customer's; no other one stays";
const NO_LEAVE =
  'is missing: a step uses a secret, so name the app\'s own addresses for leaving a "log in as"; `[]` says that it has none';

function unknownPlace(name: string, names: ReadonlySet<string>): string {
  return `nothing can be put in for {${name}}; there is ${[...names].map((it) => `{${it}}`).join(", ")}, and what a step before has taken`;
}

/** Every text of a step with the place where it is written. */
function textsOf(step: Step): readonly (readonly [path: readonly PropertyKey[], text: string])[] {
  const { form, json, headers, basic, address, method } = step;
  const of = (key: string, record: Readonly<Record<string, string>> | null) =>
    Object.entries(record ?? {}).map(([name, text]) => [[key, name], text] as const);
  return [
    [[method.toLowerCase()], address],
    ...of("form", form),
    ...of("headers", headers),
    ...of("basic", basic),
    ...textsIn(json).map((text) => [["json"], text] as const),
  ];
}

function textsIn(json: unknown): readonly string[] {
  if (typeof json === "string") return [json];
  if (typeof json !== "object" || json === null) return [];
  return Object.values(json).flatMap(textsIn);
}
