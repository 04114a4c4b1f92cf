import t from "tap";
import {
  AS,
  codeOf,
  HOST,
  INSIDE,
  idOf,
  request,
  send,
  stand,
  WRITE,
  wear,
} from "../fixtures/attack-stand.ts";
import { allWays, fire, lines, recordOf, type Way } from "../fixtures/attack-ways.ts";

const reading = await stand(t);
const writing = await stand(t, { config: WRITE });
const readWay = (await allWays(t, reading)).find((way) => way.disguised && !way.socket) as Way;
const writeWay = (await allWays(t, writing)).find((way) => way.disguised && !way.socket) as Way;

t.test("POL-01: an override can't turn what is forbidden into what is allowed", async (t) => {
  for (const name of [
    "X-HTTP-Method-Override",
    "X-HTTP-Method",
    "X-Method-Override",
    "X_HTTP_Method_Override",
    "x.http.method.override",
  ]) {
    const { reply, arrived } = await fire(t, reading, readWay, { target: "/x", fields: [`${name}: DELETE`] });
    t.same(
      lines(arrived[0], "X-HTTP-Method").concat(lines(arrived[0], "X-Method-Override")),
      [],
      `${name} never goes on`,
    );
    if (arrived.length === 0) t.equal(codeOf(reply), "read-only", name);
  }
  for (const target of [
    "/x?_method=DELETE",
    "/x?a=1&_method=put",
    "/x?%5fmethod=DELETE",
    "/x?_method=GET&_method=DELETE",
    "/x?_method=zzz%00",
  ]) {
    const { reply, arrived } = await fire(t, reading, readWay, { target });
    t.match({ status: reply.status, arrived }, { status: 403, arrived: [] }, target);
    t.match(await recordOf(reading, idOf(reply)), { event: { action: "impersonation.denied" } }, target);
  }
  // A deny for POST holds whatever the query or the body calls it: an app that knows no overrides sees a POST.
  const form = ["Content-Type: application/x-www-form-urlencoded"];
  const evasions: readonly (readonly [target: string, body: string])[] = [
    ["/payments?_method=GET", ""],
    ["/payments?_method=PUT", ""],
    ["/payments?_method=POST&_method=GET", ""],
    ["/payments", "_method=GET"],
    ["/payments", "_method=PUT&x=1"],
  ];
  for (const [target, body] of evasions) {
    const { reply, arrived } = await fire(t, writing, writeWay, {
      method: "POST",
      target,
      fields: [...form, `Content-Length: ${body.length}`],
      body,
    });
    t.match({ status: reply.status, arrived }, { status: 403, arrived: [] }, `POST ${target} ${body}`);
  }
  // What is denied by its method is denied however it is asked for.
  const deleting = await stand(t, {
    config: WRITE.replace(
      "rules:\n",
      'rules:\n  - { path: "/item/:id", methods: [DELETE], deny: "Never." }\n',
    ),
  });
  const deletingWay = (await allWays(t, deleting)).find((way) => way.disguised && !way.socket) as Way;
  const part = (name: string) => `--b\r\nContent-Disposition: form-data; ${name}\r\n\r\nDELETE\r\n--b--\r\n`;
  const parted = ["Content-Type: multipart/form-data; boundary=b"];
  const tunnels: readonly (readonly [line: string, fields: readonly string[], body: string])[] = [
    ["OPTIONS /item/1?_method=DELETE", [], ""],
    ["GET /item/1?_method=DELETE", [], ""],
    ["POST /item/1?a=1;_method=DELETE", [], ""],
    ["POST /item/1?_method=DELETE&_method=PUT", [], ""],
    ["POST /item/1?X-HTTP-Method-Override=DELETE", [], ""],
    ["POST /item/1", form, "a=1&_METHOD=DELETE"],
    ["GET /item/1", form, "_method=DELETE"],
    ["POST /item/1", parted, part('name="_method"')],
    ["POST /item/1", parted, part("name='_method'")],
    ["POST /item/1", parted, part("name*=UTF-8''_method")],
    ["POST /item/1", ["Content-Type: application/json"], '{"_method":"DELETE"}'],
    ["POST /item/1", form, `a=${"x".repeat(1_100_000)}&_method=DELETE`],
    ["POST /item/1", [...form, "Content-Encoding: gzip"], "packed"],
    ["POST /item/1", ["X-HTTP-Method-Override: DELETE"], ""],
    ["OPTIONS /item/1", ["X-HTTP-Method: DELETE"], ""],
    ["GET /item/1", ["X_Method_Override: DELETE"], ""],
  ];
  for (const [line, fields, body] of tunnels) {
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
      { status: 403, code: "denied", arrived: [] },
      what,
    );
  }
  const disguisedAsPost = await fire(t, writing, writeWay, {
    method: "PUT",
    target: "/payments?_method=POST",
  });
  t.match(
    { status: disguisedAsPost.reply.status, arrived: disguisedAsPost.arrived },
    { status: 403, arrived: [] },
    "and what becomes a POST is one",
  );
});

