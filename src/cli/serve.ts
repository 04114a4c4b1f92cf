import { parseArgs } from "node:util";
import { pino } from "pino";
import { app } from "../app.ts";
import { Fault } from "../errors.ts";
import type { Command, CommandIo } from "./command.ts";

const USAGE = `guise serve [-c FILE] [--port N] [--host ADDRESS] [--admin-port N] [--data DIR]

  -c, --config FILE   the config (default: routes.config.yaml, or GUISE_CONFIG)
  --port N            where browsers come in (default: 8000, or GUISE_PORT; 0 for any free one)
  --host ADDRESS      the address to listen on (default: 127.0.0.1, or GUISE_HOST)
  --admin-port N      metrics and health (default: 9464, or GUISE_ADMIN_PORT; 0 for any free one)
  --data DIR          keys, journal and embedded store (default: the config's \`data\`, or GUISE_DATA)
`;

/** `guise serve`: runs until it is told to stop; then new requests are refused and open ones finished. */
export const serve: Command = {
  name: "serve",
  describe: "run the gateway",
  async run(args, io) {
    const words = read(args, io);
    if (typeof words === "string") {
      io.err(`${words}\n${USAGE}`);
      return 2;
    }
    if (words.help) {
      io.out(USAGE);
      return 0;
    }
    try {
      return await untilStopped(words, io);
    } catch (error) {
      if (!(error instanceof Fault)) throw error;
      io.err(`${error.detail}\n${error.hint}\n`);
      return 1;
    }
  },
};

interface Words {
  readonly help: boolean;
  readonly config: string;
  readonly port: number;
  readonly host: string;
  readonly adminPort: number;
  readonly data: string | null;
}

function read(args: readonly string[], io: CommandIo): Words | string {
  const text = { type: "string" } as const;
  try {
    const { values } = parseArgs({
      args: [...args],
      options: {
        config: { type: "string", short: "c" },
        port: text,
        host: text,
        "admin-port": text,
        data: text,
        help: { type: "boolean", short: "h" },
      },
    });
    const port = portOf(values.port ?? io.env.GUISE_PORT ?? "8000");
    const adminPort = portOf(values["admin-port"] ?? io.env.GUISE_ADMIN_PORT ?? "9464");
    if (port === null || adminPort === null) return "guise serve: a port is a number from 0 to 65535";
    return {
      help: values.help ?? false,
      config: values.config ?? io.env.GUISE_CONFIG ?? "routes.config.yaml",
      port,
      host: values.host ?? io.env.GUISE_HOST ?? "127.0.0.1",
      adminPort,
      data: values.data ?? io.env.GUISE_DATA ?? null,
    };
  } catch (error) {
    return `guise serve: ${error instanceof Error ? error.message : String(error)}`;
  }
}

function portOf(text: string): number | null {
  const port = /^\d{1,5}$/.test(text) ? Number(text) : -1;
  return port >= 0 && port <= 65_535 ? port : null;
}

async function untilStopped(words: Words, io: CommandIo): Promise<number> {
  const log = pino({ level: io.env.GUISE_LOG ?? "info" });
  const running = await app({ ...words, env: io.env, log });
  log.info({ url: running.url, admin: running.adminUrl }, "guise is listening");
  const signal = new Promise<string>((resolve) => {
    for (const name of ["SIGTERM", "SIGINT"] as const) process.once(name, () => resolve(name));
  });
  const why = await Promise.race([signal, running.failed]);
  if (typeof why === "string")
    log.info({ signal: why }, "stopping: new requests are refused, open ones finished");
  else log.fatal({ detail: why.detail }, "stopping, since nothing can be recorded any more; start it again");
  await running.close();
  return typeof why === "string" ? 0 : 1;
}
