import t, { type Test } from "tap";
import { type Arrived, OK, usual } from "../fixtures/apps/attack-app.ts";
import { allSenders, fire, type Sender } from "../fixtures/client/attack-requests.ts";
import { raw } from "../fixtures/client/raw.ts";
import { HOST, request, stand, WRITE } from "../fixtures/gateway/attack-stand.ts";
import { SWITCHED } from "../fixtures/gateway/tunnel-gateway.ts";
import { filesBelow } from "../house/source.ts";

// In mode write, so that an impersonation may send bodies of every kind.
const it = await stand(t, { config: WRITE });

const upstreams = await allSenders(t, it);

const requests = upstreams.filter(({ socket }) => !socket);

const upgrades = upstreams.filter(({ socket }) => socket);

/** A second request that is hidden in the first one. */
const INNER = request("GET /inner", []);

/** The sender of these bytes gets one answer with this status and a closed connection, and the app gets nothing. */
async function refusedRaw(t: Test, bytes: string, status: RegExp, what: string): Promise<void> {
  const before = it.app.begun.length;
  const line = await raw(t, it.port);
  line.send(bytes);
  const { text } = await line.closed;
  t.match(text, status, what);
  t.equal(text.match(/^HTTP\/1\.1 /gm)?.length, 1, `${what}: one answer`);
  t.equal(it.app.begun.length, before, `${what}: nothing reached the app`);
}

/** The head of a POST with these lines of framing. */
function post(sender: Sender, lines: readonly string[], body: string): string {
  return request("POST /search", [...sender.fields, ...lines], body);
}

t.test("SMUG-01: what two parsers may read differently is 400, and the connection ends", async (t) => {
  const bodies: readonly (readonly [lines: readonly string[], body: string])[] = [
    [["Content-Length: 4", "Transfer-Encoding: chunked"], `0\r\n\r\n${INNER}`],
    [["Transfer-Encoding: chunked", "Content-Length: 4"], `0\r\n\r\n${INNER}`],
    [["Content-Length: 4", "Content-Length: 5"], `abcd${INNER}`],
    [["Content-Length: 4", "Content-Length: 4"], `abcd${INNER}`],
    [["Content-Length: 4, 4"], `abcd${INNER}`],
    [["Content-Length: +3"], `abc${INNER}`],
    [["Content-Length: -1"], INNER],
    [["Content-Length: 0x3"], `abc${INNER}`],
    [["Content-Length: 3 3"], `abc${INNER}`],
    [["Content-Length: 99999999999999999999"], INNER],
    [["Transfer-Encoding : chunked"], `0\r\n\r\n${INNER}`],
    [["Transfer-Encoding: xchunked"], `0\r\n\r\n${INNER}`],
    [["Transfer-Encoding: chunked", "Transfer-Encoding: identity"], `0\r\n\r\n${INNER}`],
    [["Transfer-Encoding:\x0bchunked"], `0\r\n\r\n${INNER}`],
    [["X: y\nTransfer-Encoding: chunked"], `0\r\n\r\n${INNER}`],
    [["X: a\rb"], INNER],
    [["X: a\0b"], INNER],
    [["X: a", " folded: b"], INNER],
    [["No colon"], INNER],
    [[": empty"], INNER],
    [["X y: z"], INNER],
  ];
  for (const sender of requests)
    for (const [lines, body] of bodies)
      await refusedRaw(
        t,
        post(sender, lines, body),
        /^HTTP\/1\.1 400 /,
        `${sender.name}: ${JSON.stringify(lines)}`,
      );
  await refusedRaw(
    t,
    request("GET /x HTTP/1.0", ["Transfer-Encoding: chunked"], `0\r\n\r\n${INNER}`),
    /^HTTP\/1\.1 400 /,
    "chunks in HTTP/1.0",
  );
  await refusedRaw(t, request("GET /x HTTP/2.0", []) + INNER, /^HTTP\/1\.1 400 /, "HTTP/2.0");
  await refusedRaw(t, `GET /x HTTP/1.1\nHost: ${HOST}\n\n${INNER}`, /^HTTP\/1\.1 400 /, "bare line feeds");
});

