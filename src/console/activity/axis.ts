import { type Html, html } from "../html.ts";
import { dayText } from "../moment.ts";

/** A part of time that is drawn from left to right. */
export interface Axis {
  /** ms. */
  readonly from: number;
  readonly to: number;
  /** Where it begins and how wide it is, in the units of the drawing. */
  readonly left: number;
  readonly width: number;
  /** Where a time is; times outside are at the nearer end. */
  x(at: number): number;
}

const STEPS = [
  100, 200, 500, 1_000, 2_000, 5_000, 10_000, 15_000, 30_000, 60_000, 120_000, 300_000, 600_000, 900_000,
  1_800_000, 3_600_000, 7_200_000, 10_800_000, 21_600_000, 43_200_000,
];
const DAY = 86_400_000;
const MOST_TICKS = 9;

export function axis(from: number, to: number, left: number, width: number): Axis {
  const long = Math.max(1, to - from);
  const x = (at: number) => round(left + (Math.min(Math.max(at, from), to) - from) * (width / long));
  return { from, to, left, width, x };
}

/** Lines at round times with what they are, from `top` to `bottom`. */
export function ticks({ from, to, x, left, width }: Axis, top: number, bottom: number): Html {
  const step = STEPS.find((it) => (to - from) / it <= MOST_TICKS) ?? daysFor(to - from);
  const times: number[] = [];
  for (let at = Math.ceil(from / step) * step; at <= to; at += step) times.push(at);
  // Clear of a first time that stands in the middle below its line, and not cut at the edge.
  const zone = Math.max(22, left - 22);
  return html`<text class="label" x="${zone}" y="${bottom + 16}" text-anchor="end" data-zone>UTC</text>${times.map(
    (at) => {
      const said = at % DAY === 0 && to - from > DAY ? dayText(at) : clock(at, step);
      return html`<line class="grid" x1="${x(at)}" y1="${top}" x2="${x(at)}" y2="${bottom}"/>
<text class="label" x="${x(at)}" y="${bottom + 16}" text-anchor="${x(at) > left + width - 20 ? "end" : "middle"}"${inUtc(at, said)}>${said}</text>`;
    },
  )}`;
}

/** What the page's script says in the reader's own zone: the time, and how it is written in UTC. */
export function inUtc(at: number, said: string = clock(at)): Html {
  return html` data-at="${Math.round(at)}" data-utc="${said}"`;
}

/** Days, or twice as many, and so on. */
function daysFor(long: number): number {
  let step = DAY;
  while (long / step > MOST_TICKS) step *= 2;
  return step;
}

/** `20:26`, with seconds or less where the steps are that small. */
export function clock(at: number, step = 1_000): string {
  const text = new Date(at).toISOString().slice(11, 23);
  return text.slice(0, step >= 60_000 ? 5 : step >= 1_000 ? 8 : 10);
}

/** A length of drawing with one digit behind the point. */
export function round(value: number): number {
  return Math.round(value * 10) / 10;
}

/** `3 min 20 s`: a length of time in two words at most. */
export function lengthOf(ms: number): string {
  const seconds = Math.round(ms / 1_000);
  if (ms < 1_000) return `${Math.round(ms)} ms`;
  if (seconds < 60) return `${seconds} s`;
  const minutes = Math.floor(seconds / 60);
  if (minutes < 60) return seconds % 60 === 0 ? `${minutes} min` : `${minutes} min ${seconds % 60} s`;
  const hours = Math.floor(minutes / 60);
  return minutes % 60 === 0 ? `${hours} h` : `${hours} h ${minutes % 60} min`;
}
