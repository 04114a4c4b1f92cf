import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import { type AppData, ownSite, ownStatusPage, type Site, type StatusPage, statusPagesOf } from "../data.ts";
import { uptimeLabel } from "../history.ts";
import { type Html, html } from "../html.ts";
import { csrfField, show } from "../layout.ts";
import { doneWith, field, forMembers, note, param } from "../members.ts";
import { ago, card, dayBars, empty, heading, statePill } from "../parts.ts";
import { missing } from "../refusals.ts";
import type { Deps, Member } from "../visit.ts";

function componentsOf(data: AppData, page: StatusPage): readonly Site[] {
  return page.siteIds.flatMap((id) => ownSite(data, id, page.ownerId) ?? []);
}

function list(data: AppData, pages: readonly StatusPage[]): Html {
  if (pages.length === 0) return empty("No status page yet", "Tell your visitors what is going on.");
  const rows = pages.map((page) => {
    const sites = componentsOf(data, page);
    const worst = sites.find((site) => site.state === "down") ?? sites.find((site) => site.state === "slow");
    return html`<tr><td><a class="row-link" href="/status-page/${page.id}/overview">${page.title}</a></td>
<td>${statePill(worst?.state ?? "up")}</td><td class="wide">${page.domain}</td><td class="num">${sites.length}</td></tr>`;
  });
  return html`<table class="list"><thead><tr><th scope="col">Page</th><th scope="col">State</th><th scope="col" class="wide">Address</th><th scope="col" class="num">Sites</th></tr></thead><tbody>${rows}</tbody></table>`;
}

function banner(sites: readonly Site[]): Html {
  const down = sites.filter((site) => site.state === "down");
  if (down.length > 0) {
    return html`<p class="verdict bad">${down.map((site) => site.name).join(", ")} does not answer</p>`;
  }
  const slow = sites.some((site) => site.state === "slow");
  return slow
    ? html`<p class="verdict warn">All sites answer, some slowly</p>`
    : html`<p class="verdict good">All sites are up</p>`;
}

function components(sites: readonly Site[]): Html {
  const rows = sites.map(
    (site) =>
      html`<li class="component"><p><a href="/site/${site.id}/overview"><b>${site.name}</b></a>${statePill(site.state)}</p>${dayBars(site, 60)}<p class="bars-legend"><span>60 days ago</span><b>${uptimeLabel(site)}</b><span>Today</span></p></li>`,
  );
  return html`<ul class="components">${rows}</ul>`;
}

function notices(page: StatusPage): Html {
  if (page.notices.length === 0) return empty("Nothing posted", "Messages to your visitors appear here.");
  const now = Date.now();
  const rows = page.notices.map(
    (notice) =>
      html`<li><span class="dot calm"></span><div><p>${notice.text}</p></div><p class="feed-when">${ago(notice.at, now)}</p></li>`,
  );
  return html`<ul class="feed">${rows}</ul>`;
}

function overview(data: AppData, page: StatusPage, csrf: string): Html {
  const sites = componentsOf(data, page);
  return html`<p class="crumbs"><a href="/status-pages">Status pages</a> / <span>${page.title}</span></p>
${heading(page.title, `Public at https://${page.domain}`)}
${banner(sites)}
${card("Sites on this page", components(sites))}
<div class="columns">
${card("Messages", notices(page))}
${card(
  "Post a message",
  html`<form class="stack" action="/status-page/${page.id}/update" method="post">${csrfField(csrf)}
<label>What visitors should know<textarea name="text" rows="3" required maxlength="500"></textarea></label>
<p class="actions"><button class="button primary" type="submit">Post to the page</button></p></form>`,
)}
</div>`;
}

type PageHandler = (
  page: StatusPage,
  member: Member,
  request: FastifyRequest,
  reply: FastifyReply,
) => FastifyReply;

function forOwners(deps: Deps, handler: PageHandler) {
  return forMembers(function ofOwner(member, request, reply) {
    const page = ownStatusPage(deps.data, param(request, "statusPage"), member.person.id);
    return page === null ? missing(request, reply) : handler(page, member, request, reply);
  });
}

/** `/status-pages` and everything under `/status-page/:statusPage`. */
export function statusPages(app: FastifyInstance, deps: Deps): void {
  app.get(
    "/status-pages",
    forMembers(function pages(member, request, reply) {
      const table = list(deps.data, statusPagesOf(deps.data, member.person.id));
      const body = html`${heading("Status pages", "What your visitors see when something goes wrong.")}${card("All status pages", table)}`;
      return show(deps, request, reply, { title: "Status pages", active: "/status-pages", body });
    }),
  );
  app.get(
    "/status-page/:statusPage",
    forOwners(deps, (page, _member, _request, reply) =>
      reply.redirect(`/status-page/${page.id}/overview`, 302),
    ),
  );
  app.get(
    "/status-page/:statusPage/overview",
    forOwners(deps, (page, member, request, reply) => {
      const body = overview(deps.data, page, member.csrf);
      return show(deps, request, reply, { title: page.title, active: "/status-pages", body });
    }),
  );
  app.post(
    "/status-page/:statusPage/update",
    forOwners(deps, (page, member, request, reply) => {
      const notice = { at: Date.now(), text: field(request, "text").slice(0, 500) };
      deps.data.statusPages.set(page.id, { ...page, notices: [notice, ...page.notices] });
      note(deps, member, `Posted a message on ${page.title}`);
      return doneWith(deps, member, reply, `/status-page/${page.id}/overview`, "Your message is posted.");
    }),
  );
}
