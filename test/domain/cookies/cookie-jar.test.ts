import fc from "fast-check";
import t from "tap";
import { CookieJar } from "tough-cookie";
import {
  type CookieScope,
  cookiesFor,
  emptyJar,
  type Jar,
  receive,
} from "../../../src/domain/cookies/cookie-jar.ts";

const NOW = 1_700_000_000_000;
const SCOPE: CookieScope = { host: "app.example.com", path: "/site/42?tab=1", secure: true, now: NOW };
const at = (change: Partial<CookieScope>): CookieScope => ({ ...SCOPE, ...change });
const filled = (lines: readonly string[], scope = SCOPE): Jar => receive(emptyJar(null), lines, scope);

t.test("a cookie goes back to the host and below the directory that it came from", async (t) => {
  const jar = filled(["sid=1"]);
  t.equal(cookiesFor(jar, SCOPE), "sid=1");
  t.equal(cookiesFor(jar, at({ path: "/site" })), "sid=1");
  t.equal(cookiesFor(jar, at({ path: "/sites" })), null);
  t.equal(cookiesFor(jar, at({ path: "/" })), null);
  t.equal(cookiesFor(jar, at({ host: "APP.example.com:8000" })), "sid=1", "ports and case don't matter");
  t.equal(cookiesFor(jar, at({ host: "x.app.example.com" })), null);
});

t.test("Domain widens to the hosts below, and never to a stranger's", async (t) => {
  const jar = filled(["a=1; Domain=.example.com; Path=/"]);
  t.equal(cookiesFor(jar, at({ host: "example.com" })), "a=1");
  t.equal(cookiesFor(jar, at({ host: "b.example.com" })), "a=1");
  t.equal(cookiesFor(jar, at({ host: "badexample.com" })), null);
  t.strictSame(filled(["a=1; Domain=other.com"]).cookies, []);
  t.strictSame(filled(["a=1; Domain=x.app.example.com"]).cookies, [], "a host below may not be set for");
  t.strictSame(
    filled(["a=1; Domain=0.1"], at({ host: "10.0.0.1" })).cookies,
    [],
    "addresses have no domains",
  );
  t.equal(filled(["a=1; Domain=10.0.0.1"], at({ host: "10.0.0.1" })).cookies.length, 1);
  t.equal(filled(["a=1"], at({ host: "[::1]:8000" })).cookies[0]?.domain, "[::1]");
});

t.test("longest path first, then the older first; a rewritten one keeps its place", async (t) => {
  const jar = filled(["a=1; Path=/", "b=1; Path=/site", "c=1; Path=/", "d=1; Path=/site"]);
  t.equal(cookiesFor(receive(jar, ["a=2; Path=/"], at({ now: NOW + 5 })), SCOPE), "b=1; d=1; a=2; c=1");
});

t.test("expired ones go, by their age and by being overwritten", async (t) => {
  const jar = filled(["a=1; Max-Age=10; Path=/", "b=1; Path=/"]);
  t.equal(cookiesFor(jar, at({ now: NOW + 9_999 })), "a=1; b=1");
  t.equal(cookiesFor(jar, at({ now: NOW + 10_000 })), "b=1");
  t.equal(
    cookiesFor(receive(jar, ["b=; Path=/; Expires=Thu, 01 Jan 1970 00:00:00 GMT"], SCOPE), SCOPE),
    "a=1",
  );
  t.equal(receive(jar, ["c=1; Max-Age=0"], SCOPE), jar, "nothing to delete changes nothing");
});

t.test("Secure ones are neither taken nor sent nor covered over plain http", async (t) => {
  const http = at({ secure: false });
  t.strictSame(filled(["a=1; Secure"], http).cookies, []);
  const jar = filled(["a=1; Secure; Path=/"]);
  t.equal(cookiesFor(jar, http), null);
  t.equal(receive(jar, ["a=2; Path=/"], http), jar);
  t.equal(receive(jar, ["a=2; Path=/; Domain=example.com"], http), jar);
  t.equal(cookiesFor(receive(jar, ["a=2; Path=/"], SCOPE), SCOPE), "a=2");
});

t.test("a prefix of the name is a promise that is kept or the cookie is refused", async (t) => {
  const refused = [
    "__Secure-a=1",
    "__Host-a=1; Path=/",
    "__Host-a=1; Secure",
    "__Host-a=1; Secure; Path=/x",
    "__HOST-a=1; Secure; Path=/; Domain=app.example.com",
    "__Http-a=1; Secure",
    "__Host-Http-a=1; Secure; Path=/",
    "=__Host-a=1; Secure; Path=/",
    "__Secure-lonely",
  ];
  for (const line of refused) t.strictSame(filled([line]).cookies, [], line);
  const taken = [
    "__Secure-a=1; Secure",
    "__Host-a=1; Secure; Path=/",
    "__Http-a=1; Secure; HttpOnly",
    "__Host-Http-a=1; Secure; HttpOnly; Path=/",
  ];
  for (const line of taken) t.equal(filled([line]).cookies.length, 1, line);
});

t.test("SES-04: the app can not set a cookie of ours, however it is spelled", async (t) => {
  const scope = at({ reserved: ["__Host-guise", "guise"] });
  const lines = [
    "guise=x",
    "GUISE=x",
    "__Host-guise=x; Secure; Path=/",
    "=guise=x",
    "=guise",
    "__host-Guise=x",
  ];
  for (const line of lines) t.strictSame(filled([line], scope).cookies, [], line);
  t.equal(filled(["guises=x"], scope).cookies.length, 1);
});

