import type { ServerResponse } from "node:http";
import { REASONS, type ReasonWord } from "../../domain/decision.ts";
import type { Fault } from "../../errors.ts";
import type { Maybe } from "../../ports.ts";
import { after } from "../after.ts";
import { type Progress, progress } from "../audit/progress.ts";
import { begunBy } from "../facts.ts";
import type { Exchange } from "../http/exchange.ts";
import type { Answer } from "../http/raw-response.ts";
import { dropBody, unreadLimits } from "../http/unread-body.ts";
import { end, notBegun } from "../impersonation/start-and-stop.ts";
import { cookieScope } from "../intake/cookie-scope.ts";
import type { Forwarding, Outbound, Signed } from "../request.ts";
import { isUnseen } from "../response/document.ts";
import type { CutReason } from "../services/open-connections.ts";
import type { Services } from "../services/services.ts";
import { sending, sent } from "../sign-in/confirm.ts";
import { answer, answerFaultTo, clearing, cookieHeaders } from "./answer.ts";
import { pageAuthorization } from "./authorization.ts";
import { assure } from "./invariants.ts";
import { notSignedIn } from "./not-signed-in.ts";
import { outbound } from "./outbound-headers.ts";
import { orUnsent } from "./settle.ts";
import { speaksByMode, standing } from "./still-allowed.ts";

/** What goes to the app for a signed request, with the agent's own cookies or those of the jar. */
export function outboundFor(services: Services, signed: Signed): Maybe<Outbound> {
  const { impersonation } = signed.effects;
  return orUnsent(services, signed, () =>
    impersonation === null
      ? assure(services, signed, outbound(signed, null))
      : impersonatedOutbound(services, signed, impersonation.id),
  );
}

async function impersonatedOutbound(services: Services, signed: Signed, id: string): Promise<Outbound> {
  const jar = await services.impersonations.cookies(id, signed.browser.cookies, cookieScope(signed, id));
  const authorization = await pageAuthorization(services, signed);
  return assure(services, signed, outbound(signed, jar, authorization));
}

/** Cuts an open exchange when its impersonation ends, or the gateway goes down. */
interface Leash {
  readonly signal: AbortSignal | null;
  /** Counts bytes while it is open, for its record. */
  readonly opened: Progress["opened"];
  release(): void;
}

const UNWATCHED = (): void => undefined;
const UNLEASHED: Leash = { signal: null, opened: UNWATCHED, release: UNWATCHED };

/** For impersonated requests and every tunnel; own HTTP requests are left to finish. */
export function leash(services: Services, signed: Signed): Leash {
  const { effects, upgrade } = signed;
  if (effects.impersonation === null && !upgrade) return UNLEASHED;
  const controller = new AbortController();
  const cut = (why: CutReason) => controller.abort(why);
  if (effects.impersonation === null)
    return {
      signal: controller.signal,
      opened: UNWATCHED,
      release: services.sockets.add(null, cut, { tunnel: true, lifted: false, ask: null }),
    };
  const release = services.sockets.add(effects.impersonation.id, cut, {
    tunnel: upgrade,
    lifted: speaksByMode(signed, effects.impersonation),
    ask: () => standing(services, signed),
  });
  // The config may have changed since it was decided.
  if (services.config.current().policy.impersonation === "off")
    services.sockets.cutImpersonated("ended-revoked");
  const going = progress(services, signed, { lost: () => cut("audit-unavailable") });
  return {
    signal: controller.signal,
    opened: going?.opened ?? UNWATCHED,
    release: () => {
      going?.stop();
      release();
    },
  };
}

/** The exchange of a signed HTTP request. */
export function exchangeFor(
  services: Services,
  forwarding: Forwarding,
  client: Exchange["client"],
): Maybe<Exchange> {
  return after(forwarding.outbound(), (it) => exchangeOf(services, forwarding, it, client));
}

function exchangeOf(
  services: Services,
  { signed, respond, settle }: Forwarding,
  { target, headers }: Outbound,
  client: Exchange["client"],
): Exchange {
  const { signal, opened, release } = leash(services, signed);
  sending(services, signed);
  const begun = begunBy(signed);
  let unseen = false;
  const answering = (send: (as: Signed) => void): void => {
    if (begun === null) send(signed);
    else void notBegun(services, signed).then(send);
  };
  return {
    method: signed.sent,
    target,
    headers,
    client,
    address: signed.client.ip,
    // Behind a proxy many people share a connection, and an agent shares it with their customers.
    person:
      signed.effects.impersonation === null
        ? signed.client.ip
        : `${signed.client.ip} ${signed.effects.impersonation.id}`,
    // An impersonated request is never repeated: it is recorded once.
    repeatable: signed.effects.impersonation === null,
    body: signed.content.body,
    respond: (head) => {
      unseen = isUnseen(signed, head);
      return respond(head);
    },
    opened,
    failed: (fault) => answering((as) => sendFault(services, as, client.response, fault)),
    revoked: (why) => answering((as) => sendEnded(services, as, client.response, why)),
    settled: (settlement) => {
      release();
      sent(services, signed);
      settle(settlement);
      // The browser never got the cookie, so no other request can follow under this impersonation.
      if (begun !== null && (unseen || !client.response.headersSent))
        void end(services, signed, begun, "ended-unseen");
    },
    signal,
  };
}

function sendFault(services: Services, signed: Signed, response: ServerResponse, fault: Fault): void {
  if (fault.code === "sign-in-failed") {
    write(signed, response, answer(services, notSignedIn(signed, fault)));
    return;
  }
  const { headers, ...rest } = answerFaultTo(services, signed, fault);
  const own = [...cookieHeaders(signed), ...clearing(signed)];
  write(signed, response, { ...rest, headers: [...headers, ...own] });
}

/** The request was cut while the app had it, so nobody knows what was done. A gateway that goes down answers nothing. */
function sendEnded(services: Services, signed: Signed, response: ServerResponse, why: unknown): void {
  if (!isReason(why)) {
    response.destroy();
    return;
  }
  const said = { reason: why, checks: signed.decision.checks };
  const effects = { ...signed.effects, confirmation: null };
  const sentence = LOST[why];
  if (sentence !== undefined) {
    const decision = { kind: "refuse", status: 503, rule: null, sentence, ...said } as const;
    write(signed, response, answer(services, { ...signed, decision, effects }));
    return;
  }
  const decision = { kind: "ended", status: why === "signed-out" ? 401 : 409, ...said } as const;
  const ended = { ...effects, ended: effects.impersonation, impersonation: null };
  write(signed, response, answer(services, { ...signed, decision, effects: ended }));
}

/** Sentences for requests that fail while the impersonation goes on. */
const LOST: Readonly<Partial<Record<ReasonWord, string>>> = {
  "identity-unavailable": REASONS["identity-unavailable"],
  "store-unavailable": REASONS["store-unavailable"],
  "sign-in-failed": "The app did not see this person any more, so what was open was broken off.",
  "audit-unavailable": "What goes on as somebody else could not be recorded any more.",
};

function isReason(why: unknown): why is ReasonWord {
  return typeof why === "string" && Object.hasOwn(REASONS, why);
}

function write(
  { sent, raw, snapshot }: Signed,
  response: ServerResponse,
  { status, headers, body }: Answer,
): void {
  dropBody({ request: raw, response }, unreadLimits(snapshot.settings));
  response.writeHead(status, [...headers, ["Content-Length", String(Buffer.byteLength(body))]].flat());
  response.end(sent === "HEAD" ? undefined : body);
}
