import { chart } from "../chart.ts";
import type { AppData, Site } from "../data.ts";
import { medianOf, samplesOf, uptimeLabel, uptimePercent } from "../history.ts";
import { type Html, html } from "../html.ts";
import { ago, card, dayBars, empty, figure, heading, lasting, statePill, type Tone } from "../parts.ts";

/** The head that all pages of one site share. */
export function siteHead(site: Site, current: string): Html {
  const tabs = [
    ["overview", "Overview"],
    ["check/uptime", "Uptime"],
    ["settings", "Settings"],
    ["delete", "Delete"],
  ] as const;
  const links = tabs.map(([path, label]) => {
    const mark = path === current ? html` aria-current="page"` : null;
    return html`<li><a href="/site/${site.id}/${path}"${mark}>${label}</a></li>`;
  });
  return html`<p class="crumbs"><a href="/sites">Sites</a> / <span>${site.name}</span></p>
${heading(html`${site.name} ${statePill(site.state)}`, `https://${site.name} · checked every ${site.interval === 1 ? "minute" : `${site.interval} minutes`}`, html`<button class="button" type="button" data-check="${site.id}">Check now</button>`)}
<nav class="tabs" aria-label="${site.name}"><ul>${links}</ul></nav>`;
}

function checkRow(name: string, tone: Tone, state: string, text: string, href: string | null): Html {
  const label = href === null ? html`<b>${name}</b>` : html`<a href="${href}"><b>${name}</b></a>`;
  return html`<li><span class="dot ${tone}"></span><div>${label}<p>${text}</p></div><span class="pill ${tone}">${state}</span></li>`;
}

function checks(site: Site): Html {
  const down = site.state === "down";
  const asleep = site.state === "paused";
  const uptimeTone: Tone = asleep ? "calm" : down ? "bad" : "good";
  const uptime = asleep ? "Paused" : down ? "Down" : "Passed";
  const cause = site.incidents[0]?.cause ?? "No answer";
  const soon = site.certificateDays < 14;
  const links = site.brokenLinks;
  return html`<ul class="feed">
${checkRow("Uptime", uptimeTone, uptime, down ? cause : "Answers from all four regions", `/site/${site.id}/check/uptime`)}
${checkRow("Performance", site.state === "slow" ? "warn" : "good", site.state === "slow" ? "Slow" : "Passed", `Usually answers within ${Math.round(site.latency * 1.3)} ms`, null)}
${checkRow("Certificate", soon ? "warn" : "good", soon ? "Expires soon" : "Passed", `Valid for another ${site.certificateDays} days`, null)}
${checkRow("Broken links", links > 0 ? "warn" : "good", links > 0 ? `${links} found` : "Passed", "The whole site, once a night", null)}
${checkRow("DNS", "good", "Passed", "4 name servers agree", null)}
</ul>`;
}

function uptimeFigure(site: Site): Html {
  const percent = uptimePercent(site, 30);
  const label = uptimeLabel(site);
  if (site.state === "paused") return figure("Uptime, 30 days", label, "Not watched now");
  if (site.state === "down") return figure("Uptime, 30 days", label, "Down right now", "bad");
  const met = percent >= 99.9;
  return figure(
    "Uptime, 30 days",
    label,
    met ? "The goal is 99.9\u00a0%" : "Below 99.9\u00a0%, the goal",
    met ? "good" : "warn",
  );
}

/** `/site/:site/overview`. */
export function overviewBody(data: AppData, site: Site): Html {
  const samples = samplesOf(site, data.startedAt);
  const median = medianOf(samples);
  const soon = site.certificateDays < 14;
  return html`${siteHead(site, "overview")}
<div class="figures">
${uptimeFigure(site)}
${figure("Answers in", median === null ? "–" : html`${median} <small>ms</small>`, "Median of 24 hours", site.state === "slow" ? "warn" : "")}
${figure("Certificate", html`${site.certificateDays} <small>days</small>`, "Until it runs out", soon ? "warn" : "")}
${figure("Broken links", site.brokenLinks, "Found last night", site.brokenLinks > 0 ? "warn" : "")}
</div>
${card("Answer time", chart(samples, `Answer time of ${site.name}`), html`<a href="/site/${site.id}/check/uptime">Details</a>`)}
<div class="columns">
${card("Checks", checks(site))}
${card("Alerts", html`<dl class="facts"><dt>Sent to</dt><dd>${site.notify}</dd><dt>After</dt><dd>2 failed checks in a row</dd><dt>Regions</dt><dd>Amsterdam, Frankfurt, Virginia, Singapore</dd><dt>Site number</dt><dd>${site.id}</dd></dl>`, html`<a href="/site/${site.id}/settings">Change</a>`)}
</div>`;
}

function incidentTable(data: AppData, site: Site): Html {
  if (site.incidents.length === 0)
    return empty("No incidents", "Nothing has gone wrong in the last 90 days.");
  const rows = site.incidents.map((incident) => {
    const at = data.startedAt - incident.minutesAgo * 60_000;
    const running = incident.minutes >= incident.minutesAgo;
    return html`<tr><td>${incident.cause}</td><td class="num">${ago(at, data.startedAt)}</td><td class="num">${running ? "still running" : lasting(incident.minutes)}</td></tr>`;
  });
  return html`<table class="list"><thead><tr><th scope="col">Cause</th><th scope="col" class="num">Began</th><th scope="col" class="num">Lasted</th></tr></thead><tbody>${rows}</tbody></table>`;
}

/** `/site/:site/check/uptime`: the chart is drawn here, on the server. */
export function uptimeBody(data: AppData, site: Site): Html {
  const samples = samplesOf(site, data.startedAt);
  return html`${siteHead(site, "check/uptime")}
${card("Answer time, last 24 hours", chart(samples, `Answer time of ${site.name}`))}
${card("Uptime, last 90 days", html`${dayBars(site, 90)}<p class="bars-legend"><span>90 days ago</span><b>${uptimeLabel(site)} in 30 days</b><span>Today</span></p>`)}
${card("Incidents", incidentTable(data, site))}`;
}
