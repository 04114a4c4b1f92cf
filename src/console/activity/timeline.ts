import type { Tone } from "../../audit/search/row.ts";
import type { Picture } from "../../audit/search/search.ts";
import { type Html, html } from "../html.ts";
import { type Axis, axis, clock, inUtc, lengthOf, round, ticks } from "./axis.ts";
import { actionText } from "./rows.ts";

const WIDTH = 1_000;
const LEFT = 34;
const TOP = 34;
const HIGH = 120;
const STRETCH = 7;
const MOST_STRETCHES = 8;

/** Columns of the drawing: so many parts of the time are counted. */
export const COLUMNS = 120;

const STACK = ["looked", "changed", "refused", "failed"] as const;
const WORDS: Readonly<Record<Tone, string>> = {
  looked: "looked at",
  changed: "changed",
  refused: "refused",
  failed: "failed",
  open: "open",
  told: "told",
};

interface TimelineView {
  readonly from: number;
  readonly to: number;
  readonly picture: Picture;
  /** The address of a part of it, to look closer. */
  readonly closer: (from: number, to: number) => string;
}

/** One impersonation, drawn: how many requests of what kind and when, what lasted, and what happened to itself. */
export function timeline({ from, to, picture, closer }: TimelineView): Html {
  const time = axis(from, to, LEFT, WIDTH - LEFT - 16);
  const bottom = TOP + HIGH;
  const most = Math.max(1, ...sums(picture).values());
  const stretches = picture.stretches.slice(0, MOST_STRETCHES);
  const end = bottom + 24 + stretches.length * STRETCH;
  return html`<svg class="drawing" viewBox="0 0 ${WIDTH} ${end + 4}" role="group" aria-labelledby="time-title time-text">
<title id="time-title">What was done, from ${clock(from)} to ${clock(to)} (UTC)</title>
<desc id="time-text">${inWords(picture)}</desc>
${band(picture, time, bottom)}
${ticks(time, TOP, bottom)}
<text class="label" x="${LEFT - 6}" y="${TOP + 9}" text-anchor="end">${most}</text>
<line class="ground" x1="${LEFT}" y1="${bottom}" x2="${WIDTH - 16}" y2="${bottom}"/>
${columns(picture, { time, most, bottom, closer })}
${picture.events.map(({ at, action }) => moment(time.x(at), action, bottom, at))}
${stretches.map(({ from: begun, to: done, tone }, row) => html`<rect class="bar ${tone}" x="${time.x(begun)}" y="${bottom + 22 + row * STRETCH}" width="${Math.max(2, round(time.x(done) - time.x(begun)))}" height="4" rx="2"><title${inUtc(begun)}>open for ${lengthOf(done - begun)}, from ${clock(begun)}</title></rect>`)}
</svg>
<ul class="legend">${STACK.map((tone) => html`<li><span class="dot ${tone}"></span>${WORDS[tone]}</li>`)}<li><span class="dot write"></span>may change things</li></ul>`;
}

/** When things could be changed, as far as the requests then say so. */
function band({ columns: parts }: Picture, time: Axis, bottom: number): readonly Html[] {
  const wide = time.width / COLUMNS;
  const write = [...Map.groupBy(parts, (it) => it.column)]
    .map(([column, of]) => ({ column, write: of.some((it) => it.write) }))
    .sort((one, other) => one.column - other.column);
  return write.flatMap((it, index) => {
    if (!it.write) return [];
    const next = write[index + 1];
    // Between two that were allowed to, it was allowed all the time.
    const until = next?.write === true ? next.column : it.column + 1;
    const [x, width] = [time.left + it.column * wide, (until - it.column) * wide];
    return [
      html`<rect class="write" x="${round(x)}" y="${TOP}" width="${round(width)}" height="${bottom - TOP}"/>`,
    ];
  });
}

function columns(
  picture: Picture,
  view: {
    readonly time: Axis;
    readonly most: number;
    readonly bottom: number;
    readonly closer: TimelineView["closer"];
  },
): readonly Html[] {
  const { time, most, bottom } = view;
  const [long, wide] = [(time.to - time.from) / COLUMNS, time.width / COLUMNS];
  return [...Map.groupBy(picture.columns, (it) => it.column)].map(([column, parts]) => {
    const [from, x] = [time.from + column * long, round(time.left + column * wide + 0.5)];
    let y = bottom;
    const stack = STACK.flatMap((tone) => {
      const count = parts.find((it) => it.tone === tone)?.count ?? 0;
      if (count === 0) return [];
      const high = Math.max(3, round((count / most) * (HIGH - 6)));
      y = round(y - high);
      return [
        html`<rect class="bar ${tone}" x="${x}" y="${y}" width="${round(wide - 1)}" height="${high}"/>`,
      ];
    });
    const said = parts.map(({ tone, count }) => `${count} ${WORDS[tone]}`).join(", ");
    return html`<a href="${view.closer(Math.floor(from), Math.ceil(from + long))}"><title${inUtc(from)}>${clock(from)}: ${said}</title>${stack}</a>`;
  });
}

function moment(x: number, action: string, bottom: number, at: number): Html {
  const right = x > WIDTH - 90;
  return html`<line class="moment" x1="${x}" y1="${TOP - 12}" x2="${x}" y2="${bottom}"/>
<text class="label strong" x="${right ? x - 5 : x + 5}" y="${TOP - 6}"${right ? html` text-anchor="end"` : null}>${actionText(action)}<title${inUtc(at)}>${clock(at)}</title></text>`;
}

function sums({ columns: parts }: Picture): ReadonlyMap<number, number> {
  const all = new Map<number, number>();
  for (const { column, count } of parts) all.set(column, (all.get(column) ?? 0) + count);
  return all;
}

function inWords({ columns: parts, events }: Picture): string {
  const counts = STACK.flatMap((tone) => {
    const count = parts.filter((it) => it.tone === tone).reduce((sum, it) => sum + it.count, 0);
    return count === 0 ? [] : [`${count} ${WORDS[tone]}`];
  });
  const happened = events.map(({ at, action }) => `${actionText(action)} at ${clock(at)}`);
  return `Requests: ${counts.join(", ") || "none"}. ${happened.join(", ")}.`;
}
