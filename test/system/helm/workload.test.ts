// Needs: Go, sprig, YAML for Go
import { performance } from "node:perf_hooks";
import t from "tap";
import { KINDS } from "../../../src/config/kinds.ts";
import { type Load, loadBytes } from "../../../src/config/load.ts";
import { formatProblem } from "../../../src/config/problem.ts";
import { unasked } from "../../fixtures/gateway/config.ts";
import { fakeLog } from "../../fixtures/log.ts";
import { at, chart, objectOf, objectsOf, type Rendering } from "./chart.ts";

const it = await chart();
t.teardown(() => it.close());

const CONFIG = {
  upstream: "http://shop:8001",
  publicUrl: "https://shop.example.com",
  identity: [{ whoami: { url: "http://shop:8001/api/me", cookies: ["shop_session"] } }],
  agents: [{ groups: ["support"], mayBe: { notInGroups: ["support"] } }],
  owners: { team: { map: { acme: "17" } } },
  routes: [{ host: ":team.shop.example.com", owner: "team" }],
};
const SHARED = {
  replicas: 3,
  config: { ...CONFIG, store: { redis: { url: { fromEnv: "REDIS_URL" } } } },
  secrets: { REDIS_URL: { name: "guise-redis", key: "url" } },
  keys: { secret: "guise-keys" },
};

/** What the gateway makes of the config in a rendering. */
function load(
  rendering: Rendering,
  env: Readonly<Record<string, string>> = {},
): Extract<Load, { kind: "loaded" }> {
  const text = at(objectOf(rendering, "ConfigMap"), "data")?.["routes.config.yaml" as keyof object];
  const clock = { now: () => 0, monotonic: () => performance.now() };
  const deps = { clock, log: fakeLog(), ...unasked() };
  const loaded = loadBytes(new TextEncoder().encode(String(text)), "routes.config.yaml", {
    kinds: KINDS,
    env,
    deps,
  });
  if (loaded.kind === "loaded") return loaded;
  throw new Error(loaded.problems.map(formatProblem).join("\n"));
}

const pod = (rendering: Rendering, path: string) =>
  at(objectOf(rendering, "StatefulSet"), `spec.template.spec.${path}`);
const annotation = (rendering: Rendering) =>
  at(objectOf(rendering, "StatefulSet"), "spec.template.metadata.annotations")?.[
    "checksum/read-at-start" as keyof object
  ];

t.test("the defaults are one gateway with a volume, and nothing that has to be asked for", async (t) => {
  const rendering = it.render({ config: CONFIG });
  t.same(
    objectsOf(rendering).map(({ kind, metadata }) => `${kind} ${metadata.name}`),
    ["ServiceAccount guise", "ConfigMap guise", "Service guise", "Service guise-pods", "StatefulSet guise"],
  );
  const set = objectOf(rendering, "StatefulSet");
  t.equal(at(set, "spec.replicas"), 1);
  t.equal(at(set, "spec.serviceName"), "guise-pods");
  t.equal(at(set, "spec.volumeClaimTemplates.0.spec.resources.requests.storage"), "5Gi");
  t.equal(pod(rendering, "containers.0.image"), "guise:0.1.0");
  t.equal(pod(rendering, "containers.1"), undefined);
  t.ok(objectsOf(rendering).every(({ metadata }) => metadata.namespace === "support"));
});

t.test("the Service finds the pods, and the pods are the set's own", async (t) => {
  const rendering = it.render({ config: CONFIG, podLabels: { team: "help" } });
  const set = objectOf(rendering, "StatefulSet");
  const wanted = { "app.kubernetes.io/name": "guise", "app.kubernetes.io/instance": "guise" };
  t.same(at(objectOf(rendering, "Service", "guise"), "spec.selector"), wanted);
  t.same(at(set, "spec.selector.matchLabels"), wanted);
  t.same(at(set, "spec.template.metadata.labels"), { ...wanted, team: "help" });
  t.equal(at(objectOf(rendering, "Service", "guise"), "spec.ports.0.targetPort"), "http");
  t.same(pod(rendering, "containers.0.ports"), [{ name: "http", containerPort: 8000 }]);
});

