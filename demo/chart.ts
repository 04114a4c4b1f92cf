import type { Sample } from "./history.ts";
import { type Html, html } from "./html.ts";
import { empty } from "./parts.ts";

const WIDTH = 960;
const HEIGHT = 220;

interface Scale {
  readonly x: (index: number) => number;
  readonly y: (ms: number) => number;
  readonly top: number;
}

function scaleOf(samples: readonly Sample[]): Scale {
  const highest = Math.max(...samples.map((sample) => sample.ms ?? 0), 1);
  const step = [20, 50, 100, 200, 300, 500, 1000].find((size) => size * 4 >= highest) ?? 2000;
  const top = step * 4;
  return {
    top,
    x: (index) => (index / Math.max(1, samples.length - 1)) * WIDTH,
    y: (ms) => HEIGHT - (ms / top) * HEIGHT,
  };
}

/** Runs of neighbours that answered, or that didn't, as [first, last] indexes. */
function runsOf(samples: readonly Sample[], answered: boolean): readonly (readonly [number, number])[] {
  const runs: [number, number][] = [];
  for (const [index, sample] of samples.entries()) {
    if ((sample.ms !== null) !== answered) continue;
    const last = runs.at(-1);
    if (last !== undefined && last[1] === index - 1) last[1] = index;
    else runs.push([index, index]);
  }
  return runs;
}

function line(samples: readonly Sample[], scale: Scale, first: number, last: number): Html {
  const points = samples
    .slice(first, last + 1)
    .map((sample, index) => `${scale.x(first + index).toFixed(1)},${scale.y(sample.ms ?? 0).toFixed(1)}`);
  const left = scale.x(first).toFixed(1);
  const right = scale.x(last).toFixed(1);
  return html`<polygon class="chart-area" points="${left},${HEIGHT} ${points.join(" ")} ${right},${HEIGHT}"/><polyline class="chart-line" points="${points.join(" ")}"/>`;
}

function outage(scale: Scale, first: number, last: number): Html {
  const left = scale.x(first - 0.5);
  const width = Math.max(6, scale.x(last + 0.5) - left);
  return html`<rect class="chart-out" x="${left.toFixed(1)}" y="0" width="${width.toFixed(1)}" height="${HEIGHT}"><title>No answer</title></rect>`;
}

/** Answer times as a line over a day, gaps in red. Stretches to its box, so the words around it stay readable. */
export function chart(samples: readonly Sample[], label: string): Html {
  if (samples.length === 0) return empty("No checks", "This site is paused, so there is nothing to draw.");
  const scale = scaleOf(samples);
  const lines = runsOf(samples, true).map(([first, last]) => line(samples, scale, first, last));
  const outages = runsOf(samples, false).map(([first, last]) => outage(scale, first, last));
  const grid = [0, 1, 2, 3].map(
    (quarter) =>
      html`<line class="chart-grid" x1="0" x2="${WIDTH}" y1="${(quarter * HEIGHT) / 4}" y2="${(quarter * HEIGHT) / 4}"/>`,
  );
  const marks = [4, 3, 2, 1, 0].map((quarter) => html`<span>${(scale.top * quarter) / 4} ms</span>`);
  const key =
    outages.length > 0 ? html`<p class="chart-key"><span class="dot bad"></span>No answer</p>` : null;
  return html`<figure class="chart"><div class="chart-y" aria-hidden="true">${marks}</div>
<svg viewBox="0 0 ${WIDTH} ${HEIGHT}" preserveAspectRatio="none" role="img" aria-label="${label} in the last 24 hours">${grid}${lines}${outages}<line class="chart-base" x1="0" x2="${WIDTH}" y1="${HEIGHT}" y2="${HEIGHT}"/></svg>
<div class="chart-x" aria-hidden="true"><span>24 h ago</span><span>18 h</span><span>12 h</span><span>6 h</span><span>now</span></div>${key}</figure>`;
}
