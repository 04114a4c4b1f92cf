/** One attack that the gateway has to withstand. */
export interface Attack {
  readonly id: string;
  readonly attack: string;
  readonly required: string;
}

/** All of them. Each has a test of its id in this folder, or stands in `EXCEPTIONS`. */
export const ATTACKS: readonly Attack[] = [
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
  {
    id: "DEC-01",
    attack:
      "`<img>`, iframe, fetch or form on another site points at a customer URL while the agent is logged in",
    required:
      "no impersonation starts: a first touch of a new owner needs a top-level navigation (`Sec-Fetch-Dest: document`, `Mode: navigate`, `User: ?1`), else an interstitial with a POST",
  },
  {
    id: "DEC-02",
    attack: "`Sec-Purpose: prefetch`, `prefetch;prerender`, `Purpose`, `X-Moz`",
    required: "refused (503, no-store): no start, no upstream call, no audit noise counted as an action",
  },
  {
    id: "DEC-03",
    attack:
      "link-preview robots (Slack crawls every posted link; UA `Slackbot-LinkExpanding`) and mail scanners",
    required:
      "no session, so no identity: a login page with no customer data in title, OpenGraph or redirect URL",
  },
  {
    id: "DEC-04",
    attack: "cross-site POST to start/stop/confirm; framing those pages",
    required: "CSRF token + Origin check; `frame-ancestors 'none'`; start is never GET",
  },
  {
    id: "DEC-05",
    attack: "impersonating A, open B's URL; or a target who may impersonate",
    required: "A is ended and B started, two records; never nested; `act` is always the human",
  },
  {
    id: "DEC-06",
    attack: "target is an admin, another agent, the agent, disabled, unknown",
    required: "refused by default",
  },
  {
    id: "DEC-07",
    attack: "owner look-up: timeout, 500, null, two owners, stale cache after transfer",
    required:
      "refused or passed as the agent's own plain identity per config; never the previous owner; cache ≤ 30 s and keyed by upstream+type+id",
  },
  {
    id: "DEC-08",
    attack:
      "`/api/me`, assets, sockets of a page whose URL has no owner, with two customers open in two tabs",
    required:
      'identity comes from a per-impersonation binding (host or tab token), not from Referer or "last page"; ambiguous → refused',
  },
  {
    id: "SES-01",
    attack: "session id planted before login; old session kept at the sign-in page; login CSRF",
    required: "id regenerated at login, start and stop; state, nonce, PKCE bound to the browser",
  },
  {
    id: "SES-02",
    attack: "cookie tossing from a sibling subdomain; two cookies of our name; `a=1; a=2`",
    required: "`__Host-` prefix; duplicates of our names, where one holds what is ours → 400 + clear",
  },
  {
    id: "SES-03",
    attack: "200 cookies / > 8 kB so that ours falls out",
    required:
      "431 with explanation; losing the impersonation cookie never silently turns the page into the agent's own account",
  },
  {
    id: "SES-04",
    attack: "upstream sets our cookie name, or widens `Domain`",
    required: "stripped or renamed; our cookies never go upstream",
  },
  {
    id: "SES-05",
    attack: "agent's app cookies sent under the customer, or kept after stop",
    required: "one jar per impersonation, destroyed at stop; byte-level assertion on both sides",
  },
  {
    id: "SES-06",
    attack: "app's own `/logout` or `Clear-Site-Data` during impersonation",
    required:
      "does not log out the customer elsewhere or the agent; configurable pattern ends the impersonation",
  },
  {
    id: "SES-07",
    attack: "agent deprovisioned, role removed, IdP session ended",
    required: "refused within the stated bound (target 60 s), sockets too; right re-checked on every request",
  },
  {
    id: "SES-08",
    attack: "Stop pressed after rights were revoked, session expired, Redis down",
    required: "Stop always works and is always idempotent",
  },
  {
    id: "CACHE-01",
    attack:
      "page says `public, s-maxage`, `Surrogate-Control`, `CDN-Cache-Control`; `/account/x.css`, `;x.css` deception",
    required: "impersonated responses leave as `private, no-store`; shared-cache headers removed",
  },
  {
    id: "CACHE-02",
    attack: "`If-None-Match` / `If-Modified-Since` from the agent's own copy → 304 shows the wrong person",
    required:
      "conditionals removed for documents under impersonation; ETag dropped or re-keyed by (actor, effective user, banner version)",
  },
  {
    id: "CACHE-03",
    attack: "Range / If-Range on a rewritten page",
    required: "200 full body; `Accept-Ranges: none` on rewritten types",
  },
  {
    id: "CACHE-04",
    attack: "Back after stop or switch: page restored from bfcache, even `no-store` ones",
    required:
      'HttpOnly cookie changes at every switch (evicts in Chromium), `Clear-Site-Data: "cache"`, and the banner reloads on `pageshow.persisted`',
  },
  {
    id: "CACHE-05",
    attack: "service worker, localStorage, IndexedDB, Cache API shared by agent and customer on one origin",
    required:
      "a host per impersonation is the safe mode; in same-host mode `Service-Worker: script` fetches are refused and storage cleared at start and stop",
  },
  { id: "CACHE-06", attack: "undici's cache interceptor", required: "not used: cross-user disclosure" },
  {
    id: "HTML-01",
    attack: "display name `<img src=x onerror=…>`, `</script>`, bidi and zero-width characters, 10 kB",
    required: "text node only, isolated direction, truncated; same in title, confirm page and audit UI",
  },
  {
    id: "HTML-02",
    attack: "app CSP: nonce-only, `style-src 'none'`, Trusted Types, CSP in `<meta>`",
    required:
      "banner needs no inline script or style; policy is extended by exact hash or own path, never by `unsafe-inline`; report-only untouched",
  },
  {
    id: "HTML-03",
    attack:
      "app CSS/JS hides, covers, empties or removes the banner; `all: initial`, `z-index`, DOM replacement, frameset",
    required:
      "closed shadow root and a watcher; if it cannot be shown, the page is covered and an audit event `banner-lost` is sent; a forged banner cannot copy the agent's chosen phrase",
  },
  {
    id: "HTML-04",
    attack: "`text/html` fragments (htmx, Turbo), JSON mislabelled, attachments, XHTML, PDF",
    required:
      "injected only for documents (`Sec-Fetch-Dest` is `document` or `iframe`), never breaks well-formedness",
  },
  {
    id: "HTML-05",
    attack: "br, zstd, stacked `gzip, gzip, …`, bomb",
    required: "size and depth limits, then pass-through with the header-only notice or 502 by policy",
  },
  {
    id: "HTML-06",
    attack:
      "UTF-16, ISO-2022-JP, BOM; no `<body>`; tag inside comment, script, `plaintext`; 100 MB page; tag split across chunks",
    required: "one injection or none; bytes otherwise identical; memory bounded; streaming kept",
  },
  {
    id: "HTML-07",
    attack:
      "BREACH: secret beside reflected input in one compressed page; stale `Content-Length`, `ETag`, `Digest`, SRI",
    required: "tokens masked per response or kept out of HTML; length and validators recomputed or removed",
  },
  {
    id: "TOK-01",
    attack: "`alg: none`, HS256 keyed with the public key, unknown `kid`, JWE, PBES2",
    required: "algorithm allow-list of one; JWS only; sample verifiers for apps do the same",
  },
  {
    id: "TOK-02",
    attack: "injected JWT replayed to another app, later, or straight to the upstream",
    required:
      "`aud` per upstream, `exp` ≤ 60 s, `jti`; never sent to another origin; never echoed to the browser; upstream guide requires verification",
  },
  {
    id: "TOK-03",
    attack: "`act` missing, `act.sub` = `sub`, actor identified by a mutable or malformed e-mail (`a@x@y`)",
    required: "impossible by construction; subjects are ids compared exactly",
  },
  {
    id: "TOK-04",
    attack: "return-to `//evil`, `/\\evil`, `/%09/evil`, `https:evil`, and the 559-line list",
    required: "only same-origin path, parsed, re-serialised and re-parsed; never for logout either",
  },
  {
    id: "TOK-05",
    attack:
      "unsigned or unbound parameters on our own endpoints; signed login URL with a foreign target; redirect_uri from Host",
    required: "all parameters inside the signature; public URL from config only",
  },
  {
    id: "POL-01",
    attack:
      "`X-HTTP-Method-Override`, `X-HTTP-Method`, `X-Method-Override`, `_method` in query, form or multipart",
    required:
      "a request is judged by what was sent and by every method that a header, the query or the body asks for, and goes on only where both are allowed, as it came; under read-only any override is refused",
  },
  {
    id: "POL-02",
    attack: "GET that writes (`/logout`, `/x/delete`); POST that only reads (GraphQL, search)",
    required: "read-only = safe methods, minus a deny list, plus an explicit allow list; unknown = refused",
  },
  {
    id: "POL-03",
    attack: "confirm token reused, for another user, method, URL or body; owner changed meanwhile",
    required:
      "single use, ≤ 2 min, bound to actor, effective user, method, canonical URL and body hash; decision re-made at replay",
  },
  {
    id: "POL-04",
    attack: "health-check User-Agent, magic header or path that skips policy",
    required: "no bypass by request content; health on a separate listener",
  },
  {
    id: "POL-05",
    attack: "`application/json\\t`, leading space, trailing garbage to dodge body inspection",
    required: "parsed by one strict parser; undecidable under a body rule → refused",
  },
  {
    id: "POL-06",
    attack: "hook scoped by prefix or route is skipped (404, OPTIONS, upgrade, encapsulated plugin)",
    required:
      "one decision function at the root, called before any handler; a test enumerates every route and asserts it ran",
  },
  {
    id: "UP-01",
    attack: "https upstream with a self-signed, expired or wrong-name certificate",
    required: "502; verification on by default, custom CA by config, a loud warning if off",
  },
  {
    id: "UP-02",
    attack: "upstream 503 with `Retry-After`; connection refused; status 999; redirect",
    required: "one hit; 502/503/504 with a generic body; redirects never followed",
  },
  {
    id: "UP-03",
    attack: "client leaves while it waits; leaves mid-upload",
    required: "upstream aborted ≤ 1 s; outcome `client-aborted`",
  },
  {
    id: "DOS-01",
    attack: "slow headers; 300 slow bodies; 1 byte/s",
    required: "header 10 s, body idle and total limits, per-session concurrency; others unaffected",
  },
  {
    id: "DOS-02",
    attack: "catastrophic patterns; agent floods to fill the spool",
    required:
      "pattern set compiled and timed at load, else config refused; per-session rate limit far below spool growth",
  },
  {
    id: "AUD-01",
    attack: "newline, ANSI, quotes, megabytes in path, UA, name",
    required: "one JSON line per record, controls escaped, fields capped with a `truncated` mark",
  },
  {
    id: "AUD-02",
    attack: "edit, delete, reorder, insert, cut the tail, replay an old spool",
    required: "each found by the verifier; tail cut found through checkpoints held elsewhere",
  },
  {
    id: "AUD-03",
    attack: "secrets in URL, headers, bodies",
    required: "never recorded; chosen query keys as keyed hash",
  },
  {
    id: "OIDC-01",
    attack:
      "callback of a sign-in with another, a doubled or no code or state, an error, tokens in the query, another path or host",
    required: "nobody is signed in; no session cookie is set",
  },
  {
    id: "OIDC-02",
    attack:
      "somebody's own callback pushed onto another browser, with or without an attempt of its own; one answer sent several times, also at once",
    required:
      "state, nonce and PKCE verifier are sealed in a cookie of that one attempt; an answer counts once over all gateways",
  },
  {
    id: "OIDC-03",
    attack: "mix-up: `iss` of another issuer, or none where the provider always sends it",
    required: "refused before the code goes to any token endpoint",
  },
  {
    id: "OIDC-04",
    attack:
      "ID token with alg none, HS256 with the public key or the client's secret, another key, nonce, audience, `azp`, issuer; expired; without a subject",
    required:
      "its signature is checked with the published keys although it came from the token endpoint itself; nobody is signed in",
  },
  {
    id: "OIDC-05",
    attack: "userinfo of another subject than the ID token's",
    required: "nobody is signed in",
  },
  {
    id: "OIDC-06",
    attack:
      "session cookie planted before the sign-in; the one from before a new sign-in; two cookies of the name",
    required: "ids are drawn at each sign-in; the old one is over; of two nobody knows which is ours",
  },
  {
    id: "OIDC-07",
    attack:
      "logout token unsigned, by another key, for another client, of another issuer, too old, without its event, an ID token, one that came before",
    required: "400, and nobody is signed out",
  },
  {
    id: "OIDC-08",
    attack: "open redirect by the address to come back to; line ends in it; one of our own actions",
    required: "a path of this app or a page of ours, else `/`",
  },
  {
    id: "OIDC-09",
    attack: "a script, frame or prefetch that signs somebody in or out; an app that reads our cookies",
    required: "403 or 503 with nothing in it; none of our cookies reaches the app",
  },
  {
    id: "OP-01",
    attack:
      "a request to our OpenID provider while somebody is viewed: without the handle of an answer of theirs, with a made-up one, another impersonation's, for another redirect address",
    required: "409 `account-linking`, on record; no code",
  },
  {
    id: "OP-02",
    attack:
      "a handle with another state, nonce, scope, client, challenge, `prompt`; by another agent; twice and at once; after the end",
    required: "409; a handle counts once, for exactly what the app asked",
  },
  {
    id: "OP-03",
    attack:
      "an app that asks for another response type or mode, an address that isn't registered, a request object, `claims`, plain PKCE",
    required: "no code of who is viewed",
  },
  {
    id: "OP-04",
    attack: "a code with the wrong verifier, redirect address, client or secret; replayed",
    required: "refused by the token endpoint; a code counts once over all gateways",
  },
  {
    id: "OP-05",
    attack:
      "an agent's and a customer's code change places; a page that links accounts; a direct request of a customer's script",
    required: "the customer's page gets the customer's code alone, with `act`",
  },
  {
    id: "OP-06",
    attack:
      "broker: a callback pushed onto another browser, with another code, twice; another's request for a sign-in",
    required: "bound to one browser and one request; 403",
  },
  {
    id: "OP-07",
    attack: "the provider asked by another host, or with forged forwarding headers",
    required: "404; the issuer is the config's",
  },
  {
    id: "OP-08",
    attack:
      "while somebody is viewed: the provider's address in other spellings and by other methods, its sign-out, the other half of a sign-in",
    required: "404 or 409 `account-linking`; no code",
  },
  {
    id: "OP-09",
    attack: "a page on an impersonation's host that leads to our provider, or brings a code along",
    required: "409 `account-linking`, on record; no code of the agent's reaches the app for the customer",
  },
  {
    id: "OP-10",
    attack: "a code that the agent got for themselves, brought to the app while they view somebody",
    required: "409 `account-linking`; the app never hears of it, and it still counts for the agent",
  },
  {
    id: "LEAVE-01",
    attack: 'the app\'s own way back from its "log in as", by link, form, fetch, HEAD',
    required: "means Stop; the app never hears of it",
  },
  {
    id: "LEAVE-02",
    attack:
      "the same address spelled otherwise: `/leave/`, `/%6Ceave`, `//leave`, `/./leave`, `;x`, with a query",
    required: "nothing of the service account is shown, then or later",
  },
  {
    id: "LEAVE-03",
    attack:
      "a way back that the config doesn't name, by redirect, new cookie or neither; with ten requests on their way",
    required:
      "what the app would show as the service account is not shown: `sign-in-failed`, signed in to anew",
  },
  {
    id: "LEAVE-04",
    attack: "pages and errors of a sign-in, read for a secret or a cookie of the service account",
    required: "none in an answer, none in the browser, none in a later request",
  },
  {
    id: "LINK-01",
    attack: "a link of a program's used again, from several tabs at once, after its time",
    required: "it counts once, over all gateways, for `api.linkLasts`; opening it uses nothing up",
  },
  {
    id: "LINK-02",
    attack:
      "such a link of another agent's, for another customer, made up, opened by a script; one read in the records",
    required:
      "404 as for one that isn't there, on record where another agent came with it; no record has a secret",
  },
  {
    id: "API-01",
    attack:
      "a token of a program's that is made up, over, taken out of the config, its hash, or for another agent; a browser's cookies",
    required: "401 or 403, and nothing is made; known by its hash alone; cookies count for nothing",
  },
  {
    id: "HOOK-01",
    attack:
      "what a helpdesk asks, with a signature that is missing, wrong, of another key or body; sent again; for somebody unknown",
    required: "403 with nothing in it, compared in constant time; the answer is made of the question alone",
  },
  {
    id: "EMB-01",
    attack: "the helpdesk's page in a frame of another site, with an agent's cookies, with parameters",
    required:
      "the same for everybody, without cookie and data; `frame-ancestors` from the config; a sandbox of no origin",
  },
];

