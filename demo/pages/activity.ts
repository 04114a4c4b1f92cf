import type { FastifyInstance } from "fastify";
import type { Activity } from "../data.ts";
import { type Html, html } from "../html.ts";
import { show } from "../layout.ts";
import { forMembers } from "../members.ts";
import { ago, card, empty, heading } from "../parts.ts";
import type { Deps } from "../visit.ts";

function feed(lines: readonly Activity[]): Html {
  if (lines.length === 0) return empty("Nothing yet", "What happens in your team is written down here.");
  const now = Date.now();
  const rows = lines.map(
    (line) =>
      html`<li><span class="dot calm"></span><div><p>${line.text}${line.by === null ? null : html` <span class="by">(by ${line.by})</span>`}</p></div><p class="feed-when">${ago(line.at, now)}</p></li>`,
  );
  return html`<ul class="feed">${rows}</ul>`;
}

/** `/activity`: the customer's own record, newest first. */
export function activityPages(app: FastifyInstance, deps: Deps): void {
  app.get(
    "/activity",
    forMembers(function activity(member, request, reply) {
      const lines = deps.data.activity.filter((line) => line.ownerId === member.person.id);
      const newest = lines.sort((a, b) => b.at - a.at).slice(0, 100);
      const body = html`${heading("Activity", "What was done in your team, and by whom.")}${card("Newest first", feed(newest))}`;
      return show(deps, request, reply, { title: "Activity", active: "/activity", body });
    }),
  );
}
