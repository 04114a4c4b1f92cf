import t, { type Test } from "tap";
import { saying, usual } from "../fixtures/apps/attack-app.ts";
import { metadata, post } from "../fixtures/client/attack-requests.ts";
import {
  AS,
  CLICK,
  HOST,
  INSIDE,
  impersonate,
  type Reply,
  request,
  type Stand,
  send,
  stand,
  values,
} from "../fixtures/gateway/attack-stand.ts";
import { fieldIn } from "../fixtures/html.ts";

const it = await stand(t);

const HTML = "Accept: text/html,*/*";

/** One request of Alice's to a page of Nuno's, described like this by her browser. */
async function described(fields: readonly string[], line = "GET /site/1/x", at: Stand = it): Promise<Reply> {
  return await send(t, at.port, request(line, [...AS.alice, ...fields]));
}

/** Nothing was put on: no cookie was given out. What is on record is counted. */
function nothingStarted(t: Test, reply: Reply, what: string): void {
  t.notMatch(reply.head, /^Set-Cookie: (?:__Host-)?guise=/im, what);
}

async function starts(at: Stand = it): Promise<number> {
  return (await at.journal()).filter((line) => line.event?.action === "impersonation.started").length;
}

t.test("DEC-01: another site starts an impersonation by nothing but a click on a link", async (t) => {
  const before = await starts();
  const attempts: Readonly<Record<string, readonly string[]>> = {
    "an image": metadata("image", "no-cors", "cross-site"),
    "a frame": [HTML, ...metadata("iframe", "navigate", "cross-site")],
    "a frame with a click": [HTML, ...metadata("iframe", "navigate", "cross-site", true)],
    "an object": [HTML, ...metadata("object", "navigate", "cross-site")],
    "an embed": [HTML, ...metadata("embed", "navigate", "cross-site", true)],
    "a script": metadata("script", "no-cors", "cross-site"),
    "a style": metadata("style", "no-cors", "same-site"),
    "a fetch": metadata("empty", "cors", "cross-site"),
    "a fetch that says it wants a page": [HTML, ...metadata("empty", "cors", "cross-site", true)],
    "a worker": metadata("worker", "same-origin", "cross-site"),
    "a font": metadata("font", "cors", "cross-site"),
    "a manifest": metadata("manifest", "cors", "cross-site"),
    "a report": metadata("report", "no-cors", "cross-site"),
    "a video": metadata("video", "no-cors", "cross-site"),
  };
  for (const [what, fields] of Object.entries(attempts)) nothingStarted(t, await described(fields), what);
  for (const method of ["POST", "PUT", "HEAD", "OPTIONS", "PROPFIND"])
    nothingStarted(
      t,
      await described([...CLICK, "Connection: close"], `${method} /site/1/x`),
      `a navigation by ${method}`,
    );
  t.equal(await starts(), before, "nothing is on record as started");

  // A page that sends the browser here by itself: the agent is asked, and the app hears nothing.
  for (const fields of [
    metadata("document", "navigate", "cross-site"),
    metadata("document", "navigate", "none"),
  ]) {
    const heard = it.app.begun.length;
    const reply = await described([HTML, ...fields]);
    nothingStarted(t, reply, "a navigation without a click");
    t.equal(reply.status, 200);
    t.match(reply.body, /<form method="post" action="\/\.guise\/start">/, "a page with a button");
    t.equal(it.app.begun.length, heard);
  }
  const silent = await described([HTML]);
  nothingStarted(t, silent, "a browser that says nothing of who asks");
  t.equal(silent.status, 403);
  t.notMatch(silent.body, /<form|_csrf/);
  t.equal(await starts(), before);
});

t.test(
  "DEC-02: what a browser fetches ahead starts nothing, reaches nobody and is nobody's deed",
  async (t) => {
    const cookie = await impersonate(t, it);
    const marks = [
      "Sec-Purpose: prefetch",
      "Sec-Purpose: prefetch;prerender",
      "Sec-Purpose: prefetch;anonymous-client-ip",
      "Purpose: prefetch",
      "X-Moz: prefetch",
      "X-Purpose: preview",
      "Purpose: preview",
    ];
    const records = (await it.journal()).length;
    for (const mark of marks) {
      for (const fields of [[], [cookie]]) {
        const heard = it.app.begun.length;
        const reply = await described([...CLICK, mark, ...fields]);
        t.equal(reply.status, 503, mark);
        t.match(values(reply.head, "Cache-Control"), ["no-store"], mark);
        t.notMatch(reply.head, /^Set-Cookie: guise=\w/m, mark);
        t.equal(it.app.begun.length, heard, `${mark}: nothing reached the app`);
      }
      const customers = await send(t, it.port, request("GET /site/1/x", [...AS.nuno, ...CLICK, mark]));
      t.equal(customers.status, 200, `${mark}: customers go on`);
    }
    t.equal((await it.journal()).length, records, "no record");
  },
);

