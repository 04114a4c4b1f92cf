import { once } from "node:events";
import { createServer, type IncomingMessage, request, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { pino } from "pino";
import t, { type Test } from "tap";
import { app } from "../src/app.ts";
import { ALICE, CLICK, cookieOf } from "./fixtures/client/named.ts";
import { testFolder } from "./fixtures/test-folder.ts";

interface Seen {
  readonly method: string;
  readonly url: string;
  readonly type: string;
  readonly body: string;
}

interface Answer {
  readonly status: number;
  readonly headers: IncomingMessage["headers"];
  readonly body: string;
}

interface Setting {
  readonly url: string;
  readonly seen: Seen[];
  readonly headers: Record<string, string>;
  send(
    method: string,
    path: string,
    headers?: Record<string, string>,
    body?: string | Buffer,
  ): Promise<Answer>;
}

const CONFIG = (upstream: number) => `upstream: http://127.0.0.1:${upstream}
identity:
  - insecureHeader: { name: X-Forwarded-User, groups: X-Forwarded-Groups, from: [127.0.0.1, "::1"] }
headers: { when: impersonating }
agents:
  - { groups: [support], mayBe: { groups: [customer] }, mode: write }
owners:
  site: { map: { "42": { id: "17", name: Nuno, groups: [customer] }, "43": { id: "23", name: Mia, groups: [customer] } } }
routes:
  - { path: "/site/:site{/*rest}", owner: site }
rules:
  - { path: /danger, methods: [DELETE], deny: "Never." }
  - { path: /pay, methods: [POST], confirm: "Pay for {effectiveUser.name}?" }
  - { path: /forget, confirm: "Forget it all?" }
limits: { confirmBody: 64kB }
`;

async function setting(t: Test, turned = (config: string) => config): Promise<Setting> {
  const seen: Seen[] = [];
  const upstream: Server = createServer(async (incoming, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of incoming) chunks.push(chunk as Buffer);
    seen.push({
      method: incoming.method ?? "",
      url: incoming.url ?? "",
      type: incoming.headers["content-type"] ?? "",
      body: Buffer.concat(chunks).toString("latin1"),
    });
    response.end("done");
  });
  await new Promise<void>((resolve) => {
    upstream.listen(0, "127.0.0.1", resolve);
  });
  const folder = testFolder(t, {
    "guise.yaml": turned(CONFIG((upstream.address() as AddressInfo).port)),
  });
  const gateway = await app({
    config: `${folder}/guise.yaml`,
    port: 0,
    host: "127.0.0.1",
    adminPort: 0,
    data: `${folder}/data`,
    env: {},
    log: pino({ level: process.env.GUISE_LOG ?? "fatal" }),
  });
  t.teardown(async () => {
    await gateway.close();
    upstream.close();
  });
  const send: Setting["send"] = async (method, path, headers = {}, body = "") => {
    const outgoing = request(`${gateway.url}${path}`, { method, headers });
    const [response] = (await once(outgoing.end(body), "response")) as [IncomingMessage];
    const chunks: Buffer[] = [];
    for await (const chunk of response) chunks.push(chunk as Buffer);
    return {
      status: response.statusCode ?? 0,
      headers: response.headers,
      body: Buffer.concat(chunks).toString(),
    };
  };
  const cookie = cookieOf(await send("GET", "/site/42", { ...CLICK, ...ALICE }));
  seen.length = 0;
  return { url: gateway.url, seen, headers: { ...ALICE, cookie }, send };
}

const FORM = { "content-type": "application/x-www-form-urlencoded" };
const NAVIGATION = {
  accept: "text/html",
  "sec-fetch-dest": "document",
  "sec-fetch-mode": "navigate",
  "sec-fetch-site": "same-origin",
};

function yes(page: string): { readonly action: string; readonly body: string } {
  const form = /<form method="post" action="([^"]+_guise_confirm=[^"]+)"[\s\S]*?<\/form>/.exec(page);
  const field = (name: string) =>
    new RegExp(`name="${name}" value="([^"]+)"`).exec(form?.[0] ?? "")?.[1] ?? "";
  const body = new URLSearchParams({ _csrf: field("_csrf"), _confirmation: field("_confirmation") });
  return { action: form?.[1]?.replaceAll("&amp;", "&") ?? "", body: body.toString() };
}

t.test("a page asks, and a yes does the request once, as it was sent", async (t) => {
  const it = await setting(t);
  const asked = await it.send(
    "POST",
    "/pay?to=x",
    { ...it.headers, ...NAVIGATION, ...FORM },
    "amount=5&note=caf%E9",
  );
  t.equal(asked.status, 428);
  t.match(asked.body, /Pay for Nuno\?/);
  t.same(it.seen, [], "nothing has gone to the app");

  const { action, body } = yes(asked.body);
  t.match(action, /^\/pay\?to=x&_guise_confirm=[\w.-]+$/);
  const done = await it.send("POST", action, { ...it.headers, ...NAVIGATION, ...FORM, origin: it.url }, body);
  t.match(done, { status: 200, body: "done" });
  t.same(it.seen, [
    { method: "POST", url: "/pay?to=x", type: FORM["content-type"], body: "amount=5&note=caf%E9" },
  ]);

  const again = await it.send(
    "POST",
    action,
    { ...it.headers, ...NAVIGATION, ...FORM, origin: it.url },
    body,
  );
  t.equal(again.status, 403, "the yes was for one time");
  t.equal(it.seen.length, 1);
});

