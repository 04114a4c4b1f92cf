import type { IncomingHttpHeaders } from "node:http";
import type { Answer } from "../http/raw-response.ts";

/** The first versions that know `noopener-allow-popups`; older browsers would take it for no policy at all. */
const CHROMIUM = 131;
const SAFARI = [18, 4] as const;

/**
 * The opener policy of a page of ours. With `noopener-allow-popups` no opener keeps a handle on it; with `same-origin` only openers with
 * the same policy do.
 */
export function openerPolicy(headers: IncomingHttpHeaders): "noopener-allow-popups" | "same-origin" {
  return cutsOpeners(headers["user-agent"] ?? "") ? "noopener-allow-popups" : "same-origin";
}

/** The opener policy of an impersonated document, instead of the app's: it gets no handle on our pages or on the agent's own. */
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

/** For every answer of ours: browsers don't guess its type, and no other origin can load it into a page. */
export const ONLY_HERE: Answer["headers"] = [
  ["X-Content-Type-Options", "nosniff"],
  ["Cross-Origin-Resource-Policy", "same-origin"],
];

/** The headers of an answer of ours of this type that nobody keeps. */
export function unkept(type: string): Answer["headers"] {
  return [["Content-Type", type], ["Cache-Control", "no-store"], ...ONLY_HERE];
}

/** A redirect without a Referer. */
export function ledTo(to: string, more: Answer["headers"] = []): Answer {
  const quiet = [
    ["Location", to],
    ["Cache-Control", "no-store"],
    ["Referrer-Policy", "no-referrer"],
  ] as const;
  return { status: 303, headers: [...quiet, ...more], body: "" };
}

/** Problem JSON (RFC 9457). What is undefined in `more` is left out. */
export function problem(
  family: "reason" | "fault",
  code: string,
  status: number,
  title: string,
  detail: string,
  requestId: string,
  more: Readonly<Record<string, string | undefined>> = {},
): string {
  const type = `urn:guise:${family}:${code}`;
  return JSON.stringify({ type, title, status, detail, code, requestId, ...more });
}
