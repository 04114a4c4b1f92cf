import fc from "fast-check";
import t from "tap";
import { amendPolicies, amendPolicyHeaders, type CspNeeds } from "../../../src/domain/page/csp.ts";

const HOST = "app.example.com";
const NEEDS: CspNeeds = {
  script: `${HOST}/.guise/client.js`,
  scriptHash: "'sha256-T3VyIHNjcmlwdA=='",
  styles: [`${HOST}/.guise/banner.css`, `${HOST}/.guise/page.css`],
  connect: [`${HOST}/.guise/me`, `${HOST}/.guise/lost`],
  formAction: `${HOST}/.guise/`,
  ledOnTo: null,
};
const SCRIPT = NEEDS.script;
const STYLES = NEEDS.styles.join(" ");
const CONNECT = NEEDS.connect.join(" ");

const GOLDENS: readonly (readonly [string, string, string])[] = [
  ["without anything that concerns us", "img-src 'self'; frame-ancestors 'none'", "="],
  ["that is empty", " ; ", "="],
  ["that allows our own host", "default-src 'self'; form-action 'self'", "="],
  ["that allows every host", "script-src *; style-src * 'unsafe-inline'", "="],
  [
    "that forbids everything",
    "default-src 'none'",
    `default-src 'none'; script-src-elem ${SCRIPT}; style-src-elem ${STYLES}; connect-src ${CONNECT}`,
  ],
  ["with an empty list", "script-src ;style-src", `script-src ${SCRIPT} ;style-src ${STYLES}`],
  ["with a nonce", "script-src 'nonce-abc'", `script-src 'nonce-abc' ${SCRIPT}`],
  ["with unsafe-inline", "script-src 'unsafe-inline'", `script-src 'unsafe-inline' ${SCRIPT}`],
  [
    "with strict-dynamic",
    "script-src 'nonce-abc' 'strict-dynamic' https: 'unsafe-inline'",
    `script-src 'nonce-abc' 'strict-dynamic' https: 'unsafe-inline' ${NEEDS.scriptHash}`,
  ],
  [
    "with strict-dynamic in the default",
    "default-src 'strict-dynamic' 'sha256-abc'; style-src 'self'; connect-src 'self'",
    `default-src 'strict-dynamic' 'sha256-abc'; style-src 'self'; connect-src 'self'; script-src-elem 'strict-dynamic' 'sha256-abc' ${NEEDS.scriptHash}`,
  ],
  [
    "with script-src-elem",
    "script-src 'none'; script-src-elem 'none'",
    `script-src 'none'; script-src-elem ${SCRIPT}`,
  ],
  ["with a directive twice", "style-src 'none'; style-src 'self'", `style-src ${STYLES}; style-src 'self'`],
  ["in capitals", "SCRIPT-SRC 'NONE'", `SCRIPT-SRC ${SCRIPT}`],
  ["for forms", "form-action 'none'", `form-action ${NEEDS.formAction}`],
  [
    "for forms elsewhere",
    "form-action https://pay.example",
    `form-action https://pay.example ${NEEDS.formAction}`,
  ],
  ["with a sandbox", "sandbox allow-scripts", "="],
  ["with trusted types", "require-trusted-types-for 'script'; trusted-types 'none'", "="],
  [
    "with a semicolon at its end",
    "default-src 'none' ; style-src 'self';",
    `default-src 'none' ; style-src 'self'; script-src-elem ${SCRIPT}; connect-src ${CONNECT}`,
  ],
  ["with a directive that browsers drop", "script-src '\u00fc'; img-src *", "="],
];

for (const [name, policy, want] of GOLDENS) {
  t.test(`a policy ${name}`, async (t) => {
    const amended = amendPolicies(policy, NEEDS);
    t.equal(amended, want === "=" ? policy : want);
    t.equal(amendPolicies(amended, NEEDS), amended, "a second time changes nothing");
  });
}

