import { readFile } from "node:fs/promises";
import { parse } from "yaml";
import { prettifyError, ZodError } from "zod";
import type { Snapshot } from "../config/snapshot.ts";
import { decideEither } from "../domain/decide.ts";
import { type Decision, REASONS } from "../domain/decision.ts";
import {
  CLICKED,
  click,
  type Navigation,
  type RequestFacts,
  type SessionFacts,
  UNASKED,
} from "../domain/facts.ts";
import { admit } from "../domain/grant.ts";
import type { Identity } from "../domain/identity.ts";
import { type EffectiveMethod, effectiveMethod } from "../domain/method/method.ts";
import type { OwnerFact } from "../domain/owner.ts";
import { canonicalUrl, URL_REFUSALS } from "../domain/routing/canonical-url.ts";
import type { RuleRequest } from "../domain/routing/rule.ts";
import { Fault } from "../errors.ts";
import { appOf } from "../gateway/intake/app-of.ts";
import { navigation } from "../gateway/intake/fetch-metadata.ts";
import { ownAddress, type Page } from "../gateway/intake/own-address.ts";
import { askOwner } from "../gateway/stages/find-owner.ts";
import { methodTold } from "../gateway/stages/method-override.ts";
import { bodyText, ruled } from "../gateway/stages/rule-request.ts";
import type { Log } from "../ports.ts";
import { type CaseOutcome, judgeCase, nameOf } from "./case.ts";
import { type CommandIo, command, USUAL_CONFIG, unreadable } from "./command.ts";
import { CLOCK, withConfig } from "./config.ts";
import { readCurl, readHar } from "./explain-input.ts";
import { distinct, liveSession } from "./explain-live.ts";
import { OPTIONS, readWords, USAGE, type Words } from "./explain-words.ts";
import { warnings } from "./log.ts";
import { begunNow } from "./test/run.ts";

/** `guise explain`: each check, the decision, the reason word; by the same judge that the server asks. */
export const explain = command({
  name: "explain",
  describe: "say what would happen with a request, and why",
  usage: USAGE,
  options: OPTIONS,
  read: readWords,
  async run(words, io) {
    return words.case === null
      ? await explainRequests(words, io)
      : await explainCase(words.case, words.json, io);
  },
});

async function explainCase(file: string, json: boolean, io: CommandIo): Promise<number> {
  const value: unknown = await readFile(file, "utf8").then(parse).catch(unreadable(file));
  const { decision, said, expected } = outcomeOf(file, value);
  const same = said.decision === expected.decision && said.reason === expected.reason;
  if (json) io.out(`${JSON.stringify({ ...said, checks: decision.checks, expected, same })}\n`);
  else
    io.out(
      `${report(decision)}\n${same ? "as expected" : `expected: ${expected.decision}, ${expected.reason}`}\n`,
    );
  return same ? 0 : 1;
}

function outcomeOf(file: string, value: unknown): CaseOutcome {
  try {
    return judgeCase(value);
  } catch (error) {
    if (!(error instanceof ZodError)) throw error;
    throw new Fault("usage", `${file} is no case:\n${prettifyError(error)}`, { cause: error });
  }
}

/** The requests that are asked about: one, or all of a HAR. */
async function askedFor(words: Words): Promise<readonly Words[]> {
  const { curl, har } = words;
  const file = curl ?? har;
  if (file === null) return [words];
  const read = () => readFile(file, "utf8").catch(unreadable(`${file} can not be read`));
  const text = file.startsWith("curl ") ? file : await read();
  const asked = har === null ? readCurl(text) : readHar(text);
  if (typeof asked === "string") throw new Fault("usage", `${file} ${asked}`);
  return ("url" in asked ? [asked] : asked).map((one) => ({ ...words, ...one, copied: true }));
}

