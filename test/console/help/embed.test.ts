import t from "tap";
import { openConsole } from "../../fixtures/client/console.ts";
import { ALICE, impersonate } from "../../fixtures/gateway/stages.ts";
import { testServices, YAML } from "../../fixtures/gateway/test-services.ts";

const CONFIG = `${YAML}
helpdesk: { embed: { origins: [https://chat.example.com, "http://localhost:3000"] } }
`;
const FRAME = [
  "Accept: text/html",
  "Sec-Fetch-Dest: iframe",
  "Sec-Fetch-Mode: navigate",
  "Sec-Fetch-Site: cross-site",
];

t.test("it is the same for everybody, says who may frame it, and sets nothing", async (t) => {
  const it = await testServices(t, CONFIG);
  const ask = await openConsole(t, it);
  const page = await ask(["GET /.guise/embed", ...FRAME]);
  t.equal(page.status, 200);
  const policy = page.header("content-security-policy") ?? "";
  t.match(policy, "frame-ancestors https://chat.example.com http://localhost:3000;");
  t.match(policy, "sandbox allow-scripts allow-popups allow-popups-to-escape-sandbox");
  t.match(policy, "default-src 'none'");
  t.notMatch(policy, "allow-same-origin");
  t.equal(page.header("x-frame-options"), null);
  const { cookie } = await impersonate(it);
  const hers = await ask(["GET /.guise/embed", ...FRAME, ...ALICE, cookie]);
  t.equal(hers.body, page.body, "for all who ask, also while they view somebody");
  t.same([page.setCookies, hers.setCookies], [[], []]);
});

t.test("without `helpdesk.embed` there is no such page", async (t) => {
  const ask = await openConsole(t, await testServices(t));
  t.equal((await ask(["GET /.guise/embed", ...FRAME])).status, 404);
});
