import { once } from "node:events";
import { type AddressInfo, createServer, type Socket } from "node:net";
import type { Teardown } from "../fixtures/client/raw.ts";
import { News, writePieces } from "./pace.ts";
import {
  type AnswerPlan,
  answerBytes,
  answerHead,
  framed,
  hasBody,
  interimHeads,
  type Piece,
  type Plan,
  written,
} from "./plan.ts";
import { type Message, Reader, valuesOf } from "./reader.ts";

/** What an app and a client see of one plan. */
export interface Sight {
  readonly plan: Plan;
  readonly news: News;
  /** At the app, by the exchange that each belongs to. */
  readonly arrived: Map<number, Message>;
  /** Requests that nobody has planned. */
  readonly strays: Message[];
  /** At the client, final answers in the order of the requests; null where the connection ended without one. */
  readonly answers: (Message | null)[];
  /** At the client, by the exchange: the 1xx before the final answer. */
  readonly interim: Message[][];
  /** Body bytes of the answer that is coming, at the client, by the exchange. */
  readonly received: Map<number, Message>;
  /** The exchange that the client is at. */
  sending: number;
  /** The client has all that it waits for, and has left. */
  over: boolean;
}

export function sightOf(plan: Plan): Sight {
  return {
    plan,
    news: new News(),
    arrived: new Map(),
    strays: [],
    answers: [],
    interim: plan.exchanges.map(() => []),
    received: new Map(),
    sending: 0,
    over: false,
  };
}

/** An app of raw sockets that does what the plan of the moment says. */
export interface ScriptedApp {
  readonly port: number;
  /** What comes from now on belongs to this. */
  follow(sight: Sight): void;
  /** Resolves when every connection that the app ended is gone on both sides, and every request is complete or broken. */
  settled(): Promise<void>;
  /** Ends all connections now, of an exchange that came to no end. */
  drop(): void;
  /** That has happened. */
  readonly stuck: boolean;
}

interface Peer {
  readonly socket: Socket;
  ended: boolean;
}

export async function scriptedApp(t: Teardown): Promise<ScriptedApp> {
  const app = new App();
  const server = createServer({ noDelay: true, allowHalfOpen: true }, (socket) => app.take(socket));
  server.listen({ port: 0, host: "127.0.0.1", backlog: 511 });
  await once(server, "listening");
  t.teardown(() => {
    server.close();
    app.destroy();
  });
  return Object.assign(app, { port: (server.address() as AddressInfo).port });
}

class App implements Omit<ScriptedApp, "port"> {
  readonly #news = new News();
  readonly #peers = new Set<Peer>();
  readonly #turns = new WeakMap<Peer, Promise<void>>();
  #turn: Promise<void> = Promise.resolve();
  #sight: Sight | null = null;
  stuck = false;

  follow(sight: Sight): void {
    this.#sight = sight;
  }

