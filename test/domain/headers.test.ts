import t from "tap";
import {
  FORWARDED_HEADERS,
  foldName,
  headerPolicy,
  IDENTITY_HEADERS,
  isForwardedMetadata,
  isMethodOverride,
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
]) {
  t.test(`${header} is not dropped`, async (t) => t.notOk(policy.drops(header)));
}

t.test("folding keeps letters and digits only", async (t) => t.equal(foldName("X_9.aB!~"), "x-9-ab--"));

t.test("the lists are written folded", async (t) => {
  for (const name of [...IDENTITY_HEADERS, ...FORWARDED_HEADERS])
    t.equal(foldName(name.replace("*", "")), name.replace("*", ""));
});

t.test("HOST-02 what proxies say is known in any spelling", async (t) => {
  for (const name of [
    "X-Forwarded-Host",
    "X_Forwarded_Proto",
    "Forwarded",
    "X-Original-URL",
    "X-Rewrite-URL",
    "x-envoy-original-path",
  ]) {
    t.ok(isForwardedMetadata(name), name);
  }
  t.notOk(isForwardedMetadata("Host"));
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
