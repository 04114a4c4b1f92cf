import { z } from "zod";
import { addressRange } from "../../clients/address.ts";
import { foldName, headerPolicy, type ProfileNames } from "../../domain/headers.ts";
import { duration, size } from "../../units.ts";
import { between, count, flag, oneOf, orNull, time } from "./values.ts";

const HEADER = /^[A-Za-z][A-Za-z0-9-]{0,63}$/;
/** Names that mean something else to every server. */
const TAKEN = [
  "host",
  "cookie",
  "connection",
  "content-length",
  "transfer-encoding",
  "authorization",
  "upgrade",
];
const headerName = z
  .string()
  .regex(HEADER, { error: "write a header name of letters, digits and dashes" })
  .refine((name) => !TAKEN.includes(name.toLowerCase()), { error: "write a name that has no other meaning" });

/** One name, or with a `-*` at its end all that begin so; that of all private headers would be no choice. */
const NAMES = /^(?!X-\*$)[A-Za-z][A-Za-z0-9-]*(?:-\*)?$/i;

const passing = z.strictObject({
  names: z
    .array(
      z
        .string()
        .regex(NAMES, { error: "write a header name like Remote-User, or a family like Remote-*" })
        .refine((name) => !isOthersBusiness(name), { error: "write the name of an identity header" }),
    )
    .min(1, { error: "write the names that the proxy sends, like [Remote-User, Remote-Groups]" })
    .describe("Names of headers; a `*` at the end is any ending."),
  from: z
    .array(addressRange)
    .min(1, { error: "write the addresses of the proxy, like [10.0.0.5]" })
    .describe("The proxies that replace these headers in every request."),
});

/** What no identity header is: it means something else to every server, or says how a request came. */
function isOthersBusiness(name: string): boolean {
  const kind = headerPolicy(NOBODYS, []).kindOf(name);
  return TAKEN.includes(name.toLowerCase()) || kind === "metadata" || kind === "written";
}

const NOBODYS = {
  assertion: "X-Guise-Assertion",
  user: "X-Guise-User",
  trueUser: "X-Guise-True-User",
  impersonation: "X-Guise-Impersonation",
};

/** What is signed, or says who really is there, can't come from another. */
const UNPASSABLE = ["assertion", "trueUser", "impersonation"] as const;

function profileName(describe: string) {
  return orNull(headerName).describe(describe);
}

/** `headers`: what the app is told, and under which names. */
export const headers = z
  .strictObject({
    when: z
      .enum(["always", "impersonating"])
      .optional()
      .describe(
        "Whether the app is told who is there on every request, or only while impersonating. Default: `always`; `impersonating` where `whoami` is the only identity source.",
      ),
    plain: flag(true).describe("Whether the unsigned headers are sent beside the signed one."),
    assertion: headerName.default("X-Guise-Assertion").describe("The signed token."),
    user: headerName.default("X-Guise-User").describe("The id of the effective user."),
    trueUser: headerName.default("X-Guise-True-User").describe("The id of the true user."),
    impersonation: headerName
      .default("X-Guise-Impersonation")
      .describe("The impersonation's id, only while there is one."),
    email: profileName("The effective user's e-mail, for an app that reads one: `Remote-Email`."),
    name: profileName("The effective user's name; what is outside ASCII is percent-encoded."),
    groups: profileName("The effective user's groups, with commas between them."),
    pass: z
      .array(passing)
      .default([])
      .describe(
        "Identity headers of a proxy in front that go on to the app with own traffic. From everybody else, and while impersonating, they are dropped.",
      ),
    forged: oneOf("drop", ["drop", "refuse"]).describe(
      "What becomes of a client's header under one of these names, in any spelling: dropped, or the request is refused with 400.",
    ),
    drop: z
      .array(
        z.string().regex(/^[A-Za-z0-9-]+\*?$/, { error: "write a header name; a `*` may stand at its end" }),
      )
      .default([])
      .describe("Further names that clients may not send to the app; a `*` at the end is any ending."),
  })
  .refine((it) => allDiffer(managedNames(it)), {
    error: "two of the names are the same; each needs its own",
  })
  .superRefine(({ plain, email, name, groups, pass, ...managed }, context) => {
    for (const [key, value] of Object.entries({ email, name, groups }))
      if (!plain && value !== null)
        context.addIssue({
          code: "custom",
          path: [key],
          message: "it is an unsigned header; leave it out, or write `plain: true`",
          input: value,
        });
    const reserved = headerPolicy({ ...managed, user: managed.assertion }, []);
    pass.forEach(({ names }, at) => {
      names.forEach((it, n) => {
        if (!NAMES.test(it)) return;
        const stem = it.replace(/\*$/, "");
        const meets = UNPASSABLE.some((key) => managed[key].toLowerCase().startsWith(stem.toLowerCase()));
        if (reserved.forges(stem) || (it.endsWith("*") && meets))
          context.addIssue({
            code: "custom",
            path: ["pass", at, "names", n],
            message: "only the gateway says this; name the headers of the other product",
            input: it,
          });
      });
    });
  })
  .prefault({})
  .describe("What the app is told about who is there, and what clients can't tell it.");

