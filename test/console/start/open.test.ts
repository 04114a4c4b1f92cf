import t, { type Test } from "tap";
import { service } from "../../fixtures/apps/service.ts";
import { ask, CLICK } from "../../fixtures/client/named.ts";
import { type Front, frontOf, recordsOf, SUPPORT } from "../../fixtures/gateway/front.ts";
import { recorded } from "../../fixtures/gateway/signed-in-front.ts";

const CONSOLE = "guise.example.com";

/** A gateway beside the app; `app` and `more` are lines of its config. */
async function beside(t: Test, { app, more = "", apart = true } = { app: "" } as Config): Promise<Front> {
  const upstream = await service((_request, response) => void response.end("the app"));
  t.teardown(() => upstream.close());
  return await frontOf(
    t,
    `${app === "" ? `upstream: ${upstream.url}\npublicUrl: https://app.example.org` : app.replaceAll("UPSTREAM", upstream.url)}
headers: { when: impersonating, plain: false }
console: { origin: "https://${CONSOLE}"${apart ? ", beside: true" : ""} }
${apart ? "isolation: { host: { parent: view.example.net } }" : ""}
identity: [{ insecureHeader: { name: X-User, groups: X-Groups, from: [127.0.0.1] } }]
agents: [{ groups: [support], mayBe: { groups: [customer] } }]
owners:
  site: { map: { "1": { id: "17", groups: [customer] }, "2": { id: "23", groups: [customer] }, "8": { id: bob, groups: [customer, support] }, "9": { id: root, groups: [admin] } } }
users: { map: { "17": { groups: [customer] }, "23": { groups: [customer] }, bob: { groups: [customer, support] }, root: { groups: [admin] } } }
${app === "" ? 'routes: [{ path: "/site/:site{/*rest}", owner: site }]' : ""}
${more}`,
  );
}

interface Config {
  readonly app: string;
  readonly more?: string;
  readonly apart?: boolean;
}

const open = (it: Front, url: string, more: Readonly<Record<string, string>> = {}) =>
  ask(`${it.url}/.guise/open?${new URLSearchParams({ url })}`, {
    ...CLICK,
    ...SUPPORT,
    host: CONSOLE,
    "x-forwarded-proto": "https",
    ...more,
  });
const SITE = "https://app.example.org/site/1?tab=2";

t.test("an address of a customer's page begins to view them, as a click on its own link would", async (t) => {
  const it = await beside(t);
  const begun = await open(it, SITE);
  t.equal(begun.status, 303);
  t.match(begun.headers.location, /^https:\/\/[a-z2-7]{32}\.view\.example\.net\/site\/1\?tab=2$/);
  const again = await open(it, SITE);
  t.equal(again.headers.location, begun.headers.location, "it runs already");
  t.equal(recordsOf(it.data, "impersonation.started").length, 1);
});

t.test("who is nobody, or no agent, learns of no address", async (t) => {
  const it = await beside(t);
  for (const url of [SITE, "https://app.example.org/none", "https://elsewhere.example.org/"]) {
    const nobody = await open(it, url, { "x-user": "", "x-groups": "" });
    t.match([nobody.status, nobody.body], [401, /data-reason="signed-out"/], url);
    const customer = await open(it, url, { "x-user": "17", "x-groups": "customer" });
    t.match([customer.status, customer.body], [403, /data-reason="not-agent"/], url);
  }
});

t.test(
  "without a click, from a customer's page, and after many starts there is a button between",
  async (t) => {
    const it = await beside(t, { app: "", more: "limits: { startsPerHour: 1 }" });
    const button = /<form method="post" action="\/\.guise\/start">[\s\S]*name="user" value="23"/;
    const site = "https://app.example.org/site/2";
    const cases = [
      { "sec-fetch-user": "?0" },
      { referer: "https://aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa.view.example.net/" },
    ];
    for (const more of cases) {
      const asked = await open(it, site, more);
      t.match([asked.status, asked.body], [200, button], JSON.stringify(more));
    }
    t.equal((await open(it, SITE)).status, 303);
    t.match(await open(it, site), { status: 200, body: button }, "one an hour");
  },
);

t.test("what starts nothing says so, and a refusal is on record without a name", async (t) => {
  const it = await beside(t);
  for (const path of ["/site/9", "/site/8", "/site/77", "/pricing"]) {
    const told = await open(it, `https://app.example.org${path}`);
    t.match([told.status, told.body], [200, /This address starts nothing/], path);
    t.match(told.body, `href="https://app.example.org${path}"`, "the app's own page");
  }
  const records = await recorded(it.data, "impersonation.not-started", 2);
  for (const record of records) t.notMatch(record, { user: { effective: {} } });
  t.match(records, [
    { user: { id: "alice" }, guise: { decision: "protected-target" } },
    { user: { id: "alice" }, guise: { decision: "nested" } },
  ]);
  t.equal(records.length, 2, "a page of nobody is none");
});

t.test("an address that isn't the app's leads nowhere", async (t) => {
  const it = await beside(t);
  const cases = [
    "https://elsewhere.example.org/site/1",
    "http://app.example.org/site/1",
    "https://app.example.org:444/site/1",
    "https://app.example.org@elsewhere.example.org/site/1",
    "//app.example.org/site/1",
    "/site/1",
    "javascript:alert(1)",
    "https://app.example.org/.guise/start",
    "https://app.example.org/%2e%2e%2fsite%00",
    "",
  ];
  for (const url of cases) t.equal((await open(it, url)).status, 400, url);
  t.equal(recordsOf(it.data, "impersonation.started").length, 0);
});

t.test("several apps are told apart by their hosts, and each route by its app", async (t) => {
  const it = await beside(t, {
    app: `apps:
  shop: { hosts: [":team.shop.example.org"], upstream: UPSTREAM, routes: [{ path: "/site/:site", owner: site }] }
  wiki: { hosts: [wiki.example.org], upstream: UPSTREAM, audience: wiki, routes: [{ path: "/of/:site", owner: site }, { path: "/admin{/*rest}", as: self }] }`,
  });
  t.match(await open(it, "https://blue.shop.example.org/site/1"), { status: 303 });
  t.match(await open(it, "https://wiki.example.org/of/2"), {
    headers: { location: /view\.example\.net\/of\/2$/ },
  });
  t.match(await open(it, "https://wiki.example.org/site/2"), { status: 200, body: /No route/ });
  t.match(await open(it, "https://wiki.example.org/admin/x"), {
    status: 303,
    headers: { location: "https://wiki.example.org/admin/x" },
  });
  t.match(await open(it, "https://third.example.org/site/1"), { status: 400 });
});

t.test(
  "without hosts of their own the address itself begins it, where the gateway stands in front",
  async (t) => {
    const it = await beside(t, { app: "", apart: false });
    t.match(await open(it, SITE), { status: 303, headers: { location: SITE } });
    const short = await ask(`${it.url}/open?url=x`, { ...CLICK, ...SUPPORT, host: CONSOLE });
    t.match(short, { status: 303, headers: { location: "/.guise/open?url=x" } });
  },
);
