import type { Attack } from "./attack.ts";

/** On who is whom, and on what is shown and done meanwhile. */
export const IMPERSONATIONS: readonly Attack[] = [
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
];
