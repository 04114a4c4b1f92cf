import type { FastifyInstance } from "fastify";
import { labelOrigin } from "../domain/routing/label-host.ts";
import { Fault } from "../errors.ts";
import { credentialsOf } from "../gateway/isolation/label-of.ts";
import type { Services } from "../gateway/services/services.ts";
import { callerOf } from "../gateway/stages/identify.ts";
import { isLabel } from "../sessions/labels.ts";
import { returnPath } from "./return-path.ts";
import { parameter } from "./visitor.ts";

const HASH = /^[\w-]{43}$/;

/** `GET over`: on the app's own host, the step between a label's nonce and its cookie. It knows the agent, and gives a code. */
export function overPage(fastify: FastifyInstance, services: Services): void {
  fastify.get("/over", async (request, reply) => {
    const { received } = request;
    const { settings } = received.snapshot;
    const name = parameter(request, "label") ?? "";
    const nonce = parameter(request, "nonce") ?? "";
    if (settings.isolation === null || !received.navigation.topLevel || received.navigation.speculative)
      throw new Fault("forbidden", "only a page in a tab leads onto a label");
    const { caller } = await callerOf(services, received);
    if (caller.kind === "unavailable")
      throw new Fault("identity-unavailable", "no identity source could say who goes over to a label");
    const label = isLabel(name) && HASH.test(nonce) ? await services.labels.read(name) : null;
    const mine =
      caller.kind === "known" &&
      label?.kind === "open" &&
      label.agent === caller.identity.id &&
      label.app.origin === received.origin;
    if (!mine) throw new Fault("forbidden", "there is no such label of this agent's on this host");
    await services.labels.renew(label, credentialsOf(received));
    const code = await services.labels.issue({
      label: name,
      agent: label.agent,
      nonce,
      to: returnPath(received, parameter(request, "to")),
    });
    const there = labelOrigin(name, settings.isolation.parent, received.origin);
    return await reply
      .code(303)
      .header("location", `${there}${settings.prefix}/in?code=${code}`)
      .header("cache-control", "no-store")
      .header("referrer-policy", "no-referrer")
      .send("");
  });
}
