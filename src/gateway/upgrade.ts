import type { IncomingMessage } from "node:http";
import type { Socket } from "node:net";
import { modeAt } from "../domain/impersonation.ts";
import { Fault } from "../errors.ts";
import { recordRefusedBeforeDecision } from "./audit/refused-before-decision.ts";
import { type Answer, refuse } from "./http/raw-response.ts";
import { locate } from "./isolation/label-host.ts";
import { answer, intake, pipeline } from "./pipeline.ts";
import type { Forwarding, Received, Signed } from "./request.ts";
import type { Services } from "./services/services.ts";
import { socketOpened } from "./sign-in/confirm.ts";
import { answerFault, answerFaultTo } from "./stages/answer.ts";
import { leash } from "./stages/forward.ts";
import { notSignedIn } from "./stages/not-signed-in.ts";
import { originAllowed } from "./websocket/origin.ts";
import type { Tunnel } from "./websocket/tunnel.ts";
import type { UpgradeHandler, UpgradeOptions } from "./websocket/upgrade-listener.ts";

/** Handles upgrades like every request (intake, pipeline), with a tunnel in the place of the transport. */
export function upgrading(services: Services, tunnelOf: (received: Received) => Tunnel): UpgradeHandler {
  return async function upgrade(request, socket, head) {
    const taken = intake(services, request, true);
    if (taken.kind === "refused") throw taken.fault;
    const located = await locate(services, taken.received);
    if (located.kind === "answered") {
      refuse(socket, located.answer);
      return;
    }
    const { received } = located;
    if (received.url.ours) throw new Fault("not-found", "there is no socket below the reserved prefix");
    const verdict = originAllowed(request.headers.origin, {
      publicOrigins: [received.site.origin],
      impersonating: received.browser.secret !== null,
    });
    if (!verdict.allowed)
      throw new Fault("foreign-origin", `the Origin is ${verdict.why}: ${request.headers.origin ?? ""}`);
    const { perImpersonation } = received.snapshot.settings.limits;
    if (received.browser.secret !== null)
      services.rateLimits.take(received.browser.secret, perImpersonation, socket);
    const passage = await pipeline(services, received);
    // Recorded like what the intake refuses.
    if (passage.kind === "fault" && received.url.unclear !== null) throw passage.fault;
    if (passage.kind === "answer") refuse(socket, answer(services, passage.committed));
    else if (passage.kind === "caught") refuse(socket, passage.answer);
    else if (passage.kind === "fault") refuse(socket, answerFaultTo(services, received, passage.fault));
    else await open(services, passage, tunnelOf(received), { socket, head });
  };
}

/** What the upgrade listener needs besides; at most `waiting` upgrades are decided at a time. */
export function upgradeOptions(services: Services): UpgradeOptions {
  return {
    waiting: services.config.current().settings.limits.connections,
    answer(fault: Fault, request: IncomingMessage): Answer {
      services.log.info(
        { code: fault.code, detail: fault.detail, path: request.url?.slice(0, 200) },
        "an upgrade was refused",
      );
      const id = services.newId();
      recordRefusedBeforeDecision(services, request, { fault, id, address: request.url ?? "" });
      return answerFault(services, fault, {
        id,
        page: false,
        prefix: services.config.current().settings.prefix,
      });
    },
  };
}

async function open(
  services: Services,
  { signed, outbound, respond, settle }: Forwarding,
  tunnel: Tunnel,
  client: { readonly socket: Socket; readonly head: Buffer },
): Promise<void> {
  const { target, headers } = await outbound();
  const { signal, opened, release } = leash(services, signed);
  let closed = (): void => undefined;
  tunnel.open({
    ...client,
    address: signed.client.ip,
    target,
    headers,
    respond: async (head) => (await respond(head)).headers,
    opened: (status, carried) => {
      closed = socketOpened(services, signed, () => carried().requestBytes);
      opened(status, carried);
    },
    failed: (fault) => refuse(client.socket, failedWith(services, signed, fault)),
    settled: (settlement) => {
      release();
      closed();
      settle(settlement);
    },
    signal,
    readOnly: looksOnly(signed),
  });
}

function failedWith(services: Services, signed: Signed, fault: Fault): Answer {
  return fault.code === "sign-in-failed"
    ? answer(services, notSignedIn(signed, fault))
    : answerFaultTo(services, signed, fault);
}

/** In mode read a page may receive from its socket; it may send only where a rule allows it. */
function looksOnly({ effects, ruling, at }: Signed): boolean {
  return (
    effects.impersonation !== null &&
    modeAt(effects.impersonation, at) === "read" &&
    ruling.rule?.effect !== "allow"
  );
}
