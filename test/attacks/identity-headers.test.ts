import t, { type Test } from "tap";
import { OK, saying, usual } from "../fixtures/apps/attack-app.ts";
import { json, service } from "../fixtures/apps/service.ts";
import { allSenders, fire, lines, recordOf, type Sender } from "../fixtures/client/attack-requests.ts";
import { AS, CLICK, CONFIG, idOf, request, send, stand } from "../fixtures/gateway/attack-stand.ts";
import { SWITCHED } from "../fixtures/gateway/tunnel-gateway.ts";

const it = await stand(t);
const upstreams = await allSenders(t, it);

/** What the app has to be told, and nothing else. */
const TOLD: Readonly<Record<string, readonly string[]>> = {
  nobody: [],
  agent: ["X-Guise-User: alice", "X-Guise-True-User: alice"],
  impersonated: ["X-Guise-User: 17", "X-Guise-True-User: alice"],
};

function told(sender: Sender): readonly string[] {
  return TOLD[sender.name.split(",")[0] ?? ""] ?? [];
}

/** Exactly our lines reached the app: each once, with our value, and none of the client's. */
async function onlyOurs(t: Test, sender: Sender, fields: readonly string[], target?: string): Promise<void> {
  const outcome = await fire(t, it, sender, { fields, ...(target === undefined ? {} : { target }) });
  const [arrived] = outcome.arrived;
  t.equal(outcome.arrived.length, 1, `${sender.name} ${target ?? ""}: it was sent on once`);
  const found = lines(arrived, "X-Guise-");
  const plain = found.filter((line) => /^x-guise-(?:true-)?user:/i.test(line));
  t.same(plain, told(sender), `${sender.name}: the plain names`);
  const signed = found.filter((line) => line.startsWith("X-Guise-Assertion: "));
  t.equal(signed.length, told(sender).length === 0 ? 0 : 1, `${sender.name}: the token`);
  t.equal(
    found.filter((line) => line.startsWith("X-Guise-Impersonation: ")).length,
    sender.impersonating ? 1 : 0,
    `${sender.name}: the impersonation`,
  );
  t.equal(
    found.length,
    plain.length + signed.length + (sender.impersonating ? 1 : 0),
    `${sender.name}: no other line`,
  );
  t.notMatch(arrived?.head ?? "", /evil/, `${sender.name}: nothing of the client's`);
}

t.test(
  "HDR-01: a managed header of the client's never gets to the app, on any kind of request",
  async (t) => {
    const managed = [
      "X-Guise-Assertion: evil",
      "X-Guise-User: evil",
      "X-Guise-True-User: evil",
      "X-Guise-Impersonation: evil",
      "X-Guise-Anything-Else: evil",
      "x-guise-user: evil",
    ];
    it.app.answer = ({ target, head }) =>
      target === "/broken" ? "HTTP/1.1 500 Oops\r\nContent-Length: 0\r\n\r\n" : usualFor(head);
    for (const sender of upstreams) {
      for (const target of ["/site/1/x", "/nobodys/page", "/assets/app.css", "/broken"])
        await onlyOurs(t, sender, managed, target);
    }
    it.app.answer = usual;
  },
);

function usualFor(head: string): string {
  return /^upgrade:/im.test(head) ? "HTTP/1.1 403 No\r\nContent-Length: 0\r\n\r\n" : OK;
}

t.test("HDR-02: nor under a name with underscores", async (t) => {
  for (const sender of upstreams) {
    await onlyOurs(t, sender, ["X_Guise_User: evil", "x-guise_user: evil", "X-GUISE-user: evil"]);
    await onlyOurs(t, sender, [
      "X_GUISE_ASSERTION: evil",
      "x_guise-True_user: evil",
      "X-guise_Impersonation: evil",
    ]);
  }
});

t.test("HDR-03: nor with any other punctuation that some server folds", async (t) => {
  const marks = ["!", "#", "$", "%", "&", "'", "*", "+", ".", "^", "`", "|", "~"];
  const fields = marks.flatMap((mark) => [
    `X${mark}Guise${mark}User: evil`,
    `X-Guise${mark}Assertion: evil`,
    `x${mark}guise-true${mark}user: evil`,
    `${mark}X-Guise-User: evil`,
    `X-Guise-User${mark}${mark}: evil`,
    `X-Gu${mark}ise-User: evil`,
  ]);
  for (const sender of upstreams)
    await onlyOurs(t, sender, [...fields, "X+Guise|User: evil", "X!Guise~User: evil"]);
});

