// Needs: Redmine
import t, { type Test } from "tap";
import { REASONS } from "../../src/domain/decision.ts";
import { frontOf, SUPPORT } from "../fixtures/gateway/front.ts";
import { redmine } from "../fixtures/real-apps/redmine.ts";
import { plainWindow, type Seen } from "./window.ts";

const OWN = "Password, e-mail address and keys are the customer&#39;s own.";
const ACCOUNT = "Only the customer may close the account.";
const READ_ONLY = REASONS["read-only"].replaceAll("'", "&#39;");

const app = await redmine();
t.teardown(() => app.stop());
const front = await frontOf(
  t,
  `upstream: ${app.origin}
token: { audience: redmine }
identity:
  - insecureHeader: { name: X-User, groups: X-Groups, from: [127.0.0.1, "::1"] }
headers: { when: impersonating }
agents:
  - { groups: [support], mayBe: {}, mode: read, elevate: { for: 10m } }
routes:
  - { path: "/users/:user", owner: { param: user }, ids: number }
rules:
  - preset: redmine
`,
);
const { users, issue } = await app.start({ jwks: `${front.url}/.guise/jwks.json` });

/** Alice's window behind the gateway; and Nuno's own, signed in to Redmine itself. */
const [alice, nuno] = [plainWindow(front.url, SUPPORT), plainWindow(app.origin)];

t.before(async () => {
  const login = { username: "nuno", password: "nuno's password" };
  t.match(await nuno.send("/login", "/login", login), { status: 302, location: "/my/page" });
  // Redmine remembers where somebody was last.
  await nuno.open("/projects/website");
  t.match((await alice.open("/my/page")).location, /^\/login/, "Alice is nobody there");
  t.match(await alice.open(`/users/${users.nuno}`, "outside"), { status: 200, text: /Logged in as nuno/ });
});

const PAGES = [
  "/",
  "/my/page",
  "/my/account",
  "/my/password",
  "/projects",
  "/projects/website",
  "/projects/website/settings",
  "/projects/website/activity",
  "/projects/website/issues",
  "/projects/website/issues?set_filter=1&sort=id:desc",
  "/projects/website/issues/new",
  "/projects/website/roadmap",
  "/projects/website/wiki",
  "/projects/website/wiki/Wiki/edit",
  "/projects/website/wiki/Wiki/history",
  `/issues/${issue}`,
  `/issues/${issue}/edit`,
  `/issues/context_menu?ids[]=${issue}&back_url=/issues`,
  `/issues/${issue}.json`,
  "/issues.csv",
  "/search?q=slow",
  `/users/${users.rita}`,
  "/users",
  "/admin",
  "/issues/4711",
] as const;

t.test("in mode read every page is as the person sees it themself", async (t) => {
  for (const path of PAGES) t.same(told(await alice.open(path)), told(await nuno.open(path)), path);
});

t.test("in mode read previews and menus, which travel as POST, are as the person sees them", async (t) => {
  const reads = [
    [`/issues/${issue}/edit`, "/preview/text", { text: "*bold*" }],
    [`/issues/${issue}/edit`, `/issues/preview?issue_id=${issue}&project_id=website`, { text: "*bold*" }],
    ["/projects/website/wiki/Wiki/edit", "/projects/website/wiki/Wiki/preview", { text: "h1. New" }],
    ["/projects/website/issues", "/issues/context_menu", { "ids[]": String(issue), back_url: "/issues" }],
  ] as const;
  for (const [page, action, fields] of reads) {
    const [shown, own] = [await alice.send(page, action, fields), await nuno.send(page, action, fields)];
    t.same(told(shown), told(own), action);
    t.equal(shown.status, 200, action);
  }
});