t.test("SMUG-01: a request line with more than one space between two parts is 400", async (t) => {
  for (const { name, fields } of requests) {
    const lines = ["GET  /x HTTP/1.1", "GET /x  HTTP/1.1", "POST   /x HTTP/1.1"];
    for (const line of lines) {
      const bytes = `${line}\r\nHost: ${HOST}\r\n${fields.map((it) => `${it}\r\n`).join("")}\r\n`;
      await refusedRaw(t, bytes, /^HTTP\/1\.1 400 /, `${name}: ${line}`);
      await refusedRaw(t, bytes + INNER, /^HTTP\/1\.1 400 /, `${name}: ${line}, and another one`);
    }
  }
});

t.test("SMUG-01: spaces anywhere else in a head are a client's right", async (t) => {
  for (const sender of requests) {
    const fields = ["X-Tight:a", "X-Wide:   b  ", "X-Inside: c  d", "X-Line: GET  /x HTTP/1.1"];
    const { arrived } = await fire(t, it, sender, { fields });
    t.equal(arrived.length, 1, sender.name);
    t.match(arrived[0]?.head, /c {2}d\r\nX-Line: GET {2}\/x HTTP\/1\.1/, sender.name);
  }
});

t.test("SMUG-01: the parser stays strict, on both sides", async (t) => {
  const lax = /insecureHTTPParser: (?!false)|--insecure-http-parser|httpValidation/;
  const files = [...filesBelow("src"), ...filesBelow("demo"), ...filesBelow("scripts")];
  t.same(
    files.filter(({ text }) => lax.test(text)).map(({ path }) => path),
    [],
  );
});

t.test("SMUG-01: lines of chunks are as strict as lines of headers", async (t) => {
  const bodies = {
    "a bare line feed behind a size": "3\nabc\r\n0\r\n\r\n",
    "a bare line feed behind an extension": "3;\nabc\r\n0\r\n\r\n",
    "a carriage return in an extension": "3;\rX\r\nabc\r\n0\r\n\r\n",
    "a quoted line end in an extension": '3;a="\r\nabc\r\n0\r\n\r\n',
    "a bare line feed behind a chunk": "3\r\nabc\n0\r\n\r\n",
    "two bytes between chunks": "3\r\nabcXX0\r\n\r\n",
    "a bare line feed at the end": "3\r\nabc\r\n0\n\n",
    "a size with a sign": "+3\r\nabc\r\n0\r\n\r\n",
    "a size with a prefix": "0x3\r\nabc\r\n0\r\n\r\n",
    "a size that is too large for any number": "10000000000000003\r\nabc\r\n0\r\n\r\n",
    "no size": "\r\nabc\r\n0\r\n\r\n",
    "framing in a trailer": "3\r\nabc\r\n0\r\nContent-Length: 5\r\n\r\n",
    "a folded trailer": "3\r\nabc\r\n0\r\nX: a\r\n b\r\n\r\n",
  };
  // Under an impersonation a form is read before anything goes on; in own traffic only what came with the head is.
  for (const sender of requests.filter(({ impersonating }) => impersonating))
    for (const [what, body] of Object.entries(bodies))
      await refusedRaw(
        t,
        post(sender, ["Transfer-Encoding: chunked"], body + INNER),
        /^HTTP\/1\.1 400 /,
        `${sender.name}: ${what}`,
      );
  for (const [what, body, status] of [
    ["an endless extension", `3;${"a".repeat(100_000)}\r\nabc\r\n0\r\n\r\n`, 413],
    ["an endless trailer", `3\r\nabc\r\n0\r\nX: ${"a".repeat(40_000)}\r\n\r\n`, 431],
    ["endless trailers", `3\r\nabc\r\n0\r\n${"X: a\r\n".repeat(8_000)}\r\n`, 431],
  ] as const)
    for (const sender of requests.filter(({ impersonating }) => impersonating))
      await refusedRaw(
        t,
        post(sender, ["Transfer-Encoding: chunked"], body),
        new RegExp(`^HTTP/1\\.1 ${status} `),
        `${sender.name}: ${what}`,
      );
});

