import { readFileSync } from "node:fs";
import { copyFile, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import t, { type Test } from "tap";
import { stringify } from "yaml";
import { startDemo } from "../../demo/server.ts";
import { nameOf } from "../../src/cli/case.ts";
import { test } from "../../src/cli/test/test.ts";
import { runCommand } from "../fixtures/command.ts";
import { examplesIn } from "../fixtures/docs.ts";
import { CLICK, FETCH, INSIDE, impersonate, judged } from "../fixtures/gateway/stages.ts";
import { testServices, YAML } from "../fixtures/gateway/test-services.ts";
import { sqliteFile } from "../fixtures/servers/sqlite.ts";
import { testFolder } from "../fixtures/test-folder.ts";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));
const PEOPLE = `origin: http://app.example.com
people:
  alice: { id: alice, groups: [support] }
  nuno: { id: "17", groups: [customer] }
  mia: { id: "23", groups: [customer] }
`;

/** Lays a config and its tests beside each other and runs them. */
function running(t: Test, tests: string, config = YAML) {
  const folder = testFolder(t, { "my.config.yaml": config, "my.test.yaml": `${PEOPLE}tests:\n${tests}` });
  const path = join(folder, "my.config.yaml");
  return {
    folder,
    run: (...args: readonly string[]) => runCommand(test, ["-c", path, ...args]),
  };
}

t.test("the example's tests pass against what was recorded of the demo, and ask nobody", async (t) => {
  const config = join(ROOT, "routes.config.yaml");
  const { code, out, err } = await runCommand(test, ["-c", config, "--recorded"]);
  t.same([code, err], [0, ""], out);
  t.match(out, /^\d\d tests, all as expected$/m);
});

t.test("the demo's own lookups say what was recorded of them", async (t) => {
  const demo = await startDemo({ port: 0 });
  t.teardown(() => demo.close());
  const text = await readFile(join(ROOT, "routes.config.yaml"), "utf8");
  const folder = testFolder(t, { "routes.config.yaml": text.replaceAll("http://127.0.0.1:8001", demo.url) });
  await copyFile(join(ROOT, "routes.test.yaml"), join(folder, "routes.test.yaml"));
  const { code, out } = await runCommand(test, ["-c", join(folder, "routes.config.yaml"), "--record"]);
  t.equal(code, 0, out);
  const [now, then] = await Promise.all(
    [folder, ROOT].map((place) => readFile(join(place, "routes.test.recorded.yaml"), "utf8")),
  );
  t.equal(now, then);
});

t.test("a difference is 1 and says what was expected, what came and which checks led there", async (t) => {
  const { run, folder } = running(
    t,
    `  - { open: /site/1, as: alice, expect: { owner: nuno, decision: start } }
  - name: Mia's page
    open: /site/2
    as: alice
    expect: { owner: nuno, decision: self, reason: own-page }
`,
  );
  const { code, out } = await run();
  t.equal(code, 1);
  const [first, second, place, ...rest] = out.split("\n");
  t.same([first, second], ["ok      GET /site/1 as alice", "not ok  Mia's page"]);
  t.equal(place?.trim(), `${folder}/my.test.yaml:8`);
  t.match(rest.join("\n"), /owner {5}expected {2}17\n +got {7}23\n/);
  t.match(rest.join("\n"), /reason {4}expected {2}own-page \(This page is your own\.\)\n +got {7}started/);
  t.match(rest.join("\n"), /yes {2}you may be this person {2}\(agents\[0\]\)/);
  t.equal(out.trimEnd().split("\n").at(-1), "2 tests, 1 not as expected");
  t.match(JSON.parse((await run("--json")).out), {
    ok: false,
    tests: [
      { ok: true },
      { ok: false, line: 8, differences: [{ what: "owner", expected: "17", got: "23" }, {}, {}] },
    ],
  });
});

t.test("what comes is what the server's stages come to, whatever is opened or sent by anybody", async (t) => {
  const it = await testServices(t);
  const requests = [
    ...[
      "/site/1",
      "/site/3",
      "/site/4",
      "/site/5",
      "/site/6",
      "/users/23",
      "/nothing",
      "/logout",
      "/site/1/%2e%2e/x",
    ].map((path) => ({
      written: `open: "${path}"`,
      line: `GET ${path}`,
      lines: { outside: CLICK, app: INSIDE },
    })),
    ...[
      "POST /payments/1",
      "POST /search",
      "POST /site/1/delete",
      "DELETE /x",
      "POST /x?_method=GET",
      "GET /x",
    ].map((line) => ({ written: `send: "${line}"`, line, lines: { outside: null, app: FETCH } })),
  ];
  const sessions = [
    { written: "", lines: [] },
    { written: "as: alice", lines: ["X-User: alice", "X-Groups: support"] },
    { written: "as: nuno", lines: ["X-User: 17", "X-Groups: customer"] },
    ...(await Promise.all(
      (["read", "write"] as const).map(async (mode) => ({
        written: `as: alice, viewing: nuno, mode: ${mode}`,
        lines: ["X-User: alice", "X-Groups: support", (await impersonate(it, { mode })).cookie],
      })),
    )),
  ];
  const cases: { readonly written: string; readonly decision: string; readonly reason: string }[] = [];
  for (const request of requests) {
    for (const session of sessions) {
      for (const [from, browser] of Object.entries(request.lines)) {
        if (browser === null) continue;
        const written = [request.written, session.written, `from: ${from}`]
          .filter((part) => part !== "")
          .join(", ");
        try {
          const { decision } = await judged(it, [request.line, ...browser, ...session.lines]);
          cases.push({ written, decision: nameOf(decision), reason: decision.reason });
        } catch {
          cases.push({ written, decision: "refuse 400", reason: "bad-request" });
        }
      }
    }
  }
  const tests = cases.map(
    ({ written, decision, reason }) =>
      `  - { ${written}, expect: { decision: ${decision}, reason: ${reason} } }\n`,
  );
  const { code, out } = await running(t, tests.join("")).run();
  t.ok(new Set(cases.map((it) => it.reason)).size > 10, "there are many kinds of answers among them");
  t.equal(code, 0, out);
});

