import { createHash, timingSafeEqual } from "node:crypto";
import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import type { Settings } from "../../config/snapshot.ts";
import type { Received } from "../../gateway/request.ts";
import type { Services } from "../../gateway/services/services.ts";
import { routes } from "../visitor.ts";
import { refuse } from "./answers.ts";

type ApiToken = Settings["api"]["tokens"][number];
type Right = ApiToken["rights"][number];

/** Routes for programs with a token that has this right. All others get 401, which is logged. Cookies have no effect. */
export function byToken(fastify: FastifyInstance, { clock, log }: Services, right: Right) {
  type Answer = (token: ApiToken, request: FastifyRequest, reply: FastifyReply) => Promise<FastifyReply>;
  return routes(fastify, (answer: Answer) => async (request, reply) => {
    const { client, id } = request.received;
    const token = tokenIn(request.received);
    if (token !== undefined && clock.now() < token.expires && token.rights.includes(right))
      return await answer(token, request, reply);
    log.warn({ ip: client.ip, requestId: id, right }, "the API was asked without a token that counts");
    reply.header("www-authenticate", "Bearer");
    return await refuse(reply, {
      ...{ code: "token-refused", status: 401, title: "The token is missing or none of ours" },
      detail: `Send a token of \`api.tokens\` with the right \`${right}\` as \`Authorization: Bearer\`.`,
    });
  });
}

function tokenIn({ raw, snapshot }: Received): ApiToken | undefined {
  const [, shown = ""] = /^Bearer ([\w-]{20,200})$/i.exec(raw.headers.authorization ?? "") ?? [];
  const hash = createHash("sha256").update(shown).digest();
  return snapshot.settings.api.tokens.find((it) =>
    timingSafeEqual(hash, Buffer.from(it.hash.slice("sha256:".length), "hex")),
  );
}
