import Fastify from "fastify";
import t, { type Test } from "tap";
import { consolePlugin } from "../../src/console/plugin.ts";
import { reading, registerGateway } from "../../src/gateway/plugin.ts";
import { Upstreams } from "../../src/gateway/upstreams.ts";
import { httpApp } from "../fixtures/apps/upstream.ts";
import { converse } from "../fixtures/client/raw.ts";
import { ALICE, BOB, CLICK, FETCH, INSIDE, impersonate, NUNO } from "../fixtures/gateway/stages.ts";
import { testServices, YAML } from "../fixtures/gateway/test-services.ts";
import { archiveOf } from "../fixtures/journal/archive.ts";

/** The door with an app behind it and the console beside it. */
async function open(t: Test, more = "") {
  const app = await httpApp(t, (request, response) => {
    response.setHeader("x-user", String(request.headers["x-guise-user"] ?? ""));
    response.setHeader("content-type", "text/plain");
    response.end(`${request.method} ${request.url}`);
  });
  const it = await testServices(t, YAML.replace("http://127.0.0.1:8001", app.origin) + more);
  const way = new Upstreams(() => undefined);
  const server = Fastify({
    rewriteUrl: reading(it.services),
    exposeHeadRoutes: false,
    forceCloseConnections: true,
  });
  await registerGateway(server, it.services, way);
  const receiptKey = () => it.keyring.signer("checkpoint");
  const parts = { jwks: () => it.keyring.jwks(), assets: [], archive: archiveOf(), receiptKey };
  await server.register(consolePlugin(it.services, parts), { prefix: it.snapshot().settings.prefix });
  await server.listen({ port: 0, host: "127.0.0.1" });
  t.teardown(async () => {
    await server.close();
    await way.close();
  });
  const { port } = server.server.address() as { readonly port: number };
  const say = (line: string, lines: readonly string[] = [], body = "") =>
    converse(
      t,
      port,
      `${line} HTTP/1.1\r\nHost: app.example.com\r\nConnection: close\r\n${lines.map((it) => `${it}\r\n`).join("")}\r\n${body}`,
    );
  return { ...it, app, say };
}

t.test("own traffic goes to the app and back", async (t) => {
  const { say, app } = await open(t);
  t.match(
    await say("GET /a//b?c", [...FETCH, ...NUNO]),
    /^HTTP\/1\.1 200 [\s\S]*x-user: 17[\s\S]*GET \/a\/\/b\?c$/,
  );
  t.equal(app.seen.length, 1);
});

t.test("a start, a page under it and a refusal", async (t) => {
  const it = await open(t);
  const begun = await it.say("GET /site/1", [...CLICK, ...ALICE]);
  const [, secret = ""] = /Set-Cookie: guise=([\w-]{43});/.exec(begun) ?? [];
  t.match(begun, /x-user: 17/);
  const cookie = `Cookie: guise=${secret}`;
  t.match(
    await it.say("GET /x", [...FETCH, ...ALICE, cookie]),
    /x-user: 17[\s\S]*Cache-Control: private, no-store/,
  );
  const refused = await it.say("POST /x", [...FETCH, ...ALICE, cookie]);
  t.match(refused, /^HTTP\/1\.1 403 [\s\S]*"code":"read-only"/);
  t.same(
    it.app.seen.map((request) => request.method),
    ["GET", "GET"],
  );
});

t.test("what is refused at the door never gets to the app, and ends the connection", async (t) => {
  const { say, app } = await open(t);
  for (const line of [
    "GET /a#b",
    "GET /.guise/../b",
    "GET /%2eguise/a%2fb",
    "TRACE /",
    "GET http://other.test/",
  ]) {
    const text = await say(line, [...NUNO]);
    t.match(text, /^HTTP\/1\.1 400 [\s\S]*connection: close[\s\S]*"code":"bad-request"/i, line);
  }
  t.equal(app.seen.length, 0);
});

