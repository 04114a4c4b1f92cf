import type { FastifyReply, FastifyRequest } from "fastify";
import { isStaff } from "./data.ts";
import { type Html, html } from "./html.ts";
import { type IconName, icon, MARK } from "./icons.ts";
import { type Deps, type Member, visitOf } from "./visit.ts";

export interface Page {
  readonly title: string;
  /** The address in the menu that is marked as the current one. */
  readonly active: string;
  readonly body: Html;
}

interface Link {
  readonly href: string;
  readonly label: string;
  readonly icon: IconName;
}

const MONITORING: readonly Link[] = [
  { href: "/", label: "Dashboard", icon: "home" },
  { href: "/sites", label: "Sites", icon: "sites" },
  { href: "/status-pages", label: "Status pages", icon: "pages" },
  { href: "/reports", label: "Reports", icon: "reports" },
  { href: "/live", label: "Live checks", icon: "live" },
  { href: "/events", label: "Event stream", icon: "events" },
];

const ORGANISATION: readonly Link[] = [
  { href: "/activity", label: "Activity", icon: "activity" },
  { href: "/files", label: "Files", icon: "files" },
  { href: "/team", label: "Team", icon: "team" },
  { href: "/payments", label: "Payments", icon: "payments" },
  { href: "/account", label: "Account", icon: "account" },
];

const STAFF: readonly Link[] = [{ href: "/support", label: "Support inbox", icon: "support" }];

/** The hidden field that every form carries. */
export function csrfField(csrf: string): Html {
  return html`<input type="hidden" name="_token" value="${csrf}">`;
}

export function initials(name: string): string {
  const words = name.split(/\s+/);
  return `${words[0]?.[0] ?? ""}${words.length > 1 ? (words.at(-1)?.[0] ?? "") : ""}`;
}

function group(title: string, links: readonly Link[], active: string): Html {
  const items = links.map((link) => {
    const current = link.href === active ? html` aria-current="page"` : null;
    return html`<li><a href="${link.href}"${current}>${icon(link.icon)}<span>${link.label}</span></a></li>`;
  });
  return html`<p class="nav-title">${title}</p><ul>${items}</ul>`;
}

function menu(member: Member, active: string): Html {
  return html`${isStaff(member.person) ? group("Staff", STAFF, active) : null}
${group("Monitoring", MONITORING, active)}
${group("Organisation", ORGANISATION, active)}`;
}

function topBar(deps: Deps, member: Member, active: string): Html {
  const { person, csrf } = member;
  const team = deps.data.teams.get(person.id);
  return html`<header class="top">
<details class="drawer">
<summary>${icon("menu")}<span class="visually-hidden">Menu</span></summary>
<nav class="drawer-panel" aria-label="Menu">${menu(member, active)}</nav>
</details>
<a class="brand" href="/">${MARK}<span>Lantern</span></a>
<form class="search" action="/search" method="post" role="search">
${csrfField(csrf)}${icon("search")}
<input type="search" name="q" placeholder="Search sites and status pages" aria-label="Search sites and status pages">
</form>
<details class="user">
<summary><span class="avatar" aria-hidden="true">${initials(person.name)}</span>
<span class="user-name"><b>${person.name}</b><small>${team?.name ?? ""}</small></span></summary>
<div class="user-panel">
<p><b>${person.name}</b><br><small>${person.email}</small></p>
<a href="/account">Account settings</a>
<a href="/team">Team</a>
<a href="/logout">Sign out</a>
</div>
</details>
</header>`;
}

/** The whole document around a body; `shell` is what stands between the body tags. */
export function frame(title: string, shell: Html, bodyClass: string): Html {
  return html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${title} · Lantern</title>
<link rel="stylesheet" href="/assets/app.css">
<link rel="icon" href="/assets/mark.svg" type="image/svg+xml">
<script src="/assets/app.js" defer></script>
</head>
<body class="${bodyClass}">
${shell}
</body>
</html>
`;
}

export function sendHtml(reply: FastifyReply, page: Html): FastifyReply {
  return reply
    .type("text/html; charset=utf-8")
    .header("cache-control", "no-cache, private")
    .send(page.markup);
}

/** Answers with a page of the signed-in app: header, menu, and the sentence that the last form left behind. */
export function show(deps: Deps, request: FastifyRequest, reply: FastifyReply, page: Page): FastifyReply {
  const visit = visitOf(request);
  if (visit.kind === "guest") throw new Error("This page is for people who are signed in.");
  const { flash, id } = visit.session;
  if (flash !== null) deps.sessions.say(id, null);
  const shell = html`<a class="skip" href="#main">Skip to the content</a>
${topBar(deps, visit, page.active)}
<div class="shell">
<nav class="side" aria-label="Main">${menu(visit, page.active)}</nav>
<main id="main">
${flash === null ? null : html`<p class="flash" role="status">${icon("check")}${flash}</p>`}
${page.body}
</main>
</div>`;
  return sendHtml(reply, frame(page.title, shell, "app"));
}
