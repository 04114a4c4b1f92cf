import { writeFileSync } from "node:fs";
import { join } from "node:path";
import t, { type Test } from "tap";
import { explain } from "../../src/cli/explain.ts";
import { httpApp } from "../fixtures/apps/upstream.ts";
import { front, impersonating } from "../fixtures/gateway/front.ts";
import { YAML } from "../fixtures/gateway/test-services.ts";
import { testFolder } from "../fixtures/test-folder.ts";

async function run(args: readonly string[], env: Readonly<Record<string, string>> = {}) {
  const said = { out: "", err: "" };
  const code = await explain.run(args, {
    out: (text) => {
      said.out += text;
    },
    err: (text) => {
      said.err += text;
    },
    env,
  });
  return { code, ...said };
}

/** Asks with the config of the tests. */
function asking(t: Test, yaml = YAML) {
  const config = join(testFolder(t, { "my.yaml": yaml }), "my.yaml");
  return (...args: readonly string[]) => run([...args, "-c", config]);
}

/** A HAR of these entries beside that config. */
function har(t: Test, entries: readonly object[]): string {
  return beside(t, "it.har", JSON.stringify({ log: { entries } }));
}

/** A file beside that config. */
function beside(t: Test, name: string, text: string): string {
  const file = join(t.testdirName, name);
  writeFileSync(file, text);
  return file;
}

t.test("it says each check, the decision and the reason word", async (t) => {
  const ask = asking(t);
  const { code, out, err } = await ask("GET", "http://app.example.com/site/1", "--as", "support:alice");
  t.same([code, err], [0, ""]);
  t.match(out, /^yes {2}it is known who you are {2}\(known\)$/m);
  t.match(out, /^yes {2}you may be this person {2}\(agents\[0\]\)$/m);
  t.match(out, /^decision: start$/m);
  t.match(out, /^reason: {3}started: You have begun/m);
});

t.test("the check that stops it is told as the last", async (t) => {
  const { out } = await asking(t)("GET", "http://app.example.com/site/5", "--as", "support:alice");
  const checks = out.split("\n\n")[1]?.split("\n") ?? [];
  t.match(checks.at(-1), /^no {3}you may be this person {2}\(protected-target\)$/);
  t.match(out, /^decision: self$/m);
});

t.test("a method override is judged as the gateway judges it: as both", async (t) => {
  const ask = asking(t, YAML.replace("mode: read\n    elevate: { for: 10m }", "mode: write"));
  const viewing = ["--as", "support:alice", "--viewing", "customer:17", "--inside", "--json"] as const;
  for (const [address, reason] of [
    ["/payments/1?_method=GET", "denied"],
    ["/x?_method=PUT", "impersonating"],
  ] as const) {
    const { out } = await ask("POST", `http://app.example.com${address}`, ...viewing);
    t.match(JSON.parse(out), { reason }, address);
  }
  const { out } = await ask(
    "POST",
    "http://app.example.com/payments/1",
    ...viewing,
    "-H",
    "X-HTTP-Method: GET",
  );
  t.match(JSON.parse(out), { reason: "denied" }, "what goes on is a POST still");
  for (const [address, asked, reason] of [
    ["/search", ["-H", "X-HTTP-Method-Override: DELETE"], "read-only"],
    ["/search", ["-H", "X-HTTP-Method-Override: POST"], "impersonating"],
    ["/search?_method=POST", ["-H", "X-Method-Override: PUT"], "read-only"],
    ["/search", ["-d", "_method=DELETE"], "read-only"],
  ] as const) {
    const { out } = await asking(t)("POST", `http://app.example.com${address}`, ...viewing, ...asked);
    t.match(JSON.parse(out), { reason }, `${address} ${asked.join(" ")}`);
  }
  const own = await asking(t)(
    "POST",
    "http://app.example.com/x",
    "--as",
    "support:alice",
    "-H",
    "X-HTTP-Method: PUT",
  );
  t.match(own.out, /^decision: self$/m, "own traffic's headers name nothing");
});

