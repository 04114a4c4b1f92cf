import type { Named, Snapshot } from "../config/snapshot.ts";
import { ENGLISH, type Texts } from "../domain/consent/texts.ts";
import { isAgent, isListedAgent } from "../domain/grant.ts";
import type { Identity } from "../domain/identity.ts";
import type { Policy } from "../domain/policy.ts";
import { wordsIn } from "../page/words/words.ts";
import type { NavigationLink } from "./layout.ts";

/** Which records somebody may see: all, those of some agents, or none. `own`: only their own. */
export type Sight =
  | { readonly kind: "all" }
  | { readonly kind: "team" | "own"; readonly of: Named }
  | { readonly kind: "none" };

/** Which records this person may see: members of `audit.readers` all, leads those of their team, agents those of their own actions. */
export function sightOf({ policy, settings }: Snapshot, person: Identity | null): Sight {
  if (person === null) return { kind: "none" };
  const { groups, leads } = settings.audit.readers;
  if (isIn(person, groups)) return { kind: "all" };
  const teams = leads.filter((it) => isIn(person, it.groups)).map(({ agents }) => agents);
  if (teams.length > 0)
    return {
      kind: "team",
      of: {
        users: [person.id, ...teams.flatMap(({ users }) => users)],
        groups: teams.flatMap((it) => it.groups),
      },
    };
  // Agents see their own records also while impersonation is switched off.
  return isListedAgent(policy, person)
    ? { kind: "own", of: { users: [person.id], groups: [] } }
    : { kind: "none" };
}

/** Whether somebody may end what others are doing, and keep agents from it. */
export function isAdministrator({ settings }: Snapshot, person: Identity): boolean {
  return isNamed(settings.administrators, person);
}

/** Whether somebody may see what runs. */
export function seesWhatRuns(snapshot: Snapshot, person: Identity): boolean {
  return isAdministrator(snapshot, person) || sightOf(snapshot, person).kind === "all";
}

export function isNamed({ users, groups }: Named, person: Identity): boolean {
  return users.includes(person.id) || isIn(person, groups);
}

/** Whether somebody may be asked for a second yes, be they an agent or not. */
export function isApprover({ grants }: Policy, person: Identity): boolean {
  return grants.some(({ consent: { approvers, breakGlass } }) => {
    return isIn(person, approvers) || (breakGlass?.secondPerson === true && isIn(person, breakGlass.groups));
  });
}

/** The pages that this person may open. `path` is the one that is shown. */
export function navigationFor(
  snapshot: Snapshot,
  person: Identity | null,
  path: string,
  texts: Texts = ENGLISH,
): readonly NavigationLink[] {
  if (person === null) return [];
  const { policy, settings } = snapshot;
  const { frame, approve } = wordsIn(texts.language);
  const agent = isAgent(policy, person);
  const sight = sightOf(snapshot, person).kind;
  const pages = [
    [agent, "/start", frame.start],
    [seesWhatRuns(snapshot, person), "/sessions", frame.sessions],
    [sight !== "none", "/activity", frame.activity],
    [isApprover(policy, person), "/approve", approve.title],
    [agent, "/why", frame.why],
    [settings.access.page && sight === "none", "/access", texts.words.page.title],
  ] as const;
  return pages
    .filter(([may]) => may)
    .map(([, to, words]) => ({ to: settings.prefix + to, words, here: path === settings.prefix + to }));
}

/** The first of these pages; if there is none, a page that says why. */
export function homeOf(snapshot: Snapshot, person: Identity | null): string {
  const first = navigationFor(snapshot, person, "")[0];
  return first?.to ?? `${snapshot.settings.prefix}/start`;
}

function isIn({ groups }: Identity, among: readonly string[]): boolean {
  return (groups ?? []).some((group) => among.includes(group));
}
