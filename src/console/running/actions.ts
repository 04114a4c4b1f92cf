import type { FastifyRequest } from "fastify";
import { type Identity, labelOf } from "../../domain/identity.ts";
import type { Impersonation } from "../../domain/impersonation.ts";
import { isId } from "../../domain/person.ts";
import { eventOf, type Saying } from "../../gateway/audit/audit-event.ts";
import { end } from "../../gateway/impersonation/start-and-stop.ts";
import { inBatches } from "../../gateway/services/batches.ts";
import type { Block } from "../../sessions/blocks.ts";
import { iso } from "../moment.ts";
import { field, type Known, words } from "../visitor.ts";

/** What an administrator does to what others are doing. */
type Action =
  | { readonly kind: "end"; readonly which: (it: Impersonation) => boolean }
  | { readonly kind: "block"; readonly agent: string; readonly lasts: number; readonly why: string | null }
  | { readonly kind: "unblock"; readonly agent: string }
  | { readonly kind: "switch"; readonly off: boolean };

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;

/** How long an agent can be kept from impersonating, as the form offers it, ms. */
export const LASTS = [
  [15 * MINUTE, "15 minutes"],
  [HOUR, "1 hour"],
  [8 * HOUR, "8 hours"],
  [24 * HOUR, "1 day"],
  [7 * 24 * HOUR, "7 days"],
  [30 * 24 * HOUR, "30 days"],
] as const;

/** Ends at a time: one is a handful of questions to the store. */
const WIDTH = 32;

/** What the form says; null where it says nothing that can be done. */
export function actionOf(request: FastifyRequest): Action | null {
  const one = field(request, "one");
  if (one !== null) return { kind: "end", which: ({ id }) => id === one };
  const allOf = field(request, "all-of");
  if (allOf !== null) return { kind: "end", which: ({ agent }) => agent.id === allOf };
  const agent = field(request, "agent")?.trim() ?? "";
  switch (field(request, "do")) {
    case "end": {
      const ticked = new Set(listed(request, "id"));
      return { kind: "end", which: ({ id }) => ticked.has(id) };
    }
    case "end-all":
      return { kind: "end", which: () => true };
    case "block": {
      const lasts = LASTS.find(([ms]) => String(ms) === field(request, "lasts"))?.[0];
      if (lasts === undefined || !isId(agent)) return null;
      return { kind: "block", agent, lasts, why: words(request, "why", 500) };
    }
    case "unblock":
      return isId(agent) ? { kind: "unblock", agent } : null;
    case "off":
      return { kind: "switch", off: true };
    case "on":
      return { kind: "switch", off: false };
    default:
      return null;
  }
}

/** The values of a field that may come several times. */
function listed(request: FastifyRequest, name: string): readonly string[] {
  const value: unknown = Reflect.get(Object(request.body), name);
  return (Array.isArray(value) ? value : [value]).filter((it) => typeof it === "string");
}

/** Does it on every gateway of the store. It is done even if it can't be recorded: an impersonation must not go on because the journal is down. */
export async function carryOut(who: Known, action: Action): Promise<void> {
  switch (action.kind) {
    case "end":
      return await endThose(who, action.which, "ended-revoked");
    case "block":
      return await blockAgent(who, action);
    case "unblock":
      return await unblockAgent(who, action.agent);
    case "switch":
      return await switchAll(who, action.off);
    default:
      return action satisfies never;
  }
}

/** One of an agent's own is ended, as with Stop, whichever browser or tab it is in. */
export async function endOwn({ services, request, received, trueUser }: Known): Promise<void> {
  const one = field(request, "one");
  const own = (await services.impersonations.byAgent(trueUser.id)).find(({ id }) => id === one);
  if (own !== undefined) await end(services, received, own, "ended-by-agent");
}

async function endThose(
  { services, received, trueUser }: Known,
  which: (it: Impersonation) => boolean,
  why: "ended-revoked" | "blocked",
): Promise<void> {
  const those = (await services.impersonations.list()).filter(which);
  await inBatches(those, WIDTH, async (it) => void (await end(services, received, it, why, trueUser)));
}

async function blockAgent(
  who: Known,
  { agent, lasts, why }: Extract<Action, { readonly kind: "block" }>,
): Promise<void> {
  const { services } = who;
  const target = await agentCalled(who, agent);
  const [at, by] = [services.clock.now(), labelOf(who.trueUser)];
  const block: Block = { agent, agentName: labelOf(target), by, at, until: at + lasts, why };
  await services.blocks.block(block);
  const until = iso(block.until);
  const detail = why === null ? `until ${until}` : `until ${until}: ${why}`;
  await tell(who, { action: "agent.blocked", target, detail });
  await endThose(who, (it) => it.agent.id === agent, "blocked");
}

async function unblockAgent(who: Known, agent: string): Promise<void> {
  const lifted = await who.services.blocks.unblock(agent);
  if (lifted === null) return;
  const target = { id: agent, name: lifted.agentName, email: null, groups: null };
  await tell(who, { action: "agent.unblocked", target });
}

async function switchAll(who: Known, off: boolean): Promise<void> {
  const { blocks, clock } = who.services;
  const changed = await blocks.switchTo(off ? { by: labelOf(who.trueUser), at: clock.now() } : null);
  if (!changed) return;
  await tell(who, { action: off ? "impersonation.switched-off" : "impersonation.switched-on" });
  if (off) await endThose(who, () => true, "ended-revoked");
}

/** The agent as a running impersonation or the directory names them; else only their id. */
async function agentCalled({ services, received }: Known, id: string): Promise<Identity> {
  const [running] = await services.impersonations.byAgent(id);
  if (running !== undefined) return running.agent;
  const found = (await received.snapshot.users?.find(id)) ?? null;
  return found ?? { id, name: null, email: null, groups: null };
}

async function tell(
  { services, received, trueUser }: Known,
  told: Pick<Saying, "action" | "target" | "detail">,
): Promise<void> {
  const nobody = { effectiveUser: null, impersonation: null, outcome: "success" } as const;
  const event = eventOf(services, received, { ...nobody, trueUser, ...told });
  await services.unrecorded.write(services, event, "what an administrator did");
}
