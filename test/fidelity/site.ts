import { once } from "node:events";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setImmediate, setTimeout } from "node:timers/promises";
import { app } from "../../src/app.ts";
import type { Teardown } from "../fixtures/client/raw.ts";
import { fakeLog } from "../fixtures/log.ts";
import { asAgent, CLICK, startedBy } from "./agent.ts";
import type { Plan, WhoPlan } from "./plan.ts";
import { converse } from "./raw-client.ts";
import { type ScriptedApp, type Sight, scriptedApp, sightOf } from "./scripted-app.ts";

/**
 * How the gateway finds out who is there. `told`: the app hears it with every request, `header`: from what the client says,
 * by a config with two apps that are told apart by their paths, and `proxied`: whatever the client says of its way is believed.
 * `impersonating`: every request is an agent's, as a customer.
 */
export type SiteKind = "guests" | "told" | "header" | "proxied" | "impersonating";

/** Those of own traffic. */
export const OWN_SITES: readonly SiteKind[] = ["guests", "told", "header", "proxied"];
export const SITE_KINDS: readonly SiteKind[] = [...OWN_SITES, "impersonating"];

/** A gateway, and the app behind it, which can also be asked without it. One plan at a time. */
export interface Site {
  readonly kind: SiteKind;
  /** The plan as the client of this site sends it. */
  sent(plan: Plan): Plan;
  direct(plan: Plan): Promise<Seeing>;
  through(plan: Plan): Promise<Seeing>;
}

export interface Seeing {
  readonly sight: Sight;
  /** It came to no end. */
  readonly hung: boolean;
}

/** Far beyond what any exchange takes, also on a machine that is busy with other things. */
const PATIENCE = 120_000;
/** Enough once something has come to no end: it is red already, and becomes smaller sooner. */
const IMPATIENCE = 3_000;

/** The cookie by which the app knows its visitors. */
export const SESSION = "sid";

const WHOAMI = (port: number) =>
  `{ whoami: { url: "http://127.0.0.1:${port}/me", cookies: [${SESSION}], cacheFor: 1ms, timeout: 30s } }`;

const HEADER = "{ insecureHeader: { name: X-User, groups: X-Groups, from: [127.0.0.1] } }";

function configOf(kind: SiteKind, app: number, who: number): string {
  const asks = kind === "guests" || kind === "told";
  const routes = `routes: [{ path: "/site/:site{/*rest}", owner: site }]`;
  const upstream = `upstream: http://127.0.0.1:${app}`;
  const two = `apps: { sites: { paths: [/site], ${upstream}, ${routes} }, rest: { ${upstream} } }`;
  return `${kind === "header" ? two : `${upstream}\n${routes}`}
identity: [${asks ? WHOAMI(who) : HEADER}]
headers: { when: ${kind === "guests" ? "impersonating" : "always"} }
agents: [{ groups: [support], mayBe: {}, mode: write }]
owners: { site: { map: { "1": "17" } } }
users: { map: { "17": { name: Nuno, groups: [customer] } } }
timeouts: { requestIdle: 60s, requestHeaders: 60s, answer: 60s, connect: 60s, lookup: 60s }
limits: { uploadRate: 0B }
${kind === "proxied" ? "trustedProxies: [127.0.0.1]" : ""}
`;
}

export async function site(t: Teardown, kind: SiteKind): Promise<Site> {
  const behind = await scriptedApp(t);
  const who = await whoServer(t);
  const data = await mkdtemp(join(tmpdir(), "guise-fidelity-"));
  const config = join(data, "routes.config.yaml");
  await writeFile(config, configOf(kind, behind.port, who.port));
  const gateway = await app({
    config,
    port: 0,
    host: "127.0.0.1",
    adminPort: 0,
    data,
    env: {},
    log: fakeLog(),
  });
  t.teardown(async () => {
    await gateway.close(0);
    await rm(data, { recursive: true, force: true });
  });
  const port = Number(new URL(gateway.url).port);
  const cookie = kind === "impersonating" ? await impersonate(behind, port) : null;
  return {
    kind,
    sent: (plan) => (cookie === null ? plan : asAgent(plan, cookie)),
    direct: (plan) => see(behind, behind.port, plan),
    through: (plan) => {
      who.says(plan.who);
      return see(behind, port, plan);
    },
  };
}

async function impersonate(behind: ScriptedApp, port: number): Promise<string> {
  const { sight } = await see(behind, port, CLICK);
  return startedBy(sight.answers[0]?.fields ?? []);
}

async function see(behind: ScriptedApp, port: number, plan: Plan): Promise<Seeing> {
  const sight = sightOf(plan);
  behind.follow(sight);
  const late = new AbortController();
  const done = converse(port, sight).then(() => behind.settled());
  const hung = await Promise.race([
    done.then(() => false),
    setTimeout(behind.stuck ? IMPATIENCE : PATIENCE, true, { signal: late.signal }).catch(() => false),
  ]);
  late.abort();
  if (hung) behind.drop();
  return { sight, hung };
}

async function whoServer(t: Teardown) {
  let now: WhoPlan = { answer: "guest", delay: "none" };
  const server = createServer(async (_request, response) => {
    const { answer, delay } = now;
    if (delay === "immediate") await setImmediate();
    if (delay !== "none") await setTimeout(delay === "long" ? 20 : 1);
    if (answer === "closed") response.destroy();
    else response.writeHead({ known: 200, guest: 401, error: 500 }[answer]).end('{"id":"17"}');
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  t.teardown(() => {
    server.close();
    server.closeAllConnections();
  });
  return {
    port: (server.address() as AddressInfo).port,
    says(plan: WhoPlan) {
      now = plan;
    },
  };
}