t.test("HDR-03: where the config says so, a forged name in any spelling is 400 and on record", async (t) => {
  const strict = await stand(t, { config: `${CONFIG}headers: { forged: refuse, user: X-Remote-Id }\n` });
  for (const sender of await allSenders(t, strict)) {
    for (const name of ["X-Guise-User", "X_Guise_User", "x.guise.anything", "X!Guise~Probe", "X_Remote.Id"]) {
      const { reply, arrived } = await fire(t, strict, sender, { fields: [`${name}: evil`] });
      t.match(
        { status: reply.status, arrived },
        { status: 400, arrived: { length: 0 } },
        `${sender.name}: ${name}`,
      );
      if (sender.impersonating)
        t.match(await recordOf(strict, idOf(reply)), {
          event: { action: "impersonation.denied" },
          message: /^bad-request: a header has one of the names/,
        });
    }
    const plain = await fire(t, strict, sender, { fields: ["X-Remote-Ids: 1", "Remote-User: evil"] });
    t.equal(plain.arrived.length, 1, `${sender.name}: other names are dropped or pass as ever`);
  }
});

t.test("HDR-04: an alias alone, where we tell the app nothing, is dropped too", async (t) => {
  for (const sender of upstreams.filter(({ name }) => name.startsWith("nobody"))) {
    for (const name of ["X_Guise_User", "X.Guise.User", "X_GUISE_ASSERTION", "x-guise_true-user"]) {
      const { arrived } = await fire(t, it, sender, { fields: [`${name}: evil`] });
      t.equal(arrived.length, 1);
      t.same(lines(arrived[0], "X-Guise-"), [], `${sender.name}: ${name}`);
    }
  }
  // Somebody is known here, and the app is told only during an impersonation.
  const sparing = await stand(t, { config: `${CONFIG}headers: { when: impersonating }\n` });
  for (const sender of (await allSenders(t, sparing)).filter(({ impersonating }) => !impersonating)) {
    const fields = ["X_Guise_User: evil", "X.Guise.Assertion: evil", "X-Guise-Impersonation: evil"];
    const { arrived } = await fire(t, sparing, sender, { fields });
    t.equal(arrived.length, 1);
    t.same(lines(arrived[0], "X-Guise-"), [], sender.name);
  }
});

t.test("HDR-05: Connection can't name our headers away, nor the framing", async (t) => {
  const connection =
    "close, X-Guise-User, X-Guise-Assertion, X-Guise-True-User, Cookie, Host, Content-Length, X-Forwarded-For";
  it.app.answer = () => OK;
  for (const sender of upstreams) {
    const named = `${connection}, X-Hop`;
    const { arrived } = await fire(t, it, sender, {
      connection: named,
      fields: ["Cookie: app=1", "X-Hop: 1"],
    });
    const sent = arrived[0];
    t.same(
      lines(sent, "X-Guise-").filter((line) => /user:/i.test(line)),
      told(sender),
      sender.name,
    );
    t.equal(lines(sent, "X-Guise-Assertion").length, told(sender).length === 0 ? 0 : 1, sender.name);
    t.same(lines(sent, "X-Hop"), [], `${sender.name}: what it may name goes no further`);
    t.equal(lines(sent, "Host").length, 1, sender.name);
    t.equal(lines(sent, "X-Forwarded-For").length, 1, sender.name);
    if (!sender.impersonating) t.same(lines(sent, "Cookie"), ["Cookie: app=1"], sender.name);
  }
  for (const sender of upstreams.filter(({ socket }) => !socket)) {
    const search = { method: "POST", target: "/search", fields: ["Content-Length: 5"], body: "abcde" };
    const { arrived } = await fire(t, it, sender, {
      ...search,
      connection: "close, Content-Length, Transfer-Encoding",
    });
    t.match(arrived[0], { body: "abcde" }, sender.name);
    t.same(
      lines(arrived[0], "Content-Length").map((line) => line.toLowerCase()),
      ["content-length: 5"],
      sender.name,
    );
  }
  it.app.answer = () =>
    "HTTP/1.1 200 OK\r\nContent-Length: 7\r\nConnection: Content-Length, close\r\nContent-Type: text/plain\r\n\r\n";
  for (const sender of upstreams.filter(({ socket }) => !socket)) {
    const { reply } = await fire(t, it, sender, { method: "HEAD", connection: "close" });
    t.match(reply.head, /^Content-Length: 7\r$/m, `${sender.name}: nor can an app name away its answer's`);
  }
  it.app.answer = usual;
});

