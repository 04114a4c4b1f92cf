import type { FastifyReply } from "fastify";
import { problem } from "../../gateway/own-pages/answers.ts";

/** What a program does about a refusal. */
interface Refusing {
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
  reply: FastifyReply,
  { code, status, title, detail, more = {}, retryAfter = null }: Refusing,
): Promise<FastifyReply> {
  if (retryAfter !== null) reply.header("retry-after", String(retryAfter));
  reply.code(status).header("cache-control", "no-store").type("application/problem+json");
  return await reply.send(problem("reason", code, status, title, detail, reply.request.received.id, more));
}

export async function sendJson(reply: FastifyReply, status: number, value: object): Promise<FastifyReply> {
  return await reply
    .code(status)
    .header("cache-control", "no-store")
    .type("application/json")
    .send(JSON.stringify(value));
}
