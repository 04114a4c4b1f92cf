import { once } from "node:events";
import { Agent, request as askBy } from "node:http";
import { setTimeout as sleep } from "node:timers/promises";
import t, { type Test } from "tap";
import { bodyOf, httpApp, rawApp, sayingApp } from "../fixtures/apps/upstream.ts";
import { ask } from "../fixtures/client/named.ts";
import { converse, raw } from "../fixtures/client/raw.ts";
import { type Front, front, frontOf, impersonating, lines } from "../fixtures/gateway/front.ts";

// Reports from the field, each tried from outside on a whole gateway. Here: those of own traffic.

const OK = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok";

/** Behind an identity source that takes its time, and for people whom nobody knows. */
async function identified(
  t: Test,
  whoami: number,
): Promise<{ readonly gateway: Front; readonly lengths: string[] }> {
  const lengths: string[] = [];
  const app = await httpApp(t, async (request, response) => {
    if (request.url === "/me") {
      await sleep(whoami);
      return void response.writeHead(request.headers.cookie === undefined ? 401 : 200).end('{"id":"17"}');
    }
    const body = await bodyOf(request);
    lengths.push(`${request.headers["content-length"]} ${body.length}`);
    response.end("saved");
  });
  const gateway = await frontOf(
    t,
    `upstream: ${app.origin}\nidentity:\n  - whoami: { url: "${app.origin}/me", cookies: [s], user: { id: /id } }\nheaders: { when: always }\n`,
  );
  return { gateway, lengths };
}

t.test("1: every byte of a body arrives, however long it takes to find out whose it is", async (t) => {
  const { gateway, lengths } = await identified(t, 40);
  const piece = "x".repeat(1_448);
  for (let n = 0; n < 10; n++) {
    const line = await raw(t, gateway.port);
    line.socket.setNoDelay(true);
    line.send(`POST /save HTTP/1.1\r\nHost: a.test\r\nCookie: s=${n}\r\nContent-Length: 4344\r\n\r\n`);
    for (let i = 0; i < 3; i++) {
      await sleep(1);
      line.send(piece);
    }
    await line.until("saved");
  }
  t.same(lengths, Array(10).fill("4344 4344"));
  lengths.length = 0;
  for (let n = 0; n < 5; n++) {
    const line = await raw(t, gateway.port);
    line.send(`POST /save HTTP/1.1\r\nHost: a.test\r\nContent-Length: 65500\r\n\r\n${"y".repeat(65_500)}`);
    await line.until("saved");
  }
  t.same(lengths, Array(5).fill("65500 65500"));
});

for (const kind of ["event streams", "long polls"])
  t.test(`4: 70 ${kind} of customers leave room for a page`, async (t) => {
    let held = 0;
    const app = await httpApp(t, (request, response) => {
      if (request.url === "/") return void response.end("page");
      held += 1;
      if (kind === "event streams")
        response.writeHead(200, { "content-type": "text/event-stream" }).flushHeaders();
    });
    const { port, url } = await front(t, app.origin);
    for (let n = 0; n < 70; n++)
      (await raw(t, port)).send(
        `GET /live HTTP/1.1\r\nHost: localhost:${port}\r\nAccept: text/event-stream\r\n\r\n`,
      );
    const { status, body } = await ask(`${url}/`);
    t.same([status, body], [200, "page"]);
    t.ok(held >= 1);
    while (held < 70) await once(app.server, "request");
    t.equal((await ask(`${url}/`)).status, 200, "with all 70 at the app");
  });

t.test("5: a file with an umlaut in its name arrives with its bytes, in any charset", async (t) => {
  for (const name of ["M\xfcller.pdf", "M\xc3\xbcller.pdf", "\x83t\x83@\x83C\x83\x8b.pdf"]) {
    const head = `Content-Length: 4\r\nContent-Disposition: attachment; filename="${name}"`;
    const app = await sayingApp(t, `HTTP/1.1 200 OK\r\n${head}\r\n\r\n%PDF`);
    const { port } = await front(t, app.origin);
    const text = await converse(t, port, "GET /file HTTP/1.1\r\nHost: a.test\r\nConnection: close\r\n\r\n");
    t.ok(text.startsWith(`HTTP/1.1 200 OK\r\n${head}\r\n`), JSON.stringify(text));
    t.ok(text.endsWith("\r\n\r\n%PDF"));
  }
});

