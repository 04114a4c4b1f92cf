import { once } from "node:events";
import type { Socket } from "node:net";
import t, { type Test } from "tap";
import { usual } from "../fixtures/apps/attack-app.ts";
import { service } from "../fixtures/apps/service.ts";
import {
  type Attack,
  allSenders,
  fire,
  lines,
  pressStop,
  recordOf,
  type Sender,
} from "../fixtures/client/attack-requests.ts";
import { raw, type Wire } from "../fixtures/client/raw.ts";
import { type Frame, frame, framesOf } from "../fixtures/client/tunnel-frames.ts";
import {
  AS,
  CONFIG,
  codeOf,
  HOST,
  impersonate,
  request,
  type Stand,
  stand,
} from "../fixtures/gateway/attack-stand.ts";
import { behindHead } from "../fixtures/gateway/tunnel-gateway.ts";

const it = await stand(t);
const all = (await allSenders(t, it)).filter(({ socket }) => socket);
const own = all.filter(({ impersonating }) => !impersonating);
const impersonating = all.filter((sender) => sender.impersonating);

/** The head of an upgrade without an Origin of its own. */
function upgrade(sender: Pick<Sender, "fields">, fields: readonly string[], target = "/live/feed"): string {
  const key = ["Sec-WebSocket-Version: 13", "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ=="];
  return request(`GET ${target}`, [
    "Connection: Upgrade",
    "Upgrade: websocket",
    ...key,
    ...sender.fields,
    ...fields,
  ]);
}

/** A socket that stands, on both ends. */
async function standing(
  t: Test,
  at: Stand,
  sender: Pick<Sender, "fields">,
  target = "/live/feed",
): Promise<{ client: Wire; app: Socket; connection: number }> {
  let app: Socket | null = null;
  let connection = 0;
  at.app.answer = (arrived, socket) => {
    app = socket;
    connection = arrived.connection;
    return usual(arrived);
  };
  const client = await raw(t, at.port);
  client.send(upgrade(sender, [`Origin: http://${HOST}`], target));
  await client.until("\r\n\r\n");
  at.app.answer = usual;
  if (app === null) throw new Error("the upgrade did not reach the app");
  return { client, app, connection };
}

/** The close frame that a client was told, after it is gone. */
async function parting(client: Wire): Promise<readonly [code: number, text: string] | null> {
  const { text } = await client.closed;
  const last: Frame | undefined = framesOf(behindHead(text)).at(-1);
  return last?.opcode === 8 ? [last.payload.readUInt16BE(0), last.payload.subarray(2).toString()] : null;
}

t.test("WS-01: under an impersonation only the app's own pages open sockets", async (t) => {
  const foreign = [
    "https://evil.test",
    "null",
    "",
    `http://${HOST}.evil.test`,
    `https://${HOST}`,
    `http://${HOST}:8080`,
    `http://evil.test/http://${HOST}`,
    `http://x@${HOST}`,
    "file://",
  ];
  const attempts: readonly (readonly string[])[] = [
    [],
    ...foreign.map((origin) => [`Origin: ${origin}`]),
    [`Origin: http://${HOST}`, "Origin: https://evil.test"],
  ];
  for (const sender of impersonating) {
    for (const fields of attempts) {
      const before = it.app.begun.length;
      const client = await raw(t, it.port);
      client.send(upgrade(sender, fields));
      const { text } = await client.closed;
      t.match(text, /^HTTP\/1\.1 403 /, fields.join() || "no Origin");
      t.equal(it.app.begun.length, before, "before the app hears of it");
      const id = /"requestId":"([^"]+)"/.exec(text)?.[1] ?? "";
      t.match(await recordOf(it, id), {
        event: { action: "impersonation.denied" },
        message: /^foreign-origin/,
      });
    }
  }
  for (const sender of own) {
    const before = it.app.arrived.length;
    const client = await raw(t, it.port);
    client.send(upgrade(sender, ["Origin: https://evil.test"]));
    await client.until("\r\n\r\n");
    client.socket.destroy();
    t.same(
      lines(it.app.arrived.slice(before)[0], "Origin"),
      ["Origin: https://evil.test"],
      "one's own goes on with its Origin: the app's check sees it",
    );
  }
});

