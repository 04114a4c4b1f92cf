import t, { type Test } from "tap";
import { usual } from "../fixtures/apps/attack-app.ts";
import { allSenders, fire, recordOf, type Sender } from "../fixtures/client/attack-requests.ts";
import { codeOf, idOf, stand, WRITE } from "../fixtures/gateway/attack-stand.ts";

const reading = await stand(t);

const writing = await stand(t, { config: WRITE });

const readWay = (await allSenders(t, reading)).find(
  (sender) => sender.impersonating && !sender.socket,
) as Sender;

const writeWay = (await allSenders(t, writing)).find(
  (sender) => sender.impersonating && !sender.socket,
) as Sender;

const FORM = "Content-Type: application/x-www-form-urlencoded";

const PARTS = "Content-Type: multipart/form-data; boundary=b";

const part = (name: string, value: string) =>
  `--b\r\nContent-Disposition: form-data; name=${name}\r\n\r\n${value}\r\n`;

/** Bodies of which some framework makes a DELETE. */
const DELETES: readonly (readonly [what: string, type: string, body: string])[] = [
  ["a form", FORM, "a=1&_method=DELETE"],
  ["a form, by its last field", FORM, "_method=GET&_method=delete"],
  ["an encoded name", FORM, "%5f%6dethod=DELETE"],
  ["parts", PARTS, `${part('"a"', "1")}${part('"_method"', "DELETE")}--b--\r\n`],
  ["parts without quotes", PARTS, `${part("_method", "DELETE")}--b--\r\n`],
  ["JSON", "Content-Type: application/json", '{"_method":"DELETE"}'],
  ["escaped JSON", "Content-Type: application/json", '{"\\u005fmethod":"DELETE"}'],
];

/** What a deny for POST is asked for as: it holds whatever the query or the body calls it. */
const EVASIONS: readonly (readonly [target: string, body: string])[] = [
  ["/payments?_method=GET", ""],
  ["/payments?_method=PUT", ""],
  ["/payments?_method=POST&_method=GET", ""],
  ["/payments", "_method=GET"],
  ["/payments", "_method=PUT&x=1"],
];

const deleteNamed = (name: string) =>
  `--b\r\nContent-Disposition: form-data; ${name}\r\n\r\nDELETE\r\n--b--\r\n`;
/** Ways to ask for a DELETE of `/item/1`. */
const TUNNELS: readonly (readonly [line: string, fields: readonly string[], body: string])[] = [
  ["OPTIONS /item/1?_method=DELETE", [], ""],
  ["GET /item/1?_method=DELETE", [], ""],
  ["POST /item/1?a=1;_method=DELETE", [], ""],
  ["POST /item/1?_method=DELETE&_method=PUT", [], ""],
  ["POST /item/1?X-HTTP-Method-Override=DELETE", [], ""],
  ["POST /item/1", [FORM], "a=1&_METHOD=DELETE"],
  ["GET /item/1", [FORM], "_method=DELETE"],
  ["POST /item/1", [PARTS], deleteNamed('name="_method"')],
  ["POST /item/1", [PARTS], deleteNamed("name='_method'")],
  ["POST /item/1", [PARTS], deleteNamed("name*=UTF-8''_method")],
  ["POST /item/1", ["Content-Type: application/json"], '{"_method":"DELETE"}'],
  ["POST /item/1", [FORM], `a=${"x".repeat(1_100_000)}&_method=DELETE`],
  ["POST /item/1", [FORM, "Content-Encoding: gzip"], "packed"],
  ["POST /item/1", ["X-HTTP-Method-Override: DELETE"], ""],
  ["OPTIONS /item/1", ["X-HTTP-Method: DELETE"], ""],
  ["GET /item/1", ["X_Method_Override: DELETE"], ""],
];

t.test("POL-01: an override can't turn what is forbidden into what is allowed", async (t) => {
  await byHeader(t);
  await byQuery(t);
  await byBody(t);
  await byAnotherMethod(t);
  await byTheMethodThatIsDenied(t);
});

async function byHeader(t: Test): Promise<void> {
  for (const name of [
    "X-HTTP-Method-Override",
    "X-HTTP-Method",
    "X-Method-Override",
    "X_HTTP_Method_Override",
    "x.http.method.override",
  ]) {
    const fields = [`${name}: DELETE`];
    const read = await fire(t, reading, readWay, { target: "/x", fields });
    t.match([codeOf(read.reply), read.arrived], ["read-only", { length: 0 }], `${name} is refused`);
    const attack = { method: "POST", target: "/x", fields: [...fields, "Content-Length: 0"] };
    const written = await fire(t, writing, writeWay, attack);
    t.same(
      written.arrived.map((it) => it.fields.filter((field) => /method/i.test(field))),
      [fields],
      `${name} in mode write goes on as it came, where both methods are allowed`,
    );
  }
}