t.test("SMUG-02: framing under an alias that some server folds goes no further", async (t) => {
  for (const sender of upstreams) {
    const fields = ["Transfer_Encoding: chunked", "Content_Length: 3", "content.length: 4"];
    const { arrived } = await fire(t, it, sender, { fields });
    t.equal(arrived.length, 1, sender.name);
    t.notMatch(arrived[0]?.head, /transfer_|content_|content\./i, sender.name);
  }
});

t.test("SMUG-02: a coding that would be lost, and a length in an odd spelling, are 400", async (t) => {
  const framings = [
    ["Transfer-Encoding: gzip, chunked"],
    ["Transfer-Encoding: ,chunked"],
    ["Transfer-Encoding: chunked,"],
    ["Transfer-Encoding: chunked, chunked"],
    ["Transfer-Encoding: identity"],
    ["Transfer-Encoding: gzip"],
    ["Content-Length: 010"],
    ["Content-Length: 00"],
    ["Content-Length: 3,"],
    ["Content-Length:"],
  ];
  for (const sender of requests)
    for (const lines of framings)
      await refusedRaw(
        t,
        post(sender, lines, `0\r\n\r\n${INNER}`),
        /^HTTP\/1\.1 (?:400|501) /,
        `${sender.name}: ${lines}`,
      );
  for (const sender of upgrades) {
    for (const lines of framings) {
      const { reply, arrived } = await fire(t, it, sender, { fields: lines, body: `0\r\n\r\n${INNER}` });
      t.match(reply.status, /^(?:400|501)$/, `${sender.name}: ${lines}`);
      t.same(arrived, [], `${sender.name}: ${lines}`);
    }
  }
});

t.test(
  "SMUG-03: a body that turns out to be broken after its head went on is told as what it is",
  async (t) => {
    const broken = [
      "5\r\nabcde\r\nZZ\r\n",
      "5\r\nabcdeXX\r\n",
      "5;\0\r\nabcde\r\n",
      "-1\r\n",
      "5 \nabcde\r\n",
    ];
    for (const sender of requests) {
      for (const [n, body] of broken.entries()) {
        const before = it.app.begun.length;
        const target = `/broken/${sender.name}/${n}`;
        const line = await raw(t, it.port);
        line.send(request(`PUT ${target}`, [...sender.fields, "Transfer-Encoding: chunked"], "3\r\nabc\r\n"));
        await it.app.until(() => it.app.begun.length > before);
        const begun = it.app.begun.length;
        const open = it.app.open.size;
        line.send(body + INNER);
        const { text } = await line.closed;
        t.notMatch(text, /^HTTP\/1\.1 [23]/, `${target}: no answer that looks like one`);
        // The app's connection is gone with it.
        await it.app.until(() => it.app.open.size < open);
        t.equal(it.app.begun.length, begun, `${target}: what came behind is no request`);
        t.equal(
          it.app.arrived.some((arrived) => arrived.target === target),
          false,
          `${target}: never whole`,
        );
        if (!sender.impersonating) continue;
        const outcome = await it.recorded(
          (it) => it.event.action === "impersonation.outcome" && it.url?.path === target,
        );
        t.equal(outcome.guise?.ending, "client-framing-error", target);
        const lines = await it.journal();
        t.notOk(
          lines.some((it) => it.event?.action === "impersonation.denied" && it.url?.path === target),
          "never as refused",
        );
      }
    }
  },
);

