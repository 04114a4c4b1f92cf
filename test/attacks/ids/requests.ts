import type { Attack } from "./attack.ts";

/** By what a request says: headers, addresses, framing, sockets, hosts. */
export const REQUESTS: readonly Attack[] = [
  {
    id: "HDR-01",
    attack:
      "any managed header sent by the client, on impersonated and ordinary, bypass, static, error and upgrade requests",
    required: "never reaches the upstream; absence of our value is no reason to let theirs through",
  },
  {
    id: "HDR-02",
    attack: "`X_Guise_User`, `x-guise_user`, `X-GUISE-user`",
    required:
      "removed: names are compared after lower-casing and mapping every non-alphanumeric to one character",
  },
  {
    id: "HDR-03",
    attack: "`X.Guise.User`, `X!Guise~User`, `X+Guise|User`",
    required: "removed likewise; option to reject with 400",
  },
  {
    id: "HDR-04",
    attack: "alias alone on a request where we inject nothing (Rack takes it)",
    required: "removed",
  },
  {
    id: "HDR-05",
    attack: "`Connection: close, X-Guise-User, X-Guise-Jwt, Cookie, Content-Length`",
    required: "our headers arrive intact; framing headers are not strippable",
  },
  {
    id: "HDR-06",
    attack: "a response with `Connection: X-Hop`, `X-Hop`, `Keep-Alive`",
    required: "none of them reaches the client",
  },
  {
    id: "HDR-07",
    attack: "managed header twice; client's plus ours",
    required: "exactly one line, one value; never `a, b`",
  },
  {
    id: "HDR-08",
    attack: "`Trailer: X-Guise-User` and the trailer itself",
    required: "both dropped",
  },
  {
    id: "HDR-09",
    attack: "`Expect: 100-continue`, `Keep-Alive: 5`, `Upgrade: h2c` on a plain request",
    required: "stripped; the request works (large curl uploads send Expect)",
  },
  {
    id: "HDR-10",
    attack:
      "values with bytes ≥ 0x80, e.g. `\\x85admin\\xa0`; CR/LF/NUL or 10 kB in a directory's display name or id",
    required:
      "identity inputs are ASCII-checked; injected values encoded or the request refused; no header injection",
  },
  {
    id: "HDR-11",
    attack:
      "other products' identity names: `Remote-User`, `X-Forwarded-User/Email/Groups`, `X-Auth-Request-*`, `X-Authentik-*`, `X-Webauth-User`, `X-Forwarded-By`",
    required: "dropped by a default list, extendable, same canonical compare",
  },
  {
    id: "PATH-01",
    attack: "`/./admin/x`, `/%2e/admin/x`",
    required:
      "where it is judged: matched, audited and forwarded as one canonical path, or 400; rule on `/admin/*` fires. Own traffic: sent on byte for byte",
  },
  { id: "PATH-02", attack: "`/pub\\admin`, `/\\admin/x`, `%5c`", required: "400 where it is judged" },
  {
    id: "PATH-03",
    attack: "`/pub/../admin`, `%2e%2e`, `.%2e`, `\\..\\`",
    required: "400 where it is judged, on HTTP and upgrade alike",
  },
  {
    id: "PATH-04",
    attack: "`/pub/..;/admin`, `/pub/;a/..;b/admin`",
    required: "400 where it is judged, on both",
  },
  {
    id: "PATH-05",
    attack: "`/admin;a=b/x` against a rule on `/admin/*`",
    required: "a rule is tested with and without `;params`; the stricter decision wins",
  },
  {
    id: "PATH-06",
    attack: "`//admin/x`, `/a//b`, encoded prefix `/%61dmin`",
    required: "where it is judged, one rule (400, or merge) for match and forward together",
  },
  {
    id: "PATH-07",
    attack: "`/admin%2fx`",
    required: "400 where it is judged; per-upstream opt-in to keep",
  },
  {
    id: "PATH-08",
    attack: "`%252e%252e`, `%252f`; `%00`, `%0a`, `%09`",
    required:
      "decoded once only; a param still holding `%` escapes or controls never reaches an owner look-up; raw controls 400, escaped ones where it is judged",
  },
  { id: "PATH-09", attack: "`#` in the target: `/pub/x#?y`, `/pub#/../admin`", required: "400" },
  {
    id: "PATH-10",
    attack: "`%zz`, `%ff`, `%c0%ae`, 8 kB segment, 2,000 segments",
    required: "400 where it is judged, never 500, no slow match",
  },
  {
    id: "PATH-11",
    attack: "`/ADMIN/x`, trailing `/`, `/admin.`, `/admin.json`",
    required: "documented; deny rules case-insensitive and covering sub-paths by default",
  },
  {
    id: "PATH-12",
    attack: "param values `..` (from `%2e%2e`), `a/b` (from `a%2fb`), `__proto__`, 10,000 characters",
    required:
      "param grammar (default `[A-Za-z0-9_-]{1,128}`) checked before any look-up or URL building; duplicate query params that name an owner: refused",
  },
  {
    id: "PATH-13",
    attack: "absolute form `GET http://other/x`, `http://up@evil/`, `OPTIONS *`, CONNECT, TRACE",
    required:
      "authority checked against our hosts or 400; never another origin; two upstreams never share a cached URL",
  },
  {
    id: "SMUG-01",
    attack:
      "CL+TE, two CLs, `+3`, `Transfer-Encoding : chunked`, `xchunked`, bare LF, CR in value, obs-fold, NUL",
    required: "400 and close; a regression test each: parser flags stay strict (`insecureHTTPParser` off)",
  },
  {
    id: "SMUG-02",
    attack: "`Transfer-Encoding: gzip, chunked`; `,chunked`; `Content-Length: 010`",
    required: "400 or 501",
  },
  {
    id: "SMUG-03",
    attack: "good headers, then a broken chunk, when the request is on its way already",
    required:
      'recorded as forwarded with outcome `client-framing-error`; upstream socket destroyed; never "refused"',
  },
  {
    id: "SMUG-04",
    attack: "body on GET/HEAD/DELETE/OPTIONS",
    required: "one documented rule; length never disagrees with what was sent",
  },
  {
    id: "SMUG-05",
    attack: "upstream answers with CL+TE, two CLs, bytes after the body, 101 unasked, 1xx, cut headers",
    required: "client gets 502, the connection is not reused, no second response is ever delivered",
  },
  {
    id: "SMUG-06",
    attack: "`Upgrade: h2c`/`foo` with pipelined bytes or a body",
    required: "400/ignored; bytes after an upgrade request never go upstream before the upstream's 101",
  },
  {
    id: "SMUG-07",
    attack:
      "an app that reads a body as a next request (CL.0), or says more than its answer, at once or later",
    required: "no innocent request ever gets another one's answer",
  },
  {
    id: "SMUG-08",
    attack: "a connection to the app that somebody authenticated (NTLM, Negotiate)",
    required: "nobody else's request goes on it",
  },
  {
    id: "WS-01",
    attack:
      "cross-site page opens a socket with the agent's cookie (`Origin: https://evil`); no Origin at all",
    required: "403 before 101; the allowed-origin list is ours, not left to the app",
  },
  {
    id: "WS-02",
    attack: "`GET //evil.test/x`, `/\\evil` with Upgrade",
    required: "400 where it is judged; target origin fixed",
  },
  {
    id: "WS-03",
    attack: "`/./admin` with Upgrade",
    required: "where it is judged, same canonical path, same decision as HTTP",
  },
  {
    id: "WS-04",
    attack: "`GET /a` and an upgrade in one segment",
    required: "both answered in order, or closed; process lives",
  },
  {
    id: "WS-05",
    attack: "RST while the owner look-up is pending",
    required: "one `aborted` record; process lives",
  },
  {
    id: "WS-06",
    attack: "upstream answers 401/403/404, or never",
    required: "client sees the upstream's status; 101 only after the upstream's 101",
  },
  {
    id: "WS-07",
    attack: "identity on the handshake",
    required: "managed headers stripped and ours injected exactly as for HTTP",
  },
  {
    id: "WS-08",
    attack: "impersonation stopped, expired or revoked with sockets open; read-only policy",
    required:
      "sockets closed ≤ 5 s with a stated code; under read-only, client→server data frames refused unless allowed",
  },
  {
    id: "WS-09",
    attack: "200 MiB to an upstream that does not read; 64-bit length; deflate bomb",
    required: "bounded buffers with backpressure, message cap, no decompression in the middle",
  },
  {
    id: "HOST-01",
    attack: "two Host lines; `Host: evil.test/..`; Host in other case, trailing dot, port",
    required: "400 for the malformed; the rest canonicalised before matching",
  },
  {
    id: "HOST-02",
    attack:
      "`X-Forwarded-Host/Proto/Uri/Prefix/Method`, `Forwarded`, `X-Original-URL`, `X-Rewrite-URL`, `X-Envoy-Original-Path` from an untrusted peer",
    required:
      "never used, never forwarded; the default trusted set is empty. While impersonating, from everybody: dropped, or what is known here",
  },
  {
    id: "HOST-03",
    attack: "forged X-Forwarded-For against an address rule",
    required: "right-most hop outside the trusted set; never the left-most",
  },
];