t.test("WS-02: whatever an upgrade asks for, it goes to the app and nowhere else", async (t) => {
  for (const sender of all) {
    for (const target of [
      ...(sender.impersonating ? ["/\\evil"] : []),
      "\\\\evil.test/x",
      "http://evil.test/x",
      "ws://evil.test/x",
      `http://${HOST}@evil.test/x`,
    ]) {
      const outcome = await fire(t, it, sender, { target });
      t.match(outcome, { reply: { status: 400 }, arrived: { length: 0 } }, `${sender.name}: ${target}`);
    }
    const { arrived } = await fire(t, it, sender, { target: "//live/x" });
    t.equal(
      arrived[0]?.target,
      sender.impersonating ? "/live/x" : "//live/x",
      `${sender.name}: it is a path`,
    );
    t.same(
      lines(arrived[0], "Host").map((line) => line.toLowerCase()),
      [`host: ${HOST}`],
    );
  }
});

t.test("WS-03: an upgrade is read and judged as a request is", async (t) => {
  for (const sender of all) {
    const attack = async (attack: Attack) => await fire(t, it, sender, attack);
    for (const target of ["/./admin", "/x/../admin", "/%2e/admin"]) {
      const outcome = await attack({ target });
      if (sender.impersonating)
        t.match(outcome, { reply: { status: 400 }, arrived: { length: 0 } }, `${sender.name}: ${target}`);
      else t.equal(outcome.arrived[0]?.target, target, `${sender.name}: ${target}: nobody judges it`);
    }
    for (const target of ["/admin", "//admin", "/%61dmin", "/admin;x/y", "/ADMIN"]) {
      const { reply, arrived } = await attack({ target });
      t.equal(reply.status, sender.impersonating ? 403 : 101, `${sender.name}: ${target}`);
      t.equal(arrived.length, sender.impersonating ? 0 : 1);
      if (sender.impersonating) t.equal(codeOf(reply), "denied");
    }
    const ours = await attack({ target: "/.guise/me" });
    t.match(ours, { reply: { status: 404 }, arrived: { length: 0 } }, "there is no socket of ours");
  }
});

t.test(
  "WS-04: a request and an upgrade in one segment are answered in order, and nothing dies",
  async (t) => {
    for (const sender of all) {
      for (const first of [["GET /first"], ["GET /first", "GET /second"], ["POST /search"]]) {
        const client = await raw(t, it.port);
        const before = first.map((line) => request(line, sender.fields)).join("");
        client.send(
          before +
            upgrade(sender, [`Origin: http://${HOST}`]) +
            frame("x", { masked: true }).toString("latin1"),
        );
        const { text } = await client.closed;
        const answers = text.match(/HTTP\/1\.1 \d{3}/g) ?? [];
        t.ok(
          answers.length >= 1 && answers.every((it) => it.endsWith("200")),
          `${sender.name}: ${answers.join()}`,
        );
        t.equal((await fire(t, it, sender)).reply.status, 101, "it lives");
      }
    }
  },
);

