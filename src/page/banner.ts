import type { CustomerCard } from "../domain/consent/consent.ts";
import { filled, momentText, type Texts, textsFor, whoText } from "../domain/consent/texts.ts";
import type { Mode } from "../domain/impersonation.ts";
import { plain } from "../domain/plain.ts";
import { address, type HostView, host } from "./host-element.ts";
import { escaped, json } from "./markup.ts";
import type { Words } from "./words/en.ts";
import { around, scriptWords } from "./words/words.ts";

/** What the banner shows. Times are ms since the epoch; texts may be anybody's and of any length. */
export interface BannerView extends HostView {
  readonly trueUser: { readonly label: string; readonly id: string };
  readonly effectiveUser: { readonly label: string; readonly id: string; readonly email: string | null };
  readonly impersonation: string;
  readonly mode: Mode;
  readonly reason: string | null;
  readonly ticket: string | null;
  /** Whose yes it began by; null where nobody was asked. */
  readonly agreement: {
    readonly by: "customer" | "second" | "emergency";
    /** Until when the yes counts, ms since the epoch; null where that isn't known. */
    readonly until: number | null;
  } | null;
  /** The id of the trace that the page's request belongs to. */
  readonly trace: string | null;
  /** When it ends without further use: `until` at the latest, and after `idleFor` ms of no use. */
  readonly endsAt: number;
  readonly until: number;
  readonly idleFor: number;
  readonly now: number;
  readonly canElevate: boolean;
  /** Until when a step up to write lasts, if one is running; it can be given back. */
  readonly writeUntil: number | null;
  /** The origin of the app's own host, where the page is on another. */
  readonly app: string | null;
  /** That host doesn't lead to the gateway, so what a page leads to there can't be led back. */
  readonly beside: boolean;
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

/** Longer texts are cut; only the record has all of it. */
const MOST_SHOWN = 2_000;

/** The usual name of the gateway, which only screen readers read. */
const USUAL = "Guise";

/** The banner as ASCII HTML that needs no script, no inline style, and shows its text without any stylesheet. */
export function banner(view: BannerView): string {
  const name = labelOf(view.effectiveUser);
  const content = section(view, {
    kind: view.mode,
    label: view.words.label.replace("{brand}", () => view.brand.name).replace("{name}", () => name),
    body: `${people(view)}${facts(view)}${details(view)}${actions(view)}`,
    config: {
      impersonation: view.impersonation,
      mode: view.mode,
      name,
      now: view.now,
      endsAt: view.endsAt,
      until: view.until,
      idleFor: view.idleFor,
      ...(view.app === null ? {} : { app: view.app, ...(view.beside ? { beside: true } : {}) }),
      writeUntil: view.writeUntil,
      disable: view.disable,
      logout: view.logout,
      cookies: view.cookies,
      elevate: view.canElevate,
    },
    script: view.words,
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
  const [before, after] = around(view.words.backToSelf, "name").map(escaped);
  const sentence = `${before}<b class="name"><bdi>${name}</bdi></b>${after}`;
  const content = section(view, {
    kind: "notice",
    label: view.words.backToSelfLabel.replace("{brand}", () => view.brand.name),
    body: `<p class="who">${mask(view)}<span role="status">${sentence}</span></p><p class="do"><button type="button" class="close" hidden="">${escaped(view.words.close)}</button></p>`,
    config: { impersonation: null },
  });
  return host(view, content, sentence);
}

interface CardView extends HostView {
  readonly card: CustomerCard;
  readonly texts: Texts;
  /** Of the form that says no, or ends it. */
  readonly token: string;
}

/**
 * What a customer's own page says: somebody asks, or looks. A yes is given on a page of ours alone, so there is a link to it, and a button
 * for what takes something away.
 */
export function card(view: CardView): string {
  const { kind, who, since, why, about, asksForMore } = view.card;
  const { language, direction, words } = view.texts;
  const [before, after] = around(words.card[kind], "who").map((it) =>
    escaped(it.replace("{since}", () => momentText(since, language))),
  );
  const reason = plain(why ?? "", 120);
  const because = reason === "" ? "" : ` <span class="why"><bdi>${escaped(reason)}</bdi></span>`;
  const sentence = `${before}<b class="name"><bdi>${escaped(whoText(who, view.texts))}</bdi></b>${after}`;
  const link = (word: string) =>
    `<a class="button answer" href="${address(view, "/access")}">${escaped(word)}</a>`;
  const [action, word] = kind === "asks" ? ["decline", words.card.no] : ["end", words.card.end];
  const hidden = [
    ["_csrf", view.token],
    ["do", action],
    ["about", about],
  ].map(([name = "", value = ""]) => `<input type="hidden" name="${name}" value="${escaped(value)}"/>`);
  const button = `<form class="say" method="post" action="${address(view, "/card")}">${hidden.join("")}<button type="submit">${escaped(word)}</button></form>`;
  const more = asksForMore ? `${link(words.card.allowChanges)} ` : "";
  const see = link(kind === "asks" ? words.card.answer : words.card.see);
  const content = section(
    { ...view, words: { ...view.words, language, direction } },
    {
      kind: "notice",
      label: `${view.brand.name}: ${words.card[kind === "asks" ? "asksLabel" : "viewsLabel"]}`,
      body: `<p class="who">${mask(view)}<span role="status">${sentence}</span></p>${because}<div class="do">${more}${see} ${button} <button type="button" class="close" hidden="">${escaped(words.card.close)}</button></div>`,
      config: { impersonation: null },
    },
  );
  return host(view, content, `${sentence} ${see}`);
}

interface Section {
  readonly kind: Mode | "notice";
  readonly label: string;
  readonly body: string;
  readonly config: object;
  /** What the script says; none for what it says nothing in. */
  readonly script?: Words;
}

/** Without the stylesheet, these and the ink still make a band of colour. */
const PAPER = { read: "#ffc21a", write: "#b3001e", notice: "#0b6b3a" } as const;

function section(view: HostView, { kind, label, body, config, script }: Section): string {
  const { language, direction } = view.words;
  const ink = kind === "read" ? "#000000" : "#ffffff";
  const facts = json({ ...config, edge: view.position });
  const config_ = script === undefined ? facts : `${facts.slice(0, -1)},${saidBy(script)}}`;
  return `<section class="bar ${kind}" lang="${language}" dir="${direction}" role="region" aria-label="${escaped(label)}" data-config="${config_}"><table class="plain" role="presentation" width="100%" cellpadding="8" bgcolor="${PAPER[kind]}"><tbody><tr><td><font color="${ink}">${body}</font></td></tr></tbody></table></section>`;
}

/** `"words":{…}` for the attribute: the same in every banner of a language, and longer than all the rest of it. */
function saidBy(words: Words): string {
  const before = said.get(words);
  if (before !== undefined) return before;
  const made = json({ words: scriptWords(words) }).slice(1, -1);
  said.set(words, made);
  return made;
}

const said = new WeakMap<Words, string>();

function people(view: BannerView): string {
  const { trueUser, effectiveUser, words, brand } = view;
  const name = escaped(labelOf(effectiveUser));
  const mail = effectiveUser.email === null ? "" : escaped(plain(effectiveUser.email));
  const second = mail === "" || mail === name ? "" : ` <span class="mail"><bdi>${mail}</bdi></span>`;
  const [before, after] = around(words.viewingAs, "name").map(escaped);
  const [lead, end] = around(words.youAre, "name").map(escaped);
  const own = brand.name === USUAL ? "" : `<span class="brand"><bdi>${escaped(brand.name)}</bdi></span> `;
  return `<p class="who">${mask(view)}${own}<span class="as">${before}<b class="name"><bdi>${name}</bdi></b>${after}${second}</span></p><p class="me"><span class="lead">${lead}</span><b><bdi>${escaped(labelOf(trueUser))}</bdi></b>${end}</p>`;
}

function facts(view: BannerView): string {
  const why = [view.ticket, view.reason]
    .map((text) => plain(text ?? "", MOST_SHOWN))
    .filter((text) => text !== "");
  const reason =
    why.length === 0 ? "" : `<span class="why"><bdi>${why.map(escaped).join(": ")}</bdi></span> `;
  return `<p class="facts"><span class="mode">${modeOf(view)}${lifted(view)}</span> ${reason}<time class="until" datetime="${new Date(view.endsAt).toISOString()}">${timeLeft(view)}</time></p>`;
}

function modeOf({ mode, words }: BannerView): string {
  if (mode === "read") return escaped(words.readOnly);
  return `${escaped(words.write)}<span class="rest">${escaped(words.real)}</span>`;
}

/** How long changes are still allowed, if that is shorter than the impersonation. */
function lifted({ writeUntil, now, words }: BannerView): string {
  if (writeUntil === null) return "";
  return `<time class="lifted" datetime="${new Date(writeUntil).toISOString()}">${escaped(words.lifted.replace("{n}", String(minutesLeft(writeUntil, now))))}</time>`;
}

/** Everything in full, in a panel that opens without a script. */
function details(view: BannerView): string {
  const { trueUser, effectiveUser, words } = view;
  const rows: readonly (readonly [string, string | null, (readonly [mark: string, at: number])?])[] = [
    [words.shownAs, plain(effectiveUser.label, 200)],
    [words.email, effectiveUser.email],
    [words.theirId, effectiveUser.id],
    [words.you, plain(trueUser.label, 200)],
    [words.yourId, trueUser.id],
    [words.ticket, view.ticket],
    [words.reason, view.reason],
    [words.agreement, agreementText(view)],
    [
      words.changesUntil,
      view.writeUntil === null ? null : inWords(view.writeUntil),
      ["fixed", view.writeUntil ?? 0],
    ],
    [words.ends, words.endsUnused.replace("{time}", inWords(view.endsAt)), ["ends", view.endsAt]],
    [words.endsAtLatest, inWords(view.until), ["fixed", view.until]],
    [words.trace, view.trace],
  ];
  const list = rows
    .map(([term, text, time]) => ({ term, text: plain(text ?? "", MOST_SHOWN), time }))
    .filter(({ text }) => text !== "")
    .map(
      ({ term, text, time }) =>
        `<dt>${escaped(term)}</dt><dd>${time === undefined ? `<bdi>${escaped(text)}</bdi>` : timed(text, time)}</dd>`,
    )
    .join("");
  return `<details class="more"><summary><span class="word">${escaped(words.details)}</span></summary><div class="panel"><dl>${list}</dl><label class="move"><input type="checkbox" class="other"/> ${escaped(words.otherEdge)}</label><label class="move"><input type="checkbox" class="small"/> ${escaped(words.smaller)}</label><a class="way" href="${address(view, "/stop")}">${escaped(words.anotherWay)}</a>${modeControl(view)}</div></details>`;
}

/** A time that the script says in the agent's own zone, and keeps true. */
function timed(text: string, [mark, at]: readonly [mark: string, at: number]): string {
  return `<time class="${mark}" datetime="${new Date(at).toISOString()}">${escaped(text)}</time>`;
}

function actions(view: BannerView): string {
  const { stop: word, stopWhom } = view.words;
  const whom = escaped(stopWhom.replace("{name}", () => labelOf(view.effectiveUser)));
  const stop = `<form class="stop" method="post" action="${address(view, "/stop")}"><input type="hidden" name="impersonation" value="${escaped(view.impersonation)}"/><button type="submit">${escaped(word)}<span class="spoken">${whom}</span></button></form>`;
  return `<div class="do">${modeControl(view)}${stop}</div>`;
}

/** The way to the page of the other mode, where there is one: nothing in here changes anything. */
function modeControl(view: BannerView): string {
  const to = encodeURIComponent(view.here);
  const link = (path: string, word: string) =>
    `<a class="button" href="${address(view, `${path}?to=${to}`)}">${word}</a> `;
  if (view.canElevate) return link("/elevate", escaped(view.words.allowChanges));
  return view.writeUntil === null ? "" : link("/lower", escaped(view.words.onlyLook));
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
function timeLeft({ endsAt, now, words }: BannerView): string {
  const until = words.until.replace("{time}", `${new Date(endsAt).toISOString().slice(11, 16)} UTC`);
  const minutes = words.minutes.replace("{n}", String(minutesLeft(endsAt, now)));
  return `<span class="at">${escaped(until)}</span><span>${escaped(minutes)}<span class="lead">${escaped(words.left)}</span></span>`;
}

function mask({ brand }: HostView): string {
  const { colour } = brand;
  const ink = colour === null ? "currentColor" : isDark(colour) ? "#ffffff" : "#000000";
  const ground = colour === null ? "" : `<path fill="${escaped(colour)}" d="M-3-3h38v26H-3z"/>`;
  return `<svg class="mask" xmlns="http://www.w3.org/2000/svg" viewBox="${colour === null ? "0 0 32 20" : "-3 -3 38 26"}" width="28" height="18" aria-hidden="true" focusable="false">${ground}<path fill="${ink}" fill-rule="evenodd" d="M1 3c5-3 10-2 15 0 5-2 10-3 15 0 1 8-3 15-9 15-3 0-4-3-6-3s-3 3-6 3C4 18 0 11 1 3zm5 6c1 3 6 3 7 1-1-3-5-4-7-1zm20 0c-2-3-6-2-7 1 1 2 6 2 7-1z"/></svg>`;
}

/** Whether white reads better on it than black: by its luminance, as WCAG reckons it. */
function isDark(colour: string): boolean {
  const [r = 0, g = 0, b = 0] = [1, 3, 5].map((at) => {
    const part = Number.parseInt(colour.slice(at, at + 2), 16) / 255;
    return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * r + 0.7152 * g + 0.0722 * b < 0.179;
}

function agreementText({ agreement, words }: BannerView): string | null {
  if (agreement === null) return null;
  const by = words.agreedBy[agreement.by];
  if (agreement.until === null) return by;
  return filled(words.agreedUntil, {
    by,
    time: momentText(agreement.until, textsFor(words.language).language),
  });
}
