import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import { ownSite, type Site, sitesOf } from "../data.ts";
import { html } from "../html.ts";
import { csrfField, show } from "../layout.ts";
import { doneWith, field, forMembers, note, param } from "../members.ts";
import { card, empty, heading } from "../parts.ts";
import { missing } from "../refusals.ts";
import { type Deps, type Member, visitOf } from "../visit.ts";
import { siteTable } from "./home.ts";
import { overviewBody, uptimeBody } from "./site.ts";
import { deleteBody, settingsBody } from "./site-forms.ts";

type SiteHandler = (
  site: Site,
  member: Member,
  request: FastifyRequest,
  reply: FastifyReply,
) => FastifyReply | Promise<FastifyReply>;

function forOwners(deps: Deps, handler: SiteHandler) {
  return forMembers(function ofOwner(member, request, reply) {
    const site = ownSite(deps.data, param(request, "site"), member.person.id);
    return site === null ? missing(request, reply) : handler(site, member, request, reply);
  });
}

function listRoutes(app: FastifyInstance, deps: Deps): void {
  app.get(
    "/sites",
    forMembers(function sites(member, request, reply) {
      const own = sitesOf(deps.data, member.person.id);
      const table =
        own.length === 0
          ? empty("Nothing to watch yet", "Sites that you add are checked within a minute.")
          : siteTable(deps.data, own);
      const add = html`<form class="inline" action="/sites" method="post">${csrfField(visitOf(request).csrf)}
<label>Address of a site to watch<input type="text" name="name" placeholder="www.example.com" required></label>
<button class="button primary" type="submit">Add site</button></form>`;
      const body = html`${heading("Sites", `${own.length} watched in this team.`)}${card("All sites", table)}${card("Add a site", add)}`;
      return show(deps, request, reply, { title: "Sites", active: "/sites", body });
    }),
  );

  app.post(
    "/sites",
    forMembers(function addSite(member, _request, reply) {
      const name = field(_request, "name").toLowerCase();
      if (!/^[a-z0-9][a-z0-9.-]{1,100}$/.test(name)) {
        return doneWith(deps, member, reply, "/sites", "That is not the name of a website.");
      }
      const id = String(Math.max(...[...deps.data.sites.keys()].map(Number)) + 1);
      const facts = { latency: 150, certificateDays: 89, brokenLinks: 0, interval: 1, incidents: [] };
      const notify = member.person.email;
      deps.data.sites.set(id, { id, ownerId: member.person.id, name, state: "up", notify, ...facts });
      note(deps, member, `Added ${name}`);
      return doneWith(deps, member, reply, `/site/${id}/overview`, `${name} is being watched.`);
    }),
  );
}

function lookRoutes(app: FastifyInstance, deps: Deps): void {
  app.get(
    "/site/:site",
    forOwners(deps, (site, _member, _request, reply) => reply.redirect(`/site/${site.id}/overview`, 302)),
  );
  app.get(
    "/site/:site/overview",
    forOwners(deps, (site, _member, request, reply) =>
      show(deps, request, reply, {
        title: site.name,
        active: "/sites",
        body: overviewBody(deps.data, site),
      }),
    ),
  );
  app.get(
    "/site/:site/check/uptime",
    forOwners(deps, (site, _member, request, reply) =>
      show(deps, request, reply, {
        title: `Uptime of ${site.name}`,
        active: "/sites",
        body: uptimeBody(deps.data, site),
      }),
    ),
  );
}

function settingsRoutes(app: FastifyInstance, deps: Deps): void {
  app.get(
    "/site/:site/settings",
    forOwners(deps, (site, member, request, reply) => {
      const body = settingsBody(site, member.csrf);
      return show(deps, request, reply, { title: `Settings of ${site.name}`, active: "/sites", body });
    }),
  );
  app.post(
    "/site/:site/settings",
    forOwners(deps, (site, member, request, reply) => {
      const notify = field(request, "notify") || site.notify;
      const interval = Number(field(request, "interval")) || site.interval;
      const paused = field(request, "paused") !== "";
      const state = paused ? "paused" : site.state === "paused" ? "up" : site.state;
      deps.data.sites.set(site.id, { ...site, notify, interval, state });
      note(deps, member, `Changed the settings of ${site.name}`);
      return doneWith(deps, member, reply, `/site/${site.id}/settings`, "The settings are saved.");
    }),
  );
}

function deleteRoutes(app: FastifyInstance, deps: Deps): void {
  app.get(
    "/site/:site/delete",
    forOwners(deps, (site, member, request, reply) => {
      const body = deleteBody(site, member.csrf);
      return show(deps, request, reply, { title: `Delete ${site.name}`, active: "/sites", body });
    }),
  );
  app.post(
    "/site/:site/delete",
    forOwners(deps, (site, member, _request, reply) => {
      deps.data.sites.delete(site.id);
      note(deps, member, `Deleted ${site.name}`);
      return doneWith(deps, member, reply, "/sites", `${site.name} is no longer watched.`);
    }),
  );
}

/** `/sites` and everything under `/site/:site`. */
export function sitePages(app: FastifyInstance, deps: Deps): void {
  listRoutes(app, deps);
  lookRoutes(app, deps);
  settingsRoutes(app, deps);
  deleteRoutes(app, deps);
}