t.test("an address may be written as text, whole, or without a slash behind its host", async (t) => {
  const { run } = running(
    t,
    `  - { open: "/site/1/café?q=ä#top", as: alice, expect: { owner: nuno, route: "/site/:site{/*rest}" } }
  - { open: "http://app.example.com", as: alice, expect: { route: none } }
  - { open: "http://app.example.com?x=1", as: alice, expect: { route: none } }
  - { open: "/site/1\\\\..", as: alice, expect: { reason: no-owner, route: none } }
`,
  );
  const { code, out } = await run();
  t.equal(code, 0, out);
});

t.test("a field of a form or of JSON counts as it does for the server", async (t) => {
  const write = YAML.replace("mode: read\n    elevate: { for: 10m }", "mode: write");
  const { run } = running(
    t,
    `  - { send: POST /x, form: { _method: DELETE }, as: alice, viewing: nuno, mode: read, expect: { decision: refuse, reason: read-only } }
  - { send: POST /payments, json: { _method: GET }, as: alice, viewing: nuno, expect: { decision: refuse, reason: denied } }
  - { send: POST /x, json: { a: 1 }, as: alice, viewing: nuno, expect: { decision: effective } }
  - { send: POST /x, page: /site/2, as: alice, viewing: nuno, expect: { decision: refuse 409, reason: other-tab } }
  - { send: POST /x, headers: { X-HTTP-Method-Override: PUT }, as: alice, viewing: nuno, expect: { decision: effective } }
  - { send: POST /x, headers: { X-HTTP-Method-Override: PUT }, as: alice, viewing: nuno, mode: read, expect: { decision: refuse, reason: read-only } }
`,
    write,
  );
  const { code, out } = await run();
  t.equal(code, 0, out);
});

t.test("owner, viewers and groups from a database decide", async (t) => {
  const { url } = sqliteFile(t, [
    "create table sites (id integer primary key, user_id text)",
    "create table people (id text primary key, roles text)",
    "create table watchers (site_id integer, user_id text)",
    "insert into sites values (1, '17'), (2, '23'), (3, 'root'), (4, null)",
    "insert into people values ('17', 'customer'), ('23', 'customer,beta'), ('root', 'customer,admin')",
    "insert into watchers values (2, 'alice'), (2, 'bob')",
  ]);
  const query = `select s.user_id, p.roles as "groups", w.user_id as viewers from sites s
    left join people p on p.id = s.user_id left join watchers w on w.site_id = s.id where s.id = {site}`;
  const config = YAML.replace(
    / {2}site: .*/,
    `  site: { sql: { url: "${url}", query: ${JSON.stringify(query)} }, timeout: 60s }`,
  )
    .replace(/users:\n[\s\S]*/, "timeouts: { lookup: 60s }\n")
    .replace("users/:user", "people/:user");
  const { run } = running(
    t,
    `  - { open: /site/1, as: alice, expect: { owner: nuno, decision: start } }
  - { open: /site/2, as: alice, expect: { owner: mia, decision: self, reason: viewer } }
  - { open: /site/3, as: alice, expect: { owner: root, decision: self, reason: protected-target } }
  - { open: /site/4, as: alice, expect: { owner: none, reason: no-owner } }
  - { open: /site/2, from: outside, as: alice, viewing: nuno, expect: { decision: self, reason: viewer } }
`,
    config,
  );
  const { code, out } = await run();
  t.equal(code, 0, out);
});

t.test("a lookup can be said to fail or to know somebody, and why it failed is told", async (t) => {
  const { run } = running(
    t,
    `  - { open: /site/1, as: alice, lookup: failed, expect: { owner: failed, reason: owner-lookup-failed } }
  - { open: /site/1, as: alice, lookup: none, expect: { owner: none, reason: no-owner } }
  - { open: /site/1, as: alice, lookup: { owner: mia }, expect: { owner: mia, reason: started } }
  - { open: /site/1, as: alice, lookup: { owner: alice }, expect: { reason: own-page } }
  - { open: /site/1, as: alice, lookup: failed, expect: { reason: started } }
`,
  );
  const { code, out } = await run();
  t.equal(code, 1);
  t.match(out, /5 tests, 1 not as expected/);
  t.match(out, /owner lookup failed: the test says so/);
});

