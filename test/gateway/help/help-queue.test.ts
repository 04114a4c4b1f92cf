import { createHmac } from "node:crypto";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { Redis } from "ioredis";
import t, { type Test } from "tap";
import { aRequest, helping } from "../../fixtures/gateway/help.ts";
import { type TestServices, testServices, YAML } from "../../fixtures/gateway/test-services.ts";
import { redisServer } from "../../fixtures/servers/redis.ts";

const MINUTE = 60_000;

/** A helpdesk that answers as it is told, and what it got. */
async function helpdesk(t: Test) {
  const got: { readonly headers: Readonly<Record<string, unknown>>; readonly body: string }[] = [];
  const answers = { status: 200 };
  const server = createServer(async (request, response) => {
    let body = "";
    for await (const chunk of request) body += String(chunk);
    got.push({ headers: request.headers, body });
    response.writeHead(answers.status).end();
  });
  await new Promise<void>((listening) => server.listen(0, "127.0.0.1", listening));
  t.teardown(() => server.close());
  const { port } = server.address() as AddressInfo;
  return { got, answers, url: `http://127.0.0.1:${port}/tickets` };
}

async function take(it: TestServices, more: Parameters<typeof aRequest>[0] = {}): Promise<void> {
  const { help } = it.snapshot().settings;
  if (help === null) throw new Error("no help");
  await it.services.helpQueue.take(aRequest(more), help);
  await it.services.helpQueue.deliver();
}

t.test("as a text mail whose answer goes to who asks, and nothing in it is markup", async (t) => {
  const it = await testServices(t, helping("{ mail: { to: support@example.com } }"));
  await take(it, { category: "Billing", screenshot: { type: "image/png", base64: "iVBORw0KGgo=" } });
  t.match(it.mails, [
    {
      to: "support@example.com",
      from: "gateway@example.com",
      replyTo: "nuno@example.com",
      subject: 'Billing: The "chart"',
      html: null,
      attachment: { name: "page.png" },
      text: /^The "chart"\nis <b>empty<\/b> \{link\}\n\nWhat the gateway knows:\nFrom, verified by the gateway: Nuno Almeida <nuno@example\.com> \(user 17\)\nPage: http:\/\/app\.example\.com\/site\/1\?tab=2/,
    },
  ]);
});

t.test("while mail server and store's neighbours are down nothing is lost", async (t) => {
  const it = await testServices(t, helping("{ mail: { to: support@example.com } }"));
  it.breakDown(["mail"]);
  await take(it);
  it.clock.pass(2 * MINUTE);
  await it.services.helpQueue.deliver();
  t.same(it.mails, []);
  it.breakDown([]);
  it.clock.pass(5 * MINUTE);
  await it.services.helpQueue.deliver();
  t.equal(it.mails.length, 1);
  await it.services.helpQueue.deliver();
  t.equal(it.mails.length, 1, "and once");
});

t.test("as a signed webhook, again until the helpdesk takes it", async (t) => {
  const service = await helpdesk(t);
  const key = Buffer.alloc(32, 7);
  const it = await testServices(
    t,
    helping(`{ webhooks: [ { url: "${service.url}", secret: { fromEnv: HELP_HOOK_SECRET } } ] }`),
    { HELP_HOOK_SECRET: key.toString("base64") },
  );
  for (const status of [503, 401]) {
    service.answers.status = status;
    await take(it, { id: `0197a000-0000-7000-8000-000000000${status}` });
  }
  service.answers.status = 201;
  it.clock.pass(5 * MINUTE);
  await it.services.helpQueue.deliver();
  t.equal(service.got.length, 4, "a refusal of the helpdesk's is tried again, too");
  const { headers, body } = service.got.at(-1) ?? { headers: {}, body: "" };
  const signed = `${String(headers["webhook-id"])}.${String(headers["webhook-timestamp"])}.${body}`;
  const signature = createHmac("sha256", key).update(signed).digest("base64");
  t.equal(headers["webhook-signature"], `v1,${signature}`);
  t.match(JSON.parse(body), {
    type: "help.asked",
    data: { from: { id: "17", email: "nuno@example.com", verified: true }, page: /\/site\/1/ },
  });
});

t.test("by a template, in which what somebody wrote stays in its text", async (t) => {
  const service = await helpdesk(t);
  const body = `{ ticket: { subject: "{subject}", tags: [guise, "{category}"], comment: { body: "{message} at {page}" }, priority: 2 } }`;
  const it = await testServices(
    t,
    helping(
      `{ webhooks: [ { url: "${service.url}", headers: { authorization: Basic x }, body: ${body} } ] }`,
    ),
  );
  await take(it, { message: '", "admin": true, "x": "{from.email}' });
  const [got] = service.got;
  t.equal(got?.headers.authorization, "Basic x");
  t.strictSame(JSON.parse(got?.body ?? ""), {
    ticket: {
      subject: '", "admin": true, "x": "{from.email}',
      tags: ["guise", ""],
      comment: { body: '", "admin": true, "x": "{from.email} at http://app.example.com/site/1?tab=2' },
      priority: 2,
    },
  });
});

t.test("into a Redis stream, again when that was down", async (t) => {
  const server = await redisServer();
  t.teardown(() => server.stop());
  const it = await testServices(t, helping("{ redis: { url: { fromEnv: HELP_REDIS } } }"), {
    HELP_REDIS: server.url,
  });
  await take(it);
  const client = new Redis(server.url);
  t.teardown(() => client.disconnect());
  const [entry] = await client.xrange("{guise:help}", "-", "+");
  t.match(entry?.[1], ["id", aRequest().id, "event", /"type":"help\.asked"/]);
});

t.test("what nobody takes for `help.deliverFor` is given up, in the log; its link still works", async (t) => {
  const it = await testServices(t, helping("{ mail: { to: support@example.com }, deliverFor: 1h }"));
  it.breakDown(["mail"]);
  await take(it);
  for (let at = 0; at < 30; at += 1) {
    it.clock.pass(5 * MINUTE);
    await it.services.helpQueue.deliver();
  }
  t.match(it.log.lines.at(-1), /error: a request for help was given up/);
  it.breakDown([]);
  await it.services.helpQueue.deliver();
  t.same(it.mails, []);
  t.match(await it.services.helpQueue.read(aRequest().id), { from: { id: "17" } });
});

t.test(
  "an outlet that is taken out of the running config loses nothing: it gets it when it is back",
  async (t) => {
    const yaml = helping("{ mail: { to: support@example.com } }");
    const it = await testServices(t, yaml);
    it.breakDown(["mail"]);
    await take(it);
    it.configure(YAML);
    it.breakDown([]);
    it.clock.pass(5 * MINUTE);
    await it.services.helpQueue.deliver();
    t.same(it.mails, [], "nobody to send it to");
    it.configure(yaml);
    it.clock.pass(5 * MINUTE);
    await it.services.helpQueue.deliver();
    t.equal(it.mails.length, 1);
  },
);

t.test("while the store can't be asked nothing is said to be sent", async (t) => {
  const it = await testServices(t, helping("{ mail: { to: support@example.com } }"));
  it.breakDown(["store"]);
  await t.rejects(take(it), { code: "store-unavailable" });
  it.breakDown([]);
  await take(it);
  t.equal(it.mails.length, 1);
});
