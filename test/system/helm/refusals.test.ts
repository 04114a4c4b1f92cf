// Needs: Go, sprig, YAML for Go
import t from "tap";
import { chart } from "./chart.ts";

const it = await chart();
t.teardown(() => it.close());

const CONFIG = { upstream: "http://shop:8001", identity: [{ demo: {} }] };
const REDIS = { redis: { url: { fromEnv: "REDIS_URL" } } };
const SECRETS = { REDIS_URL: { name: "guise-redis", key: "url" } };

const CASES: Readonly<Record<string, readonly [object, RegExp]>> = {
  "no config at all": [{}, /config: say what the gateway needs to know, with --set-file/],
  "a config that is no YAML": [{ config: "a: [" }, /config: this is no YAML/],
  "a config without an app": [{ config: { identity: [] } }, /config: `upstream` is missing/],
  "a config where nobody is known": [
    { config: "upstream: http://shop:8001" },
    /config: `identity` is missing/,
  ],
  "several gateways without Redis": [
    { config: CONFIG, replicas: 2, keys: { secret: "k" } },
    /replicas: 2 gateways have to share their impersonations: add `store: \{ redis/,
  ],
  "several gateways with a store on one machine": [
    { config: { ...CONFIG, store: { sqlite: {} } }, replicas: 2, keys: { secret: "k" } },
    /replicas: 2 gateways have to share their impersonations/,
  ],
  "several gateways whose store is left empty": [
    { config: "upstream: http://shop:8001\nidentity: []\nstore:\n", replicas: 2, keys: { secret: "k" } },
    /replicas: 2 gateways have to share their impersonations/,
  ],
  "several gateways with keys of their own": [
    { config: { ...CONFIG, store: REDIS }, secrets: SECRETS, replicas: 2 },
    /keys\.secret: 2 gateways have to share their keys/,
  ],
  "a variable that nothing sets": [
    { config: { ...CONFIG, store: REDIS } },
    /secrets: the config reads the variable REDIS_URL, and nothing sets it/,
  ],
  "a policy for the app that would cover the whole namespace": [
    { config: CONFIG, networkPolicy: { app: { enabled: true } } },
    /networkPolicy\.app\.labels: name the labels of the app's pods/,
  ],
  "a policy for the gateway that lets no browser in": [
    { config: CONFIG, networkPolicy: { guise: { enabled: true } } },
    /networkPolicy\.guise\.from: name who may reach the gateway/,
  ],
};

for (const [name, [values, message]] of Object.entries(CASES)) {
  t.test(`refused with what to do: ${name}`, async (t) => {
    const rendering = it.render(values);
    t.equal(rendering.kind, "refused");
    t.match(rendering.kind === "refused" && rendering.message, message);
  });
}

t.test("a variable may come from `env`, and one in a comment needs nothing", async (t) => {
  const env = [{ name: "REDIS_URL", value: "redis://redis" }];
  t.equal(it.render({ config: { ...CONFIG, store: REDIS }, env }).kind, "rendered");
  const text =
    "upstream: http://shop:8001\nidentity: [{ demo: {} }]\n# store: { redis: { url: { fromEnv: X } } }\n";
  t.equal(it.render({ config: text }).kind, "rendered");
});

t.test("one gateway needs neither Redis nor a Secret with keys", async (t) => {
  t.equal(it.render({ config: CONFIG, replicas: 1 }).kind, "rendered");
});
