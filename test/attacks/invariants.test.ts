import fc from "fast-check";
import t from "tap";
import { claims } from "../../src/domain/claims.ts";
import { canonicalUrl } from "../../src/domain/routing/canonical-url.ts";
import { ownCookies } from "../../src/gateway/http/own-cookies.ts";
import { type Attack, allSenders, fire, lines } from "../fixtures/client/attack-requests.ts";
import { NOTICE, SECRET } from "../fixtures/client/cookies.ts";
import { AS, stand } from "../fixtures/gateway/attack-stand.ts";

const LIMITS = { url: 16_384, segments: 128, segment: 2_048, encodedSlash: "keep" } as const;

/** Paths of what attackers use, more than of letters. */
const hostile = fc
  .array(
    fc.constantFrom(
      "/",
      ".",
      "..",
      "%2e",
      "%2F",
      "%5c",
      ";",
      "a",
      "B",
      "%25",
      "%61",
      "?",
      "#",
      "\\",
      "%00",
      "%c3%a9",
      "é",
      " ",
      "//",
    ),
    { maxLength: 20 },
  )
  .map((parts) => `/${parts.join("")}`);

t.test(
  "invariants 3 and 4: reading an address twice changes nothing, and nothing is left in it to read otherwise",
  async (t) => {
    let read = 0;
    fc.assert(
      fc.property(hostile, (raw) => {
        const once = canonicalUrl(raw, LIMITS);
        if (once.kind === "refused") return;
        read += 1;
        const twice = canonicalUrl(once.target, LIMITS);
        if (twice.kind !== "canonical" || twice.target !== once.target)
          throw new Error(`${raw} → ${once.target}`);
        if (/\/\/|\/\.\.?(?:\/|;|$)|\\|#|%(?:00|5c)/i.test(once.path))
          throw new Error(`${raw} → ${once.path}`);
      }),
      { numRuns: 5_000 },
    );
    t.ok(read > 200, `${read} were read`);
  },
);

t.test(
  "invariants 6 and 7: a token names two different people exactly during an impersonation",
  async (t) => {
    const id = fc.constantFrom("a", "b", "17", "A", "a ");
    const person = (it: string) => ({ id: it, name: null, email: null, groups: null });
    fc.assert(
      fc.property(id, id, fc.boolean(), (agent, customer, impersonating) => {
        const input = {
          principal: { trueUser: person(agent), effectiveUser: person(customer) },
          impersonation: impersonating
            ? { id: "i", mode: "read" as const, reason: null, ticket: null, until: 2_000_000 }
            : null,
          issuer: "g",
          audience: "a",
          now: 1_000_000,
          lifetime: 60_000,
          jti: "j",
        };
        if ((agent !== customer) !== impersonating) {
          let threw = false;
          try {
            claims(input);
          } catch (error) {
            threw = error instanceof TypeError;
          }
          if (!threw) throw new Error("a lie was signed");
          return;
        }
        const made = claims(input);
        if ((made.act !== undefined) !== impersonating)
          throw new Error("act without an impersonation, or an impersonation without act");
        if (made.act !== undefined && (made.act.sub === made.sub || "act" in made.act))
          throw new Error("nested");
      }),
    );
    t.pass("for every pair");
  },
);

t.test("invariant 18: no cookie of ours is left for the app, and no other is lost", async (t) => {
  const name = fc.constantFrom(
    "guise",
    "__Host-guise",
    "guise-notice",
    "__Host-guise-notice",
    "app",
    "guisex",
    "xguise",
    "Guise",
  );
  const pair = fc.tuple(name, fc.constantFrom("", "v", "a=b", "x y", SECRET, NOTICE));
  fc.assert(
    fc.property(fc.array(pair, { maxLength: 8 }), fc.constantFrom("; ", ";", " ;  "), (pairs, gap) => {
      const isOurs = ([key, value]: readonly [string, string]) =>
        /^(?:__Host-)?guise$/.test(key)
          ? value === SECRET
          : /^(?:__Host-)?guise-n/.test(key) && value === NOTICE;
      const { rest } = ownCookies(pairs.map(([key, value]) => `${key}=${value}`).join(gap), "guise", "http");
      const kept = (rest ?? "")
        .split(";")
        .map((it) => it.trim())
        .filter((it) => it !== "")
        .map((it) => it.split("=")[0]);
      const expected = pairs.filter((pair) => !isOurs(pair)).map(([key]) => key);
      if (JSON.stringify(kept) !== JSON.stringify(expected)) throw new Error(`${rest}`);
    }),
    { numRuns: 2_000 },
  );
  t.pass("whatever stands around them");
});

t.test(
  "invariants 1 and 2: of all spellings of a managed name, just our own line gets to the app",
  async (t) => {
    const it = await stand(t);
    const upstreams = await allSenders(t, it);
    const mark = fc.constantFrom("-", "_", ".", "!", "~", "+", "*", "'", "`", "|", "^", "%", "$", "&", "#");
    const word = fc.constantFrom("User", "user", "USER", "Assertion", "True-User", "Impersonation", "Else");
    const field = fc
      .tuple(fc.constantFrom("X", "x"), mark, fc.constantFrom("Guise", "GUISE", "guise"), mark, word)
      .map((parts) => `${parts.join("")}: evil`);
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom(...upstreams),
        fc.array(field, { minLength: 1, maxLength: 6 }),
        async (sender, fields) => {
          const { arrived } = await fire(t, it, sender, { fields });
          const found = lines(arrived[0], "X-Guise-").map((line) => line.split(":")[0]);
          const expected = sender.impersonating ? 4 : sender.name.startsWith("nobody") ? 0 : 3;
          if (arrived.length !== 1 || found.length !== expected || new Set(found).size !== expected)
            throw new Error(`${sender.name}: ${found}`);
          if (arrived[0]?.head.includes("evil")) throw new Error(sender.name);
        },
      ),
      { numRuns: 60 },
    );
    t.ok(AS.alice.length > 0);
    t.equal(await it.metric("guise_invariant_violations_total"), 0);
  },
);