t.test("with a host for each impersonation, its pages come from nowhere else", async (t) => {
  const { run } = running(
    t,
    `  - { open: /site/2, from: outside, as: alice, viewing: nuno, expect: { decision: effective, reason: impersonating } }
  - { open: /site/2, as: alice, expect: { decision: start } }
`,
    `${YAML}isolation: { host: { parent: view.example.net } }\n`,
  );
  const { code, out } = await run();
  t.equal(code, 0, out);
});

t.test("a secure public address and a domain for the cookie change nothing in what is decided", async (t) => {
  const more = `${YAML}publicUrl: https://app.example.com\ncookie: { domain: example.com }\n`;
  const tests = `  - { send: POST /x, as: alice, viewing: nuno, expect: { decision: refuse, reason: read-only } }\n`;
  const { code, out } = await running(t, tests, more).run();
  t.equal(code, 0, out);
});

t.test("what nobody recorded is told, and is no difference that could be taken for one", async (t) => {
  const { run, folder } = running(t, `  - { open: /site/1, as: alice, expect: { owner: nuno } }\n`);
  t.match(await run("--recorded"), { code: 1, err: /my\.test\.recorded\.yaml can not be read.*--record/ });
  t.equal((await run("--record")).code, 0);
  t.match(
    readFileSync(join(folder, "my.test.recorded.yaml"), "utf8"),
    /app\.example\.com\/site\/1:\n.*groups/,
  );
  t.equal((await run("--recorded")).code, 0);
  const tests = await readFile(join(folder, "my.test.yaml"), "utf8");
  await writeFile(join(folder, "my.test.yaml"), tests.replace("/site/1", "/site/2"));
  const { code, out } = await run("--recorded");
  t.equal(code, 1);
  t.match(
    out,
    /not ok .*\n.*\n +nothing is recorded of `site` for app\.example\.com\/site\/2; run guise test --record/,
  );
});

t.test("all that is wrong in a file of tests is named with its line", async (t) => {
  const { run } = running(
    t,
    `  - { open: /site/1, as: bob, expect: { owner: nuno } }
  - { open: /site/1, as: alice, viewing: carol, expect: { owner: nuno } }
`,
  );
  const { code, err } = await run();
  t.equal(code, 1);
  t.match(err, /my\.test\.yaml:7:\d+ tests\[0\]\.as: `bob` is no name in `people`\n/);
  t.match(err, /my\.test\.yaml:8:\d+ tests\[1\]\.viewing: `carol` is no name in `people`\n/);
  for (const [tests, says] of [
    ["  - { opne: /site/1, expect: { owner: nuno } }\n", /tests\[0\]\.opne: .*did you mean `open`/],
    ["  - { open: /a, send: POST /a, expect: { owner: x } }\n", /write either `open` or `send`/],
    ["  - { open: /a, form: {}, expect: { owner: x } }\n", /a page that is opened has no body/],
    ["  - { open: /a, expect: {} }\n", /write what is expected/],
    ["  - { send: /a, expect: { owner: x } }\n", /write a method and an address/],
    [
      "  - { open: /a, mode: write, as: alice, expect: { owner: x } }\n",
      /a mode is that of an impersonation/,
    ],
    ["  []\n", /write at least one entry/],
  ] as const) {
    t.match(await running(t, tests).run(), { code: 1, err: says }, tests);
  }
});

t.test("the docs' example is a file of tests", async (t) => {
  const [example] = examplesIn("test.md");
  const config = YAML.replace('"1": "17"', '"42": "17"')
    .replace("mode: read\n", "mode: write\n")
    .replace(/ +elevate: .*\n/, "");
  const folder = testFolder(t, { "a.config.yaml": config, "a.test.yaml": stringify(example) });
  const { code, out } = await runCommand(test, ["-c", join(folder, "a.config.yaml")]);
  t.equal(code, 0, out);
});

t.test("a config with problems, and words that it doesn't know", async (t) => {
  const { run, folder } = running(t, "  - { open: /a, expect: { owner: none } }\n", "x: 1");
  t.match(await run(), { code: 1, err: /my\.config\.yaml:1:1 x: `x` is not a key here/ });
  t.match(await run("--recorded", "--record"), { code: 2, err: /write either --record or --recorded/ });
  t.match(await run("a.yaml", "b.yaml"), { code: 2, err: /name one file of tests/ });
  t.match(await run("--wrong"), { code: 2, err: /Unknown option/ });
  t.match(await run("--help"), { code: 0, out: /^guise test/ });
  t.match(await run(join(folder, "none.yaml")), { code: 1, err: /none\.yaml can not be read \(ENOENT\)/ });
});