t.test("a yes is bound to its form, its address and its people", async (t) => {
  const it = await setting(t);
  const ask = async () =>
    yes((await it.send("POST", "/pay", { ...it.headers, ...NAVIGATION, ...FORM }, "amount=5")).body);
  const first = await ask();
  const headers = { ...it.headers, ...NAVIGATION, ...FORM, origin: it.url };
  const bare = new URLSearchParams(first.body);
  bare.delete("_csrf");
  t.equal(
    (await it.send("POST", first.action, headers, bare.toString())).status,
    403,
    "without the hidden field",
  );
  const otherAddress = await it.send("POST", first.action.replace("/pay", "/forget"), headers, first.body);
  t.equal(otherAddress.status, 403, "at another address");
  const second = await ask();
  const other = cookieOf(
    await it.send("GET", "/site/43", { ...CLICK, ...ALICE, cookie: it.headers.cookie ?? "" }),
  );
  it.seen.length = 0;
  const asMia = await it.send("POST", second.action, { ...headers, cookie: other }, second.body);
  t.equal(asMia.status, 403, "as somebody else");
  t.same(it.seen, []);
});

t.test("a script gets 428 with the address of our page, and a GET can be asked about too", async (t) => {
  const it = await setting(t);
  const asked = await it.send("POST", "/pay", { ...it.headers, ...FORM }, "amount=7");
  t.equal(asked.status, 428);
  t.match(JSON.parse(asked.body), {
    code: "confirm-required",
    detail: "Pay for Nuno?",
    confirm: /^\/\.guise\/confirm\?question=[\w-]{43}$/,
  });
  const { confirm } = JSON.parse(asked.body);
  t.equal(asked.headers["x-guise-question"], confirm);
  t.equal((await it.send("GET", confirm, it.headers)).status, 403, "where nobody says who asks");
  const question = await it.send("GET", confirm, { ...it.headers, ...NAVIGATION });
  t.match(question, { status: 200, body: /POST <bdi>\/pay<\/bdi>/ });
  const agreed = yes(question.body);
  const sent = { ...it.headers, ...NAVIGATION, ...FORM, origin: it.url };
  t.match(await it.send("POST", agreed.action, sent, agreed.body), { status: 200, body: "done" });
  t.match(
    it.seen.splice(0),
    [{ method: "POST", url: "/pay", body: "amount=7" }],
    "just as the script sent it",
  );
  const over = await it.send("GET", confirm, { ...it.headers, ...NAVIGATION });
  t.match(over, { status: 403, body: /forbidden/ }, "and that question is answered");
  const page = await it.send("GET", "/forget?all=1", { ...it.headers, ...NAVIGATION });
  t.equal(page.status, 428);
  const { action, body } = yes(page.body);
  t.equal(
    (await it.send("POST", action, { ...it.headers, ...NAVIGATION, ...FORM, origin: it.url }, body)).status,
    200,
  );
  t.match(it.seen, [{ method: "GET", url: "/forget?all=1", body: "" }]);
});

t.test("any body is done just as it was sent, up to the very size that is configured", async (t) => {
  const it = await setting(t);
  const file = Buffer.from(Array.from({ length: 5_000 }, (_, n) => n % 256));
  const multipart = Buffer.concat([
    Buffer.from('--b\r\nContent-Disposition: form-data; name="photo"; filename="me.png"\r\n\r\n'),
    file,
    Buffer.from('\r\n--b\r\nContent-Disposition: form-data; name="amount"\r\n\r\n5\r\n--b--\r\n'),
  ]);
  const bodies: readonly (readonly [string, string, Buffer])[] = [
    ["urlencoded", "application/x-www-form-urlencoded", Buffer.from("amount=5&note=caf%E9+%26")],
    ["multipart with a file", "multipart/form-data; boundary=b", multipart],
    ["JSON", "application/json; charset=utf-8", Buffer.from('{"amount":5,"note":"café"}')],
    ["text/plain, as a form can send it", "text/plain", Buffer.from("amount=5\r\n")],
    ["none at all", "", Buffer.alloc(0)],
    ["64 kB", "application/octet-stream", Buffer.alloc(65_536, 0xff)],
  ];
  for (const [name, type, sent] of bodies) {
    const headers = type === "" ? {} : { "content-type": type };
    const asked = await it.send("POST", "/pay", { ...it.headers, ...NAVIGATION, ...headers }, sent);
    t.equal(asked.status, 428, name);
    t.same(it.seen.splice(0), [], `${name}: nothing has gone to the app`);
    const { action, body } = yes(asked.body);
    await it.send("POST", action, { ...it.headers, ...NAVIGATION, ...FORM, origin: it.url }, body);
    t.same(it.seen.splice(0), [{ method: "POST", url: "/pay", type, body: sent.toString("latin1") }], name);
  }
});

