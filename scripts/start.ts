// The quick start: the demo app, and the gateway in front of it, with embedded defaults.
import { enableCompileCache } from "node:module";
import { pino } from "pino";

// As in src/main.ts: before anything of ours is loaded.
enableCompileCache();
const { startDemo } = await import("../demo/server.ts");
const { app } = await import("../src/app.ts");

const port = Number(process.env.GUISE_PORT ?? 8000);
const demoPort = Number(process.env.DEMO_PORT ?? 8001);
const log = pino({ level: process.env.GUISE_LOG ?? "warn" });

const demo = await startDemo({ port: demoPort, guiseJwks: `http://127.0.0.1:${port}/.guise/jwks.json` });
const gateway = await app({
  config: "routes.config.yaml",
  port,
  host: "127.0.0.1",
  adminPort: Number(process.env.GUISE_ADMIN_PORT ?? 9464),
  data: process.env.GUISE_DATA ?? null,
  env: process.env,
  log,
});

const base = `http://localhost:${port}`;
process.stdout.write(`
  Guise is in front of the demo app.

  1. Sign in as support:        ${base}/login        alice@demo.test, password demo
  2. Open a customer's page:    ${base}/site/9421/overview
  3. Or look somebody up:       ${base}/.guise/start

  The app itself is at ${demo.url}, metrics are at ${gateway.adminUrl}/metrics. Ctrl-C stops both.

`);

const signal = await new Promise<string>((resolve) => {
  for (const name of ["SIGINT", "SIGTERM"] as const) process.once(name, () => resolve(name));
});
log.info({ signal }, "stopping");
await gateway.close();
await demo.close();
