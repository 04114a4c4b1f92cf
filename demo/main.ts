import { startDemo } from "./server.ts";

const port = Number(process.env.DEMO_PORT ?? "8001");
const guiseJwks = process.env.GUISE_JWKS ?? "http://127.0.0.1:8000/.guise/jwks.json";

const demo = await startDemo({ port, guiseJwks });
console.log(`The demo app runs at ${demo.url}`);

for (const signal of ["SIGINT", "SIGTERM"] as const) {
  process.once(signal, () => void demo.close());
}
