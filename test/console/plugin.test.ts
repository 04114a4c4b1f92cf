import t from "tap";
import { openConsole } from "../fixtures/client/console.ts";
import { ALICE, CLICK, FETCH, INSIDE } from "../fixtures/gateway/stages.ts";
import { testServices, YAML } from "../fixtures/gateway/test-services.ts";

const CLIENT = { name: "client.js", type: "text/javascript; charset=utf-8", body: Buffer.from("1") };

const ORIGIN = "Origin: http://app.example.com";
const FORM = "Content-Type: application/x-www-form-urlencoded";

t.test("our files are served with their types, and are never guessed", async (t) => {
  const it = await testServices(t);
  const ask = await openConsole(t, it, [CLIENT]);
  const css = await ask(["GET /.guise/console.css", ...FETCH]);
  t.equal(css.header("content-type"), "text/css; charset=utf-8");
  t.equal(css.header("x-content-type-options"), "nosniff");
  const client = await ask(["GET /.guise/client.js", ...FETCH]);
  t.same([client.status, client.body, client.header("content-type")], [200, "1", CLIENT.type]);
  t.equal(client.header("access-control-allow-origin"), "*", "also to a sandboxed page, which has no origin");
  t.equal(it.asked.identity, 0);
});

t.test("the public keys are for everybody, and nothing private is among them", async (t) => {
  const it = await testServices(t);
  const ask = await openConsole(t, it);
  const jwks = await ask(["GET /.guise/jwks.json"]);
  t.equal(jwks.header("cache-control"), "public, max-age=300");
  const { keys } = JSON.parse(jwks.body);
  t.match(keys, [{ kty: "EC", crv: "P-256", kid: String }]);
  t.notOk("d" in keys[0]);
  t.equal(it.asked.identity, 0);
});

t.test("what is not there is a 404 of ours, whatever the method", async (t) => {
  const it = await testServices(t);
  const ask = await openConsole(t, it);
  for (const line of [
    "GET /.guise/nothing",
    "GET /.guise/nothing/at/all",
    "POST /.guise/me",
    "DELETE /.guise/start",
    "PUT /.guise/stop",
    "PROPFIND /.guise/start",
    "POST /.guise",
    "POST /.guise/",
    "DELETE /.guise",
  ]) {
    const page = await ask([line, ...INSIDE, ORIGIN, FORM, ...ALICE]);
    t.match([page.status, page.body], [404, "not-found"], line);
    const script = await ask([line, ...FETCH]);
    t.same([script.status, script.body], [403, ""], `${line}: a script learns not even that`);
  }
});

t.test(
  "the bare prefix leads to the first page that somebody may open, with a slash and without",
  async (t) => {
    const it = await testServices(t, `${YAML}audit: { readers: { groups: [admin] } }\n`);
    const ask = await openConsole(t, it);
    for (const path of ["/.guise", "/.guise/"]) {
      t.equal((await ask([`GET ${path}`, ...CLICK])).location, "/.guise/start", `${path}: nobody`);
      t.equal(
        (await ask([`GET ${path}`, ...CLICK, ...ALICE])).location,
        "/.guise/start",
        `${path}: an agent`,
      );
    }
    const root = ["X-User: root", "X-Groups: admin"];
    t.equal((await ask(["GET /.guise/", ...CLICK, ...root])).location, "/.guise/sessions");
    t.equal(
      (await ask(["GET /.guise/?q=nun&to=%2Fa", ...CLICK, ...ALICE])).location,
      "/.guise/start?q=nun&to=%2Fa",
    );
  },
);

t.test("it moves as a whole with the prefix", async (t) => {
  const it = await testServices(t, `${YAML}prefix: /tools/_g\n`);
  const ask = await openConsole(t, it);
  const page = await ask(["GET /tools/_g/as/17", ...CLICK, ...ALICE]);
  t.match(page.body, /action="\/tools\/_g\/start"/);
  t.match(page.body, /href="\/tools\/_g\/console\.css"/);
  t.notMatch(page.body, /\.guise/);
});

t.test("every page of ours is stored by nobody, framed by nobody and runs no script", async (t) => {
  const it = await testServices(t);
  const ask = await openConsole(t, it);
  for (const path of [
    "/.guise/start",
    "/.guise/as/17",
    "/.guise/stop",
    "/.guise/as/root",
    "/.guise/elevate",
  ]) {
    const page = await ask([`GET ${path}`, ...CLICK, ...ALICE]);
    t.equal(page.header("cache-control"), "no-store", path);
    t.equal(page.header("x-frame-options"), "DENY", path);
    t.match(page.header("content-security-policy"), /default-src 'none'.*frame-ancestors 'none'/, path);
    t.equal(page.header("content-type"), "text/html; charset=utf-8", path);
    t.notMatch(page.body, /<script|\son\w+=|style="/, path);
  }
});

t.test("a form that is too large or no form begins nothing", async (t) => {
  const it = await testServices(t);
  const ask = await openConsole(t, it);
  const large = await ask(
    ["POST /.guise/start", ...INSIDE, ORIGIN, ...ALICE],
    `reason=${"x".repeat(70_000)}`,
  );
  t.equal(large.status, 413);
  for (const type of ["application/json", "text/plain", "application/xml", "multipart/form-data"]) {
    const head = ["POST /.guise/start", ...INSIDE, ORIGIN, ...ALICE, `Content-Type: ${type}`];
    t.equal((await ask(head, "user=17")).status, 403, type);
  }
  t.same(await it.impersonations.list(), []);
});

t.test(
  "nothing of ours is for another origin, and nobody who opens a page of it keeps a handle",
  async (t) => {
    const it = await testServices(t);
    const ask = await openConsole(t, it);
    const chromium =
      "User-Agent: Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 Chrome/156.0.0.0 Safari/537.36";
    const firefox = "User-Agent: Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0";
    for (const [path, lines] of [
      ["/.guise/start", CLICK],
      ["/.guise/as/root", CLICK],
      ["/.guise/nothing", CLICK],
      ["/.guise", CLICK],
      ["/.guise/stop", CLICK],
      ["/.guise/start", FETCH],
      ["/.guise/me", FETCH],
      ["/.guise/jwks.json", FETCH],
    ] as const) {
      for (const [agent, policy] of [
        [chromium, "noopener-allow-popups"],
        [chromium.replace("156", "130"), "same-origin"],
        [firefox, "same-origin"],
        ["User-Agent: Version/18.4 Safari/605.1.15", "noopener-allow-popups"],
        ["User-Agent: Version/17.6 Safari/605.1.15", "same-origin"],
      ] as const) {
        const { header } = await ask([`GET ${path}`, ...lines, agent, ...ALICE]);
        t.same(
          ["x-content-type-options", "cross-origin-resource-policy", "cross-origin-opener-policy"].map(
            header,
          ),
          ["nosniff", "same-origin", policy],
          `${path} ${agent}`,
        );
      }
    }
  },
);

t.test("who opens our first page as an agent has the marker from then on, and nobody else", async (t) => {
  const it = await testServices(t);
  const ask = await openConsole(t, it);
  const mark = (await ask(["GET /.guise/", ...INSIDE, ...ALICE])).header("set-cookie") ?? "";
  t.match(mark, /^guise_agent=[^;]+;/);
  t.notMatch(mark, /alice/i);
  const nobody = await ask(["GET /.guise/", ...INSIDE]);
  t.equal(nobody.header("set-cookie"), null);
});