/** What Redmine changes, the page whose form does it, and what the preset says to it; null: nothing. */
const ISSUE = `/issues/${issue}`;
const CHANGES = [
  [ISSUE, ISSUE, { _method: "patch", "issue[subject]": "Seen by Alice" }, null],
  ["/my/account", "/my/account", { _method: "put", "user[firstname]": "Nuno Miguel" }, null],
  ["/my/account", "/my/account", { _method: "put", "user[mail]": "alice@example.com" }, OWN],
  ["/my/account", "/my/account.json", { _method: "put", "user[mail]": "alice@example.com" }, OWN],
  [
    "/my/password",
    "/my/password",
    {
      password: "nuno's password",
      new_password: "of Alice 1",
      new_password_confirmation: "of Alice 1",
    },
    OWN,
  ],
  ["/my/account", "/my/api_key", {}, OWN],
  ["/my/account", "/my/atom_key", {}, OWN],
  ["/my/account", "/my/twofa/totp/activate/init", {}, OWN],
  ["/my/account", "/my/twofa/backup_codes/init", {}, OWN],
  [
    "/my/account",
    `/users/${users.nuno}/email_addresses`,
    { "email_address[address]": "alice@example.com" },
    OWN,
  ],
  ["/my/account", "/account/lost_password", { mail: "nuno@example.com" }, OWN],
  ["/my/account/destroy", "/my/account/destroy", { confirm: "1" }, ACCOUNT],
] as const;

/** What a link does or shows that is nobody else's: Redmine takes GET there as well. */
const LINKS = [
  "/my/api_key",
  "/my/twofa/totp/activate?twofa_code=123456",
  "/my/twofa/totp/deactivate?twofa_code=123456",
  "/my/twofa/backup_codes/create?twofa_code=123456",
  "/my/twofa/backup_codes",
] as const;

t.test("in mode read nothing is changed", async (t) => {
  for (const [page, action, fields, sentence] of CHANGES) {
    const { status, body } = await alice.send(page, action, fields);
    const what = `${action} ${Object.keys(fields).join(" ")}`;
    t.same([status, body.includes(sentence ?? READ_ONLY)], [403, true], what);
  }
  await refusesLinks(t);
  t.match((await nuno.open(ISSUE)).text, /The page is slow/);
});

t.test("after a step up Redmine changes what the preset lets it, and says why not to all else", async (t) => {
  const up = await alice.send("/.guise/elevate?to=/my/page", "/.guise/elevate", {});
  t.equal(up.status, 303, up.text);
  for (const [page, action, fields, sentence] of CHANGES) {
    const answer = await alice.send(page, action, fields);
    const what = `${action} ${Object.keys(fields).join(" ")}`;
    if (sentence === null) t.equal(answer.status, 302, what);
    else t.same([answer.status, answer.body.includes(sentence)], [403, true], what);
  }
  await refusesLinks(t);
  t.match((await nuno.open(ISSUE)).text, /Seen by Alice/);
  const account = (await nuno.open("/my/account")).body;
  t.match(account, /value="Nuno Miguel"/);
  t.match(account, /value="nuno@example\.com"/, "the address is the same");
  const again = { username: "nuno", password: "nuno's password" };
  t.equal((await plainWindow(app.origin).send("/login", "/login", again)).status, 302, "and the password");
});

t.test("signing out is Stop, and nobody's session ends", async (t) => {
  t.not((await alice.send("/my/page", "/logout", {})).status, 403);
  t.match(JSON.parse((await alice.open("/.guise/me")).body), {
    effectiveUser: { id: "alice" },
    impersonation: null,
  });
  t.equal((await nuno.open("/my/page")).status, 200);
});

async function refusesLinks(t: Test): Promise<void> {
  for (const path of LINKS) {
    const { status, body } = await alice.open(path);
    t.same([status, body.includes(OWN)], [403, true], path);
  }
}

/** Without what another moment or another session has otherwise. */
function told({ status, location, text }: Seen): readonly unknown[] {
  return [
    status,
    location,
    text.replace(/(?:less than a|about an?|\d+) (?:second|minute|hour)s?/g, "some time"),
  ];
}
