import { createHash } from "node:crypto";
import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import t, { type Test } from "tap";
import { browsing } from "../../fixtures/client/browsing.ts";
import { ask, CLICK } from "../../fixtures/client/named.ts";
import { frontConfig, frontOf, recordsOf } from "../../fixtures/gateway/front.ts";
import { hiddenIn } from "../../fixtures/html.ts";
import { balancer } from "../../fixtures/servers/balancer.ts";

const USERS = `users:
  map: { "17": { name: Nuno, email: nuno@example.com, groups: [customer] }, "23": { name: "Mia <b>", groups: [customer] } }
`;

/** A gateway with a console at guise.localhost, in front of an app on localhost. */
async function atConsole(t: Test, edit: (yaml: string) => string = (yaml) => yaml) {
  const seen: string[] = [];
  const behind = createServer(async (request, response) => {
    const body = (await request.toArray()).join("");
    const { "x-guise-user": who = "nobody", origin = "", referer = "" } = request.headers;
    seen.push(`${request.method} ${request.url} ${who} ${body} ${origin} ${referer}`);
    response.end("app");
  });
  behind.listen(0, "127.0.0.1");
  await once(behind, "listening");
  t.teardown(() => behind.close());
  const ports: number[] = [];
  const front = await balancer(t, ports);
  const { port } = new URL(front.url);
  const more = `console: { origin: "http://guise.localhost:${port}", app: "http://localhost:${port}" }\n${USERS}`;
  const upstream = `http://127.0.0.1:${(behind.address() as AddressInfo).port}`;
  const yaml = frontConfig(upstream, more).replace("limit: { total", "limit: { customersPerDay: 1, total");
  const gateway = await frontOf(t, edit(yaml));
  ports.push(gateway.port);
  const origin = `http://guise.localhost:${port}`;
  return {
    gateway,
    origin,
    seen,
    url: front.url,
    app: `http://localhost:${port}`,
    ...browsing(front.url, port),
  };
}

/** A script of the console's own page. */
const SCRIPT = {
  ...{ accept: "application/json", "sec-fetch-dest": "empty", "sec-fetch-mode": "cors" },
  ...{ "sec-fetch-site": "same-origin", "sec-fetch-user": "" },
};

t.test("a start that is said yes to and never carried out counts nobody", async (t) => {
  const it = await atConsole(t);
  const ordered = async (user: string): Promise<string> => {
    const { at, answer } = await it.open(`${it.app}/.guise/as/${user}`);
    t.equal(at.origin, it.origin);
    const form = new URLSearchParams(hiddenIn(answer.body));
    const said = await it.get(`${it.origin}/.guise/start`, {}, form.toString());
    t.match(said.headers.location, /\/\.guise\/ordered\?code=/, user);
    return said.headers.location ?? "";
  };
  const first = await ordered("17");
  const second = await ordered("23");
  t.equal((await it.get(second)).status, 303);
  t.match(recordsOf(it.gateway.data, "impersonation.started"), [{ user: { effective: { id: "23" } } }]);
  t.equal((await it.get(first)).status, 403, "by now it would be one person too many");
  t.equal(recordsOf(it.gateway.data, "impersonation.started").length, 1);
});

t.test("the console's own script searches the directory; nobody else's does, and nowhere else", async (t) => {
  const it = await atConsole(t);
  const { at, answer } = await it.open(`${it.app}/.guise/start`);
  t.equal(at.origin, it.origin);
  t.match(answer.body, /<script type="module" src="\/\.guise\/search\.js"><\/script>/);
  const people = `${it.origin}/.guise/people?q=nuno`;
  const found = await it.get(people, SCRIPT);
  t.match(found, { status: 200, headers: { "cache-control": "no-store" } });
  t.same(JSON.parse(found.body), {
    people: [{ id: "17", name: "Nuno", email: "nuno@example.com", may: "Look, or change" }],
  });
  t.same(JSON.parse((await it.get(`${it.origin}/.guise/people?q=%20`, SCRIPT)).body), { people: [] });
  for (const [how, more] of [
    ["a script of another host", { ...SCRIPT, "sec-fetch-site": "cross-site" }],
    ["one of a sibling", { ...SCRIPT, "sec-fetch-site": "same-site" }],
    ["a picture", { ...SCRIPT, "sec-fetch-dest": "image", "sec-fetch-mode": "no-cors" }],
    ["a tab", {}],
  ] as const) {
    const refused = await it.get(people, more);
    t.equal(refused.status, 403, how);
    t.notMatch(refused.body, /nuno@/i, how);
  }
  const onApp = await it.get(`${it.app}/.guise/people?q=nuno`, SCRIPT);
  t.match([onApp.status, onApp.body], [404, /not-found/], "the app's host has none");
  t.equal((await it.get(`${it.app}/.guise/search.js`, SCRIPT)).status, 404);
});

