// Needs: Prometheus
import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import t from "tap";
import { parse, stringify } from "yaml";
import { MINIMAL } from "../../fixtures/gateway/config.ts";
import { frontOf } from "../../fixtures/gateway/front.ts";

const ROOT = fileURLToPath(new URL("../../..", import.meta.url));
const read = (path: string) => readFileSync(join(ROOT, path), "utf8");
const promtool = (...words: string[]) => execFileSync("promtool", words, { cwd: ROOT, encoding: "utf8" });

interface Alert {
  readonly alert: string;
  readonly expr: string;
  readonly labels: { readonly severity: string };
  readonly annotations: { readonly runbook: string; readonly summary: string };
}
const alerts: readonly Alert[] = parse(read("deploy/prometheus/alerts.yaml")).groups[0].rules;

interface Panel {
  readonly id: number;
  readonly title: string;
  readonly gridPos: { readonly x: number; readonly y: number; readonly w: number; readonly h: number };
  readonly targets?: readonly { readonly expr: string }[];
}
const dashboard: { readonly panels: readonly Panel[] } = JSON.parse(read("deploy/grafana/guise.json"));
/** What Grafana puts in for its own variables. */
const plain = (expr: string) =>
  expr
    .replaceAll("$instance", ".*")
    .replaceAll("$__rate_interval", "5m")
    .replaceAll("$__interval", "5m")
    .replaceAll("$__range", "6h");
const queries = dashboard.panels.flatMap(({ targets = [] }) => targets.map(({ expr }) => plain(expr)));

t.test("the alerts are rules that Prometheus takes, and each says what it was made for", (t) => {
  t.match(promtool("check", "rules", "deploy/prometheus/alerts.yaml"), `SUCCESS: ${alerts.length} rules`);
  t.match(promtool("test", "rules", "deploy/prometheus/alerts.test.yaml"), "SUCCESS");
  const tested = read("deploy/prometheus/alerts.test.yaml");
  t.same(
    alerts.map(({ alert }) => alert).filter((name) => !tested.includes(name)),
    [],
    "each has a case",
  );
  t.end();
});

t.test("each alert has its part of the page that says what to do", (t) => {
  const page = read("docs/troubleshooting.md");
  const headings = [...page.matchAll(/^#+ (.*)$/gm)].map(([, it = ""]) =>
    it.toLowerCase().replaceAll(" ", "-"),
  );
  for (const { alert, annotations, labels } of alerts) {
    const [file, anchor = ""] = annotations.runbook.split("#");
    t.equal(file, "docs/troubleshooting.md");
    t.ok(headings.includes(anchor), `${alert}: ${anchor}`);
    t.ok(page.includes(alert), `${alert} is named there`);
    t.ok(["critical", "warning"].includes(labels.severity));
  }
  t.end();
});

t.test("the dashboard's queries are ones that Prometheus takes", async (t) => {
  const folder = await mkdtemp(join(tmpdir(), "guise-dashboard-"));
  t.teardown(() => rm(folder, { recursive: true, force: true }));
  const rules = queries.map((expr, nth) => ({ record: `query:${nth}`, expr }));
  await writeFile(join(folder, "queries.yaml"), stringify({ groups: [{ name: "dashboard", rules }] }));
  t.ok(queries.length > 20);
  t.match(promtool("check", "rules", join(folder, "queries.yaml")), `SUCCESS: ${queries.length} rules`);
});

t.test("no panel lies on another, and none has another's number", (t) => {
  const { panels } = dashboard;
  t.equal(new Set(panels.map(({ id }) => id)).size, panels.length);
  const cells = panels.flatMap(({ gridPos: { x, y, w, h } }) =>
    Array.from({ length: w * h }, (_, nth) => `${x + (nth % w)},${y + Math.floor(nth / w)}`),
  );
  t.equal(new Set(cells).size, cells.length);
  t.ok(panels.every(({ gridPos: { x, w } }) => x + w <= 24));
  t.end();
});

t.test("every metric that they name is one that a gateway shows", async (t) => {
  const { gateway } = await frontOf(t, MINIMAL);
  const text = await (await fetch(`${gateway.adminUrl}/metrics`)).text();
  const shown = new Set(
    [...text.matchAll(/^# TYPE (\S+) (\S+)$/gm)].flatMap(([, name = "", type]) =>
      type === "histogram" ? [name, `${name}_bucket`, `${name}_count`, `${name}_sum`] : [name],
    ),
  );
  const named = [...queries, ...alerts.map(({ expr }) => expr)].flatMap((expr) =>
    [...expr.matchAll(/\b(?:guise|process|nodejs)_[a-z0-9_]+/g)].map(([name]) => name),
  );
  t.ok(named.length > 40);
  t.same(
    [...new Set(named)].filter((name) => !shown.has(name)),
    [],
  );
});
