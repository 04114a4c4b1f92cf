import cluster, { type Worker } from "node:cluster";
import { once } from "node:events";
import { createServer, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import type { Logger } from "pino";
import { Fault } from "../errors.ts";
import { summed } from "./summed-metrics.ts";

/** What a worker says once it listens. */
export interface Listening {
  readonly url: string;
  readonly admin: string;
}

interface WorkersOptions {
  readonly count: number;
  readonly adminPort: number;
  readonly log: Logger;
}

/** The pauses before a worker that dies again and again is replaced, ms. */
const SHORTEST_PAUSE = 100;
const LONGEST_PAUSE = 10_000;
/** How long one worker may take to report its metrics, ms. */
const PATIENCE = 5_000;

/**
 * Runs gateways in processes of their own behind one listener: a journal each, the store in common. One that dies is replaced, and the
 * next takes its journal over. Resolves with the exit code when all have ended by a signal, or the first could not start.
 */
export async function workers(options: WorkersOptions): Promise<number> {
  // Each worker accepts connections itself, so that others accept those that wait when one dies.
  cluster.schedulingPolicy = cluster.SCHED_NONE;
  const team = new Team(options);
  // The first makes what is not there yet: keys, the store, the folders.
  const first = await team.begin();
  if (first === null) return 1;
  await Promise.all(Array.from({ length: options.count - 1 }, () => team.begin()));
  const admin = await adminOf(team, options.adminPort);
  options.log.info({ url: first.url, admin: urlOf(admin), workers: options.count }, "guise is listening");
  const code = await team.ended();
  admin.close();
  admin.closeAllConnections();
  return code;
}

class Team {
  readonly #options: WorkersOptions;
  readonly #listening = new Map<Worker, Listening>();
  readonly #ended = Promise.withResolvers<number>();
  #pause = SHORTEST_PAUSE;
  #stopping = false;
  #code = 0;

  constructor(options: WorkersOptions) {
    this.#options = options;
    for (const name of ["SIGTERM", "SIGINT"] as const) process.on(name, () => this.#stop(name));
    process.on("SIGHUP", () => this.#tell("SIGHUP"));
    cluster.on("exit", (worker, code, signal) => this.#gone(worker, code, signal));
  }

  /** Starts one; null if it ended before it listened. */
  async begin(): Promise<Listening | null> {
    const worker = cluster.fork();
    const ended = once(worker, "exit").then(() => null);
    const said = once(worker, "message").then(([it]) => it as Listening);
    const it = await Promise.race([said, ended]);
    if (it === null) return null;
    this.#listening.set(worker, it);
    if (this.#stopping) worker.process.kill("SIGTERM");
    return it;
  }

  admins(): readonly string[] {
    return [...this.#listening.values()].map(({ admin }) => admin);
  }

  /** Whether all workers listen. */
  whole(): boolean {
    return this.#listening.size === this.#options.count;
  }

  /** A worker that says nothing: it counts nothing in the sum, and isn't ready. */
  unanswered(path: string, error: unknown): null {
    this.#options.log.warn({ err: error, path }, "a worker does not answer on its admin port");
    return null;
  }

  ended(): Promise<number> {
    return this.#ended.promise;
  }

  #stop(signal: NodeJS.Signals): void {
    if (!this.#stopping)
      this.#options.log.info(
        { signal },
        "stopping: the workers take no new connection, and finish open requests",
      );
    this.#stopping = true;
    this.#tell("SIGTERM");
  }

  #tell(signal: NodeJS.Signals): void {
    for (const worker of Object.values(cluster.workers ?? {})) worker?.process.kill(signal);
  }

  #gone(worker: Worker, code: number, signal: string | null): void {
    const began = this.#listening.delete(worker);
    if (this.#stopping) {
      if (code !== 0) this.#code = 1;
      if (Object.keys(cluster.workers ?? {}).length === 0) this.#ended.resolve(this.#code);
      return;
    }
    // The first that can't start has said why.
    if (!began && this.#listening.size === 0) {
      this.#ended.resolve(1);
      return;
    }
    this.#pause = began ? SHORTEST_PAUSE : Math.min(LONGEST_PAUSE, this.#pause * 2);
    this.#options.log.error(
      { worker: worker.process.pid, code, signal },
      "a worker ended; another takes its place",
    );
    setTimeout(() => this.#replace(), this.#pause);
  }

  #replace(): void {
    if (!this.#stopping) void this.begin();
  }
}

/** `/metrics`, the sum of all; `/readyz`, whether each of them is; `/livez`. */
async function adminOf(team: Team, port: number): Promise<Server> {
  const server = createServer((request, response) => {
    const path = request.url?.split("?")[0];
    if (path === "/livez") answer(response, 200, { status: "ok" });
    else if (path === "/readyz") void readiness(team).then((missing) => ready(response, missing));
    else if (path === "/metrics") void metrics(team).then((text) => plain(response, text));
    else answer(response, 404, { status: "not found" });
  });
  try {
    server.listen(port, "127.0.0.1");
    await once(server, "listening");
  } catch (cause) {
    throw new Fault("port-taken", `127.0.0.1:${port} can not be listened on`, { cause });
  }
  return server;
}

function urlOf(server: Server): string {
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

async function asked(team: Team, path: string): Promise<readonly (Response | null)[]> {
  const ask = (admin: string) =>
    fetch(`${admin}${path}`, { signal: AbortSignal.timeout(PATIENCE) }).catch((error: unknown) =>
      team.unanswered(path, error),
    );
  return await Promise.all(team.admins().map(ask));
}

async function metrics(team: Team): Promise<string> {
  const answers = await asked(team, "/metrics");
  return summed(await Promise.all(answers.map((it) => it?.text() ?? "")));
}

async function readiness(team: Team): Promise<readonly string[]> {
  const answers = await asked(team, "/readyz");
  const missing = answers.map(async (it) => {
    if (it === null) return ["a worker does not answer"];
    return ((await it.json()) as { readonly missing: readonly string[] }).missing;
  });
  const all = new Set((await Promise.all(missing)).flat());
  if (!team.whole()) all.add("a worker is being replaced");
  return [...all];
}

function ready(response: ServerResponse, missing: readonly string[]): void {
  const isReady = missing.length === 0;
  answer(response, isReady ? 200 : 503, { status: isReady ? "ok" : "not ready", missing });
}

function answer(response: ServerResponse, status: number, body: object): void {
  response.writeHead(status, { "content-type": "application/json; charset=utf-8" }).end(JSON.stringify(body));
}

function plain(response: ServerResponse, text: string): void {
  response.writeHead(200, { "content-type": "text/plain; version=0.0.4; charset=utf-8" }).end(text);
}
