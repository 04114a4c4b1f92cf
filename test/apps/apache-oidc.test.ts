// Needs: Apache with OpenID Connect
import type { Page } from "playwright-core";
import t from "tap";
import { APP } from "../fixtures/apps/oidc-app.ts";
import { pressInBanner } from "../fixtures/browser/banner.ts";
import { browser } from "../fixtures/browser/browser.ts";
import { ask } from "../fixtures/client/named.ts";
import { frontOf } from "../fixtures/gateway/front.ts";
import { providerConfig } from "../fixtures/gateway/provider-site.ts";
import { recorded } from "../fixtures/gateway/signed-in-front.ts";
import { cookieWitness } from "../fixtures/real-apps/cookie-witness.ts";
import { apacheOidc } from "../fixtures/servers/apache-oidc.ts";
import { CLIENT, identityProvider } from "../fixtures/servers/identity-provider.ts";
import { freePort } from "../fixtures/servers/port.ts";

const STEPS = 100;

process.env.OIDC_SECRET = CLIENT.secret;
process.env.APP_SECRET = APP.secret;
const idp = await identityProvider(t);
idp.people.set("17", { name: "Nuno Almeida", groups: ["customer"] });
const apache = await apacheOidc(t);
const witness = await cookieWitness(t, apache.origin);
const port = await freePort();
const backChannel = `, backChannel: "${apache.origin}/oidc/back?logout=backchannel"`;
const config = providerConfig(witness.origin, idp.issuer, port, "", backChannel);
const front = await frontOf(t, config, undefined, port);
idp.register(front.url, {
  redirect_uris: [`${front.url}/.guise/oidc/callback`, `${front.url}/.guise/op/callback`],
});
await apache.start(front.url, APP.secret);
const chromium = await browser();
t.teardown(() => chromium.close());

interface Tab {
  readonly page: Page;
  /** What its console complained of, and what broke in it. */
  readonly errors: string[];
}

async function tabOf(): Promise<Tab> {
  const page = await (await chromium.newContext()).newPage();
  const errors: string[] = [];
  page.on("console", (it) => it.type() === "error" && errors.push(it.text()));
  page.on("pageerror", (error) => errors.push(error.message));
  return { page, errors };
}

/** What a reader sees of a page, but for the cookies that the app got, which are looked at for themselves. */
async function seen({ page }: Tab, path: string) {
  const status = (await page.goto(`${front.url}${path}`))?.status();
  const of = async (selector: string) => await page.locator(selector).innerText();
  return {
    status,
    heading: await of("h1"),
    name: await of(".name"),
    act: await of(".act"),
    cookies: await of(".cookies"),
  };
}

const valuesIn = (cookies: string) => cookies.split("; ").map((pair) => pair.slice(pair.indexOf("=") + 1));

t.test(
  "an agent sees a customer's pages behind Apache as the customer does, and is themselves again after Stop",
  async (t) => {
    idp.signsIn = "17";
    const nuno = await tabOf();
    const [own] = [await seen(nuno, "/site/1/0")];
    t.match(own, { status: 200, heading: "17 at /site/1/0", name: "Nuno Almeida", act: "(none)" });

    idp.signsIn = "alice";
    const alice = await tabOf();
    await alice.page.goto(`${front.url}/.guise/start`);
    const mine = await seen(alice, "/mine");
    t.match(mine, { status: 200, heading: "alice at /mine", act: "(none)" });
    // A click on a link of another site, as in a ticket.
    await alice.page.setContent(`<a href="${front.url}/site/1/start">the ticket</a>`);
    await alice.page.click("a");
    await alice.page.locator("h1", { hasText: "17 at /site/1/start" }).waitFor();
    t.equal(await alice.page.locator("guise-banner").count(), 1);
    t.match(
      await alice.page.locator(".act").innerText(),
      /"sub": ?"alice"/,
      "the app hears who is really there",
    );

    const customers = new Set<string>();
    const agents = new Set<string>(valuesIn(mine.cookies));
    for (let step = 0; step < STEPS; step += 1) {
      const path = `/site/1/page-${step}?step=${step}`;
      const [direct, viewed] = [await seen(nuno, path), await seen(alice, path)];
      t.same(
        [viewed.status, viewed.heading, viewed.name],
        [direct.status, direct.heading, direct.name],
        path,
      );
      for (const value of valuesIn(viewed.cookies)) customers.add(value);
      t.notOk(
        valuesIn(direct.cookies).some((it) => customers.has(it)),
        "the customer's own session is another",
      );
    }
    t.same(
      [...customers].filter((it) => agents.has(it)),
      [],
      "no cookie of the agent's in a request of the customer's",
    );
    t.same(alice.errors, nuno.errors, "and their consoles say the same");
    const inBrowser = (await alice.page.context().cookies()).map(({ value }) => value);
    t.same(
      [...customers].filter((it) => inBrowser.includes(it)),
      [],
      "the customer's session is in no browser",
    );

    await seen(alice, "/site/1/last");
    const cookie = witness.requests.findLast(({ path }) => path === "/site/1/last")?.cookie ?? "";
    const host = new URL(front.url).host;
    // A session counts for its own host.
    const there = { host, "x-forwarded-host": host, "x-forwarded-proto": "http" };
    const replay = async () => (await ask(`${apache.origin}/site/1/x`, { cookie, ...there })).status;
    t.equal(await replay(), 200, "who had its cookie would be in");
    await pressInBanner(alice.page, "Stop");
    await alice.page.locator("h1", { hasText: "alice at" }).waitFor();
    const [ended] = await recorded(front.data, "sign-in.ended");
    t.match(ended, { event: { outcome: "success" }, message: "back-channel logout 200" });
    t.equal(await replay(), 401, "and nobody gets in by the customer's session any more");
    const after = await seen(alice, "/mine");
    t.same(after, mine, "the same session as before, whole");
    t.match(
      await seen(nuno, "/site/1/end"),
      { status: 200, heading: "17 at /site/1/end" },
      "the customer's goes on",
    );
    t.equal(idp.logins, 2, "each of them signed in once, and nobody as another");
  },
);
