/**
 * From `guise sessions end` to the last byte: `node bench/revocation.ts [sockets] [rounds]`. A gateway in a process of its own has one
 * impersonation with a download, an event stream and many WebSockets open; the command ends it. With Redis all of them are at
 * another gateway than the one where it began.
 */
import { execFile } from "node:child_process";
import { randomBytes } from "node:crypto";
import { writeFileSync } from "node:fs";
import type { Socket } from "node:net";
import { promisify } from "node:util";
import { redisServer } from "../test/fixtures/servers/redis.ts";
import {
  app,
  type Gateway,
  gateway,
  impersonating,
  MAIN,
  many,
  median,
  opened,
  place,
} from "./stand/stage.ts";

const SOCKETS = Number(process.argv[2] ?? 1_000);
const ROUNDS = Number(process.argv[3] ?? 5);
const run = promisify(execFile);

interface Ending {
  /** When the last bytes came, and when the connection was closed, ms since the epoch. */
  lastByte: number;
  closed: number;
}

function watched(socket: Socket): { readonly ending: Ending; readonly over: Promise<void> } {
  const ending = { lastByte: 0, closed: 0 };
  socket.on("data", () => {
    ending.lastByte = Date.now();
  });
  const over = new Promise<void>((resolve) =>
    socket.once("close", () => {
      ending.closed = Date.now();
      resolve();
    }),
  );
  return { ending, over };
}

/** ms from the moment of the end to the last byte of each kind, and from the start of the command to its own end. */
interface Round {
  readonly http: number;
  readonly events: number;
  readonly sockets: number;
  readonly closed: number;
  readonly command: number;
  readonly before: number;
}

async function round(begun: Gateway, serving: Gateway): Promise<Round> {
  const alice = await impersonating(begun.port);
  const download = watched(await opened(serving.port, "/download", alice, false));
  const events = watched(await opened(serving.port, "/events", alice, false));
  const sockets = (await many(SOCKETS, () => opened(serving.port, "/ws", alice, true))).map(watched);
  const words = [MAIN, "sessions", "end-all", "--json", "-c", serving.config, "--data", serving.data];
  const began = Date.now();
  const { stdout } = await run(process.execPath, words);
  const command = Date.now() - began;
  const endedAt = Date.parse(JSON.parse(stdout).ended[0].endedAt);
  await Promise.all([download, events, ...sockets].map(({ over }) => over));
  const last = sockets.map(({ ending }) => ending);
  return {
    http: download.ending.lastByte - endedAt,
    events: events.ending.lastByte - endedAt,
    sockets: Math.max(...last.map((it) => it.lastByte)) - endedAt,
    closed: Math.max(...last.map((it) => it.closed)) - endedAt,
    command,
    before: endedAt - began,
  };
}

function report(store: string, rounds: readonly Round[]): void {
  const each = (name: keyof Round): string => {
    const values = rounds.map((it) => it[name]);
    return `${median(values)} (at most ${Math.max(...values)})`;
  };
  console.log(`${store}: ms from the end to …, median of ${rounds.length}`);
  console.log(`  the last byte of a download           ${each("http")}`);
  console.log(`  the last byte of an event stream      ${each("events")}`);
  console.log(`  the close frame of the last of ${SOCKETS}  ${each("sockets")}`);
  console.log(`  the last of ${SOCKETS} connections closed  ${each("closed")}`);
  console.log(`  (the command took ${each("command")}, ${each("before")} of it until it ended anything)`);
}

async function rounds(begun: Gateway, serving: Gateway): Promise<readonly Round[]> {
  const all: Round[] = [];
  for (let n = 0; n < ROUNDS; n += 1) all.push(await round(begun, serving));
  return all;
}

const appPort = await app();
const alone = await gateway(place("alone", appPort));
report("embedded store, one gateway", await rounds(alone, alone));
alone.child.kill();

const redis = await redisServer();
process.env.BENCH_REDIS = redis.url;
const key = place("key", appPort).data;
writeFileSync(key, randomBytes(32).toString("hex"));
const shared = `store: { redis: { url: { fromEnv: BENCH_REDIS } } }\nkeys: { data: { fromFile: "${key}" } }\n`;
const one = await gateway(place("one", appPort, shared));
const other = await gateway(place("other", appPort, shared));
report("Redis, everything open at another gateway", await rounds(one, other));
await redis.stop();
process.exit();
