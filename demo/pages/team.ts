import type { FastifyInstance } from "fastify";
import type { Team } from "../data.ts";
import { type Html, html } from "../html.ts";
import { csrfField, initials, show } from "../layout.ts";
import { doneWith, field, forMembers, note } from "../members.ts";
import { card, heading, pill } from "../parts.ts";
import type { Deps } from "../visit.ts";

function members(team: Team): Html {
  const rows = team.members.map(
    (member) =>
      html`<li><span class="avatar" aria-hidden="true">${initials(member.name)}</span><div><b>${member.name}</b><p>${member.email}</p></div>${pill("calm", member.role)}</li>`,
  );
  return html`<ul class="feed">${rows}</ul>`;
}

function invitation(csrf: string): Html {
  return html`<form class="inline" action="/team/invite" method="post">${csrfField(csrf)}
<label>Email<input type="email" name="email" placeholder="colleague@example.com" required></label>
<label>May<select name="role"><option value="Viewer">look</option><option value="Editor">change things</option></select></label>
<button class="button primary" type="submit">Send invitation</button></form>`;
}

/** `/team`: who else works with these sites. */
export function teamPages(app: FastifyInstance, deps: Deps): void {
  app.get(
    "/team",
    forMembers(function team(member, request, reply) {
      const own = deps.data.teams.get(member.person.id);
      if (own === undefined) throw new Error(`${member.person.id} has no team.`);
      const body = html`${heading(own.name, `${own.plan} plan · ${own.members.length} members`)}
${card("Members", members(own))}${card("Invite somebody", invitation(member.csrf))}`;
      return show(deps, request, reply, { title: "Team", active: "/team", body });
    }),
  );
  app.post(
    "/team/invite",
    forMembers(function invite(member, request, reply) {
      const own = deps.data.teams.get(member.person.id);
      const email = field(request, "email");
      if (own === undefined || !email.includes("@")) {
        return doneWith(deps, member, reply, "/team", "That is not an email address.");
      }
      const role = field(request, "role") === "Editor" ? "Editor" : "Viewer";
      const members = [...own.members, { name: email, email, role: `${role}, invited` }];
      deps.data.teams.set(member.person.id, { ...own, members });
      note(deps, member, `Invited ${email} to the team`);
      return doneWith(deps, member, reply, "/team", `An invitation is on its way to ${email}.`);
    }),
  );
}
