import t from "tap";
import { cookieScope } from "../../../src/gateway/intake/cookie-scope.ts";
import { CLICK, receive } from "../../fixtures/gateway/stages.ts";
import { testServices } from "../../fixtures/gateway/test-services.ts";

t.test("a request is seen by the host and path that it asks for", async (t) => {
  const it = await testServices(t);
  const scope = cookieScope(await receive(it, ["GET /a/b?c=d", "Host: App.Example.com:8443", ...CLICK]));
  t.match(scope, { host: "app.example.com", path: "/a/b", now: it.clock.now(), crossSite: true });
});

t.test("no cookie of ours may come from the app, under either scheme", async (t) => {
  const it = await testServices(t);
  t.same(cookieScope(await receive(it, ["GET /"])).reserved, [
    ...["guise", "guise-notice", "guise-impersonating", "guise-worn", "guise-here"],
    ...[
      "__Host-guise",
      "__Host-guise-notice",
      "__Host-guise-impersonating",
      "__Host-guise-worn",
      "__Host-guise-here",
    ],
    ...[
      "__Secure-guise",
      "__Secure-guise-notice",
      "__Secure-guise-impersonating",
      "__Secure-guise-worn",
      "__Secure-guise-here",
    ],
  ]);
});

t.test("it is secure over https, and on the own machine", async (t) => {
  const it = await testServices(t);
  const secure = async (host: string, encrypted = false) =>
    cookieScope(await receive(it, ["GET /", `Host: ${host}`], { encrypted })).secure;
  t.equal(await secure("app.example.com", true), true);
  t.equal(await secure("app.example.com"), false);
  for (const host of ["localhost:8000", "team.localhost", "127.0.0.1", "[::1]:80"])
    t.equal(await secure(host), true, host);
  for (const host of ["localhost.example.com", "notlocalhost", "127.0.0.1.example.com"])
    t.equal(await secure(host), false, host);
});

t.test("only what surely comes from another site is cross-site", async (t) => {
  const it = await testServices(t);
  const crossSite = async (site: string) =>
    cookieScope(await receive(it, ["GET /", `Sec-Fetch-Site: ${site}`])).crossSite;
  t.equal(await crossSite("cross-site"), true);
  for (const site of ["same-site", "same-origin", "none", "odd"]) t.equal(await crossSite(site), false, site);
});
