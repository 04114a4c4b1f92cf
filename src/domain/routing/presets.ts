import type { RuleSpec } from "./rule.ts";

/** One entry of a preset: what it guards and the sentence an agent reads. Patterns cover what lies below them. */
interface Guard {
  readonly name: string;
  readonly sentence: string;
  readonly paths: readonly string[];
  /** Paths that are guarded without what lies below, and the methods there. */
  readonly exact?: { readonly paths: readonly string[]; readonly methods: readonly string[] };
}

/** A named list of rules that ships with the gateway. */
export interface Preset {
  readonly name: string;
  readonly describe: string;
  readonly guards: readonly Guard[];
}

const UNSAFE = ["POST", "PUT", "PATCH", "DELETE"] as const;

/** Where apps keep what belongs to the person who is signed in. */
const OWN = [
  "account",
  "accounts",
  "me",
  "my",
  "my-account",
  "profile",
  "settings",
  "user",
  "users",
] as const;

/** A name that means one thing wherever it stands in a path; written with dashes, underscores or in one word. */
function anywhere(...names: readonly string[]): readonly string[] {
  const spellings = names.flatMap((name) => [name, name.replaceAll("-", "_"), name.replaceAll("-", "")]);
  return [...new Set(spellings)].map((name) => `{/*at}/${name}`);
}

/** A name that means it only right below something of the person's own. */
function asSelf(...names: readonly string[]): readonly string[] {
  const places = [...OWN, "users/:id", "accounts/:id"];
  return places.flatMap((own) => names.map((name) => `{/*at}/${own}/${name}`));
}

const ACCOUNT_SECURITY: readonly Guard[] = [
  {
    name: "password",
    sentence: "The password is the customer's own.",
    paths: [
      ...anywhere(
        "password",
        "passwords",
        "change-password",
        "password-change",
        "update-password",
        "set-password",
      ),
      ...anywhere("reset-password", "password-reset", "forgot-password", "lost-password", "edit-password"),
      // WordPress keeps password and e-mail in its profile form; WooCommerce in its own.
      "{/*at}/wp-login.php",
      "{/*at}/wp-admin/profile.php",
      "{/*at}/wp-admin/user-edit.php",
      "{/*at}/my-account/edit-account",
    ],
    // Devise: the form at /users/edit sends password and e-mail here.
    exact: { paths: ["{/*at}/users"], methods: ["PUT", "PATCH"] },
  },
  {
    name: "email",
    sentence: "The e-mail address is the customer's own.",
    paths: [
      ...anywhere(
        "change-email",
        "email-change",
        "update-email",
        "set-email",
        "confirm-email",
        "email-addresses",
      ),
      ...asSelf("email", "emails"),
      // Laravel Fortify and Jetstream: name and e-mail in one form.
      "{/*at}/user/profile-information",
    ],
  },
  {
    name: "two-factor",
    sentence: "Two-factor authentication is the customer's own.",
    paths: [
      ...anywhere("two-factor", "two-factor-auth", "two-factor-authentication", "2fa", "mfa", "otp", "totp"),
      ...anywhere("confirmed-two-factor-authentication", "two-factor-recovery-codes"),
      ...anywhere("recovery-codes", "backup-codes", "authenticators"),
      // Nextcloud
      "{/*at}/apps/twofactor_totp",
      "{/*at}/apps/twofactor_backupcodes",
    ],
  },
  {
    name: "passkeys",
    sentence: "Passkeys are the customer's own.",
    paths: anywhere("passkey", "passkeys", "webauthn", "security-key", "security-keys", "fido2", "u2f"),
  },
  {
    name: "sign-in",
    sentence: "Other ways to sign in are the customer's own.",
    paths: [
      ...anywhere("link-account", "linked-accounts", "connected-accounts", "social-accounts"),
      ...asSelf("identities", "auth"),
      // django-allauth
      "{/*at}/social/connections",
    ],
  },
  {
    name: "api-keys",
    sentence: "API keys and tokens are the customer's own.",
    paths: [
      ...anywhere("api-key", "api-keys", "api-token", "api-tokens", "access-token", "access-tokens"),
      ...anywhere(
        "personal-access-token",
        "personal-access-tokens",
        "application-passwords",
        "app-passwords",
      ),
      ...anywhere("auth-tokens", "deploy-keys", "ssh-key", "ssh-keys", "gpg-key", "gpg-keys"),
      ...asSelf("keys", "tokens"),
      "{/*at}/oauth/authorize",
      "{/*at}/oauth/applications",
      "{/*at}/settings/personal/authtokens",
    ],
  },
  {
    name: "payment",
    sentence: "Payment methods and billing are the customer's own.",
    paths: [
      ...anywhere("payment-method", "payment-methods", "add-payment-method", "delete-payment-method"),
      ...anywhere(
        "set-default-payment-method",
        "credit-card",
        "credit-cards",
        "bank-account",
        "bank-accounts",
      ),
      ...anywhere("billing", "setup-intent", "setup-intents"),
      ...asSelf("cards", "subscription", "subscriptions", "payments"),
    ],
  },
  {
    name: "deletion",
    sentence: "Only the customer may close the account.",
    paths: [
      ...anywhere(
        "delete-account",
        "close-account",
        "cancel-account",
        "deactivate-account",
        "account-deletion",
      ),
      ...["account", "me", "my-account", "profile", "user"].flatMap((own) =>
        ["close", "deactivate", "delete", "cancel"].map((verb) => `{/*at}/${own}/${verb}`),
      ),
    ],
    // Devise, Jetstream and Breeze: DELETE on the thing itself.
    exact: {
      paths: ["users", "user", "account", "profile", "me"].map((own) => `{/*at}/${own}`),
      methods: ["DELETE"],
    },
  },
  {
    name: "terms",
    sentence: "Only the customer may agree to terms.",
    paths: [
      ...anywhere("terms", "accept-terms", "terms-of-service", "terms-and-conditions", "tos"),
      ...anywhere("accept-privacy", "privacy-consent", "cookie-consent", "data-processing-agreement"),
    ],
  },
];

export const PRESETS: readonly Preset[] = [
  {
    name: "account-security",
    describe:
      "Refuses changes of password, e-mail, two-factor, passkeys, ways to sign in, API keys, payment methods, account deletion and terms.",
    guards: ACCOUNT_SECURITY,
  },
];

/** The rules of a preset, each named `preset/guard`; null where there is no such preset. */
export function presetRules(name: string): readonly RuleSpec[] | null {
  const preset = PRESETS.find((candidate) => candidate.name === name);
  return preset === undefined ? null : preset.guards.flatMap((guard) => guardRules(preset.name, guard));
}

function guardRules(preset: string, guard: Guard): readonly RuleSpec[] {
  const rule = { name: `${preset}/${guard.name}`, effect: "deny", sentence: guard.sentence } as const;
  const covering = guard.paths.map((path) => ({ rule, host: null, path, methods: UNSAFE }));
  const { paths = [], methods = [] } = guard.exact ?? {};
  return [...covering, ...paths.map((path) => ({ rule, host: null, path, methods, below: false }))];
}
