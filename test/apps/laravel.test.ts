// Needs: Laravel
import t from "tap";
import { REASONS } from "../../src/domain/decision.ts";
import { frontOf, SUPPORT } from "../fixtures/gateway/front.ts";
import { laravel } from "../fixtures/real-apps/laravel.ts";
import { plainWindow } from "./window.ts";

// Nova itself is a paid product and not to be had. What is asked here is how Laravel takes requests in Nova's forms, at Nova's addresses.
const OWN = "Password and e-mail address are the customer&#39;s own.";
const ACCOUNT = "Only the customer may close the account.";
const NESTED = "Nobody becomes somebody else while being somebody else.";
const READ_ONLY = REASONS["read-only"].replaceAll("'", "&#39;");

const app = await laravel();
t.teardown(() => app.stop());
const front = await frontOf(
  t,
  `upstream: ${app.origin}
token: { audience: shop }
identity:
  - insecureHeader: { name: X-User, groups: X-Groups, from: [127.0.0.1, "::1"] }
headers: { when: impersonating }
agents:
  - { groups: [support], mayBe: {}, mode: read, elevate: { for: 10m } }
routes:
  - { path: "/nova-api/users/:user", owner: { param: user }, ids: number }
rules:
  - preset: laravel-nova
`,
);
await app.start({ jwks: `${front.url}/.guise/jwks.json` });

/** Alice's window behind the gateway; and Nuno's own, signed in to the app itself. */
const [alice, nuno] = [plainWindow(front.url, SUPPORT), plainWindow(app.origin)];
const login = (name: string) => ({ email: `${name}@example.com`, password: `${name}'s password` });
const NUNO = "/nova-api/users/2";
const RITA = "/nova-api/users/3";

t.before(async () => {
  t.match(await nuno.send("/", "/nova/login", login("nuno")), { status: 302 });
  t.match((await alice.open("/")).text, /Welcome nobody/, "Alice is nobody there");
  await alice.open(NUNO, "outside");
  t.match((await alice.open("/")).text, /Welcome nuno/);
});

t.test("in mode read every page is as the person sees it themself", async (t) => {
  for (const path of ["/", "/nova-api/users", NUNO, "/nova-api/users/99", "/nowhere"]) {
    const [shown, own] = [await alice.open(path), await nuno.open(path)];
    t.same([shown.status, shown.location, shown.text], [own.status, own.location, own.text], path);
  }
});

const put = (fields: Readonly<Record<string, string>>) => ({ _method: "PUT", _retrieved_at: "1", ...fields });
/** What the app changes, and what the preset says to it; null: nothing. */
const CHANGES = [
  [RITA, put({ name: "Rita Seen", email: "", password: "" }), null],
  [RITA, put({ name: "Rita", email: "alice@example.com" }), OWN],
  [RITA, put({ name: "Rita", password: "of Alice" }), OWN],
  [`${RITA}?editing=true&editMode=update`, { _method: "put", email: "alice@example.com" }, OWN],
  [`${RITA}?email=alice@example.com`, put({}), OWN],
  ["/nova-api/users", { _method: "DELETE", "resources[]": "3" }, ACCOUNT],
  ["/nova-api/users?resources[]=3", { _method: "delete" }, ACCOUNT],
  ["/nova-api/impersonate", { resource: "users", resourceId: "3" }, NESTED],
] as const;

t.test("in mode read nothing is changed", async (t) => {
  const before = (await nuno.open("/nova-api/users")).text;
  for (const [action, fields, sentence] of CHANGES) {
    const { status, body } = await alice.send("/", action, fields);
    t.same(
      [status, body.includes(sentence ?? READ_ONLY)],
      [403, true],
      `${action} ${JSON.stringify(fields)}`,
    );
  }
  t.equal((await nuno.open("/nova-api/users")).text, before);
});

t.test("after a step up the app changes what the preset lets it, and says why not to all else", async (t) => {
  const up = await alice.send("/.guise/elevate?to=/", "/.guise/elevate", {});
  t.equal(up.status, 303, up.text);
  for (const [action, fields, sentence] of CHANGES) {
    const { status, body } = await alice.send("/", action, fields);
    const what = `${action} ${JSON.stringify(fields)}`;
    if (sentence === null) t.equal(status, 200, what);
    else t.same([status, body.includes(sentence)], [403, true], what);
  }
  t.match(JSON.parse((await nuno.open(RITA)).body), { name: "Rita Seen", email: "rita@example.com" });
  for (const name of ["nuno", "rita"])
    t.equal(
      (await plainWindow(app.origin).send("/", "/nova/login", login(name))).status,
      302,
      `${name}'s password`,
    );
});

t.test("signing out is Stop, and nobody's session ends", async (t) => {
  await alice.send("/", "/nova/logout", {});
  t.match(JSON.parse((await alice.open("/.guise/me")).body), {
    effectiveUser: { id: "alice" },
    impersonation: null,
  });
  t.match((await nuno.open("/")).text, /Welcome nuno/);
});
