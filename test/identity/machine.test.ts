import { constants, createHash, generateKeyPairSync, type KeyObject, randomUUID, sign } from "node:crypto";
import { SignJWT, UnsecuredJWT } from "jose";
import t from "tap";
import type { Evidence, Identification } from "../../src/ports.ts";
import { signIns } from "../../src/sessions/sign-ins.ts";
import { evidence, testIdentitySource } from "../contracts/identity-source.ts";
import { fakeClock } from "../fixtures/clock.ts";
import { identityDeps, problems, sourceFrom } from "./deps.ts";

const NOW = fakeClock().now() / 1_000;
const ed = generateKeyPairSync("ed25519");
const other = generateKeyPairSync("ed25519");
const pemOf = (key: KeyObject) => key.export({ type: "spki", format: "pem" }).toString();
const base = { id: "helper", name: "Helper", groups: ["assistants"] };
const ALICE = { id: "alice", name: "Alice", email: null, groups: ["support"] };
const HELPER = {
  ...{ id: "helper/alice", name: "an AI assistant (Helper, for Alice)", email: null, groups: ["assistants"] },
  machine: { for: ALICE },
};

const jwt = { publicKey: pemOf(ed.publicKey), issuer: "https://issuer", audience: "guise" };

interface Making {
  readonly claims?: Readonly<Record<string, unknown>>;
  readonly key?: KeyObject;
  readonly exp?: number;
}

const GOOD = {
  sub: "alice",
  name: "Alice",
  groups: ["support"],
  act: { sub: "helper" },
  iss: "https://issuer",
  aud: "guise",
};

async function bearer({ claims = {}, key = ed.privateKey, exp = NOW + 600 }: Making = {}): Promise<Evidence> {
  const token = await new SignJWT({ ...GOOD, iat: NOW, ...claims, exp })
    .setProtectedHeader({ alg: "EdDSA" })
    .sign(key);
  return evidence({ headers: { authorization: `Bearer ${token}` } });
}

testIdentitySource(t, "machine by token", async (t) => ({
  source: sourceFrom({ machine: { ...base, jwt } }, identityDeps(t)),
  known: await bearer(),
  identity: HELPER,
  via: "machine",
  unknown: { "no token": evidence(), "another program": await bearer({ claims: { act: { sub: "x" } } }) },
  unavailable: {},
}));

t.test("a token that isn't for this program, this gateway or this moment is none", async (t) => {
  const source = sourceFrom({ machine: { ...base, jwt } }, identityDeps(t));
  const unsigned = new UnsecuredJWT({ ...GOOD })
    .setExpirationTime(NOW + 60)
    .setIssuedAt(NOW)
    .encode();
  const [head = "", body = ""] = String((await bearer()).headers.authorization)
    .slice(7)
    .split(".");
  const asked: readonly (readonly [string, Evidence])[] = [
    ["signature", await bearer({ key: other.privateKey })],
    ["algorithm", evidence({ headers: { authorization: `Bearer ${unsigned}` } })],
    ["signature", evidence({ headers: { authorization: `Bearer ${head}.${body}.` } })],
    ["expired", await bearer({ exp: NOW - 60 })],
    ["too-long", await bearer({ exp: NOW + 86_400 })],
    ["no-act", await bearer({ claims: { act: undefined } })],
    ["wrong-act", await bearer({ claims: { act: { sub: "other" } } })],
    ["wrong-act", await bearer({ claims: { act: { sub: "helper", act: { sub: "x" } } } })],
    ["wrong-iss", await bearer({ claims: { iss: "https://evil" } })],
    ["wrong-aud", await bearer({ claims: { aud: "app" } })],
    ["wrong-sub", await bearer({ claims: { sub: undefined } })],
  ];
  for (const [cause, shown] of asked)
    t.match(await source.identify(shown), { kind: "unknown", why: [{ cause }] }, cause);
});

t.test("a token with `act` is no token of the person in it", async (t) => {
  const person = { jwt: { bearer: true, ...jwt } };
  const source = sourceFrom(person, identityDeps(t));
  t.match(await source.identify(await bearer()), { kind: "unknown", why: [{ cause: "acts" }] });
  t.match(await source.identify(await bearer({ claims: { act: undefined } })), {
    kind: "known",
    identity: { id: "alice" },
  });
});

interface Signing {
  readonly method?: string;
  readonly target?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly covered?: readonly string[];
  readonly params?: string;
  readonly ours?: boolean;
  readonly signWith?: (text: Buffer) => Buffer;
}

