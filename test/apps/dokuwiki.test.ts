// Needs: DokuWiki
import { readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import t from "tap";
import { browser } from "../fixtures/browser/browser.ts";
import { ask, CLICK } from "../fixtures/client/named.ts";
import { frontOf, SUPPORT } from "../fixtures/gateway/front.ts";
import { cookieWitness } from "../fixtures/real-apps/cookie-witness.ts";
import { dokuWiki } from "../fixtures/real-apps/dokuwiki.ts";
import { walkBeside } from "./beside.ts";

const EXAMPLE = fileURLToPath(new URL("../../examples/apps/dokuwiki/routes.config.yaml", import.meta.url));

process.env.SUPPORT_KEY = "a long key of the tests";
const wiki = await dokuWiki(t, process.env.SUPPORT_KEY);
process.env.WIKI_DB = wiki.database.url;
const witness = await cookieWitness(t, wiki.origin);
const config = (await readFile(EXAMPLE, "utf8"))
  .replace("http://127.0.0.1:8080", witness.origin)
  .replace(/^publicUrl.*$/m, "headers: { when: impersonating }")
  .replace(/- oidc: .*/, '- insecureHeader: { name: X-User, groups: X-Groups, from: [127.0.0.1, "::1"] }');
const front = await frontOf(t, config);
const chromium = await browser();
t.teardown(() => chromium.close());

t.test("a DokuWiki, by its own login form and a password that counts once", async (t) => {
  await walkBeside(t, {
    front,
    direct: wiki.origin,
    witness,
    chromium,
    signIn: async (page, origin, who) => {
      const name = who === "customer" ? "nuno" : "rita";
      await page.goto(`${origin}/doku.php?do=login`);
      await page.fill("input[name=u]", name);
      await page.fill("input[name=p]", `${name}'s password`);
      await Promise.all([page.waitForSelector("li.user"), page.press("input[name=p]", "Enter")]);
    },
    paths: [
      "/doku.php?id=people:nuno:start",
      "/doku.php",
      "/doku.php?id=people:nuno:plans",
      "/doku.php?id=people:nuno:plans&do=edit",
      "/doku.php?id=people:nuno:plans&do=revisions",
      "/doku.php?id=people:nuno:nowhere",
      "/doku.php?do=search&q=lamps",
      "/doku.php?do=recent",
      "/doku.php?do=index",
      "/doku.php?id=start&do=admin",
    ],
    steps: Number(process.env.GUISE_STEPS ?? 100),
    own: { path: "/doku.php?do=recent", customer: /\((?:<bdi>)?nuno\b/, agent: /\((?:<bdi>)?rita\b/ },
    plain: (text) => text.replace(/\d+ (?:seconds?|minutes?) ago/g, "ago"),
  });
});

t.test("who runs the wiki is nobody for the gateway's password, whatever its config says", async (t) => {
  const right = (who: string, word: string) =>
    wiki.database.admin(`select wiki_password('${who}', $$${word}$$)`).trim() === "t";
  const visit = "123456789012345678901234";
  const key = `${process.env.SUPPORT_KEY}:${visit}`;
  t.equal(right("olga", "olga's password"), true);
  t.equal(right("olga", key), false);
  t.equal(right("nuno", `a wrong key:${visit}`), false);
  t.equal(right("nuno", key), true);
  t.equal(right("nuno", key), false, "the same once more");
});

t.test("a page that nobody owns is the agent's own view", async (t) => {
  const answer = await ask(`${front.url}/doku.php?id=people:olga:start`, { ...CLICK, ...SUPPORT });
  t.match(answer.body, /Permission Denied/);
});
