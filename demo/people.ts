import type { PaymentMethod, Person, Team, Ticket } from "./data.ts";

const PASSWORD = "demo";

function person(id: string, name: string, email: string, ...groups: readonly string[]): Person {
  return { id, name, email, groups, password: PASSWORD };
}

/** Everybody who can sign in. The password is "demo" for all. */
export const PEOPLE: readonly Person[] = [
  person("1", "Alice Support", "alice@demo.test", "support"),
  person("2", "Bob Support", "bob@demo.test", "support"),
  person("3", "Ada Admin", "ada@demo.test", "admin"),
  person("4", "Lena Lead", "lena@demo.test", "support", "support-lead"),
  person("5", "Otto Auditor", "otto@demo.test", "auditor"),
  person("17", "Nuno Almeida", "nuno@example.com", "customer"),
  person("23", "Mia Lindqvist", "mia@example.com", "customer"),
  person("31", "Kenji Sato", "kenji@example.com", "customer"),
  person("42", "Amara Okafor", "amara@example.com", "customer"),
  person("57", "Tomás Herrera", "tomas@example.com", "customer"),
  person("64", "Leïla Benali", "leila@example.com", "customer"),
  person("71", "Zoë O'Neill", "zoe@example.com", "customer"),
  person("88", "Łukasz Żak", "lukasz@example.com", "customer"),
];

/** Whom the login page offers with one click, and what to try as this person. */
export const HINTS: readonly { readonly id: string; readonly role: string }[] = [
  { id: "1", role: "Support agent" },
  { id: "17", role: "Customer, three sites" },
  { id: "23", role: "Customer, one site down" },
  { id: "4", role: "Team lead" },
  { id: "5", role: "Auditor" },
  { id: "3", role: "Administrator" },
];

export const TEAMS: readonly Team[] = [
  {
    id: "almeida",
    ownerId: "17",
    name: "Almeida Studio",
    plan: "Team",
    members: [
      { name: "Nuno Almeida", email: "nuno@example.com", role: "Owner" },
      { name: "Rita Almeida", email: "rita@nuno.example", role: "Editor" },
      { name: "João Reis", email: "joao@nuno.example", role: "Viewer" },
    ],
  },
  {
    id: "lindqvist",
    ownerId: "23",
    name: "Lindqvist & Co",
    plan: "Business",
    members: [
      { name: "Mia Lindqvist", email: "mia@example.com", role: "Owner" },
      { name: "Oskar Lind", email: "oskar@lindqvist.example", role: "Editor" },
    ],
  },
  {
    id: "sato",
    ownerId: "31",
    name: "Sato Systems",
    plan: "Business",
    members: [
      { name: "Kenji Sato", email: "kenji@example.com", role: "Owner" },
      { name: "Aiko Mori", email: "aiko@sato.example", role: "Editor" },
    ],
  },
];

/** A team of one, for people who never made another. */
export function soloTeam(owner: Person): Team {
  const member = { name: owner.name, email: owner.email, role: "Owner" };
  const firstName = owner.name.split(" ")[0] ?? owner.name;
  return {
    id: `personal-${owner.id}`,
    ownerId: owner.id,
    name: `${firstName}’s team`,
    plan: "Free",
    members: [member],
  };
}

export const PAYMENTS: readonly PaymentMethod[] = [
  { ownerId: "17", holder: "Nuno Almeida", lastFour: "4242", expires: "08/29" },
  { ownerId: "23", holder: "Lindqvist & Co AB", lastFour: "1881", expires: "02/28" },
  { ownerId: "31", holder: "Sato Systems KK", lastFour: "0077", expires: "11/30" },
];

/** What customers wrote to support, each with the address that they pasted. */
export const TICKETS: readonly Ticket[] = [
  {
    id: "5121",
    from: "17",
    subject: "The chart has a hole in it",
    text: "Last night the uptime chart of my site has a gap. Was it really down, or is it you?",
    link: "/site/9421/check/uptime",
    minutesAgo: 12,
  },
  {
    id: "5120",
    from: "23",
    subject: "It says down, but I can open it",
    text: "studio-mia.example loads fine for me. Please have a look at what you see there.",
    link: "/site/9511/overview",
    minutesAgo: 47,
  },
  {
    id: "5117",
    from: "31",
    subject: "A component is missing on our status page",
    text: "The API should be on our public status page, but visitors only see the website.",
    link: "/status-page/sato-status/overview",
    minutesAgo: 190,
  },
  {
    id: "5113",
    from: "17",
    subject: "Who gets the alerts?",
    text: "I would like the shop's alerts to go to Rita as well. I cannot find where.",
    link: "/site/9422/settings",
    minutesAgo: 1520,
  },
];
