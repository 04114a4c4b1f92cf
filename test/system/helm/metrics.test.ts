// Needs: Go, sprig, YAML for Go
import { spawn } from "node:child_process";
import { once } from "node:events";
import t, { type Test } from "tap";
import { service } from "../../fixtures/apps/service.ts";
import { freePort } from "../../fixtures/servers/port.ts";
import { at, chart, objectOf } from "./chart.ts";

const it = await chart();
t.teardown(() => it.close());

const CONFIG = { upstream: "http://shop:8001", identity: [{ demo: {} }] };

/** Runs the very command of the rendered container, with ports of this machine; gives its address when it listens. */
async function shown(t: Test, adminPort: number): Promise<string> {
  const rendering = it.render({ config: CONFIG, metrics: { enabled: true } });
  const container = at(objectOf(rendering, "StatefulSet"), "spec.template.spec.containers.1");
  const [, ...args] = at(container, "command") as readonly string[];
  const port = await freePort();
  const env = {
    ...process.env,
    GUISE_ADMIN_PORT: String(adminPort),
    METRICS_PORT: String(port),
    METRICS_HOST: "127.0.0.1",
  };
  const child = spawn(process.execPath, args, { env, stdio: ["ignore", "pipe", "inherit"] });
  t.teardown(async () => {
    child.kill();
    await once(child, "close");
  });
  await once(child.stdout, "data");
  return `http://127.0.0.1:${port}`;
}

t.test("shows the metrics of the admin port and nothing else of it", async (t) => {
  const admin = await service((request, response) => {
    response.writeHead(200, { "content-type": "text/plain; version=0.0.4" }).end(`from ${request.url}`);
  });
  t.teardown(() => admin.close());
  const url = await shown(t, Number(new URL(admin.url).port));
  const answer = await fetch(`${url}/metrics`);
  t.equal(await answer.text(), "from /metrics");
  t.equal(answer.headers.get("content-type"), "text/plain; version=0.0.4");
  for (const path of ["/", "/readyz", "/livez", "/metrics/", "/metrics?a=1", "/x/../livez"]) {
    t.equal((await fetch(url + path)).status, 404, path);
  }
  t.equal((await fetch(`${url}/metrics`, { method: "POST" })).status, 404);
  t.equal(admin.requests.length, 1);
});

t.test("says 503 while the gateway doesn't answer, and lives on", async (t) => {
  const url = await shown(t, await freePort());
  t.equal((await fetch(`${url}/metrics`)).status, 503);
  t.equal((await fetch(`${url}/metrics`)).status, 503);
});
