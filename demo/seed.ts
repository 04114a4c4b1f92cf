import type { Activity, AppData, Incident, Site, SiteState, StatusPage } from "./data.ts";
import { PAYMENTS, PEOPLE, soloTeam, TEAMS, TICKETS } from "./people.ts";

const HOUR = 60;
const DAY = 24 * HOUR;

const ONE_BLIP: readonly Incident[] = [
  { minutesAgo: 9 * DAY, minutes: 6, cause: "Connection reset by the server" },
];

type Facts = Partial<Omit<Site, "id" | "ownerId" | "name">> & { readonly state: SiteState };

function site(id: string, ownerId: string, name: string, facts: Facts): Site {
  const usual = { latency: 180, certificateDays: 64, brokenLinks: 0, interval: 1, incidents: ONE_BLIP };
  return { id, ownerId, name, notify: `alerts@${name}`, ...usual, ...facts };
}

const SITES: readonly Site[] = [
  site("9421", "17", "nuno.example", {
    state: "up",
    latency: 182,
    certificateDays: 74,
    incidents: [
      { minutesAgo: 11 * HOUR, minutes: 45, cause: "HTTP 502 Bad Gateway" },
      { minutesAgo: 23 * DAY, minutes: 18, cause: "Connection timed out" },
    ],
  }),
  site("9422", "17", "shop.nuno.example", { state: "up", latency: 241, certificateDays: 41, brokenLinks: 2 }),
  site("9423", "17", "blog.nuno.example", { state: "slow", latency: 640, certificateDays: 9 }),
  site("9510", "23", "lindqvist.example", { state: "up", latency: 96, certificateDays: 81 }),
  site("9511", "23", "studio-mia.example", {
    state: "down",
    latency: 210,
    certificateDays: 33,
    incidents: [
      { minutesAgo: 38, minutes: 38, cause: "TLS handshake failed" },
      { minutesAgo: 16 * DAY, minutes: 130, cause: "HTTP 503 Service Unavailable" },
    ],
  }),
  site("9512", "23", "archive.lindqvist.example", { state: "paused", certificateDays: 12, incidents: [] }),
  site("9630", "31", "sato.example", { state: "up", latency: 71, certificateDays: 58, incidents: [] }),
  site("9631", "31", "api.sato.example", { state: "up", latency: 44, certificateDays: 58 }),
  site("9632", "31", "docs.sato.example", { state: "up", latency: 120, certificateDays: 58, brokenLinks: 7 }),
  site("9700", "42", "okafor.example", { state: "up", latency: 310 }),
  site("9710", "57", "herrera.example", { state: "slow", latency: 720, brokenLinks: 1 }),
  site("9720", "64", "benali.example", { state: "up", latency: 133 }),
  site("9730", "71", "oneill.example", { state: "up", latency: 158 }),
  site("9740", "88", "zak.example", { state: "up", latency: 205 }),
  site("101", "1", "sample.demo.test", { state: "up", latency: 52, incidents: [] }),
  site("103", "3", "internal.demo.test", { state: "up", latency: 38, incidents: [] }),
];

function statusPages(startedAt: number): readonly StatusPage[] {
  const notice = (minutesAgo: number, text: string) => ({ at: startedAt - minutesAgo * 60_000, text });
  const page = (id: string, ownerId: string, title: string, domain: string, siteIds: readonly string[]) => ({
    id,
    ownerId,
    title,
    domain,
    siteIds,
    notices: [],
  });
  return [
    {
      ...page("nuno-status", "17", "Nuno Almeida", "status.nuno.example", ["9421", "9423"]),
      notices: [
        notice(10 * HOUR, "Resolved. A faulty deploy was rolled back and the site answers again."),
        notice(11 * HOUR, "We see errors on nuno.example and are looking into it."),
      ],
    },
    page("nuno-shop", "17", "Nuno’s shop", "status.shop.nuno.example", ["9422"]),
    {
      ...page("lindqvist", "23", "Lindqvist & Co", "status.lindqvist.example", ["9510", "9511"]),
      notices: [notice(30, "studio-mia.example does not answer. The hosting company is informed.")],
    },
    page("sato-status", "31", "Sato Systems", "status.sato.example", ["9630"]),
    page("demo-sample", "1", "Sample page", "status.demo.test", ["101"]),
  ];
}

function activity(startedAt: number): Activity[] {
  const line = (ownerId: string, minutesAgo: number, text: string): Activity => ({
    at: startedAt - minutesAgo * 60_000,
    ownerId,
    text,
    by: null,
  });
  return [
    line("17", 29 * DAY, "Created the status page Nuno’s shop"),
    line("17", 3 * DAY, "Invited joao@nuno.example to the team"),
    line("17", 11 * HOUR, "nuno.example went down: HTTP 502 Bad Gateway"),
    line("17", 10 * HOUR + 15, "nuno.example is up again after 45 minutes"),
    line("23", 2 * DAY, "Paused archive.lindqvist.example"),
    line("23", 38, "studio-mia.example went down: TLS handshake failed"),
    line("31", 5 * DAY, "Added docs.sato.example"),
    line("1", 6 * DAY, "Created the sample site"),
  ];
}

/** Fresh data, the same at every start; only the times move along with `startedAt` (ms since the epoch). */
export function createData(startedAt: number): AppData {
  const teams = new Map(PEOPLE.map((person) => [person.id, soloTeam(person)]));
  for (const team of TEAMS) teams.set(team.ownerId, team);
  return {
    startedAt,
    people: new Map(PEOPLE.map((person) => [person.id, person])),
    sites: new Map(SITES.map((entry) => [entry.id, entry])),
    statusPages: new Map(statusPages(startedAt).map((page) => [page.id, page])),
    teams,
    payments: new Map(PAYMENTS.map((method) => [method.ownerId, method])),
    activity: activity(startedAt),
    uploads: [],
    tickets: TICKETS,
  };
}
