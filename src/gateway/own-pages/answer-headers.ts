import type { IncomingHttpHeaders } from "node:http";

/** From these versions on a browser knows `noopener-allow-popups`; one that doesn't would take it for no policy. */
const CHROMIUM = 131;
const SAFARI = [18, 4] as const;

/**
 * The opener policy of a page of ours. With `noopener-allow-popups` nobody who opens it keeps a handle on it; with `same-origin` nobody does
 * whose own policy is another.
 */
export function openerPolicy(headers: IncomingHttpHeaders): "noopener-allow-popups" | "same-origin" {
  return cutsOpeners(headers["user-agent"] ?? "") ? "noopener-allow-popups" : "same-origin";
}

/**
 * That of a document of the app that is shown as somebody else, whatever the app says: it keeps no handle on a page of ours, nor on one that
 * is the agent's own.
 */
export function impersonatedOpenerPolicy(
  headers: IncomingHttpHeaders,
): "same-origin" | "same-origin-allow-popups" {
  return cutsOpeners(headers["user-agent"] ?? "") ? "same-origin" : "same-origin-allow-popups";
}

function cutsOpeners(agent: string): boolean {
  const chromium = /\b(?:Chrome|Chromium)\/(\d+)/.exec(agent)?.[1];
  if (chromium !== undefined) return Number(chromium) >= CHROMIUM;
  const [, major = "0", minor = "0"] =
    /\bVersion\/(\d+)\.(\d+)\S* (?:Mobile\/\S+ )?Safari\//.exec(agent) ?? [];
  const [least, then] = SAFARI;
  return Number(major) > least || (Number(major) === least && Number(minor) >= then);
}

/** What every answer of ours says: nobody guesses at its type, and no other origin has it in a page. */
export const ONLY_HERE: readonly (readonly [string, string])[] = [
  ["X-Content-Type-Options", "nosniff"],
  ["Cross-Origin-Resource-Policy", "same-origin"],
];
