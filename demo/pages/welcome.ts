import { type Html, html } from "../html.ts";
import { icon, MARK } from "../icons.ts";
import { frame } from "../layout.ts";

const FEATURES = [
  {
    icon: "live",
    title: "Checked every minute",
    text: "From four regions. Two of them have to agree before we wake you up.",
  },
  {
    icon: "lock",
    title: "Certificates watched",
    text: "You hear from us four weeks before one runs out, not on the day itself.",
  },
  {
    icon: "link",
    title: "Broken links found",
    text: "We walk through your site each night and tell you which links lead nowhere.",
  },
  {
    icon: "bell",
    title: "Status pages your visitors trust",
    text: "On your own domain, up to date by itself, and readable on a phone.",
  },
] as const;

const PREVIEW = [
  { name: "northwind.example", tone: "good", label: "Up", uptime: "100 %" },
  { name: "shop.northwind.example", tone: "warn", label: "Slow", uptime: "99.98 %" },
  { name: "api.northwind.example", tone: "good", label: "Up", uptime: "99.99 %" },
] as const;

function preview(): Html {
  const rows = PREVIEW.map(
    (row) =>
      html`<li><span class="dot ${row.tone}"></span><b>${row.name}</b><span class="pill ${row.tone}">${row.label}</span><span class="num">${row.uptime}</span></li>`,
  );
  return html`<div class="preview" aria-hidden="true"><p class="preview-title">Northwind · 3 sites</p><ul>${rows}</ul>
<svg class="preview-chart" viewBox="0 0 400 90" preserveAspectRatio="none"><path class="area" d="M0 90V58l40-8 40 10 40-14 40 6 40-18 40 12 40-10 40-4 40 8 40-12v70z"/><polyline points="0,58 40,50 80,60 120,46 160,52 200,34 240,46 280,36 320,32 360,40 400,28"/></svg></div>`;
}

/** What people see who aren't signed in. */
export function welcomePage(): Html {
  const features = FEATURES.map(
    (feature) =>
      html`<li><span class="feature-icon">${icon(feature.icon)}</span><h3>${feature.title}</h3><p>${feature.text}</p></li>`,
  );
  const shell = html`<header class="top top-guest"><a class="brand" href="/">${MARK}<span>Lantern</span></a>
<nav aria-label="Main"><a class="button" href="/login">Sign in</a></nav></header>
<main id="main" class="welcome">
<section class="hero"><div>
<p class="eyebrow">Website monitoring</p>
<h1>Know that your site is down before your customers do.</h1>
<p class="lead">Lantern checks uptime, speed, certificates and links around the clock, and tells your visitors what is going on.</p>
<p class="actions"><a class="button primary" href="/login">Open your dashboard</a><span class="muted">No card needed to try it.</span></p>
</div>${preview()}</section>
<section class="features"><h2>Quiet while all is well</h2><ul>${features}</ul></section>
</main>
<footer class="foot"><p>Lantern is a made-up product, and so is everybody in it.</p></footer>`;
  return frame("Website monitoring", shell, "guest");
}
