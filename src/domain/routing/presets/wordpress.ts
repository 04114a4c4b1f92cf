import { wordList } from "../../text/word-list.ts";
import { fieldGuards, type Guard, LINKS, type Preset, SIGN_OUT } from "./preset.ts";

const ADMIN = "{/*at}/wp-admin";
const AJAX = "{/*at}/wp-admin/admin-ajax.php";

/** Links of WordPress that change something carry a nonce and say what they do; of a filter that is `-1`. */
const DOES_SOMETHING = { pattern: "[A-Za-z][\\s\\S]*" };

/** A link of the dashboard that changes something. */
const LINK = {
  name: "links",
  sentence: "This link changes something.",
  effect: "write",
  paths: [ADMIN],
  methods: LINKS,
} satisfies Guard;
const ACTIONS = wordList(
  "trash untrash delete activate deactivate spam unspam approve unapprove remove dodelete",
);

/** What the dashboard asks for by POST and only reads. */
const READS = [
  ...wordList("query-attachments get-attachment fetch-list find_posts wp-link-ajax query-themes"),
  ...wordList("get-revision-diffs menu-quick-search"),
  // Gives back the lock that opening the editor took.
  "wp-remove-post-lock",
];

export const WORDPRESS: Preset = {
  name: "wordpress",
  describe:
    "WordPress: signing out means Stop, links that trash, delete or activate something need the mode write, and the media grid loads in mode read. Put `account-security` before it.",
  guards: [
    { ...SIGN_OUT, paths: ["{/*at}/wp-login.php"], when: { query: { action: "logout" } } },
    {
      name: "application-passwords",
      sentence: "API keys and tokens are the customer's own.",
      paths: ["{/*at}/wp-admin/authorize-application.php"],
    },
    ...fieldGuards(["*password*", "email"], {
      name: "rest-route",
      sentence: "Password, e-mail address and application passwords are the customer's own.",
      paths: ["{/*at}/index.php", "/"],
      when: { query: { rest_route: { contains: ["/users"] } } },
    }),
    {
      name: "rest-route-keys",
      sentence: "API keys and tokens are the customer's own.",
      paths: ["{/*at}/index.php", "/"],
      when: { query: { rest_route: { contains: ["application-passwords"] } } },
    },
    { ...LINK, when: { query: { _wpnonce: true, action: DOES_SOMETHING } } },
    { ...LINK, when: { query: { _wpnonce: true, action2: DOES_SOMETHING } } },
    { ...LINK, when: { query: { action: ACTIONS } } },
    {
      ...LINK,
      name: "empty-trash",
      sentence: "This empties the trash.",
      when: { query: { "delete_all*": true } },
    },
    {
      name: "reads",
      sentence: "The dashboard reads by POST.",
      effect: "allow",
      paths: [AJAX],
      methods: ["POST"],
      when: { form: { action: READS } },
    },
    {
      name: "heartbeat",
      sentence: "The dashboard asks what is new, without saving a draft or keeping a lock.",
      effect: "allow",
      paths: [AJAX],
      methods: ["POST"],
      when: { form: { action: "heartbeat", "*autosave*": false, "*refresh_post_lock*": false } },
    },
    {
      name: "events",
      sentence: "The dashboard asks for events near the place that it knows.",
      effect: "allow",
      paths: [AJAX],
      methods: ["POST"],
      when: { form: { action: "get-community-events", location: false } },
    },
  ],
};