t.test("SMUG-04: any method may have a body; it arrives as it was, and so does what follows", async (t) => {
  for (const sender of requests) {
    for (const method of ["GET", "HEAD", "DELETE", "OPTIONS", "PUT", "PROPFIND"]) {
      for (const lines of [["Content-Length: 5"], ["Transfer-Encoding: chunked"]]) {
        const before = it.app.arrived.length;
        const line = await raw(t, it.port);
        const body = lines[0] === "Content-Length: 5" ? "abcde" : "5\r\nabcde\r\n0\r\n\r\n";
        const second = request("GET /second", ["Connection: close", ...sender.fields]);
        it.app.answer = (arrived) =>
          arrived.line.startsWith("HEAD") ? "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n" : OK;
        line.send(request(`${method} /body`, [...sender.fields, ...lines], body) + second);
        const { text } = await line.closed;
        const what = `${sender.name}: ${method}, ${lines}`;
        t.equal(text.match(/HTTP\/1\.1 200 OK\r\n/g)?.length, 2, what);
        // Two connections to the app may overtake each other.
        const arrived = it.app.arrived.slice(before).sort((a, b) => (a.target < b.target ? -1 : 1));
        const [first, next, ...more] = arrived;
        t.match(first, { target: "/body", body: /^(?:abcde|5\r\nabcde\r\n0\r\n\r\n)$/ }, what);
        t.equal(next?.target, "/second", what);
        t.same(more, [], what);
      }
    }
  }
  it.app.answer = usual;
});

t.test("SMUG-06: an upgrade to anything but WebSocket is a plain request", async (t) => {
  for (const sender of requests) {
    for (const protocol of ["h2c", "foo", "TLS/1.0", "websockets"]) {
      const before = it.app.arrived.length;
      const line = await raw(t, it.port);
      const connection = "Connection: Upgrade, HTTP2-Settings";
      const outer = request("GET /outer", [
        ...sender.fields,
        connection,
        `Upgrade: ${protocol}`,
        "HTTP2-Settings: AAMAAABk",
      ]);
      line.send(`${outer}PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n`);
      const { text } = await line.closed;
      t.equal(text.match(/^HTTP\/1\.1 200 OK\r$/gm)?.length, 1, `${sender.name}: ${protocol}`);
      const arrived: readonly Arrived[] = it.app.arrived.slice(before);
      t.equal(arrived.length, 1, `${sender.name}: ${protocol}`);
      t.notMatch(arrived[0]?.head, /upgrade|http2-settings/i, `${sender.name}: ${protocol}`);
    }
  }
});

t.test("SMUG-06: bytes behind an upgrade reach the app only after its 101", async (t) => {
  for (const sender of upgrades) {
    for (const says of ["HTTP/1.1 403 Forbidden\r\nContent-Length: 2\r\n\r\nno", OK]) {
      it.app.answer = () => says;
      const before = it.app.begun.length;
      const { reply } = await fire(t, it, sender, { body: INNER + INNER });
      t.equal(`HTTP/1.1 ${reply.status}`, says.slice(0, 12), sender.name);
      t.equal(it.app.begun.length, before + 1, `${sender.name}: an app that says no sees nothing of them`);
      t.notMatch(reply.text, /HTTP\/1\.1[\s\S]*HTTP\/1\.1/, "one answer");
    }
    let late: (() => void) | null = null;
    it.app.answer = ({ connection }, socket) => {
      late = () => {
        it.app.tunnelled.set(connection, "");
        socket.write(SWITCHED);
      };
      return null;
    };
    const before = it.app.begun.length;
    const sent = fire(t, it, sender, { body: "early bytes" });
    await it.app.until(() => it.app.begun.length > before && late !== null);
    t.equal([...it.app.tunnelled.values()].includes("early bytes"), false, sender.name);
    (late as (() => void) | null)?.();
    await sent;
    it.app.answer = usual;
    it.app.tunnelled.clear();
  }
  for (const sender of upgrades) {
    for (const lines of [["Content-Length: 5"], ["Transfer-Encoding: chunked"]]) {
      const { reply, arrived } = await fire(t, it, sender, { fields: lines, body: `abcde${INNER}` });
      t.match(
        { reply, arrived },
        { reply: { status: 400 }, arrived: { length: 0 } },
        `${sender.name}: ${lines}`,
      );
    }
  }
});

t.test("SMUG-06: the gateway is as well as before", async (t) => {
  for (const sender of upstreams) {
    const { reply } = await fire(t, it, sender);
    t.equal(reply.status, sender.socket ? 101 : 200, sender.name);
  }
  t.equal(await it.metric("guise_invariant_violations_total"), 0);
});
