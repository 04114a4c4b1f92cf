import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import type { FastifyInstance } from "fastify";

/** Each address with the files that make it up, in order. */
const ASSETS = {
  "/assets/app.css": {
    type: "text/css; charset=utf-8",
    files: ["base.css", "shell.css", "parts.css", "data.css", "forms.css", "guest.css"],
  },
  "/assets/app.js": { type: "text/javascript; charset=utf-8", files: ["app.js"] },
  "/assets/mark.svg": { type: "image/svg+xml", files: ["mark.svg"] },
} as const;

/** The app's own styles and scripts, read once at the start. They are everybody's, so they carry no cookie. */
export async function assetRoutes(app: FastifyInstance): Promise<void> {
  for (const [url, { type, files }] of Object.entries(ASSETS)) {
    const parts = await Promise.all(
      files.map((file) => readFile(new URL(`./assets/${file}`, import.meta.url))),
    );
    const body = Buffer.concat(parts);
    const etag = `"${createHash("sha256").update(body).digest("base64url").slice(0, 20)}"`;
    app.get(url, async function asset(request, reply) {
      reply.headers({ etag, "cache-control": "public, max-age=60" });
      if (request.headers["if-none-match"]?.includes(etag)) return reply.code(304).send();
      return reply.type(type).send(body);
    });
  }
}
