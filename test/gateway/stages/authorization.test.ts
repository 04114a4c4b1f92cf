import { buffer } from "node:stream/consumers";
import { gzipSync } from "node:zlib";
import t from "tap";
import { Fault } from "../../../src/errors.ts";
import type { UpstreamHead } from "../../../src/gateway/http/exchange.ts";
import { outboundFor } from "../../../src/gateway/stages/forward.ts";
import { respond } from "../../../src/gateway/stages/respond.ts";
import { head } from "../../fixtures/apps/plan.ts";
import {
  ALICE,
  CLICK,
  FETCH,
  impersonate,
  NUNO,
  type Started,
  signed,
  valuesOf,
} from "../../fixtures/gateway/stages.ts";
import { type TestServices, testServices } from "../../fixtures/gateway/test-services.ts";

const NUNOS = "tok-of-nuno";
const JSON_HEAD = head(200, "Content-Type", "application/json");

/** The app answers a request of this impersonation; gives what the browser gets. */
async function answers(
  it: TestServices,
  started: Started,
  answer: UpstreamHead,
  body: Uint8Array | string,
  lines: readonly string[] = FETCH,
): Promise<Buffer> {
  const plan = await respond(
    it.services,
    await signed(it, ["GET /api/session", ...lines, ...ALICE, started.cookie]),
    answer,
  );
  if (plan.transform === null) return Buffer.from(body);
  plan.transform.end(Buffer.from(body));
  return await buffer(plan.transform);
}

/** The `Authorization` lines that reach the app. */
async function sends(it: TestServices, started: Started | null, ...values: readonly string[]) {
  const who = started === null ? NUNO : [...ALICE, started.cookie];
  const lines = values.map((value) => `Authorization: ${value}`);
  const { headers } = await outboundFor(
    it.services,
    await signed(it, ["GET /api/x", ...FETCH, ...lines, ...who]),
  );
  return valuesOf(headers, "authorization");
}

t.test("a page sends on what an answer of this impersonation gave it", async (t) => {
  const it = await testServices(t);
  const [nuno, other] = [await impersonate(it), await impersonate(it)];
  const body = JSON.stringify({ token: NUNOS });
  t.equal((await answers(it, nuno, JSON_HEAD, body)).toString(), body, "which is untouched");
  for (const value of [`Bearer ${NUNOS}`, `bearer ${NUNOS}`, `Token ${NUNOS}`, NUNOS])
    t.same(await sends(it, nuno, value), [value]);
  t.same(await sends(it, other, `Bearer ${NUNOS}`), [], "and no other impersonation does");
});

t.test("what the agent's browser brings along, and what came from elsewhere, is taken off", async (t) => {
  const it = await testServices(t);
  const started = await impersonate(it);
  await answers(it, started, JSON_HEAD, JSON.stringify({ token: NUNOS, basic: "dXNlcjpwYXNz" }));
  t.same(await sends(it, started, "Bearer tok-of-alice"), []);
  t.same(await sends(it, started, "Bearer tok-of-alice"), []);
  for (const scheme of ["Basic", "Digest", "Negotiate", "NTLM"])
    t.same(await sends(it, started, `${scheme} dXNlcjpwYXNz`), [], scheme);
  t.same(await sends(it, started, `Bearer ${NUNOS}`, "Bearer tok-of-alice"), [], "nor one of two");
  t.same(
    it.counted.filter((line) => line.startsWith("authorization")),
    ["unknown", "unknown", ...Array(5).fill("browser")].map((why) => `authorization taken off ${why}`),
  );
  const line = "info: an impersonated request goes on without its Authorization";
  t.equal(it.log.lines.filter((it) => it === line).length, 2, "told once a minute for each cause");
});

t.test("own traffic sends what it likes, and nothing of it is looked at", async (t) => {
  const it = await testServices(t);
  t.same(await sends(it, null, "Bearer tok-of-nobody", "Basic x"), ["Bearer tok-of-nobody", "Basic x"]);
  const plan = await respond(it.services, await signed(it, ["GET /x", ...FETCH, ...NUNO]), JSON_HEAD);
  t.equal(plan.transform, null);
});

