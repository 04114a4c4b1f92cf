// Needs: Go, sprig, YAML for Go
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import t from "tap";
import { parse } from "yaml";
import { MINIMAL, snapshotOf } from "../../fixtures/gateway/config.ts";
import { chart, objectsOf } from "./chart.ts";

const page = readFileSync(fileURLToPath(new URL("../../../docs/deploy.md", import.meta.url)), "utf8");
const blocks = [...page.matchAll(/```yaml\n([\s\S]*?)```/g)].map((it) => it[1] ?? "");

t.test("the config that the page shows is one that the gateway loads", async (t) => {
  const text = blocks.find((it) => it.includes("publicUrl")) ?? "";
  const { settings } = snapshotOf(`${MINIMAL}${text}`);
  t.equal(settings.publicUrl, "https://app.example.com");
  t.same(settings.trustedProxies, ["10.0.3.0/24"]);
});

t.test("the chart takes the values that the page shows", async (t) => {
  const it = await chart();
  t.teardown(() => it.close());
  const text = blocks.find((one) => one.includes("networkPolicy")) ?? "";
  const objects = objectsOf(it.render({ config: MINIMAL, ...parse(text) }));
  t.equal(objects.filter((one) => one.kind === "NetworkPolicy").length, 2);
});

t.test("the page stops the service later than the gateway stops by itself", async (t) => {
  const { settings } = snapshotOf(MINIMAL);
  const unit = readFileSync(new URL("../../../deploy/systemd/guise.service", import.meta.url), "utf8");
  const waits = [...`${page}${unit}`.matchAll(/(?:TimeoutStopSec=|--stop-timeout )(\d+)/g)];
  t.equal(waits.length, 2);
  for (const [, seconds] of waits) t.ok(Number(seconds) * 1000 > settings.timeouts.drain);
});
