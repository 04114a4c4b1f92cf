import t from "tap";
import { FAULTS, Fault, type FaultCode } from "../../../src/errors.ts";
import { MalformedResponse } from "../../../src/gateway/http/client/response-head.ts";
import { Cut } from "../../../src/gateway/http/client/response-parser.ts";
import { endingOf, faultOf, ownFault, truncation } from "../../../src/gateway/http/upstream-errors.ts";

const coded = (code: string) => Object.assign(new Error("it went wrong"), { code });

t.test("an error before the request was sent says that the app never saw it", async (t) => {
  const codes: Record<string, FaultCode> = {
    ECONNREFUSED: "upstream-unreachable",
    ENOTFOUND: "upstream-unreachable",
    ECONNRESET: "upstream-unreachable",
    ENOENT: "upstream-unreachable",
    ETIMEDOUT: "upstream-timeout",
    DEPTH_ZERO_SELF_SIGNED_CERT: "upstream-tls",
    CERT_HAS_EXPIRED: "upstream-tls",
    ERR_TLS_CERT_ALTNAME_INVALID: "upstream-tls",
    UNABLE_TO_VERIFY_LEAF_SIGNATURE: "upstream-tls",
    EPROTO: "upstream-tls",
  };
  for (const [code, fault] of Object.entries(codes)) t.equal(faultOf(coded(code), false).code, fault, code);
});

t.test("an error after it was sent never says so", async (t) => {
  for (const code of [
    "ECONNREFUSED",
    "ECONNRESET",
    "EPIPE",
    "ANSWER_CUT",
    "MALFORMED_RESPONSE",
    "CERT_HAS_EXPIRED",
    "",
  ]) {
    t.equal(faultOf(coded(code), true).code, "upstream-protocol", code);
  }
  t.equal(faultOf(coded("ETIMEDOUT"), true).code, "upstream-timeout");
});

t.test("a fault stays what it is, and what was thrown is kept for the log", async (t) => {
  const fault = new Fault("page-unmarkable", "no body");
  t.equal(faultOf(fault, true), fault);
  t.equal(ownFault(fault), fault);
  const cause = coded("ECONNREFUSED");
  t.match(faultOf(cause, false), { cause, detail: "ECONNREFUSED: it went wrong" });
  t.match(ownFault("a text"), { code: "internal", detail: /a text/ });
});

t.test("every fault has its ending", async (t) => {
  const endings = new Map(
    (Object.keys(FAULTS) as FaultCode[]).map((code) => [code, endingOf(new Fault(code, ""))]),
  );
  t.equal(endings.get("upstream-tls"), "upstream-unreachable");
  t.equal(endings.get("upstream-timeout"), "upstream-timeout");
  t.equal(endings.get("upstream-protocol"), "upstream-protocol");
  t.equal(endings.get("overloaded"), "upstream-unreachable");
  t.equal(endings.get("request-timeout"), "client-aborted");
  t.equal(endings.get("page-unmarkable"), "failure");
  t.equal(endings.get("internal"), "failure");
});

t.test("an answer that broke off was cut, unless it could not be read", async (t) => {
  t.equal(truncation(new Cut(false)), "upstream-truncated");
  t.equal(truncation(new MalformedResponse("bad chunk")), "upstream-protocol");
});
