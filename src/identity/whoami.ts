import { z } from "zod";
import { cookieName } from "../clients/field.ts";
import { finder } from "../clients/finder.ts";
import type { HttpAnswer } from "../clients/http.ts";
import { httpUrl } from "../clients/template.ts";
import { isNamed } from "../domain/cookies/cookie.ts";
import type { Evidence, Finding, Identification, IdentitySource } from "../ports.ts";
import { duration, size } from "../units.ts";
import {
  type IdentityDeps,
  type IdentityKind,
  identified,
  remembering,
  unknown,
  warnOnce,
} from "./source.ts";
import { personIn } from "./visitor-in-answer.ts";

const VIA = "whoami";
/** A guest who signs in is known after this at the latest, ms. */
const GUEST = 2_000;
const LONGEST = 60_000;

const user = z
  .strictObject({
    id: finder
      .prefault("/id")
      .describe(
        "Where the id stands: a JSON pointer, or an object with `css`, `json`, `header` or `regex` for a page of the app.",
      ),
    name: finder.optional().describe("Where the name stands; `/name` if left out and `id` is a pointer."),
    email: finder.optional().describe("Where the e-mail address stands; `/email` in the same way."),
    groups: finder
      .optional()
      .describe("Where the groups stand; `/groups` in the same way. In a page all that are found."),
  })
  .prefault({})
  .describe("Where in the answer the facts of a person stand.");

const schema = z.strictObject({
  whoami: z.strictObject({
    url: httpUrl.describe(
      "The address in the app that says who is signed in: as JSON, or a page of its own.",
    ),
    cookies: z
      .array(cookieName)
      .min(1)
      .describe(
        "The app's session cookies; a `*` at the end of a name is any ending. They are all that is sent, and without any of them nobody is asked.",
      ),
    host: z
      .string()
      .regex(/^[A-Za-z0-9.:[\]-]+$/, { error: "write a host name, like app.example.com" })
      .optional()
      .describe("The `Host` to ask with, where the app tells its sites apart by it."),
    user,
    cacheFor: duration
      .refine((ms) => ms <= LONGEST, { error: "write at most 60s, so that who is signed out is soon known" })
      .prefault("5s")
      .describe("How long an answer counts, 60s at most. For guests two seconds at most."),
    timeout: duration.prefault("2s").describe("How long the app may take."),
    answerSize: size
      .refine((n) => n >= 1_024 && n <= 4 * 1_048_576, { error: "write a size from 1kB to 4MB" })
      .prefault("256kB")
      .describe("Of its answer; a longer one says nothing."),
  }),
});

type Options = z.infer<typeof schema>;

/** Asks the app with the visitor's own cookies who the visitor is. */
export const whoami: IdentityKind<Options> = {
  name: VIA,
  describe: "The app's own answer to who is signed in, asked with the caller's session cookies.",
  schema,
  create: ({ whoami: options }, deps) => source(options, deps),
};

function source(options: Options["whoami"], deps: IdentityDeps): IdentitySource {
  const warn = warnOnce(deps.log, VIA);
  const isJson = Object.values(options.user).every((it) => it?.pointer !== undefined);
  const headers = {
    // A page is asked for as one: WordPress leaves out parts of it where JSON would do, too.
    accept: isJson ? "application/json" : "text/html, */*;q=0.8",
    ...(options.host === undefined ? {} : { host: options.host }),
  };
  const ask = remembering<Identification>({
    what: VIA,
    clock: deps.clock,
    timeout: options.timeout,
    entries: 10_000,
    ask: async (cookie, signal) => {
      const answer = await deps.http.get(options.url, {
        headers: { ...headers, cookie },
        timeout: options.timeout,
        maxBytes: options.answerSize,
        signal,
      });
      return isOfGuests(answer)
        ? guest(answer.status, options.url)
        : identified(personIn(answer, options.user), VIA, warn);
    },
    keep: ({ kind }) => ({
      ms: kind === "known" ? options.cacheFor : Math.min(options.cacheFor, GUEST),
      negative: kind === "unknown",
    }),
  });
  const absent = unknown(VIA, "debug", "no-cookie", `none of the cookies ${options.cookies.join(", ")}`);
  return {
    check: async (signal) => {
      const { timeout, answerSize: maxBytes } = options;
      return [asGuest(await deps.http.get(options.url, { headers, timeout, maxBytes, signal }), options)];
    },
    identify(evidence) {
      const cookie = cookiesOf(evidence, options.cookies);
      return cookie === "" ? absent : ask(cookie);
    },
  };
}

// As they came, in order and with repeats, so that the app reads them just as it will in the request itself.
function cookiesOf({ headers }: Evidence, wanted: readonly string[]): string {
  const header = headers.cookie;
  if (header === undefined) return "";
  const pairs = (typeof header === "string" ? header : header.join(";")).split(";");
  return pairs
    .map((pair) => pair.trim())
    .filter((pair) => isNamed(pair.slice(0, Math.max(0, pair.indexOf("="))), wanted))
    .join("; ");
}

/** 401 is how an app speaks to guests; that there is no such page is more likely a wrong address. */
function guest(status: number, url: string): Identification {
  if (status === 200) return unknown(VIA, "info", "guest", `${url} says that nobody is signed in`);
  const level = status === 404 ? "warn" : "info";
  return unknown(VIA, level, `status-${status}`, `${url} answered ${status}`);
}

/** Checks the app without a cookie: it must name nobody, or everybody would be that person. */
function asGuest(answer: HttpAnswer, { url, user }: Options["whoami"]): Finding {
  const { status } = answer;
  const reading = isOfGuests(answer) ? null : personIn(answer, user);
  if (reading === null || reading.kind === "none")
    return { kind: "fact", says: `${url}: ${status}: without a cookie nobody is signed in` };
  if (reading.kind === "bad") return { kind: "problem", says: `${url}: ${reading.why}` };
  return {
    kind: "problem",
    says: `${url} knows ${reading.value.id} without any cookie, so everybody is that person`,
  };
}

/** Whether the app says that it knows nobody. */
function isOfGuests({ status }: HttpAnswer): boolean {
  if (status === 200) return false;
  const isGuest = [204, 401, 403, 404].includes(status) || (status >= 300 && status < 400);
  if (!isGuest) throw new Error(`the answer has status ${status}`);
  return true;
}