async function explainRequests(words: Words, io: CommandIo): Promise<number> {
  const all = await askedFor(words);
  const file = words.config ?? io.env.GUISE_CONFIG ?? USUAL_CONFIG;
  const log = warnings((data, message) => io.err(`${message}: ${JSON.stringify(data)}\n`));
  return await withConfig(file, io, log, async (loaded) => {
    for (const one of all) {
      const snapshot = appOf(loaded.snapshot, one.url.hostname, one.target);
      const said = await explained({ words: one, snapshot, log, io, file, now: CLOCK.now() });
      io.out(textFor(said, words.json, all.length > 1));
    }
    return 0;
  });
}

interface Explaining {
  readonly words: Words;
  readonly snapshot: Snapshot;
  readonly log: Log;
  readonly io: CommandIo;
  readonly file: string;
  readonly now: number;
}

/** What the judge says of one request, with the route and the rule that it met. */
async function explained(it: Explaining) {
  const { words, snapshot, log } = it;
  const { method } = words;
  const url = canonicalUrl(words.target, snapshot.settings.urlLimits);
  if (url.kind === "refused") throw new Fault("bad-request", URL_REFUSALS[url.why]);
  const owner = await ownerFor(words, snapshot, log, url);
  const session = await sessionFor(it, owner);
  const agent = session.caller.kind === "known" ? session.caller.identity : null;
  const asked = ruleRequestOf(words, url, method, agent);
  const decision = decideEither(
    requestOf(it, url, agent, session.loaded.kind === "found"),
    { method, ...ruled(snapshot.rules, asked) },
    session,
    snapshot.policy,
  );
  return { words, decision, owner, caller: session.caller, ...metBy(snapshot, asked) };
}

function textFor(it: Awaited<ReturnType<typeof explained>>, json: boolean, short: boolean): string {
  const { decision, words, route, rule, owner } = it;
  const { method, url } = words;
  const said = { decision: nameOf(decision), reason: decision.reason };
  const request = short ? { method, url: url.href } : {};
  if (json)
    return `${JSON.stringify({ ...request, ...said, route, rule, owner, checks: decision.checks })}\n`;
  if (short) return `${said.decision}\t${said.reason}\t${method} ${url.href}\n`;
  const known = it.caller.kind === "known" ? it.caller.identity.id : it.caller.kind;
  const who = words.live ? `who:   ${known}\n` : "";
  return `${who}${namesOf({ route, rule })}\n\n${report(decision)}\n`;
}

/** By what was written, or by what the request itself leads to. */
async function sessionFor(it: Explaining, owner: OwnerFact): Promise<SessionFacts> {
  const { words, snapshot, io, file, now } = it;
  const written = sessionOf(words, snapshot, owner, now);
  if (!words.live) return written;
  const { hostname: host } = words.url;
  const { from: peer, folder: data, headers } = words;
  const live = await liveSession({ snapshot, io, config: file, data, host, peer, headers });
  const caller = words.as === null ? live.caller : written.caller;
  return words.viewing === null ? { ...written, ...live, caller } : { ...written, caller };
}

/** The route and the rule that an address meets, by their places in the config. */
function metBy({ routes, rules }: Snapshot, what: RuleRequest) {
  const route = routes.match(what.host, what.path, what.query ?? null);
  const rule = rules.match(what);
  return {
    route:
      route === null
        ? null
        : {
            name: route.target.name,
            pattern: route.target.pattern,
            owner: route.target.owner,
            params: { ...route.params },
          },
    rule: rule === null ? null : { name: rule.name, effect: rule.effect },
  };
}

function namesOf({ route, rule }: ReturnType<typeof metBy>): string {
  const params = Object.entries(route?.params ?? {}).map(([name, value]) => `${name}=${value}`);
  const what =
    route === null
      ? "none"
      : `${route.name} ${route.pattern} (${params.join(", ") || "no params"}), owner: ${route.owner}`;
  return `route: ${what}\nrule:  ${rule === null ? "none" : `${rule.name}: ${rule.effect}`}`;
}

/** What rules are asked about: the address, and the headers and the body that come with it. */
function ruleRequestOf(
  { url, headers, data }: Words,
  { path, query }: Page,
  method: string,
  agent: Identity | null,
): RuleRequest {
  const body = data === null ? null : bodyText(Buffer.from(data), true, headers);
  return { host: url.hostname, path, query, headers, method, body, agent };
}

