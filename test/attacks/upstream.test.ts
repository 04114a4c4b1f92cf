import { once } from "node:events";
import { writeFileSync } from "node:fs";
import { createServer as createTlsServer } from "node:https";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import t from "tap";
import { usual } from "../fixtures/apps/attack-app.ts";
import { allSenders, fire, pressStop } from "../fixtures/client/attack-requests.ts";
import { raw, type Wire } from "../fixtures/client/raw.ts";
import {
  AS,
  CLICK,
  CONFIG,
  codeOf,
  INSIDE,
  impersonate,
  request,
  send,
  stand,
  values,
  WRITE,
} from "../fixtures/gateway/attack-stand.ts";
import { problemsOf } from "../fixtures/gateway/config.ts";
import { certificateFor, folder } from "../fixtures/servers/tunnel-certificate.ts";

const it = await stand(t, { config: WRITE });
const upstreams = await allSenders(t, it);
const requests = upstreams.filter(({ socket }) => !socket);

t.test("UP-01: an app that can't prove who it is gets nothing", async (t) => {
  for (const names of ["IP:127.0.0.2", "DNS:other.test"]) {
    let heard = 0;
    const server = createTlsServer(certificateFor(t, names), (_incoming, response) => {
      heard += 1;
      response.end("secret");
    });
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    t.teardown(() => server.close());
    const { port } = server.address() as AddressInfo;
    const other = await stand(t, { upstream: `https://127.0.0.1:${port}` });
    for (const fields of [[], AS.alice]) {
      for (const socket of [false, true]) {
        const { reply } = await fire(t, other, { name: "", impersonating: false, socket, fields });
        t.equal(reply.status, 502, names);
        t.notMatch(reply.text, /secret|127\.0\.0\.1/);
      }
    }
    t.equal(heard, 0);
  }
});

t.test(
  "UP-01: one whose certificate is over neither; one that the config vouches for is believed",
  async (t) => {
    const serve = async (pair: { readonly cert: string; readonly key: string }) => {
      const server = createTlsServer(pair, (_incoming, response) => response.end("secret"));
      server.listen(0, "127.0.0.1");
      await once(server, "listening");
      t.teardown(() => server.close());
      return (server.address() as AddressInfo).port;
    };
    const asked = async (upstream: string) => {
      const other = await stand(t, { upstream });
      const { reply } = await fire(t, other, { name: "", impersonating: false, socket: false, fields: [] });
      return { status: reply.status, log: other.log.lines.join("\n") };
    };
    const place = folder(t);
    for (const [days, status] of [
      ["2", 200],
      ["-1", 502],
    ] as const) {
      const pair = certificateFor(t, "IP:127.0.0.1", days);
      const file = join(place, `${days}.pem`);
      writeFileSync(file, pair.cert);
      const url = `https://127.0.0.1:${await serve(pair)}`;
      const { log, ...answer } = await asked(`{ url: "${url}", ca: { fromFile: "${file}" } }`);
      t.equal(answer.status, status, `a certificate for ${days} days`);
      t.notMatch(log, /insecureSkipVerify/);
    }
    const url = `https://127.0.0.1:${await serve(certificateFor(t, "DNS:other.test"))}`;
    const loud = await asked(`{ url: "${url}", insecureSkipVerify: true }`);
    t.equal(loud.status, 200, "switched off, anything is believed");
    t.match(loud.log, /insecureSkipVerify believes any certificate/, "and the log says it loudly");
  },
);

t.test("UP-02: one request is one request, whatever the app answers", async (t) => {
  for (const sender of upstreams) {
    for (const said of [
      "503 Busy\r\nRetry-After: 0",
      "503 Busy\r\nRetry-After: 120",
      "429 Slow\r\nRetry-After: 0",
      "301 Moved\r\nLocation: /x",
      "307 Moved\r\nLocation: http://evil.test/",
      "401 No",
      "408 Late",
      "425 Early",
      "504 Late",
      "999 Strange",
    ]) {
      it.app.answer = () => `HTTP/1.1 ${said}\r\nContent-Length: 0\r\n\r\n`;
      const { reply, arrived } = await fire(t, it, sender);
      t.equal(reply.status, Number(said.slice(0, 3)), `${sender.name}: ${said}`);
      t.equal(arrived.length, 1, `${sender.name}: ${said}: once`);
    }
    it.app.answer = (_arrived, socket) => {
      socket.destroy();
      return null;
    };
    const { reply, arrived } = await fire(t, it, sender);
    t.match(
      { status: reply.status, count: arrived.length },
      { status: 502, count: 1 },
      `${sender.name}: an app that breaks off`,
    );
    it.app.answer = usual;
  }
  const nobody = await stand(t, { upstream: "http://127.0.0.1:1" });
  const refused = await send(t, nobody.port, request("GET /x", AS.alice));
  t.equal(refused.status, 502);
  t.notMatch(refused.text, /127\.0\.0\.1|ECONN/, "a generic body");
  const slow = await stand(t, { config: `${WRITE}timeouts: { answer: 200ms }\n` });
  slow.app.answer = () => null;
  for (const sender of await allSenders(t, await stand(t))) {
    if (sender.impersonating) continue;
    const { reply, arrived } = await fire(t, slow, sender);
    t.match(
      { status: reply.status, count: arrived.length },
      { status: 504, count: 1 },
      `${sender.name}: too late`,
    );
  }
});

