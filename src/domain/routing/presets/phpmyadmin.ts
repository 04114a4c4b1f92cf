import { LINKS, type Preset, SIGN_OUT } from "./preset.ts";

const OWN = "Users, rights and passwords of the database are nobody's to change as somebody else.";
/** Words by which a statement changes something. */
const CHANGES = [
  "insert",
  "update",
  "delete",
  "drop",
  "alter",
  "create",
  "truncate",
  "replace",
  "grant",
  "revoke",
  "rename",
  "call",
  "load",
  "set ",
  "into",
  "lock",
  "optimize",
  "repair",
];

export const PHPMYADMIN: Preset = {
  name: "phpmyadmin",
  describe:
    "phpMyAdmin, Adminer and their like: signing out means Stop, users and passwords of the database can't be changed, and a link with a statement that changes something needs the mode write.",
  guards: [
    { ...SIGN_OUT, paths: ["{/*at}/logout.php"] },
    {
      ...SIGN_OUT,
      paths: ["{/*at}/index.php", "/"],
      when: { query: { route: "/logout" } },
    },
    {
      name: "logout",
      sentence: "Signing out stops.",
      effect: "stop",
      paths: ["{/*at}/adminer.php", "{/*at}/index.php", "/"],
      when: { form: { logout: true } },
    },
    {
      name: "users",
      sentence: OWN,
      paths: ["{/*at}/user_password.php", "{/*at}/server_privileges.php"],
    },
    {
      name: "users",
      sentence: OWN,
      paths: ["{/*at}/index.php", "/"],
      when: {
        form: { route: { contains: ["/user-password", "/server/privileges", "/server/user-groups"] } },
      },
    },
    ...["sql_query", "sql"].map((name) => ({
      name: "statements",
      sentence: "This statement changes something.",
      effect: "write" as const,
      paths: ["{/*at}/sql.php", "{/*at}/import.php", "{/*at}/index.php", "{/*at}/adminer.php", "/"],
      methods: LINKS,
      when: { query: { [name]: { contains: CHANGES } } },
    })),
  ],
};