const ORIGIN = "https://app.example.com";

function signed({
  method = "GET",
  target = "/site/1?x=1",
  headers = {},
  ours = false,
  ...how
}: Signing = {}): Evidence {
  const covered = how.covered ?? ["@method", "@target-uri", ...Object.keys(headers)];
  const params = how.params ?? `;created=${NOW};keyid="k1";alg="ed25519";nonce="${randomUUID()}"`;
  const said = `(${covered.map((it) => `"${it}"`).join(" ")})${params}`;
  const values: Readonly<Record<string, string>> = {
    ...headers,
    "@method": method,
    "@target-uri": ORIGIN + target,
    "@path": target.split("?")[0] ?? "",
    "@query": "?x=1",
    "@authority": "app.example.com",
    "@scheme": "https",
    "@request-target": target,
  };
  const lines = covered.map((it) => `"${it}": ${values[it] ?? ""}`);
  const text = Buffer.from([...lines, `"@signature-params": ${said}`].join("\n"));
  const made = (how.signWith ?? ((it) => sign(null, it, ed.privateKey)))(text);
  const own = { "signature-input": `sig1=${said}`, signature: `sig1=:${made.toString("base64")}:` };
  return evidence({ headers: { ...headers, ...own }, request: { method, target, origin: ORIGIN, ours } });
}

const signature = {
  keyId: "k1",
  publicKey: pemOf(ed.publicKey),
  for: { id: "alice", name: "Alice", groups: ["support"] },
};

const causeOf = (it: Identification) => (it.kind === "known" ? "known" : it.why[0]?.cause);

t.test("a signed request is known, of each algorithm and with each component", async (t) => {
  const rsa = generateKeyPairSync("rsa", { modulusLength: 2048 });
  const ec = generateKeyPairSync("ec", { namedCurve: "P-256" });
  const pss = { padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: 64 };
  const signers = [
    ["ed25519", ed.publicKey, (text: Buffer) => sign(null, text, ed.privateKey)],
    [
      "ecdsa-p256-sha256",
      ec.publicKey,
      (text: Buffer) => sign("sha256", text, { key: ec.privateKey, dsaEncoding: "ieee-p1363" }),
    ],
    [
      "rsa-pss-sha512",
      rsa.publicKey,
      (text: Buffer) => sign("sha512", text, { key: rsa.privateKey, ...pss }),
    ],
  ] as const;
  for (const [algorithm, key, signWith] of signers) {
    const options = { ...signature, algorithm, publicKey: pemOf(key) };
    const source = sourceFrom({ machine: { ...base, signature: options } }, identityDeps(t));
    const params = `;created=${NOW};keyid="k1";nonce="${randomUUID()}"`;
    const covered = [
      "@method",
      "@target-uri",
      "@path",
      "@query",
      "@authority",
      "@scheme",
      "@request-target",
      "cookie",
    ];
    const it = signed({ signWith, params, covered, headers: { cookie: "a=b" } });
    t.strictSame(await source.identify(it), { kind: "known", identity: HELPER, via: "machine" }, algorithm);
    t.equal(causeOf(await source.identify(it)), "known", "the same request, asked about twice, is no replay");
  }
});

