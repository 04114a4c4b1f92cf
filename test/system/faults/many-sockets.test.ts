import { execFileSync, fork } from "node:child_process";
import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { fileURLToPath } from "node:url";
import t from "tap";
import { sessions } from "../../../src/cli/sessions/sessions.ts";
import { frontConfig, frontFolder, impersonating, lines, recordsOf } from "../../fixtures/gateway/front.ts";
import { serving } from "../../fixtures/gateway/serving.ts";

/** Each takes two of the gateway's descriptors; some are left for everything else. `GUISE_FAULTS=1` takes all there are. */
const MOST = Math.floor(
  (Number(execFileSync("sh", ["-c", "ulimit -Hn"]).toString().replace("unlimited\n", "40000")) - 400) / 2,
);
const COUNT = process.env.GUISE_FAULTS === undefined ? 400 : Math.min(10_000, MOST);
const OWN = 20;
const APP = fileURLToPath(new URL("../../fixtures/apps/socket-app.ts", import.meta.url));

/** What a client hears: the bytes of the last frame, and when it was cut. */
interface Client {
  readonly socket: Socket;
  readonly closed: Promise<Buffer>;
}

async function open(port: number, headers: string): Promise<Client> {
  const socket = connect({ port, host: "127.0.0.1" });
  await once(socket, "connect");
  socket.write(
    `GET /ws HTTP/1.1\r\nHost: localhost:${port}\r\nOrigin: http://localhost:${port}\r\n${headers}Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n`,
  );
  const [head] = (await once(socket, "data")) as [Buffer];
  if (!head.toString("latin1").startsWith("HTTP/1.1 101 ")) throw new Error(head.toString("latin1"));
  let last: Buffer = Buffer.alloc(0);
  socket.on("data", (bytes: Buffer) => {
    last = bytes;
  });
  socket.on("error", () => undefined);
  return { socket, closed: new Promise((resolve) => socket.once("close", () => resolve(last))) };
}

t.test(`row 20: ${COUNT} idle sockets are all cut when they are revoked, and nobody else's`, async (t) => {
  const child = fork(APP, { execArgv: [] });
  t.teardown(() => child.kill("SIGKILL"));
  const [{ port }] = (await once(child, "message")) as [{ readonly port: number }];
  const more =
    "limits: { perImpersonation: 10000, connections: 100000, streams: 100000, streamsPerClient: 100000 }\n";
  const { config, data } = frontFolder(t, frontConfig(`http://127.0.0.1:${port}`, more));
  const it = await serving(t, { config, data });
  const alice = lines(await impersonating(it.url));
  const clients: Client[] = [];
  for (let n = 0; n < COUNT; n += 50)
    clients.push(
      ...(await Promise.all(Array.from({ length: Math.min(50, COUNT - n) }, () => open(it.port, alice)))),
    );
  const own = await Promise.all(Array.from({ length: OWN }, () => open(it.port, "")));
  const io = { out: () => undefined, err: (text: string) => t.fail(text), env: {} };
  t.equal(await sessions.run(["end-all", "-c", config, "--data", data], io), 0);
  const frames = await Promise.all(clients.map(({ closed }) => closed));
  const codes = new Set(frames.map((frame) => (frame.length >= 4 ? frame.readUInt16BE(2) : 0)));
  t.same([...codes], [4001], "each is told why");
  t.equal(own.filter(({ socket }) => !socket.destroyed).length, OWN, "one's own go on");
  for (const { socket } of own) socket.destroy();
  it.child.kill("SIGTERM");
  t.equal(await it.exited, 0);
  const outcomes = recordsOf(data, "impersonation.outcome").filter((line) => line.url?.path === "/ws");
  t.equal(outcomes.length, COUNT);
  t.same([...new Set(outcomes.map((line) => line.guise.ending))], ["revoked"]);
});
