import { userInfo } from "node:os";
import { appNames } from "../../config/apps.ts";
import type { Settings, Snapshot } from "../../config/snapshot.ts";
import type { AuditEvent } from "../../domain/audit-event.ts";
import type { Identity } from "../../domain/identity.ts";
import { Fault } from "../../errors.ts";
import { eventOf } from "../../gateway/audit/audit-event.ts";
import { appConnection } from "../../gateway/sign-in/app-connection.ts";
import { identityHeaders } from "../../gateway/sign-in/identity-headers.ts";
import { trailText } from "../../gateway/sign-in/obtain.ts";
import { factsOf } from "../../gateway/sign-in/session-facts.ts";
import { tokens } from "../../keys/token.ts";
import type { AppConnection, AppSignIn, SignedIn, StepReport } from "../../signin/sign-in.ts";
import { CONFIG, command, FLAG, type Given, TEXT, USUAL_CONFIG } from "../command.ts";
import { type OpenSessions, openSessions } from "../sessions/open.ts";
import { jsonOf, type Tried, textOf } from "./print.ts";

const USAGE = `guise signin try --as ID [--app NAME] [--at URL] [--agent ID] [--reason TEXT] [--ticket TEXT] [--json] [-c FILE] [--data DIR]

  --as ID            whom the app is to see; name and e-mail are those of \`users\`
  --app NAME         which of several apps
  --at URL           what browsers call the app (default: \`publicUrl\`, or a host of it)
  --agent ID         who is at the keyboard (default: who runs this)
  --reason TEXT      for steps that say {impersonation.reason}
  --ticket TEXT      for steps that say {impersonation.ticket}
  --json             as JSON
  -c, --config FILE  the config, which has the steps (default: routes.config.yaml, or GUISE_CONFIG)
  --data DIR         the data folder (default: the config's \`data\`, or GUISE_DATA)

Takes the steps of \`signIn\` as the gateway does, says of each what the app answered and which cookies it set, by name, and whom the
app sees in the end. Then the session is ended by the steps of \`end\`. No secret, cookie or token is shown. It is on record.
Exit code 1 where the app doesn't name this person. Run this as the user of the gateway.
`;

const OPTIONS = {
  as: TEXT,
  app: TEXT,
  at: TEXT,
  agent: TEXT,
  reason: TEXT,
  ticket: TEXT,
  json: FLAG,
  config: CONFIG,
  data: TEXT,
};

/** `guise signin try`: for who writes the steps. Exit code 1 where the app doesn't see who it is to see. */
export const signin = command({
  name: "signin",
  describe: "try the steps that sign a customer in to an app",
  usage: USAGE,
  options: OPTIONS,
  read,
  run: async (words, io) => {
    const sessions = await openSessions(words, io, { recording: true });
    try {
      const tried = await tryOnce(sessions, words);
      io.out(words.json ? jsonOf(tried) : textOf(tried));
      return tried.problem === null ? 0 : 1;
    } finally {
      await sessions.close();
    }
  },
});

type Words = Exclude<ReturnType<typeof read>, string>;

function read({ values, positionals, env }: Given<typeof OPTIONS>) {
  const { help, as = "", at = null, app = null, agent = userInfo().username } = values;
  const { reason = null, ticket = null, data = env.GUISE_DATA ?? null } = values;
  if (!help && (positionals.length !== 1 || positionals[0] !== "try")) return "say try";
  if (!help && as === "") return "say whom the app is to see: --as ID";
  if (at !== null && !(URL.canParse(at) && /^https?:$/.test(new URL(at).protocol)))
    return "--at is an address, like https://app.example.com";
  const origin = at === null ? null : new URL(at).origin;
  const config = values.config ?? env.GUISE_CONFIG ?? USUAL_CONFIG;
  return { json: values.json, as, at: origin, app, agent, reason, ticket, config, data };
}

/** How long the token counts that goes with the steps, ms. */
const LASTS = 60_000;

interface Trial {
  readonly id: string;
  readonly mode: "read";
  readonly reason: string | null;
  readonly ticket: string | null;
  readonly trueUser: Identity;
  readonly effectiveUser: Identity;
}

