import type { ReasonWord } from "./decision.ts";
import type { Identity } from "./identity.ts";
import type { Impersonation } from "./impersonation.ts";
import type { Grant, People, Policy } from "./policy.ts";

/** Whether an agent may be this person, and by which entry of `agents`. */
export type Admission =
  | { readonly kind: "granted"; readonly grant: Grant }
  | {
      readonly kind: "refused";
      readonly reason: Extract<ReasonWord, "not-agent" | "own-page" | "nested" | "protected-target">;
    };

/** Whether a person is among these people. What is not known about a person never counts in their favour. */
export function isAmong(people: People, person: Identity): boolean {
  const { id, groups } = person;
  if (people.users !== null && !people.users.includes(id)) return false;
  if (people.notUsers.includes(id)) return false;
  if (people.groups !== null && !(groups ?? []).some((group) => people.groups?.includes(group))) return false;
  if (people.notInGroups.length === 0) return true;
  return groups !== null && !groups.some((group) => people.notInGroups.includes(group));
}

/** Whether somebody may impersonate at all, whoever it be. */
export function isAgent(policy: Policy, person: Identity): boolean {
  return policy.impersonation === "on" && policy.grants.some((grant) => isAmong(grant.agents, person));
}

/** The first entry of `agents` that this agent is in and that has this person in its `mayBe`. */
export function admit(policy: Policy, agent: Identity, target: Identity): Admission {
  if (!isAgent(policy, agent)) return { kind: "refused", reason: "not-agent" };
  if (agent.id === target.id) return { kind: "refused", reason: "own-page" };
  const candidates = policy.grants.filter(
    (grant) => isAmong(grant.agents, agent) && isAmong(grant.mayBe, target),
  );
  if (candidates.length === 0) return { kind: "refused", reason: "protected-target" };
  const targetIsAgent = isAgent(policy, target);
  const grant = candidates.find((candidate) => !targetIsAgent || candidate.mayBeAgents);
  return grant ? { kind: "granted", grant } : { kind: "refused", reason: "nested" };
}

/**
 * An impersonation under what the config grants today: a mode, a step up or a limit that became less counts at once; one
 * that became more is for those that begin after it. As it is where nothing is granted any more: then it is over anyhow.
 */
export function asGranted(
  policy: Policy,
  it: Impersonation,
  { agent, target }: { readonly agent: Identity; readonly target: Identity },
): Impersonation {
  const admission = admit(policy, agent, target);
  if (admission.kind === "refused") return it;
  const { mode, elevateFor, total, idle } = admission.grant;
  return {
    ...it,
    mode: mode === "write" ? it.mode : "read",
    writeUntil: mode === "write" || elevateFor !== null ? it.writeUntil : null,
    expiresAt: Math.min(it.expiresAt, it.startedAt + total),
    idleFor: Math.min(it.idleFor, idle),
  };
}
