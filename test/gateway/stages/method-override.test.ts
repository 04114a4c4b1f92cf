import t from "tap";
import { settleMethod } from "../../../src/gateway/stages/method-override.ts";
import { SECRET } from "../../fixtures/client/cookies.ts";
import { ALICE, FETCH, type From, impersonate, judged, NUNO, owned } from "../../fixtures/gateway/stages.ts";
import { type TestServices, testServices, YAML } from "../../fixtures/gateway/test-services.ts";

const WRITING = YAML.replace("mode: read\n    elevate: { for: 10m }", "mode: write").replace(
  "rules:\n",
  'rules:\n  - { path: "/site/:site", methods: [DELETE], deny: "Never." }\n',
);

async function post(it: TestServices, body: string, path = "/site/1", ...lines: readonly string[]) {
  const { cookie } = await impersonate(it, { mode: "write" });
  return await judged(it, [`POST ${path}`, ...FETCH, ...ALICE, cookie, ...lines], { body });
}

t.test("a form's _method is what is judged", async (t) => {
  const it = await testServices(t, WRITING);
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
  const it = await testServices(t, WRITING);
  t.match(await post(it, "_method=PUT", "/payments/1"), { decision: { reason: "denied" } });
});

t.test("a header or a query beside it hides nothing", async (t) => {
  const it = await testServices(t, WRITING);
  t.match(await post(it, "_method=DELETE", "/site/1", "X-HTTP-Method-Override: GET"), {
    decision: { reason: "denied", rule: { effect: "deny" } },
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

t.test("a read-only loaded refuses it like every other change", async (t) => {
  const it = await testServices(t);
  const { cookie } = await impersonate(it);
  const head = ["POST /search", ...FETCH, ...ALICE, cookie];
  t.match(await judged(it, head, { body: "q=1" }), { decision: { reason: "impersonating" } });
  t.match(await judged(it, head, { body: "q=1&_method=GET" }), { decision: { reason: "read-only" } });
});

t.test("what was read is sent from here, what is longer goes on as it comes", async (t) => {
  const it = await testServices(t, WRITING);
  const small = await post(it, "a=b");
  t.equal(small.content.body?.toString(), "a=b");
  const long = `a=${"x".repeat(1_100_000)}`;
  const large = await post(it, long, "/x");
  t.match(large, { content: { body: null }, decision: { reason: "impersonating" } });
  const chunks: Buffer[] = [];
  for await (const chunk of large.raw) chunks.push(chunk);
  t.equal(Buffer.concat(chunks).length, long.length);
});

t.test("a form of which the app may see more than we do may be for any method", async (t) => {
  const it = await testServices(t, WRITING);
  const form = "Content-Type: application/x-www-form-urlencoded";
  const beyond = `a=${"x".repeat(1_100_000)}&_method=DELETE`;
  const dark: readonly (readonly [string, readonly string[]])[] = [
    [beyond, [form]],
    [`_method=PUT&${beyond}`, [form]],
    [beyond, ["Content-Type: multipart/form-data; boundary=b"]],
    ["packed", [form, "Content-Encoding: gzip"]],
    ["packed", ["Content-Type: application/json", "Content-Encoding: br"]],
    ["\u00ff\u00fea", [`${form}; charset=utf-16`]],
    ["a", [`${form}; charset="ibm037"`]],
  ];
  for (const [body, lines] of dark) {
    const denied = await post(it, body, "/site/1", ...lines);
    t.match(denied, { method: "UNKNOWN", decision: { reason: "denied" } }, lines.join());
    const free = await post(it, body, "/x", ...lines);
    t.match(
      free,
      { method: "UNKNOWN", decision: { reason: "impersonating" } },
      `${lines.join()} where no rule asks`,
    );
  }
  const bright: readonly (readonly [string, readonly string[]])[] = [
    ["a=b", [`${form}; charset=utf-8`, "Content-Encoding: identity"]],
    ["x".repeat(1_100_000), ["Content-Type: image/png"]],
    ["", [form, "Content-Encoding: gzip"]],
  ];
  for (const [body, lines] of bright) {
    const free = await post(it, body, "/site/1", ...lines);
    t.match(free, { method: "POST", decision: { reason: "impersonating" } }, lines.join());
  }
});

t.test("a header is judged as both methods, and goes on where both are allowed", async (t) => {
  const it = await testServices(t, WRITING);
  const on = { decision: { reason: "impersonating" } };
  for (const [method, ...lines] of [
    ["DELETE", "X-HTTP-Method-Override: DELETE"],
    ["PUT", "X_Http.Method~Override: PUT"],
    ["UNKNOWN", "X-Method-Override: zzz"],
    ["UNKNOWN", "X-HTTP-Method: POST", "X-Method-Override: PUT"],
    ["POST", "X-HTTP-Method-Override: post"],
  ])
    t.match(await post(it, "a=b", "/x", ...lines), { method, overridden: true, ...on }, lines.join());
  t.match(await post(it, "_method=PUT", "/x", "X-HTTP-Method: PUT"), { method: "PUT", ...on });
  const denied = { decision: { reason: "denied", rule: { effect: "deny" } } };
  for (const line of ["X-HTTP-Method-Override: DELETE", "X-HTTP-Method: zzz"])
    t.match(await post(it, "a=b", "/site/1", line), denied, line);
  t.match(await post(it, "_method=PUT", "/site/1", "X-HTTP-Method: DELETE"), denied, "two that differ");
  const { cookie } = await impersonate(it, { mode: "write" });
  for (const method of ["GET", "OPTIONS"]) {
    const head = [`${method} /site/1`, ...FETCH, ...ALICE, cookie, "X-HTTP-Method: DELETE"];
    t.match(await judged(it, head), denied, method);
  }
  const asked = await judged(it, ["POST /site/1/delete", ...FETCH, ...ALICE, cookie, "X-HTTP-Method: PUT"]);
  t.match(asked, { decision: { kind: "page", reason: "confirm-required" } });
  const reading = await testServices(t);
  const { cookie: read } = await impersonate(reading);
  const saved = await judged(reading, ["POST /search", ...FETCH, ...ALICE, read, "X-HTTP-Method: PUT"]);
  t.match(saved, { decision: { reason: "read-only" } });
});

t.test("own traffic's bodies are never touched", async (t) => {
  const it = await testServices(t, WRITING);
  const from: From = { body: "_method=DELETE" };
  const own = await settleMethod(await owned(it, ["POST /site/1", ...FETCH, ...NUNO], from));
  t.match(own, { method: "POST", content: { body: null }, overridden: false });
  t.equal(own.raw.readableDidRead, false);
  const lost = await settleMethod(
    await owned(it, ["POST /site/1", ...ALICE, `Cookie: guise=${SECRET}`], from),
  );
  t.equal(lost.raw.readableDidRead, false, "nor that of an impersonation that is over");
});

t.test(
  "whatever the method: some apps look into every form; but an upload that is none goes on as it comes",
  async (t) => {
    const it = await testServices(t, WRITING);
    const { cookie } = await impersonate(it, { mode: "write" });
    const form = "Content-Type: application/x-www-form-urlencoded";
    for (const type of [[], ["Content-Type: application/octet-stream"]]) {
      const upload = [`PUT /site/1`, ...FETCH, ...ALICE, cookie, ...type];
      const streamed = await settleMethod(await owned(it, upload, { body: "_method=DELETE" }));
      t.match(streamed, { method: "PUT", content: { body: null, beginning: null } });
      t.equal(streamed.raw.readableDidRead, false);
    }
    for (const method of ["PUT", "GET", "OPTIONS", "SEARCH"]) {
      const head = [`${method} /site/1`, ...FETCH, ...ALICE, cookie, form];
      const tunnelled = await judged(it, head, { body: "_method=DELETE" });
      t.match(tunnelled, { method: "DELETE", decision: { reason: "denied" } }, method);
      const own = await judged(it, head, { body: "a=b" });
      t.match(own, { method, decision: { reason: "impersonating" } }, `${method}, without`);
    }
  },
);
