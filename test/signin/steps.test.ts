import t from "tap";
import { emptyJar } from "../../src/domain/cookies/cookie-jar.ts";
import { kindEntry } from "../../src/kinds.ts";
import { signInKinds } from "../../src/signin/registry.ts";
import type {
  AppAnswer,
  AppConnection,
  AppRequest,
  AppSignIn,
  StepReport,
} from "../../src/signin/sign-in.ts";

const signIn = kindEntry(signInKinds, "`signIn`");

const MINIMAL = {
  steps: [{ post: "/session", form: { user: "{effectiveUser.id}" } }],
  verify: { get: "/me", id: "/id" },
  end: [],
};
const KNOWN = new Map([
  ["effectiveUser.id", "17"],
  ["trueUser.id", "alice"],
]);

function made(written: object, secrets: Readonly<Record<string, string>> = {}): AppSignIn {
  const entry = signIn.parse({ ...MINIMAL, ...written });
  return entry.create({
    secret: (source) =>
      typeof source === "object" && "fromEnv" in source ? (secrets[source.fromEnv] ?? "") : "",
  });
}

function problems(written: object): readonly string[] {
  const read = signIn.safeParse({ ...MINIMAL, ...written });
  return (read.error?.issues ?? []).map(({ path, message }) => `${path.join(".")}: ${message}`);
}

/** Answers by method and path; what was asked is kept. */
function app(
  answers: Readonly<Record<string, Partial<AppAnswer>>>,
): AppConnection & { readonly asked: AppRequest[] } {
  const asked: AppRequest[] = [];
  return {
    asked,
    origins: ["https://app.example.com"],
    scope: (path) => ({ app: null, host: "app.example.com", path, secure: true, now: 0 }),
    ask: async (request) => {
      asked.push(request);
      const answer = answers[`${request.method} ${request.target}`] ?? { status: 404 };
      return { status: 200, headers: [], body: "", ...answer };
    },
  };
}

const ME = { "GET /me": { body: '{"id":17}' } };
const session = { headers: ["Set-Cookie", "s=1; Path=/"] };

t.test("what a step takes goes into those behind it, written as it has to be there", async (t) => {
  const it = app({
    "GET /login": { body: "<input name=t value='a&amp;b c'>", ...session },
    "POST /login/a%26b%20c?x=a%26b%20c": { status: 302 },
    ...ME,
  });
  const report: StepReport[] = [];
  const signedIn = await made(
    {
      steps: [
        { get: "/login", take: { t: { css: "input[name=t]", attribute: "value" } } },
        {
          post: "/login/{t}?x={t}",
          json: { t: "{t}", n: 1, list: ["{effectiveUser.id}"], p: "{secret.P}" },
          headers: { "X-T": "{t}" },
          basic: { user: "svc", password: "{secret.P}" },
        },
      ],
      keep: ["s"],
      leave: [],
      secrets: { P: { fromEnv: "P" } },
    },
    { P: "pass" },
  ).perform(KNOWN, it, (step) => report.push(step));
  const [, sent] = it.asked;
  t.equal(sent?.body, JSON.stringify({ t: "a&b c", n: 1, list: ["17"], p: "pass" }));
  t.same(sent?.headers, [
    "Accept",
    "*/*",
    "Cookie",
    "s=1",
    "Content-Type",
    "application/json",
    "Authorization",
    `Basic ${btoa("svc:pass")}`,
    "X-T",
    "a&b c",
  ]);
  t.same(signedIn.values, { t: "a&b c" }, "and no secret");
  t.same(
    signedIn.cookies.map(({ name }) => name),
    ["s"],
  );
  t.notMatch(JSON.stringify(report), /pass|a&b/);
});

t.test("an address that was taken must be the app's own", async (t) => {
  const steps = [{ post: "/link", take: { link: "/url" } }, { get: "{link}" }];
  for (const [url, target] of [
    ["https://app.example.com/magic?t=1#x", "/magic?t=1"],
    ["/magic?t=1", "/magic?t=1"],
  ] as const) {
    const it = app({ "POST /link": { body: JSON.stringify({ url }) }, [`GET ${target}`]: session, ...ME });
    await made({ steps }).perform(KNOWN, it, () => undefined);
    t.equal(it.asked[1]?.target, target);
  }
  for (const url of [
    "https://evil.example/magic",
    "//evil.example/x",
    "https://app.example.com.evil.example/",
  ]) {
    const it = app({ "POST /link": { body: JSON.stringify({ url }) }, ...ME });
    await t.rejects(
      made({ steps }).perform(KNOWN, it, () => undefined),
      { message: /no address of this app/ },
    );
    t.equal(it.asked.length, 1);
  }
});

