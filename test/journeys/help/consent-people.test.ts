import { createHash, generateKeyPairSync } from "node:crypto";
import { SignJWT } from "jose";
import type { BrowserContext, Page } from "playwright-core";
import t from "tap";
import { pressInBanner } from "../../fixtures/browser/banner.ts";
import { type Consents, consents, linkIn } from "../../fixtures/browser/consents.ts";
import { signIn } from "../../fixtures/browser/journey.ts";
import { plainPart } from "../../fixtures/servers/mail-server.ts";

const NUNO = "nuno@example.com";
const ACCESS = "/.guise/access";
const VIEWED = "/site/9421/overview";

const said = (page: Page) => page.locator("main").innerText();

/** The directory in the config itself, where Nuno is as said. */
const directory = (more: string) => (yaml: string) =>
  yaml.replace(
    /^users:\n {2}http:\n.*\n.*\n/m,
    `users: { map: { "17": { name: Nuno Almeida, email: ${NUNO}, groups: [customer], ${more} }, "23": { name: Mia Lindqvist, email: mia@example.com, groups: [customer] } } }\n`,
  );

async function inLocale(it: Consents, email: string, locale: string): Promise<BrowserContext> {
  const context = await it.browser.newContext({ locale, viewport: { width: 1280, height: 800 } });
  const page = await context.newPage();
  await signIn(page, it.stack.url, email);
  await page.close();
  return context;
}

async function at(context: BrowserContext, it: Consents, path: string): Promise<Page> {
  const page = await context.newPage();
  await page.goto(`${it.stack.url}${path}`);
  return page;
}

/** The card of a customer's own page, once Guise knows whose session it is. */
async function withCard(context: BrowserContext, it: Consents): Promise<Page> {
  const page = await at(context, it, "/sites");
  await page.waitForLoadState();
  await page.goto(`${it.stack.url}/sites`);
  return page;
}

t.test(
  "an approver is told by mail, allows it for the customer, sees what was done, and is told of the end",
  async (t) => {
    const approving = (yaml: string) =>
      `${directory('approvers: ["23"]')(yaml)}access: { approvers: answer }\n`;
    const it = await consents(t, "ask", approving);
    const agent = await it.startPage("alice@demo.test");
    await agent.click("main form button:not(.quiet)");
    await agent.waitForURL((url) => url.pathname === "/.guise/asked");
    const mail = await it.mailTo("mia@example.com", /asks to look at the account of Nuno Almeida/);
    t.equal(linkIn(mail), `${it.stack.url}${ACCESS}?for=17`);
    const mia = await it.person("mia@example.com");
    const members = await at(mia, it, `${ACCESS}/members`);
    t.match(await said(members), /Nuno Almeida/);
    await it.seen(members, "88-members");
    const page = await at(mia, it, `${ACCESS}?for=17`);
    t.match(await said(page), /You answer for Nuno Almeida/);
    await it.seen(page, "88-approver");
    await page.click("main button:has-text('Allow') >> nth=0");
    await agent.waitForURL((url) => url.pathname === VIEWED);
    await it.mailTo("mia@example.com", /is looking at the account of Nuno Almeida/);
    await page.reload();
    t.match(await said(page), /Alice Support is looking at/);
    await pressInBanner(agent, "Stop");
    await it.mailTo("mia@example.com", /no longer looks at the account of Nuno Almeida/);
  },
);

t.test("page, card and mail are in the customer's language; Arabic is read from right to left", async (t) => {
  const it = await consents(t, "{ mode: ask }", directory("language: ar"));
  const agent = await it.startPage("alice@demo.test");
  await agent.click("main form button:not(.quiet)");
  await agent.waitForURL((url) => url.pathname === "/.guise/asked");
  const mail = await it.mailTo(NUNO, /يطلب عرض حسابك/);
  t.match(mail.text, /dir=3D"rtl"|dir="rtl"/);
  for (const [locale, direction, asks] of [
    ["ar-EG", "rtl", "يطلب عرض حسابك"],
    ["de-DE", "ltr", "bittet darum, Ihr Konto anzusehen"],
    ["ja-JP", "ltr", "閲覧を希望しています"],
    ["pt-PT", "ltr", "pede para ver a sua conta"],
    ["fr-FR", "ltr", "demande à regarder votre compte"],
    ["es-ES", "ltr", "pide mirar su cuenta"],
  ] as const) {
    const nuno = await inLocale(it, NUNO, locale);
    const page = await at(nuno, it, ACCESS);
    t.match(await said(page), asks);
    t.equal(await page.evaluate("document.documentElement.dir"), direction);
    await it.seen(page, `89-access-${locale}`);
    if (direction === "rtl") {
      const card = await withCard(nuno, it);
      t.ok(await card.locator("guise-banner").isVisible());
      await it.seen(card, `89-card-${locale}`, false);
      await page.setViewportSize({ width: 390, height: 844 });
      await it.shot(page, `89-access-${locale}-phone`);
    }
    await nuno.close();
  }
});