t.test("an address of own traffic goes to the app as it was sent, whatever can be read in it", async (t) => {
  const { say } = await open(t);
  for (const target of [
    "/a/../b",
    "/a%2fb",
    "//a\\b",
    "/%zz",
    "/a?_guise_tab=x",
    "/%2e%2e/.guise/x",
    `/${"s".repeat(2_101)}`,
  ])
    t.ok((await say(`GET ${target}`, [...NUNO])).endsWith(`\r\n\r\nGET ${target}`), target.slice(0, 40));
});

t.test(
  "a cookie of exactly our form with nothing behind it, or several, keeps no guest and no customer out",
  async (t) => {
    const { say, app } = await open(t);
    const [one, other] = ["A".repeat(43), "B".repeat(43)];
    for (const cookie of [
      `guise=${one}`,
      `guise=${one}; guise=${other}`,
      `guise=${one}; guise=; guise-notice=x`,
    ])
      for (const who of [[], NUNO])
        for (const line of ["GET /x", "POST /x?a=b", "GET /site/1"]) {
          const text = await say(line, [...CLICK, ...who, `Cookie: a=1; ${cookie}`]);
          t.match(text, /^HTTP\/1\.1 200 /, `${line} ${cookie}`);
          t.match(app.seen.at(-1)?.headers.cookie, /^a=1/);
        }
    const many = Array.from({ length: 9 }, (_, at) => `guise=${String(at).repeat(43)}`).join("; ");
    t.match(
      await say("GET /x", [...CLICK, `Cookie: ${many}`]),
      /^HTTP\/1\.1 400 [\s\S]*Set-Cookie: guise=;/i,
    );
  },
);

t.test(
  "an agent's own beside a planted one is not guessed at: both are taken out of the browser",
  async (t) => {
    const it = await open(t);
    const { secret } = await impersonate(it);
    for (const cookie of [
      `guise=${"A".repeat(43)}; guise=${secret}`,
      `guise=${secret}; guise=${"A".repeat(43)}`,
    ]) {
      const text = await it.say("GET /x", [...INSIDE, ...ALICE, `Cookie: ${cookie}`]);
      t.match(text, /^HTTP\/1\.1 400 [\s\S]*Set-Cookie: guise=;/i);
      t.match(text, "bad-request");
    }
    t.equal(it.app.seen.length, 0);
    const gone = await it.say("GET /x", [...INSIDE, ...ALICE, `Cookie: guise=${"A".repeat(43)}`]);
    t.match(gone, /^HTTP\/1\.1 409 /, "of an agent's it is an impersonation that is over");
  },
);

t.test(
  "beyond limits.startsPerHour a link starts nothing by itself: a page with a button asks",
  async (t) => {
    const it = await open(t);
    const { settings } = it.snapshot();
    const limits = { ...settings.limits, startsPerHour: 2 };
    it.configure((now) => ({ ...now, settings: { ...now.settings, limits } }));
    const opened = async () => (await it.say("GET /site/1", [...CLICK, ...ALICE])).slice(0, 9_000);
    for (const _ of [1, 2]) t.match(await opened(), /Set-Cookie: guise=/i);
    const asked = await opened();
    t.match(asked, /ask-start[\s\S]*action="\/\.guise\/start"/);
    t.notMatch(asked, /Set-Cookie: guise=/i);
    t.match(
      await it.say("GET /site/1", [...CLICK, ...BOB]),
      /Set-Cookie: guise=/i,
      "another agent's are counted apart",
    );
  },
);

t.test("what only looks like ours keeps nobody out", async (t) => {
  const { say, app } = await open(t);
  for (const cookie of ["guise=", "guise=x; guise=y", "guise-notice=hello", "a=1;; guise"]) {
    t.match(await say("POST /x?a=b&_guise_confirm=yes", [`Cookie: ${cookie}`]), /^HTTP\/1\.1 200 /, cookie);
    t.equal(app.seen.at(-1)?.headers.cookie, cookie);
    t.equal(app.seen.at(-1)?.url, "/x?a=b&_guise_confirm=yes");
  }
});

