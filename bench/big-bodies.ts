// How much memory the gateway needs for bodies of 2 GB: node bench/big-bodies.ts (`transport` behind it: that alone)
import { bigBodies } from "../test/fixtures/gateway/big-bodies.ts";

const BYTES = Number(process.env.BENCH_BYTES ?? 2 * 1024 ** 3);
const megabytes = (bytes: number) => `${Math.round(bytes / 1024 ** 2)} MB`;

const bodies = await bigBodies({ whole: process.argv[2] !== "transport" });
for (const way of ["upload", "download"] as const) {
  const { bytes, before, after, milliseconds } = await bodies[way](BYTES);
  const rate = `${Math.round(bytes / 1024 ** 2 / (milliseconds / 1000))} MB/s`;
  console.log(
    `${way.padEnd(8)} ${megabytes(bytes)} at ${rate}: the gateway's memory peaked at ${megabytes(after)} (${megabytes(before)} before)`,
  );
}
bodies.close();
