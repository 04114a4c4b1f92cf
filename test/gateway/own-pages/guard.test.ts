import t from "tap";
import { accessTo, guarded } from "../../../src/gateway/own-pages/guard.ts";
import { ALICE, CLICK, FETCH, INSIDE, receive } from "../../fixtures/gateway/stages.ts";
import { type TestServices, testServices } from "../../fixtures/gateway/test-services.ts";

const ORIGIN = "Origin: http://app.example.com";
const FORM = "Content-Type: application/x-www-form-urlencoded";
const as = (destination: string, mode = "navigate") => [
  "Accept: text/html",
  `Sec-Fetch-Dest: ${destination}`,
  `Sec-Fetch-Mode: ${mode}`,
  "Sec-Fetch-Site: same-origin",
  "Sec-Fetch-User: ?1",
];

/** "passes", the status of an answer that says nothing, or the code of the fault that a person reads. */
async function verdict(it: TestServices, line: string, lines: readonly string[]): Promise<string> {
  try {
    const answer = guarded(await receive(it, [line, ...lines, ...ALICE]));
    if (answer === null) return "passes";
    t.equal(answer.body, "");
    return String(answer.status);
  } catch (error) {
    return (error as { readonly code: string }).code;
  }
}

/** How it can be asked for, and what the browser says then. */
const ASKED: Readonly<Record<string, readonly string[]>> = {
  "a link of another site": CLICK,
  "a page of the app's": INSIDE,
  "a script": FETCH,
  "a script of another site": FETCH.map((line) => line.replace("same-origin", "cross-site")),
  "a frame": as("iframe"),
  "an embed": as("embed"),
  "an object": as("object"),
  "a fenced frame": as("fencedframe"),
  "a script element": as("script", "no-cors"),
  "a picture": as("image", "no-cors"),
  "a worker": as("worker", "same-origin"),
  "a shared worker": as("sharedworker", "same-origin"),
  "a service worker's script": [...as("serviceworker", "same-origin"), "Service-Worker: script"],
  "a service worker that passes on": as("empty"),
  "its navigation preload": [...INSIDE, "Service-Worker-Navigation-Preload: true"],
  "a prerender": [...INSIDE, "Sec-Purpose: prefetch;prerender"],
  "a browser that says nothing": ["Accept: text/html,*/*"],
};

const EXPECTED: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  "GET /.guise/start": {
    "a link of another site": "passes",
    "a page of the app's": "passes",
    "a service worker that passes on": "service-worker",
    "its navigation preload": "service-worker",
    "a prerender": "503",
    "a browser that says nothing": "browser-unclear",
    default: "403",
  },
  "GET /.guise/me": {
    "a script of another site": "403",
    "a link of another site": "403",
    default: "passes",
  },
  "GET /.guise/client.js": {
    "a worker": "403",
    "a shared worker": "403",
    "a service worker's script": "403",
    default: "passes",
  },
  "POST /.guise/api/start": { "a browser that says nothing": "passes", default: "403" },
  "PUT /.guise/api/consent": { "a browser that says nothing": "passes", default: "403" },
  "GET /.guise/stop": {
    "a link of another site": "passes",
    "a page of the app's": "passes",
    "a service worker that passes on": "passes",
    "its navigation preload": "passes",
    "a prerender": "passes",
    "a browser that says nothing": "passes",
    default: "403",
  },
};

for (const [line, expected] of Object.entries(EXPECTED))
  t.test(`${line}: who gets it`, async (t) => {
    const it = await testServices(t);
    for (const [who, lines] of Object.entries(ASKED))
      t.equal(await verdict(it, line, lines), expected[who] ?? expected.default, who);
  });

