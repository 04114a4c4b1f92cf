import type { Ending } from "../../domain/audit-event.ts";
import { asFault, codeOf, Fault, type FaultCode, whyOf } from "../../errors.ts";
import { MalformedResponse } from "./client/response-head.ts";

const TLS = /CERT|CRL|TLS|SSL|EPROTO|UNABLE_TO|HOSTNAME_MISMATCH|INVALID_CA|INVALID_PURPOSE|PATH_LENGTH/;

/**
 * What an error of the upstream connection is called. `sent` says whether the request was on its way: `upstream-unreachable`
 * and `upstream-tls` promise that the app never saw it.
 */
export function faultOf(error: unknown, sent: boolean): Fault {
  if (error instanceof Fault) return error;
  const code = codeOf(error);
  return new Fault(faultCode(code, sent), `${code}: ${whyOf(error)}`, { cause: error });
}

function faultCode(code: string, sent: boolean): FaultCode {
  if (code === "ETIMEDOUT") return "upstream-timeout";
  if (sent) return "upstream-protocol";
  return TLS.test(code) ? "upstream-tls" : "upstream-unreachable";
}

/** How an exchange ended that was answered with this fault. */
export function endingOf(fault: Fault): Ending {
  switch (fault.code) {
    case "upstream-timeout":
    case "upstream-protocol":
    case "upstream-unreachable":
      return fault.code;
    case "upstream-tls":
    case "overloaded":
      return "upstream-unreachable";
    case "request-timeout":
      return "client-aborted";
    default:
      return "failure";
  }
}

/** How an exchange ended whose answer broke off after its head. */
export function truncation(error: unknown): Ending {
  if (error instanceof Fault) return endingOf(error);
  return error instanceof MalformedResponse || codeOf(error).startsWith("HPE_")
    ? "upstream-protocol"
    : "upstream-truncated";
}

/** The fault for an error of our own while answering. */
export function ownFault(error: unknown): Fault {
  return error instanceof Fault ? error : asFault("internal", "the answer could not be prepared", error);
}
