import { fieldGuards, type Preset, SIGN_OUT } from "./preset.ts";

const OWN = "Password, e-mail address and keys are the customer's own.";

export const REDMINE: Preset = {
  name: "redmine",
  describe:
    "Redmine: signing out means Stop, password, e-mail addresses, keys and two-factor authentication are the customer's own, and previews and menus that travel as POST are reading.",
  guards: [
    { ...SIGN_OUT, paths: ["{/*at}/logout"] },
    {
      name: "credentials",
      sentence: OWN,
      paths: [
        "{/*at}/my/password",
        "{/*at}/my/api_key",
        "{/*at}/my/atom_key",
        "{/*at}/my/rss_key",
        "{/*at}/my/reset_api_key",
        "{/*at}/my/reset_rss_key",
        "{/*at}/my/twofa",
        "{/*at}/my/destroy",
        "{/*at}/users/:id/email_addresses",
      ],
    },
    ...fieldGuards(["user.mail", "user.password"], {
      name: "account",
      sentence: OWN,
      paths: ["{/*at}/my/account", "{/*at}/users"],
    }),
    {
      name: "reads",
      sentence: "Previews and menus travel as POST.",
      effect: "allow",
      paths: [
        "/issues/preview",
        "/issues/context_menu",
        "/time_entries/context_menu",
        "/preview/text",
        "/wiki/preview",
      ].map((path) => `{/*at}${path}`),
      methods: ["POST"],
    },
  ],
};
