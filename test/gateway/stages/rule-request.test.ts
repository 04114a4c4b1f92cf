import t from "tap";
import { settleMethod } from "../../../src/gateway/stages/method-override.ts";
import { bodyText } from "../../../src/gateway/stages/rule-request.ts";
import { ALICE, CLICK, FETCH, impersonate, judged, NUNO, owned } from "../../fixtures/gateway/stages.ts";
import { type TestServices, testServices, YAML } from "../../fixtures/gateway/test-services.ts";

const RULES = `rules:
  - { path: /post.php, query: { action: logout }, stop: true }
  - { path: /post.php, form: { action: [trash, delete] }, deny: "Not as somebody else." }
  - { path: /post.php, form: { action: heartbeat }, allow: true }
  - { path: /graphql, graphql: query, allow: true }
  - { path: /search, header: { X-Requested-With: XMLHttpRequest }, allow: true }
`;
const CONFIG = YAML.replace("rules:\n", RULES);
const FORM = "Content-Type: application/x-www-form-urlencoded";

async function send(it: TestServices, line: string, body: string, ...lines: readonly string[]) {
  const { cookie } = await impersonate(it);
  const from = body === "" ? {} : { body };
  return await judged(it, [line, ...FETCH, ...ALICE, cookie, ...lines], from);
}

t.test("a rule asks for what is in the body, and the body goes on as it came", async (t) => {
  const it = await testServices(t, CONFIG);
  const beat = await send(it, "POST /post.php", "a=%ff&action=heartbeat&b=+", FORM);
  t.match(beat, { decision: { reason: "impersonating", rule: { name: "rules[2]" } } });
  t.equal(beat.content.body?.toString("latin1"), "a=%ff&action=heartbeat&b=+");
  t.match(await send(it, "POST /post.php", "action=trash", FORM), { decision: { reason: "denied" } });
  t.match(await send(it, "POST /post.php", "action=save", FORM), { decision: { reason: "read-only" } });
  const both = await send(it, "POST /post.php?action=trash", "action=heartbeat", FORM);
  t.match(both, { decision: { reason: "denied" } });
});

t.test("a body that goes on beyond what is kept is not known, and goes on whole", async (t) => {
  const it = await testServices(t, CONFIG);
  const body = `action=heartbeat&a=${"x".repeat(1_100_000)}`;
  const { cookie } = await impersonate(it, { mode: "write" });
  const head = ["POST /post.php", ...FETCH, ...ALICE, cookie, "Content-Type: application/json"];
  const cut = await judged(it, head, { body });
  t.match(cut, { content: { body: null }, decision: { reason: "denied" } });
  const chunks: Buffer[] = [];
  for await (const chunk of cut.raw) chunks.push(chunk);
  t.equal(Buffer.concat(chunks).toString(), body);
});

t.test("a query and a header are asked about without any body", async (t) => {
  const it = await testServices(t, CONFIG);
  t.match(await send(it, "GET /post.php?action=logout", ""), { decision: { kind: "stop" } });
  t.match(await send(it, "GET /post.php?action=trash", ""), { decision: { reason: "denied" } });
  t.match(await send(it, "GET /post.php?action=edit", ""), { decision: { reason: "impersonating" } });
  const fetched = await send(it, "POST /search", "q=1", FORM, "X-Requested-With: XMLHttpRequest");
  t.match(fetched, {
    decision: { reason: "impersonating", rule: { name: "rules[4]" } },
    content: { bodyText: null },
  });
});

t.test("GraphQL: a query passes, a mutation is a write, also by GET", async (t) => {
  const it = await testServices(t, CONFIG);
  const json = "Content-Type: application/json";
  const ask = async (line: string, body = "") => (await send(it, line, body, json)).decision.reason;
  t.equal(await ask("POST /graphql", '{"query":"{ me }"}'), "impersonating");
  t.equal(await ask("POST /graphql", '{"query":"mutation { pay }"}'), "read-only");
  t.equal(await ask("GET /graphql?query=%7Bme%7D"), "impersonating");
  t.equal(await ask("GET /graphql?query=mutation%7Bpay%7D"), "read-only");
  t.equal(await ask("GET /graphql"), "impersonating");
});

t.test("an app that changes things by GET: every other parameter is a write", async (t) => {
  const it = await testServices(t, `${CONFIG}reads: { query: [id, { action: [edit] }] }\n`);
  t.match(await send(it, "GET /ticket?id=1&action=edit", ""), { decision: { reason: "impersonating" } });
  t.match(await send(it, "GET /ticket?id=1&close=1", ""), { decision: { reason: "read-only" } });
  t.match(await send(it, "GET /ticket?id=1&action=close", ""), { decision: { reason: "read-only" } });
});

t.test("a route by its query finds the owner", async (t) => {
  const routes = '  - { path: /post.php, query: { post: ":site" }, owner: site }\n';
  const it = await testServices(t, CONFIG.replace("routes:\n", `routes:\n${routes}`));
  const open = async (query: string) =>
    (await owned(it, [`GET /post.php?${query}`, ...CLICK, ...ALICE])).owner.page.kind;
  t.equal(await open("post=1&action=edit"), "found");
  t.equal(await open("post=1&post=2"), "not-asked");
  t.equal(await open("action=edit"), "not-asked");
});

t.test("own traffic's bodies are never touched, whatever rules ask for", async (t) => {
  const it = await testServices(t, CONFIG);
  const own = await settleMethod(
    await owned(it, ["POST /post.php", ...FETCH, ...NUNO, FORM], { body: "action=trash" }),
  );
  t.match(own, { content: { body: null, beginning: null, bodyText: null }, ruling: { rule: null } });
  t.equal(own.raw.read()?.toString(), "action=trash");
});

t.test("bytes that are no UTF-8 are a character each", async (t) => {
  t.match(bodyText(Buffer.from([0x61, 0xff]), true, ["content-type", "a/b"]), {
    text: "a\xff",
    utf8: false,
    types: ["a/b"],
    codings: { length: 0 },
  });
});
