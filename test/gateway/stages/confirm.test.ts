import t from "tap";
import { yesAddress } from "../../../src/gateway/own-pages/form-tokens.ts";
import { yesToken } from "../../fixtures/client/form-tokens.ts";
import {
  ALICE,
  BOB,
  CLICK,
  committed,
  FETCH,
  INSIDE,
  impersonate,
  NUNO,
  type Started,
  valuesOf,
} from "../../fixtures/gateway/stages.ts";
import { type TestServices, testServices, YAML } from "../../fixtures/gateway/test-services.ts";

const WRITING = YAML.replace("mode: read\n    elevate: { for: 10m }", "mode: write");
const ORIGIN = "Origin: http://app.example.com";
const FORM = "Content-Type: application/x-www-form-urlencoded";

/** Alice is asked about a request as Nuno; gives the token for the yes. */
async function asked(
  it: TestServices,
  started: Started,
  line = "POST /site/1/delete?a=b",
  body = "really=1",
) {
  const head = [line, ...INSIDE, ...ALICE, started.cookie, "Content-Type: application/x-www-form-urlencoded"];
  const question = await committed(it, head, { body });
  t.match(question.decision, { kind: "page", page: "confirm", reason: "confirm-required" });
  return question.effects.confirmation ?? "";
}

/** The yes, as the page's form sends it. */
function yes(
  it: TestServices,
  started: Started,
  confirmation: string,
  more: {
    readonly path?: string;
    readonly csrf?: string;
    readonly by?: readonly string[];
    readonly sent?: readonly string[];
  } = {},
) {
  const csrf = more.csrf ?? yesToken(it, confirmation);
  const head = [
    `POST ${yesAddress(it.services, { snapshot: it.services.config.current() }, confirmation, more.path ?? "/site/1/delete?a=b")}`,
    ...(more.sent ?? [...INSIDE, ORIGIN, FORM]),
    ...(more.by ?? ALICE),
    started.cookie,
  ];
  return {
    head,
    from: { body: new URLSearchParams({ _csrf: csrf, _confirmation: confirmation }).toString() },
  };
}

t.test("a yes does the very request that was asked about: method, address, body, type", async (t) => {
  const it = await testServices(t, WRITING);
  const started = await impersonate(it, { mode: "write" });
  const { head, from } = yes(it, started, await asked(it, started));
  const done = await committed(it, head, from);
  t.match(done, {
    decision: { kind: "forward", as: "effective", reason: "impersonating" },
    sent: "POST",
    url: { target: "/site/1/delete?a=b" },
    content: { confirmed: true },
  });
  t.equal(done.content.body?.toString(), "really=1");
  t.same(valuesOf(done.headers, "content-type"), ["application/x-www-form-urlencoded"]);
  t.same(it.actions(), ["impersonation.intent"]);
  t.match(it.events[0], { request: { method: "POST", path: "/site/1/delete", query: "a=b" } });
});

t.test("a GET that has to be confirmed goes on as a GET", async (t) => {
  const it = await testServices(t, WRITING);
  const started = await impersonate(it, { mode: "write" });
  const { head, from } = yes(it, started, await asked(it, started, "GET /site/1/delete?a=b", ""));
  t.match(await committed(it, head, from), { sent: "GET", method: "GET", decision: { kind: "forward" } });
});

t.test("a yes counts once", async (t) => {
  const it = await testServices(t, WRITING);
  const started = await impersonate(it, { mode: "write" });
  const { head, from } = yes(it, started, await asked(it, started));
  await committed(it, head, from);
  await t.rejects(committed(it, head, from), { code: "forbidden" });
});

t.test("and for as long as the config says", async (t) => {
  const it = await testServices(t, `${WRITING}timeouts: { confirm: 3m }\n`);
  const started = await impersonate(it, { mode: "write" });
  const [early, late] = [
    yes(it, started, await asked(it, started)),
    yes(it, started, await asked(it, started)),
  ];
  it.clock.pass(179_000);
  t.match(await committed(it, early.head, early.from), { decision: { kind: "forward" } });
  it.clock.pass(1_001);
  await t.rejects(committed(it, late.head, late.from), { code: "forbidden" });
});

