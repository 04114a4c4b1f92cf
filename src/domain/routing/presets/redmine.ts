import { fieldGuards, type Preset, SIGN_OUT } from "./preset.ts";

const OWN = "Password, e-mail address and keys are the customer's own.";

export const REDMINE: Preset = {
  name: "redmine",
  describe:
    "Redmine: signing out means Stop, password, e-mail addresses, keys (to see them too) and two-factor authentication are the customer's own, nobody is deleted, and previews and menus that travel as POST are reading.",
  guards: [
    { ...SIGN_OUT, paths: ["{/*at}/logout"] },
    {
      name: "credentials",
      sentence: OWN,
      paths: [
        "{/*at}/my/password",
        "{/*at}/account/lost_password",
        "{/*at}/my/atom_key",
        "{/*at}/my/rss_key",
        "{/*at}/my/reset_api_key",
        "{/*at}/my/reset_rss_key",
        "{/*at}/users/:id/email_addresses",
        "{/*at}/users/:id/twofa",
      ],
    },
    {
      // A link shows the key, and turns two-factor authentication on and off.
      name: "credentials",
      sentence: OWN,
      paths: ["{/*at}/my/api_key", "{/*at}/my/twofa"],
      methods: null,
    },
    {
      name: "deletion",
      sentence: "Only the customer may close the account.",
      paths: ["{/*at}/my/account/destroy", "{/*at}/my/destroy"],
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
        "/news/preview",
        "/projects/:project/wiki/:page/preview",
        "/boards/:board/topics/preview",
      ].map((path) => `{/*at}${path}`),
      methods: ["POST"],
    },
  ],
};
