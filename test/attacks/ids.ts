import type { Attack } from "./ids/attack.ts";
import { IMPERSONATIONS } from "./ids/impersonations.ts";
import { NEIGHBOURS } from "./ids/neighbours.ts";
import { REQUESTS } from "./ids/requests.ts";

/** All attacks. Each has a test of its id in this folder, or stands in `EXCEPTIONS`. */
export const ATTACKS: readonly Attack[] = [...REQUESTS, ...IMPERSONATIONS, ...NEIGHBOURS];

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
  "UP-01": ["test/gateway/http/client/dial.test.ts", "test/faults/outside.test.ts"],
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
