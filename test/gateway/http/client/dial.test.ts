import { execFileSync } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { createServer as createHttpServer } from "node:http";
import { createServer, type ServerOptions } from "node:https";
import { type AddressInfo, createServer as createTcpServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { TLSSocket } from "node:tls";
import t, { type Test } from "tap";
import { converse } from "../../../fixtures/client/raw.ts";
import { type GatewayOptions, gateway } from "../../../fixtures/gateway/gateway.ts";

const GET = "GET / HTTP/1.1\r\nHost: public.example\r\nConnection: close\r\n\r\n";

/** A certificate for these names, signed by itself; with its key. */
function certificate(t: Test, names: string, days = 2): { readonly cert: string; readonly key: string } {
  const folder = mkdtempSync(join(tmpdir(), "guise-"));
  t.teardown(() => rmSync(folder, { recursive: true }));
  const [key, cert] = [join(folder, "key.pem"), join(folder, "cert.pem")];
  const subject = ["-subj", "/CN=app", "-addext", `subjectAltName=${names}`, "-days", String(days)];
  execFileSync(
    "openssl",
    [
      "req",
      "-x509",
      "-newkey",
      "ec",
      "-pkeyopt",
      "ec_paramgen_curve:P-256",
      "-nodes",
      "-keyout",
      key,
      "-out",
      cert,
      ...subject,
    ],
    { stdio: "ignore" },
  );
  return { cert: readFileSync(cert, "utf8"), key: readFileSync(key, "utf8") };
}

async function secureApp(t: Test, options: ServerOptions) {
  const names: (string | false | null)[] = [];
  const resumed: boolean[] = [];
  const server = createServer(options, (request, response) => {
    names.push((request.socket as TLSSocket & { readonly servername: string | false }).servername);
    resumed.push((request.socket as TLSSocket).isSessionReused());
    response.end("secret");
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  t.teardown(() => {
    server.close();
    server.closeAllConnections();
  });
  return { port: (server.address() as AddressInfo).port, names, resumed };
}

async function ask(t: Test, upstream: GatewayOptions["upstream"], timeouts: GatewayOptions["timeouts"] = {}) {
  const gate = await gateway(t, { upstream, timeouts });
  return { text: await converse(t, gate.port, GET), settlement: await gate.ended(1), gate };
}

t.test("UP-01 a certificate that proves nothing is 502, and the app never sees the request", async (t) => {
  const mine = certificate(t, "DNS:localhost,IP:127.0.0.1");
  const app = await secureApp(t, mine);
  const other = await secureApp(t, certificate(t, "DNS:other.example"));
  for (const [origin, ca] of [
    [`https://localhost:${app.port}`, null],
    [`https://127.0.0.1:${app.port}`, null],
    [`https://localhost:${other.port}`, mine.cert],
  ] as const) {
    const { text, settlement, gate } = await ask(t, { origin, ca });
    t.match(text, /^HTTP\/1\.1 502 [\s\S]*"code":"upstream-tls"/, origin);
    t.same(settlement, { ending: "upstream-unreachable", status: null, requestBytes: 0, responseBytes: 0 });
    t.match(gate.faults[0]?.detail, /SELF_SIGNED|UNABLE_TO_VERIFY/);
  }
  t.same([...app.names, ...other.names], []);
});

t.test(
  "UP-01 a certificate for another name is 502, also if its authority is trusted, and each time",
  async (t) => {
    const pair = certificate(t, "DNS:other.example");
    for (const maxVersion of ["TLSv1.2", "TLSv1.3"] as const) {
      const app = await secureApp(t, { ...pair, maxVersion });
      const { text, gate } = await ask(t, { origin: `https://localhost:${app.port}`, ca: pair.cert });
      t.match(text, /^HTTP\/1\.1 502 [\s\S]*"code":"upstream-tls"/);
      t.match(await converse(t, gate.port, GET), /^HTTP\/1\.1 502 [\s\S]*"code":"upstream-tls"/, maxVersion);
      for (const { detail } of gate.faults) t.match(detail, /ALTNAME/);
      t.equal(gate.faults.length, 2);
      t.same(app.names, []);
    }
  },
);

t.test(
  "an authority of one's own is trusted, by name and by address, whatever Host the client sends",
  async (t) => {
    const pair = certificate(t, "DNS:localhost,IP:127.0.0.1");
    const app = await secureApp(t, pair);
    for (const host of ["localhost", "127.0.0.1"]) {
      const { text } = await ask(t, { origin: `https://${host}:${app.port}`, ca: pair.cert });
      t.match(text, /secret$/, host);
    }
    t.same(app.names, ["localhost", false]);
  },
);

t.test("insecureSkipVerify takes any certificate", async (t) => {
  const app = await secureApp(t, certificate(t, "DNS:other.example"));
  const { text } = await ask(t, { origin: `https://localhost:${app.port}`, insecureSkipVerify: true });
  t.match(text, /secret$/);
});

t.test(
  "requests of different hosts go to a TLS app under its own name, and later ones resume its session",
  async (t) => {
    const pair = certificate(t, "DNS:localhost");
    const app = await secureApp(t, pair);
    const gate = await gateway(t, { upstream: { origin: `https://localhost:${app.port}`, ca: pair.cert } });
    for (const host of ["a.example", "b.example", "127.0.0.1"]) {
      t.match(await converse(t, gate.port, GET.replace("public.example", host)), /secret$/);
    }
    t.same(app.names, ["localhost", "localhost", "localhost"]);
    t.same(app.resumed, [false, true, true]);
  },
);

t.test("an app that speaks no TLS where TLS is expected is 502", async (t) => {
  const server = createHttpServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  t.teardown(() => server.close());
  const { text } = await ask(t, { origin: `https://localhost:${(server.address() as AddressInfo).port}` });
  t.match(text, /^HTTP\/1\.1 502 [\s\S]*"code":"upstream-tls"/);
});

t.test("an app behind a unix socket gets the request, and a socket that isn't there is 502", async (t) => {
  const folder = mkdtempSync(join(tmpdir(), "guise-"));
  const socket = join(folder, "app.sock");
  const server = createHttpServer((request, response) => response.end(request.headers.host)).listen(socket);
  await once(server, "listening");
  t.teardown(() => {
    server.close();
    server.closeAllConnections();
    rmSync(folder, { recursive: true });
  });
  t.match((await ask(t, { origin: "http://app.internal", socket })).text, /public\.example$/);
  const { text } = await ask(t, { origin: "http://app.internal", socket: join(folder, "none.sock") });
  t.match(text, /^HTTP\/1\.1 502 [\s\S]*"code":"upstream-unreachable"/);
});

t.test("an app whose connection doesn't open in time is 504", async (t) => {
  // A handshake that is never answered: the connection is there, TLS is not.
  const server = createTcpServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  t.teardown(() => server.close());
  const { text, settlement } = await ask(
    t,
    { origin: `https://localhost:${(server.address() as AddressInfo).port}` },
    { connect: 200 },
  );
  t.match(text, /^HTTP\/1\.1 504 [\s\S]*"code":"upstream-timeout"/);
  t.equal(settlement.ending, "upstream-timeout");
});

t.test("an IPv6 address can be the app's", async (t) => {
  const server = createHttpServer((_request, response) => response.end("six"));
  server.listen(0, "::1");
  await once(server, "listening");
  t.teardown(() => {
    server.close();
    server.closeAllConnections();
  });
  t.match((await ask(t, { origin: `http://[::1]:${(server.address() as AddressInfo).port}` })).text, /six$/);
});