t.test("each policy of each header is amended, and those that only report are not", async (t) => {
  const headers = [
    "Content-Security-Policy",
    "script-src 'none', img-src *",
    "content-security-policy-report-only",
    "script-src 'none'",
    "CONTENT-SECURITY-POLICY",
    "form-action 'none'",
    "X-Other",
    "script-src 'none'",
  ];
  t.strictSame(amendPolicyHeaders(headers, NEEDS), [
    headers[0],
    `script-src ${SCRIPT}, img-src *`,
    headers[2],
    headers[3],
    headers[4],
    `form-action ${NEEDS.formAction}`,
    headers[6],
    headers[7],
  ]);
  t.equal(
    amendPolicies("script-src 'none',script-src 'none'", NEEDS),
    `script-src ${SCRIPT},script-src ${SCRIPT}`,
  );
});

/** Something that a page asks of its policy; `inline` is the hash of a text in the page. */
interface Ask {
  readonly directives: readonly string[];
  readonly kind: "url" | "inline" | "attribute" | "eval";
  readonly url: string;
  readonly nonce: string | null;
  readonly hash: string | null;
  readonly byParser: boolean;
}

/** A second, plain reading of CSP3, to judge the amended policy by. */
function permits(policy: string, ask: Ask): boolean {
  const seen = new Map<string, string[]>();
  for (const part of policy.split(";")) {
    const [name, ...sources] = part.trim().split(/\s+/);
    if (name !== undefined && name !== "" && !seen.has(name.toLowerCase()))
      seen.set(name.toLowerCase(), sources);
  }
  const governing = ask.directives.find((name) => seen.has(name));
  if (governing === undefined) return true;
  const list = (seen.get(governing) ?? []).map((source) => source.trim());
  const lower = list.map((source) => source.toLowerCase());
  const strict = lower.includes("'strict-dynamic'") && ask.directives.includes("script-src");
  const hashes = list.filter((source) => /^'sha/i.test(source));
  const nonces = list.filter((source) => /^'nonce-/i.test(source));
  if (ask.kind === "eval") return lower.includes("'unsafe-eval'");
  if (ask.nonce !== null && ask.kind !== "attribute" && nonces.includes(`'nonce-${ask.nonce}'`)) return true;
  if (ask.kind === "url") return permitsUrl({ list: lower, hashes, strict }, ask);
  const hashed = ask.hash !== null && hashes.includes(ask.hash);
  if (hashed && (ask.kind === "inline" || lower.includes("'unsafe-hashes'"))) return true;
  return lower.includes("'unsafe-inline'") && hashes.length + nonces.length === 0 && !strict;
}

function permitsUrl(
  {
    list,
    hashes,
    strict,
  }: { readonly list: readonly string[]; readonly hashes: readonly string[]; readonly strict: boolean },
  ask: Ask,
): boolean {
  if (ask.hash !== null && ask.directives.includes("script-src") && hashes.includes(ask.hash)) return true;
  if (strict) return !ask.byParser;
  const url = new URL(ask.url);
  return list.some((source) => {
    if (source === "*") return true;
    if (source === "'self'") return url.origin === `https://${HOST}`;
    if (source === "https:") return url.protocol === "https:";
    const match = /^(?:https:\/\/)?([a-z0-9.]+)(\/.*)?$/.exec(source);
    if (match === null || match[1] !== url.host) return false;
    const path = match[2] ?? "/";
    return path.endsWith("/") ? url.pathname.startsWith(path) : url.pathname === path;
  });
}

const CHAINS = {
  script: ["script-src-elem", "script-src", "default-src"],
  scriptAttribute: ["script-src-attr", "script-src", "default-src"],
  eval: ["script-src", "default-src"],
  style: ["style-src-elem", "style-src", "default-src"],
  styleAttribute: ["style-src-attr", "style-src", "default-src"],
  connect: ["connect-src", "default-src"],
  image: ["img-src", "default-src"],
  worker: ["worker-src", "child-src", "script-src", "default-src"],
  form: ["form-action"],
  base: ["base-uri"],
} as const;

const source = fc.constantFrom(
  "'none'",
  "'self'",
  "'unsafe-inline'",
  "'unsafe-eval'",
  "'unsafe-hashes'",
  "'strict-dynamic'",
  "'nonce-abc'",
  "'sha256-YWJj'",
  "'report-sample'",
  "https:",
  "*",
  "cdn.example",
  `${HOST}/assets/`,
  `${HOST}/.guise/client.js`,
);
const directive = fc
  .tuple(
    fc.constantFrom(...new Set(Object.values(CHAINS).flat()), "sandbox", "upgrade-insecure-requests"),
    fc.array(source, { maxLength: 4 }),
    fc.constantFrom("", " ", "\t"),
  )
  .map(([name, sources, pad]) => `${pad}${[name, ...sources].join(" ")}${pad}`);
const policies = fc.array(directive, { maxLength: 6 }).map((parts) => parts.join(";"));

const ask: fc.Arbitrary<Ask> = fc.record({
  directives: fc.constantFrom(...Object.values(CHAINS)),
  kind: fc.constantFrom("url", "inline", "attribute", "eval"),
  url: fc.constantFrom(
    "https://evil.example/.guise/client.js",
    "https://cdn.example/x.js",
    `https://${HOST}/other.js`,
    `https://${HOST}/assets/app.js`,
    `https://${HOST}/.guise/client.js/x`,
    `https://${HOST}/.guise/client.jsx`,
    `https://${HOST}/.guise`,
  ),
  nonce: fc.constantFrom(null, "abc", "xyz"),
  hash: fc.constantFrom(null, "'sha256-YWJj'", "'sha256-ZXZpbA=='"),
  byParser: fc.boolean(),
});

t.test("an amended policy decides about everything else as before", async (t) => {
  const property = fc.property(policies, ask, (policy, ask) => {
    if (ask.directives === CHAINS.form && ask.url.startsWith(`https://${NEEDS.formAction}`)) return;
    const before = permits(policy, ask);
    const after = permits(amendPolicies(policy, NEEDS), ask);
    if (before !== after) throw new Error(`${before} became ${after}: ${amendPolicies(policy, NEEDS)}`);
  });
  fc.assert(property, { numRuns: 50_000 });
  t.pass("neither weaker nor stricter");
});

t.test("an amended policy allows what the banner needs", async (t) => {
  const url = (directives: readonly string[], source: string, hash: string | null): Ask => ({
    directives,
    kind: "url",
    url: `https://${source}`,
    nonce: null,
    hash,
    byParser: true,
  });
  const asks = [
    url(CHAINS.script, NEEDS.script, NEEDS.scriptHash),
    ...NEEDS.styles.map((style) => url(CHAINS.style, style, null)),
    ...NEEDS.connect.map((path) => url(CHAINS.connect, path, null)),
    url(CHAINS.form, `${NEEDS.formAction}stop`, null),
  ];
  const property = fc.property(policies, (policy) => {
    const amended = amendPolicies(policy, NEEDS);
    for (const ask of asks)
      if (!permits(amended, ask)) throw new Error(`${ask.url} is refused by ${amended}`);
    if (amendPolicies(amended, NEEDS) !== amended) throw new Error("a second time changed it");
  });
  fc.assert(property, { numRuns: 20_000 });
  t.pass("under every policy");
});

t.test("any text at all is taken", async (t) => {
  const property = fc.property(fc.string({ unit: "binary" }), (text) => {
    const amended = amendPolicies(text, NEEDS);
    if (amendPolicies(amended, NEEDS) !== amended) throw new Error("a second time changed it");
  });
  fc.assert(property, { numRuns: 5000 });
  t.pass("and a second time changes nothing");
});
