// Needs: Go, sprig, YAML for Go
import t from "tap";
import { at, chart, objectOf, objectsOf } from "./chart.ts";

const it = await chart();
t.teardown(() => it.close());

const CONFIG = { upstream: "http://shop:8001", identity: [{ demo: {} }] };
const GUISE = { "app.kubernetes.io/name": "guise", "app.kubernetes.io/instance": "guise" };
const FRONT = { namespaceSelector: { matchLabels: { "kubernetes.io/metadata.name": "ingress" } } };

t.test("nothing but the gateway reaches the app, on its one port", async (t) => {
  const app = { enabled: true, labels: { app: "shop" }, namespace: "shop", port: 3000 };
  const policy = objectOf(it.render({ config: CONFIG, networkPolicy: { app } }), "NetworkPolicy");
  t.same(policy.metadata.namespace, "shop");
  t.same(at(policy, "spec"), {
    podSelector: { matchLabels: { app: "shop" } },
    policyTypes: ["Ingress"],
    ingress: [
      {
        from: [
          {
            namespaceSelector: { matchLabels: { "kubernetes.io/metadata.name": "support" } },
            podSelector: { matchLabels: GUISE },
          },
        ],
        ports: [{ protocol: "TCP", port: 3000 }],
      },
    ],
  });
});

t.test("the app's own workers can be let in beside it", async (t) => {
  const worker = { podSelector: { matchLabels: { app: "worker" } } };
  const app = { enabled: true, labels: { app: "shop" }, alsoFrom: [worker] };
  const policy = objectOf(it.render({ config: CONFIG, networkPolicy: { app } }), "NetworkPolicy");
  t.same(at(policy, "spec.ingress.0.from.1"), worker);
  t.equal(policy.metadata.namespace, "support");
});

t.test("the gateway is reached by those who are named and by the app, which fetches the keys", async (t) => {
  const networkPolicy = {
    app: { enabled: true, labels: { app: "shop" } },
    guise: { enabled: true, from: [FRONT] },
  };
  const policy = objectOf(it.render({ config: CONFIG, networkPolicy }), "NetworkPolicy", "guise");
  t.same(at(policy, "spec.podSelector.matchLabels"), GUISE);
  t.same(at(policy, "spec.ingress"), [
    {
      from: [
        FRONT,
        {
          namespaceSelector: { matchLabels: { "kubernetes.io/metadata.name": "support" } },
          podSelector: { matchLabels: { app: "shop" } },
        },
      ],
      ports: [{ protocol: "TCP", port: "http" }],
    },
  ]);
});

t.test("metrics are for those who are named for them", async (t) => {
  const metricsFrom = [{ podSelector: { matchLabels: { app: "prometheus" } } }];
  const networkPolicy = { guise: { enabled: true, from: [FRONT], metricsFrom } };
  const values = { config: CONFIG, networkPolicy, metrics: { enabled: true } };
  const policy = objectOf(it.render(values), "NetworkPolicy");
  t.same(at(policy, "spec.ingress.0"), { from: [FRONT], ports: [{ protocol: "TCP", port: "http" }] });
  t.same(at(policy, "spec.ingress.1"), { from: metricsFrom, ports: [{ protocol: "TCP", port: "metrics" }] });
});

t.test("without being asked for there is no policy", async (t) => {
  const kinds = objectsOf(it.render({ config: CONFIG })).map((one) => one.kind);
  t.notOk(kinds.includes("NetworkPolicy"));
});
