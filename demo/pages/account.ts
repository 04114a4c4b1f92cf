import type { FastifyInstance } from "fastify";
import { personByEmail } from "../data.ts";
import { type Html, html } from "../html.ts";
import { csrfField, show } from "../layout.ts";
import { doneWith, field, forMembers, note } from "../members.ts";
import { card, heading } from "../parts.ts";
import type { Deps, Member } from "../visit.ts";

function accountBody({ person, csrf }: Member): Html {
  return html`${heading("Account", `Signed in as ${person.name}.`)}
<div class="columns even">
${card(
  "Email address",
  html`<form class="stack" action="/account/email" method="post">${csrfField(csrf)}
<label>Email<input type="email" name="email" value="${person.email}" autocomplete="email" required></label>
<p class="actions"><button class="button primary" type="submit">Change email</button></p></form>`,
)}
${card(
  "Password",
  html`<form class="stack" action="/account/password" method="post">${csrfField(csrf)}
<input class="visually-hidden" type="email" name="username" value="${person.email}" autocomplete="username" tabindex="-1" aria-label="Account" readonly>
<label>Current password<input type="password" name="current" autocomplete="current-password" required></label>
<label>New password<input type="password" name="password" autocomplete="new-password" minlength="4" required></label>
<p class="actions"><button class="button primary" type="submit">Change password</button></p></form>`,
)}
</div>
${card("Connected accounts", html`<div class="split"><p>Link a code host to see deploys beside your charts.</p><a class="button" href="/link-account">Link an account</a></div>`)}
${card("Sign out", html`<div class="split"><p>End the session on this device.</p><form action="/logout" method="post">${csrfField(csrf)}<button class="button" type="submit">Sign out</button></form></div>`)}`;
}

function changeRoutes(app: FastifyInstance, deps: Deps): void {
  app.post(
    "/account/email",
    forMembers(function changeEmail(member, request, reply) {
      const email = field(request, "email").toLowerCase();
      const taken = personByEmail(deps.data, email);
      const free = taken === null || taken.id === member.person.id;
      if (!/^\S+@\S+$/.test(email) || !free) {
        return doneWith(deps, member, reply, "/account", "This email address can’t be used.");
      }
      deps.data.people.set(member.person.id, { ...member.person, email });
      note(deps, member, `Changed the email address to ${email}`);
      return doneWith(deps, member, reply, "/account", "Your email address is changed.");
    }),
  );
  app.post(
    "/account/password",
    forMembers(function changePassword(member, request, reply) {
      const password = field(request, "password");
      if (field(request, "current") !== member.person.password || password.length < 4) {
        return doneWith(deps, member, reply, "/account", "The password was not changed.");
      }
      deps.data.people.set(member.person.id, { ...member.person, password });
      note(deps, member, "Changed the password");
      return doneWith(deps, member, reply, "/account", "Your password is changed.");
    }),
  );
}

/** `/account`, its forms, and `/link-account`. */
export function accountPages(app: FastifyInstance, deps: Deps): void {
  app.get(
    "/account",
    forMembers((member, request, reply) =>
      show(deps, request, reply, { title: "Account", active: "/account", body: accountBody(member) }),
    ),
  );
  changeRoutes(app, deps);
  app.get(
    "/link-account",
    forMembers(function linkAccount(member, request, reply) {
      const form = html`<form class="stack" action="/link-account" method="post">${csrfField(member.csrf)}
<label>Code host<select name="host"><option>Forgejo</option><option>GitLab</option><option>GitHub</option></select></label>
<p class="actions"><button class="button primary" type="submit">Link this account</button><a class="button" href="/account">Not now</a></p></form>`;
      const body = html`${heading("Link an account", "Deploys then show up in your charts.")}${card("Choose one", form)}`;
      return show(deps, request, reply, { title: "Link an account", active: "/account", body });
    }),
  );
  app.post(
    "/link-account",
    forMembers(function linked(member, request, reply) {
      note(deps, member, `Linked a ${field(request, "host")} account`);
      return doneWith(deps, member, reply, "/account", "The account is linked.");
    }),
  );
}
