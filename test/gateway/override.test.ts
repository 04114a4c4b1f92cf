import t from "tap";
import { settleMethod } from "../../src/gateway/override.ts";
import { ALICE, FETCH, type From, judged, NUNO, owned, wear } from "../fixtures/stages.ts";
import { type TestWorld, testWorld, YAML } from "../fixtures/world.ts";

const WRITING = YAML.replace("mode: read\n    elevate: { for: 10m }", "mode: write").replace(
  "rules:\n",
  'rules:\n  - { path: "/site/:site", methods: [DELETE], deny: "Never." }\n',
);

async function post(it: TestWorld, body: string, path = "/site/1", ...lines: readonly string[]) {
  const { cookie } = await wear(it, { mode: "write" });
  return await judged(it, [`POST ${path}`, ...FETCH, ...ALICE, cookie, ...lines], { body });
}

t.test("a form's _method is what is judged", async (t) => {
  const it = await testWorld(t, WRITING);
  t.match(await post(it, "_method=DELETE&a=b"), {
    method: "DELETE",
    overridden: true,
    decision: { reason: "denied" },
  });
  t.match(await post(it, "_method=PUT"), { method: "PUT", decision: { reason: "impersonating" } });
  t.match(await post(it, "a=b"), {
    method: "POST",
    overridden: false,
    decision: { reason: "impersonating" },
  });
});

t.test("both methods have to pass: the one that was sent as well", async (t) => {
  const it = await testWorld(t, WRITING);
  t.match(await post(it, "_method=PUT", "/payments/1"), { decision: { reason: "denied" } });
});

t.test("a header or a query beside it hides nothing", async (t) => {
  const it = await testWorld(t, WRITING);
  t.match(await post(it, "_method=DELETE", "/site/1", "X-HTTP-Method-Override: GET"), {
    decision: { reason: "denied" },
  });
  t.match(await post(it, "_method=DELETE", "/site/1?_method=PUT"), {
    method: "UNKNOWN",
    decision: { reason: "denied" },
  });
  t.match(await post(it, "_method=PUT", "/site/1?_method=PUT"), {
    method: "PUT",
    decision: { reason: "impersonating" },
  });
  t.match(await post(it, "_method=???", "/site/1"), { method: "UNKNOWN", decision: { reason: "denied" } });
});

t.test("a read-only disguise refuses it like every other change", async (t) => {
  const it = await testWorld(t);
  const { cookie } = await wear(it);
  const head = ["POST /search", ...FETCH, ...ALICE, cookie];
  t.match(await judged(it, head, { body: "q=1" }), { decision: { reason: "impersonating" } });
  t.match(await judged(it, head, { body: "q=1&_method=GET" }), { decision: { reason: "read-only" } });
});

t.test("what was read is sent from here, what is longer goes on as it comes", async (t) => {
  const it = await testWorld(t, WRITING);
  const small = await post(it, "a=b");
  t.equal(small.body?.toString(), "a=b");
  const large = await post(it, `a=${"x".repeat(100_000)}`);
  t.equal(large.body, null);
  const chunks: Buffer[] = [];
  for await (const chunk of large.raw) chunks.push(chunk);
  t.equal(Buffer.concat(chunks).length, 100_002);
});

t.test("own traffic's bodies are never touched", async (t) => {
  const it = await testWorld(t, WRITING);
  const from: From = { body: "_method=DELETE" };
  const own = await settleMethod(await owned(it, ["POST /site/1", ...FETCH, ...NUNO], from));
  t.match(own, { method: "POST", body: null, overridden: false });
  t.equal(own.raw.readableDidRead, false);
  const lost = await settleMethod(await owned(it, ["POST /site/1", ...ALICE, "Cookie: guise=lost"], from));
  t.equal(lost.raw.readableDidRead, false, "nor that of a disguise that is over");
});

t.test("other methods are what they are", async (t) => {
  const it = await testWorld(t, WRITING);
  const { cookie } = await wear(it, { mode: "write" });
  const put = await settleMethod(await owned(it, ["PUT /x", ...ALICE, cookie], { body: "_method=DELETE" }));
  t.match(put, { method: "PUT", body: null });
});
