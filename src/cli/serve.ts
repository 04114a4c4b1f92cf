import cluster from "node:cluster";
import { availableParallelism } from "node:os";
import { type Logger, pino } from "pino";
import { type AppOptions, app } from "../app.ts";
import type { Fault } from "../errors.ts";
import { CONFIG, type CommandIo, command, type Given, TEXT, USUAL_CONFIG } from "./command.ts";
import { type Listening, workers } from "./workers.ts";

/** From nothing to everything; pino's. */
const LEVELS = ["silent", ...Object.keys(pino.levels.values).reverse()];

const USAGE = `guise serve [-c FILE] [--port N] [--host ADDRESS] [--admin-port N] [--data DIR] [--workers N|auto]

  -c, --config FILE   the config (default: routes.config.yaml, or GUISE_CONFIG)
  --port N            where browsers come in (default: 8000, or GUISE_PORT; 0 for any free one)
  --host ADDRESS      the address to listen on (default: 127.0.0.1, or GUISE_HOST)
  --admin-port N      metrics and health (default: 9464, or GUISE_ADMIN_PORT; 0 for any free one)
  --data DIR          keys, journal and embedded store (default: the config's \`data\`, or GUISE_DATA)
  --workers N|auto    processes that share the port, as many as there are cores with \`auto\` (default: 1, or GUISE_WORKERS)

GUISE_LOG says how much is logged, as JSON lines: ${LEVELS.join(", ")} (default: info)
`;

const OPTIONS = { config: CONFIG, port: TEXT, host: TEXT, "admin-port": TEXT, data: TEXT, workers: TEXT };

/** `guise serve`: runs until it is told to stop, then finishes open requests. SIGHUP makes it read the config and the keys at once. */
export const serve = command({
  name: "serve",
  describe: "run the gateway",
  usage: USAGE,
  options: OPTIONS,
  positionals: false,
  read,
  run,
});

type Words = Exclude<ReturnType<typeof read>, string>;

const MOST_WORKERS = 256;

function read({ values, env }: Given<typeof OPTIONS>) {
  const port = portOf(values.port ?? env.GUISE_PORT ?? "8000");
  const adminPort = portOf(values["admin-port"] ?? env.GUISE_ADMIN_PORT ?? "9464");
  if (port === null || adminPort === null) return "a port is a number from 0 to 65535";
  const workers = workersOf(values.workers ?? env.GUISE_WORKERS ?? "1");
  if (workers === null) return `--workers is a number from 1 to ${MOST_WORKERS}, or auto`;
  if (!LEVELS.includes(env.GUISE_LOG ?? "info")) return `GUISE_LOG is one of ${LEVELS.join(", ")}`;
  return {
    config: values.config ?? env.GUISE_CONFIG ?? USUAL_CONFIG,
    port,
    host: values.host ?? env.GUISE_HOST ?? "127.0.0.1",
    adminPort,
    data: values.data ?? env.GUISE_DATA ?? null,
    workers,
  };
}

function workersOf(text: string): number | null {
  if (text === "auto") return availableParallelism();
  const count = /^\d{1,3}$/.test(text) ? Number(text) : 0;
  return count >= 1 && count <= MOST_WORKERS ? count : null;
}

function portOf(text: string): number | null {
  const port = /^\d{1,5}$/.test(text) ? Number(text) : -1;
  return port >= 0 && port <= 65_535 ? port : null;
}

async function run(words: Words, io: CommandIo): Promise<number> {
  const log = pino({ level: io.env.GUISE_LOG ?? "info" });
  if (cluster.isWorker) return await asWorker(words, io, log);
  if (words.workers === 1) return await untilStopped(words, io, log);
  return await workers({ count: words.workers, adminPort: words.adminPort, log });
}

async function asWorker(words: Words, io: CommandIo, log: Logger): Promise<number> {
  try {
    return await untilStopped({ ...words, adminPort: 0, warnsOfConfig: cluster.worker?.id === 1 }, io, log);
  } finally {
    // The channel to the first process would keep this one running.
    cluster.worker?.disconnect();
  }
}

async function untilStopped(
  words: Words & Pick<AppOptions, "warnsOfConfig">,
  io: CommandIo,
  log: Logger,
): Promise<number> {
  // Checkpoints are logged at every level: somebody who can write to this disk can't change what a log collector has.
  const witness = log.child({}, { level: "info" });
  // Signals are handled before the start, so that one that comes as soon as the port answers ends the gateway in order; a second one ends a process that doesn't start.
  const stopped = signalled();
  const running = await app({ ...words, env: io.env, log, witness });
  process.on("SIGHUP", () => void running.reload());
  const ending = Promise.race([stopped, broken(log), running.failed.then(failed)]);
  tellListening({ url: running.url, admin: running.adminUrl }, log);
  const why = await ending;
  if (why.kind === "signal")
    log.info({ signal: why.name }, "stopping: new requests are refused, open ones finished");
  else if (why.kind === "failed")
    log.fatal(
      { detail: why.fault.detail },
      "stopping, since nothing can be recorded any more; start it again",
    );
  await running.close(why.kind === "broken" ? AFTER_BREAK : undefined);
  if (why.kind === "broken") process.exit(1);
  return why.kind === "signal" ? 0 : 1;
}

function tellListening(it: Listening, log: Logger): void {
  if (cluster.worker === undefined) {
    log.info(it, "guise is listening");
    return;
  }
  log.info(it, "a worker is listening");
  cluster.worker.send(it);
}

type Why =
  | { readonly kind: "signal"; readonly name: string }
  | { readonly kind: "failed"; readonly fault: Fault }
  | { readonly kind: "broken" };

/** How long open requests have once the process can't be trusted any more, and how long all of its end may take, ms. */
const AFTER_BREAK = 1_000;
const LAST_WORD = 5_000;

function signalled(): Promise<Why> {
  return new Promise((resolve) => {
    for (const name of ["SIGTERM", "SIGINT"] as const)
      process.once(name, () => resolve({ kind: "signal", name }));
  });
}

function failed(fault: Fault): Why {
  return { kind: "failed", fault };
}

/** Resolves at an error that nobody caught. Anything may be half done then, so the process ends, in order if possible, and its supervisor starts another. */
function broken(log: Logger): Promise<Why> {
  return new Promise((resolve) => {
    const hear = (error: unknown): void => {
      log.fatal(
        { err: error },
        "an error that nobody caught: the gateway stops, so that it can be started anew",
      );
      setTimeout(() => process.exit(1), LAST_WORD);
      resolve({ kind: "broken" });
    };
    process.on("uncaughtException", hear);
    process.on("unhandledRejection", hear);
  });
}
