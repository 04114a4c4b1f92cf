import t from "tap";
import { loginApp, PASSWORD } from "../../fixtures/apps/login-app.ts";
import { browsing } from "../../fixtures/client/browsing.ts";
import { ask, CLICK, cookieOf } from "../../fixtures/client/named.ts";
import { frontConfig, frontOf, recordsOf, SUPPORT } from "../../fixtures/gateway/front.ts";
import { BY_FORM, recorded, visit } from "../../fixtures/gateway/signed-in-front.ts";
import { freePort } from "../../fixtures/servers/port.ts";
import { tlsFront } from "../../fixtures/servers/tls-front.ts";

process.env.LOGIN_APP_PASSWORD = PASSWORD;

t.test("two customers on hosts of their own have a session each, and each ends by itself", async (t) => {
  const app = await loginApp(t);
  const port = String(await freePort());
  const apart = `isolation: { host: { parent: view.localhost } }
console: { origin: "http://guise.localhost:${port}" }
`;
  const front = await frontOf(t, frontConfig(app.origin, BY_FORM + apart), undefined, Number(port));
  const { open } = browsing(front.url, port);
  const nuno = await open(`http://localhost:${port}/site/1`);
  const mia = await open(`http://localhost:${port}/site/2`);
  t.match(nuno.at.hostname, /\.view\.localhost$/);
  t.match(nuno.answer.body, "<p id=user>Nuno</p>");
  t.match(mia.answer.body, "<p id=user>Mia</p>");
  t.match((await open(`${nuno.at.origin}/site/1/again`)).answer.body, "<p id=user>Nuno</p>");
  t.same([app.sessionsOf("17").length, app.sessionsOf("23").length, app.sessionsOf("svc").length], [1, 1, 0]);
  await open(`${nuno.at.origin}/leave`);
  await recorded(front.data, "sign-in.ended");
  t.same([app.sessionsOf("17").length, app.sessionsOf("23").length], [0, 1]);
  t.match((await open(`${mia.at.origin}/site/2/again`)).answer.body, "<p id=user>Mia</p>");
});

t.test(
  "one impersonation signs in to each of several apps when it comes there, and out of all",
  async (t) => {
    const [shop, wiki] = [await loginApp(t), await loginApp(t)];
    const steps = (indent: string) => BY_FORM.replaceAll("\n", `\n${indent}`).trimEnd();
    const front = await frontOf(
      t,
      `identity:
  - insecureHeader: { name: X-User, groups: X-Groups, from: [127.0.0.1, "::1"] }
headers: { when: impersonating }
agents:
  - { groups: [support], mayBe: { groups: [customer] } }
owners:
  site: { map: { "1": { id: "17", name: Nuno, groups: [customer] } } }
apps:
  shop:
    hosts: [shop.test]
    upstream: ${shop.origin}
    routes: [{ path: "/site/:site{/*rest}", owner: site }]
    ${steps("    ")}
  wiki:
    hosts: [shop.test]
    paths: [/api, /wiki]
    upstream: ${wiki.origin}
    ${steps("    ")}
`,
    );
    const first = await ask(`${front.url}/site/1`, { ...CLICK, ...SUPPORT, host: "shop.test" });
    t.match(first.body, "<p id=user>Nuno</p>");
    t.same([shop.sessionsOf("17").length, wiki.sessionsOf("17").length], [1, 0], "not before it is needed");
    const inside = {
      ...CLICK,
      ...SUPPORT,
      host: "shop.test",
      cookie: cookieOf(first),
      "sec-fetch-site": "same-origin",
    };
    t.match((await ask(`${front.url}/wiki/page`, inside)).body, "<p id=user>Nuno</p>");
    t.same([shop.sessionsOf("17").length, wiki.sessionsOf("17").length], [1, 1]);
    const [ids, others] = [shop.sessionsOf("17"), wiki.sessionsOf("17")];
    const cookies = (app: typeof shop) => app.seen.map(({ headers }) => headers.cookie ?? "").join("\n");
    t.notMatch(cookies(wiki), ids[0] ?? "-", "no cookie of one app goes to the other");
    t.notMatch(cookies(shop), others[0] ?? "-");
    await ask(`${front.url}/leave`, inside);
    await recorded(front.data, "sign-in.ended", 2);
    t.same([shop.sessionsOf("17"), wiki.sessionsOf("17")], [[], []]);
  },
);

t.test("steps go to an upstream by TLS, and to none whose certificate isn't its own", async (t) => {
  const app = await loginApp(t);
  const port = await tlsFront(t, "DNS:localhost", () => app.port);
  const upstream = (more: string) =>
    frontConfig("X", BY_FORM).replace("upstream: X", `upstream: { url: "https://localhost:${port}"${more} }`);
  const believed = await frontOf(t, upstream(", insecureSkipVerify: true"));
  t.match((await visit(believed.url)).first.body, "<p id=user>Nuno</p>");
  t.equal(recordsOf(believed.data, "sign-in.performed").length, 1);
  const before = app.asked("/login");
  const doubted = await frontOf(t, upstream(""));
  const { first } = await visit(doubted.url);
  t.equal(first.status, 502);
  t.match(first.body, /GET \/login: the app can not be reached/);
  t.equal(app.asked("/login"), before);
});
