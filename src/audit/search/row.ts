import { hash } from "node:crypto";
import type { ReasonWord } from "../../domain/decision.ts";
import { isSafe } from "../../domain/method/method.ts";
import { linkOf } from "../record/hash-chain.ts";
import { type Written, type WrittenPerson, writtenOf } from "../record/parse.ts";

/**
 * What a record was about, in one word: `looked` and `changed` are requests that succeeded, `failed` those that did not, `refused`
 * what was not let through, `open` what has no end yet; `told` is everything else.
 */
export const TONES = ["told", "looked", "changed", "refused", "failed", "open"] as const;
export type Tone = (typeof TONES)[number];

/**
 * Where a record stands on a page of them: `page` is one that a person went to, `part` what pages load, how requests begin and go on,
 * and who looked at records; everything else stands `alone`.
 */
export const PLACES = ["alone", "part", "page"] as const;
type Place = (typeof PLACES)[number];

/** What is kept of a record to find it by. */
export interface Row {
  readonly producer: string;
  readonly sequence: number;
  readonly previous: string;
  readonly hash: string;
  /** Small numbers made of the ids of the event and of the request that it belongs to; they can be the same by chance. */
  readonly event: number;
  readonly request: number | null;
  readonly at: number;
  readonly action: string;
  readonly agent: WrittenPerson | null;
  readonly customer: WrittenPerson | null;
  readonly impersonation: string | null;
  /** Null where the gateway has one app, which has no name. */
  readonly app: string | null;
  readonly tone: Tone;
  readonly place: Place;
  readonly ticket: string | null;
  /** The reason word; null for the most common one, that it was let through. */
  readonly word: string | null;
  /** It was allowed to change things then. */
  readonly write: boolean;
  /** How long a request took, ms. */
  readonly lasted: number | null;
}

const LET_THROUGH: ReasonWord = "impersonating";
const NANOSECONDS = 1_000_000;

/** Reads a whole, unaltered record; null for bytes that are none. */
export function rowOf(line: Buffer): Row | null {
  const link = linkOf(line);
  const record = link === null ? null : writtenOf(line.toString("utf8"));
  if (link === null || record === null) return null;
  const { event, user, http, guise } = record;
  const request = http?.request?.id;
  return {
    ...link,
    event: numberOf(event.id),
    request: request === undefined ? null : numberOf(request),
    at: Date.parse(record["@timestamp"]),
    action: event.action,
    agent: agentOf(record),
    customer: user?.effective ?? null,
    impersonation: guise.impersonation ?? null,
    app: guise.app ?? null,
    tone: toneOf(record),
    place: placeOf(record),
    ticket: event.reference ?? null,
    word: guise.decision === LET_THROUGH ? null : (guise.decision ?? null),
    write: guise.mode === "write",
    lasted: event.action === "impersonation.outcome" ? (event.duration ?? 0) / NANOSECONDS : null,
  };
}

/** The agent that a record is about: whom an administrator did something to, else who did it. */
export function agentOf({ user }: Pick<Written, "user">): WrittenPerson | null {
  const about = user?.target ?? user;
  return about?.id === undefined ? null : about;
}

/** 48 bits of an id. */
export function numberOf(id: string): number {
  return Number.parseInt(hash("sha256", id, "hex").slice(0, 12), 16);
}

/** What a record was about. */
export function toneOf({ event, http }: Written): Tone {
  switch (event.action) {
    case "impersonation.outcome":
      if (event.outcome !== "success") return "failed";
      return isSafe(http?.request?.method ?? "") ? "looked" : "changed";
    case "impersonation.denied":
    case "impersonation.refused":
    case "impersonation.not-started":
      return "refused";
    case "impersonation.intent":
    case "impersonation.progress":
      return "open";
    default:
      return "told";
  }
}

/** Where a record stands among others. Records of version 0.1 don't say what is a page: each stands alone. */
export function placeOf({ event, http, guise }: Pick<Written, "event" | "http" | "guise">): Place {
  switch (event.action) {
    case "impersonation.intent":
    case "impersonation.progress":
    case "audit.read":
      return "part";
    case "impersonation.outcome":
      if (guise.navigation === true) return "page";
      return guise.navigation === false && isSafe(http?.request?.method ?? "") ? "part" : "alone";
    default:
      return "alone";
  }
}
