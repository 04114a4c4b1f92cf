/** The invariants, and the tests that show them. */
export const INVARIANTS: readonly (readonly [invariant: string, shownBy: string])[] = [
  [
    "No header whose canonical name is managed reaches an upstream unless we wrote it in this request.",
    "in production; HDR-01 … HDR-04, HDR-11; test/gateway/stages/invariants.test.ts, test/attacks/invariants.test.ts",
  ],
  [
    "At most one value of each managed header reaches an upstream.",
    "in production; HDR-07; test/gateway/stages/invariants.test.ts, test/attacks/invariants.test.ts",
  ],
  [
    "The canonical target is computed once; the bytes matched, decided on, recorded and sent are the same.",
    "PATH-01 … PATH-13: matched, recorded and sent are compared",
  ],
  [
    "Canonicalising twice changes nothing; what cannot be canonicalised is refused.",
    "test/attacks/invariants.test.ts; PATH-*",
  ],
  [
    "Every forwarded request has exactly one decision, made by one function, before the first upstream byte; no route, error path or upgrade avoids it.",
    "POL-06, WS-03",
  ],
  [
    "Under impersonation the token has `sub` ≠ `act.sub`, `act` is the authenticated human, and there is no second `act` level.",
    "in production; TOK-03; test/gateway/stages/invariants.test.ts, test/attacks/invariants.test.ts",
  ],
  [
    "Without impersonation no `act` is ever sent.",
    "in production; TOK-03; test/gateway/stages/invariants.test.ts",
  ],
  [
    "A decision that cannot be made (timeout, ambiguity, error) never yields someone else's identity.",
    "DEC-07, SES-07, SES-08",
  ],
  [
    "The actor's right is checked on every request against data no older than T (60 s).",
    "SES-07; test/gateway/background/revalidate.test.ts",
  ],
  [
    "An effective identity never outlives its session: expiry, stop and revocation close sockets and streams too.",
    "WS-08, SES-07; test/revocation.test.ts, test/system/faults/many-sockets.test.ts",
  ],
  ["Stop succeeds in every state the gateway can be in.", "SES-08; test/system/journeys/outage.test.ts"],
  [
    "No upstream byte is sent for an impersonated request before its `intent` record is durable (strict mode).",
    "in production; test/gateway/stages/invariants.test.ts, test/gateway/stages/commit.test.ts",
  ],
  [
    "Every `intent` ends in exactly one `outcome`; after a crash the verifier reports it `unknown`, never nothing.",
    "WS-05, SMUG-03; test/audit/journal/ledger.test.ts, test/system/faults/audit-kill.test.ts",
  ],
  [
    "One `intent` is at most one upstream request: no retry, no redirect following, no hedging.",
    "UP-02, CACHE-06; test/gateway/http/relay.test.ts",
  ],
  [
    "Nothing is acknowledged as shipped until the stream has it; nothing is deleted locally until the retention has passed as well.",
    "test/audit/shipping/shipper.test.ts",
  ],
  [
    "Duplicates in the stream are identifiable by event id alone.",
    "test/audit/shipping/redis-stream.test.ts",
  ],
  [
    "Sequence numbers per producer have no gaps; a gap is an alarm.",
    "AUD-02; test/audit/verify/verify.test.ts",
  ],
  [
    "Cookies of one identity never appear in a request or jar of another; our own never go upstream.",
    "in production for our own; SES-04, SES-05; test/gateway/stages/invariants.test.ts, test/attacks/invariants.test.ts",
  ],
  [
    "Impersonated documents are never storable by a shared cache and never answered from a validator of another identity.",
    "in production for validators; CACHE-01, CACHE-02; test/gateway/stages/invariants.test.ts",
  ],
  ["The page's CSP is never weaker after rewriting than before.", "HTML-02; test/domain/page/csp.test.ts"],
  [
    "Rewriting changes nothing but the one insertion; on any doubt bytes pass through unchanged, and the policy says whether such a page may be shown.",
    "HTML-06, HTML-04; test/page/rewriter-anything.test.ts, test/journeys/banner/documents.test.ts",
  ],
  [
    "A truncated upstream body is never presented as complete (cut bodies end without the final chunk or short of their length).",
    "test/gateway/http/relay.test.ts, test/faults/upstream.test.ts; HTML-05",
  ],
  [
    "No untrusted input decides host, scheme, port or protocol of an upstream connection.",
    "PATH-13, WS-02, HOST-02",
  ],
  [
    "Memory per connection is bounded whatever either side does; no request can end the process.",
    "WS-09, DOS-01, WS-04, WS-05; test/gateway/big-bodies.test.ts, test/system/faults/slow-reader.test.ts, test/faults/process.test.ts",
  ],
  [
    "A config that does not load, compile and self-test fully changes nothing that runs.",
    "test/config/watch.test.ts, test/faults/reload.test.ts",
  ],
];