t.test("POL-02: reading is the safe methods, less what is denied and more what is allowed", async (t) => {
  for (const method of ["POST", "PUT", "PATCH", "DELETE", "LINK", "PURGE", "PROPPATCH", "MKCOL", "LOCK"]) {
    const { reply, arrived } = await fire(t, reading, readWay, { method, target: "/x" });
    t.match(
      { status: reply.status, code: codeOf(reply), arrived },
      { status: 403, code: "read-only", arrived: [] },
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
      { status: 403, arrived: [] },
      `a GET that is denied: ${target}`,
    );
  }
});

t.test("POL-03: a yes is for one request, once", async (t) => {
  const at = await stand(t, {
    config: WRITE.replace(
      "rules:\n",
      'rules:\n  - { path: "/delete/:it", methods: [POST], confirm: "Delete this?" }\n',
    ),
  });
  const cookie = await wear(t, at);
  const type = "Content-Type: application/x-www-form-urlencoded";
  const ask = async (path: string, body: string) =>
    await send(
      t,
      at.port,
      request(
        `POST ${path}`,
        [...AS.alice, ...INSIDE, cookie, `Origin: http://${HOST}`, type, `Content-Length: ${body.length}`],
        body,
      ),
    );
  const question = async () => {
    const asked = await ask("/delete/1", "a=b");
    const hidden = (name: string) => new RegExp(`name="${name}" value="([^"]+)"`).exec(asked.body)?.[1] ?? "";
    return {
      status: asked.status,
      address: /<form method="post" action="([^"]+)"/.exec(asked.body)?.[1]?.replaceAll("&amp;", "&") ?? "",
      yes: new URLSearchParams({ _csrf: hidden("_csrf"), _confirmation: hidden("_confirmation") }).toString(),
    };
  };
  const heard = at.app.arrived.length;
  for (const path of ["/delete/2", "/payments"]) {
    const { status, address, yes } = await question();
    t.equal(status, 428);
    t.equal(
      (await ask(address.replace("/delete/1", path), yes)).status,
      403,
      `${path}: not for another address`,
    );
    t.equal((await ask(address, yes)).status, 403, "and spent by the attempt");
  }
  const forged = await question();
  t.equal(
    (await ask(forged.address, forged.yes.replace(/_confirmation=.{6}/, "_confirmation=AAAAAA"))).status,
    403,
  );
  t.equal(at.app.arrived.length, heard, "so far the app has heard nothing");
  const { address, yes } = await question();
  t.equal((await ask(address, yes)).status, 200);
  t.match(
    at.app.arrived.slice(heard),
    [{ line: "POST /delete/1 HTTP/1.1", body: "a=b" }],
    "just as it was sent",
  );
  t.equal((await ask(address, yes)).status, 403, "once");
  t.equal(at.app.arrived.length, heard + 1);
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
    t.match({ status: reply.status, arrived }, { status: 403, arrived: [] }, fields.join());
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
    t.match({ status: reply.status, arrived }, { status: 403, arrived: [] }, JSON.stringify(type));
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
