// The quick start: the demo app, and the gateway in front of it, with embedded defaults.
import { once } from "node:events";
import { unwatchFile, watchFile } from "node:fs";
import { readFile, rm, writeFile } from "node:fs/promises";
import { enableCompileCache } from "node:module";
import { createServer } from "node:net";
import { pino } from "pino";

// As in src/main.ts: before anything of ours is loaded.
enableCompileCache();
const { startDemo } = await import("../demo/server.ts");
const { app } = await import("../src/app.ts");
const { Fault } = await import("../src/errors.ts");

/** What is wrong with a port, and what to do. */
class PortError extends Error {}

const CONFIG = "routes.config.yaml";
/** Where the config says that the demo is, and what browsers call the gateway. */
const DEMO = { address: "127.0.0.1:8001", port: 8001 };
const GATEWAY = { address: /\blocalhost:8000\b/g, port: 8000 };

/** Whether nobody listens there, on either loopback: browsers try both for `localhost`. */
async function isFree(port: number): Promise<boolean> {
  for (const host of ["127.0.0.1", "::1"]) {
    const server = createServer();
    try {
      server.listen(port, host);
      await once(server, "listening");
      await new Promise((closed) => server.close(closed));
    } catch (error) {
      const code = error instanceof Error && "code" in error ? error.code : null;
      // A machine without IPv6.
      if (code !== "EADDRNOTAVAIL" && code !== "EAFNOSUPPORT") return false;
    }
  }
  return true;
}

/** What the variable says, else the usual port, else the first free one of the hundred above. */
async function portFor(variable: string, usual: number): Promise<number> {
  const given = process.env[variable];
  if (given !== undefined) {
    if (!/^\d{1,5}$/.test(given)) throw new PortError(`${variable} is a port, a number from 1 to 65535`);
    if (await isFree(Number(given))) return Number(given);
    throw new PortError(`port ${given} is taken; name another in ${variable}, or leave it out`);
  }
  for (let port = usual; port < usual + 100; port += 1)
    if (!chosen.has(port) && (await isFree(port))) {
      chosen.add(port);
      if (port !== usual) moved.push(`port ${usual} is taken, so it is ${port} (${variable} names another)`);
      return port;
    }
  throw new PortError(`the ports from ${usual} on are taken; name another in ${variable}`);
}

/**
 * Where the ports are not those of the config: a copy of the config, beside it, that names the real ones and follows its edits.
 * Gives the path to start from, and what ends it.
 */
async function configFor(
  port: number,
  demoPort: number,
): Promise<{ readonly path: string; close(): Promise<void> }> {
  if (demoPort === DEMO.port && port === GATEWAY.port) return { path: CONFIG, close: async () => undefined };
  const path = `routes.config.${demoPort}.yaml`;
  const copy = async () => {
    const text = await readFile(CONFIG, "utf8");
    const moved = text.replaceAll(DEMO.address, `127.0.0.1:${demoPort}`);
    await writeFile(path, moved.replaceAll(GATEWAY.address, `localhost:${port}`));
  };
  const edited = () => void copy().catch((err: unknown) => log.warn({ err }, `${CONFIG} can't be copied`));
  await copy();
  watchFile(CONFIG, { interval: 500, persistent: false }, edited);
  return {
    path,
    close: async () => {
      unwatchFile(CONFIG, edited);
      await rm(path, { force: true });
    },
  };
}

const log = pino({ level: process.env.GUISE_LOG ?? "warn" });
const chosen = new Set<number>();
const moved: string[] = [];

async function start() {
  const port = await portFor("GUISE_PORT", 8000);
  const demoPort = await portFor("DEMO_PORT", DEMO.port);
  const adminPort = await portFor("GUISE_ADMIN_PORT", 9464);
  const demo = await startDemo({ port: demoPort, guiseJwks: `http://127.0.0.1:${port}/.guise/jwks.json` });
  const config = await configFor(port, demoPort);
  const gateway = await app({
    config: config.path,
    port,
    host: "127.0.0.1",
    adminPort,
    data: process.env.GUISE_DATA ?? null,
    env: process.env,
    log,
  });
  const base = `http://localhost:${port}`;
  process.stdout.write(`
  Guise is in front of the demo app.
${moved.map((it) => `  (${it}.)\n`).join("")}
  1. Sign in as support:        ${base}/login        alice@demo.test, password demo
  2. Open a customer's page:    ${base}/site/9421/overview
  3. Or look somebody up:       http://guise.localhost:${port}/

  Customers' pages are shown at http://….view.localhost:${port}, each on a host of its own. Chromium, Edge and Firefox find these names
  by themselves; for Safari see docs/isolation.md.

  The app itself is at ${demo.url}, metrics are at ${gateway.adminUrl}/metrics. Ctrl-C stops both.

`);
  return { close: () => closeAll([gateway, demo, config]) };
}

async function closeAll(parts: readonly { close(): Promise<void> }[]): Promise<void> {
  for (const part of parts) await part.close();
}

try {
  const running = await start();
  const signal = await new Promise<string>((resolve) => {
    for (const name of ["SIGINT", "SIGTERM"] as const) process.once(name, () => resolve(name));
  });
  log.info({ signal }, "stopping");
  await running.close();
} catch (error) {
  if (!(error instanceof Fault || error instanceof PortError)) throw error;
  process.stderr.write(`${error.message}\n`);
  process.exit(1);
}
