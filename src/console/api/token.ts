import { createHash, timingSafeEqual } from "node:crypto";
import type { FastifyReply, FastifyRequest } from "fastify";
import type { Settings } from "../../config/snapshot.ts";
import type { Services } from "../../gateway/services/services.ts";
import { refuse } from "./answers.ts";

type ApiToken = Settings["api"]["tokens"][number];
type Right = ApiToken["rights"][number];

/** The token that a program showed, if it counts now and may do this. Cookies are not looked at: a browser is nobody here. */
export function tokenOf(
  { clock }: Services,
  { received: { raw, snapshot } }: FastifyRequest,
  right: Right,
): ApiToken | null {
  const [, shown = ""] = /^Bearer ([\w-]{20,200})$/i.exec(raw.headers.authorization ?? "") ?? [];
  const hash = createHash("sha256").update(shown).digest();
  const token = snapshot.settings.api.tokens.find((it) =>
    timingSafeEqual(hash, Buffer.from(it.hash.slice("sha256:".length), "hex")),
  );
  return token !== undefined && clock.now() < token.expires && token.rights.includes(right) ? token : null;
}

/** 401, on the log. */
export async function refuseToken(
  { log }: Services,
  request: FastifyRequest,
  reply: FastifyReply,
  right: Right,
): Promise<FastifyReply> {
  const { client, id } = request.received;
  log.warn({ ip: client.ip, requestId: id, right }, "the API was asked without a token that counts");
  reply.header("www-authenticate", "Bearer");
  return await refuse(request, reply, {
    ...{ code: "token-refused", status: 401, title: "The token is missing or none of ours" },
    detail: `Send a token of \`api.tokens\` with the right \`${right}\` as \`Authorization: Bearer\`.`,
  });
}
