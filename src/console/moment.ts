import { type Html, html } from "./html.ts";

/** A time on a page of ours, to the second, as everywhere: UTC as it is sent; the page's script says it in the reader's own zone. */
export function moment(at: number | string): Html {
  const time = new Date(at).getTime();
  if (Number.isNaN(time)) return html`${at}`;
  return html`<time datetime="${iso(time)}">${dateText(time)} ${iso(time).slice(11, 19)} UTC</time>`;
}

/** As programs read it: `2026-05-28T20:26:40.123Z`. */
export function iso(at: number): string {
  return new Date(at).toISOString();
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
