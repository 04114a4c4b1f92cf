import type { Mode } from "../../domain/impersonation.ts";
import { modeAt } from "../../domain/impersonation.ts";
import type { Services } from "../services/services.ts";
import type { Committed } from "./commit.ts";

/** A committed request with the headers that tell the app who is there. */
export interface Signed extends Committed {
  /** Name, value, name, value …; empty where the app is told nothing. */
  readonly identityHeaders: readonly string[];
}

/** Signs who is there at `now` (ms), when the impersonation, if any, must still run. Own traffic is signed only where the config says so and somebody is known. */
export async function sign(services: Services, committed: Committed, now: number): Promise<Signed> {
  const { impersonation, trueUser, snapshot } = committed;
  const { headers, token } = snapshot.settings;
  if (trueUser === null || (impersonation === null && headers.when !== "always"))
    return { ...committed, identityHeaders: [] };
  const effectiveUser = impersonation?.effectiveUser ?? trueUser;
  const mode: Mode = impersonation === null ? "read" : modeAt(impersonation, committed.at);
  const who = {
    principal: { trueUser, effectiveUser },
    impersonation: impersonation && {
      id: impersonation.id,
      mode,
      reason: impersonation.reason,
      ticket: impersonation.ticket,
      until: impersonation.expiresAt,
    },
    issuer: token.issuer,
    audience: token.audience,
    lifetime: token.lifetime,
  };
  const assertion = await services.tokens.sign(who, now);
  const identityHeaders = [headers.assertion, assertion];
  if (headers.plain)
    identityHeaders.push(headers.user, ascii(effectiveUser.id), headers.trueUser, ascii(trueUser.id));
  if (headers.plain && impersonation !== null) identityHeaders.push(headers.impersonation, impersonation.id);
  return { ...committed, identityHeaders };
}

/** Header values are ASCII: anything else in an id is percent-encoded, so that no server can read it differently. */
function ascii(id: string): string {
  return /^[\x21-\x24\x26-\x7e]*$/.test(id) ? id : encodeURIComponent(id);
}
