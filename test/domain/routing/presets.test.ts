import t from "tap";
import { PRESETS, presetRules } from "../../../src/domain/routing/presets.ts";
import { compileRules } from "../../../src/domain/routing/rule.ts";

const { index, problems } = compileRules(presetRules("account-security") ?? []);

function met(asked: string): string | null {
  const [method = "", path = ""] = asked.split(" ");
  return index.match({ method, path, host: "app.example" })?.name.split("/")[1] ?? null;
}

t.test("every preset compiles", async (t) => {
  t.same(problems, []);
  for (const preset of PRESETS) t.same(compileRules(presetRules(preset.name) ?? []).problems, []);
});

t.test("an unknown preset is null", async (t) => t.equal(presetRules("everything"), null));

const guarded: readonly (readonly [framework: string, asked: string, guard: string])[] = [
  ["Devise", "PUT /users/password", "password"],
  ["Devise", "PATCH /users", "password"],
  ["Devise", "DELETE /users", "deletion"],
  ["Devise under a scope", "PATCH /en/users.json", "password"],
  ["HeaderRules", "POST /oauth/authorize", "api-keys"],
  ["Laravel Fortify", "PUT /user/password", "password"],
  ["Laravel Fortify", "PUT /user/profile-information", "email"],
  ["Laravel Fortify", "DELETE /user/two-factor-authentication", "two-factor"],
  ["Laravel Fortify", "POST /user/confirmed-two-factor-authentication", "two-factor"],
  ["Laravel Jetstream", "POST /user/api-tokens", "api-keys"],
  ["Laravel Jetstream", "DELETE /user", "deletion"],
  ["Laravel Breeze", "DELETE /profile", "deletion"],
  ["Django", "POST /accounts/password_change/", "password"],
  ["django-allauth", "POST /accounts/email/", "email"],
  ["django-allauth", "POST /accounts/2fa/totp/activate/", "two-factor"],
  ["django-allauth", "POST /accounts/social/connections/", "sign-in"],
  ["WordPress", "POST /wp-admin/profile.php", "password"],
  ["WordPress", "POST /blog/wp-json/wp/v2/users/1/application-passwords", "api-keys"],
  ["WooCommerce", "POST /my-account/add-payment-method/", "payment"],
  ["Nextcloud", "POST /index.php/settings/personal/changepassword", "password"],
  ["Nextcloud", "POST /settings/personal/authtokens", "api-keys"],
  ["Nextcloud", "POST /apps/twofactor_totp/settings/enable", "two-factor"],
  ["GitLab", "POST /-/user_settings/personal_access_tokens", "api-keys"],
  ["GitLab", "POST /-/user_settings/ssh_keys", "api-keys"],
  ["GitLab", "POST /-/users/terms/1/accept", "terms"],
  ["a JSON API", "PUT /api/v1/me/email", "email"],
  ["a JSON API", "PUT /api/v1/users/7/email", "email"],
  ["a JSON API", "POST /api/v1/billing/cards", "payment"],
  ["a JSON API", "DELETE /api/me", "deletion"],
  ["a JSON API", "POST /api/passkeys/register", "passkeys"],
  ["another spelling", "POST /Account/Password;x=1", "password"],
];

for (const [framework, asked, guard] of guarded) {
  t.test(`${framework}: ${asked} is guarded as ${guard}`, async (t) => t.equal(met(asked), guard));
}

const free = [
  "GET /users/password/edit",
  "GET /billing",
  "POST /emails",
  "POST /campaigns/7/emails",
  "PATCH /users/7",
  "DELETE /users/7",
  "POST /users",
  "POST /cards",
  "POST /site/7/settings",
  "POST /subscriptions",
  "PUT /profile",
  "POST /keys",
];

for (const asked of free) t.test(`${asked} is free`, async (t) => t.equal(met(asked), null));
