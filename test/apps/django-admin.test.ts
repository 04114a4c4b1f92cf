// Needs: Django
import t from "tap";
import { REASONS } from "../../src/domain/decision.ts";
import { frontOf, SUPPORT } from "../fixtures/gateway/front.ts";
import { djangoAdmin } from "../fixtures/real-apps/django.ts";
import { plainWindow } from "./window.ts";

const OWN = "Password and e-mail address are the customer&#39;s own.";
const READ_ONLY = REASONS["read-only"].replaceAll("'", "&#39;");
const ACCOUNT = "Only the customer may close the account.";

const django = await djangoAdmin();
t.teardown(() => django.stop());
const front = await frontOf(
  t,
  `upstream: ${django.origin}
token: { audience: admin }
identity:
  - insecureHeader: { name: X-User, groups: X-Groups, from: [127.0.0.1, "::1"] }
headers: { when: impersonating }
agents:
  - { groups: [support], mayBe: { groups: [staff] }, mode: read, elevate: { for: 10m } }
users: { map: { "1": { groups: [superuser] }, "2": { name: Nuno, groups: [staff] } } }
routes:
  - { path: "/staff/:user", owner: { param: user }, ids: number }
rules:
  - preset: django-admin
`,
);
await django.start({ jwks: `${front.url}/.guise/jwks.json` });

/** Alice's window behind the gateway; and Nuno's own, signed in to Django itself. */
const [alice, nuno] = [plainWindow(front.url, SUPPORT), plainWindow(django.origin)];

t.before(async () => {
  const login = { username: "nuno", password: "nuno's password" };
  t.match(await nuno.send("/admin/login/?next=/admin/", "/admin/login/?next=/admin/", login), {
    status: 302,
  });
  t.match((await alice.open("/admin/")).location, /^\/admin\/login\//, "Alice is nobody there");
  t.match(await alice.open("/staff/2/", "outside"), { status: 200, text: /\bnuno$/ });
});

const PAGES = [
  "/admin/",
  "/admin/auth/",
  "/admin/auth/user/",
  "/admin/auth/user/?q=rita",
  "/admin/auth/user/?is_staff__exact=1&o=1",
  "/admin/auth/user/add/",
  "/admin/auth/user/3/change/",
  "/admin/auth/user/3/history/",
  "/admin/auth/user/3/delete/",
  "/admin/auth/user/3/password/",
  "/admin/auth/user/99/change/",
  "/admin/auth/group/",
  "/admin/auth/group/1/change/",
  "/admin/password_change/",
  "/admin/jsi18n/",
  "/admin/login/",
  "/admin/auth/user",
  "/admin/nothing/",
] as const;

t.test("in mode read every page is as the person sees it themself", async (t) => {
  for (const path of PAGES) {
    const [shown, own] = [await alice.open(path), await nuno.open(path)];
    t.same([shown.status, shown.location, shown.text], [own.status, own.location, own.text], path);
  }
});

/** What the admin changes, and the page whose form does it. */
const RITA = "/admin/auth/user/3/change/";
const JOINED = { date_joined_0: "2026-01-02", date_joined_1: "10:00:00", is_active: "on", is_staff: "on" };
const CHANGES = [
  [RITA, RITA, { username: "rita", first_name: "Rita", ...JOINED }, null],
  ["/admin/auth/group/add/", "/admin/auth/group/add/", { name: "writers" }, null],
  [RITA, RITA, { username: "rita", email: "alice@example.com", ...JOINED }, OWN],
  [RITA, RITA, { username: "rita", password: "x", ...JOINED }, OWN],
  [RITA, "/admin/auth/user/3/password/", { password1: "of Alice 1", password2: "of Alice 1" }, OWN],
  [RITA, "/admin/auth/user/3/password", { password1: "of Alice 1", password2: "of Alice 1" }, OWN],
  [
    "/admin/password_change/",
    "/admin/password_change/",
    { old_password: "nuno's password", new_password1: "of Alice 1", new_password2: "of Alice 1" },
    OWN,
  ],
  ["/admin/auth/user/3/delete/", "/admin/auth/user/3/delete/", { post: "yes" }, ACCOUNT],
  [
    "/admin/auth/user/",
    "/admin/auth/user/",
    { action: "delete_selected", _selected_action: "3", post: "yes" },
    ACCOUNT,
  ],
] as const;

t.test("in mode read nothing is changed", async (t) => {
  const before = await nuno.open(RITA);
  for (const [page, action, fields, sentence] of CHANGES) {
    const { status, body } = await alice.send(page, action, fields);
    t.same([status, body.includes(sentence ?? READ_ONLY)], [403, true], action);
  }
  t.equal((await nuno.open(RITA)).body.replace(TOKEN, ""), before.body.replace(TOKEN, ""));
});

t.test(
  "after a step up the admin changes what the preset lets it, and says why not to all else",
  async (t) => {
    const up = await alice.send("/.guise/elevate?to=/admin/", "/.guise/elevate", {});
    t.equal(up.status, 303, up.text);
    for (const [page, action, fields, sentence] of CHANGES) {
      const answer = await alice.send(page, action, fields);
      const what = `${action} ${Object.keys(fields).join(" ")}`;
      if (sentence === null) t.equal(answer.status, 302, what);
      else t.same([answer.status, answer.body.includes(sentence)], [403, true], what);
    }
    t.match((await nuno.open(RITA)).body, /name="first_name" value="Rita"/);
    t.match((await nuno.open(RITA)).body, /name="email"(?![^>]*value)/, "she has no address still");
    t.match((await nuno.open("/admin/auth/group/")).text, /\bwriters\b/);
    for (const [login, password] of [
      ["rita", "rita's password"],
      ["nuno", "nuno's password"],
    ] as const) {
      const page = "/admin/login/?next=/admin/";
      const answer = await plainWindow(django.origin).send(page, page, { username: login, password });
      t.notMatch(answer.text, /correct username and password/, `${login}'s password is the same`);
    }
  },
);

t.test("signing out is Stop, and nobody's session ends", async (t) => {
  const answer = await alice.open("/admin/logout/");
  t.not(answer.status, 403);
  t.match(JSON.parse((await alice.open("/.guise/me")).body), {
    effectiveUser: { id: "alice" },
    impersonation: null,
  });
  t.equal((await nuno.open("/admin/")).status, 200);
});

/** Another one each time. */
const TOKEN = /name="csrfmiddlewaretoken" value="[^"]*"/g;