t.test("6: who signs in by NTLM keeps the connection to the app, and nobody else gets it", async (t) => {
  const signedIn = new WeakMap<object, string>();
  const app = await httpApp(t, (request, response) => {
    const { authorization } = request.headers;
    if (authorization === "NTLM T1") {
      signedIn.set(request.socket, "half");
      return void response.writeHead(401, { "www-authenticate": "NTLM T2" }).end();
    }
    if (authorization === "NTLM T3" && signedIn.get(request.socket) === "half")
      signedIn.set(request.socket, "A");
    const who = signedIn.get(request.socket);
    if (who === "A") return void response.end("A");
    response.writeHead(401, { "www-authenticate": "NTLM" }).end();
  });
  const { url } = await front(t, app.origin);
  const as = async (agent: Agent, headers: Record<string, string> = {}) => {
    const [response] = await once(askBy(url, { agent, headers }).end(), "response");
    return [response.statusCode, (await bodyOf(response)).toString()];
  };
  const [a, b] = [1, 2].map(() => new Agent({ keepAlive: true, maxSockets: 1 })) as [Agent, Agent];
  t.teardown(() => [a, b].forEach((it) => void it.destroy()));
  t.same(await as(a, { authorization: "NTLM T1" }), [401, ""]);
  t.same(await as(a, { authorization: "NTLM T3" }), [200, "A"]);
  t.same(await as(a), [200, "A"], "on the same connection");
  for (let n = 0; n < 5; n++) t.same(await as(b), [401, ""], "B");
  t.same(await as(a), [200, "A"]);
});

t.test("10: a 413 in the middle of an upload reaches the client", async (t) => {
  const app = await rawApp(t, (peer) => {
    let came = 0;
    peer.socket.on("data", (chunk: Buffer) => {
      const before = came;
      came += chunk.length;
      if (before >= 100_000 || came < 100_000) return;
      peer.send("HTTP/1.1 413 Too Large\r\nContent-Length: 5\r\nConnection: close\r\n\r\nlarge");
      peer.socket.end();
    });
  });
  const { port } = await front(t, app.origin);
  for (let n = 0; n < 25; n++) {
    const line = await raw(t, port);
    line.send(`POST /up HTTP/1.1\r\nHost: a.test\r\nContent-Length: 1000000\r\n\r\n`);
    line.send("x".repeat(1_000_000));
    const text = await line.until(/\r\n\r\n.+/);
    t.match(text, /^HTTP\/1\.1 413 Too Large\r\n[\s\S]*large$/);
  }
});

const METADATA = [
  "X-Forwarded-Prefix: /shop",
  "X-Forwarded-Port: 8443",
  "X-Forwarded-Ssl: on",
  "X-Script-Name: /shop",
  "X-Real-IP: 192.0.2.7",
  "Forwarded: for=192.0.2.7;proto=https",
  "CF-Connecting-IP: 192.0.2.7",
];

/** An app that takes whatever comes, and the gateway in front of it. */
async function taking(t: Test, more?: string) {
  const app = await sayingApp(t, OK);
  const people = "identity: [{ insecureHeader: { name: X-User, from: [127.0.0.1] } }]\n";
  const gateway = await frontOf(t, `upstream: ${app.origin}\n${people}${more ?? ""}\n`);
  /** The head that the app gets of these lines, and the status that comes back. */
  const send = async (...lines: readonly string[]) => {
    const before = app.peers.length;
    const text = await converse(t, gateway.port, `${lines.join("\r\n")}\r\nConnection: close\r\n\r\n`);
    return { head: app.peers[before]?.text() ?? "", status: text.slice(9, 12) };
  };
  return { send };
}

t.test("11: a trusted proxy's metadata is passed on, and nobody else's", async (t) => {
  const lines = ["GET / HTTP/1.1", "Host: a.test", ...METADATA];
  const trusted = await (await taking(t, "trustedProxies: [127.0.0.1]")).send(...lines);
  for (const line of METADATA) t.ok(trusted.head.includes(`\r\n${line}\r\n`), line);
  const others = await (await taking(t)).send(...lines);
  for (const line of METADATA) t.notOk(others.head.includes(`\r\n${line}\r\n`), line);
  t.equal(others.status, "200");
});

