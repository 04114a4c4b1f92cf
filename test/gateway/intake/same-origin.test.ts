import t from "tap";
import { isFromThisHost, isSameOrigin } from "../../../src/gateway/intake/same-origin.ts";
import { receive } from "../../fixtures/gateway/stages.ts";
import { testServices, YAML } from "../../fixtures/gateway/test-services.ts";

t.test("where a form was sent from is what the browser says of it", async (t) => {
  const it = await testServices(t);
  const sent = async (...lines: readonly string[]) =>
    isSameOrigin(await receive(it, ["POST /", "Host: app.example.com", ...lines]));
  const own = "Origin: http://app.example.com";
  t.ok(await sent(own, "Sec-Fetch-Site: same-origin"));
  t.ok(await sent(own, "Sec-Fetch-Site: none"), "sent again by hand");
  t.ok(await sent(own));
  t.notOk(await sent("Origin: https://app.example.com", "Sec-Fetch-Site: same-origin"));
  for (const site of ["same-site", "cross-site"])
    t.notOk(await sent(own, `Sec-Fetch-Site: ${site}`), `${site}: a page of our name is not yet ours`);
});

t.test("Stop counts under whatever name the browser has for us, and from no other site", async (t) => {
  const it = await testServices(t, `${YAML}publicUrl: https://app.example.com\n`);
  const sent = async (...lines: readonly string[]) =>
    isFromThisHost(await receive(it, ["POST /", "Host: intra.test:8000", ...lines]));
  t.ok(await sent("Origin: https://app.example.com"));
  t.ok(await sent("Origin: https://third.test", "Sec-Fetch-Site: same-origin"), "the browser's own word");
  t.ok(await sent("Origin: http://intra.test:8000"), "a browser that says no more");
  t.ok(await sent("Origin: https://intra.test:8000"), "behind a TLS terminator");
  t.ok(await sent(), "one that says nothing: it would say where another site sends it from");
  for (const origin of ["http://evil.test", "http://intra.test", "http://evilintra.test:8000", "nonsense"])
    t.notOk(await sent(`Origin: ${origin}`), origin);
  for (const site of ["same-site", "cross-site", "none"])
    for (const origin of ["http://evil.test", "http://intra.test:8000", "null"])
      t.notOk(await sent(`Origin: ${origin}`, `Sec-Fetch-Site: ${site}`), `${site} ${origin}`);
});
