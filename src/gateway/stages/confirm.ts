import type { Decision } from "../../domain/decision.ts";
import { isMethodOverride } from "../../domain/headers.ts";
import type { Identity } from "../../domain/identity.ts";
import type { Impersonation } from "../../domain/impersonation.ts";
import { isSafe } from "../../domain/method/method.ts";
import { Fault } from "../../errors.ts";
import type { Maybe } from "../../ports.ts";
import type { Question } from "../../sessions/confirmations.ts";
import { runningIn, trueUserOf } from "../facts.ts";
import { readBody } from "../http/body.ts";
import { readToken, SUBJECTS } from "../own-pages/form-tokens.ts";
import { demandDocument, demandOwnForm } from "../own-pages/guard.ts";
import type { Owned, Settled } from "../request.ts";
import type { Judging, Services } from "../services/services.ts";
import { settleMethod } from "./method-override.ts";
import { bodyText, ruled, ruleRequest } from "./rule-request.ts";

/** The most bytes of the form of the page that asks: it has a token and a hidden field. */
const LARGEST_FORM = 8_192;
/** Headers that say how a body is read, and which page sent it and how: apps check that. */
const AS_SENT: readonly string[] = [
  "content-type",
  "content-encoding",
  "content-language",
  "content-disposition",
  "content-md5",
  "digest",
  "content-digest",
  "origin",
  "referer",
  "sec-fetch-site",
  "sec-fetch-mode",
  "sec-fetch-dest",
  "sec-fetch-user",
];

/**
 * Replaces a request that says yes by the kept one that was asked about: its method, address and body. Everything else is as it is now,
 * and the judge decides anew. Throws `forbidden` when the yes was not given on a page of ours.
 */
export function takeYes(services: Judging, owned: Owned): Maybe<Settled> {
  const [impersonation, agent] = [runningIn(owned), trueUserOf(owned)];
  if (!owned.page.confirming || impersonation === null || agent === null) return settleMethod(owned);
  return confirmed(services, owned, { impersonation, agent });
}

async function confirmed(
  services: Judging,
  owned: Owned,
  { impersonation, agent }: { readonly impersonation: Impersonation; readonly agent: Identity },
): Promise<Settled> {
  demandDocument(owned);
  const { ordered } = owned.page;
  const question =
    ordered === null
      ? await formQuestion(services, owned)
      : await orderedQuestion(services, owned, agent, ordered);
  const asked = await services.confirmations.redeem(question, idsOf(impersonation, agent));
  if (asked === null || asked.host !== owned.site.host || asked.url !== owned.url.target) {
    throw new Fault("forbidden", "the confirmation is old, was used already, or is for another request");
  }
  return asAsked(owned, asked);
}

/** The question that the form of a page of this very host says yes to. */
async function formQuestion(services: Judging, owned: Owned): Promise<string> {
  demandOwnForm(owned);
  const { requestIdle } = owned.snapshot.settings.timeouts;
  const form = new URLSearchParams((await readBody(owned.raw, LARGEST_FORM, requestIdle)).toString("latin1"));
  const question = form.get("_confirmation") ?? "";
  const token = readToken(services, "confirm", SUBJECTS.confirm(question), form.get("_csrf"));
  if (owned.at >= token.expiresAt) throw new Fault("forbidden", "the page that asked is too old");
  return question;
}

/** The question that this agent said yes to on the console; the code counts once, for this host. */
async function orderedQuestion(
  { codes }: Judging,
  { site, navigation }: Owned,
  agent: Identity,
  code: string,
): Promise<string> {
  const pass = navigation.speculative ? null : await codes.redeem(code);
  if (pass?.kind === "confirm" && pass.agent === agent.id && pass.origin === site.origin)
    return pass.question;
  throw new Fault("forbidden", "the code is old, was used, or is somebody else's");
}

/** Headers that are kept with a question, and those that ask for another method. */
function isAsked(name: string): boolean {
  return AS_SENT.includes(name.toLowerCase()) || isMethodOverride(name);
}

/** The kept request, with the headers that are kept with it; whichever way the yes came, it is a form's. */
function asAsked(owned: Owned, asked: Question): Settled {
  const others = owned.headers.filter((_, at) => !isAsked(owned.headers[at - (at % 2)] ?? ""));
  const headers = [...others, ...asked.headers];
  const [sent = "GET", method = sent] = asked.method.split(" ");
  const body = Buffer.from(asked.body);
  const text = bodyText(body, true, headers);
  return {
    ...owned,
    navigation: { ...owned.navigation, topLevel: false, site: "same-origin" },
    sent,
    method,
    overridden: method !== sent,
    headers,
    ruling: ruled(owned.snapshot.rules, ruleRequest({ ...owned, method, headers }, text, trueUserOf(owned))),
    content: { body, beginning: body, bodyText: text, confirmed: true },
  };
}

/** Stores a request until its agent confirms it, and gives its name. Throws `too-large` if the body is larger than what is stored. */
export async function keepQuestion(
  services: Services,
  settled: Settled & { readonly decision: Decision },
  agent: Identity,
  impersonation: Impersonation,
  lasts = settled.snapshot.settings.timeouts.confirm,
): Promise<string> {
  const { limits, timeouts } = settled.snapshot.settings;
  const bytes =
    settled.content.body ?? (await readBody(settled.raw, limits.confirmBody, timeouts.requestIdle));
  if (bytes.length > limits.confirmBody)
    throw new Fault("too-large", "the body is longer than `limits.confirmBody`");
  const question = {
    ...idsOf(impersonation, agent),
    method: `${settled.sent} ${settled.method}`,
    host: settled.site.host,
    origin: settled.site.origin,
    url: settled.url.target,
    sentence: sentenceOf(settled.decision),
    headers: settled.headers.filter((_, at) => isAsked(settled.headers[at - (at % 2)] ?? "")),
    body: bytes,
  };
  return await services.confirmations.ask(question, lasts);
}

/**
 * Keeps what an agent typed into a form and sent while only looking, so that it can be sent after a step up; null where no page waits for
 * the answer, or it is larger than what is kept.
 */
export async function keepTyped(
  services: Services,
  settled: Settled & { readonly decision: Decision },
  agent: Identity,
  impersonation: Impersonation,
): Promise<string | null> {
  const { limits, timeouts } = settled.snapshot.settings;
  const length = Number(settled.raw.headers["content-length"] ?? Number.NaN);
  if (!settled.navigation.wantsPage || isSafe(settled.method) || !(length <= limits.confirmBody)) return null;
  return await keepQuestion(services, settled, agent, impersonation, timeouts.kept);
}

/** Whose a question is. */
function idsOf({ id, effectiveUser }: Impersonation, agent: Identity) {
  return { impersonation: id, agent: agent.id, effectiveUser: effectiveUser.id };
}

function sentenceOf(decision: Decision): string {
  return decision.kind === "page" && decision.page === "confirm" ? decision.sentence : "";
}
