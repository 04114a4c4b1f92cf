import { once } from "node:events";
import { readFile, writeFile } from "node:fs/promises";
import { type IncomingMessage, request } from "node:http";
import t from "tap";
import { liveApp } from "./fixtures/apps/live-app.ts";
import { ask, CLICK } from "./fixtures/client/named.ts";
import { raw } from "./fixtures/client/raw.ts";
import {
  closeOf,
  front,
  impersonating,
  lines,
  recordsOf,
  SUPPORT,
  socketTo,
} from "./fixtures/gateway/front.ts";

t.test("the switch cuts what is open under every impersonation, and no own traffic", async (t) => {
  const app = await liveApp(t);
  const it = await front(t, app.origin);
  const alice = await impersonating(it.url);
  const bob = await impersonating(it.url, "2", { "x-user": "bob", "x-groups": "support" });
  const own = await socketTo(it.url, "/ws", {});
  const closes = [closeOf(await socketTo(it.url, "/ws", alice)), closeOf(await socketTo(it.url, "/ws", bob))];
  const events = await raw(t, it.port);
  events.send(`GET /events HTTP/1.1\r\nHost: localhost:${it.port}\r\n${lines(alice)}\r\n`);
  await events.until("data: one");

  const yaml = await readFile(it.config, "utf8");
  await writeFile(it.config, yaml.replace("impersonation: on", "impersonation: off"));
  await it.gateway.reload();
  t.same(await Promise.all(closes), [
    [4001, "ended-revoked"],
    [4001, "ended-revoked"],
  ]);
  t.notMatch((await events.closed).text, /\r\n0\r\n\r\n$/);
  t.equal(own.readyState, own.OPEN);
  own.terminate();
  const page = await ask(`${it.url}/page`, { ...CLICK, ...alice, "sec-fetch-site": "same-origin" });
  t.match(page, { status: 409, body: /ended-revoked/ });
  t.equal(
    (await ask(`${it.url}/site/1`, { ...CLICK, ...SUPPORT })).headers["set-cookie"],
    undefined,
    "nobody begins",
  );
  await it.close();
  t.equal(recordsOf(it.data, "impersonation.ended").length, 2, "each end is on record, once");

  // Off at the start as well: what another process left running is over.
});

t.test("an end that was written by nobody but the clock cuts what is open", async (t) => {
  const app = await liveApp(t);
  const it = await front(t, app.origin);
  const yaml = await readFile(it.config, "utf8");
  await writeFile(it.config, yaml.replace("total: 8h, idle: 8h", "total: 2s, idle: 2s"));
  await it.gateway.reload();
  const closed = closeOf(await socketTo(it.url, "/ws", await impersonating(it.url)));
  t.same(await closed, [4001, "ended-expired"]);
});

t.test(
  "SES-07 an agent that lost the right loses what is open, though nothing is asked for any more",
  async (t) => {
    const app = await liveApp(t);
    const it = await front(t, app.origin);
    const alice = await impersonating(it.url);
    const closed = closeOf(await socketTo(it.url, "/ws", alice));
    const yaml = await readFile(it.config, "utf8");
    await writeFile(it.config, yaml.replace("groups: [support]", "groups: [second-level]"));
    await it.gateway.reload();
    t.same(await closed, [4001, "ended-agent-lost-right"]);
    await it.close();
    t.match(recordsOf(it.data, "impersonation.ended"), [{ guise: { decision: "ended-agent-lost-right" } }]);
  },
);

t.test("back in mode read a page that could speak is cut off, and one that listens goes on", async (t) => {
  const app = await liveApp(t);
  const it = await front(t, app.origin, "");
  const yaml = await readFile(it.config, "utf8");
  await writeFile(
    it.config,
    yaml.replace("  - { path: /ws, allow: true }", "  - { path: /never, allow: true }"),
  );
  await it.gateway.reload();
  const alice = await impersonating(it.url);
  const listening = await socketTo(it.url, "/ws", alice);
  const form = async (name: string) => {
    const inside = { ...CLICK, ...alice, origin: it.url, "sec-fetch-site": "same-origin" };
    const page = await ask(`${it.url}/.guise/${name}`, inside);
    const csrf = /name="_csrf" value="([^"]+)"/.exec(page.body)?.[1] ?? "";
    const headers = { ...inside, "content-type": "application/x-www-form-urlencoded" };
    // `fetch` would say that a script asks.
    const sent = request(`${it.url}/.guise/${name}`, { method: "POST", headers });
    sent.end(new URLSearchParams({ _csrf: csrf }).toString());
    const [response] = (await once(sent, "response")) as [IncomingMessage];
    response.resume();
    return { status: response.statusCode };
  };
  t.equal((await form("elevate")).status, 303);
  const speaking = await socketTo(it.url, "/ws", alice);
  const closed = closeOf(speaking);
  t.equal((await form("lower")).status, 303);
  t.same(await closed, [4003, "read-only"]);
  t.equal(listening.readyState, listening.OPEN);
  listening.terminate();
});