t.test("whom the app sees must be who it is to be", async (t) => {
  const look = async (answer: Partial<AppAnswer>, verify: object = {}) => {
    const it = made({ verify: { ...MINIMAL.verify, ...verify } });
    const { seen } = await it.verify(KNOWN, emptyJar(null), app({ "GET /me": answer }), () => undefined);
    return seen.kind;
  };
  t.equal(await look({ body: '{"id":"17"}' }), "expected");
  t.equal(await look({ body: '{"id":"170"}' }), "other");
  t.equal(await look({ body: "{}" }), "nobody");
  t.equal(await look({ body: "<html>" }), "nobody");
  t.equal(await look({ status: 302 }), "nobody");
  t.equal(await look({ status: 401, body: '{"id":"17"}' }), "nobody");
  t.equal(await look({ body: "<b>17</b>" }, { id: { css: "b" } }), "expected");
  t.equal(await look({ body: "<b>17</b><b>svc</b>" }, { id: { css: "b" } }), "nobody");
  t.equal(await look({ body: "<b>alice</b>" }, { id: { css: "b" }, is: "{trueUser.id}" }), "expected");
  await t.rejects(look({ status: 503 }), { code: "sign-in-failed", message: /status 503/ });
});

t.test("a session of somebody else is ended, and nothing of it kept", async (t) => {
  const it = app({ "POST /session": session, "GET /me": { body: '{"id":"svc"}' }, "POST /logout": {} });
  const signIn = made({ end: [{ post: "/logout" }] });
  await t.rejects(
    signIn.perform(KNOWN, it, () => undefined),
    {
      message: "sign-in-failed: verify, GET /me: the app names somebody else",
    },
  );
  t.same(
    it.asked.map(({ method, target }) => `${method} ${target}`),
    ["POST /session", "GET /me", "POST /logout"],
  );
  t.match(it.asked[2]?.headers, ["Accept", "*/*", "Cookie", "s=1"]);
});

t.test("what is not as expected fails with its step, and says no value", async (t) => {
  const failed = async (step: object, answer: Partial<AppAnswer>) => {
    const it = app({ "POST /session": answer, ...ME });
    const signIn = made({ steps: [{ post: "/session", ...step }] });
    return (await signIn.perform(KNOWN, it, () => undefined).catch((error: unknown) => error)) as Error;
  };
  t.match(await failed({}, { status: 500 }), {
    detail: "step 1 of 1, POST /session: the answer has status 500 and not one below 400",
  });
  t.match(await failed({ expect: { status: [302] } }, {}), { detail: /status 200 and not 302/ });
  t.match(await failed({ expect: { location: "/home*" } }, { headers: ["location", "/login?err=secret"] }), {
    detail: /doesn't lead to \/home\*$/,
  });
  t.match(await failed({ expect: { has: { css: ".ok" } } }, { body: "<p>" }), {
    detail: /nothing is found by css `.ok`/,
  });
  t.match(await failed({ take: { t: "/token" } }, { body: '{"a":"secret"}' }), {
    detail: /nothing is found for `t`/,
  });
  t.match(await failed({ form: { a: "{effectiveUser.email}" } }, {}), {
    detail: /nothing to put in for \{effectiveUser.email\}/,
  });
  const there = { headers: ["location", "https://app.example.com/home?x"] };
  t.match(
    await failed({ expect: { location: "/home*" } }, there),
    { values: {} },
    "it is the app's own address",
  );
});

t.test("what a config can't mean is said, with the place", async (t) => {
  t.same(problems({}), []);
  const secrets = { P: { fromEnv: "P" } };
  const withSecret = { steps: [{ post: "/login", form: { p: "{secret.P}" } }], secrets };
  t.match(problems(withSecret), [
    /^keep: is missing: a step uses a secret/,
    /^leave: is missing: a step uses a secret/,
  ]);
  t.same(problems({ ...withSecret, keep: ["s"], leave: [] }), []);
  t.match(problems({ steps: [{ get: "/x?p={secret.P}" }], secrets, keep: [], leave: [] }), [
    /^steps\.0\.get: a secret in an address stands in the app's log/,
  ]);
  t.match(problems({ steps: [{ get: "/x", headers: { X: "{later}" }, take: { later: "/a" } }] }), [
    /^steps\.0\.headers\.X: nothing can be put in for \{later\}/,
  ]);
  t.match(problems({ steps: [{ get: "/x", post: "/y" }] }), [/^steps\.0: write one of `get`, `post`/]);
  t.match(problems({ steps: [{ get: "https://evil/x" }] }), [/^steps\.0\.get: write a path of this app/]);
  t.match(problems({ steps: [{ get: "/x", headers: { Cookie: "a=b" } }] }), [
    /some the gateway writes itself/,
  ]);
  t.match(problems({ steps: [] }), [/^steps: write at least one step/]);
  t.match(problems({ end: undefined }), [/^end: /]);
  t.match(problems({ secrets: { P: "in the file" } }), [/a secret is not written into the config/]);
});
