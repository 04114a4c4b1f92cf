import type { Grant, Part, People, Place, Policy } from "../domain/policy.ts";
import { parsePattern } from "../domain/routing/route.ts";
import { compileRules } from "../domain/routing/rule.ts";
import { didYouMean } from "./nearest.ts";
import type { Complaint } from "./problem.ts";
import type { Config } from "./schema.ts";

type Agent = Config["agents"][number];

/** What grants are made of. null stands for an entry that is wrong already. */
export interface GrantParts {
  readonly impersonation: Config["impersonation"];
  readonly agents: readonly (Agent | null)[];
}

/** The apps of the file, for grants that are for some of them. */
interface GrantApps {
  readonly names: readonly string[];
  nameAt(place: Place): string | null;
}

const ONE_APP: GrantApps = { names: [], nameAt: () => null };

/** `agents` as grants, and what is wrong with entries that say nothing, or nobody. */
export function policyOf(
  { impersonation, agents }: GrantParts,
  apps: GrantApps = ONE_APP,
): {
  readonly policy: Policy;
  readonly complaints: readonly Complaint[];
} {
  return {
    policy: {
      impersonation,
      grants: agents.flatMap((agent, i) => (agent === null ? [] : grantOf(agent, i, apps))),
    },
    complaints: agents.flatMap((agent, i) => {
      if (agent === null) return [];
      return [...complaintsOf(agent, ["agents", i]), ...unknownApps(agent, ["agents", i], apps)];
    }),
  };
}

function grantOf(agent: Agent, i: number, apps: GrantApps): Grant {
  return {
    name: `agents[${i}]`,
    kind: agent.kind,
    agents: peopleOf(agent),
    mayBe: agent.mayBe,
    mayBeAgents: agent.mayBeAgents,
    part: partOf(agent, apps),
    mode: agent.mode,
    elevateFor: agent.elevate?.for ?? null,
    elevateStepUp: agent.elevate?.stepUp ?? false,
    start: agent.start.by,
    startStepUp: agent.start.stepUp,
    reason: agent.reason.required ? "required" : "optional",
    reasons: agent.reason.oneOf,
    consent: { ...agent.consent, scope: scopeOf(agent) },
    total: agent.limit.total,
    idle: agent.limit.idle,
    customersPerDay: agent.limit.customersPerDay,
  };
}

/** Apps, hosts and paths together, hosts and paths read as strictly as what `allow` gives; null where the entry is for everything. */
function partOf({ apps, ...agent }: Agent, all: GrantApps): Part | null {
  const within = placesOf(agent);
  if (apps === null) return within;
  return {
    covers: (place) => apps.includes(all.nameAt(place) ?? "") && (within === null || within.covers(place)),
  };
}

/** The part in words, the same for the same part wherever its entry stands. */
function scopeOf({ apps, hosts, routes }: Agent): string | null {
  const parts = [
    apps === null ? null : apps.join(", "),
    hosts === null ? null : hosts.join(", "),
    routes === null ? null : routes.join(", "),
  ].filter((it) => it !== null);
  return parts.length === 0 ? null : parts.join("; ");
}

function unknownApps(
  { apps }: Agent,
  path: readonly PropertyKey[],
  { names }: GrantApps,
): readonly Complaint[] {
  const there = names.length === 0 ? "; the file has no `apps`" : `; there are: ${names.join(", ")}`;
  return (apps ?? []).flatMap((name, i): readonly Complaint[] => {
    if (names.includes(name)) return [];
    const message = `\`${name}\` is no name in \`apps\`${didYouMean(name, names) || there}`;
    return [{ path: [...path, "apps", i], message }];
  });
}

function placesOf({ hosts, routes }: Pick<Agent, "hosts" | "routes">): Part | null {
  if (hosts === null && routes === null) return null;
  const rule = { name: "part", effect: "allow", sentence: null } as const;
  const specs = (hosts ?? [null]).flatMap((host) =>
    (routes ?? [null]).map((path) => ({ rule, host, path, methods: null })),
  );
  const { index } = compileRules(specs);
  return { covers: (place) => index.match({ ...place, method: "GET" }) !== null };
}

function patternComplaints({ hosts, routes }: Agent, path: readonly PropertyKey[]): readonly Complaint[] {
  const told = (key: "hosts" | "routes", kind: "host" | "path", patterns: readonly string[]) =>
    patterns.flatMap((pattern, i): readonly Complaint[] => {
      const read = parsePattern(pattern, kind);
      return read.kind === "problem" ? [{ path: [...path, key, i], message: read.message }] : [];
    });
  return [...told("hosts", "host", hosts ?? []), ...told("routes", "path", routes ?? [])];
}

function peopleOf({ users, groups, notUsers, notInGroups }: People): People {
  return { users, groups, notUsers, notInGroups };
}

function complaintsOf(agent: Agent, path: readonly PropertyKey[]): readonly Complaint[] {
  const found: Complaint[] = [...patternComplaints(agent, path)];
  if (agent.users === null && agent.groups === null) {
    found.push({ path, message: "says of nobody that they are an agent; write `groups` or `users`" });
  }
  const empty = emptyWhy(agent);
  if (empty !== null) found.push({ path, message: `can match no agent: ${empty}` });
  const nobody = emptyWhy(agent.mayBe);
  if (nobody !== null) found.push({ path: [...path, "mayBe"], message: `can match nobody: ${nobody}` });
  if (agent.mode === "write" && agent.elevate !== null) {
    found.push({
      path: [...path, "elevate"],
      message: "is of no use with `mode: write`; remove one of them",
    });
  }
  if (agent.kind === "machine") found.push(...machineComplaints(agent, path));
  const { total, idle } = agent.limit;
  if (total <= 0 || total > 86_400_000) {
    found.push({
      path: [...path, "limit", "total"],
      message: "is no time, or more than a day; write a length of time up to 24h",
    });
  }
  if (idle <= 0 || idle > total) {
    found.push({
      path: [...path, "limit", "idle"],
      message: "is no time, or is longer than `total`; write a shorter one",
    });
  }
  return found;
}

/** What programs must not be given. */
function machineComplaints(agent: Agent, path: readonly PropertyKey[]): readonly Complaint[] {
  const { mode, elevate, consent, start } = agent;
  const told: readonly (readonly [boolean, string, string])[] = [
    [mode === "write", "mode", "is more than a program may have; write `read`"],
    [elevate !== null, "elevate", "is for people; leave it out with `kind: machine`"],
    [consent.mode === "none", "consent", "has to be `notice` at least with `kind: machine`"],
    [consent.breakGlass !== null, "consent", "a program breaks no glass; leave `breakGlass` out"],
    [start.stepUp, "start", "a program can't sign in once more; leave `stepUp` out with `kind: machine`"],
  ];
  return told.flatMap(([wrong, key, message]) => (wrong ? [{ path: [...path, key], message }] : []));
}

/** Why nobody can be among these people; null if somebody can be among them. */
export function emptyWhy(people: People): string | null {
  const { users, groups, notUsers, notInGroups } = people;
  if (users?.length === 0) return "`users` is empty; leave it out or name somebody";
  if (groups?.length === 0) return "`groups` is empty; leave it out or name a group";
  if (users?.every((user) => notUsers.includes(user))) return "`notUsers` takes away all of `users`";
  if (groups?.every((group) => notInGroups.includes(group)))
    return "`notInGroups` takes away all of `groups`";
  return null;
}
