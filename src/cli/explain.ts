import { readFile } from "node:fs/promises";
import { performance } from "node:perf_hooks";
import { parseArgs } from "node:util";
import { parse } from "yaml";
import { prettifyError, ZodError } from "zod";
import { clients } from "../clients/clients.ts";
import { KINDS } from "../config/kinds.ts";
import { load } from "../config/load.ts";
import { formatProblem } from "../config/problem.ts";
import type { Snapshot } from "../config/snapshot.ts";
import { decideEither } from "../domain/decide.ts";
import { type Decision, REASONS } from "../domain/decision.ts";
import type { RequestFacts, SessionFacts } from "../domain/facts.ts";
import { admit } from "../domain/grant.ts";
import type { Identity } from "../domain/identity.ts";
import { start } from "../domain/impersonation.ts";
import { effectiveMethod } from "../domain/method.ts";
import type { OwnerFact } from "../domain/owner.ts";
import { canonicalUrl, URL_REFUSALS } from "../domain/routing/canonical-url.ts";
import type { RuleRequest } from "../domain/routing/rule.ts";
import { Fault } from "../errors.ts";
import { askOwner } from "../gateway/stages/find-owner.ts";
import type { Page } from "../gateway/stages/own-address.ts";
import { urlLimits } from "../gateway/stages/url-limits.ts";
import type { Log } from "../ports.ts";
import { type CaseOutcome, judgeCase, nameOf } from "./case.ts";
import type { Command, CommandIo } from "./command.ts";

const USAGE = `guise explain METHOD URL --as GROUPS:ID [--wearing GROUPS:ID] [--owner GROUPS:ID] [--inside] [-c FILE] [--json]
guise explain --case FILE [--json]

  --as GROUPS:ID       the person at the keyboard, like support:alice or support,night:alice; nobody if left out
  --wearing GROUPS:ID  whom they are viewing the app as already
  --owner GROUPS:ID    whose page it is; asked from the resolver of the config if left out
  --inside             the link stood on a page of the app itself
  --case FILE          lay a case file (see test/cases/) before the judge and compare what it says
`;

/** `guise explain`: each check, the decision, the reason word; by the same judge that the server asks. */
export const explain: Command = {
  name: "explain",
  describe: "say what would happen with a request, and why",
  async run(args, io) {
    const words = read(args);
    if (typeof words === "string") {
      io.err(`${words}\n${USAGE}`);
      return 2;
    }
    if (words.help) {
      io.out(USAGE);
      return 0;
    }
    try {
      return words.case === null
        ? await explainRequest(words, io)
        : await explainCase(words.case, words.json, io);
    } catch (error) {
      if (!(error instanceof Fault)) throw error;
      io.err(`${error.detail}\n${error.hint}\n`);
      return 1;
    }
  },
};

interface Words {
  readonly help: boolean;
  readonly json: boolean;
  readonly inside: boolean;
  readonly config: string | null;
  readonly case: string | null;
  readonly method: string;
  readonly url: URL;
  readonly as: Identity | null;
  readonly wearing: Identity | null;
  readonly owner: Identity | null;
}

function read(args: readonly string[]): Words | string {
  const text = { type: "string" } as const;
  const flag = { type: "boolean" } as const;
  try {
    const { values, positionals } = parseArgs({
      args: [...args],
      allowPositionals: true,
      options: {
        as: text,
        wearing: text,
        owner: text,
        case: text,
        inside: flag,
        json: flag,
        config: { type: "string", short: "c" },
        help: { type: "boolean", short: "h" },
      },
    });
    const asked = values.help === true || values.case !== undefined;
    const [method = "GET", url = ""] = positionals;
    if (!asked && (positionals.length !== 2 || !URL.canParse(url)))
      return "guise explain: write a method and a whole address";
    return {
      help: values.help ?? false,
      json: values.json ?? false,
      inside: values.inside ?? false,
      config: values.config ?? null,
      case: values.case ?? null,
      method: method.toUpperCase(),
      url: new URL(asked ? "http://app.invalid/" : url),
      as: personOf(values.as),
      wearing: personOf(values.wearing),
      owner: personOf(values.owner),
    };
  } catch (error) {
    return `guise explain: ${error instanceof Error ? error.message : String(error)}`;
  }
}

/** `support,night:alice`: the groups, then the id. Without a colon it is an id whose groups nobody knows. */
function personOf(text: string | undefined): Identity | null {
  if (text === undefined || text === "") return null;
  const colon = text.indexOf(":");
  const groups =
    colon < 0
      ? null
      : text
          .slice(0, colon)
          .split(",")
          .filter((it) => it !== "");
  return { id: text.slice(colon + 1), name: null, email: null, groups };
}

