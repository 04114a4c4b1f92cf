import { readdirSync, readFileSync } from "node:fs";
import { basename, join } from "node:path";
import t from "tap";
import { parse } from "yaml";
import { disguised, front } from "../fixtures/front.ts";
import { journalOf } from "../fixtures/journal.ts";
import { liveApp } from "../fixtures/live-app.ts";
import { ask } from "../fixtures/named.ts";

const read = (name: string) =>
  parse(readFileSync(new URL(`../../examples/siem/${name}`, import.meta.url), "utf8"));

t.test(
  "the shippers read the files that the gateway writes, and take what they name from them",
  async (t) => {
    const app = await liveApp(t);
    const it = await front(t, app.origin);
    await ask(`${it.url}/page`, await disguised(it.url));
    await it.close();
    const [input] = read("filebeat.yml")["filebeat.inputs"];
    for (const pattern of [...input.paths, ...read("vector.yaml").sources.guise.include]) {
      const ending = basename(pattern).replace("*", "");
      const files = readdirSync(join(it.data, "audit")).filter((name) => name.endsWith(ending));
      t.ok(files.length > 0, pattern);
    }
    const records = await journalOf(it.data);
    t.ok(
      records.every(({ event }) => /^[0-9a-f-]{36}$/.test(event.id)),
      "each has the id that it is stored by",
    );
    const own = new RegExp(input.processors[1].drop_event.when.regexp["event.action"]);
    const kept = records.filter(({ event }) => !own.test(event.action)).map(({ event }) => event.action);
    t.same(
      kept.includes("impersonation.intent") && !kept.some((action) => action.startsWith("journal.")),
      true,
    );
  },
);
