// Needs: MediaWiki
import t from "tap";
import { REASONS } from "../../src/domain/decision.ts";
import { frontOf, SUPPORT } from "../fixtures/gateway/front.ts";
import { mediaWiki } from "../fixtures/real-apps/mediawiki.ts";
import { plainWindow, type Seen } from "./window.ts";

const OWN = "Password, e-mail address and keys are the customer&#39;s own.";
const READ_ONLY = REASONS["read-only"].replaceAll("'", "&#39;");
const NUNO = "/index.php/User:Nuno";

const wiki = await mediaWiki();
t.teardown(() => wiki.stop());
const front = await frontOf(
  t,
  `upstream: ${wiki.origin}
token: { audience: wiki }
identity:
  - insecureHeader: { name: X-User, groups: X-Groups, from: [127.0.0.1, "::1"] }
headers: { when: impersonating }
agents:
  - { groups: [support], mayBe: {}, mode: read, elevate: { for: 10m } }
owners: { page: { map: { Nuno: "3" } } }
routes:
  - { path: "/index.php/User\\\\::name", owner: page }
rules:
  - preset: mediawiki
`,
);
await wiki.start({ jwks: `${front.url}/.guise/jwks.json` });

/** Alice's window behind the gateway; and Nuno's own, signed in to MediaWiki itself. */
const [alice, nuno] = [plainWindow(front.url, SUPPORT), plainWindow(wiki.origin)];
const LOGIN = "/index.php/Special:UserLogin";
const CREDENTIALS = { wpName: "Nuno", wpPassword: "Nuno's password" };

t.before(async () => {
  t.match(await nuno.send(LOGIN, LOGIN, CREDENTIALS), { status: 302 });
  t.match((await alice.open("/index.php/Main_Page")).text, /Not logged in/, "Alice is nobody there");
  t.match((await alice.open(NUNO, "outside")).text, /Personal tools Nuno/);
});

const PAGES = [
  "/index.php/Main_Page",
  "/index.php?title=Main_Page&action=history",
  "/index.php?title=Main_Page&action=edit",
  "/index.php?title=Main_Page&action=info",
  "/index.php?title=Main_Page&action=raw",
  "/index.php?title=Main_Page&printable=yes",
  "/index.php?title=Main_Page&action=protect",
  "/index.php/Main_Page?oldid=1",
  "/index.php/Nowhere",
  "/index.php/Special:Preferences",
  "/index.php/Special:Watchlist",
  "/index.php/Special:RecentChanges",
  "/index.php/Special:Contributions/Nuno",
  "/index.php/Special:AllPages",
  "/index.php/Special:Search?search=wiki",
  "/index.php/Special:SpecialPages",
  "/index.php/Special:UserRights",
  "/index.php/Special:Block",
  "/index.php/Special:ListUsers",
  "/api.php?action=query&meta=userinfo&uiprop=groups|rights&format=json",
  "/load.php?modules=jquery&only=scripts",
] as const;

t.test("in mode read every page is as the person sees it themself", async (t) => {
  for (const path of PAGES) t.same(told(await alice.open(path)), told(await nuno.open(path)), path);
});

t.test("what MediaWiki shows only after the password was typed again asks for it", async (t) => {
  for (const page of ["ChangeEmail", "BotPasswords", "ChangeCredentials"]) {
    const { status, location } = await alice.open(`/index.php/Special:${page}`);
    t.same([status, location.split("&")[0]], [302, "/index.php?title=Special:UserLogin"], page);
  }
});

const READS = [
  { action: "query", titles: "Main Page", prop: "revisions", rvprop: "content" },
  { action: "parse", text: "'''bold'''", contentmodel: "wikitext" },
  { action: "opensearch", search: "Ma" },
  { action: "compare", fromrev: "1", torelative: "cur" },
  { action: "paraminfo", modules: "edit" },
] as const;

t.test("in mode read api.php reads by POST", async (t) => {
  for (const fields of READS) {
    const asked = { ...fields, format: "json" };
    const [shown, own] = [
      await alice.send("/api.php", "/api.php", asked),
      await nuno.send("/api.php", "/api.php", asked),
    ];
    t.same(told(shown), told(own), fields.action);
    t.equal(shown.status, 200, fields.action);
  }
});

