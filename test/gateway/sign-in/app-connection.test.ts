import type { IncomingMessage, ServerResponse } from "node:http";
import { setTimeout } from "node:timers/promises";
import { gzipSync } from "node:zlib";
import t, { type Test } from "tap";
import { httpApp } from "../../fixtures/apps/upstream.ts";
import { ask } from "../../fixtures/client/named.ts";
import { frontConfig, frontOf, recordsOf, SUPPORT } from "../../fixtures/gateway/front.ts";
import { visit } from "../../fixtures/gateway/signed-in-front.ts";

type Answering = (request: IncomingMessage, response: ServerResponse) => unknown;

/** What Alice gets where the app answers a step like this; of a page that isn't asked for by steps it says so. */
async function outcome(t: Test, answering: Answering, options = "", steps = "{ get: /begin }") {
  const app = await httpApp(t, (request, response) => {
    if (request.url?.startsWith("/site")) response.end("<p>a page of the app");
    else if (request.url === "/who") response.end('{"id":"17"}');
    else answering(request, response);
  });
  const signIn = `signIn: { steps: [${steps}], verify: { get: /who, id: /id }, end: []${options} }\n`;
  const front = await frontOf(t, frontConfig(app.origin, signIn));
  const { first } = await visit(front.url);
  const [failed] = recordsOf(front.data, "sign-in.failed");
  const own = await ask(`${front.url}/site/1`, SUPPORT);
  t.match(own, { status: 200, body: "a page of the app" }, "own traffic knows nothing of it");
  return { first, failed, app };
}

t.test("what an app answers to a step is read up to answerSize", async (t) => {
  const large: Answering = (_request, response) => response.end("x".repeat(1_025));
  const { first, failed } = await outcome(t, large, ", answerSize: 1kB");
  t.equal(first.status, 502);
  t.match(failed, { message: /GET \/begin: the answer is longer than 1024 bytes/ });
  t.notMatch(first.body, "a page of the app");
  const right: Answering = (_request, response) => response.end("x".repeat(1_024));
  t.match((await outcome(t, right, ", answerSize: 1kB")).first, { status: 200, body: /a page of the app/ });
});

t.test("an answer that comes a byte at a time is given up after timeout", async (t) => {
  const drip: Answering = async (_request, response) => {
    while (!response.destroyed) {
      response.write("x");
      await setTimeout(5);
    }
  };
  const { first, failed } = await outcome(t, drip, ", timeout: 200ms");
  t.equal(first.status, 502);
  t.match(failed, { message: /no whole answer within 200 ms/ });
});

t.test("however many steps are slow, a sign-in is given up after within", async (t) => {
  const slow: Answering = async (_request, response) => {
    await setTimeout(100);
    response.end();
  };
  const steps = Array.from({ length: 20 }, () => "{ get: /begin }").join(", ");
  const { first, failed, app } = await outcome(t, slow, ", within: 500ms", steps);
  t.equal(first.status, 502);
  t.match(failed, { message: /no whole answer within \d+ ms|the time for the whole is up/ });
  t.ok(app.seen.filter(({ url }) => url === "/begin").length < 20, "and the rest of them is not asked");
});

t.test("an answer that is compressed unasked, or cut off, signs nobody in", async (t) => {
  const packed: Answering = (_request, response) =>
    response.writeHead(200, { "content-encoding": "gzip" }).end(gzipSync("{}"));
  t.match(await outcome(t, packed), { first: { status: 502 }, failed: { message: /compressed/ } });
  const cut: Answering = (_request, response) => {
    response.writeHead(200, { "content-length": 100 }).write("{");
    response.destroy();
  };
  t.match(await outcome(t, cut), { first: { status: 502 }, failed: { message: /can not be reached/ } });
});

t.test("no answer leads a step to anybody else", async (t) => {
  const other = await httpApp(t, (_request, response) => response.end('{"id":"17"}'));
  const { host } = new URL(other.origin);
  for (const location of [
    `${other.origin}/begun`,
    `//${host}/begun`,
    `/\\${host}/begun`,
    `http:\\\\${host}\\begun`,
    `http:${host}/begun`,
    `http://localhost@${host}/begun`,
    `/../../${host}`,
    `${host}/begun`,
    `javascript:alert(1)`,
    "",
  ]) {
    const leads: Answering = (request, response) =>
      request.url === "/begin" ? response.writeHead(302, { location }).end() : response.end();
    const steps = '{ get: /begin, take: { next: { header: location } } }, { get: "{next}" }';
    await outcome(t, leads, "", steps);
    t.same(other.seen, [], location);
  }
});
