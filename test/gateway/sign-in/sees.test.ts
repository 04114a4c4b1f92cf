import t from "tap";
import { httpApp } from "../../fixtures/apps/upstream.ts";
import { type Shown, tab } from "../../fixtures/client/tab.ts";
import { frontConfig, frontOf, recordsOf } from "../../fixtures/gateway/front.ts";
import { APART, type ProviderSite, providerSite } from "../../fixtures/gateway/provider-site.ts";
import { visit } from "../../fixtures/gateway/signed-in-front.ts";

const heading = ({ body }: Shown) => /<h1>(.*?)<\/h1>/.exec(body)?.[1] ?? body;
/** Its page says `17 (Nuno Almeida)`, and of who is nobody `a guest`. */
const SEES = `signIn: { sees: { get: /, id: { css: h1, regex: '^(\\w+) \\(' } }, verifyEvery: 10m }
`;

async function agentOf(it: ProviderSite) {
  it.idp.signsIn = "alice";
  const agent = tab();
  await agent.open(it.at("/.guise/oidc/login?to=/mine"));
  return agent;
}

for (const [where, more] of [
  ["one origin", () => SEES],
  ["a host of its own", (port: number) => SEES + APART(port)],
] as const)
  t.test(
    `an app that signs people in by our provider is asked whom it made of them: on ${where}`,
    async (t) => {
      const it = await providerSite(t, more);
      const agent = await agentOf(it);
      const shown = await agent.open(it.at("/site/1/x"));
      t.equal(heading(shown), "17 (Nuno Almeida) at /site/1/x", shown.hops.join("\n"));
      const { origin } = new URL(shown.url);
      t.equal(heading(await agent.open(`${origin}/site/1/y`)), "17 (Nuno Almeida) at /site/1/y");
      await agent.send(`${origin}/.guise/stop`, {});

      it.app.accounts.set("17", "99");
      const other = await agent.open(it.at("/site/1/x"));
      t.match(other, { status: 502, body: /the app names somebody else/ });
      t.notMatch(other.body, /99 \(/, "nothing of theirs is shown");
      const again = await agent.open(it.at("/site/1/y"));
      t.match(again.status, 502);
      t.notMatch(again.body, /99 \(/, "nor afterwards");
      t.match(recordsOf(it.front.data, "sign-in.failed")[0], { user: { effective: { id: "17" } } });
      t.equal(
        recordsOf(it.front.data, "sign-in.performed").filter(({ message }) => message === "").length,
        0,
      );
      t.equal(heading(await agent.open(it.at("/mine"))).startsWith("alice"), where !== "one origin");
    },
  );

t.test("a session that becomes somebody else's on the way is not shown", async (t) => {
  const it = await providerSite(t, SEES);
  const agent = await agentOf(it);
  await agent.open(it.at("/site/1"));
  it.app.accounts.set("17", "99");
  // The page signs in once more, as scripts can have it do.
  const shown = await agent.open(it.at("/link"));
  t.match(shown, { status: 502, body: /the app names somebody else/ }, shown.hops.join("\n"));
});

t.test(
  "an app that reads our headers is asked, too; guests' pages are shown, and what says nothing clear isn't",
  async (t) => {
    let says = (user: string) => `<b>${user}</b>`;
    const app = await httpApp(t, (request, response) => {
      const user = request.headers["x-guise-user"];
      const who = user === undefined ? "" : says(String(user));
      response
        .setHeader("content-type", "text/html")
        .end(`<!doctype html><title>x</title><p>${who} at ${request.url}`);
    });
    const sees = "signIn: { sees: { get: /who, id: { css: b } }, verifyEvery: 0s }\n";
    const front = await frontOf(t, frontConfig(app.origin, sees));
    const alice = await visit(front.url);
    t.match(alice.first, { status: 200, body: "<b>17</b> at /site/1" });
    says = () => "";
    t.match(await alice.open("/site/1/a"), { status: 200, body: " at /site/1/a" }, "nobody is nobody else");
    says = () => "<b>99</b>";
    t.match(await alice.open("/site/1/b"), { status: 502, body: /names somebody else/ });
    says = (user) => `<b>${user}</b><b>99</b>`;
    const shown = await alice.open("/site/1/c");
    t.equal(shown.status, 502);
    t.notMatch(shown.body, "<b>99</b>");
    says = (user) => `<b>${user}</b>`;
    t.match(await alice.open("/site/1/d"), { status: 200, body: "<b>17</b> at /site/1/d" });
  },
);
