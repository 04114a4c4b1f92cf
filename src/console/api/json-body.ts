import type { FastifyInstance } from "fastify";
import { Fault } from "../../errors.ts";

/** Lets addresses of this scope take JSON; what is none is `bad-request`. */
export function takesJson(scope: FastifyInstance): void {
  scope.addContentTypeParser("application/json", { parseAs: "string" }, (request, body, done) => {
    try {
      done(null, JSON.parse(String(body)));
    } catch (cause) {
      done(new Fault("bad-request", `the body of ${request.method} is no JSON`, { cause }));
    }
  });
}