t.test("a page, a script, a header and a cookie give one just as well, in whatever coding", async (t) => {
  const it = await testServices(t);
  const text = `window.token = "${NUNOS}";`;
  const document = `<!doctype html><title>x</title><script>${text}</script>`;
  const html = head(200, "Content-Type", "text/html");
  const cases: readonly (readonly [string, UpstreamHead, Uint8Array | string, readonly string[]])[] = [
    ["document", html, document, CLICK],
    ["fragment", html, document, FETCH],
    ["script", head(200, "Content-Type", "text/javascript"), text, FETCH],
    ["plain text", head(200, "Content-Type", "text/plain"), NUNOS, FETCH],
    ["header", head(204, "X-Token", NUNOS), "", FETCH],
    ["cookie", head(204, "Set-Cookie", `token=${NUNOS}; Path=/`), "", FETCH],
    ["address", head(302, "Location", `/#token=${NUNOS}&state=1`), "", FETCH],
    [
      "gzip",
      head(200, "Content-Type", "application/json", "Content-Encoding", "gzip"),
      gzipSync(JSON.stringify({ token: NUNOS })),
      FETCH,
    ],
  ];
  for (const [what, answer, body, lines] of cases) {
    const started = await impersonate(it);
    const got = await answers(it, started, answer, body, lines);
    if (lines === FETCH) t.ok(got.equals(Buffer.from(body)), `${what} is untouched`);
    t.same(await sends(it, started, `Bearer ${NUNOS}`), [`Bearer ${NUNOS}`], what);
  }
});

t.test("a page without a byte has its banner all the same", async (t) => {
  const it = await testServices(t);
  const got = await answers(it, await impersonate(it), head(200, "Content-Type", "text/html"), "", CLICK);
  t.match(got.toString(), /<guise-banner/);
});

t.test("events come as they do, and an unknown coding of what is no document passes", async (t) => {
  const it = await testServices(t);
  const started = await impersonate(it);
  const request = await signed(it, ["GET /events", ...FETCH, ...ALICE, started.cookie]);
  const events = await respond(it.services, request, head(200, "Content-Type", "text/event-stream"));
  t.equal(events.transform, null);
  const odd = head(200, "Content-Type", "application/json", "Content-Encoding", "dcb");
  t.equal((await answers(it, started, odd, "\x01\x02")).toString(), "\x01\x02");
  const page = head(200, "Content-Type", "text/html", "Content-Encoding", "dcb");
  await t.rejects(answers(it, started, page, "\x01\x02", CLICK), { code: "page-unmarkable" });
});

t.test("one by which a source of ours knows somebody never goes on, nor where none can say", async (t) => {
  const it = await testServices(t);
  const started = await impersonate(it);
  await answers(
    it,
    started,
    JSON_HEAD,
    JSON.stringify({ token: NUNOS, agents: "tok-of-alice", odd: "tok-of-odd" }),
  );
  const nuno = { id: "17", name: null, email: null, groups: [] };
  it.configure((now) => ({
    ...now,
    settings: { ...now.settings, identityHeaders: ["authorization"] },
    identity: {
      identify: async (evidence) => {
        const [value] = [evidence.headers.authorization ?? ""].flat();
        if (value === "Bearer tok-of-odd") throw new Fault("identity-unavailable", "the test says so");
        if (value === "Bearer tok-of-alice") return { kind: "known", identity: nuno, via: "jwt" };
        return await now.identity.identify(evidence);
      },
    },
  }));
  const left: string[] = [];
  for (const token of ["tok-of-alice", "tok-of-odd", NUNOS]) {
    const request = await signed(it, ["GET /x", ...FETCH, ...ALICE, started.cookie]);
    const headers = [...request.headers, "Authorization", `Bearer ${token}`];
    left.push(
      ...valuesOf((await outboundFor(it.services, { ...request, headers })).headers, "authorization"),
    );
  }
  t.same(left, [`Bearer ${NUNOS}`]);
});
