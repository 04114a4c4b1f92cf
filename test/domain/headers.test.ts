import t from "tap";
import {
  FORWARDED_HEADERS,
  foldName,
  headerPolicy,
  IDENTITY_HEADERS,
  isMethodOverride,
  isPlainlySpelt,
  metadataOf,
} from "../../src/domain/headers.ts";

const names = {
  assertion: "X-Guise-Assertion",
  user: "X-App-User",
  trueUser: "X-Guise-True-User",
  impersonation: "X-Guise-Impersonation",
};
const policy = headerPolicy(names, ["X-Tenant", "X-Corp-*"]);

const dropped: readonly (readonly [name: string, header: string])[] = [
  ["HDR-01 our own name", "X-Guise-Assertion"],
  ["HDR-01 a name of ours that was changed", "x-app-user"],
  ["HDR-01 whatever begins like ours", "X-Guise-Anything"],
  ["HDR-02 underscores", "X_Guise_User"],
  ["HDR-02 mixed", "x-guise_user"],
  ["HDR-02 a changed name with underscores", "X_APP_USER"],
  ["HDR-03 dots", "X.Guise.User"],
  ["HDR-03 any punctuation", "X!Guise~User"],
  ["HDR-03 more punctuation", "X+Guise|User"],
  ["HDR-03 a sign before it", "!X-Guise-User"],
  ["HDR-03 signs behind it", "X-Guise-User~~"],
  ["HDR-03 signs that come twice", "X__Guise..User"],
  ["HDR-03 a sign in a word", "X-Gu!ise-User"],
  ["HDR-03 a sign in a word of a changed name", "X-A.pp-User"],
  ["HDR-03 another product's name behind a sign", "_Remote-User"],
  ["HDR-11 Remote-User", "Remote-User"],
  ["HDR-11 Remote_User", "REMOTE_USER"],
  ["HDR-11 X-Forwarded-User", "X-Forwarded-User"],
  ["HDR-11 X-Forwarded-Groups", "x-forwarded-groups"],
  ["HDR-11 X-Auth-Request-Email", "X-Auth-Request-Email"],
  ["HDR-11 X-Authentik-Username", "X-authentik-username"],
  ["HDR-11 X-WebAuth-User", "X-WEBAUTH-USER"],
  ["HDR-11 X-Forwarded-By", "X-Forwarded-By"],
  ["an extra name", "x_tenant"],
  ["an extra family of names", "X-Corp-Id"],
];

for (const [name, header] of dropped) t.test(`${name} is dropped`, async (t) => t.ok(policy.drops(header)));

for (const header of [
  "Accept",
  "Cookie",
  "Authorization",
  "X-Requested-With",
  "X-Guis",
  "X-Tenants",
  "X-Forwarded-For",
  // What only differs by its dashes is another name to every server.
  "X-AppUser",
  "XAppUser",
  "X-Guises",
]) {
  t.test(`${header} is not dropped`, async (t) => t.notOk(policy.drops(header)));
}

t.test("folding keeps letters and digits, and one sign for all others in between", async (t) => {
  t.equal(foldName("X_9.aB!~"), "x-9-ab");
  t.equal(foldName("!~X__9"), "x-9");
});

t.test("the lists are written folded", async (t) => {
  for (const name of [...IDENTITY_HEADERS, ...FORWARDED_HEADERS])
    t.equal(foldName(name), name.replace(/-?\*$/, ""));
});

t.test("HOST-02 what proxies say is known in any spelling", async (t) => {
  for (const name of [
    "X_Forwarded_Port",
    "Forwarded",
    "X-Original-URL",
    "X-Rewrite-URL",
    "x-envoy-original-path",
    "X-Real-IP",
    "CF-Connecting-IP",
  ]) {
    t.equal(policy.kindOf(name), "metadata", name);
  }
  for (const name of ["X-Forwarded-Host", "X_Forwarded_Proto", "x-forwarded-for", "Content_Length"])
    t.equal(policy.kindOf(name), "written", name);
  t.equal(policy.kindOf("Host"), "plain");
});

t.test("a name has one plain spelling", async (t) => {
  for (const name of ["X-Real-IP", "x-real-ip", "Forwarded"]) t.ok(isPlainlySpelt(name), name);
  for (const name of ["X_Real_IP", "X--Real-IP", "!X-Real-IP", "X-Real-IP."])
    t.notOk(isPlainlySpelt(name), name);
});

t.test("while impersonating, forwarding metadata says what is known here", async (t) => {
  const way = { ip: "192.0.2.7", scheme: "https", host: "app.example.com", port: "443" } as const;
  t.equal(metadataOf("X-Real-IP", way), "192.0.2.7");
  t.equal(metadataOf("CF-Connecting-IP", way), "192.0.2.7");
  t.equal(metadataOf("X-Forwarded-Port", way), "443");
  t.equal(metadataOf("X-Forwarded-Ssl", way), "on");
  t.equal(metadataOf("x-forwarded-ssl", { ...way, scheme: "http" }), "off");
  t.equal(metadataOf("Forwarded", way), 'for=192.0.2.7;host="app.example.com";proto=https');
  t.equal(metadataOf("Forwarded", { ...way, ip: "2001:db8::1" })?.split(";")[0], 'for="[2001:db8::1]"');
  for (const name of [
    "X-Original-URL",
    "X-Forwarded-Prefix",
    "X-Script-Name",
    "X-Forwarded-Method",
    "X-Host",
  ])
    t.equal(metadataOf(name, way), null, name);
});

t.test("POL-01 headers that change the method are known in any spelling", async (t) => {
  for (const name of ["X-HTTP-Method-Override", "X_HTTP_METHOD", "x.method.override"])
    t.ok(isMethodOverride(name), name);
  t.notOk(isMethodOverride("X-Method"));
});

t.test("many strange spellings change no answer", async (t) => {
  for (let i = 0; i < 5000; i++) policy.drops(`X-Strange-${i}`);
  t.ok(policy.drops("X-Guise-User"));
  t.notOk(policy.drops("X-Strange-1"));
});
