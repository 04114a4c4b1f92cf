import type { CustomerCard } from "../domain/consent/consent.ts";
import { ENGLISH, momentText } from "../domain/consent/texts.ts";
import type { Mode } from "../domain/impersonation.ts";
import { plain } from "../domain/plain.ts";
import { address, type HostView, host } from "./host-element.ts";
import { escaped, json } from "./markup.ts";

/** What the banner shows. Times are ms since the epoch; texts may be anybody's and of any length. */
export interface BannerView extends HostView {
  readonly trueUser: { readonly label: string; readonly id: string };
  readonly effectiveUser: { readonly label: string; readonly id: string; readonly email: string | null };
  readonly impersonation: string;
  readonly mode: Mode;
  readonly reason: string | null;
  readonly ticket: string | null;
  /** The customer's say that it began by, in words; null where they were not asked. */
  readonly agreement: string | null;
  /** If nobody does anything more; `until` at the latest, and after `idleFor` ms without a deed. */
  readonly endsAt: number;
  readonly until: number;
  readonly idleFor: number;
  readonly now: number;
  readonly canElevate: boolean;
  /** Until when a step up to write lasts, if one is running; it can be given back. */
  readonly writeUntil: number | null;
  /** The origin of the app's own host, where the page is on another. */
  readonly app: string | null;
  /** Path and query of this page, which elevate and lower lead back to. */
  readonly here: string;
  /** CSS selectors: what is greyed out, and what means to stop. */
  readonly disable: readonly string[];
  readonly logout: readonly string[];
  /** What the script goes by where the agent has a cookie of the same name and a wider `Domain`: name and digest of the customer's. */
  readonly cookies: readonly (readonly [name: string, digest: string])[];
}

interface NoticeView extends HostView {
  readonly effectiveUser: { readonly label: string };
}

const MODES = { read: "Read only", write: 'Write<span class="rest">: changes are real</span>' } as const;

/** The banner as ASCII HTML that needs no script, no inline style, and shows its text without any stylesheet. */
export function banner(view: BannerView): string {
  const name = labelOf(view.effectiveUser);
  const content = section(view, {
    kind: view.mode,
    // Without the stylesheet, these two still make a band of colour.
    colour: view.mode === "read" ? "#ffc21a" : "#b3001e",
    label: `Guise: you are viewing the app as ${name}`,
    body: `${people(view)}${facts(view)}${details(view)}${actions(view)}`,
    config: {
      impersonation: view.impersonation,
      mode: view.mode,
      name,
      now: view.now,
      endsAt: view.endsAt,
      until: view.until,
      idleFor: view.idleFor,
      ...(view.app === null ? {} : { app: view.app }),
      writeUntil: view.writeUntil,
      disable: view.disable,
      logout: view.logout,
      cookies: view.cookies,
    },
  });
  const fallback = `You are viewing the app as ${escaped(name)}. <a href="${address(view, "/stop")}">Stop</a>`;
  return host(view, content, fallback);
}

/** What the page's title begins with, as ASCII HTML; the script writes the same. */
export function titleMark(effectiveUser: BannerView["effectiveUser"]): string {
  return escaped(`as ${labelOf(effectiveUser)} \u00b7 `);
}

/** What is shown once, on the first page after Stop. */
export function notice(view: NoticeView): string {
  const name = escaped(plain(view.effectiveUser.label));
  const sentence = `You are yourself again. You were viewing the app as <b class="name"><bdi>${name}</bdi></b>.`;
  const content = section(view, {
    kind: "notice",
    colour: "#0b6b3a",
    label: "Guise: you are yourself again",
    body: `<p class="who">${mask()}<span role="status">${sentence}</span></p><p class="do"><button type="button" class="close" hidden="">Close</button></p>`,
    config: { impersonation: null },
  });
  return host(view, content, sentence);
}

interface CardView extends HostView {
  readonly card: CustomerCard;
}

/** What a customer's own page says: somebody asks, or looks. A yes is given on a page of ours alone, so there is a link and no button. */
export function card(view: CardView): string {
  const { kind, who, since } = view.card;
  const words = ENGLISH.cards[kind];
  const sentence = `<b class="name"><bdi>${escaped(plain(who, 100))}</bdi></b> ${escaped(words.sentence(momentText(since)))}`;
  const link = `<a class="button answer" href="${address(view, "/access")}">${escaped(words.button)}</a>`;
  const content = section(view, {
    kind: "notice",
    colour: "#0b6b3a",
    label: `Guise: ${words.label}`,
    body: `<p class="who">${mask()}<span role="status">${sentence}</span></p><p class="do">${link} <button type="button" class="close" hidden="">Close</button></p>`,
    config: { impersonation: null },
  });
  return host(view, content, `${sentence} ${link}`);
}

interface Section {
  readonly kind: Mode | "notice";
  readonly colour: string;
  readonly label: string;
  readonly body: string;
  readonly config: object;
}

function section(view: HostView, { kind, colour, label, body, config }: Section): string {
  const ink = kind === "read" ? "#000000" : "#ffffff";
  const config_ = json({ ...config, edge: view.position });
  return `<section class="bar ${kind}" role="region" aria-label="${escaped(label)}" data-config="${config_}"><table class="plain" role="presentation" width="100%" cellpadding="8" bgcolor="${colour}"><tbody><tr><td><font color="${ink}">${body}</font></td></tr></tbody></table></section>`;
}