t.test(
  "conditions on the query, on headers and on the body are asked about as the gateway asks",
  async (t) => {
    const rules = `rules:
  - { path: /do.php, form: { do: delete }, deny: true }
  - { path: /do.php, header: { X-Requested-With: XMLHttpRequest }, json: { do: list }, allow: true }
`;
    const routes = '  - { path: /do.php, query: { site: ":site" }, owner: site }\n';
    const ask = asking(t, YAML.replace("rules:\n", rules).replace("routes:\n", `routes:\n${routes}`));
    const start = await ask("GET", "http://app.example.com/do.php?site=1", "--as", "support:alice");
    t.match(start.out, /^route: routes\[0\] \/do\.php\?site=:site \(site=1\), owner: site$/m);
    t.match(start.out, /^decision: start$/m);
    const viewing = ["--as", "support:alice", "--viewing", "customer:17", "--inside", "--json"];
    const url = "http://app.example.com/do.php";
    const reason = async (...args: readonly string[]) => {
      const { out } = await ask("POST", url, ...viewing, ...args);
      return (JSON.parse(out) as { readonly reason: string }).reason;
    };
    t.equal(await reason("-d", "do=delete"), "denied");
    t.equal(await reason("-d", "do=list"), "read-only");
    const json = ["-H", "Content-Type: application/json", "-H", "X-Requested-With: XMLHttpRequest"];
    t.equal(await reason(...json, "-d", '{"do":"list"}'), "impersonating");
  },
);

t.test("who asks, who is viewed and whose page it is can be said", async (t) => {
  const ask = asking(t);
  const reason = async (...args: readonly string[]) => {
    const { out } = await ask(...args, "--json");
    return (JSON.parse(out) as { readonly reason: string }).reason;
  };
  const page = ["GET", "http://app.example.com/site/1"] as const;
  t.equal(await reason(...page), "signed-out");
  t.equal(await reason(...page, "--as", "customer:mia"), "not-agent");
  t.equal(await reason(...page, "--as", "night,support:alice"), "started");
  t.equal(await reason(...page, "--as", "alice"), "not-agent", "without groups nobody knows them");
  t.equal(await reason(...page, "--as", "support:alice", "--owner", "admin:root"), "protected-target");
  t.equal(await reason(...page, "--as", "support:alice", "--owner", "support:alice"), "own-page");
  const viewing = ["--as", "support:alice", "--viewing", "customer:17"] as const;
  t.equal(await reason(...page, ...viewing, "--inside"), "impersonating");
  t.equal(await reason("GET", "http://app.example.com/site/2", ...viewing), "switched");
  t.equal(await reason("GET", "http://app.example.com/site/2", ...viewing, "--inside"), "impersonating");
  t.equal(await reason("POST", "http://app.example.com/payments/1", ...viewing, "--inside"), "denied");
  t.equal(await reason("POST", "http://app.example.com/x", ...viewing, "--inside"), "read-only");
  t.equal(await reason("post", "http://app.example.com/search", ...viewing, "--inside"), "impersonating");
  t.equal(await reason("GET", "http://app.example.com/logout", ...viewing, "--inside"), "ended-by-logout");
  t.equal(
    await reason("GET", "http://app.example.com/x?_method=DELETE", ...viewing, "--inside"),
    "read-only",
  );
});

t.test("--json says the same to programs, with the owner and the checks", async (t) => {
  const { code, out } = await asking(t)(
    "GET",
    "http://app.example.com/site/1",
    "--as",
    "support:alice",
    "--json",
  );
  t.equal(code, 0);
  t.match(JSON.parse(out), {
    decision: "start",
    reason: "started",
    owner: { kind: "found", owner: { id: "17", name: "Nuno Almeida" } },
    checks: [{ name: "it is known who you are", passed: true, saw: "known" }],
  });
});

t.test("the config is that of -c, of GUISE_CONFIG, or the one that lies here", async (t) => {
  const config = join(testFolder(t, { "my.yaml": YAML }), "my.yaml");
  const words = ["GET", "http://app.example.com/site/1", "--as", "support:alice"];
  t.match(await run(words, { GUISE_CONFIG: config }), { code: 0, out: /started/ });
  t.match(await run([...words, "-c", "/nowhere.yaml"]), { code: 1, err: /there is no such file/ });
});

t.test("a config with problems is 1, and all of them are told", async (t) => {
  const { code, err } = await asking(t, "agnets: []\n")("GET", "http://a/", "--as", "a:b");
  t.equal(code, 1);
  t.match(err, /agnets.*did you mean `agents`/);
  t.match(err, /upstream/);
});

