import { wordList } from "../../text/word-list.ts";
import { fieldGuards, type Guard, type Preset } from "./preset.ts";

/** Where apps keep what belongs to the person who is signed in. */
const OWN = wordList("account accounts me my my-account profile settings user users");

/** A name that means one thing wherever it stands in a path; written with dashes, underscores or in one word. */
function anywhere(names: string): readonly string[] {
  const spellings = wordList(names).flatMap((name) => [
    name,
    name.replaceAll("-", "_"),
    name.replaceAll("-", ""),
  ]);
  return [...new Set(spellings)].map((name) => `{/*at}/${name}`);
}

/** A name that means it only right below something of the person's own. */
function asSelf(names: string): readonly string[] {
  const places = [...OWN, "users/:id", "accounts/:id"];
  return places.flatMap((own) => wordList(names).map((name) => `{/*at}/${own}/${name}`));
}

/** Where a larger form or a REST call of one's own data goes: what is refused there is only the field. */
const OWN_FORMS: readonly string[] = [
  ...OWN.map((own) => `{/*at}/${own}`),
  "{/*at}/users/:id",
  "{/*at}/user/:id",
  "{/*at}/accounts/:id",
];

const PASSWORDS = wordList(
  "password *.password *_password *password_* *.pass pass1 passwd *.passwd newpassword",
);
const EMAILS = wordList("email *.email *_email *email_address emailaddress mail *.mail newemail");

/** GraphQL has one address for everything: what its operation and its variables are called tells what it is for. */
const GRAPHQL = ["{/*at}/graphql", "{/*at}/gql"];
const OPERATIONS = {
  password: ["password", "passwd"],
  email: ["email", "emailaddress"],
  "two-factor": ["twofactor", "two_factor", "totp", "mfa", "recoverycode"],
  "api-keys": ["accesstoken", "apitoken", "apikey", "sshkey"],
  deletion: ["deleteaccount", "closeaccount", "deleteme", "deleteuser"],
} as const;

const SENTENCES: Readonly<Record<keyof typeof OPERATIONS, string>> = {
  password: "The password is the customer's own.",
  email: "The e-mail address is the customer's own.",
  "two-factor": "Two-factor authentication is the customer's own.",
  "api-keys": "API keys and tokens are the customer's own.",
  deletion: "Only the customer may close the account.",
};

const FIELDS_OF_ONES_OWN: readonly Guard[] = [
  ...fieldGuards(PASSWORDS, { name: "password-field", sentence: SENTENCES.password, paths: OWN_FORMS }),
  ...fieldGuards(EMAILS, { name: "email-field", sentence: SENTENCES.email, paths: OWN_FORMS }),
  ...Object.entries(OPERATIONS).map(
    ([what, contains]): Guard => ({
      name: `${what}-graphql`,
      sentence: SENTENCES[what as keyof typeof OPERATIONS],
      paths: GRAPHQL,
      methods: null,
      when: { graphql: ["mutation"], form: { "*": { contains } } },
    }),
  ),
];

export const ACCOUNT_SECURITY: Preset = {
  name: "account-security",
  describe:
    "Refuses changes of password, e-mail, two-factor, passkeys, ways to sign in, API keys, payment methods, account deletion and terms.",
  guards: [
    {
      name: "password",
      sentence: SENTENCES.password,
      paths: [
        ...anywhere("password passwords change-password password-change update-password set-password"),
        ...anywhere("reset-password password-reset forgot-password lost-password edit-password"),
        // WordPress keeps password and e-mail in its profile form; WooCommerce in its own.
        "{/*at}/wp-login.php",
        "{/*at}/wp-admin/profile.php",
        "{/*at}/wp-admin/user-edit.php",
        "{/*at}/my-account/edit-account",
      ],
    },
    {
      // Devise: the form at /users/edit sends password and e-mail here.
      name: "password",
      sentence: SENTENCES.password,
      paths: ["{/*at}/users"],
      methods: ["PUT", "PATCH"],
      below: false,
    },
    {
      name: "email",
      sentence: SENTENCES.email,
      paths: [
        ...anywhere("change-email email-change update-email set-email confirm-email email-addresses"),
        ...asSelf("email emails"),
        // Laravel Fortify and Jetstream: name and e-mail in one form.
        "{/*at}/user/profile-information",
      ],
    },
    {
      name: "two-factor",
      sentence: SENTENCES["two-factor"],
      paths: [
        ...anywhere("two-factor two-factor-auth two-factor-authentication 2fa mfa otp totp"),
        ...anywhere("confirmed-two-factor-authentication two-factor-recovery-codes"),
        ...anywhere("recovery-codes backup-codes authenticators"),
        // Nextcloud
        "{/*at}/apps/twofactor_totp",
        "{/*at}/apps/twofactor_backupcodes",
      ],
    },
    {
      name: "passkeys",
      sentence: "Passkeys are the customer's own.",
      paths: anywhere("passkey passkeys webauthn security-key security-keys fido2 u2f"),
    },
    {
      name: "sign-in",
      sentence: "Other ways to sign in are the customer's own.",
      paths: [
        ...anywhere("link-account linked-accounts connected-accounts social-accounts"),
        ...asSelf("identities auth"),
        // django-allauth
        "{/*at}/social/connections",
      ],
    },
    {
      name: "api-keys",
      sentence: SENTENCES["api-keys"],
      paths: [
        ...anywhere("api-key api-keys api-token api-tokens access-token access-tokens"),
        ...anywhere("personal-access-token personal-access-tokens application-passwords app-passwords"),
        ...anywhere("auth-tokens deploy-keys ssh-key ssh-keys gpg-key gpg-keys"),
        ...asSelf("keys tokens"),
        "{/*at}/oauth/authorize",
        "{/*at}/oauth/applications",
        "{/*at}/settings/personal/authtokens",
      ],
    },
    {
      name: "payment",
      sentence: "Payment methods and billing are the customer's own.",
      paths: [
        ...anywhere("payment-method payment-methods add-payment-method delete-payment-method"),
        ...anywhere("set-default-payment-method credit-card credit-cards bank-account bank-accounts"),
        ...anywhere("billing setup-intent setup-intents"),
        ...asSelf("cards subscription subscriptions payments"),
      ],
    },
    {
      name: "deletion",
      sentence: SENTENCES.deletion,
      paths: [
        ...anywhere("delete-account close-account cancel-account deactivate-account account-deletion"),
        ...["account", "me", "my-account", "profile", "user"].flatMap((own) =>
          ["close", "deactivate", "delete", "destroy", "cancel"].map((verb) => `{/*at}/${own}/${verb}`),
        ),
      ],
    },
    {
      // Devise, Jetstream and Breeze: DELETE on the thing itself.
      name: "deletion",
      sentence: SENTENCES.deletion,
      paths: ["users", "user", "account", "profile", "me"].map((own) => `{/*at}/${own}`),
      methods: ["DELETE"],
      below: false,
    },
    {
      name: "terms",
      sentence: "Only the customer may agree to terms.",
      paths: [
        ...anywhere("terms accept-terms terms-of-service terms-and-conditions tos"),
        ...anywhere("accept-privacy privacy-consent cookie-consent data-processing-agreement"),
      ],
    },
    ...FIELDS_OF_ONES_OWN,
  ],
};