t.test("the pod can do nothing but run the gateway", async (t) => {
  const rendering = it.render({ config: CONFIG, metrics: { enabled: true } });
  t.match(pod(rendering, "securityContext"), {
    runAsNonRoot: true,
    runAsUser: 1000,
    fsGroup: 1000,
    seccompProfile: { type: "RuntimeDefault" },
  });
  for (const n of [0, 1]) {
    t.same(pod(rendering, `containers.${n}.securityContext`), {
      allowPrivilegeEscalation: false,
      readOnlyRootFilesystem: true,
      runAsNonRoot: true,
      capabilities: { drop: ["ALL"] },
    });
  }
  t.equal(pod(rendering, "automountServiceAccountToken"), false);
  t.equal(at(objectOf(rendering, "ServiceAccount"), "automountServiceAccountToken"), false);
});

t.test("a Service called guise does not write the gateway's own variables", async (t) => {
  const rendering = it.render({ config: CONFIG });
  t.equal(pod(rendering, "enableServiceLinks"), false);
  t.match(pod(rendering, "containers.0.env"), [
    { name: "GUISE_CONFIG", value: "/etc/guise/routes.config.yaml" },
    { name: "GUISE_DATA", value: "/data" },
    { name: "GUISE_HOST", value: "0.0.0.0" },
    { name: "GUISE_PORT", value: "8000" },
    { name: "GUISE_ADMIN_PORT", value: "9464" },
    { name: "GUISE_LOG", value: "info" },
  ]);
});

t.test("the config is mounted as a folder, so that an edit arrives by itself", async (t) => {
  const rendering = it.render({ config: CONFIG });
  t.match(pod(rendering, "containers.0.volumeMounts"), [
    { name: "config", mountPath: "/etc/guise", readOnly: true, subPath: undefined },
    { name: "data", mountPath: "/data" },
    { name: "tmp", mountPath: "/tmp" },
  ]);
  t.same(pod(rendering, "volumes.0"), { name: "config", configMap: { name: "guise" } });
});

t.test("the config that comes out is one that the gateway loads", async (t) => {
  const loaded = load(it.render({ config: CONFIG }));
  t.equal(loaded.snapshot.settings.publicUrl, "https://shop.example.com");
  t.equal(loaded.parts.store, null);
});

t.test("a config given as text comes out letter by letter, comments too", async (t) => {
  const text = "  \n# Ours: {{ not a template }}\nupstream: http://shop:8001\n\nidentity:\n  - demo: {}\n\n";
  const rendering = it.render({ config: text });
  t.same(at(objectOf(rendering, "ConfigMap"), "data"), { "routes.config.yaml": text });
});

t.test("numbers and quoted digits stay what they were", async (t) => {
  const config = { ...CONFIG, limits: { connections: 1_000_000 }, timeouts: { answer: "90s" } };
  const loaded = load(it.render({ config }));
  t.equal(loaded.snapshot.settings.limits.connections, 1_000_000);
});

t.test("an edit restarts the pods only where it is read at the start", async (t) => {
  const before = annotation(it.render({ config: CONFIG }));
  t.match(before, /^[0-9a-f]{64}$/);
  const rules = [{ path: "/pay", deny: "Not for us." }];
  t.equal(
    annotation(it.render({ config: { ...CONFIG, rules } })),
    before,
    "rules are taken in while it runs",
  );
  for (const part of [
    { audit: { mode: "batch" } },
    { limits: { connections: 5 } },
    { timeouts: { drain: "5s" } },
    { prefix: "/.help" },
    { cookie: { name: "help" } },
    { publicUrl: "https://other.example.com" },
    { keys: { data: "k" } },
    { store: { sqlite: {} } },
  ]) {
    t.not(annotation(it.render({ config: { ...CONFIG, ...part } })), before, Object.keys(part).join());
  }
});

