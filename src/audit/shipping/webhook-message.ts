import { type BodyTemplate, filledWith } from "../../domain/help/body-template.ts";

/** What a webhook is told of, of a record as the journal has it. */
export interface HookRecord {
  readonly "@timestamp": string;
  readonly event: {
    readonly id: string;
    readonly action: string;
    readonly outcome: string;
    readonly reference?: string;
  };
  readonly user?: { readonly id?: string; readonly effective?: { readonly id: string } };
  readonly url?: { readonly domain?: string; readonly port?: number; readonly path?: string };
  readonly guise: { readonly impersonation?: string; readonly mode?: string; readonly decision?: string };
}

/** Which links a message has. */
export interface HookLinks {
  /** Where our own pages are: `https://app.example.com/.guise`; null: no link to what was done in the impersonation. */
  readonly run: string | null;
  /** How browsers reach the app: `https:`; null: no link to the page. */
  readonly page: "http:" | "https:" | null;
  /** Our prefix: what is below it is no page of the app. */
  readonly prefix: string;
  /** The address of a ticket, with `{ticket}` in it; null: no link. */
  readonly ticket: string | null;
}

export const NO_LINKS: HookLinks = { run: null, page: null, prefix: "", ticket: null };

/** What templates may name between braces. */
export const HOOK_PLACES = [
  ...["text", "action", "at", "outcome", "agent", "customer", "impersonation", "mode", "decision"],
  ...["ticket", "link.run", "link.page", "link.ticket"],
] as const;

interface HookShape {
  readonly format: "json" | "slack";
  readonly links: HookLinks;
  /** Null: our own message. */
  readonly body: BodyTemplate | null;
}

/** The body of a delivery. Ids only, no names and no reasons, and addresses only as links that were asked for; `slack` is the sentence alone, with these. */
export function hookMessage(record: HookRecord, { format, links, body }: HookShape): string {
  const message = messageOf(record);
  const said = linksOf(record, links);
  if (body !== null) return JSON.stringify(filledWith(body, placesOf(message, said)));
  if (format === "slack") return JSON.stringify({ text: `${plain(message.text)}${slackLinks(said)}` });
  return JSON.stringify(Object.keys(said).length === 0 ? message : { ...message, links: said });
}

/** `text` is what chat services show. */
function messageOf({ "@timestamp": at, event, user, guise }: HookRecord) {
  const effective = user?.effective?.id;
  const who = effective === undefined ? (user?.id ?? "guise") : `${user?.id ?? "nobody"} as ${effective}`;
  const why = [guise.decision, event.reference].filter((part) => part !== undefined).join(", ");
  return {
    text: `${event.action}: ${who}${why === "" ? "" : ` (${why})`}`,
    id: event.id,
    action: event.action,
    at,
    outcome: event.outcome,
    trueUser: user?.id ?? null,
    effectiveUser: effective ?? null,
    impersonation: guise.impersonation ?? null,
    mode: guise.mode ?? null,
    decision: guise.decision ?? null,
    ticket: event.reference ?? null,
  };
}

type Said = Readonly<Partial<Record<"run" | "page" | "ticket", string>>>;

/** Each of them an address by itself: what stands in it is somebody's choice, and can neither end it nor lead to another host. */
function linksOf({ url, event, guise }: HookRecord, links: HookLinks): Said {
  const { path = "", domain, port } = url ?? {};
  const isApps = domain !== undefined && path.startsWith("/") && !path.startsWith(`${links.prefix}/`);
  const host = `${domain ?? ""}${port === undefined ? "" : `:${port}`}`;
  const { reference: ticket } = event;
  return {
    ...(links.run === null || guise.impersonation === undefined
      ? {}
      : { run: `${links.run}/activity?${new URLSearchParams({ impersonation: guise.impersonation })}` }),
    ...(links.page === null || !isApps ? {} : pageAt(`${links.page}//${host}`, path)),
    ...(links.ticket === null || ticket === undefined
      ? {}
      : { ticket: links.ticket.replaceAll("{ticket}", encodeURIComponent(ticket)) }),
  };
}

function pageAt(origin: string, path: string): Said {
  if (!URL.canParse(origin)) return {};
  const at = new URL(origin);
  // Set by itself: a path that begins with two slashes would name a host.
  at.pathname = path;
  return { page: at.href };
}

/** As Slack writes links; what would end one is encoded. */
function slackLinks(said: Said): string {
  return Object.entries(said)
    .map(([name, link]) => ` <${link.replace(/[<>|&]/g, (letter) => SLACK[letter] ?? letter)}|${name}>`)
    .join("");
}

const SLACK: Readonly<Record<string, string>> = { "<": "%3C", ">": "%3E", "|": "%7C", "&": "&amp;" };

function placesOf(message: ReturnType<typeof messageOf>, said: Said): (name: string) => string | null {
  const { trueUser: agent, effectiveUser: customer, ...rest } = message;
  const links = { "link.run": said.run, "link.page": said.page, "link.ticket": said.ticket };
  const all: Readonly<Record<string, string | null | undefined>> = { ...rest, agent, customer, ...links };
  return (name) => ((HOOK_PLACES as readonly string[]).includes(name) ? (all[name] ?? "") : null);
}

/** Ids are anybody's choice: none of them may call a whole channel, or look like a line of its own. */
function plain(text: string): string {
  const line = text.replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]+/gu, " ");
  return line.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
}
