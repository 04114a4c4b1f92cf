import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import type { AppData, Person } from "./data.ts";
import { refusedPage } from "./refusals.ts";
import { REMEMBER_SECONDS, randomToken, SESSION_SECONDS, type Session, type Sessions } from "./sessions.ts";
import { ASSERTION_HEADER, type Assertion, type VerifyToken } from "./token.ts";

export const SESSION_COOKIE = "demo_session";
export const CSRF_COOKIE = "demo_csrf";
export const REMEMBER_COOKIE = "demo_remember";

/** Who is there in one request. `csrf` is what a form of this visitor has to carry. */
export type Visit =
  | { readonly kind: "guest"; readonly csrf: string }
  | {
      readonly kind: "member";
      readonly csrf: string;
      readonly person: Person;
      readonly session: Session;
      readonly by: string | null;
    };

export type Member = Extract<Visit, { kind: "member" }>;

/** What every page needs: the data, the sessions, and how to read a token (null where no gateway is known). */
export interface Deps {
  readonly data: AppData;
  readonly sessions: Sessions;
  readonly verifyToken: VerifyToken | null;
}

export function visitOf(request: FastifyRequest): Visit {
  return request.getDecorator<Visit>("visit");
}

/** The token that came with a request: absent, not good, or read. */
export async function assertionOf(
  deps: Deps,
  headers: FastifyRequest["headers"],
): Promise<Assertion | "absent" | "bad"> {
  const header = headers[ASSERTION_HEADER];
  if (header === undefined || deps.verifyToken === null) return "absent";
  const assertion = await deps.verifyToken(String(header));
  return assertion !== null && deps.data.people.has(assertion.sub) ? assertion : "bad";
}

/** The running session that these cookies name; opens one where only "remember me" is left. */
export function sessionOf(deps: Deps, cookies: FastifyRequest["cookies"], now: number): Session | null {
  const session = deps.sessions.find(cookies[SESSION_COOKIE] ?? "", now);
  if (session !== null) return session;
  const remembered = deps.sessions.recall(cookies[REMEMBER_COOKIE] ?? "");
  return remembered === null ? null : deps.sessions.open(remembered, now);
}

/** The asserted person's own session: the one that the cookies name if it is theirs, else a new one. */
export function sessionFor(
  deps: Deps,
  cookies: FastifyRequest["cookies"],
  userId: string,
  now: number,
): Session {
  const session = deps.sessions.find(cookies[SESSION_COOKIE] ?? "", now);
  return session?.userId === userId ? session : deps.sessions.open(userId, now);
}

/** Makes `session` the one of this request and sets its cookies on the answer. */
export function enter(
  request: FastifyRequest,
  reply: FastifyReply,
  person: Person,
  session: Session,
  by: string | null,
): void {
  const secure = request.protocol === "https";
  const shared = { path: "/", sameSite: "lax", secure, maxAge: SESSION_SECONDS } as const;
  reply.setCookie(SESSION_COOKIE, session.id, { ...shared, httpOnly: true });
  reply.setCookie(CSRF_COOKIE, session.csrf, shared);
  request.setDecorator<Visit>("visit", { kind: "member", csrf: session.csrf, person, session, by });
}

export function rememberOn(request: FastifyRequest, reply: FastifyReply, token: string): void {
  reply.setCookie(REMEMBER_COOKIE, token, {
    path: "/",
    sameSite: "lax",
    secure: request.protocol === "https",
    httpOnly: true,
    maxAge: REMEMBER_SECONDS,
  });
}

function welcomeGuest(request: FastifyRequest, reply: FastifyReply): void {
  const known = request.cookies[CSRF_COOKIE] ?? "";
  const csrf = /^[\w-]{32}$/.test(known) ? known : randomToken();
  if (csrf !== known) reply.setCookie(CSRF_COOKIE, csrf, { path: "/", sameSite: "lax" });
  request.setDecorator<Visit>("visit", { kind: "guest", csrf });
}

/** Finds out who is there before anything else, and renews their session cookie on the answer. */
export function recogniseVisitors(app: FastifyInstance, deps: Deps): void {
  app.decorateRequest("visit", null);
  app.addHook("onRequest", async function recognise(request, reply) {
    const now = Date.now();
    const assertion = await assertionOf(deps, request.headers);
    if (assertion === "bad") return refusedPage(request, reply, 401);
    const session =
      assertion === "absent"
        ? sessionOf(deps, request.cookies, now)
        : sessionFor(deps, request.cookies, assertion.sub, now);
    const person = deps.data.people.get(session?.userId ?? "");
    if (session === null || person === undefined) return welcomeGuest(request, reply);
    enter(request, reply, person, session, assertion === "absent" ? null : assertion.by);
  });
}

/** True where the form field, or for scripts the header, says what the cookie and the session say. */
export function tokenMatches(request: FastifyRequest, submitted: string): boolean {
  const { csrf } = visitOf(request);
  return submitted === csrf && request.cookies[CSRF_COOKIE] === csrf;
}
