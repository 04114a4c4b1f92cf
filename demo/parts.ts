import type { Site, SiteState } from "./data.ts";
import { type Sample, uptimeByDay } from "./history.ts";
import { type Html, html, type Piece } from "./html.ts";

const STATES: Readonly<Record<SiteState, { readonly label: string; readonly tone: string }>> = {
  up: { label: "Up", tone: "good" },
  slow: { label: "Slow", tone: "warn" },
  down: { label: "Down", tone: "bad" },
  paused: { label: "Paused", tone: "calm" },
};

export type Tone = "good" | "warn" | "bad" | "calm";

export function pill(tone: string, label: string): Html {
  return html`<span class="pill ${tone}">${label}</span>`;
}

export function statePill(state: SiteState): Html {
  return pill(STATES[state].tone, STATES[state].label);
}

/** How long ago, as people say it. Both times in ms since the epoch. */
export function ago(at: number, now: number): string {
  const minutes = Math.max(0, Math.round((now - at) / 60_000));
  if (minutes < 1) return "just now";
  if (minutes < 60) return `${minutes} min ago`;
  const hours = Math.round(minutes / 60);
  if (hours < 48) return hours === 1 ? "1 hour ago" : `${hours} hours ago`;
  return `${Math.round(hours / 24)} days ago`;
}

/** A length of time in minutes, as people say it. */
export function lasting(minutes: number): string {
  if (minutes < 60) return `${minutes} min`;
  const rest = minutes % 60;
  return rest === 0 ? `${Math.floor(minutes / 60)} h` : `${Math.floor(minutes / 60)} h ${rest} min`;
}

export function heading(title: Piece, text: Piece, actions: Piece = null): Html {
  return html`<div class="heading"><div><h1>${title}</h1><p>${text}</p></div>${
    actions === null ? null : html`<div class="actions">${actions}</div>`
  }</div>`;
}

export function card(title: string, body: Piece, extra: Piece = null): Html {
  return html`<section class="card"><header><h2>${title}</h2>${extra}</header>${body}</section>`;
}

export function figure(label: string, value: Piece, under: Piece, tone: Tone | "" = ""): Html {
  return html`<div class="figure ${tone}"><p class="figure-label">${label}</p><p class="figure-value">${value}</p><p class="figure-under">${under}</p></div>`;
}

export function empty(title: string, text: string): Html {
  return html`<div class="empty"><p><b>${title}</b></p><p>${text}</p></div>`;
}

/** A line of answer times without axes, for tables. */
export function sparkline(samples: readonly Sample[]): Html {
  const times = samples.map((sample) => sample.ms ?? 0);
  const top = Math.max(...times, 1) * 1.1;
  const points = times.map((ms, index) => {
    const x = ((index / Math.max(1, times.length - 1)) * 120).toFixed(1);
    return `${x},${(28 - (ms / top) * 26).toFixed(1)}`;
  });
  return html`<svg class="spark" viewBox="0 0 120 30" preserveAspectRatio="none" aria-hidden="true" focusable="false"><polyline points="${points.join(" ")}"/></svg>`;
}

/** One bar a day, oldest first, with what happened in its tooltip. */
export function dayBars(site: Site, days: number): Html {
  const bars = uptimeByDay(site, days).map((percent, index) => {
    const tone = site.state === "paused" ? "calm" : percent === 100 ? "good" : percent > 97 ? "warn" : "bad";
    const day = days - 1 - index;
    const when = day === 0 ? "today" : `${day} days ago`;
    return html`<rect class="${tone}" x="${index * 10}" y="0" width="7" height="34" rx="2"><title>${when}: ${percent.toFixed(2)} %</title></rect>`;
  });
  return html`<svg class="bars" viewBox="0 0 ${days * 10 - 3} 34" preserveAspectRatio="none" role="img" aria-label="Uptime of ${site.name} in the last ${days} days, one bar a day">${bars}</svg>`;
}