t.test("what was altered, replayed, too old, or isn't covered is nobody's", async (t) => {
  const source = sourceFrom({ machine: { ...base, signature } }, identityDeps(t));
  const cause = async (it: Evidence) => causeOf(await source.identify(it));
  const good = signed({ headers: { cookie: "guise=1" } });
  t.equal(await cause(good), "known");
  t.equal(await cause({ ...good, headers: { ...good.headers } }), "replayed");
  const again = signed({ headers: { cookie: "guise=1" } });
  const request = again.request as NonNullable<Evidence["request"]>;
  for (const [name, altered] of [
    ["another header", { ...again, headers: { ...again.headers, cookie: "guise=2" } }],
    [
      "another address",
      { ...again, headers: { ...again.headers }, request: { ...request, target: "/site/2" } },
    ],
    [
      "another method",
      { ...again, headers: { ...again.headers }, request: { ...request, method: "DELETE" } },
    ],
    [
      "another host",
      { ...again, headers: { ...again.headers }, request: { ...request, origin: "https://b" } },
    ],
    ["another key", signed({ signWith: (text) => sign(null, text, other.privateKey) })],
    ["no signature", signed({ signWith: () => Buffer.alloc(64) })],
  ] as const)
    t.equal(await cause(altered), "signature", name);
  const nonce = () => `nonce="${randomUUID()}"`;
  for (const [wanted, it] of [
    ["expired", signed({ params: `;created=${NOW - 61};keyid="k1";${nonce()}` })],
    ["expired", signed({ params: `;created=${NOW + 60};keyid="k1";${nonce()}` })],
    ["expired", signed({ params: `;created=${NOW};expires=${NOW};keyid="k1";${nonce()}` })],
    ["expired", signed({ params: `;keyid="k1";${nonce()}` })],
    ["no-nonce", signed({ params: `;created=${NOW};keyid="k1"` })],
    ["no-nonce", signed({ params: `;created=${NOW};keyid="k1";nonce="short"` })],
    ["another-key", signed({ params: `;created=${NOW};keyid="k2";${nonce()}` })],
    ["algorithm", signed({ params: `;created=${NOW};keyid="k1";alg="hmac-sha256";${nonce()}` })],
    ["not-covered", signed({ covered: ["@method"] })],
    ["not-covered", signed({ covered: ["@target-uri"] })],
    ["not-covered", signed({ headers: { cookie: "a=b" }, covered: ["@method", "@target-uri"] })],
    ["not-covered", signed({ method: "POST", ours: true, headers: { "content-length": "2" } })],
    ["not-covered", signed({ method: "POST", ours: true, headers: { "transfer-encoding": "chunked" } })],
    ["body", signed({ method: "POST", headers: { "content-length": "2", "content-digest": "sha-256=:x:" } })],
    ["unreadable", signed({ params: `;created=${NOW};created=${NOW};keyid="k1";${nonce()}` })],
    ["unreadable", signed({ covered: ["@method", "@target-uri", "@method"] })],
    ["not-there", signed({ covered: ["@method", "@target-uri", "x-none"] })],
    ["not-there", signed({ covered: ["@method", "@target-uri", "@status"] })],
  ] as const)
    t.equal(await cause(it), wanted, it.headers["signature-input"] as string);
  const two = signed();
  const doubled = { ...two.headers, signature: [String(two.headers.signature), "sig1=:AAAA:"] };
  t.equal(await cause({ ...two, headers: doubled }), "unreadable", "two signatures");
  t.equal(await cause(evidence()), "no-signature");
});

t.test(
  "a nonce counts again when its time is over, and the body of a request to us is signed by its digest",
  async (t) => {
    const deps = identityDeps(t);
    const source = sourceFrom({ machine: { ...base, signature } }, deps);
    const digest = `sha-256=:${createHash("sha256").update("{}").digest("base64")}:`;
    const headers = { "content-length": "2", "content-digest": digest };
    t.equal(causeOf(await source.identify(signed({ method: "POST", ours: true, headers }))), "known");
  },
);

t.test("a nonce counts once over two gateways of one store, and for none while that is down", async (t) => {
  const deps = identityDeps(t);
  const one = sourceFrom({ machine: { ...base, signature } }, deps);
  const other = sourceFrom({ machine: { ...base, signature } }, deps);
  const it = signed();
  const copy = () => ({ ...it, headers: { ...it.headers } });
  const answers = await Promise.all([one, other, one, other].map((source) => source.identify(copy())));
  t.same(answers.map((answer) => causeOf(answer)).sort(), ["known", "replayed", "replayed", "replayed"]);
  deps.clock.pass(65_001);
  const late = signed({ params: `;created=${NOW + 65};keyid="k1";nonce="${randomUUID()}"` });
  t.equal(causeOf(await one.identify(late)), "known");
  const noStore = { ...deps, signIns: signIns(deps.clock) };
  const lost = sourceFrom({ machine: { ...base, signature } }, noStore as typeof deps);
  await t.rejects(
    Promise.resolve(
      lost.identify(signed({ params: `;created=${NOW + 65};keyid="k1";nonce="${randomUUID()}"` })),
    ),
    {
      code: "store-unavailable",
    },
  );
});

t.test("the config says how it shows who it is, once", async (t) => {
  t.match(problems({ machine: base }), [/one of jwt, signature/]);
  t.match(problems({ machine: { ...base, jwt, signature } }), [/one of jwt, signature/]);
  t.match(problems({ machine: { ...base, jwt: { issuer: "a", audience: "b" } } }), [
    /one of jwks, publicKey/,
  ]);
  t.match(problems({ machine: { ...base, id: "a/b", jwt } }), [/plain ASCII/]);
  t.match(problems({ machine: { ...base, signature: { ...signature, maxAge: "1h" } } }), [/up to 5m/]);
});