t.test("HDR-06: what the app says about its own connection goes no further", async (t) => {
  const hop = [
    "Connection: X-Hop, keep-alive",
    "X-Hop: 1",
    "Keep-Alive: timeout=5",
    "Proxy-Authenticate: x",
    "X-Stays: 1",
  ];
  it.app.answer = ({ head }) =>
    /^upgrade:/im.test(head)
      ? SWITCHED.replace("\r\n\r\n", `\r\n${hop.join("\r\n")}\r\n\r\n`)
      : saying("ok", ...hop);
  for (const sender of upstreams) {
    const { reply } = await fire(t, it, sender);
    t.match(reply.head, sender.socket ? /^HTTP\/1\.1 101/ : /^HTTP\/1\.1 200/);
    t.match(reply.head, /^X-Stays: 1\r$/m, sender.name);
    t.notMatch(reply.head, /x-hop|timeout=5|proxy-auth/i, sender.name);
  }
  it.app.answer = usual;
});

t.test("HDR-07: a managed header that comes twice is one line of ours, or none", async (t) => {
  const fields = ["X-Guise-User: evil", "X-Guise-User: evil2", "x_guise_user: evil3", "X-Guise-User: alice"];
  for (const sender of upstreams) await onlyOurs(t, sender, fields);
  const doubled = {
    name: "nobody",
    impersonating: false,
    socket: false,
    fields: [...AS.alice, "X-User: 17"],
  };
  await onlyOurs(t, doubled, []);
});

t.test("HDR-08: neither Trailer nor a trailer gets to the app", async (t) => {
  for (const sender of upstreams.filter(({ socket }) => !socket)) {
    const { arrived, reply } = await fire(t, it, sender, {
      method: "POST",
      target: "/search",
      fields: ["Transfer-Encoding: chunked", "Trailer: X-Guise-User"],
      body: "3\r\nabc\r\n0\r\nX-Guise-User: evil\r\nX_Guise_User: evil\r\n\r\n",
    });
    t.equal(reply.status, 200, sender.name);
    t.notMatch(arrived[0]?.head ?? "", /trailer|evil/i, sender.name);
    t.match(arrived[0]?.body, /^(?:3\r\nabc\r\n0\r\n\r\n|abc)$/, sender.name);
  }
  for (const sender of upstreams.filter(({ socket }) => socket)) {
    const { arrived } = await fire(t, it, sender, { fields: ["Trailer: X-Guise-User"] });
    t.notMatch(arrived[0]?.head ?? "", /trailer/i, sender.name);
  }
});

t.test("HDR-09: Expect, Keep-Alive and a foreign Upgrade end here, and the request works", async (t) => {
  for (const sender of upstreams) {
    const odd = [
      ["Keep-Alive: 5"],
      ["Keep-Alive: timeout=5, max=1"],
      ["TE: trailers"],
      ...(sender.socket ? [] : [["Upgrade: h2c, foo"]]),
      ["Proxy-Connection: keep-alive"],
    ];
    if (!sender.socket)
      odd.push(["Upgrade: h2c", "HTTP2-Settings: AAMAAABkAAQAAP__", "Connection: Upgrade, HTTP2-Settings"]);
    for (const fields of odd) {
      const { arrived, reply } = await fire(t, it, sender, { fields });
      t.equal(reply.status, sender.socket ? 101 : 200, `${sender.name}: ${fields.join()}`);
      t.equal(arrived.length, 1);
      for (const field of fields.filter((it) => !it.startsWith("Connection")))
        t.notMatch(arrived[0]?.head ?? "", field, `${sender.name}: ${field}`);
    }
  }
  for (const sender of upstreams.filter(({ socket }) => !socket)) {
    const upload = {
      method: "POST",
      target: "/search",
      fields: ["Expect: 100-continue", "Content-Length: 3"],
      body: "abc",
    };
    const { arrived, reply } = await fire(t, it, sender, upload);
    t.equal(reply.status, 200, `${sender.name}: Expect`);
    t.match(arrived[0], { body: "abc" });
    t.notMatch(arrived[0]?.head ?? "", /expect/i);
  }
});

