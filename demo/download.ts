import { Readable } from "node:stream";
import type { FastifyInstance, FastifyReply } from "fastify";
import { randomFrom } from "./history.ts";
import { forMembers } from "./members.ts";

/** The size of the export in bytes: 20 MB. */
export const EXPORT_BYTES = 20 * 1024 * 1024;

const CHUNK = 64 * 1024;

/** Made once, since fresh noise for every chunk would cost half a second an export. */
const NOISE = noise(CHUNK);

function noise(size: number): Buffer {
  const random = randomFrom(20);
  return Buffer.from(Array.from({ length: size }, () => Math.floor(random() * 256)));
}

/** Chunk `index` of somebody's export: the same bytes every time, other bytes for every person and every chunk. */
function chunkOf(personId: string, index: number): Buffer {
  const chunk = Buffer.from(NOISE);
  chunk.write(`Lantern export for ${personId}, part ${index}\n`);
  return chunk;
}

/** The bytes from `first` to `last`, both included, a chunk at a time. */
export function* exportBytes(personId: string, first: number, last: number): Generator<Buffer> {
  for (let index = Math.floor(first / CHUNK); index * CHUNK <= last; index += 1) {
    const start = index * CHUNK;
    yield chunkOf(personId, index).subarray(Math.max(0, first - start), last + 1 - start);
  }
}

type Range = readonly [first: number, last: number];

/** What a `Range` header asks for: null for all of it, "none" for what can't be had. Only one range is read. */
export function rangeOf(header: string | undefined, size: number): Range | "none" | null {
  const match = /^bytes=(\d*)-(\d*)$/.exec(header ?? "");
  if (match === null) return null;
  const [from, to] = [match[1] ?? "", match[2] ?? ""];
  if (from === "" && to === "") return null;
  const first = from === "" ? Math.max(0, size - Number(to)) : Number(from);
  const last = from === "" || to === "" ? size - 1 : Math.min(Number(to), size - 1);
  return first > last || (from === "" && Number(to) === 0) ? "none" : [first, last];
}

function sendBytes(reply: FastifyReply, personId: string, [first, last]: Range): FastifyReply {
  reply.header("content-length", last + 1 - first);
  if (reply.request.method === "HEAD") return reply.send();
  return reply.send(Readable.from(exportBytes(personId, first, last), { objectMode: false }));
}

/** `GET /files/export.bin`: streamed, with length, ETag and one range at a time. */
export function downloads(app: FastifyInstance): void {
  app.route({
    method: ["GET", "HEAD"],
    url: "/files/export.bin",
    handler: forMembers(function download({ person }, request, reply) {
      const etag = `"export-${person.id}-1"`;
      reply.headers({ etag, "accept-ranges": "bytes", "cache-control": "private, no-cache" });
      if (request.headers["if-none-match"]?.includes(etag)) return reply.code(304).send();
      reply.type("application/octet-stream");
      reply.header("content-disposition", 'attachment; filename="lantern-export.bin"');
      const condition = request.headers["if-range"];
      const wanted = condition === undefined || condition === etag ? request.headers.range : undefined;
      const range = rangeOf(wanted, EXPORT_BYTES);
      if (range === null) return sendBytes(reply, person.id, [0, EXPORT_BYTES - 1]);
      if (range === "none") {
        return reply.code(416).header("content-range", `bytes */${EXPORT_BYTES}`).send();
      }
      reply.code(206).header("content-range", `bytes ${range[0]}-${range[1]}/${EXPORT_BYTES}`);
      return sendBytes(reply, person.id, range);
    }),
  });
}
