import t from "tap";
import {
  carriesOurs,
  clearingDoubled,
  cookieNames,
  markerCookies,
  neighbourCookies,
  ownCookies,
  setOwnCookie,
  setsOurs,
  withoutOurs,
} from "../../../src/gateway/http/own-cookies.ts";
import { NOTICE, SECRET } from "../../fixtures/client/cookies.ts";

const OTHER = "o".repeat(43);

t.test(
  "under https our names have the browser's promise before them, under http they are bare",
  async (t) => {
    t.same(cookieNames("guise", "https"), {
      secret: "__Host-guise",
      notice: "__Host-guise-notice",
      markers: ["__Host-guise-impersonating", "__Host-guise-worn"],
      here: "__Host-guise-here",
      nonce: "__Host-guise-nonce",
      before: "__Host-guise-before",
      signIn: "__Host-guise-sign-in",
      agent: "guise_agent",
    });
    t.same(cookieNames("guise", "http"), {
      secret: "guise",
      notice: "guise-notice",
      markers: [],
      here: "guise-here",
      nonce: "guise-nonce",
      before: "guise-before",
      signIn: "guise-sign-in",
      agent: "guise_agent",
    });
  },
);

t.test("ours are taken out, and the others stay as they are, in their order", async (t) => {
  const header = `a=1; __Host-guise=${SECRET}; b="x; c=d"; __Host-guise-notice=${NOTICE}; empty=; lone; b=2`;
  t.same(ownCookies(header, "guise", "https"), {
    rest: 'a=1; b="x; c=d"; empty=; lone; b=2',
    secret: SECRET,
    notice: NOTICE,
    marks: [],
    here: [],
    before: [],
    near: [],
    rivals: [],
    signIn: null,
    agent: [],
  });
});

t.test("the names of the other scheme are nobody's secret, and the app never sees them", async (t) => {
  t.same(ownCookies(`guise=${OTHER}; __Host-guise=${SECRET}; a=1`, "guise", "https"), {
    rest: "a=1",
    secret: SECRET,
    notice: null,
    marks: [],
    here: [],
    before: [],
    near: [],
    rivals: [],
    signIn: null,
    agent: [],
  });
  t.same(ownCookies(`__Host-guise=${OTHER}; guise=${SECRET}`, "guise", "http"), {
    rest: null,
    secret: SECRET,
    notice: null,
    marks: [],
    here: [],
    before: [],
    near: [],
    rivals: [],
    signIn: null,
    agent: [],
  });
});

for (const marker of ["guise-impersonating", "guise-worn"])
  t.test(`over https ${marker} says that an impersonation is running, also without its id`, async (t) => {
    t.match(ownCookies(`a=1; __Host-${marker}=1`, "guise", "https"), {
      rest: "a=1",
      secret: null,
      marks: ["1"],
    });
    t.match(ownCookies(`__Host-guise=${SECRET}; __Host-${marker}=1`, "guise", "https"), {
      secret: SECRET,
      marks: ["1"],
    });
    t.match(ownCookies(`__Host-${marker}=1`, "guise", "https", "example.com"), { rest: null, marks: ["1"] });
    t.match(ownCookies(`${marker}=1; __Host-${marker}=1`, "guise", "http"), {
      rest: null,
      marks: { length: 0 },
    });
    t.match(ownCookies(`${marker}=1`, "guise", "https"), { rest: null, marks: { length: 0 } });
    const set = "Path=/; Max-Age=60; HttpOnly; SameSite=None; Secure; Priority=High";
    const value = marker === "guise-worn" ? "1" : NOTICE;
    t.ok(markerCookies("guise", NOTICE, "https", 60).includes(`__Host-${marker}=${value}; ${set}`));
    const deleted = "Path=/; Max-Age=0; HttpOnly; SameSite=None; Secure; Priority=High";
    t.ok(markerCookies("guise", null, "https", 60).includes(`__Host-${marker}=; ${deleted}`));
    t.same(markerCookies("guise", NOTICE, "http", 60), []);
  });

t.test("where nobody judges, what everybody can write under a name of ours stays", async (t) => {
  const planted = ["Cookie", `a=1; guise=${SECRET}; __Host-guise-impersonating=1`];
  t.same(withoutOurs(planted, "guise"), ["Cookie", "a=1; __Host-guise-impersonating=1"]);
  t.equal(withoutOurs(planted, "guise", { secrets: false }), planted);
  t.equal(carriesOurs(planted[1] ?? "", "guise"), true);
  t.equal(carriesOurs(planted[1] ?? "", "guise", { secrets: false }), false);
});

