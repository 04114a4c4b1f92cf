// Needs: Go, sprig, YAML for Go
import { execFileSync } from "node:child_process";
import { globSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import { fileURLToPath } from "node:url";
import { HTTPRoute } from "@kubernetes-models/gateway-api/gateway.networking.k8s.io/v1/HTTPRoute";
import { PrometheusRule } from "@kubernetes-models/prometheus-operator/monitoring.coreos.com/v1/PrometheusRule";
import { ServiceMonitor } from "@kubernetes-models/prometheus-operator/monitoring.coreos.com/v1/ServiceMonitor";
import { StatefulSet } from "kubernetes-models/apps/v1/StatefulSet";
import { Ingress } from "kubernetes-models/networking.k8s.io/v1/Ingress";
import { NetworkPolicy } from "kubernetes-models/networking.k8s.io/v1/NetworkPolicy";
import { PodDisruptionBudget } from "kubernetes-models/policy/v1/PodDisruptionBudget";
import { ConfigMap } from "kubernetes-models/v1/ConfigMap";
import { Service } from "kubernetes-models/v1/Service";
import { ServiceAccount } from "kubernetes-models/v1/ServiceAccount";
import t from "tap";
import { parse } from "yaml";
import { z } from "zod";
import { at, CHART, type ClusterObject, chart, objectOf, objectsOf } from "./chart.ts";

const ROOT = fileURLToPath(new URL("../../..", import.meta.url));
const schema = z.fromJSONSchema(JSON.parse(readFileSync(join(CHART, "values.schema.json"), "utf8")));
const valuesOf = (name: string): object => parse(readFileSync(join(CHART, "ci", `${name}.yaml`), "utf8"));
const NAMES = globSync("*.yaml", { cwd: join(CHART, "ci") }).map((it) => basename(it, ".yaml"));

/** What each kind is checked by, and the module of its type. */
const KINDS = {
  ConfigMap: [ConfigMap, "kubernetes-models/v1/ConfigMap"],
  HTTPRoute: [HTTPRoute, "@kubernetes-models/gateway-api/gateway.networking.k8s.io/v1/HTTPRoute"],
  Ingress: [Ingress, "kubernetes-models/networking.k8s.io/v1/Ingress"],
  NetworkPolicy: [NetworkPolicy, "kubernetes-models/networking.k8s.io/v1/NetworkPolicy"],
  PodDisruptionBudget: [PodDisruptionBudget, "kubernetes-models/policy/v1/PodDisruptionBudget"],
  PrometheusRule: [
    PrometheusRule,
    "@kubernetes-models/prometheus-operator/monitoring.coreos.com/v1/PrometheusRule",
  ],
  Service: [Service, "kubernetes-models/v1/Service"],
  ServiceAccount: [ServiceAccount, "kubernetes-models/v1/ServiceAccount"],
  ServiceMonitor: [
    ServiceMonitor,
    "@kubernetes-models/prometheus-operator/monitoring.coreos.com/v1/ServiceMonitor",
  ],
  StatefulSet: [StatefulSet, "kubernetes-models/apps/v1/StatefulSet"],
} as const;
type Kind = keyof typeof KINDS;

const it = await chart();
t.teardown(() => it.close());

/** What Kubernetes' own schema has against an object; it doesn't look for keys that it doesn't know. */
function wrong(object: ClusterObject): string | null {
  const [Model] = KINDS[object.kind as Kind];
  try {
    new Model(object as never).validate();
    return null;
  } catch (error) {
    return String(error);
  }
}

/** Keys that a type doesn't know, as the compiler finds them in a literal. */
function unknownKeys(objects: readonly ClusterObject[]): string {
  const cache = join(ROOT, "node_modules/.cache");
  mkdirSync(cache, { recursive: true });
  const folder = mkdtempSync(join(cache, "chart-"));
  try {
    const lines = objects.flatMap((object, nth) => [
      `import type { I${object.kind} as T${nth} } from "${KINDS[object.kind as Kind][1]}";`,
      `export const o${nth}: T${nth} = ${JSON.stringify(object, null, 1)};`,
    ]);
    writeFileSync(join(folder, "objects.ts"), lines.join("\n"));
    const compilerOptions = {
      module: "nodenext",
      moduleResolution: "nodenext",
      target: "esnext",
      lib: ["esnext"],
      types: [],
      strict: true,
      skipLibCheck: true,
      noEmit: true,
    };
    writeFileSync(join(folder, "tsconfig.json"), JSON.stringify({ compilerOptions, files: ["objects.ts"] }));
    execFileSync(join(ROOT, "node_modules/.bin/tsc"), ["-p", folder], { encoding: "utf8" });
    return "";
  } catch (error) {
    return String((error as { stdout?: string }).stdout ?? error);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

const rendered = new Map(NAMES.map((name) => [name, it.render(valuesOf(name))]));
const objects = [...rendered.values()].flatMap((one) => objectsOf(one));

t.test("the sets of values fit the chart's schema", async (t) => {
  t.ok(NAMES.length >= 5);
  for (const name of NAMES)
    t.same(schema.safeParse({ replicas: 1, ...valuesOf(name) }).error?.issues ?? [], [], name);
});

t.test("what comes of them is what Kubernetes' schemas take", async (t) => {
  for (const [name, rendering] of rendered)
    for (const object of objectsOf(rendering))
      t.equal(wrong(object), null, `${name}: ${object.kind} ${object.metadata.name}`);
  t.same(
    [...new Set(objects.map((one) => one.kind))].sort(),
    Object.keys(KINDS).sort(),
    "every kind stands in one",
  );
});

t.test("no key is misspelt", async (t) => {
  t.equal(unknownKeys(objects), "");
  const [set] = objects.filter((one) => one.kind === "StatefulSet");
  if (set === undefined) throw new Error("there is no StatefulSet");
  t.match(
    unknownKeys([{ ...set, spec: { ...(at(set, "spec") as object), replicass: 1 } } as ClusterObject]),
    /replicass/,
  );
});

t.test("OpenShift's restricted policy takes the pod: nobody is named, and nothing is allowed", async (t) => {
  const pod = at(objectOf(it.render(valuesOf("openshift")), "StatefulSet"), "spec.template.spec");
  t.same(at(pod, "securityContext"), {
    runAsNonRoot: true,
    fsGroupChangePolicy: "OnRootMismatch",
    seccompProfile: { type: "RuntimeDefault" },
  });
  t.same(at(pod, "containers.0.securityContext"), {
    allowPrivilegeEscalation: false,
    readOnlyRootFilesystem: true,
    runAsNonRoot: true,
    capabilities: { drop: ["ALL"] },
  });
  const kinds = (at(pod, "volumes") as readonly object[]).flatMap((one) => Object.keys(one));
  const allowed = [
    "name",
    "configMap",
    "emptyDir",
    "secret",
    "persistentVolumeClaim",
    "projected",
    "downwardAPI",
    "csi",
  ];
  t.same(
    kinds.filter((kind) => !allowed.includes(kind)),
    [],
  );
});

t.test("browsers come in by an Ingress or an HTTPRoute to the Service's port", async (t) => {
  t.same(at(objectOf(it.render(valuesOf("one")), "Ingress"), "spec.rules.0"), {
    host: "shop.example.com",
    http: {
      paths: [
        { path: "/", pathType: "Prefix", backend: { service: { name: "guise", port: { name: "http" } } } },
      ],
    },
  });
  const route = objectOf(it.render(valuesOf("several")), "HTTPRoute");
  t.same(at(route, "spec.rules.0.backendRefs"), [{ name: "guise", port: 80 }]);
  t.same(at(route, "spec.hostnames"), ["shop.example.com"]);
});

t.test("the operator reads the pods' own Service and no other", async (t) => {
  const rendering = it.render(valuesOf("several"));
  const wanted = at(objectOf(rendering, "ServiceMonitor"), "spec.selector.matchLabels") as object;
  const chosen = objectsOf(rendering).filter(
    (one) =>
      one.kind === "Service" &&
      Object.entries(wanted).every(
        ([key, value]) => Reflect.get(at(one, "metadata.labels") as object, key) === value,
      ),
  );
  t.same(
    chosen.map((one) => one.metadata.name),
    ["guise-pods"],
  );
  const ports = at(chosen[0], "spec.ports") as readonly { readonly name: string }[];
  t.ok(ports.some(({ name }) => name === at(objectOf(rendering, "ServiceMonitor"), "spec.endpoints.0.port")));
});

t.test("what the cluster has already is used, and what is said beside it stands in the pod", async (t) => {
  const rendering = it.render(valuesOf("existing"));
  const set = objectOf(rendering, "StatefulSet");
  const pod = at(set, "spec.template.spec");
  t.same(at(pod, "volumes.0"), { name: "config", configMap: { name: "shop-gateway" } });
  t.same(
    objectsOf(rendering)
      .filter((one) => one.kind === "ConfigMap")
      .map((one) => one.metadata.name),
    ["guise-notes"],
    "no ConfigMap of the chart's own, and the extra one by its template",
  );
  t.same(at(pod, "containers.0.envFrom"), [{ secretRef: { name: "shop-gateway" } }]);
  t.equal(at(pod, "initContainers.0.name"), "wait");
  t.equal(at(pod, "containers.1.name"), "tunnel");
  t.same(at(pod, "topologySpreadConstraints"), [
    {
      maxSkew: 1,
      topologyKey: "topology.kubernetes.io/zone",
      whenUnsatisfiable: "DoNotSchedule",
      labelSelector: {
        matchLabels: { "app.kubernetes.io/name": "guise", "app.kubernetes.io/instance": "guise" },
      },
    },
  ]);
  t.same(at(set, "metadata.annotations"), {
    "example.com/team": "support",
    "example.com/restart": "by-hand",
  });
  t.same(at(objectOf(rendering, "Service", "guise"), "metadata.annotations"), {
    "example.com/team": "support",
    "example.com/internal": "true",
  });
});

const REFUSED: Readonly<Record<string, readonly [object, RegExp]>> = {
  "an Ingress for every name": [{ ingress: { enabled: true } }, /ingress\.hosts: name the hosts/],
  "a route without a Gateway": [{ httpRoute: { enabled: true } }, /httpRoute\.parentRefs: name the Gateway/],
  "a monitor of metrics that nothing shows": [
    { metrics: { serviceMonitor: { enabled: true } } },
    /metrics\.enabled: serviceMonitor and prometheusRule need it/,
  ],
  "two configs": [{ existingConfigMap: "mine" }, /config: leave it out, or existingConfigMap/],
};

for (const [name, [values, message]] of Object.entries(REFUSED)) {
  t.test(`the chart refuses ${name}`, async (t) => {
    const rendering = it.render({ ...valuesOf("plain"), ...values });
    t.equal(rendering.kind, "refused");
    if (rendering.kind === "refused") t.match(rendering.message, message);
  });
}
