import type { FastifyInstance } from "fastify";
import { type AppData, type Site, sitesOf, statusPagesOf } from "../data.ts";
import { medianOf, samplesOf, uptimeLabel } from "../history.ts";
import { type Html, html } from "../html.ts";
import { icon } from "../icons.ts";
import { sendHtml, show } from "../layout.ts";
import { ago, card, empty, figure, heading, lasting, sparkline, statePill } from "../parts.ts";
import { type Deps, type Member, visitOf } from "../visit.ts";
import { welcomePage } from "./welcome.ts";

function figures(data: AppData, sites: readonly Site[]): Html {
  const awake = sites.filter((site) => site.state !== "paused");
  const well = awake.filter((site) => site.state === "up").length;
  const down = awake.filter((site) => site.state === "down").length;
  const medians = awake.flatMap((site) => medianOf(samplesOf(site, data.startedAt)) ?? []);
  const mean = medians.length === 0 ? "–" : Math.round(medians.reduce((a, b) => a + b, 0) / medians.length);
  const soonest = Math.min(...sites.map((site) => site.certificateDays));
  const links = sites.reduce((sum, site) => sum + site.brokenLinks, 0);
  return html`<div class="figures">
${figure("Sites up", `${well} of ${awake.length}`, down > 0 ? `${down} down right now` : "Nothing is down", down > 0 ? "bad" : "good")}
${figure("Answer time", html`${mean} <small>ms</small>`, "Median of 24 hours")}
${figure("Next certificate", html`${soonest} <small>days</small>`, soonest < 14 ? "Renew it soon" : "All in good time", soonest < 14 ? "warn" : "")}
${figure("Broken links", links, links > 0 ? "Found last night" : "None found last night", links > 0 ? "warn" : "")}
</div>`;
}

/** The list of sites as it stands on the dashboard and under /sites. */
export function siteTable(data: AppData, sites: readonly Site[]): Html {
  const rows = sites.map((site) => {
    const samples = samplesOf(site, data.startedAt);
    const median = medianOf(samples);
    return html`<tr><td><a class="row-link" href="/site/${site.id}/overview">${site.name}</a></td>
<td>${statePill(site.state)}</td><td class="wide">${sparkline(samples)}</td>
<td class="num wide">${median === null ? "–" : `${median} ms`}</td><td class="num">${uptimeLabel(site)}</td></tr>`;
  });
  return html`<table class="list"><thead><tr><th scope="col">Site</th><th scope="col">State</th><th scope="col" class="wide">Last 24 hours</th><th scope="col" class="num wide">Answers in</th><th scope="col" class="num">Uptime, 30 days</th></tr></thead><tbody>${rows}</tbody></table>`;
}

function recentIncidents(sites: readonly Site[], data: AppData): Html {
  const all = sites
    .flatMap((site) => site.incidents.map((incident) => ({ site, incident })))
    .sort((a, b) => a.incident.minutesAgo - b.incident.minutesAgo)
    .slice(0, 4);
  if (all.length === 0) return empty("No incidents", "Nothing has gone wrong in the last 90 days.");
  const rows = all.map(({ site, incident }) => {
    const running = incident.minutes >= incident.minutesAgo;
    const at = data.startedAt - incident.minutesAgo * 60_000;
    return html`<li><span class="dot ${running ? "bad" : "calm"}"></span><div><a href="/site/${site.id}/check/uptime">${site.name}</a>
<p>${incident.cause}</p></div><p class="feed-when">${ago(at, data.startedAt)}<br><small>${running ? "still down" : `for ${lasting(incident.minutes)}`}</small></p></li>`;
  });
  return html`<ul class="feed">${rows}</ul>`;
}

function pageList(deps: Deps, member: Member): Html {
  const pages = statusPagesOf(deps.data, member.person.id);
  if (pages.length === 0) return empty("No status page yet", "Tell your visitors what is going on.");
  const rows = pages.map(
    (page) =>
      html`<li><span class="feature-icon small">${icon("pages")}</span><div><a href="/status-page/${page.id}/overview">${page.title}</a><p>${page.domain}</p></div></li>`,
  );
  return html`<ul class="feed">${rows}</ul>`;
}

function dashboard(deps: Deps, member: Member): Html {
  const sites = sitesOf(deps.data, member.person.id);
  const first = member.person.name.split(" ")[0] ?? member.person.name;
  const addSite = html`<a class="button primary" href="/sites">Add a site</a>`;
  if (sites.length === 0) {
    return html`${heading(`Hello, ${first}`, "You have no sites yet.")}
${card("Sites", empty("Nothing to watch yet", "Sites that you add are checked within a minute."))}`;
  }
  return html`${heading(`Hello, ${first}`, "This is how your sites have been doing.", addSite)}
${figures(deps.data, sites)}
${card("Sites", siteTable(deps.data, sites))}
<div class="columns">
${card("Recent incidents", recentIncidents(sites, deps.data))}
${card("Status pages", pageList(deps, member))}
</div>`;
}

/** `/`: the dashboard for members, a welcome for everybody else. */
export function homePages(app: FastifyInstance, deps: Deps): void {
  app.get("/", async function home(request, reply) {
    const visit = visitOf(request);
    if (visit.kind === "guest") return sendHtml(reply, welcomePage());
    return show(deps, request, reply, { title: "Dashboard", active: "/", body: dashboard(deps, visit) });
  });
}
