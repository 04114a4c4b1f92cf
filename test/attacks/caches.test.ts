import t from "tap";
import { page, saying, usual } from "../fixtures/apps/attack-app.ts";
import { lines, pressStop } from "../fixtures/client/attack-requests.ts";
import {
  AS,
  CLICK,
  codeOf,
  INSIDE,
  impersonate,
  request,
  send,
  stand,
  values,
} from "../fixtures/gateway/attack-stand.ts";
import { filesBelow } from "../house/source.ts";

const it = await stand(t);
const cookie = await impersonate(t, it);
const impersonating = [...AS.alice, cookie];

const SHARED = [
  "Cache-Control: public, max-age=600, s-maxage=600",
  "Surrogate-Control: max-age=600",
  "CDN-Cache-Control: max-age=600",
  "Expires: Thu, 01 Jan 2099 00:00:00 GMT",
  'ETag: "nunos"',
  "Last-Modified: Thu, 01 Jan 2026 00:00:00 GMT",
  "Age: 5",
];

t.test(
  "CACHE-01: what is seen under an impersonation is kept by nobody, whatever its address ends in",
  async (t) => {
    for (const target of ["/account", "/account/x.css", "/account;x.css", "/a.js", "/a.png"]) {
      it.app.answer = () => saying("secret", "Content-Type: text/css", ...SHARED);
      const reply = await send(t, it.port, request(`GET ${target}`, impersonating));
      t.same(values(reply.head, "Cache-Control"), ["private, no-store"], target);
      t.notMatch(reply.head, /surrogate|cdn-cache|expires|s-maxage|public/i, target);
      it.app.answer = () => page("<!doctype html><body>secret", ...SHARED);
      const document = await send(t, it.port, request(`GET ${target}`, [...impersonating, ...INSIDE]));
      t.same(values(document.head, "Cache-Control"), ["private, no-store"], `${target} as a page`);
      t.notMatch(document.head, /surrogate|cdn-cache|expires|s-maxage|public/i, `${target} as a page`);
      const own = await send(t, it.port, request(`GET ${target}`, AS.alice));
      t.same(
        values(own.head, "Cache-Control"),
        ["public, max-age=600, s-maxage=600"],
        `${target}: one's own is as the app says`,
      );
    }
    it.app.answer = usual;
  },
);

t.test("CACHE-02: no validator crosses from one identity to the other", async (t) => {
  const conditions = [
    'If-None-Match: "alices"',
    "If-Modified-Since: Thu, 01 Jan 2026 00:00:00 GMT",
    'If-Match: "alices"',
    "If-Unmodified-Since: Thu, 01 Jan 2026 00:00:00 GMT",
    'If_None_Match: "alices"',
  ];
  it.app.answer = () => saying("x", "Content-Type: text/plain", ...SHARED);
  for (const shape of [[], INSIDE]) {
    const reply = await send(t, it.port, request("GET /doc", [...impersonating, ...shape, ...conditions]));
    t.same(lines(it.app.arrived.at(-1), "If-"), [], "the app is asked for the whole");
    // A script locks by what it is given, and what it asks again with never arrives.
    if (shape === INSIDE) t.notMatch(reply.head, /^(?:etag|last-modified):/im, "nor given to ask again with");
    it.app.answer = () => 'HTTP/1.1 304 Not Modified\r\nETag: "alices"\r\n\r\n';
    const unasked = await send(t, it.port, request("GET /doc", [...impersonating, ...shape, ...conditions]));
    t.equal(unasked.status, 502, "by a 304 the browser would show what it has of somebody else");
    const own = await send(t, it.port, request("GET /doc", [...AS.alice, ...shape, ...conditions]));
    t.equal(own.status, 304, "one's own is one's own");
    it.app.answer = () => saying("x", "Content-Type: text/plain", ...SHARED);
  }
  it.app.answer = usual;
});

t.test("CACHE-03: a page that is written to is asked for whole", async (t) => {
  it.app.answer = () => page("<!doctype html><body>x", "Accept-Ranges: bytes");
  const reply = await send(
    t,
    it.port,
    request("GET /doc", [...impersonating, ...INSIDE, "Range: bytes=5-9", 'If-Range: "alices"']),
  );
  t.same(lines(it.app.arrived.at(-1), "Range"), []);
  t.same(lines(it.app.arrived.at(-1), "If-Range"), []);
  t.equal(reply.status, 200);
  t.same(values(reply.head, "Accept-Ranges"), ["none"]);
  t.match(reply.body, /guise-banner/);
  it.app.answer = usual;
});

t.test(
  "CACHE-04: at every start, switch and end our cookie changes and the browser's cache is cleared",
  async (t) => {
    const started = await send(t, it.port, request("GET /site/1/x", [...AS.alice, ...CLICK]));
    const first = /guise=([\w-]{43})/.exec(started.head)?.[1] ?? "";
    const switched = await send(
      t,
      it.port,
      request("GET /site/2/x", [...AS.alice, ...CLICK, `Cookie: guise=${first}`]),
    );
    const second = /guise=([\w-]{43})/.exec(switched.head)?.[1] ?? "";
    t.ok(first !== "" && second !== "" && first !== second);
    const stopped = await pressStop(t, it, `Cookie: guise=${second}`);
    for (const reply of [started, switched, stopped]) {
      t.same(values(reply.head, "Clear-Site-Data"), ['"cache", "storage"']);
      t.match(values(reply.head, "Set-Cookie").join(), /guise=[^,]*HttpOnly/);
      t.match(values(reply.head, "Cache-Control").join(), /no-store/);
    }
  },
);

t.test("CACHE-05: no service worker is installed under an impersonation", async (t) => {
  for (const marks of [
    ["Service-Worker: script"],
    ["Sec-Fetch-Dest: serviceworker", "Sec-Fetch-Mode: same-origin"],
  ]) {
    const heard = it.app.begun.length;
    const reply = await send(t, it.port, request("GET /sw.js", [...impersonating, ...marks]));
    t.equal(reply.status, 403, marks.join());
    t.equal(codeOf(reply), "denied");
    t.equal(it.app.begun.length, heard);
    t.equal(
      (await send(t, it.port, request("GET /sw.js", [...AS.alice, ...marks]))).status,
      200,
      "one's own is",
    );
  }
});

t.test("CACHE-06: nothing is kept in between: each request is one to the app", async (t) => {
  it.app.answer = () => saying("x", "Cache-Control: public, max-age=600");
  for (const fields of [[], AS.alice, impersonating]) {
    const heard = it.app.begun.length;
    for (let n = 0; n < 3; n += 1) await send(t, it.port, request("GET /same", fields));
    t.equal(it.app.begun.length, heard + 3);
  }
  it.app.answer = usual;
  t.same(
    filesBelow("src")
      .filter(({ text }) => /interceptors\.(?:cache|deduplicate)/.test(text))
      .map(({ path }) => path),
    [],
  );
});
