import { wordList } from "../../text/word-list.ts";
import { LINKS, type Preset, SIGN_OUT } from "./preset.ts";

const SCRIPT = ["{/*at}/index.php", "/"];
const API = "{/*at}/api.php";
const OWN = "Password, e-mail address and keys are the customer's own.";
const OWN_PAGES = wordList(`
  ChangeCredentials ChangePassword ResetPass ResetPassword PasswordReset RemoveCredentials ResetTokens
  ChangeEmail ConfirmEmail InvalidateEmail BotPasswords OAuthManageMyGrants LinkAccounts
  UnlinkAccounts Manage_Two-factor_authentication AccountSecurity
`);

/**
 * Its address as a path. In each language of a wiki the English name counts too, behind another word for `Special`, and blanks
 * around it count for nothing: so whatever ends with it.
 */
const specialPage = (name: string) => `{/*at}/:"title"${name}`;

export const MEDIAWIKI: Preset = {
  name: "mediawiki",
  describe:
    "MediaWiki, by the English names of its special pages, which every wiki knows: signing out means Stop, credentials are the customer's own, links that roll back, watch or purge need the mode write, and reading by POST to api.php is reading.",
  guards: [
    { ...SIGN_OUT, paths: [specialPage("Logout")] },
    {
      ...SIGN_OUT,
      paths: SCRIPT,
      when: { query: { title: { pattern: ":?[^:]+:[ _]*([Uu]ser)?[Ll]ogout([/ _].*)?" } } },
    },
    {
      ...SIGN_OUT,
      paths: [API],
      when: { form: { action: "logout" } },
    },
    { name: "credentials", sentence: OWN, paths: OWN_PAGES.map(specialPage) },
    {
      name: "credentials",
      sentence: OWN,
      paths: SCRIPT,
      when: { form: { title: { contains: OWN_PAGES } } },
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