t.test("SameSite=Strict stays behind on a request that another site caused", async (t) => {
  const jar = filled(["a=1; SameSite=Strict", "b=1; SameSite=Lax", "c=1"]);
  t.equal(cookiesFor(jar, at({ crossSite: true })), "b=1; c=1");
  t.equal(cookiesFor(jar, SCOPE), "a=1; b=1; c=1");
});

t.test("a jar holds 180 cookies; the longest unwritten goes first", async (t) => {
  const lines = Array.from({ length: 180 }, (_, n) => `c${n}=1; Path=/`);
  const full = filled(lines, at({ now: NOW }));
  const rewritten = receive(full, ["c0=2; Path=/"], at({ now: NOW + 1 }));
  const more = receive(rewritten, ["new=1; Path=/"], at({ now: NOW + 2 }));
  t.equal(more.cookies.length, 180);
  const names = more.cookies.map((it) => it.name);
  t.ok(names.includes("c0"), "it was written again");
  t.notOk(names.includes("c1"));
  t.ok(names.includes("new"));
});

t.test("the same cookie again is no change", async (t) => {
  const jar = filled(["a=1; Path=/; HttpOnly"]);
  t.equal(receive(jar, ["a=1; Path=/; HttpOnly"], at({ now: NOW + 1000 })), jar);
  t.equal(receive(jar, [], SCOPE), jar);
  t.not(receive(jar, ["a=1; Path=/"], SCOPE), jar, "HttpOnly gone is a change");
});

const HOSTS = ["example.com", "a.example.com", "b.a.example.com", "10.1.2.3"];
const PATHS = ["/", "/a", "/a/", "/a/b", "/ab", "/a/b/c"];

/** Host-only and domain cookies have names of their own: tough-cookie takes one for the other, RFC 6265bis does not. */
const line = fc
  .record({
    name: fc.constantFrom("x", "y", "z"),
    value: fc.constantFrom("1", "2", ""),
    domain: fc.constantFrom(null, null, "example.com", ".a.example.com", "10.1.2.3", "other.com"),
    path: fc.constantFrom(null, null, "a", ...PATHS),
    life: fc.constantFrom("", "", "; Max-Age=0", "; Max-Age=600", "; Expires=Thu, 01 Jan 1970 00:00:00 GMT"),
    flags: fc.constantFrom("", "; Secure", "; HttpOnly", "; SameSite=Lax"),
  })
  .map(({ name, value, domain, path, life, flags }) => {
    const where = `${domain === null ? "" : `; Domain=${domain}`}${path === null ? "" : `; Path=${path}`}`;
    return `${domain === null ? name : `d${name}`}=${value}${where}${life}${flags}`;
  });

/**
 * tough-cookie keeps a cookie that came expired until somebody asks for it, and lets its successor inherit its age, which orders what is
 * sent. A browser removes it at once (RFC 6265bis 5.7, the last step).
 */
async function dropExpired(jar: CookieJar): Promise<void> {
  for (const { domain, path, key, ...it } of await jar.store.getAllCookies()) {
    const over = it.maxAge === 0 || (it.expires instanceof Date && it.expires.getTime() < Date.now());
    if (over && domain !== null && path !== null) await jar.store.removeCookie(domain, path, key);
  }
}

t.test("after any sequence of answers it sends what tough-cookie sends", async (t) => {
  const step = fc.record({ line, host: fc.constantFrom(...HOSTS), path: fc.constantFrom(...PATHS) });
  const now = Date.now();
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 12 }), async (steps) => {
      const theirs = new CookieJar(null, { rejectPublicSuffixes: false });
      let ours = emptyJar(null);
      for (const { line, host, path } of steps) {
        ours = receive(ours, [line], { host, path, secure: true, now });
        await theirs.setCookie(line, `https://${host}${path}`, { ignoreError: true });
        await dropExpired(theirs);
      }
      for (const secure of [true, false]) {
        for (const host of HOSTS) {
          for (const path of PATHS) {
            const url = `${secure ? "https" : "http"}://${host}${path}`;
            const sent = cookiesFor(ours, { host, path, secure, now }) ?? "";
            if (sent !== (await theirs.getCookieString(url))) {
              t.equal(sent, await theirs.getCookieString(url), url);
              return false;
            }
          }
        }
      }
      return true;
    }),
    {
      numRuns: 150,
      examples: [
        [
          ["dx=1; Domain=example.com; Max-Age=0", "dy=1; Domain=example.com", "dx=1; Domain=example.com"].map(
            (line) => ({ line, host: "example.com", path: "/" }),
          ),
        ],
      ],
    },
  );
  t.pass();
});

t.test("no line makes it throw, and what is kept is always within its bounds", async (t) => {
  const lines = fc.array(fc.oneof(line, fc.string({ unit: "binary-ascii" })), { maxLength: 30 });
  fc.assert(
    fc.property(lines, (all) => {
      const jar = filled(all);
      return jar.cookies.every(
        (it) => it.path.startsWith("/") && "app.example.com".endsWith(it.domain) && it.name.length < 4097,
      );
    }),
  );
  t.pass();
});
