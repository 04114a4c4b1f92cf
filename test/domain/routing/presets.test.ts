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

/** `METHOD /path?query`, what the body says, and the guard that it meets with its effect. */
const CONDITIONED: readonly (readonly [preset: string, line: string, body: string, met: string | null])[] = [
  ["account-security", "PATCH /settings", "user[name]=a&user[email]=b%40c.d", "email-field: deny"],
  ["account-security", "PATCH /settings", "user[name]=a&user[password]=", null],
  ["account-security", "POST /users/17", '{"name":"a","password":"b"}', "password-field: deny"],
  ["account-security", "PUT /api/v2/users/me", '{"data":{"attributes":{"email":"b"}}}', "email-field: deny"],
  ["account-security", "POST /profile", "email_notifications=1&bio=email", null],
  [
    "account-security",
    "POST /graphql",
    '{"query":"mutation { changePassword(new: 1) }"}',
    "password-graphql: deny",
  ],
  [
    "account-security",
    "POST /graphql",
    '{"query":"mutation M($i: I) { m(i: $i) }","operationName":"UpdateEmail"}',
    "email-graphql: deny",
  ],
  ["account-security", "POST /graphql", '{"query":"{ me { email } }"}', null],
  ["account-security", "POST /graphql", '{"query":"mutation { addComment }"}', null],
  ["wordpress", "GET /wp-login.php?action=logout&_wpnonce=1", "", "logout: stop"],
  ["wordpress", "GET /blog/wp-admin/post.php?post=42&action=trash&_wpnonce=1", "", "links: write"],
  ["wordpress", "GET /wp-admin/edit.php?post[]=42&action=trash&action2=trash&_wpnonce=1", "", "links: write"],
  ["wordpress", "GET /wp-admin/edit.php?s=x&action=-1&action2=-1&_wpnonce=1", "", null],
  ["wordpress", "GET /wp-admin/post.php?post=42&action=edit", "", null],
  ["wordpress", "GET /wp-admin/edit.php?delete_all=Empty", "", "empty-trash: write"],
  ["wordpress", "POST /wp-admin/admin-ajax.php", "action=query-attachments&post_id=0", "reads: allow"],
  ["wordpress", "POST /wp-admin/admin-ajax.php?action=delete-post", "action=query-attachments", null],
  ["wordpress", "POST /wp-admin/admin-ajax.php", "action=query-attachments&action=delete-post", null],
  [
    "wordpress",
    "POST /wp-admin/admin-ajax.php",
    "data[wp-check-locked-posts][]=post-4&action=heartbeat",
    "heartbeat: allow",
  ],
  ["wordpress", "POST /wp-admin/admin-ajax.php", "data[wp_autosave][post_id]=4&action=heartbeat", null],
  [
    "wordpress",
    "POST /wp-admin/admin-ajax.php",
    "data%5Bwp-refresh-post-lock%5D%5Bpost_id%5D=4&action=heartbeat",
    null,
  ],
  ["wordpress", "POST /?rest_route=/wp/v2/users/me", '{"password":"x"}', "rest-route: deny"],
  ["mediawiki", "GET /index.php?title=Special:UserLogout", "", "logout: stop"],
  ["mediawiki", "GET /wiki/Special:UserLogout", "", "logout: stop"],
  ["mediawiki", "GET /index.php/Spezial:Logout", "", "logout: stop"],
  ["mediawiki", "GET /index.php?title=:Special:_UserLogout/now", "", "logout: stop"],
  ["mediawiki", "GET /index.php?title=Logout", "", null],
  ["mediawiki", "POST /index.php/Special:_ResetPass", "", "credentials: deny"],
  ["mediawiki", "POST /index.php/Special:Remove_credentials", "", null],
  ["mediawiki", "POST /index.php/Special:RemoveCredentials/x", "", "credentials: deny"],
  ["mediawiki", "POST /index.php?title=Special:%20ChangeEmail", "", "credentials: deny"],
  ["mediawiki", "POST /index.php", "title=special:changeemail", "credentials: deny"],
  ["mediawiki", "GET /index.php?title=A&action=rollback&token=1", "", "links: write"],
  ["mediawiki", "POST /w/api.php", "action=query&meta=tokens", "reads: allow"],
  ["mediawiki", "POST /w/api.php", "action=changeauthenticationdata&token=1", "credentials: deny"],
  ["mediawiki", "POST /w/api.php", "action=edit&title=A", null],
  ["redmine", "POST /logout", "", "logout: stop"],
  ["redmine", "PUT /my/account", "user[firstname]=A&user[mail]=b%40c.d", "account: deny"],
  ["redmine", "POST /issues/preview", "issue[notes]=a", "reads: allow"],
  ["redmine", "POST /issues/42", "issue[notes]=a", null],
  ["redmine", "POST /projects/a/wiki/Wiki/preview", "text=a", "reads: allow"],
  ["redmine", "GET /my/api_key", "", "credentials: deny"],
  ["redmine", "GET /my/twofa/totp/deactivate?twofa_code=1", "", "credentials: deny"],
  ["redmine", "POST /account/lost_password", "mail=a", "credentials: deny"],
  ["redmine", "POST /my/account/destroy", "confirm=1", "deletion: deny"],
  ["laravel-nova", "PUT /nova-api/users/17", "name=a&password=b", "fields: deny"],
  [
    "laravel-nova",
    "PUT /nova-api/users/17?viaResource=&editing=true&editMode=update",
    "name=a&email=b%40c.d&_retrieved_at=1",
    "fields: deny",
  ],
  ["laravel-nova", "PUT /nova-api/users/17?editing=true", "name=a&email=&password=", null],
  ["laravel-nova", "DELETE /nova-api/users?search=&resources[]=17", "", "deletion: deny"],
  ["laravel-nova", "DELETE /nova-api/users/force?resources[]=17", "", "deletion: deny"],
  ["laravel-nova", "DELETE /nova-api/posts?resources[]=17", "", null],
  ["laravel-nova", "POST /nova/logout", "", "logout: stop"],
  ["laravel-nova", "POST /nova/password/email", "email=a", "password: deny"],
  ["laravel-nova", "POST /nova-api/user-security/two-factor-authentication", "", "security: deny"],
  ["laravel-nova", "DELETE /nova-api/impersonate", "", "impersonate: deny"],
  ["laravel-nova", "POST /nova-api/impersonate", "resource=users&resourceId=2", "impersonate: deny"],
  ["django-admin", "GET /admin/logout/", "", "logout: stop"],
  ["django-admin", "POST /admin/auth/user/17/change/", "first_name=a&email=b%40c.d", "fields: deny"],
  ["django-admin", "POST /admin/auth/user/", "action=delete_selected&_selected_action=17", "deletion: deny"],
  ["phpmyadmin", "GET /index.php?route=/logout", "", "logout: stop"],
  ["phpmyadmin", "GET /index.php?route=/sql&sql_query=DROP+TABLE+a", "", "statements: write"],
  ["phpmyadmin", "GET /index.php?route=/sql&sql_query=SELECT+1", "", null],
  ["phpmyadmin", "POST /index.php", "route=/user-password&pma_pw=a", "users: deny"],
  ["phpmyadmin", "POST /index.php?route=/preferences/two-factor", "2fa_remove=1", "users: deny"],
  ["phpmyadmin", "POST /index.php?route=/import", "sql_query=Set+Password+=+password('a')", "users: deny"],
  ["phpmyadmin", "POST /index.php?route=/import", "sql_query=update+orders+set+a=1", null],
  ["phpmyadmin", "POST /index.php?route=/lint", "sql_query=select", "reads: allow"],
  ["phpmyadmin", "POST /index.php?route=/navigation&ajax_request=1", "aPath=a", "reads: allow"],
  ["phpmyadmin", "POST /index.php?route=/navigation", "hideNavItem=1", null],
  ["phpmyadmin", "POST /index.php?route=/lint&route=/import", "a=1", null],
];

t.test("presets that look into the query and the body", async (t) => {
  for (const [preset, line, text, expected] of CONDITIONED) {
    const { index: rules } = compileRules(presetRules(preset) ?? []);
    const [method = "", target = ""] = line.split(" ");
    const [path = "", query = null] = target.split("?");
    const types = [text.startsWith("{") ? "application/json" : "application/x-www-form-urlencoded"];
    const body = text === "" ? null : { text, utf8: true, whole: true, types, codings: [] };
    const rule = rules.match({ method, path, query, body, host: "app.example" });
    const met = rule === null ? null : `${rule.name.split("/")[1]}: ${rule.effect}`;
    t.equal(met, expected, `${preset}: ${line} ${text}`);
  }
});