t.test("an address that has two readings is 1, with the sentence that says why", async (t) => {
  const ask = asking(t);
  for (const [path, why] of [
    ["/x%2fy", /encoded slash/],
    ["/x/../site/1", /`\.\.` segment/],
    ["/x/%2e%2E/site/1", /`\.\.` segment/],
    ["/x\\site", /backslash/],
  ] as const)
    for (const asked of [
      ["GET", `HTTP://a${path}`],
      ["--curl", `curl 'http://a${path}'`],
      ["--har", har(t, [{ request: { method: "GET", url: `http://a${path}`, headers: [] } }])],
    ])
      t.match(await ask(...asked, "--as", "a:b"), { code: 1, err: why }, asked.join(" "));
});

t.test("`--wearing`, as 0.1.0 called it, is read as `--viewing`", async (t) => {
  const [ask, page] = [asking(t), ["GET", "http://app.example.com/site/2", "--as", "support:alice"]];
  for (const option of ["--viewing", "--wearing"])
    t.match(await ask(...page, option, "customer:17"), { code: 0, out: /^reason: {3}switched/m }, option);
});

t.test("words that are not known are 2, with the usage", async (t) => {
  for (const args of [
    [],
    ["GET"],
    ["GET", "/no-host"],
    ["GET", "http://a/", "more"],
    ["GET", "http://a/", "--frob"],
    ["--as", "a:b"],
  ])
    t.match(await run(args), { code: 2, err: /guise explain METHOD URL/, out: "" }, args.join(" "));
  t.match(await run(["--help"]), { code: 0, out: /guise explain METHOD URL/, err: "" });
});

const CASE = `
agents: [{ groups: [support], mayBe: {} }]
request: { method: GET, path: /site/1, route: true, navigation: clicked, site: cross-site }
caller: { id: alice, groups: [support] }
owner: { id: nuno, groups: [customer] }
expect: { decision: start, reason: started }
`;

t.test("a case file is laid before the judge, and compared", async (t) => {
  const folder = testFolder(t, {
    "good.yaml": CASE,
    "bad.yaml": CASE.replace("started", "viewer"),
    "broken.yaml": "a: [",
  });
  t.match(await run(["--case", join(folder, "good.yaml")]), { code: 0, out: /as expected/ });
  t.match(await run(["--case", join(folder, "bad.yaml")]), { code: 1, out: /expected: start, viewer/ });
  const { code, out } = await run(["--case", join(folder, "bad.yaml"), "--json"]);
  t.equal(code, 1);
  t.match(JSON.parse(out), {
    decision: "start",
    reason: "started",
    same: false,
    expected: { reason: "viewer" },
  });
  t.match(await run(["--case", join(folder, "nothing.yaml")]), { code: 1, err: /nothing\.yaml/ });
  t.match(await run(["--case", join(folder, "broken.yaml")]), { code: 1, err: /broken\.yaml/ });
});

t.test("a file that is no case is told what is wrong with it", async (t) => {
  const folder = testFolder(t, { "no.yaml": "request: 7\n" });
  t.match(await run(["--case", join(folder, "no.yaml")]), {
    code: 1,
    err: /no\.yaml is no case:[\s\S]*request/,
  });
});

t.test("the route and the rule that it met are named by their places in the config", async (t) => {
  const ask = asking(t);
  const names = async (...args: readonly string[]) => (await ask(...args)).out.split("\n").slice(0, 2);
  t.same(await names("GET", "http://app.example.com/site/1/pages", "--as", "support:alice"), [
    "route: routes[0] /site/:site{/*rest} (site=1, rest=pages), owner: site",
    "rule:  none",
  ]);
  t.same(await names("POST", "http://app.example.com/payments/1"), ["route: none", "rule:  rules[1]: deny"]);
  const { out } = await ask("GET", "http://app.example.com/users/17", "--json");
  t.match(JSON.parse(out), {
    route: { name: "routes[1]", pattern: "/users/:user{/*rest}", params: { user: "17" } },
    rule: null,
  });
});

t.test("a mode that was stepped up to is judged as such", async (t) => {
  const ask = asking(t);
  const post = [
    "POST",
    "http://app.example.com/x",
    "--as",
    "support:alice",
    "--viewing",
    "customer:17",
    "--json",
  ];
  t.match(JSON.parse((await ask(...post)).out), { reason: "read-only" });
  t.match(JSON.parse((await ask(...post, "--mode", "write")).out), { reason: "impersonating" });
  const never = asking(t, YAML.replace("    elevate: { for: 10m }\n", ""));
  t.match(
    JSON.parse((await never(...post, "--mode", "write")).out),
    { reason: "read-only" },
    "the config counts",
  );
  t.match(await ask(...post, "--mode", "admin"), { code: 2, err: /--mode is read or write/ });
});

