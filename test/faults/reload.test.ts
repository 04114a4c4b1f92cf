import { readFile, writeFile } from "node:fs/promises";
import t from "tap";
import { liveApp } from "../fixtures/apps/live-app.ts";
import { ask, CLICK } from "../fixtures/client/named.ts";
import { front, impersonating, journalOf, recordsOf } from "../fixtures/gateway/front.ts";

/** Each is an edit of a config that runs, the place that has to be named, and what is said of it. */
const EDITS: readonly (readonly [
  name: string,
  edit: (yaml: string) => string,
  place: RegExp,
  words: RegExp,
])[] = [
  [
    "a file that is no YAML",
    (yaml) => yaml.replace("agents:", "agents: ["),
    /routes\.config\.yaml:\d+:\d+/,
    /./,
  ],
  ["an unknown key", (yaml) => yaml.replace("mode: read", "mood: read"), /:7:\d+/, /mood/],
  [
    "a pattern that would take for ever",
    (yaml) => yaml.replace('"/site/:site{/*rest}"', '"/site/:a{:b}{:c}{:d}{:e}x"'),
    /:11:\d+/,
    /routes\[0\]|path/,
  ],
  [
    "two routes that nobody can tell apart",
    (yaml) => yaml.replace("rules:", '  - { path: "/site/:other{/*more}", owner: site }\nrules:'),
    /:12:\d+/,
    /routes\[0\]/,
  ],
  ["an owner that is not there", (yaml) => yaml.replace("owner: site", "owner: sight"), /:11:\d+/, /site/],
  ["no file at all", () => "", /routes\.config\.yaml/, /./],
];

t.test("row 23: a bad edit changes nothing, names its line, and no record names its digest", async (t) => {
  const app = await liveApp(t);
  const it = await front(t, app.origin);
  const good = await readFile(it.config, "utf8");
  const alice = await impersonating(it.url);
  const inside = { ...CLICK, ...alice, "sec-fetch-site": "same-origin" };
  const digestOf = async () => {
    await ask(`${it.url}/page`, inside);
    return recordsOf(it.data, "impersonation.intent").at(-1)?.guise.config;
  };
  const before = await digestOf();
  for (const [name, edit, place, words] of EDITS) {
    const known = recordsOf(it.data, "config.rejected").length;
    await writeFile(it.config, edit(good));
    await it.gateway.reload();
    const rejected = recordsOf(it.data, "config.rejected");
    t.equal(rejected.length, known + 1, name);
    t.match(rejected.at(-1)?.message, place, name);
    t.match(rejected.at(-1)?.message, words, name);
    t.match(
      await ask(`${it.url}/page`, inside),
      { status: 200, body: /guise-banner/ },
      `${name}: who runs goes on`,
    );
    t.match(await ask(`${it.url}/page`), { status: 200 }, name);
    t.equal(await digestOf(), before, name);
    t.equal(new URL(it.url).port, String(it.port));
    const again = await impersonating(it.url, "2");
    t.match(again.cookie, /^guise=/, `${name}: and others begin`);
  }
  await writeFile(it.config, `${good}# edited\n`);
  await it.gateway.reload();
  const after = await digestOf();
  t.not(after, before, "a good edit is another digest");
  await it.close();
  const digests = new Set(
    journalOf(it.data)
      .map((line) => line.guise.config)
      .filter((digest) => digest !== undefined),
  );
  t.same([...digests], [before, after]);
});

t.test("row 23: a pattern that the index can't hold is refused in no time", async (t) => {
  const app = await liveApp(t);
  const it = await front(t, app.origin);
  const good = await readFile(it.config, "utf8");
  const hostile = `/x${"{/:a}".repeat(24)}`;
  await writeFile(it.config, good.replace("/site/:site{/*rest}", hostile));
  await it.gateway.reload();
  t.equal(recordsOf(it.data, "config.rejected").length, 1);
  t.equal((await ask(`${it.url}/page`)).status, 200);
});