t.test(
  "of several that could be ours all are told, wherever they stand and however they are spaced",
  async (t) => {
    for (const [header, rivals] of [
      [`guise=${SECRET}; guise=${OTHER}`, [OTHER]],
      [`guise =${SECRET}; guise= ${OTHER}`, [OTHER]],
      [`__Host-guise=${SECRET}; __Host-guise=${OTHER}`, []],
      [`guise=${SECRET}; a=b; guise=${SECRET}`, []],
      [`guise=${SECRET};guise=`, []],
      [`guise; guise=x; guise=; guise=${SECRET}`, []],
      [`a=1; a=2; guise=${SECRET}`, []],
    ] as const) {
      const { secret, rivals: told } = ownCookies(header, "guise", "http");
      t.same([secret, told], [header.startsWith("__") ? null : SECRET, rivals], header);
    }
    const both = `__Host-guise=${SECRET}; __Host-guise=${OTHER}`;
    t.match(ownCookies(both, "guise", "https"), { secret: SECRET, rivals: [OTHER] });
  },
);

t.test(
  "by what somebody is signed in is told, and that a browser is an agent's; the app sees neither",
  async (t) => {
    const attempt = "guise-sign-in-0123456789ab=v1.sealed";
    const header = `a=1; guise-sign-in=${SECRET}; ${attempt}; guise_agent=${NOTICE}; b=2`;
    t.match(ownCookies(header, "guise", "http"), {
      rest: "a=1; b=2",
      signIn: SECRET,
      agent: [NOTICE],
      rivals: { length: 0 },
    });
    const two = `guise-sign-in=${SECRET}; guise-sign-in=${OTHER}`;
    t.match(
      ownCookies(two, "guise", "http"),
      { rest: null, signIn: null },
      "of two nobody knows which is ours",
    );
    const theirs = "guise-sign-in=x; guise_agent=1; guise_agents=1; guise-sign-in-0123=v1.x";
    t.match(ownCookies(theirs, "guise", "http"), { rest: theirs, signIn: null, agent: { length: 0 } });
  },
);

t.test("a notice that comes twice is none, and shuts nobody out", async (t) => {
  const { notice, rivals } = ownCookies(`guise-notice=${NOTICE}; guise-notice=${NOTICE}`, "guise", "http");
  t.same([notice, rivals], [null, []]);
});

t.test("what only looks like ours goes on to the app", async (t) => {
  const headers = [
    "guise2=1",
    "my-guise=1",
    "Guise=1",
    "a=guise",
    "xguise=1; y=guise=2",
    "guise",
    "guise=",
    "guise=1",
    "guise=a; guise=b",
    "a=1;;  guise=; guise=x ;b",
    `guise=${SECRET}x`,
    "__Host-guise-worn=",
    "__Host-guise-impersonating=",
    "__Host-guise-worn=yes; guise-notice=hello",
  ];
  for (const header of headers) {
    t.same(ownCookies(header, "guise", "http"), {
      rest: header,
      secret: null,
      notice: null,
      marks: [],
      here: [],
      before: [],
      near: [],
      rivals: [],
      signIn: null,
      agent: [],
    });
  }
});

t.test("no cookies are none", async (t) => {
  for (const header of [undefined, "", ";", " ; "]) {
    t.match(ownCookies(header, "guise", "http"), { secret: null, notice: null, rivals: { length: 0 } });
  }
  t.equal(ownCookies(undefined, "guise", "http").rest, null);
  t.equal(ownCookies("", "guise", "http").rest, null);
});

t.test("whatever stands around ours stays byte for byte", async (t) => {
  const ours = `guise=${SECRET}`;
  const cases = [
    [`${ours};  a=1;;b = 2 ;`, "a=1;;b = 2 ;"],
    [`a=1;;  ${ours} ;b=2`, "a=1;;b=2"],
    [`a=1; ${ours}`, "a=1"],
    [`;${ours};a=1`, ";a=1"],
    [`${ours}; ;`, null],
  ] as const;
  for (const [sent, left] of cases) t.equal(ownCookies(sent, "guise", "http").rest, left, sent);
});

t.test("of several lines each loses ours, and one that held nothing else goes", async (t) => {
  const lines = ["A", "1", "cookie", `a=1;guise=${SECRET}`, "Cookie", `guise=${SECRET}`, "COOKIE", "c=; d"];
  t.same(withoutOurs(lines, "guise"), ["A", "1", "cookie", "a=1", "COOKIE", "c=; d"]);
  const others = ["Cookie", "a=1;; b", "X-Guise-Cookie", `guise=${SECRET}`];
  t.equal(withoutOurs(others, "guise"), others, "the same list where nothing had to go");
});

