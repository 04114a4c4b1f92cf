import { wordList } from "../../text/word-list.ts";
import { LINKS, type Preset, SIGN_OUT } from "./preset.ts";

const OWN = "Users, rights and passwords of the database are nobody's to change as somebody else.";
/** Words by which a statement changes something. */
const CHANGES = [
  ...wordList("insert update delete drop alter create truncate replace grant revoke rename call load"),
  "set ",
  ...wordList("into lock optimize repair"),
];

/** What changes people in a statement, as far as plain words tell. */
const ABOUT_USERS = [
  ...["alter", "create", "drop", "rename"].flatMap((verb) => [`${verb} user`, `${verb} role`]),
  "set password",
  "identified by",
  "identified via",
  "identified with",
  "grant ",
  "revoke ",
  "mysql.",
  "`mysql`",
];

/** What the pages ask for by POST and only read. */
const READS = wordList(`
  /lint /databases /tables /columns /database/sql/autocomplete /database/structure/real-row-count
  /sql/get-enum-values /sql/get-set-values /sql/get-relational-values /server/status/processes/refresh
`);
const FRONT = ["{/*at}/index.php", "/"];

export const PHPMYADMIN: Preset = {
  name: "phpmyadmin",
  describe:
    "phpMyAdmin, Adminer and their like: signing out means Stop, users, passwords and two-factor authentication can't be changed, a link with a statement that changes something needs the mode write, and what the pages of phpMyAdmin read by POST is reading.",
  guards: [
    { ...SIGN_OUT, paths: ["{/*at}/logout.php"] },
    {
      ...SIGN_OUT,
      paths: FRONT,
      when: { query: { route: "/logout" } },
    },
    {
      name: "logout",
      sentence: "Signing out stops.",
      effect: "stop",
      paths: ["{/*at}/adminer.php", ...FRONT],
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
      paths: FRONT,
      when: {
        form: {
          route: {
            contains: [
              "/user-password",
              "/server/privileges",
              "/server/user-groups",
              "/preferences/two-factor",
            ],
          },
        },
      },
    },
    ...["sql_query", "sql"].map((name) => ({
      name: "users",
      sentence: OWN,
      paths: ["{/*at}/sql.php", "{/*at}/import.php", "{/*at}/adminer.php", ...FRONT],
      when: { form: { [name]: { contains: ABOUT_USERS } } },
    })),
    ...["sql_query", "sql"].map((name) => ({
      name: "statements",
      sentence: "This statement changes something.",
      effect: "write" as const,
      paths: ["{/*at}/sql.php", "{/*at}/import.php", "{/*at}/index.php", "{/*at}/adminer.php", "/"],
      methods: LINKS,
      when: { query: { [name]: { contains: CHANGES } } },
    })),
    {
      name: "reads",
      sentence: "The pages read by POST.",
      effect: "allow",
      paths: FRONT,
      methods: ["POST"],
      when: { query: { route: READS } },
    },
    {
      name: "reads",
      sentence: "The tree of databases and tables opens by POST.",
      effect: "allow",
      paths: FRONT,
      methods: ["POST"],
      when: { query: { route: "/navigation" }, form: { hideNavItem: false, unhideNavItem: false } },
    },
  ],
};
