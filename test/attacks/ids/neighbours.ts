import type { Attack } from "./attack.ts";

/** By or through what stands beside the gateway: apps, load, the record, providers, links, programs. */
export const NEIGHBOURS: readonly Attack[] = [
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
    id: "LEAVE-05",
    attack:
      "the whole log (`trace`), the journal and the pages of sign-ins that succeed and that fail in several ways, read for secrets and tokens",
    required: "none in any of them",
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
