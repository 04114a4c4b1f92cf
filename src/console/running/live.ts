import type { ServerResponse } from "node:http";
import type { FastifyInstance } from "fastify";
import { Fault } from "../../errors.ts";
import { ONLY_HERE } from "../../gateway/own-pages/answers.ts";
import type { Services } from "../../gateway/services/services.ts";
import { isAdministrator, seesWhatRuns } from "../roles.ts";
import { visitor } from "../visitor.ts";
import { type Running, runningPart } from "./view.ts";

/** How often the store is asked what runs while somebody looks: a start, and use, are no news to other gateways. Milliseconds. */
const EVERY = 2_000;
/** A browser asks anew after this, ms, and whether it may is judged anew. */
const LASTS = 60_000;

interface Looker {
  readonly answer: ServerResponse;
  readonly prefix: string;
  /** Whether the buttons are shown. */
  readonly may: boolean;
  sent: string;
}

/** What runs, and what administrators have said, as the store has it now. */
export async function runningNow({ impersonations, blocks, clock }: Services): Promise<Running> {
  const [running, held] = await Promise.all([impersonations.list(), blocks.held()]);
  return { running, held, now: clock.now() };
}

/** `GET sessions/live`: the changing part of the page as server-sent events, for the script of the console's own page alone. */
export function liveStreams(fastify: FastifyInstance, services: Services): void {
  const hub = hubOf(services);
  fastify.addHook("preClose", async () => hub.close());
  fastify.get("/sessions/live", async (_request, reply) => {
    const { received, trueUser } = await visitor(services, reply);
    const { snapshot } = received;
    if (trueUser === null || !seesWhatRuns(snapshot, trueUser))
      throw new Fault("forbidden", "what runs was asked for by somebody who may not see it");
    const { raw: answer } = reply;
    services.rateLimits.take("what runs", snapshot.settings.limits.consoleStreams, answer);
    reply.hijack();
    const head = {
      "Content-Type": "text/event-stream",
      "Cache-Control": "no-store",
      "X-Accel-Buffering": "no",
    };
    answer.writeHead(200, { ...head, ...Object.fromEntries(ONLY_HERE) });
    answer.write("retry: 500\n\n");
    hub.add({ answer, prefix: snapshot.settings.prefix, may: isAdministrator(snapshot, trueUser), sent: "" });
  });
}

/** Those who look, who are told whenever something has changed. */
function hubOf(services: Services) {
  const lookers = new Set<Looker>();
  let telling: Promise<void> | null = null;
  let timer: NodeJS.Timeout | null = null;
  const tellOnce = async () => {
    const now = await runningNow(services);
    for (const it of lookers) {
      const text = runningPart(it.prefix, now, it.may).text;
      if (text === it.sent) continue;
      it.sent = text;
      it.answer.write(`data: ${text.replaceAll(/\r?\n|\r/g, "\ndata: ")}\n\n`);
    }
  };
  const tell = async () => {
    if (lookers.size === 0) return;
    telling ??= tellOnce()
      .catch((error: unknown) => services.log.debug({ err: error }, "what runs could not be read"))
      .finally(() => {
        telling = null;
      });
    await telling;
  };
  const leaves = [
    services.impersonations.onEnded(() => void tell()),
    services.impersonations.onModeChanged(() => void tell()),
    services.blocks.onChanged(() => void tell()),
  ];
  return {
    add(it: Looker): void {
      lookers.add(it);
      timer ??= setInterval(tell, EVERY).unref();
      const over = setTimeout(() => it.answer.end(), LASTS).unref();
      it.answer.once("close", () => {
        clearTimeout(over);
        lookers.delete(it);
        if (lookers.size > 0 || timer === null) return;
        clearInterval(timer);
        timer = null;
      });
      void tell();
    },
    close(): void {
      for (const leave of leaves) leave();
      for (const { answer } of lookers) answer.end();
    },
  };
}
