export interface Person {
  readonly id: string;
  readonly name: string;
  readonly email: string;
  readonly groups: readonly string[];
  readonly password: string;
}

/** `minutesAgo` counts back from the start of the app; an incident that lasts as long as it is old still runs. */
export interface Incident {
  readonly minutesAgo: number;
  readonly minutes: number;
  readonly cause: string;
}

export type SiteState = "up" | "slow" | "down" | "paused";

export interface Site {
  readonly id: string;
  readonly ownerId: string;
  readonly name: string;
  readonly state: SiteState;
  /** Usual answer time in ms. */
  readonly latency: number;
  /** Days until the certificate runs out. */
  readonly certificateDays: number;
  readonly brokenLinks: number;
  /** Minutes between two checks. */
  readonly interval: number;
  readonly notify: string;
  readonly incidents: readonly Incident[];
}

export interface Notice {
  readonly at: number;
  readonly text: string;
}

export interface StatusPage {
  readonly id: string;
  readonly ownerId: string;
  readonly title: string;
  readonly domain: string;
  readonly siteIds: readonly string[];
  readonly notices: readonly Notice[];
}

export interface Team {
  readonly id: string;
  readonly ownerId: string;
  readonly name: string;
  readonly plan: "Free" | "Team" | "Business";
  readonly members: readonly { readonly name: string; readonly email: string; readonly role: string }[];
}

export interface PaymentMethod {
  readonly ownerId: string;
  readonly holder: string;
  readonly lastFour: string;
  readonly expires: string;
}

/** One line in a customer's own record; `by` names who did it where that wasn't the customer. */
export interface Activity {
  readonly at: number;
  readonly ownerId: string;
  readonly text: string;
  readonly by: string | null;
}

export interface Upload {
  readonly ownerId: string;
  readonly name: string;
  readonly size: number;
  readonly sha256: string;
  readonly at: number;
}

export interface Ticket {
  readonly id: string;
  readonly from: string;
  readonly subject: string;
  readonly text: string;
  readonly link: string;
  readonly minutesAgo: number;
}

/** Everything one running app knows. Each start has data of its own; changes replace whole entries. */
export interface AppData {
  /** Ms since the epoch; what the seed calls "ago" counts from here. */
  readonly startedAt: number;
  readonly people: Map<string, Person>;
  readonly sites: Map<string, Site>;
  readonly statusPages: Map<string, StatusPage>;
  /** By the id of the owner. */
  readonly teams: Map<string, Team>;
  readonly payments: Map<string, PaymentMethod>;
  readonly activity: Activity[];
  readonly uploads: Upload[];
  readonly tickets: readonly Ticket[];
}

export function isStaff(person: Person): boolean {
  return person.groups.includes("support") || person.groups.includes("admin");
}

export function sitesOf(data: AppData, ownerId: string): readonly Site[] {
  return [...data.sites.values()].filter((site) => site.ownerId === ownerId);
}

export function statusPagesOf(data: AppData, ownerId: string): readonly StatusPage[] {
  return [...data.statusPages.values()].filter((page) => page.ownerId === ownerId);
}

/** The site if this person owns it; null also where it doesn't exist, so that nobody can tell the two apart. */
export function ownSite(data: AppData, id: string, ownerId: string): Site | null {
  const site = data.sites.get(id);
  return site?.ownerId === ownerId ? site : null;
}

/** As `ownSite`, for a status page. */
export function ownStatusPage(data: AppData, id: string, ownerId: string): StatusPage | null {
  const page = data.statusPages.get(id);
  return page?.ownerId === ownerId ? page : null;
}

export function personByEmail(data: AppData, email: string): Person | null {
  const wanted = email.trim().toLowerCase();
  return [...data.people.values()].find((person) => person.email === wanted) ?? null;
}
