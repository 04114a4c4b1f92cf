import { createHash, timingSafeEqual } from "node:crypto";
import type { FastifyInstance, FastifyRequest } from "fastify";
import { Fault } from "../../errors.ts";
import type { Services } from "../../gateway/services/services.ts";
import { consentApi } from "./consent.ts";
import { machineApi } from "./machine.ts";
import { startApi } from "./start.ts";

const LONGEST_BODY = 64 * 1024;

/** The addresses below `api/`: JSON, by programs, with no cookie that means anything. */
export function apiPages(fastify: FastifyInstance, services: Services): void {
  void fastify.register(async function api(scope) {
    scope.removeAllContentTypeParsers();
    const parser = { parseAs: "buffer", bodyLimit: LONGEST_BODY } as const;
    scope.addContentTypeParser("*", parser, (_request, body, done) => done(null, body));
    scope.addHook("preHandler", async function readBody(request) {
      request.body = fieldsOf(request);
    });
    startApi(scope, services);
    consentApi(scope, services);
    machineApi(scope, services);
  });
}

/** Throws a Fault `bad-request` for what is no JSON object, or isn't what its `Content-Digest` says. */
function fieldsOf({ body, received }: FastifyRequest): object {
  if (!Buffer.isBuffer(body)) return {};
  const said = received.raw.headers["content-digest"];
  if (said !== undefined && !isDigestOf(body, String(said)))
    throw new Fault("bad-request", "the body is not what its Content-Digest (sha-256) says");
  try {
    const value: unknown = JSON.parse(body.toString("utf8"));
    if (typeof value === "object" && value !== null && !Array.isArray(value)) return value;
  } catch (cause) {
    throw new Fault("bad-request", "the body is no JSON", { cause });
  }
  throw new Fault("bad-request", "the body is no JSON object");
}

/** RFC 9530: `sha-256=:…:`, and nothing else. */
function isDigestOf(body: Buffer, said: string): boolean {
  const bytes = /^sha-256=:([A-Za-z0-9+/]{43}=):$/.exec(said.trim())?.[1] ?? "";
  const right = createHash("sha256").update(body).digest();
  const given = Buffer.from(bytes, "base64");
  return given.length === right.length && timingSafeEqual(given, right);
}