async function byQuery(t: Test): Promise<void> {
  for (const target of [
    "/x?_method=DELETE",
    "/x?a=1&_method=put",
    "/x?%5fmethod=DELETE",
    "/x?_method=GET&_method=DELETE",
    "/x?_method=zzz%00",
  ]) {
    const { reply, arrived } = await fire(t, reading, readWay, { target });
    t.match({ status: reply.status, arrived }, { status: 403, arrived: { length: 0 } }, target);
    t.match(await recordOf(reading, idOf(reply)), { event: { action: "impersonation.denied" } }, target);
  }
}

async function byBody(t: Test): Promise<void> {
  for (const [what, type, body] of DELETES) {
    const { reply, arrived } = await fire(t, reading, readWay, {
      method: "POST",
      target: "/search",
      fields: [type, `Content-Length: ${body.length}`],
      body,
    });
    t.match(
      { code: codeOf(reply), arrived },
      { code: "read-only", arrived: { length: 0 } },
      `${what} in a search`,
    );
    t.match(await recordOf(reading, idOf(reply)), { event: { action: "impersonation.denied" } }, what);
  }
}

/** An app that knows no overrides sees a POST, and one that does may make a POST of another. */
async function byAnotherMethod(t: Test): Promise<void> {
  for (const [target, body] of EVASIONS) {
    const { reply, arrived } = await fire(t, writing, writeWay, {
      method: "POST",
      target,
      fields: [FORM, `Content-Length: ${body.length}`],
      body,
    });
    t.match(
      { status: reply.status, arrived },
      { status: 403, arrived: { length: 0 } },
      `POST ${target} ${body}`,
    );
  }
  const smuggledInPost = await fire(t, writing, writeWay, {
    method: "PUT",
    target: "/payments?_method=POST",
  });
  t.match(
    { status: smuggledInPost.reply.status, arrived: smuggledInPost.arrived },
    { status: 403, arrived: { length: 0 } },
    "and what becomes a POST is one",
  );
}

/** It is denied however it is asked for. */
async function byTheMethodThatIsDenied(t: Test): Promise<void> {
  const deleting = await stand(t, {
    config: WRITE.replace(
      "rules:\n",
      'rules:\n  - { path: "/item/:id", methods: [DELETE], deny: "Never." }\n',
    ),
  });
  const deletingWay = (await allSenders(t, deleting)).find(
    (sender) => sender.impersonating && !sender.socket,
  ) as Sender;
  for (const [line, fields, body] of TUNNELS) {
    const [method = "", target = ""] = line.split(" ");
    const { reply, arrived } = await fire(t, deleting, deletingWay, {
      method,
      target,
      fields: [...fields, `Content-Length: ${body.length}`],
      body,
    });
    const what = `${line} ${fields.join()} ${body.slice(0, 60)}`;
    t.match(
      { status: reply.status, code: codeOf(reply), arrived },
      { status: 403, code: "denied", arrived: { length: 0 } },
      what,
    );
  }
}

t.test("POL-02: reading is the safe methods, less what is denied and more what is allowed", async (t) => {
  for (const method of ["POST", "PUT", "PATCH", "DELETE", "LINK", "PURGE", "PROPPATCH", "MKCOL", "LOCK"]) {
    const { reply, arrived } = await fire(t, reading, readWay, { method, target: "/x" });
    t.match(
      { status: reply.status, code: codeOf(reply), arrived },
      { status: 403, code: "read-only", arrived: { length: 0 } },
      method,
    );
    t.match(await recordOf(reading, idOf(reply)), { event: { action: "impersonation.denied" } });
  }
  const search = await fire(t, reading, readWay, {
    method: "POST",
    target: "/search",
    fields: ["Content-Length: 1"],
    body: "q",
  });
  t.match(
    { status: search.reply.status, count: search.arrived.length },
    { status: 200, count: 1 },
    "a POST that only reads, by a rule",
  );
  for (const target of ["/search/x", "/Search", "/search;x=1", "/searching"]) {
    const { arrived } = await fire(t, reading, readWay, { method: "POST", target });
    t.same(arrived, [], `allow is the path itself: ${target}`);
  }
  for (const target of ["/admin", "/admin/delete"]) {
    const { reply, arrived } = await fire(t, reading, readWay, { target });
    t.match(
      { status: reply.status, arrived },
      { status: 403, arrived: { length: 0 } },
      `a GET that is denied: ${target}`,
    );
  }
});

t.test("POL-04: nothing in a request switches a policy off", async (t) => {
  const magic = [
    ["User-Agent: kube-probe/1.30"],
    ["User-Agent: GoogleHC/1.0"],
    ["User-Agent: ELB-HealthChecker/2.0"],
    ["X-Health-Check: 1"],
    ["X-Debug: 1"],
    ["X-Guise-Skip: 1"],
    ["X-Middleware-Subrequest: middleware"],
    ["X-Internal: true"],
  ];
  for (const fields of magic) {
    const { reply, arrived } = await fire(t, reading, readWay, { target: "/admin", fields });
    t.match({ status: reply.status, arrived }, { status: 403, arrived: { length: 0 } }, fields.join());
  }
  for (const path of ["/healthz", "/livez", "/readyz", "/metrics", "/ping"]) {
    const { arrived } = await fire(t, reading, readWay, { target: path });
    t.equal(arrived.length, 1, `${path} is the app's own`);
    const posted = await fire(t, reading, readWay, { method: "POST", target: path });
    t.same(posted.arrived, [], `POST ${path} is judged as everything`);
  }
});

