import { fieldGuards, type Preset, SIGN_OUT } from "./preset.ts";

const OWN = "Password and e-mail address are the customer's own.";

export const LARAVEL_NOVA: Preset = {
  name: "laravel-nova",
  describe:
    "Laravel Nova: signing out means Stop, passwords and e-mail addresses in its resource forms can't be changed, users are not deleted, and nobody becomes somebody else by Nova's own impersonation.",
  guards: [
    { ...SIGN_OUT, paths: ["{/*at}/nova/logout", "/logout"] },
    {
      name: "impersonate",
      sentence: "Nobody becomes somebody else while being somebody else.",
      paths: ["{/*at}/nova-api/impersonate", "{/*at}/nova/impersonate"],
      methods: null,
    },
    {
      name: "password",
      sentence: OWN,
      paths: ["{/*at}/nova/password", "{/*at}/nova/reset-password", "{/*at}/nova/forgot-password"],
    },
    {
      name: "security",
      sentence: "Two-factor authentication and passkeys are the customer's own.",
      paths: [
        "{/*at}/nova-api/user-security/two-factor-authentication",
        "{/*at}/nova/user-security/two-factor-authentication",
        "{/*at}/nova/user-security/confirmed-two-factor-authentication",
        "{/*at}/nova/user-security/two-factor-recovery-codes",
      ],
    },
    {
      name: "deletion",
      sentence: "Only the customer may close the account.",
      paths: ["{/*at}/nova-api/users"],
      methods: ["DELETE"],
    },
    ...fieldGuards(["*password*", "email"], {
      name: "fields",
      sentence: OWN,
      paths: ["{/*at}/nova-api/:resource/:id", "{/*at}/nova-api/user-security", "{/*at}/nova/user-security"],
    }),
  ],
};