  async settled(): Promise<void> {
    await this.#turn;
    const open = () =>
      [...(this.#sight?.arrived.values() ?? [])].some((it) => !it.complete && it.fault === null);
    await this.#news.until(() => !open() && ![...this.#peers].some((peer) => peer.ended));
  }

  drop(): void {
    this.stuck = true;
    // What it still waits for never comes; the next exchange doesn't wait for it.
    this.#turn = Promise.resolve();
    this.destroy();
  }

  destroy(): void {
    for (const { socket } of this.#peers) socket.destroy();
  }

  take(socket: Socket): void {
    const peer: Peer = { socket, ended: false };
    this.#peers.add(peer);
    const wake = () => {
      this.#sight?.news.tell();
      this.#news.tell();
    };
    const head = (message: Message) => this.#begun(peer, message);
    const reader = new Reader({ kind: "request" }, { head, data: wake, complete: wake, fault: wake });
    socket.on("data", (chunk: Buffer) => reader.push(chunk));
    socket.on("error", () => reader.end(true));
    socket.on("end", () => {
      reader.end(false);
      // It answers what it has whole.
      const answered = this.#turns.get(peer) ?? Promise.resolve();
      answered.then(() => {
        peer.ended = true;
        socket.end();
      });
    });
    socket.on("close", () => {
      reader.end(true);
      this.#peers.delete(peer);
      wake();
    });
  }

  #begun(peer: Peer, message: Message): void {
    const now = this.#sight;
    if (now === null) return;
    const nth = exchangeOf(now, message);
    if (nth === null) {
      now.strays.push(message);
      now.news.tell();
      peer.socket.destroy();
      return;
    }
    now.arrived.set(nth, message);
    now.news.tell();
    // On one connection answers leave in the order of their requests.
    const before = this.#turns.get(peer) ?? Promise.resolve();
    const mine = before.then(() => answer(now, nth, peer, message));
    this.#turns.set(peer, mine);
    this.#turn = Promise.all([this.#turn, mine]).then(() => undefined);
  }
}

/** Requests that were sent one behind the other are told by their address: their order is compared. */
function exchangeOf({ plan, arrived, sending }: Sight, { start }: Message): number | null {
  const { pipelined, exchanges } = plan;
  if (!pipelined) return arrived.has(sending) ? null : sending;
  const [, target] = start.split(" ");
  const nth = exchanges.findIndex(({ request }, at) => !arrived.has(at) && request.target === target);
  return nth < 0 ? null : nth;
}

async function answer(sight: Sight, nth: number, peer: Peer, message: Message): Promise<void> {
  const exchange = sight.plan.exchanges[nth];
  if (exchange === undefined) throw new RangeError(`there is no exchange ${nth}`);
  const { answer: plan } = exchange;
  const { socket } = peer;
  const gone = () => socket.destroyed || message.fault !== null;
  const method = message.start.split(" ")[0] ?? "";
  if (
    valuesOf(message.fields, "expect").some((it) => it.toLowerCase() === "100-continue") &&
    plan.begin.kind === "end"
  )
    socket.write("HTTP/1.1 100 Continue\r\n\r\n");
  if (plan.interim.length > 0) socket.write(interimHeads(plan));
  await sight.news.until(() => gone() || hasBegun(plan, message));
  if (gone()) return;
  const pieces = piecesOf(plan, method);
  const had = (bytes: number) =>
    sight.news.until(() => gone() || sight.over || (sight.received.get(nth)?.length ?? -1) >= bytes);
  await writePieces(socket, pieces, plan.writes.pause, had);
  if (gone()) return;
  const asked = closes(message) || plan.version === "1.0";
  const unframed = hasBody(method, plan) && plan.body.kind === "none";
  if (plan.ending.kind === "cut" && plan.ending.how === "reset") {
    // What was written has to leave before the reset does.
    await sight.news.until(() => gone() || sight.over || socket.writableLength === 0);
    socket.resetAndDestroy();
  } else if (plan.ending.kind !== "keep" || unframed || asked) {
    peer.ended = true;
    socket.end();
  }
}

function hasBegun({ begin }: AnswerPlan, message: Message): boolean {
  if (message.complete || begin.kind === "head") return true;
  if (begin.kind === "end") return false;
  const length = Number(valuesOf(message.fields, "content-length").at(0) ?? 0);
  return message.length >= Math.ceil(length * begin.part);
}

function closes(message: Message): boolean {
  const said = valuesOf(message.fields, "connection").join(",").toLowerCase();
  return message.start.endsWith("HTTP/1.0") ? !said.includes("keep-alive") : said.includes("close");
}

function piecesOf(plan: AnswerPlan, method: string): readonly Piece[] {
  const bytes = answerBytes(plan);
  const head = answerHead(plan, method, bytes.length);
  const body = hasBody(method, plan) ? framed(plan.body, bytes) : [];
  const pieces = written(head, body, plan.writes);
  if (plan.ending.kind !== "cut") return pieces;
  let left = Math.floor(pieces.reduce((sum, it) => sum + it.bytes.length, 0) * plan.ending.part);
  const kept: Piece[] = [];
  for (const piece of pieces) {
    const taken = piece.bytes.subarray(0, Math.max(0, left));
    left -= piece.bytes.length;
    if (taken.length > 0)
      kept.push({ bytes: taken, sent: taken.length < piece.bytes.length ? 0 : piece.sent });
  }
  return kept;
}
