import { spawnSync } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import t from "tap";
import { httpApp } from "../fixtures/apps/upstream.ts";
import { ask, CLICK, cookieOf } from "../fixtures/client/named.ts";
import type { Teardown } from "../fixtures/client/raw.ts";
import { guise } from "../fixtures/gateway/process.ts";
import { YAML } from "../fixtures/gateway/test-services.ts";
import { type Collector, collector } from "../fixtures/servers/collector.ts";
import { testFolder } from "../fixtures/test-folder.ts";

const TRACE = "0af7651916cd43dd8448eb211c80319c";
const SPAN = "b7ad6b7169203331";
const CONTEXT = {
  traceparent: `00-${TRACE}-${SPAN}-01`,
  tracestate: "rojo=00f067aa0ba902b7,congo=t61rcWkgMzE",
  baggage: "userId=alice,serverNode=DF%2028,isProduction=false",
};
const ALICE = { "x-user": "alice", "x-groups": "support" };
const INSIDE = { ...CLICK, "sec-fetch-site": "same-origin" };
/** At once, so that a test needn't wait. */
const SOON = { OTEL_BSP_SCHEDULE_DELAY: "50", OTEL_EXPORTER_OTLP_PROTOCOL: "http/json" };

const place = testFolder(t, {});

async function traced(t: Teardown, to: Collector | null, env: Readonly<Record<string, string>> = SOON) {
  const app = await httpApp(t, (request, response) => {
    const type = request.headers.accept === "text/html" ? "text/html" : "application/json";
    response
      .writeHead(200, { "content-type": type })
      .end("<!doctype html><html><body><p>x</p></body></html>");
  });
  const folder = join(place, String(app.port));
  mkdirSync(folder);
  const config = join(folder, "my.yaml");
  writeFileSync(config, YAML.replace("http://127.0.0.1:8001", app.origin));
  const words = ["serve", "-c", config, "--port", "0", "--admin-port", "0", "--data", join(folder, "data")];
  const it = guise(t, words, { ...(to === null ? {} : { OTEL_EXPORTER_OTLP_ENDPOINT: to.url }), ...env });
  const line = (await it.until(/guise is listening/))
    .split("\n")
    .find((said) => said.includes("is listening"));
  const url = (JSON.parse(line ?? "{}") as { url: string }).url.replace("127.0.0.1", "localhost");
  async function alice(): Promise<Record<string, string>> {
    const begun = await ask(`${url}/site/1`, { ...ALICE, ...CLICK, ...CONTEXT });
    return { ...ALICE, cookie: cookieOf(begun) };
  }
  return { ...it, url, app, alice };
}

const to = await collector(t);
const it = await traced(t, to, { ...SOON, OTEL_RESOURCE_ATTRIBUTES: "deployment.environment.name=test" });
const quiet = await traced(t, null);

t.test(
  "an impersonated request is a span, with its lookups below it and nothing of any person",
  async (t) => {
    const alice = await it.alice();
    await ask(`${it.url}/site/1/nuno@example.com?email=nuno@example.com`, {
      ...alice,
      ...INSIDE,
      ...CONTEXT,
    });
    const spans = await to.until(({ about }) => about["guise.reason"] === "impersonating");
    const request = spans.find(({ about }) => about["guise.reason"] === "impersonating");
    t.match(request, {
      traceId: TRACE,
      parentSpanId: SPAN,
      failed: false,
      about: {
        "http.request.method": "GET",
        "http.route": "/site/:site{/*rest}",
        "http.response.status_code": 200,
        "guise.as": "effective",
        "guise.mode": "read",
        "guise.decision": "forward",
        "guise.reason": "impersonating",
        "guise.ending": "success",
      },
    });
    const below = spans.filter(({ parentSpanId }) => parentSpanId === request?.spanId);
    t.match(
      below.map(({ name, about }) => [name, about["guise.lookup.result"]]),
      [["users", "found"]],
    );
    t.match(to.resource(), { "service.name": "guise", "deployment.environment.name": "test" });
    const said = to.bodies.join("\n");
    for (const personal of ["alice", "Alice", "nuno", "Nuno", '"17"', "127.0.0.1", "site/1", "localhost"])
      t.notOk(said.replaceAll(/"\d{19}"|[0-9a-f]{16,}|[0-9a-f-]{36}/g, "").includes(personal), personal);
  },
);

t.test("an owner that is looked up is a span; own traffic is none", async (t) => {
  const alice = await it.alice();
  await ask(`${it.url}/site/2`, { "x-user": "17", ...INSIDE });
  await ask(`${it.url}/plain`, { "x-user": "17" });
  // To another customer's page from outside, which asks for its owner.
  await ask(`${it.url}/site/2`, { ...alice, ...CLICK });
  const spans = await to.until(({ name }) => name === "owner site");
  t.match(
    spans.find(({ name }) => name === "owner site"),
    { about: { "guise.lookup": "owner", "guise.lookup.result": "found" } },
  );
  await to.until(({ about }) => about["guise.reason"] === "started" || about["guise.reason"] === "switched");
  t.same(
    to.spans().filter(({ about }) => about["guise.as"] === "self"),
    [],
  );
});

