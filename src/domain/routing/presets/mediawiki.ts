import { LINKS, type Preset, SIGN_OUT } from "./preset.ts";

const SCRIPT = ["{/*at}/index.php", "/"];
const API = "{/*at}/api.php";
const OWN = "Password, e-mail address and keys are the customer's own.";
const OWN_PAGES = [
  "ChangeCredentials",
  "ChangePassword",
  "PasswordReset",
  "ChangeEmail",
  "BotPasswords",
  "OAuthManageMyGrants",
  "LinkAccounts",
  "UnlinkAccounts",
  "Manage_Two-factor_authentication",
  "AccountSecurity",
];

export const MEDIAWIKI: Preset = {
  name: "mediawiki",
  describe:
    "MediaWiki with English names of special pages: signing out means Stop, credentials are the customer's own, links that roll back, watch or purge need the mode write, and reading by POST to api.php is reading.",
  guards: [
    { ...SIGN_OUT, paths: ["{/*at}/Special\\:UserLogout", "{/*at}/Special\\:Userlogout"] },
    {
      ...SIGN_OUT,
      paths: SCRIPT,
      when: { query: { title: { pattern: "[^:]+:[Uu]ser[Ll]ogout" } } },
    },
    {
      ...SIGN_OUT,
      paths: [API],
      when: { form: { action: "logout" } },
    },
    { name: "credentials", sentence: OWN, paths: OWN_PAGES.map((page) => `{/*at}/Special\\:${page}`) },
    {
      name: "credentials",
      sentence: OWN,
      paths: SCRIPT,
      when: { form: { title: { contains: OWN_PAGES.map((page) => `:${page}`) } } },
    },
    {
      name: "credentials",
      sentence: OWN,
      paths: [API],
      methods: null,
      when: {
        form: {
          action: [
            "changeauthenticationdata",
            "removeauthenticationdata",
            "resetpassword",
            "linkaccount",
            "unlinkaccount",
          ],
        },
      },
    },
    {
      name: "links",
      sentence: "This link changes something.",
      effect: "write",
      paths: [...SCRIPT, "{/*at}/wiki"],
      methods: LINKS,
      when: {
        query: { action: ["rollback", "markpatrolled", "watch", "unwatch", "purge", "revert", "mcrundo"] },
      },
    },
    {
      name: "reads",
      sentence: "api.php reads by POST.",
      effect: "allow",
      paths: [API],
      methods: ["POST"],
      when: {
        form: { action: ["query", "parse", "compare", "opensearch", "expandtemplates", "paraminfo", "help"] },
      },
    },
  ],
};