t.test(
  "DEC-03: who is nobody gets what the app shows to nobody, and no word of ours about a customer",
  async (t) => {
    const robots = [
      "Slackbot-LinkExpanding 1.0 (+https://api.slack.com/robots)",
      "facebookexternalhit/1.1",
      "Mozilla/5.0",
    ];
    it.app.answer = ({ head }) =>
      /^x-guise-/im.test(head) ? saying("CUSTOMER DATA") : saying("please log in");
    for (const robot of robots) {
      for (const path of ["/site/1/x", "/users/17/x"]) {
        const reply = await send(t, it.port, request(`GET ${path}`, [`User-Agent: ${robot}`, ...CLICK]));
        t.equal(reply.body, "please log in", `${robot}: ${path}`);
        t.notMatch(reply.text, /guise|Nuno|nuno@/i);
      }
      for (const path of [
        "/.guise/as/17",
        "/.guise/as/17?to=/site/1",
        "/.guise/start",
        "/.guise/start?q=Almei",
        "/.guise/me",
      ]) {
        const reply = await send(t, it.port, request(`GET ${path}`, [`User-Agent: ${robot}`, ...CLICK]));
        t.notMatch(reply.text, /Nuno|nuno@|Mia|CUSTOMER/, `${robot}: ${path}`);
      }
    }
    it.app.answer = usual;
  },
);

/** Tokens of forms: to step up, to start, and to start of another time. */
interface FormTokens {
  readonly elevate: string;
  readonly start: string;
  readonly others: string;
}

type Attempt = readonly [what: string, path: string, form: Record<string, string>, fields: readonly string[]];

/** What anybody but our own pages may try. */
function attemptsWith({ elevate, start, others }: FormTokens): readonly Attempt[] {
  const here = `Origin: http://${HOST}`;
  const mia = { user: "23", to: "/" };
  return [
    ["stop from another site", "/.guise/stop", {}, ["Origin: https://evil.test"]],
    ["stop from a sibling", "/.guise/stop", {}, [`Origin: http://sub.${HOST}`]],
    [
      "stop from a page without an origin",
      "/.guise/stop",
      {},
      ["Origin: null", ...metadata("document", "navigate", "cross-site")],
    ],
    ["step up without a token", "/.guise/elevate", { reason: "x" }, [...INSIDE, here]],
    ["step up with the token of another form", "/.guise/elevate", { _csrf: start }, [...INSIDE, here]],
    [
      "step up from another site",
      "/.guise/elevate",
      { _csrf: elevate },
      [...CLICK, "Origin: https://evil.test"],
    ],
    [
      "step up by a script",
      "/.guise/elevate",
      { _csrf: elevate },
      [...metadata("empty", "cors", "same-origin"), here],
    ],
    [
      "start from another site",
      "/.guise/start",
      { ...mia, _csrf: start },
      [...CLICK, "Origin: https://evil.test"],
    ],
    [
      "start by a script",
      "/.guise/start",
      { ...mia, _csrf: start },
      [...metadata("empty", "cors", "same-origin"), here],
    ],
    [
      "start in a frame",
      "/.guise/start",
      { ...mia, _csrf: start },
      [...metadata("iframe", "navigate", "same-origin"), here],
    ],
    ["start without a token", "/.guise/start", mia, [...INSIDE, here]],
    ["start with a token of another time", "/.guise/start", { ...mia, _csrf: others }, [...INSIDE, here]],
    [
      "start with the token for another",
      "/.guise/start",
      { user: "17", to: "/", _csrf: start },
      [...INSIDE, here],
    ],
    [
      "start from the page of a sibling site",
      "/.guise/start",
      { ...mia, _csrf: start },
      metadata("document", "navigate", "same-site"),
    ],
  ];
}

t.test("DEC-04: only our own pages can start, stop or step up, and nobody frames them", async (t) => {
  const cookie = await impersonate(t, it);
  const tokenOn = async (line: string, fields: readonly string[]) =>
    fieldIn((await described([...INSIDE, ...fields], line)).body, "_csrf");
  const elevate = await tokenOn("GET /.guise/elevate", [cookie]);
  const start = await tokenOn("GET /.guise/as/23", [cookie]);
  const others = await tokenOn("GET /.guise/as/23", []);
  t.ok([elevate, start, others].every((token) => token.length > 60));
  const before = await starts();
  const attempts = attemptsWith({ elevate, start, others });
  for (const [what, path, form, fields] of attempts) {
    const reply = await post(t, it, path, form, [...AS.alice, cookie, ...fields]);
    t.equal(reply.status, 403, what);
    t.notMatch(reply.head, /^Set-Cookie/m, what);
  }
  for (const path of [
    "/.guise/start?user=23&to=/",
    "/.guise/stop",
    "/.guise/elevate",
    "/.guise/as/23?to=/",
  ]) {
    const reply = await described([...CLICK, cookie], `GET ${path}`);
    t.notMatch(reply.head, /^Set-Cookie: guise=/m, `GET ${path} does nothing`);
    t.match(values(reply.head, "Content-Security-Policy").join(), /frame-ancestors 'none'/, path);
    t.match(values(reply.head, "X-Frame-Options"), ["DENY"], path);
  }
  t.equal(await starts(), before, "nothing started");
  t.equal((await described([...INSIDE, cookie], "GET /x")).status, 200, "and it still runs");
  const steps = attempts.filter(([, path]) => path !== "/.guise/stop");
  const records = (await it.journal()).filter((line) => line.message?.startsWith("forbidden: ") === true);
  t.equal(records.length, steps.length, "each that was to start something is on record");
});