/** Tests without an id that show a part of an attack: what time does, what is told apart in units, what a browser or an app does. */
export const ALSO: Readonly<Record<string, readonly string[]>> = {
  "DEC-02": ["test/attacks/script/same-origin.test.ts", "test/attacks/script/isolated.test.ts"],
  "DEC-04": ["test/attacks/script/same-origin.test.ts", "test/attacks/script/isolated.test.ts"],
  "HTML-02": ["test/domain/page/csp.test.ts"],
  "HTML-03": ["test/attacks/script/same-origin.test.ts"],
  "HTML-06": ["test/page/rewriter.test.ts", "test/gateway/big-bodies.test.ts"],
  "TOK-01": ["test/examples/express.test.ts", "test/system/examples/interpreters.test.ts"],
  "POL-03": ["test/confirm.test.ts", "test/sessions/confirmations.test.ts"],
  "SES-07": ["test/revocation.test.ts", "test/gateway/background/revalidate.test.ts"],
  "DEC-07": ["test/clients/memo.test.ts"],
  "WS-08": ["test/system/faults/many-sockets.test.ts"],
  "WS-09": ["test/gateway/big-bodies.test.ts"],
  "UP-01": ["test/gateway/http/dial.test.ts", "test/faults/outside.test.ts"],
  "UP-03": ["test/system/faults/clients.test.ts"],
  "DOS-01": ["test/system/faults/clients.test.ts"],
  "DOS-02": ["test/faults/reload.test.ts"],
  "AUD-02": ["test/audit/verify/verify.test.ts"],
};

