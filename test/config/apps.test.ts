import t from "tap";
import { appAt } from "../../src/config/apps.ts";
import { holder } from "../../src/config/hold.ts";
import type { Snapshot } from "../../src/config/snapshot.ts";
import { loadText, MINIMAL, problemsOf, snapshotOf } from "../fixtures/gateway/config.ts";

const IDENTITY = `identity: [{ whoami: { url: "http://127.0.0.1:8001/me", cookies: [s] } }]\n`;

function apps(...lines: readonly string[]): string {
  return `${IDENTITY}apps:\n${lines.map((line) => `  ${line}\n`).join("")}`;
}

const SHOP = "shop: { hosts: [app.test], upstream: http://127.0.0.1:8001 }";

/** The name of the app that has an address. */
function appOf(snapshot: Snapshot, address: string): string | null | undefined {
  const [host = ""] = address.split("/");
  return appAt(snapshot, host, address.slice(host.length))?.settings.app;
}

t.test("the most specific place has an address, in whatever order they stand", async (t) => {
  const lines = [
    "rest: { upstream: http://127.0.0.1:1 }",
    "api: { paths: [/api, /v2/api], upstream: http://127.0.0.1:2 }",
    'team: { hosts: [":team.app.test"], upstream: http://127.0.0.1:3 }',
    "shop: { hosts: [app.test, eu.app.test], upstream: http://127.0.0.1:4 }",
    'docs: { hosts: [app.test], paths: [/docs, "/:lang/docs"], upstream: http://127.0.0.1:5 }',
  ];
  for (const order of [lines, lines.toReversed()]) {
    const snapshot = snapshotOf(apps(...order));
    for (const [address, app] of [
      ["app.test/", "shop"],
      ["app.test/docs", "docs"],
      ["app.test/docs/a/b", "docs"],
      ["app.test/docsx", "shop"],
      ["app.test/de/docs/x", "docs"],
      ["app.test/api/x", "shop"],
      ["eu.app.test/docs", "shop"],
      ["us.app.test/docs", "team"],
      ["other.test/api", "api"],
      ["other.test/v2/api/x", "api"],
      ["other.test/v2", "rest"],
      ["other.test/", "rest"],
    ] as const)
      t.equal(appOf(snapshot, address), app, address);
  }
  t.equal(appOf(snapshotOf(apps(SHOP)), "other.test/"), undefined);
  t.equal(appOf(snapshotOf(MINIMAL), "other.test/x"), null, "a file with one app has that for all");
});

t.test("each app has its own routes, rules, page and audience, and the rest is everybody's", async (t) => {
  const snapshot = snapshotOf(
    `${apps(
      "shop: { hosts: [app.test], upstream: http://127.0.0.1:1, routes: [{ path: /a/:x, owner: { param: x } }], page: { logout: ['#out'] } }",
      "docs: { hosts: [app.test], paths: [/docs], upstream: http://127.0.0.1:2, audience: docs, rules: [{ path: /docs/x, deny: true }] }",
    )}page: { disable: ['#no'] }\n`,
  );
  const [shop, docs] = [appAt(snapshot, "app.test", "/"), appAt(snapshot, "app.test", "/docs")];
  t.equal(shop?.routes.match("app.test", "/a/1", null)?.target.name, "apps.shop.routes[0]");
  t.equal(docs?.routes.match("app.test", "/a/1", null), null);
  const write = { host: "app.test", path: "/docs/x", method: "POST" };
  t.equal(docs?.rules.match(write)?.name, "apps.docs.rules[0]");
  t.equal(shop?.rules.match(write), null);
  t.same([shop?.settings.token.audience, docs?.settings.token.audience], ["http://127.0.0.1:1", "docs"]);
  t.match(shop?.settings.page, { logout: ["#out"], disable: { length: 0 } });
  t.match(docs?.settings.page, { logout: { length: 0 }, disable: ["#no"] });
  t.equal(shop?.identity, docs?.identity);
  t.equal(shop?.policy, docs?.policy);
  t.equal(snapshot.routes.match("app.test", "/a/1", null), null, "the whole is of no app");
});

t.test("what only looks is each app's own to say", (t) => {
  const snapshot = snapshotOf(
    apps(
      "shop: { hosts: [app.test], upstream: http://127.0.0.1:1, reads: { query: [id] } }",
      "docs: { hosts: [app.test], paths: [/docs], upstream: http://127.0.0.1:2 }",
    ),
  );
  const mayChange = (path: string) =>
    appAt(snapshot, "app.test", path)?.rules.mayChange({
      host: "app.test",
      path,
      method: "GET",
      query: "do=x",
    });
  t.same([mayChange("/a"), mayChange("/docs/a")], [true, false]);
  t.end();
});

t.test("what apps on one host have scripts set is announced to each of them", async (t) => {
  const snapshot = snapshotOf(
    apps(
      "shop: { hosts: [app.test], upstream: http://127.0.0.1:1, page: { scriptCookies: [cart] } }",
      "docs: { hosts: [app.test], paths: [/docs], upstream: http://127.0.0.1:2, page: { scriptCookies: [theme, cart] } }",
      "wiki: { hosts: [wiki.test], upstream: http://127.0.0.1:3, page: { scriptCookies: [wiki] } }",
    ),
  );
  const named = ["app.test", "wiki.test"].map(
    (host) => appAt(snapshot, host, "/")?.settings.page.scriptCookies,
  );
  t.same(named, [["cart", "theme"], ["wiki"]]);
  t.same(snapshot.settings.page.scriptCookies, ["cart", "theme", "wiki"], "our own pages know all of them");
});

