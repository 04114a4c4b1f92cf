import type { ReasonWord } from "./decision.ts";
import type { CallerFact } from "./facts.ts";
import type { Identity } from "./identity.ts";
import type { Impersonation } from "./impersonation.ts";
import type { Grant, People, Place, Policy } from "./policy.ts";

/** Whether an agent may be this person, and by which entry of `agents`. */
export type Admission =
  | { readonly kind: "granted"; readonly grant: Grant }
  | {
      readonly kind: "refused";
      readonly reason: Extract<
        ReasonWord,
        "not-agent" | "own-page" | "nested" | "protected-target" | "outside-grant"
      >;
    };

/** Whether a person is among these people. An unknown fact never gives a right. */
export function isAmong(people: People, person: Identity): boolean {
  const { id, groups } = person;
  if (people.users !== null && !people.users.includes(id)) return false;
  if (people.notUsers.includes(id)) return false;
  if (people.groups !== null && !(groups ?? []).some((group) => people.groups?.includes(group))) return false;
  if (people.notInGroups.length === 0) return true;
  return groups !== null && !groups.some((group) => people.notInGroups.includes(group));
}

/** Whether a person may be among these people: with an unknown fact, they count as being among them. */
export function mayBeAmong(people: People, person: Identity | null): boolean {
  if (person === null) return true;
  if (person.groups !== null) return isAmong(people, person);
  return isAmong({ ...people, groups: null, notInGroups: [] }, person);
}

/** Whether an entry accepts this reason: it is there if one is required, and on the list if there is one. */
export function takesReason(
  { reason, reasons }: Pick<Grant, "reason" | "reasons">,
  given: string | null,
): boolean {
  if (given === null) return reason === "optional";
  return reasons === null || reasons.includes(given);
}

/** Whether what a caller showed of themselves is enough for a step up at this moment. */
export function isStrong(caller: CallerFact, now: number): boolean {
  return caller.kind === "known" && now < (caller.strongUntil ?? 0);
}

/** Whether somebody may impersonate at all. */
export function isAgent(policy: Policy, person: Identity): boolean {
  return policy.impersonation === "on" && isListedAgent(policy, person);
}

/** Whether an administrator keeps this agent from viewing anybody at this moment. */
export function isBlocked({ blocked }: Policy, agent: Identity, now: number): boolean {
  return now < (blocked?.get(agent.id) ?? 0);
}

/** Whether an entry of `agents` names somebody, also while impersonation is switched off. */
export function isListedAgent({ grants }: Policy, person: Identity): boolean {
  return grants.some((grant) => isAgentOf(grant, person));
}

/** An entry is for people or for programs, never for both. */
function isAgentOf({ kind, agents }: Grant, person: Identity): boolean {
  return (kind === "machine") === (person.machine !== undefined) && isAmong(agents, person);
}

/** The first grant by which this agent may be this person at this place; `place` null asks about any place. */
export function admit(
  policy: Policy,
  agent: Identity,
  target: Identity,
  place: Place | null = null,
): Admission {
  if (!isAgent(policy, agent)) return { kind: "refused", reason: "not-agent" };
  if (agent.id === target.id) return { kind: "refused", reason: "own-page" };
  const fitting = grantsFor(policy, agent, target);
  if (fitting.length === 0) return { kind: "refused", reason: "protected-target" };
  const targetIsAgent = isAgent(policy, target);
  const open = fitting.filter((it) => !targetIsAgent || it.mayBeAgents);
  if (open.length === 0) return { kind: "refused", reason: "nested" };
  const grant = open.find((it) => covers(it, place));
  // A program may do what both may do: it, and the person for whom it acts.
  if (grant !== undefined && agent.machine !== undefined) {
    const own = admit(policy, agent.machine.for, target, place);
    if (own.kind === "refused") return own;
  }
  return grant === undefined ? { kind: "refused", reason: "outside-grant" } : { kind: "granted", grant };
}

function grantsFor({ grants }: Policy, agent: Identity, target: Identity): readonly Grant[] {
  return grants.filter((grant) => isAgentOf(grant, agent) && isAmong(grant.mayBe, target));
}

function covers({ part }: Grant, place: Place | null): boolean {
  return part === null || place === null || part.covers(place);
}

/** Whether this agent may be anybody at this place. */
export function coversAny(policy: Policy, agent: Identity, place: Place): boolean {
  return policy.grants.some((grant) => isAgentOf(grant, agent) && covers(grant, place));
}

/**
 * An impersonation with today's limits of the config at this place. If mode, step up or limit became smaller, that counts at once; larger
 * values count only for later starts. If nothing is granted any more, it is returned unchanged, since it ends anyway. If the place
 * is unknown or outside every grant, the largest values that any entry grants to this pair count.
 */
export function asGranted(
  policy: Policy,
  it: Impersonation,
  {
    agent,
    target,
    place,
  }: { readonly agent: Identity; readonly target: Identity; readonly place: Place | null },
): Impersonation {
  const admission = admit(policy, agent, target, place);
  const grants =
    admission.kind === "granted" && place !== null ? [admission.grant] : everywhere(policy, agent, target);
  if (grants.length === 0) return it;
  const write = grants.some(({ mode }) => mode === "write");
  const elevates = grants.some(({ elevateFor }) => elevateFor !== null);
  return {
    ...it,
    mode: write ? it.mode : "read",
    writeUntil: write || elevates ? it.writeUntil : null,
    expiresAt: Math.min(it.expiresAt, it.startedAt + Math.max(...grants.map(({ total }) => total))),
    idleFor: Math.min(it.idleFor, Math.max(...grants.map(({ idle }) => idle))),
  };
}

/** The entries that count for this pair at some place: none behind the first that is for the whole app. */
function everywhere(policy: Policy, agent: Identity, target: Identity): readonly Grant[] {
  if (admit(policy, agent, target).kind === "refused") return [];
  const targetIsAgent = isAgent(policy, target);
  const open = grantsFor(policy, agent, target).filter((it) => !targetIsAgent || it.mayBeAgents);
  const whole = open.findIndex(({ part }) => part === null);
  return whole === -1 ? open : open.slice(0, whole + 1);
}
