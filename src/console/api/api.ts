import { createHash, timingSafeEqual } from "node:crypto";
import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import { Fault } from "../../errors.ts";
import type { Services } from "../../gateway/services/services.ts";
import { problem } from "../../gateway/stages/answer.ts";
import { consentApi } from "./consent.ts";
import { machineApi } from "./machine.ts";

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

/** What a program does about a refusal. */
export interface Refusing {
  readonly code: string;
  readonly status: number;
  readonly title: string;
  /** What to do, in words. */
  readonly detail: string;
  readonly more?: Readonly<Record<string, string>>;
  /** After so many seconds the same may be asked again; null: it is of no use by itself. */
  readonly retryAfter?: number | null;
}

/** Problem JSON (RFC 9457). */
export async function refuse(
  request: FastifyRequest,
  reply: FastifyReply,
  { code, status, title, detail, more = {}, retryAfter = null }: Refusing,
): Promise<FastifyReply> {
  if (retryAfter !== null) reply.header("retry-after", String(retryAfter));
  reply.code(status).header("cache-control", "no-store").type("application/problem+json");
  return await reply.send(problem("reason", code, status, title, detail, request.received.id, more));
}

export async function sendJson(reply: FastifyReply, status: number, value: object): Promise<FastifyReply> {
  return await reply
    .code(status)
    .header("cache-control", "no-store")
    .type("application/json")
    .send(JSON.stringify(value));
}