t.test("the headers of a trace reach the app as they came, of own traffic and of impersonated", async (t) => {
  for (const gateway of [quiet, it]) {
    const alice = await gateway.alice();
    await ask(`${gateway.url}/json`, CONTEXT);
    await ask(`${gateway.url}/json`, { ...alice, ...CONTEXT });
    await ask(`${gateway.url}/json`, alice);
    const got = gateway.app.seen
      .filter(({ url }) => url === "/json")
      .map(({ rawHeaders }) =>
        rawHeaders.flatMap((name, at) =>
          at % 2 === 0 && name in CONTEXT ? [[name, rawHeaders[at + 1]]] : [],
        ),
      );
    t.same(got, [Object.entries(CONTEXT), Object.entries(CONTEXT), []]);
  }
});

t.test("banner, refusals and records name the trace: the sender's, or else our own", async (t) => {
  for (const gateway of [quiet, it]) {
    const alice = await gateway.alice();
    const page = await ask(`${gateway.url}/site/1`, { ...alice, ...INSIDE, ...CONTEXT });
    t.ok(page.body.includes(`<dt>Trace</dt><dd><bdi>${TRACE}</bdi></dd>`));
    const refused = await ask(`${gateway.url}/payments/1`, { ...alice, ...CONTEXT }, "POST");
    t.match(JSON.parse(refused.body), { code: "denied", traceId: TRACE });
    const shown = await ask(`${gateway.url}/payments/1`, { ...alice, ...INSIDE, ...CONTEXT }, "POST");
    t.match(shown.body, new RegExp(`trace <code>${TRACE}</code>`, "i"));
  }
  const alice = await it.alice();
  const own = JSON.parse((await ask(`${it.url}/payments/1`, alice, "POST")).body) as { traceId: string };
  t.match(own.traceId, /^[0-9a-f]{32}$/);
  const spans = await to.until(({ traceId }) => traceId === own.traceId);
  t.match(
    spans.find(({ traceId, name }) => traceId === own.traceId && name === "POST"),
    { parentSpanId: null, about: { "guise.reason": "denied", "guise.ending": "answered" } },
  );
  const none = await ask(`${quiet.url}/payments/1`, await quiet.alice(), "POST");
  t.notOk("traceId" in JSON.parse(none.body));
});

t.test("without a word about it the protocol is protobuf, and an end sends what waits", async (t) => {
  const to = await collector(t);
  const it = await traced(t, to, {});
  const alice = await it.alice();
  await ask(`${it.url}/json`, alice);
  it.child.kill("SIGTERM");
  t.equal(await it.ended, 0);
  t.ok(to.types.length > 0);
  t.same(new Set(to.types), new Set(["application/x-protobuf"]));
  t.match(to.bodies.join(""), /guise\.reason/);
});

t.test("a collector that isn't there keeps nobody waiting, and the log says so", async (t) => {
  const it = await traced(t, null, {
    ...SOON,
    OTEL_EXPORTER_OTLP_ENDPOINT: "http://127.0.0.1:1",
    OTEL_EXPORTER_OTLP_TIMEOUT: "500",
  });
  const alice = await it.alice();
  t.equal((await ask(`${it.url}/json`, alice)).status, 200);
  t.match(await it.until(/traces could not be sent/), /ECONNREFUSED/);
  t.equal((await ask(`${it.url}/json`, alice)).status, 200);
});

t.test("a variable that can't be followed keeps it from starting", async (t) => {
  const folder = join(place, "refused");
  mkdirSync(folder);
  const config = join(folder, "my.yaml");
  writeFileSync(config, YAML);
  const env = { OTEL_TRACES_EXPORTER: "otlp", OTEL_EXPORTER_OTLP_PROTOCOL: "grpc" };
  const it = guise(t, ["serve", "-c", config, "--port", "0", "--data", join(folder, "data")], env);
  t.equal(await it.ended, 1);
  t.match(it.err(), /OTEL_EXPORTER_OTLP_PROTOCOL has to be one of http\/protobuf, http\/json/);
});

t.test("nothing of OpenTelemetry is loaded where nothing is traced", (t) => {
  const hook = `data:text/javascript,import{registerHooks}from"node:module";
registerHooks({load(url,context,next){if(url.includes("opentelemetry"))process.stdout.write("loaded ");return next(url,context)}})`;
  const url = new URL("../../src/telemetry/tracing.ts", import.meta.url);
  const run = (env: object) =>
    spawnSync(
      process.execPath,
      [
        ...["--import", hook, "--input-type=module", "-e"],
        `const it=await import("${url}");await it.openTracing(${JSON.stringify(env)},console);process.exit()`,
      ],
      { encoding: "utf8" },
    );
  t.match(run({}), { status: 0, stdout: "" });
  t.match(run({ OTEL_TRACES_EXPORTER: "otlp" }), { status: 0, stdout: /loaded/ });
  t.end();
});