function managedNames(
  it: Record<"assertion" | "user" | "trueUser" | "impersonation", string> & ProfileNames,
) {
  const { assertion, user, trueUser, impersonation, email, name, groups } = it;
  return [assertion, user, trueUser, impersonation, email, name, groups].filter((one) => one !== null);
}

function allDiffer(names: readonly string[]): boolean {
  return new Set(names.map(foldName)).size === names.length;
}

/** `token`: the signed statement that the app checks. */
export const token = z
  .strictObject({
    issuer: z.string().min(1).default("guise").describe("`iss` of the token."),
    audience: z
      .string()
      .min(1)
      .optional()
      .describe("`aud` of the token. Default: the address of `upstream`."),
    lifetime: duration
      .refine((ms) => ms >= 10_000 && ms <= 300_000, { error: "write a lifetime from 10s to 5m" })
      .prefault("60s")
      .describe("How long a token counts, 5 minutes at the most."),
  })
  .prefault({})
  .describe("The signed token that tells the app who is there.");

export const cookie = z
  .strictObject({
    name: z
      .string()
      .regex(/^[A-Za-z0-9-]{1,64}$/, { error: "write a name of letters, digits and dashes" })
      .default("guise")
      .describe("Over https the browser's `__Host-` stands before it; with `domain`, `__Secure-`."),
    domain: orNull(
      z
        .string()
        .toLowerCase()
        .regex(
          /^(?=.{1,253}$)(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z](?:[a-z0-9-]{0,61}[a-z0-9])?$/,
          {
            error: "write a domain of two labels or more without a dot before it, like example.com",
          },
        ),
    ).describe(
      "One impersonation covers this domain and all hosts below it, like `example.com`; left out: the one host, and pages shown as a customer get nothing from neighbour hosts of this gateway (`other-host`). All hosts below it get the cookie, also those that aren't behind the gateway. Change it while nobody is viewed.",
    ),
    keep: between("1d", "400d", "from 1d to 400d, which is as long as browsers keep any cookie")
      .prefault("400d")
      .describe(
        "How long a browser keeps the cookie of an impersonation. It is to outlive all that a customer's pages leave in the browser, or these turn into the agent's own without a word.",
      ),
    wayBack: time("24h", "1m", "30d").describe(
      "How long after an impersonation the gateway keeps what makes a browser the agent's own again. Counts from the next start on.",
    ),
  })
  .prefault({})
  .describe("The gateway's own cookies.");

export const trustedProxies = z
  .array(addressRange)
  .default([])
  .describe(
    "Proxies in front whose forwarding metadata (`X-Forwarded-*`, `X-Real-IP`, `Forwarded` …) is believed and passed on; nobody's by default.",
  );

export const prefix = z
  .string()
  .regex(/^(?:\/[A-Za-z0-9_~-][A-Za-z0-9._~-]*|\/\.[A-Za-z0-9_~-][A-Za-z0-9._~-]*)+$/, {
    error: "write a path without a slash at its end, like /.guise",
  })
  .default("/.guise")
  .describe("Where the gateway's own pages are. They are never forwarded to the app.");

function atMost(fallback: string, most: number) {
  return duration
    .refine((ms) => ms >= 1 && ms <= most, { error: `write a length of time up to ${most / 1_000}s` })
    .prefault(fallback);
}

function fromMinute(fallback: string, most: number) {
  return duration
    .refine((ms) => ms >= 60_000 && ms <= most, {
      error: `write a length of time from 1m to ${most / HOUR}h`,
    })
    .prefault(fallback);
}

const HOUR = 3_600_000;

