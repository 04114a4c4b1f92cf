import t from "tap";
import { findings } from "../../fixtures/browser/accessible.ts";
import { journey } from "../../fixtures/browser/journey.ts";
import { mailServer, plainPart } from "../../fixtures/servers/mail-server.ts";

const mails = await mailServer();
t.teardown(() => mails.close());
process.env.SMTP_URL = mails.url;

/** The worked example, where customers ask for help on pages of a site, and support has to ask before it looks. */
const helping = (yaml: string) =>
  `${yaml
    .replace(/\bconsent: none.*/, "consent: window")
    .replace("owner: site, examples: [/site/9421] }", "owner: site, examples: [/site/9421], help: true }")}
mail: { smtp: { url: { fromEnv: SMTP_URL } }, from: gateway@example.com }
help: { mail: { to: support@example.com }, categories: [It is broken, I have a question] }
`;

t.test("from a customer's page to a mail, and from its link to that page as them", async (t) => {
  const it = await journey({ named: true, edit: helping });
  t.teardown(() => it.close());
  const [alice, nuno] = [await it.person("alice@demo.test"), await it.person("nuno@example.com")];
  const page = await nuno.newPage();
  const wrong: string[] = [];
  page.on("console", (message) => message.type() === "error" && wrong.push(message.text()));
  await page.goto(`${it.stack.url}/sites`);
  t.equal(
    await page.locator("script[data-guise-help]").count(),
    0,
    "a route that doesn't say so has nothing",
  );
  await page.goto(`${it.stack.url}/site/9421/overview?token=s3cret`);
  await page.waitForSelector("guise-help", { state: "attached" });
  t.strictSame(wrong, [], "no error in the console");
  await page.evaluate(async () => {
    console.error("chart: no data", "token=s3cret");
    await fetch("/nowhere?password=s3cret");
  });
  await it.shot(page, "80-help-button");

  // The shadow root is closed: the keyboard reaches what a person reaches.
  await page.locator("guise-help").evaluate((host) => host.scrollIntoView());
  const box = await page.locator("guise-help").boundingBox();
  await page.mouse.click((box?.x ?? 0) + (box?.width ?? 0) / 2, (box?.y ?? 0) + (box?.height ?? 0) / 2);
  await page.keyboard.type("The chart is empty\nSince this morning");
  await page.keyboard.press("Tab");
  await page.keyboard.press("Tab");
  await page.keyboard.press("Space");
  await it.shot(page, "81-help-form");
  await page.keyboard.press("Tab");
  await page.keyboard.press("Tab");
  const answered = page.waitForResponse((response) => response.url().endsWith("/.guise/ask-for-help"));
  await page.keyboard.press("Enter");
  t.equal((await answered).status(), 200);
  await it.shot(page, "82-help-sent");

  const [mail] = await mails.count(1);
  if (mail === undefined) throw new Error("no mail came");
  const text = plainPart(mail);
  t.match(mail.to, ["support@example.com"]);
  t.match(mail.text, /^Reply-To: nuno@example\.com/m);
  t.match(mail.text, /^Subject: It is broken: The chart is empty/m);
  t.match(text, /From, verified by the gateway: Nuno Almeida <nuno@example\.com>/);
  t.match(text, `Page: ${it.stack.url}/site/9421/overview?token=[redacted]`);
  t.match(text, /console: chart: no data/);
  t.match(text, /failed: 404 /);
  t.notMatch(mail.text, "s3cret");
  const link = /http:\S+\/\.guise\/t\/\S+/.exec(text)?.[0] ?? "";

  const agent = await alice.newPage();
  await agent.goto(link);
  t.match(await agent.locator("main").innerText(), /Asked by Nuno Almeida, .* verified/);
  t.match(await agent.locator("#reason").inputValue(), "The chart is empty");
  t.strictSame(await findings(agent), { looked: true, violations: [] });
  await it.shot(agent, "83-ticket");

  // The next step of the customer: what they were led to, on a page of ours.
  const next = await nuno.newPage();
  await next.goto(`${it.stack.url}/.guise/access?ahead=1`);
  await next.click("details[open] button:has-text('Allow')");
  await next.waitForLoadState();
  await agent.reload();
  await agent.click("main button:has-text('View as')");
  await agent.waitForURL((url) => url.pathname === "/site/9421/overview");
  t.ok(await agent.locator("guise-banner").isVisible(), "one click, and the page is theirs");
  t.equal(
    await agent.locator("script[data-guise-help]").count(),
    0,
    "where nobody asks for help as somebody",
  );

  const mia = await it.person("mia@example.com");
  t.equal((await (await mia.newPage()).goto(link))?.status(), 403, "the link is for agents");
  t.equal(
    (await agent.goto(`${link.slice(0, -1)}${link.endsWith("0") ? "1" : "0"}`))?.status(),
    404,
    "and one of another number leads nowhere",
  );
});
