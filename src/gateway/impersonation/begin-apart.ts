import { runsAt } from "../../domain/impersonation.ts";
import { labelOrigin } from "../../domain/routing/label-host.ts";
import type { AppHost, Label } from "../../sessions/labels.ts";
import { neighbourCookies } from "../http/own-cookies.ts";
import { cookieScope } from "../intake/cookie-scope.ts";
import { credentialsOf, labelFor } from "../isolation/label-of.ts";
import type { Received } from "../request.ts";
import type { Services } from "../services/services.ts";
import { type Beginning, openRecorded } from "./start-and-stop.ts";

/** Where a start leads, and what the browser is told on the app's own host. */
interface Apart {
  readonly to: string;
  readonly setCookies: readonly string[];
}

/**
 * Starts an impersonation on a label's host, or goes on with the running one of this agent and customer. On the app's own host the browser
 * gets no cookie that opens anything, and none of its cookies is touched.
 */
export async function beginApart(
  services: Services,
  received: Received,
  order: Beginning,
  { app, target }: { readonly app: AppHost; readonly target: string },
): Promise<Apart> {
  const { isolation } = received.snapshot.settings;
  if (isolation === null) throw new TypeError("a host of its own was to be begun without `isolation`");
  const before = await runningLabel(services, order);
  const label =
    before === null ? await openLabel(services, received, order, app) : await labelFor(services, before, app);
  return {
    to: labelOrigin(label.name, isolation.parent, app.origin) + target,
    setCookies: received.site.atConsole ? [] : markCookies(services, received, isolation.parent, label.until),
  };
}

/** A label of the impersonation that this agent has of this person, if one is running. */
async function runningLabel(services: Services, { agent, effectiveUser }: Beginning): Promise<Label | null> {
  const now = services.clock.now();
  for (const it of await services.impersonations.byAgent(agent.id)) {
    if (it.effectiveUser.id !== effectiveUser.id || !runsAt(it, now)) continue;
    const [label] = await services.labels.of(it.id);
    if (label !== undefined) return label;
  }
  return null;
}

async function openLabel(
  services: Services,
  received: Received,
  order: Beginning,
  app: AppHost,
): Promise<Label> {
  // A new host: the browser has no cookies of the agent for it.
  const there = { ...received, site: { ...received.site, host: app.host } };
  const scope = { ...cookieScope(there), allSent: true };
  const { impersonation, secret } = await openRecorded(services, received, order, { sent: null, scope });
  return await services.labels.create({
    impersonation: impersonation.id,
    agent: order.agent.id,
    secret,
    app,
    credentials: credentialsOf(received),
    until: impersonation.expiresAt,
  });
}

/** Cookies by which the app's own hosts recognise requests of label pages, also without `Origin` and `Referer`. */
export function markCookies(
  services: Services,
  received: Received,
  parent: string,
  until: number,
): readonly string[] {
  const { site, snapshot } = received;
  const { name } = snapshot.settings.cookie;
  const now = services.clock.now();
  const lasts = Math.max(0, until - now);
  const value = services.forms.mark("near", `.${parent}`, now, lasts);
  return neighbourCookies(name, site.host, value, site.scheme, Math.ceil(lasts / 1000));
}
