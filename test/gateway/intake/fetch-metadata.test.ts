import t from "tap";
import { navigation } from "../../../src/gateway/intake/fetch-metadata.ts";

const DOCUMENT = {
  "sec-fetch-dest": "document",
  "sec-fetch-mode": "navigate",
  "sec-fetch-site": "cross-site",
  "sec-fetch-user": "?1",
};

t.test("a click on a link of another site is a navigation by a person from outside", async (t) => {
  t.same(navigation("GET", false, DOCUMENT), {
    topLevel: true,
    byUser: true,
    site: "cross-site",
    speculative: false,
    visit: null,
    wantsPage: true,
    serviceWorker: false,
  });
});

t.test("each site that a browser names is read, and whatever else it says is unknown", async (t) => {
  for (const site of ["same-origin", "same-site", "cross-site", "none"]) {
    t.equal(navigation("GET", false, { ...DOCUMENT, "sec-fetch-site": site }).site, site);
  }
  for (const site of ["Same-Origin", "constructor", "__proto__", "", "same-origin, none"]) {
    t.equal(navigation("GET", false, { ...DOCUMENT, "sec-fetch-site": site }).site, "unknown", site);
  }
  t.equal(navigation("GET", false, { accept: "text/html,*/*;q=0.8" }).site, "unknown");
});

t.test("only a GET for a document in the tab itself is top level", async (t) => {
  const cases: readonly (readonly [string, Record<string, string>, boolean, boolean])[] = [
    ["GET", DOCUMENT, true, true],
    ["POST", DOCUMENT, false, true],
    ["HEAD", DOCUMENT, false, true],
    ["GET", { ...DOCUMENT, "sec-fetch-mode": "no-cors" }, false, true],
    ["GET", { ...DOCUMENT, "sec-fetch-dest": "iframe" }, false, true],
    ["GET", { ...DOCUMENT, "sec-fetch-dest": "frame" }, false, true],
    ["GET", { ...DOCUMENT, "sec-fetch-dest": "image" }, false, false],
    ["GET", { ...DOCUMENT, "sec-fetch-dest": "script" }, false, false],
    ["GET", { ...DOCUMENT, "sec-fetch-dest": "empty", "sec-fetch-mode": "cors" }, false, false],
    ["GET", { ...DOCUMENT, "sec-fetch-dest": "object" }, false, false],
    ["GET", { ...DOCUMENT, "sec-fetch-dest": "embed" }, false, false],
    ["GET", { ...DOCUMENT, "sec-fetch-dest": "document, document" }, false, false],
    ["GET", { ...DOCUMENT, "sec-fetch-dest": "" }, false, false],
  ];
  for (const [method, headers, topLevel, wantsPage] of cases) {
    const seen = navigation(method, false, headers);
    t.match(seen, { topLevel, wantsPage }, `${method} ${headers["sec-fetch-dest"]}`);
  }
});

t.test(
  "a navigation that the app's service worker sends on is top level, and never a person's",
  async (t) => {
    const { "sec-fetch-user": _, ...untold } = DOCUMENT;
    t.match(navigation("GET", false, { ...untold, "sec-fetch-dest": "empty" }), {
      topLevel: true,
      byUser: false,
      wantsPage: true,
      site: "cross-site",
    });
  },
);

t.test("the script of a service worker is told by either of its two headers", async (t) => {
  const script = { "sec-fetch-mode": "same-origin", "sec-fetch-site": "same-origin" };
  t.match(navigation("GET", false, { ...script, "sec-fetch-dest": "serviceworker" }), {
    serviceWorker: true,
    wantsPage: false,
  });
  t.equal(navigation("GET", false, { "service-worker": "script" }).serviceWorker, true);
  t.equal(navigation("GET", false, { ...script, "sec-fetch-dest": "worker" }).serviceWorker, false);
});

t.test("only ?1 is a person", async (t) => {
  for (const user of ["?0", "1", "true", "?1, ?1", ""]) {
    t.equal(navigation("GET", false, { ...DOCUMENT, "sec-fetch-user": user }).byUser, false, user);
  }
  const { "sec-fetch-user": _, ...untold } = DOCUMENT;
  t.equal(navigation("GET", false, untold).byUser, false);
});

t.test(
  "a browser without Fetch Metadata is told by what it accepts, and never counts as a person",
  async (t) => {
    t.same(navigation("GET", false, { accept: "text/html,application/xhtml+xml,*/*;q=0.8" }), {
      topLevel: true,
      byUser: false,
      site: "unknown",
      speculative: false,
      visit: null,
      wantsPage: true,
      serviceWorker: false,
    });
    t.match(navigation("GET", false, { accept: "*/*" }), { topLevel: false, wantsPage: false });
    t.match(navigation("GET", false, {}), { topLevel: false, wantsPage: false });
    t.match(
      navigation("GET", false, { accept: "text/html,*/*;q=0.8", "x-requested-with": "XMLHttpRequest" }),
      {
        topLevel: false,
        wantsPage: false,
      },
    );
  },
);

t.test("a prefetch or prerender is told by every name that browsers had for it", async (t) => {
  const said = [
    { "sec-purpose": "prefetch" },
    { "sec-purpose": "prefetch;prerender" },
    { purpose: "prefetch" },
    { "x-purpose": "preview" },
    { "x-moz": "prefetch" },
    { purpose: "Prefetch" },
  ];
  for (const header of said) {
    t.equal(navigation("GET", false, { ...DOCUMENT, ...header }).speculative, true, JSON.stringify(header));
    t.equal(navigation("GET", false, header).speculative, true, "also for what is no document");
  }
  t.equal(navigation("GET", false, { ...DOCUMENT, "sec-purpose": "something" }).speculative, false);
});

t.test("a second purpose can't hide the first", async (t) => {
  const headers = { ...DOCUMENT, "sec-purpose": "x", purpose: "prefetch" };
  t.equal(navigation("GET", false, headers).speculative, true);
});

t.test("an upgrade is never a navigation, whatever else it says", async (t) => {
  t.match(navigation("GET", true, DOCUMENT), {
    topLevel: false,
    byUser: false,
    wantsPage: false,
    site: "cross-site",
  });
});
