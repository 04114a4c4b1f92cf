import type { IncomingMessage } from "node:http";
import { plainAddress } from "../../clients/address.ts";
import { type Impersonation, isOpen } from "../../domain/impersonation.ts";
import type { Fault } from "../../errors.ts";
import { ownCookies } from "../http/own-cookies.ts";
import type { Services } from "../services/services.ts";
import { bothOf, eventOf, recordedPath } from "./audit-event.ts";

/** What was refused and why; `address` is the target as it was sent, `id` the request id of the answer. */
interface Refusal {
  readonly fault: Fault;
  readonly id: string;
  readonly address: string;
}

/**
 * Records that an impersonated request was refused before the decision; its cookie tells whose it was. Waits for nothing and never throws.
 * Without an impersonation such a refusal is only logged.
 */
export function recordRefusedBeforeDecision(
  services: Services,
  raw: IncomingMessage,
  refusal: Refusal,
): void {
  const { name, domain } = services.config.current().settings.cookie;
  const secret = secretOf(raw.headers.cookie, name, domain);
  if (secret === null) return;
  services.impersonations
    .recall(secret)
    .then(async (loaded) => {
      if (loaded.kind !== "found" || !isOpen(loaded.impersonation)) return;
      const { perMinute } = services.config.current().settings.limits;
      services.rateLimits.pace(loaded.impersonation.id, perMinute, services.clock.monotonic());
      await services.ledger.record(eventFor(services, raw, loaded.impersonation, refusal));
    })
    .catch((error: unknown) =>
      services.log.error(
        { err: error, requestId: refusal.id },
        "a refusal before the decision could not be recorded",
      ),
    );
}

/** The secret in a `Cookie` header, under the names of both schemes. */
export function secretOf(
  cookies: string | undefined,
  name: string,
  domain: string | null = null,
): string | null {
  return (
    ownCookies(cookies, name, "https", domain).secret ?? ownCookies(cookies, name, "http", domain).secret
  );
}

function eventFor(
  services: Services,
  raw: IncomingMessage,
  impersonation: Impersonation,
  { fault, id, address }: Refusal,
): ReturnType<typeof eventOf> {
  const event = eventOf(services, null, {
    ...{ action: "impersonation.denied", outcome: "failure", ...bothOf(impersonation) },
    detail: `${fault.code}: ${fault.detail}`,
  });
  const [path = "", ...query] = address.split("?");
  const { prefix } = services.config.current().settings;
  return {
    ...event,
    request: {
      id,
      method: raw.method ?? "GET",
      path: recordedPath(path, prefix),
      query: query.length === 0 ? null : query.join("?"),
      host: raw.headers.host ?? "",
      bytes: null,
      ip: plainAddress(raw.socket.remoteAddress ?? ""),
      userAgent: raw.headers["user-agent"] ?? null,
      trace: null,
    },
  };
}
