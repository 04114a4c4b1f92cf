import { execFileSync } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { createServer } from "node:https";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import t, { type Test } from "tap";
import { httpClient } from "../../src/clients/http.ts";
import { json, type Service, service, silence, text } from "../fixtures/apps/service.ts";
import { testFolder } from "../fixtures/test-folder.ts";

async function setup(t: Test, listener: Parameters<typeof service>[0]) {
  const server = await service(listener);
  const client = httpClient();
  t.teardown(async () => {
    await client.close();
    await server.close();
  });
  return { server, client };
}

t.test("sends a form's fields", async (t) => {
  const { server, client } = await setup(t, json({}));
  await client.post(`${server.url}/form`, { a: "1&2", b: "ä" });
  t.match(server.requests[0], {
    method: "POST",
    headers: { "content-type": "application/x-www-form-urlencoded", "content-length": "16" },
  });
});

t.test("gives status, headers and body, and sends what it is told", async (t) => {
  const { server, client } = await setup(t, json({ ok: "ä" }));
  const answer = await client.get(`${server.url}/a%2Fb?q=1%262`, {
    headers: { accept: "application/json", host: "app.example.com" },
  });
  t.match(answer, { status: 200, headers: { "content-type": "application/json" }, body: '{"ok":"ä"}' });
  const [request] = server.requests;
  t.equal(request?.url, "/a%2Fb?q=1%262");
  t.match(request?.headers, { accept: "application/json", host: "app.example.com" });
  t.equal(request?.headers.cookie, undefined);
});

t.test("connections are used again", async (t) => {
  const { server, client } = await setup(t, json(1));
  for (let n = 0; n < 8; n += 1) await client.get(server.url);
  t.ok(new Set(server.requests.map((request) => request.socket)).size <= 2);
});

t.test("a redirect and an error of the server are answers, and nothing is tried twice", async (t) => {
  const { server, client } = await setup(t, text("", 302, { location: "/elsewhere" }));
  t.match(await client.get(server.url), { status: 302, headers: { location: "/elsewhere" } });
  server.answer(text("", 503, { "retry-after": "0" }));
  t.equal((await client.get(server.url)).status, 503);
  t.equal(server.requests.length, 2);
});

t.test("a silent server is left at the timeout", async (t) => {
  const { server, client } = await setup(t, silence);
  await t.rejects(client.get(`${server.url}/who?token=secret`, { timeout: 30 }), {
    message: `GET ${server.url}/who: no whole answer within 30 ms`,
  });
});

t.test("a body that stalls is left at the timeout", async (t) => {
  const { server, client } = await setup(t, (_request, response) => {
    response.writeHead(200).write("{");
  });
  await t.rejects(client.get(server.url, { timeout: 30 }), /no whole answer within 30 ms/);
});

t.test("a body that is too long is not read to its end", async (t) => {
  const { server, client } = await setup(t, (_request, response) => {
    const more = () => {
      while (response.write("x".repeat(16_384)));
      response.once("drain", more);
    };
    more();
  });
  await t.rejects(client.get(server.url), /longer than 65536 bytes/);
  const left = server.requests[0]?.socket;
  if (left && !left.destroyed) await new Promise((resolve) => left.once("close", resolve));
  t.ok(left?.destroyed, "the connection is cut");
  server.answer(text("12345"));
  await t.rejects(client.get(server.url, { maxBytes: 4 }), /longer than 4 bytes/);
  t.equal((await client.get(server.url, { maxBytes: 5 })).body, "12345");
});

t.test("a caller who leaves ends the request", async (t) => {
  const { server, client } = await setup(t, silence);
  const leaving = new AbortController();
  const asked = client.get(server.url, { signal: leaving.signal });
  await server.seen(1);
  leaving.abort(new Error("gone"));
  await t.rejects(asked, /gone/);
  await t.rejects(
    client.get(server.url, { signal: AbortSignal.abort(new Error("gone before")) }),
    /gone before/,
  );
  t.equal(server.requests.length, 1);
});

t.test("a body that is cut or is no UTF-8 is no answer", async (t) => {
  const { server, client } = await setup(t, (_request, response) => {
    response.writeHead(200, { "content-length": "100" }).write("{", () => response.destroy());
  });
  await t.rejects(client.get(server.url), { message: /^GET http/ });
  server.answer((_request, response) => {
    response.end(Buffer.from([0xff, 0xfe, 0x31]));
  });
  await t.rejects(client.get(server.url), /not text in UTF-8/);
});

t.test("nobody there, another protocol and a header with a line end are errors", async (t) => {
  const { server, client } = await setup(t, json(1));
  const gone: Service = await service(silence);
  await gone.close();
  await t.rejects(client.get(gone.url), /ECONNREFUSED/);
  await t.rejects(client.get("ftp://127.0.0.1/x"), /only http and https/);
  await t.rejects(client.get("file:///etc/passwd"), /only http and https/);
  await t.rejects(client.get(server.url, { headers: { cookie: "a\r\nb: c" } }), /invalid/i);
  t.equal(server.requests.length, 0);
});

t.test("UP-01: a server that can't prove who it is gets no request", async (t) => {
  const folder = testFolder(t);
  const [key, cert] = [join(folder, "key.pem"), join(folder, "cert.pem")];
  const order = ["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"];
  execFileSync("openssl", [...order, "-subj", "/CN=localhost", "-keyout", key, "-out", cert], {
    stdio: "pipe",
  });
  let asked = 0;
  const server = createServer({ key: readFileSync(key), cert: readFileSync(cert) }, (_request, response) => {
    asked += 1;
    response.end("{}");
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const client = httpClient();
  t.teardown(async () => {
    await client.close();
    server.close();
  });
  const { port } = server.address() as AddressInfo;
  await t.rejects(client.get(`https://127.0.0.1:${port}/`), /self-signed/);
  t.equal(asked, 0);
});
