import { ENGLISH, type Texts } from "../domain/consent/texts.ts";
import { type Identity, labelOf } from "../domain/identity.ts";
import type { Language } from "../domain/language.ts";
import { plain } from "../domain/plain.ts";
import { LOCAL_TIMES } from "../page/local-times.ts";
import { wordsIn } from "../page/words/words.ts";
import { Html, html } from "./html.ts";

export interface Frame {
  readonly title: string;
  readonly prefix: string;
  readonly body: Html;
  /** The true user; null if unknown or irrelevant. */
  readonly trueUser?: Identity | null;
  /** The customer whom they view, if any. */
  readonly effectiveUser?: Identity | null;
  /** Where the name at the top leads to; to our own first page unless given. */
  readonly home?: string;
  /** The pages that this person may open, by the address of each; the one that is shown is among them, or is none of them. */
  readonly navigation?: readonly NavigationLink[];
  /** Browsers may search people from the address bar. */
  readonly searched?: boolean;
  /** `wide` for lists, `full` for tables and drawings. */
  readonly width?: "narrow" | "wide" | "full";
  /** The language of the page, and of what stands around it; English unless given. */
  readonly texts?: Texts;
}

/** A page that the header of every page leads to. */
export interface NavigationLink {
  readonly to: string;
  readonly words: string;
  readonly here: boolean;
}

/** A whole page of the gateway's own. Works without any script. */
export function layout(frame: Frame): string {
  const texts = frame.texts ?? ENGLISH;
  const { frame: around } = wordsIn(texts.language);
  return html`<!doctype html>
<html lang="${texts.language}" dir="${texts.direction}">
<head>
${headOf(`${frame.title} · Guise`, frame.prefix)}
${frame.searched === true ? html`<link rel="search" type="application/opensearchdescription+xml" title="${around.start}" href="${frame.prefix}/opensearch.xml">` : null}
</head>
<body>
<a class="skip" href="#main">${texts.words.page.skip}</a>
<header class="top">
<a class="brand" href="${frame.home ?? `${frame.prefix}/`}"><svg viewBox="0 0 32 32" width="26" height="26" aria-hidden="true"><path d="M4 9c4-2 8-2 12 0 4-2 8-2 12 0-.4 9-4 14-8 14-2.400 0-3.400-2-4-4-.6 2-1.600 4-4 4-4 0-7.600-5-8-14Z"/><circle cx="10.500" cy="14" r="2.200"/><circle cx="21.500" cy="14" r="2.200"/></svg>Guise</a>
${navigation(frame.navigation ?? [], around.pages)}
${frame.trueUser ? html`<span class="who"><span>${sentenceWith(texts.words.page.youAre, { who: nameHtml(frame.trueUser) })}</span>${frame.effectiveUser ? html` <a class="effective-user" href="${frame.prefix}/stop"><span class="long">${around.viewing}</span>${sentenceWith(around.as, { who: nameHtml(frame.effectiveUser) })}</a>` : null}</span>` : null}
</header>
<main id="main" class="${frame.width ?? "narrow"}">
${frame.body}
</main>
${/<time | data-live=| data-zone/.test(frame.body.text) ? html`<script type="module">${new Html(LOCAL_TIMES)}</script>` : null}
</body>
</html>
`.text;
}

/** What every page of ours begins with; its styles lie at an address that `base` begins. */
export function headOf(title: string, base: string): Html {
  return html`<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="robots" content="noindex">
<meta name="color-scheme" content="light dark">
<title>${title}</title>
<link rel="stylesheet" href="${base}/console.css">`;
}

/** A name in a sentence, isolated so that it can't change the writing direction. */
export function nameHtml(it: Identity | string): Html {
  return html`<bdi>${typeof it === "string" ? it : nameOf(it)}</bdi>`;
}

/** A sentence with HTML put into its places. */
export function sentenceWith(sentence: string, values: Readonly<Record<string, Html>>): Html {
  const parts = sentence.split(/\{(\w+)\}/);
  return html`${parts.map((part, i) => (i % 2 === 0 ? part : (values[part] ?? `{${part}}`)))}`;
}

function navigation(links: readonly NavigationLink[], label: string): Html | null {
  if (links.length === 0) return null;
  return html`<nav class="pages-of-ours" aria-label="${label}">${links.map(({ to, words, here }) => html`<a href="${to}"${here ? html` aria-current="page"` : null}>${words}</a>`)}</nav>`;
}

/** What a person is called on our pages, as in the banner: one line that is not endless and turns no direction. */
export function nameOf(it: Identity): string {
  return plain(labelOf(it)) || plain(it.id) || "somebody without a name";
}

/** A person in a line: name, and in small what tells namesakes apart. */
export function person(it: Identity, language: Language = "en"): Html {
  const label = nameOf(it);
  const email = plain(it.email ?? "");
  return html`<span class="person"><span class="avatar" aria-hidden="true">${initials(label)}</span><span><bdi class="name">${label}</bdi><span class="sub">${email !== "" && email !== label ? html`<bdi>${email}</bdi> · ` : null}${sentenceWith(wordsIn(language).frame.userId, { id: html`${it.id}` })}</span></span></span>`;
}

/** At most two letters; digits where there are none. */
function initials(label: string): string {
  const words = label
    .split(/\s+/)
    .map((word) => word.replace(/^\p{P}+/u, ""))
    .filter((word) => word !== "");
  const letters =
    words.length > 1
      ? [words[0], words.at(-1)].map((word) => [...(word ?? "")][0] ?? "")
      : [...(words[0] ?? "")].slice(0, 2);
  return letters.join("").toUpperCase();
}