t.test("HDR-10: identities are plain text, from headers and from a directory", async (t) => {
  for (const id of ["\x85alice\xa0", "al,ice", "\xc2\x85", "a".repeat(10_000)]) {
    const odd = { name: "nobody", impersonating: false, fields: [`X-User: ${id}`, "X-Groups: support"] };
    for (const socket of [false, true]) await onlyOurs(t, { ...odd, socket }, []);
  }
  for (const socket of [false, true]) {
    const outcome = await fire(t, it, {
      name: "",
      impersonating: false,
      socket,
      fields: ["X-User: alice\x7f"],
    });
    t.match(
      outcome,
      { reply: { status: 400 }, arrived: { length: 0 } },
      "a control in a header is no header",
    );
  }
  for (const socket of [false, true]) {
    const odd = ["X-User: al ice%", "X-Groups: customer"];
    const { arrived } = await fire(t, it, { name: "", impersonating: false, socket, fields: odd });
    t.same(
      lines(arrived[0], "X-Guise-User"),
      ["X-Guise-User: al%20ice%25"],
      "what is no plain word is encoded",
    );
  }
  const hostile = "Nuno\r\nX-Guise-User: root\r\n\r\n\0<img src=x>";
  const people: Record<string, unknown> = {
    "17": { id: "17", name: hostile, email: "a@example.com", groups: ["customer"] },
    "18": { id: "18\r\nX-Evil: 1", groups: ["customer"] },
    "19": { id: "19", name: "N".repeat(10_000), email: "a@example.com", groups: ["customer"] },
    "20": { id: "20", name: "N", email: "a@example.com\r\nX-Evil: 1", groups: ["customer\r\nX-Evil: 1"] },
  };
  const directory = await service((incoming, response) =>
    json(people[incoming.url?.split("/").at(-1) ?? ""] ?? {})(incoming, response),
  );
  t.teardown(() => directory.close());
  const other = await stand(t, {
    config: CONFIG.replace(/^users:[\s\S]*/m, `users: { http: { url: "${directory.url}/{id}" } }\n`),
  });
  for (const id of Object.keys(people)) {
    const before = other.app.arrived.length;
    const reply = await send(t, other.port, request(`GET /users/${id}/x`, [...CLICK, ...AS.alice]));
    const [arrived] = other.app.arrived.slice(before);
    const head = arrived?.head ?? "";
    t.notMatch(head, /^x-evil|root/im, `${id}: no line of its own`);
    t.equal(lines(arrived, "X-Guise-User").length, 1, `${id}: one user, in an answer of ${reply.status}`);
    t.match(head, /^[\t\r\n\x20-\x7e]*$/, `${id}: ASCII`);
    t.notMatch(reply.head, /x-evil/i, id);
  }
});

t.test("HDR-11: identity headers of other products are dropped, in any spelling", async (t) => {
  const names = [
    "Remote-User",
    "Remote_User",
    "REMOTE.USER",
    "X-Forwarded-User",
    "X-Forwarded-Email",
    "X-Forwarded-Groups",
    "X-Forwarded-Preferred-Username",
    "X_Forwarded_User",
    "X-Auth-Request-User",
    "X-Auth-Request-Email",
    "X.Auth.Request.Groups",
    "X-Authentik-Username",
    "X-Authentik_Uid",
    "X-Webauth-User",
    "X-WebAuth_User",
    "X-Forwarded-By",
    "X-Remote-User",
    "Tailscale-User-Login",
    "X-Goog-Authenticated-User-Email",
  ];
  for (const sender of upstreams) {
    const { arrived } = await fire(t, it, sender, {
      fields: [...names.map((name) => `${name}: evil`), "X-Stays: 1"],
    });
    t.equal(arrived.length, 1, sender.name);
    t.notMatch(arrived[0]?.head ?? "", /evil/, sender.name);
    t.ok(arrived[0]?.fields.includes("X-Stays: 1"), `${sender.name}: others stay`);
  }
  await it.reconfigure(`${CONFIG}headers: { drop: [X-Our-Own, x-vendor-*] }\n`);
  for (const sender of upstreams) {
    const { arrived } = await fire(t, it, sender, { fields: ["X_Our.Own: evil", "X-Vendor-Name: evil"] });
    t.notMatch(arrived[0]?.head ?? "", /evil/, `${sender.name}: names that the config adds`);
  }
});
