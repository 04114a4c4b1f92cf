import { type Html, html } from "./html.ts";

/** A time on a page of ours, to the second, as everywhere: UTC as it is sent; the page's script says it in the reader's own zone. */
export function moment(at: number | string): Html {
  const time = new Date(at);
  if (Number.isNaN(time.getTime())) return html`${at}`;
  return html`<time datetime="${time.toISOString()}">${timeText(time.toISOString())} UTC</time>`;
}

/** `28 May 2026 20:26:40`. */
function timeText(time: string): string {
  const at = new Date(time);
  if (Number.isNaN(at.getTime())) return time;
  return `${dateText(at.getTime())} ${at.toISOString().slice(11, 19)}`;
}

const MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

/** `28 May 2026`. */
export function dateText(at: number): string {
  return `${dayText(at)} ${new Date(at).getUTCFullYear()}`;
}

/** `28 May`. */
export function dayText(at: number): string {
  const day = new Date(at);
  return `${day.getUTCDate()} ${MONTHS[day.getUTCMonth()] ?? ""}`;
}
