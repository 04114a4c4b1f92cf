import type { FastifyInstance } from "fastify";
import { type Person, personByEmail } from "../data.ts";
import { type Html, html } from "../html.ts";
import { MARK } from "../icons.ts";
import { csrfField, frame, initials, sendHtml } from "../layout.ts";
import { doneAtHost, field, note, queryValue } from "../members.ts";
import { HINTS } from "../people.ts";
import { type Deps, enter, REMEMBER_COOKIE, rememberOn, SESSION_COOKIE, visitOf } from "../visit.ts";

/** Where to go after signing in: a path of this app and nothing else. */
function safePath(to: string): string {
  return /^\/(?![/\\])[\x21-\x7e]*$/.test(to) ? to : "/";
}

interface Form {
  readonly csrf: string;
  readonly to: string;
  readonly email: string;
  readonly problem: string | null;
}

function hints(deps: Deps, form: Form): Html {
  const buttons = HINTS.flatMap((hint) => {
    const person = deps.data.people.get(hint.id);
    if (person === undefined) return [];
    return html`<form action="/login" method="post">${csrfField(form.csrf)}
<input type="hidden" name="to" value="${form.to}"><input type="hidden" name="email" value="${person.email}">
<input type="hidden" name="password" value="demo">
<button class="hint" type="submit"><span class="avatar" aria-hidden="true">${initials(person.name)}</span><span><b>${person.name}</b><small>${hint.role}</small></span></button></form>`;
  });
  return html`<section class="hints" aria-labelledby="hints"><h2 id="hints"><span class="pill warn">Demo</span> Sign in as</h2>
<p>This is a demo with made-up people. One click signs you in; the password is “demo” for all.</p>${buttons}</section>`;
}

function loginPage(deps: Deps, form: Form): Html {
  const problem =
    form.problem === null ? null : html`<p class="problem" id="problem" role="alert">${form.problem}</p>`;
  const described = form.problem === null ? null : html` aria-describedby="problem"`;
  const shell = html`<main id="main" class="login">
<section class="login-card"><a class="brand" href="/">${MARK}<span>Lantern</span></a>
<h1>Sign in</h1><p class="muted">Welcome back. Your sites have been watched all along.</p>${problem}
<form class="stack" action="/login" method="post">${csrfField(form.csrf)}<input type="hidden" name="to" value="${form.to}">
<label>Email<input type="email" name="email" value="${form.email}" autocomplete="username" required${described}></label>
<label>Password<input type="password" name="password" autocomplete="current-password" required></label>
<label class="tick"><input type="checkbox" name="remember" value="1"> Remember me on this device</label>
<button class="button primary" type="submit">Sign in</button></form></section>
${hints(deps, form)}
</main>`;
  return frame("Sign in", shell, "guest");
}

function checked(deps: Deps, email: string, password: string): Person | null {
  const person = personByEmail(deps.data, email);
  return person !== null && person.password === password ? person : null;
}

function loginRoutes(app: FastifyInstance, deps: Deps): void {
  app.get("/login", async function login(request, reply) {
    const visit = visitOf(request);
    if (visit.kind === "member") return doneAtHost(request, reply, "/");
    const to = safePath(queryValue(request, "to"));
    return sendHtml(reply, loginPage(deps, { csrf: visit.csrf, to, email: "", problem: null }));
  });

  app.post("/login", async function signIn(request, reply) {
    const to = safePath(field(request, "to"));
    const email = field(request, "email");
    const person = checked(deps, email, field(request, "password"));
    if (person === null) {
      const problem = "This email and password don’t belong together.";
      const form = { csrf: visitOf(request).csrf, to, email, problem };
      return sendHtml(reply.code(422), loginPage(deps, form));
    }
    deps.sessions.close(request.cookies[SESSION_COOKIE] ?? "");
    const session = deps.sessions.open(person.id, Date.now());
    enter(request, reply, person, session, null);
    if (field(request, "remember") !== "") rememberOn(request, reply, deps.sessions.remember(person.id));
    const visit = visitOf(request);
    if (visit.kind === "member") note(deps, visit, "Signed in");
    return doneAtHost(request, reply, to);
  });
}

/** `/login`, and `/logout` by link and by form. */
export function loginPages(app: FastifyInstance, deps: Deps): void {
  loginRoutes(app, deps);
  app.route({
    method: ["GET", "POST"],
    url: "/logout",
    handler: async function signOut(request, reply) {
      deps.sessions.close(request.cookies[SESSION_COOKIE] ?? "");
      const visit = visitOf(request);
      if (visit.kind === "member") deps.sessions.close(visit.session.id);
      deps.sessions.forget(request.cookies[REMEMBER_COOKIE] ?? "");
      reply.clearCookie(SESSION_COOKIE).clearCookie(REMEMBER_COOKIE);
      return reply.redirect("/login", 303);
    },
  });
}
