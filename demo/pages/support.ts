import type { FastifyInstance } from "fastify";
import { type AppData, isStaff, type Ticket } from "../data.ts";
import { type Html, html } from "../html.ts";
import { initials, show } from "../layout.ts";
import { forMembers } from "../members.ts";
import { ago, heading } from "../parts.ts";
import { missing } from "../refusals.ts";
import type { Deps } from "../visit.ts";

function ticketCard(data: AppData, ticket: Ticket): Html {
  const name = data.people.get(ticket.from)?.name ?? "Somebody";
  const at = data.startedAt - ticket.minutesAgo * 60_000;
  return html`<li class="card ticket"><header><span class="avatar" aria-hidden="true">${initials(name)}</span>
<div><h2>${ticket.subject}</h2><p class="muted">#${ticket.id} · ${name} · ${ago(at, Date.now())}</p></div><span class="pill warn">Open</span></header>
<p>${ticket.text}</p><p><a href="${ticket.link}">${ticket.link}</a></p></li>`;
}

/** `/support`: what customers wrote, for staff only. The links lead to pages that only their owners may see. */
export function supportPages(app: FastifyInstance, deps: Deps): void {
  app.get(
    "/support",
    forMembers(function support(member, request, reply) {
      if (!isStaff(member.person)) return missing(request, reply);
      const { tickets } = deps.data;
      const cards = tickets.map((ticket) => ticketCard(deps.data, ticket));
      const body = html`${heading("Support inbox", `${tickets.length} open tickets, with the links that customers sent along.`)}<ul class="tickets">${cards}</ul>`;
      return show(deps, request, reply, { title: "Support inbox", active: "/support", body });
    }),
  );
}