t.test("several gateways share their store and their keys, and are not all taken at once", async (t) => {
  const rendering = it.render(SHARED);
  t.equal(at(objectOf(rendering, "StatefulSet"), "spec.replicas"), 3);
  t.match(pod(rendering, "containers.0.env"), [
    {},
    {},
    {},
    {},
    {},
    {},
    { name: "REDIS_URL", valueFrom: { secretKeyRef: { name: "guise-redis", key: "url" } } },
  ]);
  t.match(pod(rendering, "containers.0.volumeMounts.3"), { mountPath: "/data/keys", readOnly: true });
  t.match(pod(rendering, "volumes.2"), { secret: { secretName: "guise-keys", defaultMode: 0o440 } });
  t.equal(at(objectOf(rendering, "PodDisruptionBudget"), "spec.maxUnavailable"), 1);
  const loaded = load(rendering, { REDIS_URL: "redis://redis:6379/0" });
  t.equal(loaded.parts.store?.kind, "redis");
});

t.test("probes ask the admin port inside the container", async (t) => {
  const rendering = it.render({ config: CONFIG, probes: { readinessPath: "/readyz" } });
  const asks = (name: string) => String(pod(rendering, `containers.0.${name}.exec.command.2`));
  t.match(asks("startupProbe"), "fetch('http://127.0.0.1:9464/livez')");
  t.match(asks("livenessProbe"), "fetch('http://127.0.0.1:9464/livez')");
  t.match(asks("readinessProbe"), "fetch('http://127.0.0.1:9464/readyz')");
  t.same(pod(rendering, "containers.0.readinessProbe.exec.command.0"), "node");
});

t.test("customers go on when the journal can't be written: readiness doesn't ask for it", async (t) => {
  const rendering = it.render({ config: CONFIG });
  t.match(String(pod(rendering, "containers.0.readinessProbe.exec.command.2")), "/livez");
});

t.test("there is time to finish open requests", async (t) => {
  const rendering = it.render({ config: CONFIG });
  const loaded = load(rendering);
  const grace = Number(pod(rendering, "terminationGracePeriodSeconds")) * 1000;
  const wait = Number(pod(rendering, "containers.0.lifecycle.preStop.exec.command.1")) * 1000;
  t.ok(grace > wait + loaded.snapshot.settings.timeouts.drain);
});

t.test("without a volume the data is the pod's own, and the notes say what that means", async (t) => {
  const rendering = it.render({ config: CONFIG, persistence: { enabled: false } });
  t.equal(at(objectOf(rendering, "StatefulSet"), "spec.volumeClaimTemplates"), undefined);
  t.same(pod(rendering, "volumes.2"), { name: "data", emptyDir: {} });
  t.match(rendering.kind === "rendered" && rendering.notes, /signing keys, are lost with a pod/);
});

t.test("what else a pod can have is taken over as it is", async (t) => {
  const rendering = it.render({
    config: CONFIG,
    image: { repository: "registry.example.com/guise", tag: "sha256:abc" },
    env: [{ name: "EXTRA", value: "1" }],
    volumes: [{ name: "ca", secret: { secretName: "ca" } }],
    volumeMounts: [{ name: "ca", mountPath: "/etc/ca" }],
    nodeSelector: { disk: "ssd" },
    imagePullSecrets: [{ name: "pull" }],
    priorityClassName: "high",
    serviceAccount: { create: false, name: "mine" },
    service: { type: "LoadBalancer", annotations: { a: "b" } },
  });
  t.equal(pod(rendering, "containers.0.image"), "registry.example.com/guise@sha256:abc");
  t.same(pod(rendering, "containers.0.env.6"), { name: "EXTRA", value: "1" });
  t.same(pod(rendering, "volumes.2"), { name: "ca", secret: { secretName: "ca" } });
  t.same(pod(rendering, "nodeSelector"), { disk: "ssd" });
  t.same(pod(rendering, "imagePullSecrets"), [{ name: "pull" }]);
  t.equal(pod(rendering, "priorityClassName"), "high");
  t.equal(pod(rendering, "serviceAccountName"), "mine");
  t.equal(at(objectOf(rendering, "Service", "guise"), "spec.externalTrafficPolicy"), "Local");
});

t.test("names come from the release", async (t) => {
  const rendering = it.render({ config: CONFIG }, { release: "shop", namespace: "web" });
  t.equal(objectOf(rendering, "StatefulSet").metadata.name, "shop-guise");
  t.equal(objectOf(rendering, "ConfigMap").metadata.namespace, "web");
  t.match(rendering.kind === "rendered" && rendering.notes, "http://shop-guise.web.svc:80/.guise/jwks.json");
});
