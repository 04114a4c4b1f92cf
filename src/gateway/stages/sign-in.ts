import type { Identity } from "../../domain/identity.ts";
import type { Mode } from "../../domain/impersonation.ts";
import { modeAt } from "../../domain/impersonation.ts";
import type { AppSession } from "../../sessions/app-sessions.ts";
import type { Presented } from "../../signin/sign-in.ts";
import { headerRules } from "../intake/header-rules.ts";
import type { Services } from "../services/services.ts";
import { type Asking, askingOf, obtain, trustOf, valuesOf } from "../sign-in/obtain.ts";
import type { Committed } from "./commit.ts";

/** A committed request with what tells the app who is there. */
export interface Signed extends Committed {
  /** Name, value, name, value …; empty where the app is told nothing. */
  readonly identityHeaders: readonly string[];
  /** The app's own session as the effective user; null where the app has none that we make. */
  readonly appSession: AppSession | null;
  /** What goes with the request in the place of what the browser sent. */
  readonly presented: Presented | null;
}

/**
 * Signs who is there at `now` (ms), and signs in to an app that keeps its own login. Own traffic is signed only where the config says
 * so and somebody is known. Throws a Fault, `sign-in-failed` among them.
 */
export async function sign(services: Services, committed: Committed, now: number): Promise<Signed> {
  const { impersonation, trueUser, snapshot } = committed;
  const unsigned =
    trueUser === null || (impersonation === null && snapshot.settings.headers.when !== "always");
  const identityHeaders = unsigned ? [] : await headersFor(services, committed, trueUser, now);
  const signed = { ...committed, identityHeaders, appSession: null, presented: null };
  const asking = askingOf(committed, identityHeaders);
  if (asking === null) return signed;
  const session = await sessionFor(services, asking);
  const values = session.made === null ? null : valuesOf(session.made);
  return { ...signed, appSession: session, presented: values && asking.signIn.present(values) };
}

/** That which is known, unless this process has seen a newer one. */
async function sessionFor(services: Services, asking: Asking): Promise<AppSession> {
  const { app } = asking.committed.snapshot.settings;
  const { generation } = trustOf(services, asking);
  const known = services.impersonations.appSessions.known(asking.impersonation.id, app);
  if (known !== null && known.made !== null && known.generation >= generation) return known;
  return await obtain(services, asking, Math.max(0, generation - 1));
}

async function headersFor(
  services: Services,
  committed: Committed,
  trueUser: Identity,
  now: number,
): Promise<readonly string[]> {
  const { impersonation, snapshot } = committed;
  const { headers, token } = snapshot.settings;
  const effectiveUser = impersonation?.effectiveUser ?? trueUser;
  const mode: Mode = impersonation === null ? "read" : modeAt(impersonation, committed.at);
  const who = {
    principal: { trueUser, effectiveUser },
    impersonation: impersonation && {
      id: impersonation.id,
      mode,
      reason: impersonation.reason,
      ticket: impersonation.ticket,
      until: impersonation.expiresAt,
    },
    issuer: token.issuer,
    audience: token.audience,
    lifetime: token.lifetime,
  };
  const assertion = await services.tokens.sign(who, now);
  const plain = headers.plain ? unsigned(committed, effectiveUser, trueUser) : [];
  return [headers.assertion, assertion, ...plain];
}

/** The unsigned headers, each once: where a proxy in front says one of them with own traffic, its word stands. */
function unsigned(
  { snapshot: { settings }, impersonation, peer }: Committed,
  effectiveUser: Identity,
  trueUser: Identity,
): readonly string[] {
  const { headers } = settings;
  const said: readonly (readonly [name: string | null, value: string | null])[] = [
    [headers.user, ascii(effectiveUser.id)],
    [headers.trueUser, ascii(trueUser.id)],
    [headers.impersonation, impersonation?.id ?? null],
    [headers.email, effectiveUser.email && ascii(effectiveUser.email)],
    [headers.name, effectiveUser.name && spaced(effectiveUser.name)],
    [headers.groups, effectiveUser.groups?.map(listed).join(",") ?? null],
  ];
  const { passes } = headerRules(settings);
  return said.flatMap(([name, value]) =>
    name === null || value === null || (impersonation === null && passes(peer, name)) ? [] : [name, value],
  );
}

/** Header values are ASCII: anything else in an id is percent-encoded, so that no server can read it differently. */
function ascii(id: string): string {
  return /^[\x21-\x24\x26-\x7e]*$/.test(id) ? id : encoded(id);
}

/** The same for what people read: single spaces stay. */
function spaced(name: string): string {
  return /^[\x21-\x24\x26-\x7e]+(?: [\x21-\x24\x26-\x7e]+)*$/.test(name) ? name : encoded(name);
}

/** Half a character, which JSON can hold, has no bytes. */
function encoded(text: string): string {
  return encodeURIComponent(text.toWellFormed());
}

/** One of a list with commas in between. */
function listed(group: string): string {
  return group.includes(",") ? encoded(group) : spaced(group);
}