t.test("a yes without the page's field, made up, or for another address, is nobody's", async (t) => {
  const it = await testServices(t, WRITING);
  const started = await impersonate(it, { mode: "write" });
  const refused = async (token: string, more: Parameters<typeof yes>[3]) => {
    const { head, from } = yes(it, started, token, more);
    await t.rejects(committed(it, head, from), { code: "forbidden" });
  };
  await refused(await asked(it, started), { csrf: "" });
  await refused(await asked(it, started), { csrf: yesToken(it, await asked(it, started)) });
  const old = it.services.forms.token("confirm", [await asked(it, started)], it.clock.now());
  await refused(await asked(it, started), { csrf: old });
  await refused("made-up", {});
  await refused("", {});
  await refused(await asked(it, started), { path: "/site/2/delete?a=b" });
  await refused(await asked(it, started), { path: "/site/1/delete?a=c" });
  t.same(it.events, []);
});

t.test("nobody can say yes for another impersonation", async (t) => {
  const it = await testServices(t, WRITING);
  const [started, other] = [
    await impersonate(it, { mode: "write" }),
    await impersonate(it, { mode: "write" }),
  ];
  const { head, from } = yes(it, other, await asked(it, started));
  await t.rejects(committed(it, head, from), { code: "forbidden" });
});

t.test("the judge decides anew: who lost the right meanwhile does nothing", async (t) => {
  const it = await testServices(t, WRITING);
  const started = await impersonate(it, { mode: "write" });
  const one = yes(it, started, await asked(it, started));
  const two = yes(it, started, await asked(it, started));
  it.configure(YAML.replace("groups: [support]", "groups: [nobody]"));
  t.match(await committed(it, one.head, one.from), {
    decision: { kind: "ended", reason: "ended-agent-lost-right" },
  });
  it.configure(WRITING.replace('confirm: "Delete this site?"', 'deny: "Never."'));
  t.match(await committed(it, two.head, two.from), { decision: { kind: "ended" } });
});

t.test("a rule that denies since then counts", async (t) => {
  const it = await testServices(t, WRITING);
  const started = await impersonate(it, { mode: "write" });
  const { head, from } = yes(it, started, await asked(it, started));
  it.configure(WRITING.replace('confirm: "Delete this site?"', 'deny: "Never."'));
  t.match(await committed(it, head, from), { decision: { kind: "refuse", reason: "denied" } });
});

t.test("a request whose body can't be kept can't be confirmed", async (t) => {
  const it = await testServices(t, `${WRITING}limits: { confirmBody: 10B }\n`);
  const started = await impersonate(it, { mode: "write" });
  await t.rejects(asked(it, started, "POST /site/1/delete", "x".repeat(11)), { code: "too-large" });
});

t.test("a store that is down keeps nothing and does nothing", async (t) => {
  const it = await testServices(t, WRITING);
  const started = await impersonate(it, { mode: "write" });
  await committed(it, ["GET /x", ...INSIDE, ...ALICE, started.cookie]);
  it.breakDown(["store"]);
  await t.rejects(asked(it, started), { code: "store-unavailable" });
});

t.test("in mode read nothing is even asked", async (t) => {
  const it = await testServices(t, WRITING.replace("mode: write", "mode: read"));
  const { cookie } = await impersonate(it);
  const head = ["POST /site/1/delete", ...INSIDE, ...ALICE, cookie];
  t.match(await committed(it, head, { body: "a=b" }), {
    decision: { reason: "read-only" },
    effects: { confirmation: null },
  });
});

