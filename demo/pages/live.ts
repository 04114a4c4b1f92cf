import type { FastifyInstance } from "fastify";
import { html } from "../html.ts";
import { show } from "../layout.ts";
import { forMembers } from "../members.ts";
import { card, heading } from "../parts.ts";
import type { Deps } from "../visit.ts";

/** `/live` (WebSocket) and `/events` (server-sent events); scripts fill both. */
export function livePages(app: FastifyInstance, deps: Deps): void {
  app.get(
    "/live",
    forMembers(function live(_member, request, reply) {
      const echo = html`<form class="inline" data-echo><label>A message to the checker<input name="text" value="Hello?" required></label><button class="button" type="submit">Send</button></form>`;
      const feed = html`<ul class="feed ticks" id="live-feed" data-live="/ws/live" aria-live="off"></ul>`;
      const state = html`<span class="pill calm" id="live-state" role="status">Connecting</span>`;
      const body = html`${heading("Live checks", "Every check of your sites, the moment it is done.")}${card("Checks", feed, state)}${card("Talk to the checker", echo)}`;
      return show(deps, request, reply, { title: "Live checks", active: "/live", body });
    }),
  );
  app.get(
    "/events",
    forMembers(function events(_member, request, reply) {
      const feed = html`<ul class="feed ticks" id="event-feed" data-events="/sse/checks" aria-live="off"></ul>`;
      const state = html`<span class="pill calm" id="event-state" role="status">Connecting</span>`;
      const body = html`${heading("Event stream", "The same checks as a stream that your own tools can read.")}${card("Events", feed, state)}
${card("Read it yourself", html`<pre tabindex="0"><code>curl -N --cookie demo_session=… http://${request.host}/sse/checks</code></pre>`)}`;
      return show(deps, request, reply, { title: "Event stream", active: "/events", body });
    }),
  );
}