t.test("UP-03: a client that leaves takes the app's request with it", async (t) => {
  for (const sender of requests) {
    for (const method of ["GET", "PUT"]) {
      const target = `/left/${sender.name}/${method}`;
      const heard = it.app.begun.length;
      it.app.answer = () => null;
      const line = await raw(t, it.port);
      line.send(
        request(
          `${method} ${target}`,
          [...sender.fields, ...(method === "PUT" ? ["Content-Length: 100"] : [])],
          method === "PUT" ? "part" : "",
        ),
      );
      await it.app.until(() => it.app.begun.length > heard);
      const open = it.app.open.size;
      line.reset();
      await it.app.until(() => it.app.open.size < open);
      t.pass(`${target}: the app is told`);
      if (!sender.impersonating) continue;
      const outcome = await it.recorded(
        (it) => it.event.action === "impersonation.outcome" && it.url?.path === target,
      );
      t.equal(outcome.guise?.ending, "client-aborted");
    }
  }
  it.app.answer = usual;
});

t.test("DOS-01: slow heads, slow bodies and too many at once are cut, and nobody else notices", async (t) => {
  const slow = await stand(t, {
    config: `${CONFIG}timeouts: { requestHeaders: 1s, requestIdle: 1s }\nlimits: { perImpersonation: 2 }\n`,
  });
  const lines: Wire[] = [];
  for (let n = 0; n < 300; n += 1) {
    const line = await raw(t, slow.port);
    line.send(
      n % 2 === 0
        ? "GET /x HTTP/1.1\r\nHost: a\r\nX-Slow: "
        : request("POST /search", ["Content-Length: 100"], "x"),
    );
    lines.push(line);
  }
  for (const fields of [[], AS.alice])
    t.equal((await send(t, slow.port, request("GET /x", fields))).status, 200, "others are served meanwhile");
  for (const [n, line] of lines.entries()) {
    const { text } = await line.closed;
    if (n < 2) t.match(text, /^HTTP\/1\.1 408 /, n === 0 ? "a slow head" : "a slow body");
  }
  const cookie = await impersonate(t, slow);
  slow.app.answer = () => null;
  const heard = slow.app.begun.length;
  for (let n = 0; n < 2; n += 1)
    (await raw(t, slow.port)).send(request(`GET /busy/${n}`, [...AS.alice, ...INSIDE, cookie]));
  await slow.app.until(() => slow.app.begun.length === heard + 2);
  const third = await send(t, slow.port, request("GET /busy/3", [...AS.alice, ...INSIDE, cookie]));
  t.match(`${third.status}`, /^(?:429|503)$/, "one impersonation has so many open");
  t.equal(slow.app.begun.length, heard + 2);
  slow.app.answer = usual;
  t.equal((await send(t, slow.port, request("GET /x", AS.nuno))).status, 200, "others are served");
});

t.test("DOS-02: patterns that could take long are no patterns", async (t) => {
  const base = `upstream: http://127.0.0.1:8001\n${CONFIG}`;
  for (const path of ["/:a*", "/(a+)+", "/:a(.*)*", "/*a*b", "/:a:b"]) {
    const problems = problemsOf(base.replace("rules:\n", `rules:\n  - { path: "${path}", deny: true }\n`));
    t.ok(problems.length > 0, path);
  }
  const long = `/${"a-".repeat(900)}`;
  const many = await stand(t, {
    config: CONFIG.replace(
      "rules:\n",
      `rules:\n${Array.from({ length: 40 }, (_, n) => `  - { path: "/:a-:b-:c-x${n}/*rest", deny: true }`).join("\n")}\n`,
    ),
  });
  const cookie = await impersonate(t, many);
  const reply = await send(t, many.port, request(`GET ${long}`, [...AS.alice, ...INSIDE, cookie]));
  t.match(`${reply.status}`, /^(?:200|400)$/);
  t.same(values(reply.head, "Retry-After"), []);
});

t.test(
  "DOS-02: who floods the gateway under an impersonation fills no journal and takes nothing from others",
  async (t) => {
    const most = 5;
    const at = await stand(t, { config: `${CONFIG}limits: { perMinute: ${most} }\n` });
    const [alice, bob] = [await impersonate(t, at), await impersonate(t, at, "/site/1/overview", AS.bob)];
    /** How many are let through until one is refused: a few more than the limit, since time goes on. */
    const until503 = async (line: string, fields: readonly string[]) => {
      for (let passed = 0; ; passed += 1) {
        const reply = await send(t, at.port, request(line, fields));
        if (reply.status === 503) return { passed, code: codeOf(reply) };
      }
    };
    const { passed, code } = await until503("GET /flood", [...AS.alice, alice]);
    t.ok(passed >= most, `${passed} were served`);
    t.equal(code, "overloaded");
    t.equal((await send(t, at.port, request("GET /x", AS.alice))).status, 200, "her own traffic goes on");
    t.equal((await send(t, at.port, request("GET /x", [...AS.bob, bob]))).status, 200, "and other agents'");
    t.equal((await pressStop(t, at, alice)).status, 303, "and Stop is there");
    const starts = await until503("GET /site/2/x", [...CLICK, ...AS.alice]);
    t.ok(starts.passed > 0, "nor does she begin as often as she likes");
    await at.close();
    const flood = (await at.journal()).filter((line) => line.url?.path === "/flood");
    t.equal(flood.length, 2 * passed, "what was refused is on no record");
  },
);