t.test("WS-05: a client that breaks off while it is being decided harms nobody", async (t) => {
  const held: (() => void)[] = [];
  let hold = false;
  const people = await service((incoming, response) => {
    const id = incoming.headers.cookie?.includes("alice") ? "alice" : "17";
    const say = () =>
      response.end(JSON.stringify({ id, groups: id === "alice" ? ["support"] : ["customer"] }));
    if (hold) held.push(say);
    else say();
  });
  t.teardown(() => people.close());
  const other = await stand(t, {
    config: CONFIG.replace(
      /^identity:[\s\S]*?^agents:/m,
      `identity: [{ whoami: { url: "${people.url}/me", cookies: [s], cacheFor: 1ms } }]\nagents:`,
    ),
  });
  const cookie = `${await impersonate(t, other, "/site/1/x", ["Cookie: s=alice"])}; s=alice`;
  hold = true;
  for (let round = 1; round <= 5; round += 1) {
    const asked = people.requests.length;
    const client = await raw(t, other.port);
    client.send(upgrade({ fields: [cookie] }, [`Origin: http://${HOST}`], `/live/${round}`));
    await people.seen(asked + 1);
    client.reset();
    await client.closed;
    for (const say of held.splice(0)) say();
    const outcome = await other.recorded(
      (line) => line.event.action === "impersonation.outcome" && line.url?.path === `/live/${round}`,
    );
    t.equal(outcome.guise?.ending, "client-aborted");
  }
  hold = false;
  t.equal(
    other.app.arrived.filter(({ target }) => target.startsWith("/live/")).length,
    0,
    "the app heard nothing",
  );
  const outcomes = (await other.journal()).filter(
    (line) => line.event?.action === "impersonation.outcome" && line.url?.path.startsWith("/live/"),
  );
  t.equal(outcomes.length, 5, "one record for each");
  const { client } = await standing(t, other, { fields: [cookie] });
  t.match(client.text(), /^HTTP\/1\.1 101/, "it lives");
  client.socket.destroy();
});

t.test("WS-06: the client sees what the app said, and 101 only after the app's", async (t) => {
  for (const sender of all) {
    for (const said of [
      "401 Unauthorized",
      "403 Forbidden",
      "404 Not Found",
      "503 Service Unavailable",
      "302 Found",
    ]) {
      it.app.answer = () => `HTTP/1.1 ${said}\r\nContent-Length: 3\r\nX-From: app\r\n\r\nno!`;
      const { reply, arrived } = await fire(t, it, sender);
      t.equal(reply.status, Number(said.slice(0, 3)), `${sender.name}: ${said}`);
      t.match(reply.head, /^X-From: app\r$/m);
      t.equal(reply.body, "no!");
      t.equal(arrived.length, 1, "asked once");
    }
  }
  it.app.answer = usual;
  const slow = await stand(t, { config: `${CONFIG}timeouts: { answer: 200ms }\n` });
  const cookie = await impersonate(t, slow);
  slow.app.answer = () => null;
  for (const fields of [[], AS.alice, [...AS.alice, cookie]]) {
    const client = await raw(t, slow.port);
    client.send(upgrade({ fields }, [`Origin: http://${HOST}`]));
    const { text } = await client.closed;
    t.match(text, /^HTTP\/1\.1 504 /, "an app that never answers");
  }
});

t.test("WS-07: a handshake says who is there as every request does", async (t) => {
  it.app.answer = (arrived) =>
    arrived.target === "/jar"
      ? "HTTP/1.1 200 OK\r\nSet-Cookie: app=nuno; Path=/; HttpOnly\r\nContent-Length: 0\r\n\r\n"
      : usual(arrived);
  const [sender] = impersonating as [Sender];
  await fire(t, it, { ...sender, socket: false }, { target: "/jar" });
  const { arrived } = await fire(t, it, sender, {
    fields: ["X_Guise_User: evil", "Authorization: Bearer alices", "Sec-WebSocket-Protocol: chat"],
  });
  t.same(lines(arrived[0], "X-Guise-User"), ["X-Guise-User: 17"]);
  t.equal(lines(arrived[0], "X-Guise-Assertion").length, 1);
  t.same(lines(arrived[0], "Cookie"), ["Cookie: app=nuno"], "the jar's cookies and none of the agent's");
  t.same(lines(arrived[0], "Authorization"), []);
  t.same(lines(arrived[0], "Sec-WebSocket-Protocol"), ["Sec-WebSocket-Protocol: chat"]);
  t.same(lines(arrived[0], "Origin"), [`Origin: http://${HOST}`]);
  it.app.answer = usual;
});