t.test("every page of ours is like the first: no script reads one of them", async (t) => {
  const it = await testServices(t);
  for (const path of [
    "as/17",
    "elevate",
    "lower",
    "confirm?question=x",
    "activity",
    "why?event=x",
    "over",
    "x",
  ])
    for (const [who, lines] of Object.entries(ASKED)) {
      const expected = EXPECTED["GET /.guise/start"] ?? {};
      t.equal(
        await verdict(it, `GET /.guise/${path}`, lines),
        expected[who] ?? expected.default,
        `${path} ${who}`,
      );
    }
});

t.test("a form counts only from a page of this very origin, as a page in a tab sends it", async (t) => {
  const it = await testServices(t);
  for (const path of ["start", "elevate", "lower", "x"]) {
    const line = `POST /.guise/${path}`;
    t.equal(await verdict(it, line, [...INSIDE, ORIGIN, FORM]), "passes");
    t.equal(await verdict(it, line, [...INSIDE, ORIGIN, `${FORM}; charset=utf-8`]), "passes");
    for (const lines of [
      [...CLICK, "Origin: http://evil.test", FORM],
      [...CLICK, ORIGIN, FORM],
      [...INSIDE, "Origin: https://app.example.com", FORM],
      [...INSIDE, "Origin: http://app.example.com:81", FORM],
      [...INSIDE, "Origin: null", FORM],
      [...INSIDE, FORM],
      [...INSIDE, ORIGIN],
      [...INSIDE, ORIGIN, "Content-Type: text/plain"],
      [...INSIDE, ORIGIN, "Content-Type: multipart/form-data; boundary=x"],
      [...INSIDE.map((it) => it.replace("same-origin", "same-site")), ORIGIN, FORM],
    ])
      t.equal(await verdict(it, line, lines), "forbidden", lines.join());
    for (const lines of [FETCH, as("iframe"), as("script", "no-cors")])
      t.equal(await verdict(it, line, [...lines, ORIGIN, FORM]), "403", lines.join());
    t.equal(await verdict(it, line, [ORIGIN, FORM]), "browser-unclear");
    t.equal(await verdict(it, line, [...as("empty"), ORIGIN, FORM]), "service-worker");
  }
});

t.test("what only says part of it is no browser's own document", async (t) => {
  const it = await testServices(t);
  for (const lines of [
    ["Sec-Fetch-Dest: document"],
    ["Sec-Fetch-Mode: navigate"],
    ["Sec-Fetch-Site: same-origin"],
    ["Sec-Fetch-Dest: document", "Sec-Fetch-Mode: cors", "Sec-Fetch-Site: none"],
  ])
    t.equal(await verdict(it, "GET /.guise/start", lines), "403", lines.join());
});

t.test("the closed list is this, and nothing else is on it", async (t) => {
  const known = ["client.js", "banner.css", "page.css", "console.css", "jwks.json", "me", "stop", "lost"];
  t.equal(accessTo("GET", "/help.js"), "public");
  t.equal(accessTo("POST", "/ask-for-help"), "script");
  for (const name of ["embed", "embed.js"]) t.equal(accessTo("GET", `/${name}`), "public");
  t.equal(accessTo("POST", "/hooks/helpscout"), "public");
  for (const name of ["start", "consent", "machine/start", "machine/end", "x"])
    for (const method of ["GET", "PUT", "POST", "DELETE"])
      t.equal(accessTo(method, `/api/${name}`), "api", name);
  t.same(
    ["GET /hooks/helpscout", "POST /embed", "GET /as"].map((it) => accessTo(...halves(it))),
    ["page", "form", "page"],
  );
  t.same(
    [...known, "start", "as/17", "elevate", "why"].map((name) => accessTo("GET", `/${name}`)),
    [
      "public",
      "public",
      "public",
      "public",
      "public",
      "script",
      "exit",
      "page",
      "page",
      "page",
      "page",
      "page",
    ],
  );
  t.same(
    [...known, "start"].map((name) => accessTo("POST", `/${name}`)),
    ["form", "form", "form", "form", "form", "form", "exit", "script", "form"],
  );
});

function halves(line: string): [method: string, path: string] {
  const [method = "", path = ""] = line.split(" ");
  return [method, path];
}
