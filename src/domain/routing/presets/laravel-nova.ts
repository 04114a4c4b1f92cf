import { fieldGuards, type Preset, SIGN_OUT } from "./preset.ts";

const OWN = "Password and e-mail address are the customer's own.";

export const LARAVEL_NOVA: Preset = {
  name: "laravel-nova",
  describe:
    "Laravel Nova: signing out means Stop, passwords and e-mail addresses in its resource forms can't be changed, and nobody becomes somebody else by Nova's own impersonation.",
  guards: [
    { ...SIGN_OUT, paths: ["{/*at}/nova/logout", "/logout"] },
    {
      name: "impersonate",
      sentence: "Nobody becomes somebody else while being somebody else.",
      paths: ["{/*at}/nova-api/impersonate", "{/*at}/nova/impersonate"],
      methods: null,
    },
    ...fieldGuards(["*password*", "email"], {
      name: "fields",
      sentence: OWN,
      paths: ["{/*at}/nova-api/:resource/:id", "{/*at}/nova-api/user-security", "{/*at}/nova/user-security"],
    }),
  ],
};
