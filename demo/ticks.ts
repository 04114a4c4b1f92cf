import { type AppData, sitesOf } from "./data.ts";
import { randomFrom, samplesOf } from "./history.ts";

/** One check that has just been done, as the live pages show it. */
export interface Tick {
  readonly kind: "tick";
  readonly number: number;
  readonly site: string;
  readonly name: string;
  readonly ok: boolean;
  /** Answer time in ms; null where there was none. */
  readonly ms: number | null;
  readonly region: string;
}

/** How far apart two ticks are, in ms. */
export const TICK_EVERY = 1_000;

/** The checks of one person's sites in turn, from `number` on; null where nothing is watched. */
export function tickOf(data: AppData, ownerId: string, number: number): Tick | null {
  const sites = sitesOf(data, ownerId).filter((site) => site.state !== "paused");
  const site = sites[number % Math.max(1, sites.length)];
  if (site === undefined) return null;
  const ok = site.state !== "down";
  const wobble = 0.85 + randomFrom(number + Number(site.id))() * 0.3;
  const region = samplesOf(site, data.startedAt)[number % 4]?.region ?? "Amsterdam";
  const ms = ok ? Math.round(site.latency * wobble) : null;
  return { kind: "tick", number, site: site.id, name: site.name, ok, ms, region };
}