const EDIT = "/index.php?title=Main_Page&action=edit";
const API = "/api.php";
const mail = { wpNewEmail: "alice@example.com", wpPassword: "Nuno's password" };
const password = { wppassword: "of Alice 12345", wpretype: "of Alice 12345" };
/** What MediaWiki changes, the page whose form does it, and what the preset says to it; null: nothing. */
const CHANGES = [
  [EDIT, "/index.php?title=Main_Page&action=submit", { wpTextbox1: "Seen by Alice", wpSave: "1" }, null],
  ["/index.php/Special:ChangeEmail", "/index.php/Special:ChangeEmail", mail, OWN],
  ["/index.php/Special:ChangeEmail", "/index.php?title=Special:ChangeEmail", mail, OWN],
  ["/index.php/Special:ChangeEmail", "/index.php", { title: "special:_changeEmail", ...mail }, OWN],
  ["/index.php/Special:ChangeCredentials", "/index.php/Special:ChangeCredentials", password, OWN],
  ["/index.php/Special:ChangePassword", "/index.php/Special:ResetPass", password, OWN],
  ["/index.php/Special:RemoveCredentials", "/index.php/Special:_RemoveCredentials", {}, OWN],
  ["/index.php/Special:PasswordReset", "/index.php/Special:PasswordReset", { wpUsername: "Nuno" }, OWN],
  ["/index.php/Special:BotPasswords", "/index.php/Special:BotPasswords", { wpappId: "alice" }, OWN],
  [EDIT, API, { action: "changeauthenticationdata", changeauthrequest: "x", changeauthtoken: "+\\" }, OWN],
  [EDIT, API, { action: "resetpassword", user: "Nuno", token: "+\\" }, OWN],
] as const;

/** Links that changed something at once in some version; this one asks once more. */
const LINKS = [
  "rollback&from=Admin",
  "markpatrolled&rcid=1",
  "watch",
  "unwatch",
  "purge",
  "revert",
  "mcrundo",
];

t.test("in mode read nothing is changed", async (t) => {
  for (const [page, action, fields, sentence] of CHANGES) {
    const { status, body } = await alice.send(page, action, fields);
    t.same([status, body.includes(sentence ?? READ_ONLY)], [403, true], `${action} ${Object.keys(fields)}`);
  }
  const edit = { action: "edit", title: "Main Page", text: "Seen by Alice", token: "+\\" };
  t.equal((await alice.send(EDIT, API, edit)).status, 403);
  for (const link of LINKS) {
    const { status, body } = await alice.open(`/index.php?title=Main_Page&action=${link}`);
    t.same([status, body.includes(READ_ONLY)], [403, true], link);
  }
  t.match((await nuno.open("/index.php/Main_Page")).text, /MediaWiki has been installed/);
});

t.test(
  "after a step up the wiki changes what the preset lets it, and says why not to all else",
  async (t) => {
    const up = await alice.send("/.guise/elevate?to=/", "/.guise/elevate", {});
    t.equal(up.status, 303, up.text);
    for (const [page, action, fields, sentence] of CHANGES) {
      const { status, body } = await alice.send(page, action, fields);
      if (sentence === null) t.equal(status, 302, action);
      else t.same([status, body.includes(sentence)], [403, true], `${action} ${Object.keys(fields)}`);
    }
    for (const link of LINKS)
      t.not((await alice.open(`/index.php?title=Main_Page&action=${link}`)).status, 403, link);
    t.match((await nuno.open("/index.php/Main_Page")).text, /Seen by Alice/);
    const again = await plainWindow(wiki.origin).send(LOGIN, LOGIN, CREDENTIALS);
    t.equal(again.status, 302, "the password is the same");
  },
);

t.test("signing out, by whatever name, is Stop, and nobody's session ends", async (t) => {
  const me = async () => JSON.parse((await alice.open("/.guise/me")).body) as unknown;
  for (const path of [
    "/index.php/Special:UserLogout",
    "/index.php/Special:Logout",
    "/index.php?title=Special:UserLogout&returnto=Main+Page",
    "/index.php?title=Special:_Logout",
  ]) {
    await alice.open(NUNO, "outside");
    t.match(await me(), { effectiveUser: { id: "3" } }, path);
    await alice.open(path);
    t.match(await me(), { effectiveUser: { id: "alice" }, impersonation: null }, path);
  }
  await alice.open(NUNO, "outside");
  await alice.send(EDIT, API, { action: "logout", token: "+\\" });
  t.match(await me(), { impersonation: null }, "also by api.php");
  t.match((await nuno.open("/index.php/Main_Page")).text, /Personal tools Nuno/);
});

/** Without what another moment has otherwise. */
function told({ status, location, text }: Seen): readonly unknown[] {
  return [status, location, text.replace(/\b\d\d:\d\d(?::\d\d)?\b/g, "some time").replace(/"\d{14}"/g, "")];
}