async function ownerFor(words: Words, snapshot: Snapshot, log: Log, page: Page): Promise<OwnerFact> {
  if (words.owner !== null) return { kind: "found", owner: { ...words.owner, viewers: [] } };
  return await askOwner(log, { host: words.url.hostname, snapshot, id: "explain" }, page);
}

/** By the query alone, or where somebody is viewed, by all that may name a method. */
function methodOf({ method, data, headers }: Words, query: string | null, viewing: boolean): EffectiveMethod {
  const asked = effectiveMethod(method, query);
  const named = viewing ? methodTold(asked.overridden ? asked.method : null, data, headers) : null;
  return named === null ? asked : { method: named, overridden: true };
}

function requestOf(
  { words, snapshot }: Explaining,
  url: Page,
  agent: Identity | null,
  viewing: boolean,
): RequestFacts {
  const host = words.url.hostname;
  const { method, overridden } = methodOf(words, url.query, viewing);
  const ruling = ruled(snapshot.rules, ruleRequestOf(words, url, method, agent));
  const target = snapshot.routes.match(host, url.path, url.query)?.target ?? null;
  return click({
    method,
    overridden,
    mayChange: ruling.mayChange,
    place: { host, path: url.path },
    navigation: navigationOf(words),
    route: target === null || target.asSelf ? null : target.pattern,
    asSelf: target?.asSelf ?? false,
    fromAsSelf: fromAsSelf(words, snapshot),
    rule: ruling.rule,
  });
}

/** As a browser said it; of what was written, a click of a person. */
function navigationOf({ copied, headers, method, inside }: Words): Navigation {
  if (copied) return navigation(method, false, joined(headers));
  return { ...CLICKED, topLevel: method === "GET", site: inside ? "same-origin" : "cross-site" };
}

function joined(headers: readonly string[]): Readonly<Record<string, string>> {
  return Object.fromEntries(Object.entries(distinct(headers)).map(([name, all]) => [name, all.join(", ")]));
}

function fromAsSelf({ headers, url }: Words, snapshot: Snapshot): boolean {
  const from = ownAddress(joined(headers).referer, url.origin, snapshot);
  if (from === null) return false;
  const app = appOf(snapshot, url.hostname, from.path);
  return app.routes.match(url.hostname, from.path, from.query)?.target.asSelf === true;
}

function sessionOf(words: Words, snapshot: Snapshot, owner: OwnerFact, now: number): SessionFacts {
  const caller = words.as;
  return {
    caller: caller === null ? { kind: "unknown" } : { kind: "known", identity: caller },
    loaded:
      caller === null || words.viewing === null
        ? { kind: "none" }
        : loadedNow(words, snapshot, caller, words.viewing, now),
    owner,
    target: { kind: "recorded" },
    refererOwner: { kind: "not-asked" },
    consent: UNASKED,
    ownerConsent: UNASKED,
    now,
  };
}

/** An impersonation as it would be had it begun just now. */
function loadedNow(
  words: Words,
  snapshot: Snapshot,
  agent: Identity,
  effectiveUser: Identity,
  now: number,
): SessionFacts["loaded"] {
  const admission = admit(snapshot.policy, agent, effectiveUser);
  const { mode, total, idle } =
    admission.kind === "granted"
      ? admission.grant
      : ({ mode: "read", total: 3_600_000, idle: 900_000 } as const);
  const order = { id: "explain", agent, effectiveUser, mode, total, idle, now };
  return { kind: "found", impersonation: begunNow(order, words.mode) };
}

function report(decision: Decision): string {
  const checks = decision.checks.map((it) => `${it.passed ? "yes" : "no "}  ${it.name}  (${it.saw})`);
  return [
    ...checks,
    "",
    `decision: ${nameOf(decision)}`,
    `reason:   ${decision.reason}: ${REASONS[decision.reason]}`,
  ].join("\n");
}
