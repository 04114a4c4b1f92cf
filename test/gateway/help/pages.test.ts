import t from "tap";
import { outbound } from "../../../src/gateway/stages/outbound-headers.ts";
import { respond } from "../../../src/gateway/stages/respond.ts";
import { bodyAfter } from "../../fixtures/apps/plan.ts";
import { helping } from "../../fixtures/gateway/help.ts";
import { ALICE, FETCH, INSIDE, impersonate, NUNO, signed } from "../../fixtures/gateway/stages.ts";
import { type TestServices, testServices } from "../../fixtures/gateway/test-services.ts";

const HELP = helping("{ mail: { to: support@example.com } }");
const HTML = "<!doctype html><html><head></head><body><p>Nuno</p></body></html>";
const answer = (...more: readonly string[]) => ({
  status: 200,
  message: "OK",
  headers: ["Content-Type", "text/html", "Content-Length", String(HTML.length), "ETag", '"1"', ...more],
});

async function page(it: TestServices, head: readonly string[], got = answer()) {
  const request = await signed(it, head);
  return { request, plan: await respond(it.services, request, got) };
}

const OWN = ["GET /site/1/x", ...INSIDE, "Accept-Encoding: br", ...NUNO] as const;

t.test("one's own page of a route that says so has the script, and nothing else is changed", async (t) => {
  const it = await testServices(t, HELP);
  const { plan, request } = await page(it, OWN, answer("Cache-Control", "private"));
  const body = await bodyAfter(plan, HTML);
  const [script = ""] = /<script[^>]+data-guise-help[^>]+><\/script>/.exec(body) ?? [];
  t.match(script, /src="\/\/app\.example\.com\/\.guise\/help\.js" integrity="sha256-/);
  t.equal(body.replace(script, ""), HTML);
  t.match(plan.headers.join("\n"), "Cache-Control\nprivate", "browsers may keep it as the app says");
  t.notMatch(plan.headers.join("\n"), "ETag");
  t.match(outbound(request, null).headers.join("\n"), /Accept-Encoding\nidentity/);
});

t.test("every other page is byte for byte as it came", async (t) => {
  const it = await testServices(t, HELP);
  for (const head of [
    ["GET /users/17", ...INSIDE, ...NUNO],
    ["GET /site/1/x", ...FETCH, ...NUNO],
    ["GET /site/1/x", ...INSIDE.filter((line) => !/dest/i.test(line)), "Sec-Fetch-Dest: iframe", ...NUNO],
    ["POST /site/1/x", ...INSIDE, ...NUNO],
  ]) {
    const { plan } = await page(it, head);
    t.same(plan, { ...answer(), transform: null }, head.join(", "));
  }
  const off = await testServices(t);
  t.same((await page(off, OWN)).plan, { ...answer(), transform: null }, "without `help`");
});

t.test("who views somebody asks for no help as them", async (t) => {
  const it = await testServices(t, HELP);
  const { cookie } = await impersonate(it);
  const { plan } = await page(it, ["GET /site/1/x", ...INSIDE, ...ALICE, cookie]);
  t.notMatch(await bodyAfter(plan, HTML), "data-guise-help");
});

t.test("a policy allows the script, where it sends to, and its picture; nothing more", async (t) => {
  const it = await testServices(t, HELP);
  const policies = [
    [
      "default-src 'none'",
      "default-src 'none'; script-src-elem app.example.com/.guise/help.js; connect-src app.example.com/.guise/ask-for-help; img-src data:",
    ],
    [
      "script-src 'self'; connect-src 'self'; img-src 'self'",
      "script-src 'self'; connect-src 'self'; img-src 'self' data:",
    ],
    ["form-action 'none'", "form-action 'none'"],
  ] as const;
  for (const [policy, amended] of policies) {
    const { plan } = await page(it, OWN, answer("Content-Security-Policy", policy));
    t.equal(plan.headers[plan.headers.indexOf("Content-Security-Policy") + 1], amended);
  }
  const without = await testServices(t, helping("{ mail: { to: support@example.com }, screenshot: false }"));
  const { plan } = await page(without, OWN, answer("Content-Security-Policy", "img-src 'self'"));
  t.equal(plan.headers[plan.headers.indexOf("Content-Security-Policy") + 1], "img-src 'self'");
});
