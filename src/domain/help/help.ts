import type { Identity } from "../identity.ts";
import { plain } from "../plain.ts";
import { escapeHtml } from "../text/escape-html.ts";
import { type BodyTemplate, filledWith } from "./body-template.ts";

/** What somebody wrote who asks for help, with what the gateway knows by itself. Times are ms since the epoch. */
export interface HelpRequest {
  readonly id: string;
  readonly at: number;
  /** As the identity sources know them, not as they say. */
  readonly from: Identity;
  readonly message: string;
  readonly category: string | null;
  /** The page that they were on: its origin, path and query, of the app's own host; null where that is not known. */
  readonly page: { readonly origin: string; readonly target: string } | null;
  /** `1280x800`, and what the browser calls itself. */
  readonly viewport: string | null;
  readonly userAgent: string | null;
  /** What went wrong on the page before: errors, and requests that failed; without secrets. */
  readonly trouble: readonly string[];
  /** A picture of the page, base64. */
  readonly screenshot: { readonly type: "image/png" | "image/jpeg"; readonly base64: string } | null;
  /** Where an agent opens the page as this person. */
  readonly link: string;
}

export function subjectOf({ category, message }: HelpRequest): string {
  const first = plain(message.split("\n")[0] ?? "", 100);
  return category === null ? first : `${plain(category, 60)}: ${first}`;
}

/** The whole of it as text, for mails and tickets. Nothing in it is markup. */
export function helpText(it: HelpRequest): string {
  const { name, id, email } = it.from;
  const who = [
    plain(name ?? "", 100),
    email === null ? "" : `<${plain(email, 200)}>`,
    `(user ${plain(id, 200)})`,
  ];
  const rows: readonly (readonly [string, string | null])[] = [
    ["From, verified by the gateway", who.filter((part) => part !== "").join(" ")],
    ["Page", it.page === null ? null : pageOf(it)],
    ["Open it as them", it.link],
    ["Window", it.viewport],
    ["Browser", it.userAgent],
  ];
  const facts = rows.flatMap(([term, text]) => (text === null ? [] : `${term}: ${plain(text, 2_000)}`));
  const trouble =
    it.trouble.length === 0 ? "" : `\n\nBefore that:\n${it.trouble.map((line) => `- ${line}`).join("\n")}`;
  return `${lines(it.message)}\n\nWhat the gateway knows:\n${facts.join("\n")}${trouble}\n`;
}

function pageOf({ page }: HelpRequest): string {
  return page === null ? "" : `${page.origin}${page.target}`;
}

/** What somebody wrote, line for line. */
function lines(text: string): string {
  return text
    .split(/\r\n|\r|\n/)
    .map((line) => plain(line, 10_000))
    .join("\n");
}

/** What templates of a helpdesk may name between braces. */
const PLACES: ReadonlyMap<string, (it: HelpRequest) => string> = new Map([
  ["id", (it) => it.id],
  ["subject", subjectOf],
  ["text", helpText],
  // For helpdesks that read HTML: between `<pre>` and `</pre>` it is the text, whatever is in it.
  ["html", (it) => escapeHtml(helpText(it))],
  ["message", (it) => lines(it.message)],
  ["category", (it) => plain(it.category ?? "", 60)],
  ["page", pageOf],
  ["link", (it) => it.link],
  ["from.id", (it) => it.from.id],
  ["from.name", (it) => plain(it.from.name ?? it.from.id, 100)],
  ["from.email", (it) => it.from.email ?? ""],
]);
export const HELP_PLACES: readonly string[] = [...PLACES.keys()];

/** The body of a webhook with its places filled in; each value stays inside of its text, whatever is in it. */
export function filledIn(body: BodyTemplate, it: HelpRequest): BodyTemplate {
  return filledWith(body, (name) => PLACES.get(name)?.(it) ?? null);
}