t.test(
  "programs with a token are answered on the console and on the app's host, and no browser is",
  async (t) => {
    const token = `guise_${"a".repeat(43)}`;
    const hash = createHash("sha256").update(token).digest("hex");
    const api = `api: { tokens: [ { name: desk, hash: "sha256:${hash}", rights: [consent], expires: "2099-01-01" } ] }\n`;
    const it = await atConsole(
      t,
      (yaml) => `${yaml.replace("mode: read,", "mode: read, consent: window,")}${api}`,
    );
    for (const origin of [it.origin, it.app]) {
      const url = `${it.url}/.guise/api/consent?customer=17`;
      const headers = { host: new URL(origin).host, connection: "close", authorization: `Bearer ${token}` };
      const said = await ask(url, headers);
      t.match([said.status, said.body], [200, /"customer":"17"/], origin);
      t.match(await ask(url, { ...headers, authorization: "" }), { status: 401, body: /token-refused/ });
      for (const more of [CLICK, SCRIPT, { origin }])
        t.match(await ask(url, { ...headers, ...more }), { status: 403, body: "" });
    }
  },
);

t.test("no list of who views whom answers a script, on the console or on the app's host", async (t) => {
  const it = await atConsole(t);
  for (const path of ["sessions", "activity", "access", "why", "start"]) {
    const atTheConsole = await it.get(`${it.origin}/.guise/${path}`, SCRIPT);
    t.equal(atTheConsole.status, 403, path);
    t.notMatch(atTheConsole.body, /nuno|alice/i, path);
    const onApp = await it.get(`${it.app}/.guise/${path}`, SCRIPT);
    t.match([onApp.status, onApp.body], [404, /not-found/], `${path} on the app's host`);
  }
});

t.test(
  "what a rule wants confirmed is asked there, and its yes counts once, where it was asked",
  async (t) => {
    const it = await atConsole(t, (yaml) =>
      yaml
        .replace("mode: read, elevate: { for: 10m }", "mode: write")
        .replace("rules:\n", 'rules:\n  - { path: /site/1/pay, methods: [POST], confirm: "Pay?" }\n'),
    );
    await it.open(`${it.app}/site/1`);
    const ask = async () => {
      const from = { referer: `${it.app}/site/1` };
      const answer = await it.get(`${it.app}/site/1/pay`, from, "amount=5");
      t.equal(answer.status, 303);
      const { at, answer: page } = await it.open(answer.headers.location ?? "");
      t.equal(at.origin, it.origin);
      t.match(page.body, /Pay\?/);
      const { _csrf = "", _confirmation = "" } = hiddenIn(page.body);
      return new URLSearchParams({ _csrf, _confirmation });
    };
    const say = async (form: URLSearchParams) =>
      await it.get(`${it.origin}/.guise/confirm`, {}, form.toString());
    const forged = await ask();
    forged.set("_csrf", `${forged.get("_csrf")}x`);
    t.equal((await say(forged)).status, 403, "without the field of the page");
    it.seen.length = 0;

    const form = await ask();
    const yes = await say(form);
    t.equal(yes.status, 303);
    const to = yes.headers.location ?? "";
    t.match(to, /^http:\/\/localhost:\d+\/site\/1\/pay\?_guise_confirm=[\w.-]+$/);
    t.equal((await say(form)).status, 403, "said once");
    t.same(it.seen, [], "nothing has gone to the app");
    for (const [what, address, headers] of [
      ["ahead of time", to, { "sec-purpose": "prefetch" }],
      ["by a script", to, SCRIPT],
      ["at another address", (await say(await ask())).headers.location?.replace("/pay", "/give") ?? "", {}],
    ] as const) {
      t.ok([403, 503].includes((await it.get(address, headers)).status), what);
    }
    t.same(it.seen, []);
    const done = await it.get(to, { "sec-fetch-site": "cross-site" });
    t.equal(done.status, 200);
    t.same(
      it.seen,
      [`POST /site/1/pay 17 amount=5 ${it.app} ${it.app}/site/1`],
      "the request as it was, with where it came from",
    );
    t.equal((await it.get(to)).status, 403, "and once");
    await it.get(`${it.app}/.guise/stop`, {}, "");
    const late = await it.get(to);
    t.not(late.status, 200, "never as the agent");
    t.equal(it.seen.length, 1);
  },
);

t.test("the app's host has no page that says yes, and leads to the one that asks", async (t) => {
  const it = await atConsole(t);
  const { at } = await it.open(`${it.app}/.guise/confirm?question=x`);
  t.equal(at.origin, it.origin);
  t.equal((await it.get(`${it.app}/.guise/confirm`, {}, "_confirmation=x")).status, 404);
});