t.test("13: what the auth proxy in front says of a customer goes on to the app", async (t) => {
  const said = ["Remote-User: nuno", "X-Forwarded-Email: nuno@example.com", "X-Forwarded-Groups: customer"];
  const names = "[Remote-User, X-Forwarded-Email, X-Forwarded-Groups]";
  const { send } = await taking(t, `headers: { pass: [{ names: ${names}, from: [127.0.0.1] }] }`);
  const { head } = await send("GET / HTTP/1.1", "Host: a.test", ...said);
  for (const line of said) t.ok(head.includes(`\r\n${line}\r\n`), line);
});

t.test("16, 17: an own address arrives as it was sent, and isn't judged", async (t) => {
  const { send } = await taking(t);
  const odd = ["/unsafe/300x200/https://img.example/a.png", "/%e8", "/%7Ea", "/a[1]", "/%e4"];
  const unjudged = ["/api/projects/a%2Fb", "/caf%E9", `/${"s".repeat(2_101)}`, "/caf\xc3\xa9?q=\xe4"];
  for (const target of [...odd, ...unjudged]) {
    const { head, status } = await send(`GET ${target} HTTP/1.1`, "Host: a.test");
    t.equal(status, "200", target.slice(0, 80));
    t.equal(head.split("\r\n")[0], `GET ${target} HTTP/1.1`);
  }
  const { head, status } = await send("OPTIONS * HTTP/1.1", "Host: a.test");
  t.same([status, head.split("\r\n")[0]], ["200", "OPTIONS * HTTP/1.1"]);
  const old = await send("GET / HTTP/1.0");
  t.match(old, { status: "200", head: /^GET \/ HTTP\/1\.1\r\nHost: / }, "HTTP/1.0 without Host");
});

t.test("18: an app that knows one name is asked by it, and answers by ours", async (t) => {
  const app = await httpApp(t, (_request, response) => {
    const own = `http://127.0.0.1:${app.port}`;
    response.setHeader("Link", `<${own}/next>; rel="next"`);
    response.setHeader("HX-Redirect", `${own}/there`);
    response.setHeader("Location", `${own}/there`);
    response.end();
  });
  const gateway = await frontOf(
    t,
    `upstream: { url: "${app.origin}", host: upstream }\nidentity: [{ insecureHeader: { name: X-User, from: [127.0.0.1] } }]\n`,
  );
  const { headers } = await ask(
    `${gateway.url}/a`,
    { destination: `${gateway.url}/b`, origin: gateway.url },
    "MOVE",
  );
  const [seen] = app.seen;
  t.equal(seen?.headers.host, `127.0.0.1:${app.port}`);
  t.equal(seen?.headers.destination, `${app.origin}/b`);
  t.equal(headers.link, `<${gateway.url}/next>; rel="next"`);
  t.equal(headers["hx-redirect"], `${gateway.url}/there`);
  t.equal(headers.location, `${gateway.url}/there`);
});

t.test("a refused upload leaves its connection usable, whatever its size", async (t) => {
  const app = await httpApp(t, (request, response) => void response.end(`done${request.url}`));
  const { port, url } = await front(t, app.origin);
  const as = lines({ ...(await impersonating(url)), origin: url, referer: `${url}/site/1` });
  const head = `HTTP/1.1\r\nHost: localhost:${port}\r\n`;
  for (const size of [10, 1_300_000, 20_000_000]) {
    const line = await raw(t, port);
    line.send(`POST /save ${head}${as}Content-Length: ${size}\r\n\r\n`);
    line.send(Buffer.alloc(size, "x"));
    line.send(`GET /next ${head}\r\n`);
    t.match(await line.until("done/next"), /^HTTP\/1\.1 403 [\s\S]*"read-only"[\s\S]*HTTP\/1\.1 200 /);
  }
});

t.test("the app names the public host with its own port: the public address", async (t) => {
  const app = await httpApp(t, (_request, response) =>
    response.writeHead(302, { location: `http://localhost:${app.port}/a?b=c` }).end(),
  );
  const { url } = await front(t, app.origin);
  const { headers } = await ask(`${url}/`);
  t.equal(headers.location, `${url}/a?b=c`);
});