const WRONG: Readonly<Record<string, readonly [text: string, ...problems: RegExp[]]>> = {
  "keys of one app beside several": [
    `${apps(SHOP)}upstream: http://127.0.0.1:1\nroutes: [{ path: /x, owner: none }]\ntoken: { audience: a }\nreads: { query: [id] }\n`,
    /:4:11 upstream: is of one app.*write it as `upstream` of the app/,
    /:5:9 routes: is of one app/,
    /:6:20 token\.audience: is of one app.*write it as `audience` of the app/,
    /:7:8 reads: is of one app/,
  ],
  "no app": [`${IDENTITY}apps: {}\n`, /:2:7 apps: is empty; write at least one/],
  "two with the same place": [
    apps(SHOP, "wiki: { hosts: [wiki.test, app.test], upstream: http://127.0.0.1:2 }"),
    /:4:9 apps\.wiki: it can't be told apart from apps\.shop/,
  ],
  "two without a place": [
    apps("a: { upstream: http://127.0.0.1:1 }", "b: { upstream: http://127.0.0.1:2 }"),
    /apps\.b: it can't be told apart from apps\.a/,
  ],
  "an audience for two": [
    apps(
      "a: { hosts: [a.test], upstream: http://127.0.0.1:1, audience: x }",
      "b: { hosts: [b.test], upstream: http://127.0.0.1:2, audience: x }",
    ),
    /:4:65 apps\.b\.audience: `x` is the audience of `a` too/,
  ],
  "two apps at two sockets of one name": [
    apps(
      "a: { hosts: [a.test], upstream: { url: http://app, socket: /run/a } }",
      "b: { hosts: [b.test], upstream: { url: http://app, socket: /run/b } }",
    ),
    /apps\.b\.audience: `http:\/\/app` is the audience of `a` too/,
  ],
  "a path that is none": [
    apps("a: { paths: [/a/, /b*x, c], upstream: http://127.0.0.1:1 }"),
    /apps\.a\.paths\[0\]: .*write where its pages begin/,
    /apps\.a\.paths\[1\]: .*write where its pages begin/,
    /apps\.a\.paths\[2\]: .*write where its pages begin/,
  ],
  "routes and rules at their place, also beside what is wrong elsewhere": [
    `${apps("a: { upstream: http://127.0.0.1:1, routes: [{ path: /x, owner: sit }, { path: /:a, owner: { param: b } }], rules: [{ preset: nothing }] }")}prefx: /x\n`,
    /:3:\d+ apps\.a\.routes\[0\]\.owner: `sit` is not a name in `owners`/,
    /:3:\d+ apps\.a\.routes\[1\]\.owner: .*is looked up by `b`/,
    /:3:\d+ apps\.a\.rules\[0\]\.preset: `nothing` is not a preset/,
    /:4:1 prefx: `prefx` is not a key here; did you mean `prefix`/,
  ],
  "a grant for an app that there is not": [
    `${apps(SHOP)}agents: [{ groups: [support], mayBe: {}, apps: [shop, shopp] }]\n`,
    /:4:55 agents\[0\]\.apps\[1\]: `shopp` is no name in `apps`; did you mean `shop`/,
  ],
  "a grant for apps where there is one": [
    `${MINIMAL}agents: [{ groups: [support], mayBe: {}, apps: [shop] }]\n`,
    /agents\[0\]\.apps\[0\]: `shop` is no name in `apps`; the file has no `apps`/,
  ],
  "hosts below the parent of labels": [
    `${apps("a: { hosts: [app.example.net], upstream: http://127.0.0.1:1 }")}isolation: { host: { parent: view.example.net } }\n`,
    /isolation\.host\.parent: `view\.example\.net` and `app\.example\.net` of `apps\.a\.hosts\[0\]` are one site/,
  ],
};

t.test("what is wrong with apps is told at its place, all at once", async (t) => {
  for (const [name, [text, ...expected]] of Object.entries(WRONG)) {
    const problems = problemsOf(text);
    t.equal(problems.length, expected.length, `${name}: ${problems.join("\n")}`);
    for (const [i, pattern] of expected.entries()) t.match(problems[i], pattern, name);
  }
});

t.test("an app's long list is read in pieces, and its problems are at their place", async (t) => {
  const routes = Array.from({ length: 120 }, (_, i) => `{ path: /p${i}, owner: none }`);
  const good = loadText(apps(`a: { upstream: http://127.0.0.1:1, routes: [${routes.join(", ")}] }`, SHOP));
  t.equal(good.kind === "loaded" && good.summary.routes, 120);
  t.same(good.kind === "loaded" && good.summary.apps, ["a", "shop"]);
  const bad = routes.with(70, "{ pat: /x, owner: none }");
  t.match(problemsOf(apps(`a: { upstream: http://127.0.0.1:1, routes: [${bad.join(", ")}] }`)), [
    /apps\.a\.routes\[70\]\.pat: `pat` is not a key here; did you mean `path`/,
  ]);
});

t.test("a swap keeps the prefix and the cookie for every app", async (t) => {
  const held = holder(snapshotOf(MINIMAL));
  held.swap(snapshotOf(`${apps(SHOP)}prefix: /x\ncookie: { name: other }\n`));
  for (const it of [held.current(), appAt(held.current(), "app.test", "/")])
    t.match(it?.settings, { prefix: "/.guise", cookie: { name: "guise" } });
  t.equal(appOf(held.current(), "app.test/"), "shop");
});
