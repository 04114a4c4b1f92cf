// Needs: Go, sprig, YAML for Go
import { readFileSync } from "node:fs";
import { join } from "node:path";
import t from "tap";
import { parse } from "yaml";
import { z } from "zod";
import { CHART } from "./chart.ts";

const text = (name: string) => readFileSync(join(CHART, name), "utf8");
const schema = z.fromJSONSchema(JSON.parse(text("values.schema.json")));
const values: unknown = parse(text("values.yaml"));

t.test("the chart's own values fit their schema", async (t) => {
  t.same(schema.safeParse(values).error?.issues ?? [], []);
});

t.test("every value stands in values.yaml, and every one of them in the schema", async (t) => {
  const properties = Object.keys(JSON.parse(text("values.schema.json")).properties);
  t.same(Object.keys(values as object).sort(), properties.filter((key) => key !== "global").sort());
});

t.test("every value is used by a template", async (t) => {
  const names = [
    "_names.tpl",
    "_config.tpl",
    "statefulset.yaml",
    "service.yaml",
    "account.yaml",
    "extra.yaml",
  ];
  const all = [...names, "disruption.yaml", "network.yaml", "ingress.yaml", "monitoring.yaml"]
    .map((name) => text(`templates/${name}`))
    .join("\n");
  t.same(
    Object.keys(values as object).filter((key) => !all.includes(`.Values.${key}`)),
    [],
  );
});

const WRONG: Readonly<Record<string, object>> = {
  "a misspelt key": { replicas: 1, replica: 2 },
  "a number in quotes": { replicas: "2" },
  "a path that the admin port doesn't have": { replicas: 1, probes: { readinessPath: "/health" } },
  "a variable that no shell could set": { replicas: 1, secrets: { "A-B": { name: "x", key: "y" } } },
  "a Secret without its key": { replicas: 1, secrets: { A: { name: "x" } } },
  "a log level that there is not": { replicas: 1, log: "loud" },
};

for (const [name, wrong] of Object.entries(WRONG)) {
  t.test(`the schema refuses ${name}`, async (t) => {
    t.equal(schema.safeParse(wrong).success, false);
  });
}

t.test("Chart.yaml and package.json are of one version", async (t) => {
  const { version } = JSON.parse(readFileSync(join(CHART, "../package.json"), "utf8"));
  const own = parse(text("Chart.yaml"));
  t.equal(own.appVersion, version);
  t.equal(own.apiVersion, "v2");
});