t.test("POL-05: an odd media type is no way around what looks into a body", async (t) => {
  const types = [
    "application/json\t",
    " application/json",
    "application/json; charset=utf-8;",
    "APPLICATION/X-WWW-FORM-URLENCODED",
    "application/x-www-form-urlencoded;x",
    "",
    "x",
    "text/plain",
  ];
  for (const type of types) {
    const body = "_method=GET";
    const { reply, arrived } = await fire(t, writing, writeWay, {
      method: "POST",
      target: "/payments",
      fields: [`Content-Type: ${type}`, `Content-Length: ${body.length}`],
      body,
    });
    t.match({ status: reply.status, arrived }, { status: 403, arrived: { length: 0 } }, JSON.stringify(type));
  }
});

t.test("POL-05: what a body makes of a request is found under every type, and doubt is a no", async (t) => {
  const at = await stand(t, {
    config: WRITE.replace("rules:\n", 'rules:\n  - { path: "/thing", methods: [DELETE], deny: true }\n'),
  });
  const sender = (await allSenders(t, at)).find((it) => it.impersonating && !it.socket) as Sender;
  const sending = async (fields: readonly string[], body: string) =>
    await fire(t, at, sender, {
      method: "POST",
      target: "/thing",
      fields: [...fields, `Content-Length: ${body.length}`],
      body,
    });
  const types = [
    [],
    ["Content-Type: "],
    ["Content-Type: application/json\t"],
    ["Content-Type:  application/json; charset=utf-8;"],
    ["Content-Type: APPLICATION/X-WWW-FORM-URLENCODED"],
    ["Content-Type: text/plain"],
    ["Content-Type: application/x-www-form-urlencoded;x", "Content-Type: application/json"],
    ["Content-Type: multipart/form-data; boundary=other"],
    ["Content-Encoding: identity"],
  ];
  for (const type of types)
    for (const [what, , body] of DELETES) {
      const { reply, arrived } = await sending(type, body);
      t.match(
        { code: codeOf(reply), arrived },
        { code: "denied", arrived: { length: 0 } },
        `${what} as ${type.join()}`,
      );
    }
  const doubtful = {
    "two readings": `_method=GET&x=${part('"_method"', "PUT")}`,
    "no method at all": "_method=%00",
    "JSON that is cut": '{"_method":"DELETE"',
    "JSON with something behind it": '{"_method":"PUT"} x',
  };
  for (const [what, body] of Object.entries(doubtful)) {
    const { reply, arrived } = await sending([FORM], body);
    t.match({ code: codeOf(reply), arrived }, { code: "denied", arrived: { length: 0 } }, what);
  }
  t.equal((await sending([FORM], "a=1&b=_method")).arrived.length, 1, "a POST that is one goes on");
});

t.test("POL-06: each request of every kind and sender is decided once", async (t) => {
  const at = await stand(t);
  const upstreams = await allSenders(t, at);
  at.app.answer = (arrived) =>
    arrived.target === "/404" ? "HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n" : usual(arrived);
  const count = () => at.metric("guise_decisions_total");
  let decided = await count();
  for (const sender of upstreams) {
    const methods = sender.socket
      ? ["GET"]
      : ["GET", "HEAD", "OPTIONS", "POST", "DELETE", "PROPFIND", "QUERY"];
    for (const method of methods)
      for (const target of ["/", "/404", "/admin", "/site/1/x", "/*", "/live/x"]) {
        await fire(t, at, sender, { method, target, connection: sender.socket ? "" : "close" });
        decided += 1;
        // What goes on is counted when it has ended.
        while ((await count()) < decided);
        t.equal(await count(), decided, `${sender.name}: ${method} ${target}`);
      }
  }
});

t.test("POL-06: whatever the method and the address, it was judged", async (t) => {
  for (const method of [
    "GET",
    "HEAD",
    "OPTIONS",
    "POST",
    "PUT",
    "DELETE",
    "PATCH",
    "PROPFIND",
    "SEARCH",
    "QUERY",
    "MKACTIVITY",
    "SOURCE",
  ]) {
    for (const target of ["/admin", "/admin/404", "/admin/*", "/admin?x"]) {
      const { reply, arrived } = await fire(t, reading, readWay, { method, target, connection: "close" });
      t.equal(reply.status, 403, `${method} ${target}`);
      t.same(arrived, [], `${method} ${target}`);
    }
  }
});
