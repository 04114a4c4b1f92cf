import t from "tap";
import { admin } from "../../src/telemetry/admin.ts";
import { metrics } from "../../src/telemetry/metrics.ts";

t.test("metrics and health are on a listener of their own", async (t) => {
  const counters = metrics();
  const missing: string[] = [];
  const front = await admin({ host: "127.0.0.1", port: 0, metrics: counters, unready: () => missing });
  t.teardown(() => front.close());
  t.equal((await fetch(`${front.url}/livez`)).status, 200);
  t.equal((await fetch(`${front.url}/readyz`)).status, 200);
  missing.push("the audit journal is failed");
  const unready = await fetch(`${front.url}/readyz`);
  t.equal(unready.status, 503);
  t.match(await unready.json(), { missing: ["the audit journal is failed"] });
  counters.decided("started", "forward");
  counters.violated("one");
  const response = await fetch(`${front.url}/metrics`);
  const text = await response.text();
  t.match(response.headers.get("content-type"), /text\/plain/);
  t.match(text, /guise_decisions_total\{reason="started",kind="forward"\} 1/);
  t.match(text, /guise_invariant_violations_total\{invariant="one"\} 1/);
  t.equal((await fetch(`${front.url}/anything`)).status, 404);
});