const CURL = `curl 'http://app.example.com/site/1' \\
  -H 'accept: text/html' \\
  -H 'sec-fetch-dest: document' -H 'sec-fetch-mode: navigate' -H 'sec-fetch-site: same-origin' \\
  -H 'referer: http://app.example.com/support' \\
  -b 'sid=1; theme=dark' --compressed`;

t.test("a curl line is judged by what it says of itself", async (t) => {
  const yaml = YAML.replace("rules:\n", "  - { path: /support, as: self }\nrules:\n");
  const ask = asking(t, yaml);
  const file = beside(t, "line.txt", CURL);
  const reason = async (...args: readonly string[]) =>
    JSON.parse((await ask(...args, "--json")).out) as object;
  t.match(await reason("--curl", file, "--as", "support:alice"), { decision: "ask-start" }, "nobody clicked");
  const clicked = `${CURL} -H 'sec-fetch-user: ?1'`;
  t.match(await reason("--curl", clicked, "--as", "support:alice"), { decision: "start" });
  const other = ["--as", "support:alice", "--viewing", "customer:23"] as const;
  t.match(await reason("--curl", clicked, ...other), { decision: "ask-start" }, "from the agent's own page");
  t.match(await reason("--curl", clicked.replace("/support", "/x"), ...other), { decision: "effective" });
  t.match(await ask("--curl", "curl nowhere"), { code: 1, err: /names no whole address/ });
  t.match(await ask("--curl", "/nowhere/at/all"), { code: 1, err: /can not be read/ });
});

t.test("of a HAR each request is told in a line", async (t) => {
  const entry = (method: string, path: string) => ({
    request: { method, url: `http://app.example.com${path}`, headers: [{ name: ":authority", value: "x" }] },
  });
  const ask = asking(t);
  const file = har(t, [entry("GET", "/x"), entry("POST", "/payments/1")]);
  const { code, out } = await ask("--har", file, "--as", "support:alice", "--viewing", "customer:17");
  t.equal(code, 0);
  t.same(out.split("\n"), [
    "effective\timpersonating\tGET http://app.example.com/x",
    "refuse 403\tdenied\tPOST http://app.example.com/payments/1",
    "",
  ]);
  const none = beside(t, "no.har", "{}");
  t.match(await ask("--har", none), { code: 1, err: /is no HAR/ });
});

t.test("live, it is asked who sent it", async (t) => {
  const ask = asking(t);
  const line = `curl http://app.example.com/site/1 -H 'X-User: alice' -H 'X-Groups: support' -H 'Accept: text/html,*/*'`;
  const { out } = await ask("--curl", line, "--live");
  t.match(out, /^who: {3}alice$/m);
  t.match(out, /^decision: ask-start$/m);
  t.match((await ask("--curl", line, "--live", "--from", "10.0.0.1")).out, /^who: {3}unknown$/m);
  t.match((await ask("--curl", line, "--live", "--as", "customer:17")).out, /reason: {3}not-agent/);
});

t.test("live, it is asked which impersonation its cookie opens", async (t) => {
  const app = await httpApp(t, (_request, response) => response.end("ok"));
  const gateway = await front(t, app.origin);
  const { cookie = "" } = await impersonating(gateway.url);
  const line = `curl -X POST ${gateway.url}/save -H 'X-User: alice' -H 'X-Groups: support' -b '${cookie}'`;
  const live = ["--live", "--folder", gateway.data, "-c", gateway.config, "--json"];
  t.match(JSON.parse((await run(["--curl", line, ...live])).out), {
    decision: "refuse 403",
    reason: "read-only",
  });
  const bob = line.replace("alice", "bob");
  t.match(JSON.parse((await run(["--curl", bob, ...live])).out), { reason: "ended-agent-lost-right" });
  const lost = line.replace(cookie, `guise=${"x".repeat(43)}`);
  t.match(JSON.parse((await run(["--curl", lost, ...live])).out), { reason: "ended-expired" });
});