export const timeouts = z
  .strictObject({
    connect: atMost("5s", HOUR).describe("To open a connection to the app."),
    answer: atMost("60s", HOUR).describe("From the last byte of a request to the head of the app's answer."),
    answerIdle: atMost("5m", 24 * HOUR).describe("Between two pieces of the app's answer."),
    upstreamKeepAlive: atMost("4s", HOUR).describe(
      "A connection to the app between two requests, unless the app names a shorter time. Less than the app keeps it.",
    ),
    stream: atMost("100ms", HOUR).describe(
      "After which an exchange counts as one that lasts, for `limits.streams` instead of `upstream.connections`.",
    ),
    requestHeaders: atMost("10s", HOUR).describe("For a client to send its headers."),
    requestIdle: atMost("30s", HOUR).describe("Between two pieces of a client's body."),
    socketIdle: atMost("10m", 24 * HOUR).describe("A WebSocket without a message."),
    lookup: atMost("3s", 60_000).describe("One lookup of an owner, a user or an identity."),
    keepAlive: atMost("65s", HOUR).describe("A client's connection between two requests."),
    linger: atMost("5s", 60_000).describe(
      "For a client to read the last answer of a connection that is closed in the middle of its body.",
    ),
    drain: atMost("30s", HOUR).describe("For open requests when the gateway is told to stop."),
    missedLink: atMost("24h", 30 * 24 * HOUR).describe(
      "For which a link that started nothing is kept for its agent.",
    ),
    form: atMost("10m", 24 * HOUR).describe(
      "To send the form of a page of the gateway's own (start, step up or down, a yes); an older one is shown once more.",
    ),
    confirm: fromMinute("2m", HOUR).describe(
      "For an agent to say yes to what a rule asks about; so long the request is kept.",
    ),
    kept: fromMinute("10m", HOUR).describe(
      "For which a form that was sent while only looking is kept, to be sent after a step up if its agent says so.",
    ),
    leftOpen: fromMinute("12h", 30 * 24 * HOUR).describe(
      "For which a page with such a question may lie open and its yes is still known as one: when nobody is viewed any more it is refused, and not done as the agent.",
    ),
    notice: fromMinute("5m", HOUR).describe("After Stop, for a page to say once whom one was."),
    ended: fromMinute("10m", 24 * HOUR).describe(
      "For which an impersonation is known after its time, so that what a page still sends hears that it is over. Counts from the next start on.",
    ),
  })
  .prefault({})
  .describe("How long things may take.");

function bytes(fallback: string, least: number, most: number) {
  return size
    .refine((n) => n >= least && n <= most, { error: `write a size from ${least}B to ${most}B` })
    .prefault(fallback);
}

const MB = 1_048_576;

export const limits = z
  .strictObject({
    url: bytes("16kB", 256, MB).describe(
      "Of an address that is judged; longer ones are refused with 400. The app's own limits hold for own traffic.",
    ),
    segments: count(128, 1, 10_000).describe("Segments of a path that is judged."),
    segment: bytes("2kB", 64, MB).describe("Of one segment of a path that is judged."),
    headers: bytes("32kB", 1_024, MB).describe(
      "Of all headers of a request, which may be as many lines as a sixth of these bytes; more is refused with 431. Of the customer's cookies the browser is shown no more than leaves a quarter of it free.",
    ),
    connections: count(10_000, 1, 1_000_000).describe("Open connections of clients."),
    streams: count(8_000, 1, 1_000_000).describe(
      "Exchanges that last at the same time, of each app: event streams, long polls, slow up- and downloads, WebSockets. One more is 503.",
    ),
    consoleStreams: count(100, 1, 10_000).describe(
      "Open pages of what runs that keep themselves up to date; one more is 429.",
    ),
    streamsPerClient: count(1_000, 1, 1_000_000).describe(
      "Of them, those of one client: its address, or what a trusted proxy gives as that.",
    ),
    answerHeaders: bytes("256kB", 1_024, 64 * MB).describe(
      "Of all headers of the app's answer; more is 502.",
    ),
    uploadRate: bytes("256B", 0, MB).describe(
      "A second, of a client's body, on the average of `timeouts.requestIdle`; slower ones are 408, and `0B` lets all through.",
    ),
    drain: bytes("32MB", 0, 1_024 * MB).describe(
      "Of a body that goes nowhere, behind a refusal or a page of the gateway's own, that are read and thrown away so that the connection can be used again; a longer one costs the connection.",
    ),
    pageHead: bytes("256kB", 1_024, 64 * MB).describe(
      "Of a page's beginning that are searched for the place of the banner.",
    ),
    pageDecoded: bytes("64MB", 1_024, 1_024 * MB).describe("Of a compressed page once it is decoded."),
    confirmBody: bytes("1MB", 1, 64 * MB).describe(
      "Of a request that has to be confirmed and is repeated then.",
    ),
    pageCredentials: count(4_096, 1, 1_000_000).describe(
      "Values in the app's answers that are remembered of one impersonation, so that a page may send as `Authorization` what it got as the customer.",
    ),
    perImpersonation: count(64, 1, 10_000).describe("Requests at the same time for one impersonation."),
    perMinute: count(30_000, 1, 100_000_000).describe(
      "Requests of one impersonation, and starts of one agent, in a minute; more are 503, since each is on record.",
    ),
    startsPerHour: count(30, 1, 1_000_000).describe(
      "Starts of one agent in an hour that a link alone makes; beyond it a page with a button asks first.",
    ),
    missedLinks: count(10, 1, 1_000).describe(
      "Links of one agent that started nothing, the last of which are shown on `why`.",
    ),
    missedLinksPerMinute: count(60, 1, 100_000).describe("Of them that are kept in a minute of one agent."),
    refusalsPerMinute: count(120, 1, 100_000_000).describe(
      "Refusals of one person without an impersonation, and of all such people at one address, that go on record in a minute; more are refused all the same, and counted.",
    ),
  })
  .prefault({})
  .describe("How large and how many things may be.");