/** What strangers send: our names in every place and spelling, cookies that look like ours, addresses with two readings, forged marks. */
const NAMES = [
  "guise",
  "__Host-guise",
  "__Secure-guise",
  "guise-notice",
  "guise-here",
  "guise-before",
  "guise-nonce",
  "__Host-guise-impersonating",
  "__Host-guise-worn",
  "guise-near-0123456789ab",
];
const VALUES = ["", "1", SECRET, NOTICE, "a.b.c", "%00", '"x"', "é"];
const CORPUS: readonly Attack[] = [
  ...NAMES.flatMap((name) => VALUES.map((value) => ({ fields: [`Cookie: ${name}=${value}`] }))),
  ...NAMES.map((name) => ({ fields: [`Cookie: ${name}=${SECRET}; ${name}=${NOTICE}; ${name}; =${name}=1`] })),
  ...NAMES.map((name) => ({ fields: [`Cookie: a=1`, `Cookie: ${name}=${SECRET}`, `COOKIE: ${name}=1`] })),
  ...[
    "/a%2Fb",
    "/a%00b",
    "//x",
    "/..%2f",
    "/x%zz",
    "/.guise%2fstart",
    "/x?_guise_tab=x",
    `/x?_guise_confirm=${"x".repeat(60)}`,
  ].map((target) => ({ target })),
  ...[
    "X-Guise-User",
    "x_guise_user",
    "X-Guise-Assertion",
    "X-Guise-Tab",
    "X-Guise-Refused",
    "X-Forwarded-User",
  ].map((name) => ({ fields: [`${name}: alice`, `${name}: root`] })),
  ...["X-Guise-Assertion", "Cookie", "Authorization", "X-Guise-User"].map((connection) => ({
    connection,
    fields: [`${connection}: x=1`],
  })),
  ...["Bearer x", "Basic eDp5", "Bearer a.b.c", "\t"].map((it) => ({ fields: [`Authorization: ${it}`] })),
  ...["GET", "POST", "PROPFIND", "TRACE"].map((method) => ({
    method,
    fields: ["X-HTTP-Method-Override: DELETE", "Content-Length: 0"],
  })),
];

t.test(
  "nothing that a stranger sends counts as a broken invariant, nor is it answered with 500",
  async (t) => {
    const it = await stand(t);
    const broke: string[] = [];
    for (const sender of await allSenders(t, it))
      for (const attack of CORPUS) {
        const { reply } = await fire(t, it, sender, attack);
        if (reply.status >= 500 || reply.status === 0)
          broke.push(`${sender.name}: ${JSON.stringify(attack)}: ${reply.status}`);
      }
    t.same(broke, []);
    t.equal(await it.metric("guise_invariant_violations_total"), 0);
  },
);