async function explainCase(file: string, json: boolean, io: CommandIo): Promise<number> {
  let value: unknown;
  try {
    value = parse(await readFile(file, "utf8"));
  } catch (error) {
    throw new Fault("usage", `${file}: ${error instanceof Error ? error.message : String(error)}`, {
      cause: error,
    });
  }
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

async function explainRequest(words: Words, io: CommandIo): Promise<number> {
  const file = words.config ?? io.env.GUISE_CONFIG ?? "routes.config.yaml";
  const clock = { now: () => Date.now(), monotonic: () => performance.now() };
  const log = logTo(io);
  const sources = clients(log);
  try {
    const loaded = await load(file, { kinds: KINDS, deps: { clock, log, ...sources.borrowed }, env: io.env });
    if (loaded.kind === "rejected")
      throw new Fault("config-invalid", loaded.problems.map(formatProblem).join("\n"));
    const { snapshot } = loaded;
    const url = canonicalUrl(words.url.pathname + words.url.search, urlLimits(snapshot.settings));
    if (url.kind === "refused") throw new Fault("bad-request", URL_REFUSALS[url.why]);
    const owner = await ownerFor(words, snapshot, log, url);
    const { method } = words;
    const decision = decideEither(
      requestOf(words, snapshot, url),
      {
        method,
        rule: snapshot.rules.match({ host: words.url.hostname, path: url.path, method, agent: words.as }),
      },
      sessionOf(words, snapshot, owner, clock.now()),
      snapshot.policy,
    );
    const said = { decision: nameOf(decision), reason: decision.reason };
    const met = metBy(snapshot, { host: words.url.hostname, path: url.path, method, agent: words.as });
    io.out(
      words.json
        ? `${JSON.stringify({ ...said, ...met, owner, checks: decision.checks })}\n`
        : `${namesOf(met)}\n\n${report(decision)}\n`,
    );
    return 0;
  } finally {
    await sources.close();
  }
}

/** The route and the rule that an address meets, by their places in the config. */
function metBy({ routes, rules }: Snapshot, what: RuleRequest) {
  const route = routes.match(what.host, what.path);
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

async function ownerFor(words: Words, snapshot: Snapshot, log: Log, page: Page): Promise<OwnerFact> {
  if (words.owner !== null) return { kind: "found", owner: { ...words.owner, viewers: [] } };
  return await askOwner(log, { host: words.url.hostname, snapshot, id: "explain" }, page);
}

function requestOf(
  words: Words,
  snapshot: Snapshot,
  url: { readonly path: string; readonly query: string | null },
): RequestFacts {
  const host = words.url.hostname;
  const { method, overridden } = effectiveMethod(words.method, url.query);
  const target = snapshot.routes.match(host, url.path)?.target ?? null;
  return {
    method,
    overridden,
    lostMethod: null,
    place: { host, path: url.path },
    navigation: {
      topLevel: words.method === "GET",
      byUser: true,
      site: words.inside ? "same-origin" : "cross-site",
      speculative: false,
      visit: null,
      wantsPage: true,
      serviceWorker: false,
    },
    route: target === null || target.asSelf ? null : target.pattern,
    asSelf: target?.asSelf ?? false,
    fromAsSelf: false,
    rule: snapshot.rules.match({ host, path: url.path, method, agent: words.as }),
    upgrade: false,
    confirmed: false,
    tab: null,
    sentOnlyWhileImpersonating: false,
    hearsay: false,
    neighbour: false,
  };
}

function sessionOf(words: Words, snapshot: Snapshot, owner: OwnerFact, now: number): SessionFacts {
  const caller = words.as;
  return {
    caller: caller === null ? { kind: "unknown" } : { kind: "known", identity: caller },
    loaded:
      caller === null || words.wearing === null
        ? { kind: "none" }
        : worn(snapshot, caller, words.wearing, now),
    owner,
    target: { kind: "recorded" },
    refererOwner: { kind: "not-asked" },
    consent: "unanswered",
    now,
  };
}

/** An impersonation as it would be had it begun just now. */
function worn(
  snapshot: Snapshot,
  agent: Identity,
  effectiveUser: Identity,
  now: number,
): SessionFacts["loaded"] {
  const admission = admit(snapshot.policy, agent, effectiveUser);
  const grant =
    admission.kind === "granted"
      ? admission.grant
      : ({ mode: "read", total: 3_600_000, idle: 900_000 } as const);
  const order = {
    id: "explain",
    agent,
    effectiveUser,
    mode: grant.mode,
    reason: null,
    ticket: null,
    returnTo: "/",
    now,
    total: grant.total,
    idle: grant.idle,
  };
  return { kind: "held", impersonation: start(order) };
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

function logTo(io: CommandIo): Log {
  const line = (data: object, message: string) => io.err(`${message}: ${JSON.stringify(data)}\n`);
  return { debug: () => undefined, info: () => undefined, warn: line, error: line };
}
