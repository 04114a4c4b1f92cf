import t from "tap";
import { navigation } from "../../../src/gateway/intake/fetch-metadata.ts";
import { isByScript, visitOf, wantsFragment } from "../../../src/gateway/intake/script-requests.ts";

const TURBO = "text/html, application/xhtml+xml";
const BROWSERS = {
  chromium:
    "text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,image/apng,*/*;q=0.8,application/signed-exchange;v=b3;q=0.7",
  firefox: "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8",
  safari: "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8",
  edge: "text/html, application/xhtml+xml, image/jxr, */*",
  lynx: "text/html, text/plain, text/sgml, text/css, application/xhtml+xml, */*;q=0.01",
};
const FETCH = { "sec-fetch-dest": "empty", "sec-fetch-mode": "cors", "sec-fetch-site": "same-origin" };
const ACCEPT = { accept: BROWSERS.safari };

t.test("without Fetch Metadata, what browsers ask with is a document", async (t) => {
  for (const [name, accept] of Object.entries(BROWSERS))
    t.match(navigation("GET", false, { accept }), { topLevel: true, wantsPage: true }, name);
  const inView = { ...ACCEPT, "x-requested-with": "com.example.app" };
  t.match(navigation("GET", false, inView), { topLevel: true, wantsPage: true }, "Android's web view");
});

t.test("and what scripts ask with is a fragment", async (t) => {
  const asked: readonly Readonly<Record<string, string>>[] = [
    { accept: "text/html" },
    { accept: TURBO },
    { accept: "text/vnd.turbo-stream.html, text/html, application/xhtml+xml" },
    { ...ACCEPT, "turbo-frame": "x" },
    { ...ACCEPT, "x-turbo-request-id": "1" },
    { ...ACCEPT, "x-up-version": "3.14.3" },
    { ...ACCEPT, "hx-request": "true" },
    { ...ACCEPT, "x-livewire": "" },
    { ...ACCEPT, "x-livewire-navigate": "" },
    { ...ACCEPT, "x-inertia": "true" },
    { ...ACCEPT, "x-pjax": "true" },
    { ...ACCEPT, "x-requested-with": "XMLHttpRequest" },
  ];
  for (const headers of asked) {
    t.ok(isByScript(headers), JSON.stringify(headers));
    t.match(navigation("GET", false, headers), { topLevel: false, wantsPage: false });
  }
});

t.test("Fetch Metadata outranks all of it", async (t) => {
  const document = { "sec-fetch-dest": "document", "sec-fetch-mode": "navigate", "sec-fetch-site": "none" };
  t.match(navigation("GET", false, { ...document, "turbo-frame": "x" }), { wantsPage: true, visit: null });
  t.match(navigation("GET", false, { ...FETCH, ...ACCEPT }), { wantsPage: false });
});

const VISITS: readonly (readonly [string, Readonly<Record<string, string>>])[] = [
  ["document", { accept: TURBO }],
  ["document", { accept: TURBO, "x-turbo-request-id": "1" }],
  ["document", { accept: "text/html, application/xhtml+xml", "turbolinks-referrer": "http://a/" }],
  ["document", { "x-up-version": "3.14.3", "x-up-target": "main", "x-up-mode": "root" }],
  ["document", { "x-up-version": "2.0.0", "x-up-target": "body" }],
  ["document", { accept: "*/*", "x-livewire-navigate": "" }],
  ["document", { "x-pjax": "true", "x-requested-with": "XMLHttpRequest" }],
  ["htmx", { "hx-request": "true", "hx-boosted": "true" }],
  ["inertia", { "x-inertia": "true", "x-requested-with": "XMLHttpRequest" }],
];

t.test("a visit of a whole page by script is known by its library", async (t) => {
  for (const [visit, headers] of VISITS) {
    t.equal(visitOf("GET", headers), visit, JSON.stringify(headers));
    t.equal(visitOf("GET", { ...FETCH, ...headers }), visit);
    t.equal(navigation("GET", false, { ...FETCH, ...headers }).visit, visit);
    t.equal(navigation("GET", true, { ...FETCH, ...headers }).visit, null, "an upgrade is none");
    t.equal(visitOf("POST", headers), null);
    t.equal(visitOf("GET", { ...FETCH, ...headers, "sec-fetch-site": "cross-site" }), null);
    t.equal(visitOf("GET", { ...FETCH, ...headers, "sec-fetch-dest": "iframe" }), null);
  }
});

t.test("a part of a page, a layer over it, and data are no visit", async (t) => {
  const parts: readonly Readonly<Record<string, string>>[] = [
    { accept: TURBO, "turbo-frame": "x" },
    { accept: "text/vnd.turbo-stream.html, text/html, application/xhtml+xml" },
    { "hx-request": "true", "hx-target": "list" },
    { "x-inertia": "true", "x-inertia-partial-component": "Sites/Show" },
    { "x-up-version": "3.14.3", "x-up-target": "main", "x-up-mode": "modal" },
    { "x-up-version": "3.14.3", "x-up-target": ":none", "x-up-mode": "root" },
    { "x-up-version": "3.14.3", "x-up-target": "form", "x-up-mode": "root", "x-up-validate": "name" },
    { "x-livewire": "" },
    { accept: "text/html" },
    { accept: "application/json" },
    {},
  ];
  for (const headers of parts)
    t.equal(visitOf("GET", { ...FETCH, ...headers }), null, JSON.stringify(headers));
});

t.test("a script that wants HTML is told in HTML, one that wants data in data", async (t) => {
  for (const headers of [
    { accept: "text/html" },
    { accept: "text/html, */*; q=0.01" },
    { accept: TURBO },
    { accept: "*/*", "hx-request": "true" },
    { "x-up-version": "3.14.3" },
    { "turbo-frame": "x" },
  ])
    t.ok(wantsFragment(headers), JSON.stringify(headers));
  for (const headers of [
    {},
    { accept: "*/*" },
    { accept: "application/json, text/plain, */*" },
    { accept: "application/json, text/html" },
    { accept: "application/problem+json", "hx-request": "true" },
    { accept: "text/html, application/xhtml+xml, application/json", "x-inertia": "true" },
  ])
    t.notOk(wantsFragment(headers), JSON.stringify(headers));
});