function people({ trueUser, effectiveUser }: BannerView): string {
  const name = escaped(labelOf(effectiveUser));
  const mail = effectiveUser.email === null ? "" : escaped(plain(effectiveUser.email));
  const second = mail === "" || mail === name ? "" : ` <span class="mail"><bdi>${mail}</bdi></span>`;
  return `<p class="who">${mask()}<span class="as">Viewing as <b class="name"><bdi>${name}</bdi></b>${second}</span></p><p class="me"><span class="lead">You are </span><b><bdi>${escaped(labelOf(trueUser))}</bdi></b></p>`;
}

function facts(view: BannerView): string {
  const why = [view.ticket, view.reason].map((text) => plain(text ?? "", 120)).filter((text) => text !== "");
  const reason =
    why.length === 0 ? "" : `<span class="why"><bdi>${why.map(escaped).join(": ")}</bdi></span> `;
  return `<p class="facts"><span class="mode">${MODES[view.mode]}${lifted(view)}</span> ${reason}<time class="until" datetime="${new Date(view.endsAt).toISOString()}">${timeLeft(view.endsAt, view.now)}</time></p>`;
}

/** How long changes are allowed still, where that is not as long as all the rest. */
function lifted({ writeUntil, now }: BannerView): string {
  if (writeUntil === null) return "";
  return `<time class="lifted" datetime="${new Date(writeUntil).toISOString()}">, ${minutesLeft(writeUntil, now)} min</time>`;
}

/** Everything in full, in a panel that opens without a script. */
function details(view: BannerView): string {
  const { trueUser, effectiveUser } = view;
  const rows: readonly (readonly [string, string | null])[] = [
    ["Shown as", plain(effectiveUser.label, 200)],
    ["E-mail", effectiveUser.email],
    ["Their id", effectiveUser.id],
    ["You are", plain(trueUser.label, 200)],
    ["Your id", trueUser.id],
    ["Ticket", view.ticket],
    ["Reason", view.reason],
    ["Agreement", view.agreement],
    ["Changes until", view.writeUntil === null ? null : inWords(view.writeUntil)],
    ["Ends", inWords(view.endsAt)],
  ];
  const list = rows
    .map(([term, text]) => [term, plain(text ?? "", 500)] as const)
    .filter(([, text]) => text !== "")
    .map(([term, text]) => `<dt>${term}</dt><dd><bdi>${escaped(text)}</bdi></dd>`)
    .join("");
  return `<details class="more"><summary><span class="word">Details</span></summary><div class="panel"><dl>${list}</dl><label class="move"><input type="checkbox" class="other"/> Show this at the other edge</label><a class="way" href="${address(view, "/stop")}">Another way to stop</a>${modeControl(view)}</div></details>`;
}

function actions(view: BannerView): string {
  const name = escaped(labelOf(view.effectiveUser));
  const stop = `<form class="stop" method="post" action="${address(view, "/stop")}"><input type="hidden" name="impersonation" value="${escaped(view.impersonation)}"/><button type="submit">Stop<span class="spoken"> viewing as ${name}</span></button></form>`;
  return `<div class="do">${modeControl(view)}${stop}</div>`;
}

/** The way to the page of the other mode, where there is one: nothing in here changes anything. */
function modeControl(view: BannerView): string {
  const to = encodeURIComponent(view.here);
  const link = (path: string, word: string) =>
    `<a class="button" href="${address(view, `${path}?to=${to}`)}">${word}</a> `;
  if (view.canElevate) return link("/elevate", "Elevate");
  return view.writeUntil === null ? "" : link("/lower", "Lower");
}

function labelOf(person: { readonly label: string; readonly id: string }): string {
  return plain(person.label) || plain(person.id) || "somebody without a name";
}

function minutesLeft(until: number, now: number): number {
  return Math.max(0, Math.ceil((until - now) / 60_000));
}

function inWords(at: number): string {
  return `${new Date(at).toISOString().slice(0, 16).replace("T", " ")} UTC`;
}

/** Readable without a script, so in words and in a zone that everybody can name. */
function timeLeft(endsAt: number, now: number): string {
  const minutes = minutesLeft(endsAt, now);
  const at = new Date(endsAt).toISOString().slice(11, 16);
  return `<span class="at">until ${at} UTC, </span><span>${minutes} min<span class="lead"> left</span></span>`;
}

function mask(): string {
  return '<svg class="mask" xmlns="http://www.w3.org/2000/svg" viewBox="0 0 32 20" width="28" height="18" aria-hidden="true" focusable="false"><path fill="currentColor" fill-rule="evenodd" d="M1 3c5-3 10-2 15 0 5-2 10-3 15 0 1 8-3 15-9 15-3 0-4-3-6-3s-3 3-6 3C4 18 0 11 1 3zm5 6c1 3 6 3 7 1-1-3-5-4-7-1zm20 0c-2-3-6-2-7 1 1 2 6 2 7-1z"/></svg>';
}
