import { delivery, signer } from "../../audit/shipping/webhook-delivery.ts";
import type { Mailer } from "../../clients/mail.ts";
import { connected, disconnect, redisClient } from "../../clients/redis.ts";
import type { HelpOutlet, Settings } from "../../config/snapshot.ts";
import { filledIn, type HelpRequest, helpText, subjectOf } from "../../domain/help/help.ts";
import type { Clock, Log } from "../../ports.ts";

interface OutletDeps {
  readonly clock: Clock;
  readonly log: Log;
  readonly mailer: Mailer;
  readonly settings: () => Settings;
}

/** Sends a request for help to one outlet. Rejects where it isn't taken, with what says why. */
type SendHelp = (outlet: HelpOutlet, request: HelpRequest) => Promise<void>;

/** The longest pause that an answer may ask for is ours to choose, so none counts, ms. */
const NO_PAUSE = 0;
const REDIS_TIMEOUT = 5_000;

export function outletSender(deps: OutletDeps): SendHelp {
  return async (outlet, request) => {
    switch (outlet.kind) {
      case "mail":
        return await byMail(deps, outlet.to, request);
      case "webhook":
        return await byWebhook(deps, outlet, request);
      case "redis":
        return await byStream(deps, outlet, request);
      default:
        return outlet satisfies never;
    }
  };
}

async function byMail({ mailer, settings }: OutletDeps, to: string, it: HelpRequest): Promise<void> {
  const { mail } = settings();
  if (mail === null) throw new Error("there is no `mail` in the config any more");
  const { screenshot } = it;
  const type = screenshot?.type === "image/png" ? "png" : "jpg";
  await mailer(mail.url, {
    from: mail.from,
    replyTo: it.from.email,
    to,
    subject: subjectOf(it),
    text: helpText(it),
    html: null,
    id: it.id,
    ...(screenshot === null
      ? {}
      : { attachment: { name: `page.${type}`, type: screenshot.type, base64: screenshot.base64 } }),
  });
}

type Webhook = Extract<HelpOutlet, { readonly kind: "webhook" }>;

async function byWebhook({ clock }: OutletDeps, hook: Webhook, it: HelpRequest): Promise<void> {
  const body = JSON.stringify(hook.body === null ? messageOf(it) : filledIn(hook.body, it));
  const timestamp = String(Math.floor(clock.now() / 1000));
  const signed =
    hook.secret === null
      ? {}
      : { "webhook-signature": signer(hook.secret, `help.${hook.name}`)(it.id, timestamp, body) };
  const post = delivery({
    ...{ url: hook.url, clock, timeout: hook.timeout, retryAfter: NO_PAUSE },
    signal: new AbortController().signal,
  });
  const status = await post(
    { "webhook-id": it.id, "webhook-timestamp": timestamp, ...signed, ...hook.headers },
    body,
  );
  if (status >= 300) throw new Error(`${hook.name}: HTTP ${status}`);
}

async function byStream(
  { log }: OutletDeps,
  { url, stream }: Extract<HelpOutlet, { readonly kind: "redis" }>,
  it: HelpRequest,
): Promise<void> {
  const client = redisClient(url, { name: "guise-help", log, timeout: REDIS_TIMEOUT });
  try {
    await connected(client, REDIS_TIMEOUT);
    await client.xadd(stream, "*", "id", it.id, "event", JSON.stringify(messageOf(it)));
  } finally {
    disconnect(client);
  }
}

/** Our own message. `type` and `timestamp` are as Standard Webhooks has them. */
function messageOf(it: HelpRequest) {
  const { id, at, from, message, category, page, viewport, userAgent, trouble, screenshot, link } = it;
  return {
    type: "help.asked",
    timestamp: new Date(at).toISOString(),
    data: {
      ...{ id, message, category, link, viewport, userAgent, trouble },
      subject: subjectOf(it),
      from: { id: from.id, name: from.name, email: from.email, verified: true },
      page: page === null ? null : `${page.origin}${page.target}`,
      screenshot: screenshot === null ? null : `data:${screenshot.type};base64,${screenshot.base64}`,
    },
  };
}
