import type { Incident, Site } from "./data.ts";

/** One check: ms since the epoch, and the answer time in ms or null where there was no answer. */
export interface Sample {
  readonly at: number;
  readonly ms: number | null;
  readonly region: string;
}

const REGIONS = ["Amsterdam", "Frankfurt", "Virginia", "Singapore"] as const;
const STEP = 15;
const STEPS = 96;

/** Mulberry32: the same numbers for the same seed, between 0 and 1. */
export function randomFrom(seed: number): () => number {
  let state = seed >>> 0;
  return function next() {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}

function covers(incident: Incident, minutesAgo: number): boolean {
  return minutesAgo <= incident.minutesAgo && minutesAgo > incident.minutesAgo - incident.minutes;
}

/** The last 24 hours, a sample every fifteen minutes, oldest first. A paused site has none. */
export function samplesOf(site: Site, startedAt: number): readonly Sample[] {
  if (site.state === "paused") return [];
  const random = randomFrom(Number(site.id) || 1);
  return Array.from({ length: STEPS }, (_, index) => {
    const minutesAgo = (STEPS - index) * STEP - STEP / 2;
    const daily = Math.sin((index / STEPS) * Math.PI * 2) * 0.12;
    const spike = random() > 0.96 ? 0.5 : 0;
    const ms = Math.round(site.latency * (0.9 + daily + random() * 0.2 + spike));
    const down = site.incidents.some((incident) => covers(incident, minutesAgo));
    return {
      at: startedAt - minutesAgo * 60_000,
      ms: down ? null : ms,
      region: REGIONS[index % REGIONS.length] ?? REGIONS[0],
    };
  });
}

/** Percent of each of the last `days` days that the site answered, oldest first. */
export function uptimeByDay(site: Site, days: number): readonly number[] {
  return Array.from({ length: days }, (_, index) => {
    const day = days - 1 - index;
    const lost = site.incidents
      .filter((incident) => Math.floor((incident.minutesAgo - 1) / 1440) === day)
      .reduce((sum, incident) => sum + incident.minutes, 0);
    return 100 - (lost / 1440) * 100;
  });
}

/** Percent of the last `days` days that the site answered. */
export function uptimePercent(site: Site, days: number): number {
  return uptimeByDay(site, days).reduce((sum, day) => sum + day, 0) / days;
}

/** Percent over the last thirty days, as people read it: "99.89 %". A paused site has a dash. */
export function uptimeLabel(site: Site): string {
  if (site.state === "paused") return "–";
  const mean = uptimePercent(site, 30);
  return mean === 100 ? "100 %" : `${mean.toFixed(2)} %`;
}

/** The middle answer time of the last 24 hours in ms; null where there is none. */
export function medianOf(samples: readonly Sample[]): number | null {
  const times = samples.flatMap((sample) => (sample.ms === null ? [] : [sample.ms])).sort((a, b) => a - b);
  return times[Math.floor(times.length / 2)] ?? null;
}
