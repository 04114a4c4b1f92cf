import { createHmac } from "node:crypto";
import { Fault } from "../../errors.ts";
import type { Clock } from "../../ports.ts";
import { PROBLEMS, type ProblemWord, SinkProblem } from "./sink-errors.ts";

interface DeliveryOptions {
  /** http or https; a user and password in it are sent as Basic authorization. */
  readonly url: string;
  readonly clock: Clock;
  /** For all of one POST, ms. */
  readonly timeout: number;
  /** The longest pause that an answer may ask for, ms. */
  readonly retryAfter: number;
  /** Ends what is under way. */
  readonly signal: AbortSignal;
}

/** One POST. Gives the status of an answer that is the last word; throws what says to try again. Follows no redirect. */
export type Delivery = (headers: Readonly<Record<string, string>>, body: string) => Promise<number>;

/** Delivers to one address, always in the same way. */
export function delivery(options: DeliveryOptions): Delivery {
  const { url, headers: always } = addressOf(options.url);
  return async (headers, body) => {
    const answer = await fetch(url, {
      method: "POST",
      headers: { "content-type": "application/json", ...always, ...headers },
      body,
      redirect: "manual",
      signal: AbortSignal.any([options.signal, AbortSignal.timeout(options.timeout)]),
    });
    await answer.body?.cancel();
    const { status } = answer;
    // Busy or broken: later. Anything else would be the same again and hold up all that follows.
    if (status < 500 && ![408, 425, 429].includes(status)) return status;
    const asked = pauseOf(answer.headers.get("retry-after"), options.clock.now());
    throw new SinkProblem(wordOf(status), `HTTP ${status}`, Math.min(asked, options.retryAfter));
  };
}

/**
 * An address without what is secret in it, and that: fetch takes none with a user in it, and would tell the password in its error.
 * Throws a Fault `config-invalid` where it can't be decoded.
 */
export function addressOf(text: string): {
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
} {
  const url = new URL(text);
  const { username, password } = url;
  if (username === "" && password === "") return { url: text, headers: {} };
  [url.username, url.password] = ["", ""];
  const pair = `${decoded(username, url.host)}:${decoded(password, url.host)}`;
  return { url: url.href, headers: { authorization: `Basic ${Buffer.from(pair).toString("base64")}` } };
}

function decoded(text: string, host: string): string {
  try {
    return decodeURIComponent(text);
  } catch (cause) {
    const how = "write a % in user or password as %25";
    throw new Fault("config-invalid", `audit.webhooks: the address at ${host} can not be read; ${how}`, {
      cause,
    });
  }
}

function wordOf(status: number): ProblemWord {
  return PROBLEMS.find((word) => word === `HTTP ${status}`) ?? "HTTP 5xx";
}

/** `Retry-After` as ms: it is a number of seconds or a date. */
function pauseOf(header: string | null, now: number): number {
  if (header === null) return 0;
  const until = /^\d{1,9}$/.test(header) ? now + Number(header) * 1_000 : Date.parse(header);
  return Number.isNaN(until) ? 0 : Math.max(0, until - now);
}

const PREFIX = "whsec_";
/** Bytes of a key, as standardwebhooks.com has it. */
const [SHORTEST, LONGEST] = [24, 64];

/** Gives the value of `webhook-signature`. `timestamp` is in seconds. */
export type Signer = (id: string, timestamp: string, body: string) => string;

/** Signs as standardwebhooks.com says. Throws a Fault `config-invalid`, without the secret, where receivers could not read it. */
export function signer(secret: string, name: string): Signer {
  const key = keyOf(secret, name);
  return (id, timestamp, body) =>
    `v1,${createHmac("sha256", key).update(`${id}.${timestamp}.${body}`).digest("base64")}`;
}

function keyOf(secret: string, name: string): Buffer {
  const text = secret.startsWith(PREFIX) ? secret.slice(PREFIX.length) : secret;
  const key = Buffer.from(text, "base64");
  // The runtime passes over whatever is no base64; libraries of receivers don't.
  if (key.toString("base64") === text && key.length >= SHORTEST && key.length <= LONGEST) return key;
  const wanted = `has to be ${SHORTEST} to ${LONGEST} bytes in base64, with or without ${PREFIX} before them`;
  throw new Fault(
    "config-invalid",
    `audit.webhooks: the secret of ${name} ${wanted}; make one with \`openssl rand -base64 32\``,
  );
}
