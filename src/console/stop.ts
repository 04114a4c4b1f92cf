import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import type { Impersonation } from "../domain/impersonation.ts";
import type { World } from "../gateway/services/services.ts";
import { formSubject, isFromThisHost } from "../gateway/stages/same-origin.ts";
import { end, takeOff } from "../gateway/stages/start-and-stop.ts";
import { html } from "./html.ts";
import { layout } from "./layout.ts";
import { field, seeOther, sendPage } from "./visitor.ts";

/** `GET stop` (a button, for pages that can't show one) and `POST stop`. Both work in every state of everything else. */
export function stopPages(fastify: FastifyInstance, world: World): void {
  fastify.get("/stop", async (request, reply) => await sendPage(reply, 200, stopPage(world, request)));
  fastify.post("/stop", async (request, reply) => await stopNow(world, request, reply));
}

function stopPage(world: World, { received }: FastifyRequest): string {
  const { prefix } = received.snapshot.settings;
  const csrf = world.forms.token(formSubject(received, null), world.clock.now());
  const body =
    received.secret === null && !received.adrift
      ? html`<section class="card"><h1>You are yourself</h1><p class="lead">There is nothing to stop.</p><div class="actions"><a class="button" href="/">To the app</a></div></section>`
      : html`<section class="card"><h1>Stop viewing as somebody else?</h1><p class="lead">You will be yourself again.</p>
<div class="actions"><form method="post" action="${prefix}/stop"><input type="hidden" name="_csrf" value="${csrf}"><button>Stop</button></form></div></section>`;
  return layout({ title: "Stop", prefix, body });
}

async function stopNow(world: World, request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> {
  const { received } = request;
  if (received.secret === null) {
    // Whom one was, the browser has lost; that one was somebody goes as well.
    if (received.adrift) reply.header("set-cookie", await takeOff(world, received, null));
    return await seeOther(reply, "/");
  }
  // A tab that was left open under other shoes has a token that is none any more: it gets the page with the button.
  const token = field(request, "_csrf") ?? "";
  if (!isFromThisHost(received) || !world.forms.holds(token, received.secret, world.clock.now()))
    return await sendPage(reply, 403, stopPage(world, request));
  const held = await heldBy(world, request, received.secret);
  const over =
    held === null ? null : held.end === null ? await end(world, received, held, "ended-by-agent") : held;
  for (const line of await takeOff(world, received, over)) reply.header("set-cookie", line);
  if (received.snapshot.settings.page.clearSiteData) reply.header("clear-site-data", '"cache", "storage"');
  return await seeOther(reply, over?.returnTo ?? "/");
}

/** What the cookie led to; a store that can't be asked doesn't keep anybody in. */
async function heldBy(world: World, request: FastifyRequest, secret: string): Promise<Impersonation | null> {
  try {
    const disguise = await world.book.recall(secret);
    return disguise.kind === "held" ? disguise.impersonation : null;
  } catch (error) {
    const known = world.book.known(secret);
    world.log.error(
      { err: error, requestId: request.received.id, impersonation: known?.id ?? null },
      known === null
        ? "stopped without the store; the record runs out by its limits"
        : "stopped without the store; the end is stored when that is possible",
    );
    return known;
  }
}