/** Of what a part can't apply here, or is met in another way: why. */
export const EXCEPTIONS: Readonly<Record<string, string>> = {
  "PATH-13":
    "A gateway has no cache, and an address belongs to one app alone (two with the same place are refused), so no two upstreams can share one.",
  "SES-04":
    "A cookie that scripts may read keeps the `Domain` that the app gave it, within the app's own hosts: only so does it cover the agent's own of that name, which is put back at the end.",
  "WS-09": "There is no cap on messages: bytes pass at the app's pace and are never gathered.",
  "SES-01":
    "Guise has no login of its own (who is there comes from a token, the app's `whoami` or a proxy's header), so state, nonce and PKCE have nothing to be bound to.",
  "SES-02":
    "Where one of several has a record behind it, the request is refused with the lines that clear ours; the next page is then one's own, after a page that said so. Where none has, and the caller is no agent, it is own traffic.",
  "SES-03":
    "Ours is among the last that Chromium throws out. Where it is gone all the same, what the page's scripts ask for next is refused and the page is covered; a link that is followed before that leads to one's own page, without a banner.",
  "HTML-03":
    "Against styles, and apps that render their page anew. A hostile script that runs before ours can change the banner's words or draw something that looks like one ([what a script can do](security.md)); a second element of its name is taken out, and who goes on covering it gets the page covered. It finds no token there, and the record is the same.",
  "DEC-06": "A disabled person is one whom the directory does not have: there is no such field.",
  "DEC-08":
    "Identity comes from the cookie, which is one for all tabs. What the scripts of a page under a banner ask for names its impersonation, and is refused under another and under none; so is what is unsafe and comes from the page of another owner. An old tab is covered at once. What is left is told in [sessions](sessions.md#tabs).",
  "CACHE-05":
    "A host for each impersonation would be a wall made by the browser. On one host workers are refused and storage is cleared.",
  "PATH-12": "No owner is ever named by the query, so parameters that come twice can't matter.",
};

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
    "HTML-06, HTML-04; test/page/rewriter.test.ts, test/journeys/documents.test.ts",
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