t.test(
  "refused at the door, a navigation gets a page with the way out, whatever has no clear end a problem",
  async (t) => {
    const it = await open(t);
    const { cookie } = await impersonate(it);
    const page = await it.say("GET /files/a%2Fb", [...INSIDE, ...ALICE, cookie]);
    t.match(
      page,
      /^HTTP\/1\.1 400 [\s\S]*content-type: text\/html[\s\S]*bad-request[\s\S]*href="\/\.guise\/stop"/i,
    );
    t.match(page, /connection: close/i);
    const own = await it.say("GET /files/a#b", [...INSIDE, ...ALICE]);
    t.match(own, /text\/html/);
    t.notMatch(own, "/.guise/stop");
    t.match(await it.say("GET /files/a%2Fb", [...FETCH, ...ALICE, cookie]), /"code":"bad-request"/);
    const odd = ["Transfer-Encoding: gzip, chunked"];
    const unclear = await it.say("POST /x", [...INSIDE, ...ALICE, cookie, ...odd], "0\r\n\r\n");
    t.match(unclear, /^HTTP\/1\.1 400 [\s\S]*"code":"bad-request"/);
    t.equal(it.app.seen.length, 0);
  },
);

t.test("nothing below the prefix is ever forwarded, whatever the method", async (t) => {
  const { say, app } = await open(t);
  for (const line of [
    "GET /.guise/nothing",
    "POST /.guise",
    "PROPFIND /.guise/x",
    "DELETE /.guise/start",
    "GET /%2eguise/zz",
    "HEAD /.guise/me",
  ])
    t.match(await say(line, [...NUNO]), /^HTTP\/1\.1 403 /, line);
  t.match(await say("GET /.guise/nothing", [...CLICK, ...NUNO]), /^HTTP\/1\.1 404 /);
  t.match(await say("GET /.guise/me", [...NUNO]), /^HTTP\/1\.1 200 [\s\S]*"id":"17"/);
  t.equal(app.seen.length, 0);
});

t.test("a fault is a page for a navigation, and in the log", async (t) => {
  const it = await open(t);
  const { cookie } = await impersonate(it);
  it.refuseRecords(() => true);
  t.match(
    await it.say("GET /x", [...CLICK, ...ALICE, cookie]),
    /^HTTP\/1\.1 503 [\s\S]*text\/html[\s\S]*audit-unavailable/,
  );
  t.match(
    await it.say("GET /x", [...FETCH, ...ALICE, cookie]),
    /^HTTP\/1\.1 503 [\s\S]*"code":"audit-unavailable"/,
  );
  t.equal(it.app.seen.length, 0);
});

t.test("a bug answers nothing but that there is one", async (t) => {
  const it = await open(t);
  const bug = () => Promise.reject(new TypeError("10.0.0.7 leaked"));
  const { cookie } = await impersonate(it);
  it.configure((now) => ({ ...now, users: { find: bug, search: bug } }));
  const text = await it.say("GET /x", [...FETCH, ...ALICE, cookie]);
  t.match(text, /^HTTP\/1\.1 500 [\s\S]*"code":"internal"/);
  t.notMatch(text, /leaked|TypeError/);
  t.match(it.log.lines, [/the gateway broke/]);
});

t.test("a form of ours that is too large is the client's mistake", async (t) => {
  const { say } = await open(t);
  const body = `a=${"x".repeat(70_000)}`;
  const own = [...INSIDE, "Origin: http://app.example.com", ...NUNO];
  const form = "Content-Type: application/x-www-form-urlencoded";
  const lines = [form, `Content-Length: ${body.length}`, ...own];
  t.match(await say("POST /.guise/start", lines, body), /^HTTP\/1\.1 413 [\s\S]*too-large/);
  const odd = ["Content-Type: application/xml", "Content-Length: 4", ...own];
  t.match(await say("POST /.guise/start", odd, "<a/>"), /^HTTP\/1\.1 403 [\s\S]*forbidden/);
});