t.test(
  "who may look and wants to change things asks once more; the card leads to the page that answers",
  async (t) => {
    const it = await consents(t, "ask");
    const nuno = await it.person(NUNO);
    const agent = await it.startPage("alice@demo.test");
    await agent.click("main form button:not(.quiet)");
    await agent.waitForURL((url) => url.pathname === "/.guise/asked");
    const page = await at(nuno, it, ACCESS);
    await page.click("main button:has-text('Allow') >> nth=0");
    await agent.waitForURL((url) => url.pathname === VIEWED);
    await pressInBanner(agent, "Allow changes");
    await agent.waitForURL((url) => url.pathname === "/.guise/elevate");
    await it.seen(agent, "90-ask-more");
    await agent.click("main form button:not(.quiet)");
    await agent.waitForLoadState();
    await it.seen(agent, "90-ask-more-waits");
    const card = await withCard(nuno, it);
    await it.seen(card, "90-card-more", false);
    await pressInBanner(card, "Allow changes");
    await card.waitForURL((url) => url.pathname === ACCESS);
    t.match(await said(card), /asks to look at your account and change things/);
    await it.seen(card, "90-access-more");
    await card.click("main .panel.ask button:has-text('Allow')");
    await card.waitForLoadState();
    // The agent's page goes on by itself, to the question that every step up asks.
    const step = agent.locator("main button.danger");
    await step.waitFor();
    await it.seen(agent, "90-step-up");
    await step.click();
    await agent.waitForURL((url) => url.pathname === VIEWED);
    const me = await agent.evaluate(async () => await (await fetch("/.guise/me")).json());
    t.match(me, { effectiveUser: { id: "17" }, impersonation: { mode: "write" } });
  },
);

const ed = generateKeyPairSync("ed25519");
const PEM = ed.publicKey.export({ type: "spki", format: "pem" }).toString().trim().replaceAll("\n", "\\n");
const TOKEN = "0123456789abcdef0123456789abcdef";

/** An assistant that acts for Alice, which customers are asked about; and a token of the app's settings page. */
const programs = (yaml: string) =>
  `${yaml
    .replace(
      "identity:\n",
      `identity:\n  - machine: { id: helper, name: Helper, groups: [assistants], jwt: { publicKey: "${PEM}", issuer: "https://issuer", audience: guise } }\n`,
    )
    .replace(
      "\nadministrators:",
      "\n  - { kind: machine, groups: [assistants], mayBe: { notInGroups: [support, support-lead, auditor, admin] }, consent: ask }\n\nadministrators:",
    )}api: { tokens: [ { name: settings, hash: "sha256:${createHash("sha256").update(TOKEN).digest("hex")}", rights: [consent], expires: "2099-01-01" } ] }\n`;

t.test(
  "an assistant asks, the customer reads for whom it acts, and what it looked at; the app's own page takes it back",
  async (t) => {
    const it = await consents(t, "notice", programs);
    const now = Math.floor(Date.now() / 1_000);
    const bearer = await new SignJWT({
      ...{ sub: "1", name: "Alice Support", groups: ["support"], act: { sub: "helper" } },
      ...{ iss: "https://issuer", aud: "guise", iat: now, exp: now + 3_600 },
    })
      .setProtectedHeader({ alg: "EdDSA" })
      .sign(ed.privateKey);
    const headers = { authorization: `Bearer ${bearer}`, "content-type": "application/json" };
    const begin = async () =>
      await fetch(`${it.stack.url}/.guise/api/machine/start`, {
        ...{ method: "POST", headers },
        body: JSON.stringify({ customer: "17", ticket: "T-1", reason: "the chart is empty" }),
      });
    const asked = await begin();
    t.match([asked.status, await asked.json()], [403, { code: "consent-required", status: 403 }]);
    const ASSISTANT = /an AI assistant \(Helper, for Alice Support\)/;
    const mail = await it.mailTo(NUNO, /asks to look/);
    t.match(plainPart(mail), ASSISTANT);
    const nuno = await it.person(NUNO);
    const page = await at(nuno, it, ACCESS);
    t.match(await said(page), ASSISTANT);
    await it.seen(page, "91-assistant-asks");
    const german = await at(await inLocale(it, NUNO, "de-DE"), it, ACCESS);
    t.match(await said(german), "ein KI-Assistent (Helper, für Alice Support)");
    await page.click("main .panel.ask button:has-text('Allow')");
    await page.waitForLoadState();
    const begun = await begin();
    t.equal(begun.status, 201);
    const { cookie } = (await begun.json()) as { readonly cookie: string };
    const looked = await fetch(`${it.stack.url}${VIEWED}`, { headers: { ...headers, cookie } });
    t.match([looked.status, await looked.text()], [200, /Nuno Almeida/]);
    const card = await withCard(nuno, it);
    await it.seen(card, "91-assistant-card", false);
    const api = async (method: string) =>
      await fetch(`${it.stack.url}/.guise/api/consent?customer=17`, {
        method,
        headers: { authorization: `Bearer ${TOKEN}` },
      });
    t.match(await (await api("GET")).json(), { customer: "17", running: [{ ticket: "T-1" }] });
    t.match(await (await api("DELETE")).json(), { allowed: { length: 0 }, running: { length: 0 } });
    t.not((await fetch(`${it.stack.url}${VIEWED}`, { headers: { ...headers, cookie } })).status, 200);
    await page.reload();
    t.match(await said(page), /Who looked[\s\S]*an AI assistant \(Helper, for Alice Support\)/);
    await it.seen(page, "91-assistant-past");
  },
);
