import t from "tap";
import { forThisHost } from "../../fixtures/client/cookies.ts";
import { ALICE, CLICK, committed, FETCH, impersonate, receive } from "../../fixtures/gateway/stages.ts";
import { testServices } from "../../fixtures/gateway/test-services.ts";

const HOST = "Host: api.example.com";

t.test("a page of a host where the browser is somebody else is told by its cookie", async (t) => {
  const it = await testServices(t);
  const begun = await committed(it, ["GET /site/1", ...CLICK, ...ALICE]);
  const near = begun.effects.setCookies.filter((line) => !forThisHost([line]).includes(line));
  t.match(near, [/; Domain=example.com; /]);
  const cookie = `Cookie: ${near.map((line) => line.split(";")[0]).join("; ")}`;
  const from = async (method: string, lines: readonly string[]) =>
    (await receive(it, [`${method} /invoices`, HOST, ...lines, cookie])).browser.neighbour;
  const APP = "http://app.example.com";
  for (const lines of [
    [`Origin: ${APP}`],
    [`Referer: ${APP}/site/1`],
    ["Origin: null", `Referer: ${APP}/`],
    [`Origin: ${APP}:8443`],
    ["Sec-Fetch-Site: same-site"],
    ["Sec-Fetch-Site: cross-site", "Origin: null"],
    ["Sec-Fetch-Site: same-site", "Sec-Fetch-Dest: document"],
  ])
    t.equal(await from("GET", lines), true, lines.join());
  t.equal(await from("POST", ["Sec-Fetch-Site: cross-site", "Sec-Fetch-Dest: document"]), true);
  for (const lines of [
    ["Origin: http://admin.example.com"],
    ["Referer: http://api.example.com/", "Sec-Fetch-Site: same-origin"],
    ["Sec-Fetch-Site: none"],
    ["Sec-Fetch-Site: same-origin"],
    ["Sec-Fetch-Site: cross-site", "Sec-Fetch-Dest: document"],
    ["Accept: text/html"],
  ])
    t.equal(await from("GET", lines), false, lines.join());
  t.equal(
    (await receive(it, ["GET /invoices", HOST, "Sec-Fetch-Site: same-site"])).browser.neighbour,
    false,
    "nobody",
  );
  const forged = cookie.replace(/=[^.]+/, "=Zm9yZ2Vk");
  const planted = await receive(it, ["GET /", HOST, "Sec-Fetch-Site: same-site", forged]);
  t.equal(planted.browser.neighbour, false, "what isn't ours says nothing");
  t.equal(planted.browser.cookies, null, "and the app never sees it");
});

t.test("such a request is refused, with its agent on record, and starts only as any other", async (t) => {
  const it = await testServices(t);
  const { effects } = await committed(it, ["GET /site/1", ...CLICK, ...ALICE]);
  const near = effects.setCookies.filter((line) => !forThisHost([line]).includes(line));
  const lines = [HOST, `Cookie: ${near[0]?.split(";")[0]}`, ...ALICE];
  const asked = await committed(it, [
    "POST /invoices",
    ...lines,
    ...FETCH.filter((line) => !line.startsWith("Sec-Fetch-Site")),
    "Sec-Fetch-Site: same-site",
    "Origin: http://app.example.com",
  ]);
  t.match(asked.decision, { kind: "refuse", status: 409, reason: "other-host" });
  t.match(it.events.at(-1), {
    action: "impersonation.refused",
    trueUser: { id: "alice" },
    decision: { word: "other-host" },
    request: { host: "api.example.com" },
  });
  const link = await committed(it, ["GET /site/2", ...lines, ...CLICK, "Referer: http://app.example.com/"]);
  t.match(link.decision, { kind: "forward", as: "start" });
});

t.test("a customer with none of our cookies is asked nothing, whatever page it comes from", async (t) => {
  const it = await testServices(t);
  await impersonate(it);
  const asked = await receive(it, ["POST /x", HOST, "Origin: http://app.example.com", "Cookie: a=1"]);
  t.match(asked, { browser: { neighbour: false, here: null } });
});