t.test("another name in the config moves all of them", async (t) => {
  t.match(ownCookies(`mask=${SECRET}; guise=a`, "mask", "http"), { rest: "guise=a", secret: SECRET });
});

t.test("our cookies are for the whole host, closed to scripts and to posts of other sites", async (t) => {
  t.equal(setOwnCookie("guise", "v", "http", null), "guise=v; Path=/; HttpOnly; SameSite=Lax; Priority=High");
  t.equal(
    setOwnCookie("__Host-guise", "v", "https", 300),
    "__Host-guise=v; Path=/; Max-Age=300; HttpOnly; SameSite=Lax; Secure; Priority=High",
  );
  t.equal(
    setOwnCookie("__Host-guise", null, "https", 300),
    "__Host-guise=; Path=/; Max-Age=0; HttpOnly; SameSite=Lax; Secure; Priority=High",
  );
});

t.test("where one of ours came twice, all of ours are taken away under both schemes", async (t) => {
  t.same(clearingDoubled(`guise=${SECRET}; guise=${OTHER}`, "guise"), [
    "guise=; Path=/; Max-Age=0; HttpOnly; SameSite=Lax; Priority=High",
    "guise-notice=; Path=/; Max-Age=0; HttpOnly; SameSite=Lax; Priority=High",
    "__Host-guise=; Path=/; Max-Age=0; HttpOnly; SameSite=Lax; Secure; Priority=High",
    "__Host-guise-notice=; Path=/; Max-Age=0; HttpOnly; SameSite=Lax; Secure; Priority=High",
    "__Host-guise-impersonating=; Path=/; Max-Age=0; HttpOnly; SameSite=None; Secure; Priority=High",
    "__Host-guise-worn=; Path=/; Max-Age=0; HttpOnly; SameSite=None; Secure; Priority=High",
  ]);
  for (const header of [undefined, "guise=a; guise=b", `guise=${SECRET}; __Host-guise=${OTHER}`, "a=1; a=2"])
    t.same(clearingDoubled(header, "guise"), []);
});

t.test("with a domain they are for all of its hosts, and what was set before counts still", async (t) => {
  t.match(cookieNames("guise", "https", "example.com"), {
    secret: "__Secure-guise",
    markers: ["__Secure-guise-impersonating", "__Secure-guise-worn"],
    here: "__Host-guise-here",
  });
  t.match(ownCookies(`__Host-guise=${OTHER}`, "guise", "https", "example.com"), { secret: OTHER });
  const header = `__Secure-guise=${SECRET}; __Host-guise=${OTHER}; a=1`;
  const both = ownCookies(header, "guise", "https", "example.com");
  t.match(both, { secret: SECRET, rest: "a=1", rivals: { length: 0 } });
  t.match(ownCookies(`__Secure-guise=${SECRET}`, "guise", "https"), { secret: null, rest: null });
  t.equal(
    setOwnCookie("__Secure-guise", "v", "https", null, "example.com"),
    "__Secure-guise=v; Path=/; Domain=example.com; HttpOnly; SameSite=Lax; Secure; Priority=High",
  );
  t.equal(clearingDoubled(`guise=${SECRET}; guise=${OTHER}`, "guise", "example.com").length, 12);
});

t.test("the neighbours of a host are told by a cookie of each domain above it", async (t) => {
  const domains = (host: string) =>
    neighbourCookies("guise", host, NOTICE, "https", 60).map((line) => /Domain=([^;]*)/.exec(line)?.[1]);
  t.same(domains("a.b.example.com"), ["b.example.com", "example.com"]);
  t.same(domains("app.example.com"), ["example.com"]);
  for (const host of ["example.com", "localhost", "127.0.0.1", "[::1]"]) t.same(domains(host), [], host);
  const [line = ""] = neighbourCookies("guise", "app.example.com", NOTICE, "http", 60);
  const [pair = ""] = line.split(";");
  t.match(
    line,
    /^guise-near-[0-9a-f]{12}=[\w.]+; Path=\/; Domain=example.com; Max-Age=60; HttpOnly; SameSite=Lax;/,
  );
  t.match(ownCookies(`${pair}; ${pair}; a=1`, "guise", "http"), {
    near: [NOTICE, NOTICE],
    rest: "a=1",
    rivals: { length: 0 },
  });
});

t.test("the app sets none of ours, in any case", async (t) => {
  for (const line of [
    "guise=1",
    "__host-GUISE-here=1",
    " =Guise=1",
    "__Secure-guise-near-0123456789ab=x; Path=/",
  ])
    t.ok(setsOurs(line, "guise"), line);
  for (const line of ["guises=1", "a=guise=1", "guise-nearby=1", "guise"])
    t.notOk(setsOurs(line, "guise"), line);
});
