import { Readable } from "node:stream";
import { setTimeout as wait } from "node:timers/promises";
import type { FastifyInstance } from "fastify";
import { forMembers } from "./members.ts";
import { TICK_EVERY, tickOf } from "./ticks.ts";
import type { Deps } from "./visit.ts";

/** Server-sent events from tick `from` on, for as long as somebody reads. */
async function* eventsFrom(deps: Deps, ownerId: string, from: number): AsyncGenerator<string> {
  yield "retry: 3000\n: the checks of your sites, as they are done\n\n";
  for (let number = from; ; number += 1) {
    const tick = tickOf(deps.data, ownerId, number);
    yield tick === null ? ": nothing to watch\n\n" : event(number, tick);
    await wait(TICK_EVERY, undefined, { ref: false });
  }
}

function event(number: number, data: object): string {
  return `id: ${number}\nevent: check\ndata: ${JSON.stringify(data)}\n\n`;
}

/** `GET /sse/checks`; goes on after `Last-Event-ID`. */
export function streams(app: FastifyInstance, deps: Deps): void {
  app.get(
    "/sse/checks",
    { exposeHeadRoute: false },
    forMembers(function checks({ person }, request, reply) {
      const last = Number(request.headers["last-event-id"] ?? "-1");
      const from = Number.isSafeInteger(last) && last >= 0 ? last + 1 : 0;
      reply.headers({
        "content-type": "text/event-stream; charset=utf-8",
        "cache-control": "no-cache, no-store",
      });
      reply.header("x-accel-buffering", "no");
      return reply.send(
        Readable.from(eventsFrom(deps, person.id, from), { objectMode: false, highWaterMark: 1 }),
      );
    }),
  );
}
