import type { Decision } from "../../domain/decision.ts";
import { isMethodOverride } from "../../domain/headers.ts";
import type { Identity } from "../../domain/identity.ts";
import type { Impersonation } from "../../domain/impersonation.ts";
import { Fault } from "../../errors.ts";
import type { Question } from "../../sessions/confirmations.ts";
import { readBody } from "../http/body.ts";
import { readToken, SUBJECTS } from "../own-pages/form-tokens.ts";
import { demandDocument, demandOwnForm } from "../own-pages/guard.ts";
import type { Owned, Settled } from "../request.ts";
import type { Judging, Services } from "../services/services.ts";
import { agentOf } from "./identify.ts";
import { settleMethod } from "./method-override.ts";
import { bodyText, ruled, ruleRequest } from "./rule-request.ts";

/** The form of the page that asks: a token and our hidden field. */
const LARGEST_FORM = 8_192;
/** What says how a body is to be read. */
const OF_THE_BODY: readonly string[] = [
  "content-type",
  "content-encoding",
  "content-language",
  "content-disposition",
  "content-md5",
  "digest",
  "content-digest",
];

/**
 * A request that says yes is replaced by the one that was asked about, as it was kept: method, address, body. Everything
 * else is who and what it is now, so the judge decides anew. Throws `forbidden` when the yes was not given on a page of ours.
 */
export async function takeYes(services: Judging, owned: Owned): Promise<Settled> {
  const impersonation = owned.session.loaded.kind === "found" ? owned.session.loaded.impersonation : null;
  const agent = owned.caller.who.kind === "known" ? owned.caller.who.identity : null;
  if (!owned.page.confirming || impersonation === null || agent === null) return await settleMethod(owned);
  demandDocument(owned);
  demandOwnForm(owned);
  const { requestIdle } = owned.snapshot.settings.timeouts;
  const form = new URLSearchParams((await readBody(owned.raw, LARGEST_FORM, requestIdle)).toString("latin1"));
  const question = form.get("_confirmation") ?? "";
  const token = readToken(services, "confirm", SUBJECTS.confirm(question), form.get("_csrf"));
  if (owned.at >= token.expiresAt) throw new Fault("forbidden", "the page that asked is too old");
  const who = {
    impersonation: impersonation.id,
    agent: agent.id,
    effectiveUser: impersonation.effectiveUser.id,
  };
  const asked = await services.confirmations.redeem(question, who);
  if (asked === null || asked.host !== owned.site.host || asked.url !== owned.url.target) {
    throw new Fault("forbidden", "the confirmation is old, was used already, or is for another request");
  }
  return asAsked(owned, asked);
}

/** What is kept with a question: what belongs to its body, and what asks for another method. */
function isAsked(name: string): boolean {
  return OF_THE_BODY.includes(name.toLowerCase()) || isMethodOverride(name);
}

/** Of the headers, what belongs to the body is that of the body that is sent. */
function asAsked(owned: Owned, asked: Question): Settled {
  const others = owned.headers.filter((_, at) => !isAsked(owned.headers[at - (at % 2)] ?? ""));
  const headers = [...others, ...asked.headers];
  const [sent = "GET", method = sent] = asked.method.split(" ");
  const body = Buffer.from(asked.body);
  const text = bodyText(body, true, headers);
  return {
    ...owned,
    sent,
    method,
    overridden: method !== sent,
    headers,
    ruling: ruled(owned.snapshot.rules, ruleRequest({ ...owned, method, headers }, text, agentOf(owned))),
    content: { body, beginning: body, bodyText: text, confirmed: true },
  };
}

/**
 * Keeps a request until its agent has said yes, and gives its name for the page that asks. Throws `too-large` when its body
 * can't be kept whole: then it can't be confirmed either.
 */
export async function keepQuestion(
  services: Services,
  settled: Settled & { readonly decision: Decision },
  agent: Identity,
  impersonation: Impersonation,
): Promise<string> {
  const { limits, timeouts } = settled.snapshot.settings;
  const bytes =
    settled.content.body ?? (await readBody(settled.raw, limits.confirmBody, timeouts.requestIdle));
  if (bytes.length > limits.confirmBody)
    throw new Fault("too-large", "the body is longer than `limits.confirmBody`");
  return await services.confirmations.ask({
    impersonation: impersonation.id,
    agent: agent.id,
    effectiveUser: impersonation.effectiveUser.id,
    method: `${settled.sent} ${settled.method}`,
    host: settled.site.host,
    url: settled.url.target,
    sentence: sentenceOf(settled.decision),
    headers: settled.headers.filter((_, at) => isAsked(settled.headers[at - (at % 2)] ?? "")),
    body: bytes,
  });
}

function sentenceOf(decision: Decision): string {
  return decision.kind === "page" && decision.page === "confirm" ? decision.sentence : "";
}