t.test("WS-08: stopped, switched off or run out: its sockets are closed and say why", async (t) => {
  const stopping = await stand(t);
  const cookie = await impersonate(t, stopping);
  const sockets: Wire[] = [];
  for (const target of ["/live/1", "/live/2", "/other"])
    sockets.push((await standing(t, stopping, { fields: [...AS.alice, cookie] }, target)).client);
  const mine = (await standing(t, stopping, { fields: AS.alice })).client;
  t.equal((await pressStop(t, stopping, cookie)).status, 303);
  for (const client of sockets) t.same(await parting(client), [4001, "ended-by-agent"]);
  t.notOk(mine.socket.destroyed, "one's own stays");

  const again = await impersonate(t, stopping);
  const { client } = await standing(t, stopping, { fields: [...AS.alice, again] });
  await stopping.reconfigure(`${CONFIG}impersonation: off\n`);
  t.same(await parting(client), [4001, "ended-revoked"]);

  const short = await stand(t, {
    config: CONFIG.replace("    mode: read", "    limit: { total: 2s, idle: 2s }\n    mode: read"),
  });
  const brief = await standing(t, short, { fields: [...AS.alice, await impersonate(t, short)] });
  t.same(await parting(brief.client), [4001, "ended-expired"]);
});

t.test("WS-08: in mode read the page may listen, not speak", async (t) => {
  const [sender] = impersonating as [Sender];
  for (const opcode of [0, 1, 2]) {
    const { client, app, connection } = await standing(t, it, sender, "/other/feed");
    app.write(frame("listen"));
    await client.until("listen");
    client.send(frame("speak", { opcode, masked: true }));
    t.same(await parting(client), [4003, "read-only"], `opcode ${opcode}`);
    t.notMatch(
      it.app.tunnelled.get(connection) ?? "",
      frame("speak", { opcode, masked: true }).toString("latin1"),
    );
  }
  const { client, connection } = await standing(t, it, sender, "/live/feed");
  const spoken = frame("speak", { masked: true }).toString("latin1");
  client.send(spoken);
  await it.app.until(() => it.app.tunnelled.get(connection) === spoken);
  t.equal(it.app.tunnelled.get(connection), spoken, "a rule allows it");
  client.socket.destroy();
});

t.test("WS-09: an app that does not read stops its client, and nothing is unpacked in between", async (t) => {
  const MIB = 1_048_576;
  const idle = await stand(t, { config: `${CONFIG}timeouts: { socketIdle: 400ms }\n` });
  const people = [[], AS.alice, [...AS.alice, await impersonate(t, idle)]];
  for (const fields of people) {
    const { client, app } = await standing(t, idle, { fields });
    app.pause();
    const chunk = frame(Buffer.alloc(MIB, 1), { opcode: 2, masked: true });
    let taken = 0;
    const more = (error?: Error | null) => {
      if (error || client.socket.destroyed) return;
      taken += chunk.length;
      client.socket.write(chunk, more);
    };
    client.socket.write(chunk, more);
    // What still comes once it has been given up is thrown away.
    await client.until("idle");
    t.ok(taken < 24 * MIB, `${taken} bytes were taken`);
  }
  const [sender] = impersonating as [Sender];
  const { client, app, connection } = await standing(t, it, sender);
  // A frame that says it is compressed, and one of 2^62 bytes.
  const bomb = Buffer.concat([
    frame("\x4b\x04\x00", { masked: true }),
    Buffer.from([0x82, 0xff, 0x40, 0, 0, 0, 0, 0, 0, 0, 1, 2, 3, 4, 9, 9]),
  ]);
  bomb[0] = (bomb[0] ?? 0) | 0x40;
  client.send(bomb);
  await it.app.until(() => it.app.tunnelled.get(connection)?.length === bomb.length);
  t.equal(it.app.tunnelled.get(connection), bomb.toString("latin1"), "bytes pass as they are");
  const closed = once(app, "close");
  client.reset();
  await closed;
});