async function tryOnce(sessions: OpenSessions, words: Words): Promise<Tried> {
  const snapshot = sessions.config.current();
  const { settings, signIn } = appOf(snapshot, words.app);
  const { reason, ticket } = words;
  const trueUser = personOf(words.agent);
  const effectiveUser = await customerOf(snapshot, words.as);
  const trial: Trial = { id: sessions.newId(), mode: "read", reason, ticket, trueUser, effectiveUser };
  const app = await connectionTo(sessions, settings, words.at, trial);
  const known = new Map(Object.entries(factsOf(trial)));
  const steps: StepReport[] = [];
  const of = { app: settings.app, as: words.as, steps };
  let done: SignedIn;
  try {
    done = await signIn.perform(known, app, (step) => void steps.push(step));
  } catch (error) {
    if (!(error instanceof Fault) || error.code !== "sign-in-failed") throw error;
    await sessions.record(eventFor(sessions, settings, trial, steps, error.detail));
    return { ...of, end: [], cookies: [], values: [], problem: error.detail };
  }
  await sessions.record(eventFor(sessions, settings, trial, steps, null));
  const cookies = [...new Set(done.cookies.map(({ name }) => name))];
  const { end, problem } = await ended(signIn, done, known, app);
  return { ...of, end, cookies, values: Object.keys(done.values), problem };
}

/** Signs the session out again: what was tried is not to live on. */
async function ended(
  signIn: AppSignIn,
  { cookies, values }: SignedIn,
  known: ReadonlyMap<string, string>,
  app: AppConnection,
): Promise<Pick<Tried, "end" | "problem">> {
  const end: StepReport[] = [];
  try {
    const all = new Map([...known, ...Object.entries(values)]);
    await signIn.end(all, cookies, app, (step) => void end.push(step));
    return { end, problem: null };
  } catch (error) {
    if (!(error instanceof Fault)) throw error;
    return { end, problem: `the session could not be ended: ${error.detail}` };
  }
}

function appOf(
  snapshot: Snapshot,
  name: string | null,
): { readonly settings: Settings; readonly signIn: AppSignIn } {
  const all = (snapshot.apps?.all ?? [snapshot]).map(({ settings }) => settings);
  const by = all.filter(({ signIn }) => signIn !== null && !signIn.admitsNobody);
  const [settings = null, ...more] = name === null ? by : by.filter(({ app }) => app === name);
  if (settings?.signIn == null)
    throw new Fault(
      "config-invalid",
      name === null
        ? "no app of this config has `signIn` with steps"
        : `there is no app \`${name}\` with steps in \`signIn\`; there is ${appNames(snapshot).join(", ")}`,
    );
  if (more.length > 0)
    throw new Fault(
      "config-invalid",
      `several apps have \`signIn\`; name one with --app: ${by.map(({ app }) => app).join(", ")}`,
    );
  return { settings, signIn: settings.signIn };
}

async function customerOf({ users }: Snapshot, id: string): Promise<Identity> {
  if (users === null) return personOf(id);
  const found = await users.find(id);
  if (found === null)
    throw new Fault("users-lookup-failed", `there is nobody with the id ${id} in \`users\``);
  return found;
}

function personOf(id: string): Identity {
  return { id, name: null, email: null, groups: null };
}

/** The way of the gateway's own steps, as for a browser on this machine. */
async function connectionTo(
  sessions: OpenSessions,
  settings: Settings,
  at: string | null,
  { trueUser, effectiveUser, id, mode, reason, ticket }: Trial,
): Promise<AppConnection> {
  const { clock, keyring } = sessions;
  const origin = at ?? settings.publicUrl ?? (settings.app === null ? settings.upstream.origin : null);
  if (origin === null)
    throw new Fault("config-invalid", "the app has no `publicUrl`; say with --at what browsers call it");
  const { host: authority, hostname: host, protocol } = new URL(origin);
  const scheme = protocol === "https:" ? "https" : "http";
  const now = clock.now();
  const told = { trueUser, effectiveUser, impersonation: { id, mode, reason, ticket, until: now + LASTS } };
  const forwarded = [
    "X-Forwarded-For",
    "127.0.0.1",
    "X-Forwarded-Proto",
    scheme,
    "X-Forwarded-Host",
    authority,
  ];
  return appConnection(settings, {
    by: {
      host,
      authority,
      origin,
      scheme,
      headers: ["User-Agent", "Mozilla/5.0 (guise signin try)", ...forwarded],
    },
    identityHeaders: await identityHeaders(tokens(keyring, clock), settings, told, {
      now,
      passed: () => false,
    }),
    now: () => clock.now(),
    trouble: () => undefined,
  });
}

function eventFor(
  sessions: OpenSessions,
  { app }: Settings,
  { id, mode, reason, ticket, trueUser, effectiveUser }: Trial,
  steps: readonly StepReport[],
  why: string | null,
): AuditEvent {
  const detail = `guise signin try: ${why === null ? "" : `${why}: `}${trailText(steps)}`;
  const outcome = why === null ? "success" : "failure";
  const action = why === null ? "sign-in.performed" : "sign-in.failed";
  const event = eventOf(sessions, null, {
    action,
    outcome,
    trueUser,
    effectiveUser,
    impersonation: null,
    detail,
  });
  return { ...event, impersonation: { id, mode, reason, ticket }, ...(app === null ? {} : { app }) };
}
