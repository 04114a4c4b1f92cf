import type { Run } from "../../audit/search/search.ts";
import { plain } from "../../domain/plain.ts";
import { type Html, html } from "../html.ts";
import { dateText } from "../moment.ts";
import { axis, clock, inUtc, lengthOf, round, ticks } from "./axis.ts";

const WIDTH = 1_000;
const LEFT = 210;
const ROW_HEIGHT = 26;
const TOP = 6;
const THINNEST = 4;
const MOST_ROWS = 12;

/** Draws the impersonations of a time: a row for each agent and customer, a bar for each impersonation, which links to it. */
export function strip(prefix: string, runs: readonly Run[], from: number, to: number): Html {
  const all = rowsOf(runs);
  const rows = all.slice(0, MOST_ROWS);
  const bottom = TOP + rows.length * ROW_HEIGHT;
  const time = axis(from, to, LEFT, WIDTH - LEFT - 20);
  const bars = rows.flatMap((runs, row) => runs.map((run) => bar(prefix, run, { time, row })));
  return html`<svg class="drawing" viewBox="0 0 ${WIDTH} ${bottom + 26}" role="group" aria-labelledby="strip-title">
<title id="strip-title">Who viewed the app as whom from ${dateText(from)} ${clock(from, 60_000)} to ${dateText(to)} ${clock(to, 60_000)} (UTC)</title>
${ticks(time, TOP, bottom)}
${rows.map((runs, row) => html`<text class="pair" x="${LEFT - 12}" y="${TOP + row * ROW_HEIGHT + 17}" text-anchor="end">${pairText(runs[0])}</text>`)}
${bars}
</svg>
${all.length > rows.length ? html`<p class="small">${all.length - rows.length} more are not drawn: ask for an agent, a customer or a shorter time.</p>` : null}`;
}

function rowsOf(runs: readonly Run[]): readonly (readonly Run[])[] {
  const rows = Map.groupBy(runs, ({ agent, customer }) => `${agent}\n${customer}`);
  return [...rows.values()];
}

function pairText(run: Run | undefined): string {
  if (run === undefined) return "";
  const [agent, customer] = [run.agentName ?? run.agent ?? "?", run.customerName ?? run.customer ?? "?"];
  return `${plain(agent, 14)} as ${plain(customer, 14)}`;
}

function bar(
  prefix: string,
  run: Run,
  { time, row }: { readonly time: ReturnType<typeof axis>; readonly row: number },
): Html {
  const [from, to] = [time.x(run.first), time.x(run.last)];
  const width = Math.max(THINNEST, round(to - from));
  const what = run.changed > 0 ? "changed" : run.refused > 0 ? "refused" : "looked";
  return html`<a href="${prefix}/activity?impersonation=${encodeURIComponent(run.id)}"><rect class="bar ${what}" x="${from}" y="${TOP + row * ROW_HEIGHT + 4}" width="${width}" height="${ROW_HEIGHT - 8}" rx="3"><title${inUtc(run.first)}>${told(run)}</title></rect></a>`;
}

function told(run: Run): string {
  const counts = [
    [run.looked, "looked at"],
    [run.changed, "changed"],
    [run.refused, "refused"],
    [run.failed, "failed"],
  ].flatMap(([count, word]) => (count === 0 ? [] : [`${count} ${word}`]));
  const who = `${plain(run.agentName ?? run.agent ?? "?")} as ${plain(run.customerName ?? run.customer ?? "?")}`;
  return `${who}, from ${clock(run.first)} for ${lengthOf(run.last - run.first)}: ${counts.join(", ") || "nothing"}`;
}
