import type { FastifyInstance } from "fastify";
import { type Site, type StatusPage, sitesOf, statusPagesOf } from "../data.ts";
import { type Html, html } from "../html.ts";
import { icon } from "../icons.ts";
import { csrfField, show } from "../layout.ts";
import { field, forMembers } from "../members.ts";
import { card, empty, heading, statePill } from "../parts.ts";
import { wantsPage } from "../refusals.ts";
import type { Deps } from "../visit.ts";

interface Found {
  readonly sites: readonly Site[];
  readonly pages: readonly StatusPage[];
}

function found(deps: Deps, ownerId: string, text: string): Found {
  const wanted = text.toLowerCase();
  return {
    sites: sitesOf(deps.data, ownerId).filter((site) => `${site.id} ${site.name}`.includes(wanted)),
    pages: statusPagesOf(deps.data, ownerId).filter((page) =>
      `${page.id} ${page.title} ${page.domain}`.toLowerCase().includes(wanted),
    ),
  };
}

function results({ sites, pages }: Found): Html {
  if (sites.length + pages.length === 0) return empty("Nothing found", "Try a part of the address.");
  const siteRows = sites.map(
    (site) =>
      html`<li><span class="feature-icon small">${icon("sites")}</span><div><a href="/site/${site.id}/overview">${site.name}</a><p>Site ${site.id}</p></div>${statePill(site.state)}</li>`,
  );
  const pageRows = pages.map(
    (page) =>
      html`<li><span class="feature-icon small">${icon("pages")}</span><div><a href="/status-page/${page.id}/overview">${page.title}</a><p>${page.domain}</p></div></li>`,
  );
  return html`<ul class="feed">${siteRows}${pageRows}</ul>`;
}

function reportsBody(sites: readonly Site[], csrf: string): Html {
  const options = sites.map((site) => html`<option value="${site.id}">${site.name}</option>`);
  const picker = html`<label class="picker"><span class="visually-hidden">Site</span><select id="report-site" data-report>${options}</select></label>`;
  const report = html`<div id="report" aria-live="polite"><p class="muted">Loading the checks …</p></div>`;
  const search = html`<form class="inline" action="/search" method="post" data-search>${csrfField(csrf)}
<label>Part of a name<input type="search" name="q" placeholder="shop"></label><button class="button" type="submit">Find</button></form><div id="found" aria-live="polite"></div>`;
  return html`${heading("Reports", "The raw checks behind the charts.")}
${sites.length === 0 ? card("Last checks", empty("Nothing to report", "Add a site first.")) : card("Last checks", report, picker)}
${card("Find a site or a page", search)}`;
}

/** `/reports`, which is filled by scripts, and `POST /search`, a read that travels as a POST. */
export function reportPages(app: FastifyInstance, deps: Deps): void {
  app.get(
    "/reports",
    forMembers(function reports(member, request, reply) {
      const body = reportsBody(sitesOf(deps.data, member.person.id), member.csrf);
      return show(deps, request, reply, { title: "Reports", active: "/reports", body });
    }),
  );
  app.post(
    "/search",
    forMembers(function search(member, request, reply) {
      const text = field(request, "q");
      const hits = found(deps, member.person.id, text);
      if (!wantsPage(request)) {
        const sites = hits.sites.map(({ id, name, state }) => ({ id, name, state }));
        return reply.send({ sites, statusPages: hits.pages.map(({ id, title }) => ({ id, title })) });
      }
      const body = html`${heading("Search", text === "" ? "Everything that is yours." : `Everything with “${text}” in it.`)}${card("Found", results(hits))}`;
      return show(deps, request, reply, { title: "Search", active: "/reports", body });
    }),
  );
}
