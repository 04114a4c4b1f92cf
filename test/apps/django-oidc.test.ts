// Needs: Django with add-ons for signing in
import { readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import t from "tap";
import { APP } from "../fixtures/apps/oidc-app.ts";
import { browser } from "../fixtures/browser/browser.ts";
import { frontOf } from "../fixtures/gateway/front.ts";
import { cookieWitness } from "../fixtures/real-apps/cookie-witness.ts";
import { djangoLogin } from "../fixtures/real-apps/django-login.ts";
import { CLIENT, identityProvider } from "../fixtures/servers/identity-provider.ts";
import { freePort } from "../fixtures/servers/port.ts";
import { walkBeside } from "./beside.ts";

const EXAMPLE = fileURLToPath(new URL("../../examples/apps/django-oidc/routes.config.yaml", import.meta.url));

process.env.OIDC_SECRET = CLIENT.secret;
process.env.APP_SECRET = APP.secret;
const idp = await identityProvider(t);
idp.people.set("17", { name: "Nuno Almeida", groups: ["customer"] });
const django = await djangoLogin(t);
const witness = await cookieWitness(t, django.origin);
const port = await freePort();
const publicUrl = `http://localhost:${port}`;
const config = (await readFile(EXAMPLE, "utf8"))
  .replace("http://127.0.0.1:8080", witness.origin)
  .replaceAll("https://app.example.com", publicUrl)
  .replaceAll("https://idp.example.com", idp.issuer)
  .replaceAll("clientId: guise", `clientId: ${CLIENT.id}`);
const front = await frontOf(t, config, undefined, port);
idp.register(front.url, {
  redirect_uris: [`${front.url}/.guise/oidc/callback`, `${front.url}/.guise/op/callback`],
});
await django.start({ issuer: `${front.url}/.guise/op`, ...APP });
const chromium = await browser();
t.teardown(() => chromium.close());

t.test("a Django that signs people in with OpenID Connect", async (t) => {
  await walkBeside(t, {
    front,
    // Its people come by the gateway too: it is their provider.
    direct: front.url,
    witness,
    chromium,
    agent: {},
    signIn: async (page, origin, who) => {
      idp.signsIn = who === "customer" ? "17" : "alice";
      if (who === "agent") await page.goto(`${origin}/.guise/start`);
      await page.goto(`${origin}/mine`);
    },
    paths: ["/site/1/start", ...Array.from({ length: 9 }, (_, n) => `/site/1/page-${n}?n=${n}`)],
    steps: 100,
    own: { path: "/mine", customer: /(?:^|>)17\b/, agent: /^alice/ },
  });
  t.equal(idp.logins, 2, "each of them signed in once with the company's provider");
});