t.test(
  "a yes after the impersonation is gone is not done as the agent, and its body is not read",
  async (t) => {
    const it = await testServices(t, WRITING);
    for (const who of [ALICE, BOB]) {
      const address = yesAddress(
        it.services,
        { snapshot: it.services.config.current() },
        "question",
        "/x?a=b",
      );
      const own = await committed(it, [`POST ${address}`, ...INSIDE, ...who], { body: "a=b" });
      const decision = { kind: "refuse", status: 409, reason: "other-tab" };
      t.match(own, {
        url: { target: "/x?a=b" },
        page: { confirming: true },
        content: { body: null },
        decision,
      });
      t.equal(own.raw.readableDidRead, false);
    }
    const address = yesAddress(it.services, { snapshot: it.services.config.current() }, "question", "/x?a=b");
    const guests = await committed(it, [`POST ${address}`, ...INSIDE, ...NUNO], { body: "a=b" });
    t.match(guests, { url: { asSent: address }, decision: { kind: "forward", as: "self" } });
    for (const only of ["yes", "x".repeat(60), address.slice(address.indexOf("confirm=") + 8, -1)])
      for (const who of [ALICE, NUNO]) {
        const target = `/x?a=b&_guise_confirm=${only}`;
        const own = await committed(it, [`POST ${target}`, ...INSIDE, ...who], { body: "a=b" });
        t.match(
          own,
          { url: { asSent: target }, decision: { kind: "forward", as: "self" } },
          "it only looks like ours",
        );
      }
  },
);

t.test("a yes that a script sends is nobody's, whatever it knows", async (t) => {
  const it = await testServices(t, WRITING);
  const started = await impersonate(it, { mode: "write" });
  const question = await asked(it, started);
  for (const [sent, code] of [
    [[...FETCH, ORIGIN, FORM], "forbidden"],
    [[...INSIDE.map((line) => line.replace("document", "iframe")), ORIGIN, FORM], "forbidden"],
    [[...INSIDE.map((line) => line.replace("document", "empty")), ORIGIN, FORM], "service-worker"],
    [[ORIGIN, FORM, "Accept: text/html,*/*"], "browser-unclear"],
    [[...CLICK, ORIGIN, FORM], "forbidden"],
    [[...INSIDE, "Origin: http://evil.test", FORM], "forbidden"],
    [[...INSIDE, FORM], "forbidden"],
    [[...INSIDE, ORIGIN, "Content-Type: text/plain"], "forbidden"],
  ] as const) {
    const { head, from } = yes(it, started, question, { sent });
    await t.rejects(committed(it, head, from), { code }, sent.join());
  }
  const { head, from } = yes(it, started, question);
  t.match(
    await committed(it, head, from),
    { content: { confirmed: true } },
    "the question itself is still open",
  );
});

t.test("a yes is for the host that was asked about", async (t) => {
  const it = await testServices(t, WRITING);
  const started = await impersonate(it, { mode: "write" });
  const { head, from } = yes(it, started, await asked(it, started));
  await t.rejects(committed(it, [...head, "Host: other.example.com"], from), { code: "forbidden" });
});

t.test("what says how the body is to be read goes with it, and nothing of the yes's own", async (t) => {
  const it = await testServices(t, WRITING);
  const started = await impersonate(it, { mode: "write" });
  const ask = ["POST /site/1/delete?a=b", ...INSIDE, ...ALICE, started.cookie];
  const packed = ["Content-Type: application/json", "Content-Encoding: gzip", "Digest: sha-256=x"];
  const question = await committed(it, [...ask, ...packed], { body: "packed" });
  const { head, from } = yes(it, started, question.effects.confirmation ?? "");
  const own = ["Content-Language: en"];
  const done = await committed(it, [...head, ...own], from);
  t.same(
    ["content-type", "content-encoding", "digest", "content-language"].map((name) =>
      valuesOf(done.headers, name),
    ),
    [["application/json"], ["gzip"], ["sha-256=x"], []],
  );
});

t.test("a larger limit counts as soon as the config says so, and the body is done whole", async (t) => {
  const it = await testServices(t, `${WRITING}limits: { confirmBody: 10B }\n`);
  const started = await impersonate(it, { mode: "write" });
  it.configure(`${WRITING}limits: { confirmBody: 4MB }\n`);
  const large = "x".repeat(3_000_000);
  const { head, from } = yes(it, started, await asked(it, started, "POST /site/1/delete?a=b", large));
  t.equal((await committed(it, head, from)).content.body?.toString(), large);
});
