import type { ConsentTerms } from "./consent/consent.ts";

/** What may be done while impersonating: only look, or also change things. */
export type Mode = "read" | "write";

/** A set of people. Every part that is given must hold; no part at all means everybody. */
export interface People {
  readonly users: readonly string[] | null;
  readonly groups: readonly string[] | null;
  readonly notUsers: readonly string[];
  readonly notInGroups: readonly string[];
}

/** Where a request goes, canonically: what grants for a part of the app go by. */
export interface Place {
  readonly host: string;
  readonly path: string;
}

/** The part of the app that a grant is for. */
export interface Part {
  /** In every reading that a server may have of the path. */
  covers(place: Place): boolean;
}

/** One entry of `agents`: who may be whom, where, and how. */
export interface Grant {
  /** Position in the config, for `explain` and the audit: `agents[0]`. */
  readonly name: string;
  /** Whether its agents are people or programs; absent: people. A program names a ticket, and only looks. */
  readonly kind?: "person" | "machine";
  readonly agents: People;
  readonly mayBe: People;
  /** Whether people who may impersonate themselves can be targets. */
  readonly mayBeAgents: boolean;
  /** Null: the whole app. */
  readonly part: Part | null;
  readonly mode: Mode;
  /** How long a step up to write lasts, in milliseconds; null forbids it. */
  readonly elevateFor: number | null;
  /** Whether the agent has to show once more, or better, who they are, before a step up to write or a start. */
  readonly elevateStepUp: boolean;
  readonly start: "auto" | "ask";
  readonly startStepUp: boolean;
  readonly reason: "optional" | "required";
  /** The reasons of which one is to be given; null: what the agent writes. */
  readonly reasons: readonly string[] | null;
  readonly consent: ConsentTerms;
  /** Total and idle limit in milliseconds. */
  readonly total: number;
  readonly idle: number;
  /** Different people within 24 hours by entries that limit them; null: any number. */
  readonly customersPerDay: number | null;
}

export type EffectName = "allow" | "deny" | "confirm" | "write" | "stop";

/** One entry of `rules`, compiled. `sentence` is what the agent reads. */
export interface Rule {
  /** Position in the config or the preset's entry: `rules[2]`, `account-security/password`. */
  readonly name: string;
  readonly effect: EffectName;
  readonly sentence: string | null;
}

/** The compiled `agents`, and whether impersonation is on at all. */
export interface Policy {
  readonly impersonation: "on" | "off";
  /** Agents whom an administrator keeps from it, by id, each with until when, ms; absent: nobody. */
  readonly blocked?: ReadonlyMap<string, number>;
  readonly grants: readonly Grant[];
}
