import type { Complaint } from "../../config/problem.ts";
import type { Config } from "../../config/schema.ts";
import { isAmong, isListedAgent } from "../../domain/grant.ts";
import type { People, Policy } from "../../domain/policy.ts";

/** What apps call their administrators. */
const ADMINISTER =
  /^(?:.*[-_ ])?(?:admins?|administrators?|root|superusers?|super-?admins?|sysops?|staff|owners)$/i;

/**
 * Entries by which agents can be people who administer: as them they could do everything. Those are the readers of the whole audit, those whom `administrators` names, and
 * groups anywhere in the file that are called so.
 */
export function administrators(
  { agents, audit, administrators: trusted }: Config,
  value: unknown,
  policy: Policy,
): readonly Complaint[] {
  const named = groupsIn(value).filter((group) => ADMINISTER.test(group));
  const groups = [...new Set([...audit.readers.groups, ...trusted.groups, ...named])];
  return agents.flatMap(({ mayBe, mayBeAgents }, i) => {
    const path = ["agents", i, "mayBe"];
    const open = groups.filter(
      (group) => isAmong(mayBe, someone(group)) && (mayBeAgents || !isAnAgent(policy, group)),
    );
    if (open.length > 0) {
      const names = open.map((it) => JSON.stringify(it)).join(", ");
      return [
        { path, message: `lets agents be people in ${names}, who administer; add them to \`notInGroups\`` },
      ];
    }
    if (!isEverybody(mayBe)) return [];
    const message =
      "is everybody, also those who administer the app; name their groups in `notInGroups`, or the customers' in `groups`";
    return [{ path, message }];
  });
}

function someone(group: string) {
  return { id: "somebody", name: null, email: null, groups: [group] };
}

function isAnAgent(policy: Policy, group: string): boolean {
  return isListedAgent(policy, someone(group));
}

function isEverybody({ users, groups, notUsers, notInGroups }: People): boolean {
  return users === null && groups === null && notUsers.length === 0 && notInGroups.length === 0;
}

/** Every group that the file names: of agents, of customers, of people in its tables. */
function groupsIn(value: unknown): readonly string[] {
  if (typeof value !== "object" || value === null) return [];
  return Object.entries(value).flatMap(([key, below]) =>
    (key === "groups" || key === "notInGroups") && Array.isArray(below)
      ? below.filter((it) => typeof it === "string")
      : groupsIn(below),
  );
}
