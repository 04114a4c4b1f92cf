import { createHash } from "node:crypto";
import type { Readable } from "node:stream";
import type { FastifyInstance, FastifyRequest } from "fastify";
import { doneWith, forMembers, note, queryValue } from "./members.ts";
import { refusedPage, wantsPage } from "./refusals.ts";
import { type Deps, tokenMatches } from "./visit.ts";

/** The largest file that is taken, in bytes. */
export const UPLOAD_LIMIT = 64 * 1024 * 1024;

export const UPLOAD_PATH = "/files/upload";

export function isMultipart(request: FastifyRequest): boolean {
  return request.headers["content-type"]?.toLowerCase().startsWith("multipart/form-data") === true;
}

interface Taken {
  readonly name: string;
  readonly size: number;
  readonly sha256: string;
}

/** Bytes as they come, counted; ends with an error past the limit. */
async function* limited(body: Readable): AsyncGenerator<Buffer> {
  let size = 0;
  for await (const chunk of body) {
    size += chunk.length;
    if (size > UPLOAD_LIMIT) throw Object.assign(new Error("The file is too large."), { statusCode: 413 });
    yield chunk;
  }
}

async function takeRaw(body: Readable, name: string): Promise<Taken> {
  const hash = createHash("sha256");
  let size = 0;
  for await (const chunk of limited(body)) {
    hash.update(chunk);
    size += chunk.length;
  }
  return { name, size, sha256: hash.digest("hex") };
}

/** A form with a file in it; "forged" where the form doesn't carry the right token. */
async function takeForm(request: FastifyRequest, body: Readable): Promise<Taken | "forged" | null> {
  const type = request.headers["content-type"] ?? "";
  const chunks = await Array.fromAsync(limited(body));
  const form = await new Response(Buffer.concat(chunks), { headers: { "content-type": type } })
    .formData()
    .catch(() => null);
  if (form === null) return null;
  if (!tokenMatches(request, String(form.get("_token") ?? ""))) return "forged";
  const file = form.get("file");
  if (!(file instanceof File)) return null;
  const sha256 = createHash("sha256")
    .update(await file.bytes())
    .digest("hex");
  return { name: file.name, size: file.size, sha256 };
}

/** `POST /files/upload`: a form, or the bare bytes with the token in a header. Answers size and SHA-256. */
export function uploads(app: FastifyInstance, deps: Deps): void {
  const streamed = ["application/octet-stream", "multipart/form-data"];
  app.addContentTypeParser(streamed, (_request, payload, done) => done(null, payload));
  app.post(
    UPLOAD_PATH,
    forMembers(async function upload(member, request, reply) {
      const body = request.body as Readable;
      const name = queryValue(request, "name") || "upload.bin";
      const taken = isMultipart(request) ? await takeForm(request, body) : await takeRaw(body, name);
      if (taken === null) return refusedPage(request, reply, 400);
      if (taken === "forged") return refusedPage(request, reply, 403);
      deps.data.uploads.push({ ownerId: member.person.id, at: Date.now(), ...taken });
      note(deps, member, `Uploaded ${taken.name}`);
      if (wantsPage(request)) return doneWith(deps, member, reply, "/files", `${taken.name} is uploaded.`);
      return reply.send(taken);
    }),
  );
}