t.test("a body that can't be kept can't be confirmed, and is not done either", async (t) => {
  const it = await setting(t);
  for (const chunked of [false, true]) {
    const body = Buffer.alloc(65_537, "a");
    const length: Record<string, string> = chunked ? { "transfer-encoding": "chunked" } : {};
    const asked = await it.send("POST", "/pay", { ...it.headers, ...FORM, ...length }, body);
    t.match({ status: asked.status, code: JSON.parse(asked.body).code }, { status: 413, code: "too-large" });
    const page = await it.send("POST", "/pay", { ...it.headers, ...NAVIGATION, ...FORM, ...length }, body);
    t.match(page, { status: 413, headers: { "content-type": /^text\/html/ } });
  }
  t.same(it.seen, []);
});

t.test("a method in the body is judged by what it becomes", async (t) => {
  const it = await setting(t);
  const multipart = { "content-type": "multipart/form-data; boundary=b" };
  const part = '--b\r\nContent-Disposition: form-data; name="_method"\r\n\r\nDELETE\r\n--b--\r\n';
  const cases: readonly [string, Record<string, string>, string][] = [
    ["urlencoded", FORM, "a=1&_method=delete"],
    ["encoded name", FORM, "%5Fmethod=DELETE"],
    ["multipart", multipart, part],
    ["JSON", { "content-type": "application/json" }, '{"_method":"DELETE"}'],
  ];
  for (const [name, headers, body] of cases) {
    t.match(
      await it.send("POST", "/danger", { ...it.headers, ...headers }, body),
      { status: 403, body: /denied/ },
      name,
    );
  }
  t.same(it.seen, []);
  t.equal(
    (await it.send("POST", "/danger", { ...it.headers, ...FORM }, "a=1")).status,
    200,
    "a plain POST is not denied",
  );
  const large = `a=${"x".repeat(300_000)}`;
  t.equal((await it.send("POST", "/large", { ...it.headers, ...FORM }, large)).status, 200);
  t.equal(it.seen.at(-1)?.body.length, large.length, "a body beyond what is looked at arrives whole");
});

t.test(
  "what was typed into a form while only looking is kept, and sent after a step up if its agent says so",
  async (t) => {
    const it = await setting(t, (config) =>
      config.replace("mode: write }", "mode: read, elevate: { for: 10m } }"),
    );
    const headers = { ...it.headers, ...NAVIGATION, origin: it.url, referer: `${it.url}/site/42/edit` };
    const post = async (path: string, body: string) =>
      await it.send("POST", path, { ...headers, ...FORM }, body);
    const refused = await post("/site/42/save", "name=typed");
    t.equal(refused.status, 403);
    t.match(refused.body, "What you typed is kept for 10 minutes");
    const [, step = ""] = /href="([^"]*elevate[^"]*)"/.exec(refused.body) ?? [];
    t.match(step, /kept=[\w-]+/);
    const asks = await it.send("GET", step.replaceAll("&amp;", "&"), headers);
    const hidden = [...asks.body.matchAll(/type="hidden" name="([^"]+)" value="([^"]*)"/g)];
    const fields = new URLSearchParams(hidden.map(([, name = "", value = ""]) => [name, value]));
    const lifted = await post("/.guise/elevate", fields.toString());
    t.equal(lifted.status, 303);
    const question = await it.send("GET", String(lifted.headers.location), headers);
    t.match(question.body, /Do this as <bdi>Nuno<\/bdi>\?[\s\S]*POST <bdi>\/site\/42\/save/);
    t.same(it.seen, [], "nothing went to the app yet");
    const { action, body } = yes(question.body);
    t.match(await post(action, body), { status: 200, body: "done" });
    t.match(it.seen, [{ method: "POST", url: "/site/42/save", body: "name=typed" }]);
    t.equal((await post(action, body)).status, 403, "once");
    t.equal(it.seen.length, 1);
  },
);

t.test("what is too large to be kept, and what a script sends, is refused as ever", async (t) => {
  const it = await setting(t, (config) =>
    config.replace("mode: write }", "mode: read, elevate: { for: 10m } }"),
  );
  const large = "x".repeat(70_000);
  const page = await it.send(
    "POST",
    "/site/42/save",
    { ...it.headers, ...NAVIGATION, ...FORM, origin: it.url },
    large,
  );
  t.match([page.status, /Allow changes/.test(page.body), page.body.includes("kept")], [403, true, false]);
  const script = await it.send("POST", "/site/42/save", { ...it.headers, ...FORM, origin: it.url }, "a=b");
  t.match([script.status, script.body.includes("confirm")], [403, false]);
});
